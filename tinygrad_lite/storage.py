"""The memory of a tensor as a flat row, for programs that look at it: `tensor.untyped_storage()`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lite.device import CPU, device
from tinygrad_lite.dtypes import BY_NUMPY, dtype
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.views import owner

__all__ = ["TypedStorage", "UntypedStorage", "is_storage"]


def _memory(tensor: TensorCore) -> np.ndarray:
    """All the bytes of the memory that a tensor looks at, or as much of it as lies in a row."""
    array = owner(tensor.array)
    if not isinstance(array, np.ndarray) or not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = tensor.array
    flat = array.ravel("K") if array.flags.forc else np.ascontiguousarray(array).ravel()
    return flat.view(np.uint8)


class UntypedStorage:
    """The bytes that one or several tensors look at; writing to them is seen in the tensors.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.zeros(2, 3)
        >>> len(x.untyped_storage()), x[0].untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        (24, True)
    """

    is_cuda = is_sparse = False

    def __init__(self, data: Any = 0) -> None:
        self._array = data if isinstance(data, np.ndarray) else np.zeros(data, np.uint8)

    @classmethod
    def of(cls, tensor: TensorCore) -> UntypedStorage:
        """That of a tensor."""
        return cls(_memory(tensor))

    @property
    def device(self) -> device:
        """The CPU."""
        return CPU

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._array.nbytes

    size = nbytes

    def data_ptr(self) -> int:
        """The address of the first."""
        return self._array.ctypes.data

    def element_size(self) -> int:
        """Bytes of an element."""
        return self._array.itemsize

    def tolist(self) -> list[Any]:
        """All of them as a list."""
        return self._array.tolist()

    def is_shared(self) -> bool:
        """Whether other processes can write to it: no."""
        return False

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index: Any) -> Any:
        found = self._array[index]
        return type(self)(found) if isinstance(index, slice) else found.item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[index] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        return f"{self.tolist()} [tinygrad_lite.UntypedStorage(device=cpu) of size {len(self)}]"


class TypedStorage(UntypedStorage):
    """The elements that one or several tensors look at.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(2, 2)[1].storage().tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    @classmethod
    def of(cls, tensor: TensorCore) -> TypedStorage:
        """That of a tensor."""
        return cls(_memory(tensor).view(tensor.array.dtype))

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return BY_NUMPY[self._array.dtype]

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._array.nbytes

    def size(self) -> int:
        """How many elements there are."""
        return len(self._array)

    def untyped(self) -> UntypedStorage:
        """The same as bytes."""
        return UntypedStorage(self._array.view(np.uint8))

    def __repr__(self) -> str:
        return f"{self.tolist()} [tinygrad_lite.TypedStorage(dtype={self.dtype}, device=cpu) of size {len(self)}]"


def is_storage(obj: Any) -> bool:
    """Whether something is the memory of a tensor, `UntypedStorage` or `TypedStorage`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_storage(tg.ones(1).untyped_storage()), tg.is_storage(tg.ones(1))
        (True, False)
    """
    return isinstance(obj, UntypedStorage)
