"""`Variable`, which old programs wrap tensors in."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.dtypes import get_default_dtype
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

__all__ = ["Variable"]


class _VariableType(type):
    """What makes every tensor an instance of `Variable`."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorCore)

    def __call__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if data is None:
            return make(np.empty(0, get_default_dtype().numpy))
        if not isinstance(data, TensorCore):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return make(data.array, requires_grad and not volatile)


class Variable(metaclass=_VariableType):
    """A tensor on the memory of another, without its history; once what tensors had to be wrapped in.

    Args:
        data: a tensor.
        requires_grad: whether gradients are wanted.
        volatile: an older way of saying that they are not.

    Raises:
        TypeError: if `data` is no tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.Variable(tg.tensor([1, 2])), isinstance(tg.ones(1), tg.autograd.Variable)
        (tensor([1, 2]), True)
    """
