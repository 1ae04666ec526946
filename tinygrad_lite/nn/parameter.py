"""Parameters: the tensors that training changes."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import make

__all__ = ["Parameter"]


def forget_gradient(tensor: Any, set_to_none: bool) -> None:
    """Drop the gradient of a tensor, or write zeros into it."""
    if set_to_none:
        tensor._grad = None
    elif (grad := tensor.grad) is not None:
        (grad.requires_grad_(False) if grad.node is None else grad.detach_()).zero_()


class Parameter(Tensor):
    """A tensor that a module registers as one of its parameters when it is assigned to it.

    Args:
        data: a tensor, whose memory is shared.
        requires_grad: whether gradients are wanted.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Parameter(tg.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is not None and not isinstance(data, TensorCore):
            raise TypeError(f"Parameter data must be a Tensor, not {type(data).__name__}; tg.tensor(...) makes one")
        plain = make([] if data is None else data.array, requires_grad)
        self.array, self.needs_grad = plain.array, requires_grad
        self.node = self._grad = self.extra = None
