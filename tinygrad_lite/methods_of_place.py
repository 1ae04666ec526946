"""The methods of a tensor about where its numbers are: devices, memory, storage; all on the CPU and dense here."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, NoReturn, Self

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.device import DeviceError, to_device
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.inplace import check_writable
from tinygrad_lite.views import note_write


class PlaceMethods(TensorCore):
    """The methods of `Tensor` about memory and devices."""

    __slots__ = ()

    is_cuda = is_mps = is_sparse = is_sparse_csr = is_quantized = is_meta = is_mkldnn = is_xpu = is_xla = False
    is_nested = is_vulkan = is_ipu = is_mtia = is_maia = False
    is_cpu = True
    output_nr = 0
    name = None

    def cpu(self, memory_format: Any = None) -> Self:
        """Itself."""
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> NoReturn:
        """There is no GPU here.

        Raises:
            DeviceError: always; it is a RuntimeError. Write `.to(device)` with a device that exists.
        """
        raise DeviceError.missing("cuda")

    def xpu(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> NoReturn:
        """There is no GPU here.

        Raises:
            DeviceError: always; it is a RuntimeError.
        """
        raise DeviceError.missing("xpu")

    def get_device(self) -> int:
        """-1, the number of the CPU among the GPUs."""
        return -1

    def pin_memory(self, device: Any = None) -> NoReturn:
        """There is no GPU to pin memory for.

        Raises:
            DeviceError: always, as in PyTorch where there is no GPU.
        """
        raise DeviceError("pin_memory(): Cannot access accelerator device when none is available.")

    def is_pinned(self, device: Any = None) -> bool:
        """False."""
        return False

    def share_memory_(self) -> Self:
        """Move the numbers to memory that this process and those it forks from now on share.

        Views taken before stay where they were.
        """
        if not self.is_shared() and self.array.size:
            from mmap import mmap

            room = np.frombuffer(mmap(-1, self.array.nbytes), np.uint8)
            shared = room.view(self.array.dtype).reshape(self.array.shape)
            shared[...] = self.array
            self.array = shared
        return self

    def is_shared(self) -> bool:
        """Whether `share_memory_` moved the numbers to shared memory."""
        from mmap import mmap

        base: Any = self.array
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
        return isinstance(base.obj if isinstance(base, memoryview) else base, mmap)

    def record_stream(self, stream: Any) -> NoReturn:
        """There is no GPU whose work could use the tensor.

        Raises:
            DeviceError: always.
        """
        raise DeviceError.missing("cuda")

    # --- memory ---------------------------------------------------------------------------------

    def untyped_storage(self) -> Any:
        """The bytes that the tensor looks at, an `UntypedStorage`."""
        from tinygrad_lite.storage import UntypedStorage

        return UntypedStorage.of(self)

    def storage(self) -> Any:
        """The elements that the tensor looks at, a `TypedStorage`."""
        from tinygrad_lite.storage import TypedStorage

        return TypedStorage.of(self)

    _typed_storage = storage

    def storage_type(self) -> type:
        """`TypedStorage`."""
        from tinygrad_lite.storage import TypedStorage

        return TypedStorage

    def set_(self, source: Any = None) -> Self:
        """Look at the memory of another tensor from now on; at none without one.

        Raises:
            RuntimeError: if the tensor requires grad and gradients are being recorded, or dtypes differ.
        """
        new = np.empty(0, self.array.dtype) if source is None else source.array
        if new.dtype != self.array.dtype:
            raise RuntimeError(f"set_(): expected a tensor of {self.array.dtype}, got one of {new.dtype}")
        check_writable(self, "set_")
        self.array = new
        note_write(self, "set_")
        return self

    def is_set_to(self, tensor: Any) -> bool:
        """Whether another tensor is the same numbers in the same memory."""
        one, two = self.array, tensor.array
        return (
            one.__array_interface__["data"] == two.__array_interface__["data"]
            and (one.shape, one.strides, one.dtype) == (two.shape, two.strides, two.dtype)
        )  # fmt: skip

    def dim_order(self, ambiguity_check: Any = False) -> tuple[int, ...]:
        """The dimensions from the outermost in memory to the innermost."""
        return tuple(sorted(range(self.array.ndim), key=lambda d: -abs(self.array.strides[d])))

    # --- sparse tensors are dense here, see `sparse` ----------------------------------------------

    def to_sparse(self, *args: Any, **kwargs: Any) -> Self:
        """Itself: sparse tensors are dense here. So do the others of this kind."""
        return self

    to_sparse_coo = to_sparse_csr = to_dense = coalesce = to_sparse

    def is_coalesced(self) -> bool:
        """True: no place is named twice."""
        return True

    def sparse_dim(self) -> int:
        """How many dimensions PyTorch would keep places for: all."""
        return self.array.ndim

    def dense_dim(self) -> int:
        """0: all dimensions are ones that PyTorch would keep places for."""
        return 0

    def indices(self) -> Any:
        """The places of what is not zero, of shape (dimensions, values)."""
        return self.nonzero().t()  # type: ignore[attr-defined]

    def values(self) -> Any:
        """What is not zero."""
        return self[tuple(self.nonzero().unbind(1))]  # type: ignore[attr-defined,index]

    _indices, _values = indices, values

    def _nnz(self) -> int:
        return int(np.count_nonzero(self.array))

    # --- what it is -----------------------------------------------------------------------------

    def is_signed(self) -> bool:
        """Whether the elements may be negative."""
        return self.array.dtype.kind in "ifc"

    def is_conj(self) -> bool:
        """False: conjugates are computed at once."""
        return False

    def is_neg(self) -> bool:
        """False: negatives are computed at once."""
        return False

    def resolve_conj(self) -> Self:
        """Itself: conjugates are computed at once."""
        return self

    def resolve_neg(self) -> Self:
        """Itself: negatives are computed at once."""
        return self

    def is_inference(self) -> bool:
        """False: tensors made in `inference_mode` are like others here."""
        return False

    def is_same_size(self, other: Any) -> bool:
        """Whether another tensor has the same shape."""
        return self.array.shape == other.array.shape

    def is_distributed(self) -> bool:
        """False."""
        return False

    # --- others like it -------------------------------------------------------------------------

    def new(self, *data: Any, device: Any = None) -> Any:
        """A tensor of the same dtype, from sizes, a sequence or an array."""
        from tinygrad_lite.legacy import made_of

        to_device(device)
        return made_of("new", dtypes.BY_NUMPY[self.array.dtype], data)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """In another dtype; without one, the present one as PyTorch names it, "torch.FloatTensor".

        Args:
            dtype: a dtype, a type of tensors such as `FloatTensor`, or its name.
            non_blocking: accepted as in PyTorch.
        """
        from tinygrad_lite.legacy import NAMES, named_dtype

        if dtype is None:
            return f"torch.{NAMES[dtypes.BY_NUMPY[self.array.dtype]]}"
        return self.to(named_dtype(dtype))  # type: ignore[attr-defined]

    def bfloat16(self, memory_format: Any = None) -> NoReturn:
        """There are no tensors of bfloat16 here.

        Raises:
            NotImplementedError: always; use `half()` or `float()`.
        """
        self.to(dtypes.bfloat16)  # type: ignore[attr-defined]
        raise AssertionError

    def as_subclass(self, cls: builtins.type[Any]) -> Any:
        """The same memory as an instance of a subclass of `Tensor`; without the history.

        Raises:
            NotImplementedError: if the tensor requires grad.
        """
        if self.needs_grad:
            raise NotImplementedError("as_subclass(): the tensor requires grad, which would be lost; detach() it")
        made: Any = object.__new__(cls)
        made.array, made.needs_grad = self.array, False
        made.node = made._grad = made.extra = None
        return made

    # --- functions that few programs call -------------------------------------------------------

    def hardshrink(self, lambd: float = 0.5) -> Any:
        """0 where the absolute value is at most `lambd`; see `nn.functional.hardshrink`."""
        from tinygrad_lite.nn.functional import hardshrink

        return hardshrink(self, lambd)

    def prelu(self, weight: Any) -> Any:
        """Below 0 multiplied by `weight`; see `nn.functional.prelu`."""
        from tinygrad_lite.nn.functional import prelu

        return prelu(self, weight)

    def narrow_copy(self, dim: int, start: int, length: int) -> Any:
        """`narrow`, in memory of its own."""
        from tinygrad_lite.functions.seldom import narrow_copy

        return narrow_copy(self, dim, start, length)

    def nonzero_static(self, *, size: int, fill_value: int = -1) -> Any:
        """`nonzero`, cut off or filled up to `size` rows."""
        from tinygrad_lite.functions.seldom import nonzero_static

        return nonzero_static(self, size=size, fill_value=fill_value)

    def unsafe_chunk(self, chunks: int, dim: int = 0) -> Any:
        """`chunk`, where the pieces may be written to."""
        from tinygrad_lite.functions.seldom import unsafe_chunk

        return unsafe_chunk(self, chunks, dim)

    def unsafe_split(self, split_size: int, dim: int = 0) -> Any:
        """`split`, where the pieces may be written to."""
        from tinygrad_lite.functions.seldom import unsafe_split

        return unsafe_split(self, split_size, dim)

    def unsafe_split_with_sizes(self, split_sizes: Any, dim: int = 0) -> Any:
        """`split_with_sizes`, where the pieces may be written to."""
        from tinygrad_lite.functions.seldom import unsafe_split_with_sizes

        return unsafe_split_with_sizes(self, split_sizes, dim)

    # --- one element after the other ------------------------------------------------------------

    def apply_(self, callable: Callable[[Any], Any]) -> Self:
        """Replace each element by what a function makes of it. Slow: one call for each.

        Raises:
            RuntimeError: if the tensor requires grad.
        """
        return self._by_element("apply_", callable)

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Self:
        """Replace each element by what a function makes of it and that of another tensor. Slow.

        Raises:
            RuntimeError: if the tensor requires grad.
        """
        return self._by_element("map_", callable, tensor)

    def map2_(self, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Self:
        """Replace each element by what a function makes of it and those of two other tensors. Slow.

        Raises:
            RuntimeError: if the tensor requires grad.
        """
        return self._by_element("map2_", callable, x, y)

    def _by_element(self, name: str, function: Callable[..., Any], *others: Any) -> Self:
        if self.needs_grad:
            raise RuntimeError(
                f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
            )
        check_writable(self, name)
        rows = [np.broadcast_to(x.array, self.array.shape).ravel().tolist() for x in (self, *others)]
        self.array[...] = np.array(list(map(function, *rows)), self.array.dtype).reshape(self.array.shape)
        note_write(self, name)
        return self
