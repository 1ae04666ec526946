"""The Tensor: what a person holds.

Operators are the rows of the op table themselves; methods are the functions of `functions/`, so that
`x.sum(dim=0)` and `tg.sum(x, dim=0)` are one piece of code. What stands here is what only a tensor has:
its gradient, its conversion to other things, copying, pickling and writing in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn, Self

import numpy as np

from tinygrad_lite import differentiate, numpy_protocol
from tinygrad_lite.device import CPU, device, to_device
from tinygrad_lite.dtypes import BY_NUMPY, dtype, get_default_dtype, to_dtype
from tinygrad_lite.functions import complexes, creation, elementwise, indexing, splitting
from tinygrad_lite.graph import Node, RemovableHandle, TensorCore
from tinygrad_lite.layout import preserve_format, strided
from tinygrad_lite.methods import TensorMethods
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import linalg as matrix_rows
from tinygrad_lite.printing import tensor_text
from tinygrad_lite.recorders import set_result_class
from tinygrad_lite.size import Size
from tinygrad_lite.tensors import make, set_class
from tinygrad_lite.views import extra_of, version


def _swapped(row: Callable[..., Any]) -> Callable[..., Any]:
    """The reflected operator: `other - self` for `self.__rsub__(other)`."""

    def operator(self: Any, other: Any) -> Any:
        return row(other, self)

    return operator


class Tensor(TensorMethods):
    """An array of numbers that remembers how it was computed.

    Args:
        data: nested lists of numbers, an array or a tensor, copied as the default dtype; or sizes, as
            in `Tensor(2, 3)`. `tinygrad_lite.tensor(...)` keeps the dtype and is usually meant.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 4., 6.])
    """

    __slots__ = ()
    __array_priority__ = 1000

    def __init__(self, *data: Any, device: Any = None) -> None:
        if len(data) == 1 and not isinstance(data[0], int):
            made = creation.tensor(data[0], dtype=get_default_dtype(), device=device)
        else:
            made = creation.zeros(*data or (0,), device=device)
        self.array = made.array
        self.node = self._grad = self.extra = None
        self.needs_grad = False

    # --- what it is -----------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self.array.shape)

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return BY_NUMPY[self.array.dtype]

    @property
    def device(self) -> device:
        """Always the CPU."""
        return CPU

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.array.nbytes

    layout = strided

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    nelement = numel
    ndimension = dim

    def element_size(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """How many elements to go on in memory for the next index of each dimension."""
        steps = tuple(s // self.array.itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.ctypes.data

    def is_floating_point(self) -> bool:
        """Whether the elements are real numbers with fractions."""
        return self.array.dtype.kind == "f"

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self.array.dtype.kind == "c"

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(splitting.unbind(self))

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {'no' if not self.array.size else 'more than one'} "
                f"value{'s' * (not self.array.size)} is ambiguous: it has shape {list(self.array.shape)}; "
                "use .any() or .all()"
            )
        return bool(self.array)

    def __delitem__(self, index: Any) -> NoReturn:
        raise TypeError("Tensor does not support deleting items; take those to keep, as in x[mask]")

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return tensor_text(self)

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self.array.ndim else format(self.item(), spec)

    def __dir__(self) -> list[str]:
        return sorted(set(super().__dir__()) - {"array", "node", "extra"})

    # --- its gradient ---------------------------------------------------------------------------

    @property
    def grad(self) -> Any:
        """The gradient that backward passes have added up here, a tensor; None before the first."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, TensorCore):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if value.array.shape != self.array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: {list(value.array.shape)} for a tensor of "
                    f"shape {list(self.array.shape)}"
                )
            if value.array.dtype != self.array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: {value.array.dtype} for {self.array.dtype}"
                )
        self._grad = value

    @property
    def grad_fn(self) -> Node | None:
        """The operation that made this tensor; None for a leaf."""
        return self.node

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by a person, or needs no gradient: what is not the result of a recorded op."""
        return self.node is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor or through it."""
        return self.needs_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether gradients are wanted; returns the tensor.

        Raises:
            RuntimeError: for integers; for False on a tensor that was computed.
        """
        if requires_grad and self.array.dtype.kind not in "fc":
            raise RuntimeError(
                f"only Tensors of floating point and complex dtype can require gradients, not {self.dtype}"
            )
        if not requires_grad and self.node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        self.needs_grad = bool(requires_grad)
        return self

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to `.grad` of the leaves behind it.

        Args:
            gradient: the gradient of this tensor, of its shape; not needed for one element.
            retain_graph: keep what the graph saved, to go through it again.
            create_graph: record the pass itself, so that the gradients can be differentiated.
            inputs: the only tensors whose `.grad` is to be filled; every leaf if None.

        Raises:
            RuntimeError: see `tinygrad_lite.autograd.backward`.
        """
        differentiate.backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call `hook(gradient)` when this tensor's gradient is known; what it returns replaces it.

        Raises:
            RuntimeError: if the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.node is not None:
            return RemovableHandle(self.node.own_hooks(), hook)
        extra = extra_of(self)
        extra.hooks = {} if extra.hooks is None else extra.hooks
        return RemovableHandle(extra.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(tensor)` after a gradient was added to this leaf's `.grad`.

        Raises:
            RuntimeError: if the tensor is no leaf that requires grad.
        """
        if not self.requires_grad or self.node is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        extra = extra_of(self)
        extra.after = {} if extra.after is None else extra.after
        return RemovableHandle(extra.after, hook)

    @property
    def retains_grad(self) -> bool:
        """Whether a computed tensor keeps its gradient in `.grad`."""
        return bool(self.__dict__.get("_retains"))

    def retain_grad(self) -> None:
        """Keep the gradient of a computed tensor in its `.grad`; a leaf does so anyway.

        Raises:
            RuntimeError: if the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.node is None or self.retains_grad:
            return
        self._retains = True
        from weakref import ref

        RemovableHandle(self.node.own_hooks(), partial(keep_gradient, ref(self)))

    def detach(self) -> Tensor:
        """The same memory without the history: gradients stop here."""
        return make(self.array)

    def detach_(self) -> Self:
        """Forget the history of this tensor itself."""
        if self.extra is not None and self.extra.base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self.node, self.needs_grad = None, False
        return self

    @property
    def data(self) -> Tensor:
        """The same memory without the history; writing through it goes unnoticed by the backward pass."""
        plain = make(self.array)
        extra_of(plain).untracked = True
        return plain

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorCore):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self.array = value.array

    @property
    def _version(self) -> int:
        """How often its memory has been written to in place."""
        return version(self)

    @property
    def _base(self) -> Tensor | None:
        """The tensor that this one is a view of."""
        return None if self.extra is None else self.extra.base  # type: ignore[return-value]

    # --- turning it into something else ---------------------------------------------------------

    def item(self) -> Any:
        """The one element, as a Python number.

        Raises:
            RuntimeError: if there is not exactly one.
        """
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        return self.array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self.array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The values as an array that shares memory.

        Args:
            force: leave out the gradient instead of refusing.

        Raises:
            RuntimeError: if the tensor requires grad, which would be lost without a word.
        """
        if self.requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    __array_ufunc__ = numpy_protocol.array_ufunc
    __array_function__ = numpy_protocol.array_function

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.numpy().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[Any, int]:
        return self.array.__dlpack_device__()

    def _number(self, kind: type) -> Any:
        if self.array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python Scalars: this one has shape "
                f"{list(self.array.shape)}"
            )
        return kind(self.array.item())

    def __float__(self) -> float:
        return self._number(float)

    def __int__(self) -> int:
        return self._number(int)

    def __complex__(self) -> complex:
        return self._number(complex)

    def __index__(self) -> int:
        if self.array.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """In another dtype (or on a device, of which there is one); itself where nothing changes.

        Args:
            args: a dtype, a device, or a tensor to be like.
            kwargs: `dtype`, `device`, `copy`, `memory_format`; `non_blocking` is accepted as in PyTorch.
        """
        target, copy = kwargs.get("dtype"), kwargs.get("copy", False)
        unknown = set(kwargs) - {"dtype", "device", "copy", "non_blocking", "memory_format"}
        if unknown:
            raise TypeError(f"to() got an unexpected keyword argument {min(unknown)!r}")
        to_device(kwargs.get("device"))
        for arg in args:
            if isinstance(arg, TensorCore):
                target = arg.array.dtype
            elif isinstance(arg, str | device | int) and not isinstance(arg, bool):
                to_device(arg)
            elif arg is not None and not isinstance(arg, bool):
                target = arg
        wanted = self.array.dtype if target is None else to_dtype(target).numpy
        format = kwargs.get("memory_format") or preserve_format
        if format is not preserve_format:
            found = self if wanted == self.array.dtype else cast(self, wanted)
            return found.clone(memory_format=format) if copy else found.contiguous(memory_format=format)
        if wanted == self.array.dtype:
            return self.clone() if copy else self
        return cast(self, wanted)

    def type_as(self, other: Tensor) -> Tensor:
        """In the dtype of `other`."""
        return self.to(other.dtype)

    def astype(self, dtype: Any, copy: bool = True) -> Tensor:
        """NumPy's name for `to`."""
        return self.to(dtype, copy=copy)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.node is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment. Use .detach().clone()"
            )
        copy = object.__new__(type(self))
        memo[id(self)] = copy
        copy.array = self.array.copy()
        copy.node = copy.extra = None
        copy.needs_grad = self.needs_grad
        copy._grad = None if self._grad is None else self._grad.detach().clone()
        return copy

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), np.asarray(self.array, order="C"), self.requires_grad and self.is_leaf)

    # --- operators: the rows of the op table ----------------------------------------------------

    __add__, __radd__ = rows.add, _swapped(rows.add)
    __sub__, __rsub__ = rows.sub, _swapped(rows.sub)
    __mul__, __rmul__ = rows.mul, _swapped(rows.mul)
    __truediv__, __rtruediv__ = rows.div, _swapped(rows.div)
    __rdiv__ = __rtruediv__  # Python 2's name, which PyTorch keeps
    __floordiv__, __rfloordiv__ = rows.floor_divide, _swapped(rows.floor_divide)
    __mod__, __rmod__ = rows.remainder, _swapped(rows.remainder)
    __pow__, __rpow__ = elementwise.pow, _swapped(rows.pow)
    __matmul__, __rmatmul__ = matrix_rows.matmul, _swapped(matrix_rows.matmul)
    __neg__, __abs__ = elementwise.neg, elementwise.abs
    __eq__, __ne__ = rows.eq, rows.ne
    __lt__, __le__, __gt__, __ge__ = rows.lt, rows.le, rows.gt, rows.ge
    __and__, __rand__ = rows.bitwise_and, _swapped(rows.bitwise_and)
    __or__, __ror__ = rows.bitwise_or, _swapped(rows.bitwise_or)
    __xor__, __rxor__ = rows.bitwise_xor, _swapped(rows.bitwise_xor)
    __lshift__, __rlshift__ = rows.bitwise_left_shift, _swapped(rows.bitwise_left_shift)
    __rshift__, __rrshift__ = rows.bitwise_right_shift, _swapped(rows.bitwise_right_shift)
    __invert__ = rows.bitwise_not
    __getitem__, __setitem__ = indexing.getitem, indexing.setitem

    def __pos__(self) -> Tensor:
        return self

    real = property(complexes.real, doc=complexes.real.__doc__)
    imag = property(complexes.imag, doc=complexes.imag.__doc__)
    conjugate = complexes.conj


def keep_gradient(here: Callable[[], Tensor | None], gradient: Tensor) -> None:
    """Add `gradient` to the `.grad` of the tensor that `here` refers to: the hook behind `retain_grad`."""
    tensor = here()
    if tensor is not None:
        copy = gradient if gradient.requires_grad else gradient.clone()
        tensor._grad = copy if tensor._grad is None else tensor._grad + copy


def _rebuild(kind: type[Tensor], array: np.ndarray, requires_grad: bool) -> Tensor:
    """What unpickling calls."""
    plain = make(array)
    tensor = object.__new__(kind)
    tensor.array, tensor.needs_grad = plain.array, requires_grad
    tensor.node = tensor._grad = tensor.extra = None
    return tensor


set_result_class(Tensor)
set_class(Tensor)
