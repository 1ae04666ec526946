"""Making a tensor of an array, for the layers below the class that a person holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.dtypes import BY_NUMPY
from tinygrad_lite.graph import TensorCore

if TYPE_CHECKING:
    from tinygrad_lite.tensor import Tensor

_class: list[type[TensorCore]] = [TensorCore]


def set_class(tensor_class: type[TensorCore]) -> None:
    """Make `make` return `tensor_class`; called once, by the module that defines it."""
    _class[0] = tensor_class


def bare(array: np.ndarray) -> Tensor:
    """A leaf tensor on an array that comes from a tensor, and so needs no checks."""
    tensor: Any = object.__new__(_class[0])
    tensor.array = array
    tensor.node = tensor._grad = tensor.extra = None
    tensor.needs_grad = False
    return tensor


def make(array: Any, requires_grad: bool = False) -> Tensor:
    """A leaf tensor on `array` itself, not a copy; what is no array becomes one.

    Raises:
        TypeError: if a tensor cannot have the array's dtype.
        RuntimeError: if it requires grad and its dtype is neither floating-point nor complex.
    """
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    known = BY_NUMPY.get(array.dtype)
    if known is None:
        raise TypeError(f"a tensor cannot hold elements of dtype {array.dtype}; {_advice(array.dtype)}")
    if known.numpy is not array.dtype:  # the same dtype as another object, as unpickling makes
        array = array.astype(known.numpy) if not array.dtype.isnative else array.view(known.numpy)
    if requires_grad and array.dtype.kind not in "fc":
        raise RuntimeError(f"only Tensors of floating point and complex dtype can require gradients, not {known}")
    tensor = bare(array)
    tensor.needs_grad = requires_grad
    return tensor


def _advice(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "O":
        return "its elements are Python objects, perhaps rows of different lengths"
    if dtype.kind in "US":
        return "text must be turned into numbers first"
    return "convert it first with .astype(...)"
