"""Layers that join dimensions, or split one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import one_dim
from tinygrad_lite.nn.modules.module import Module

__all__ = ["Flatten", "Unflatten"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` made one.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Flatten()(tg.zeros(5, 2, 3)).shape
        Size([5, 6])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """(*, S1, ..., Sn, *) to (*, S1 × ... × Sn, *)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension `dim` made several.

    Raises:
        TypeError: for sizes that are no integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Unflatten(1, (2, 3))(tg.zeros(5, 6)).shape
        Size([5, 2, 3])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, Sequence) or not all(isinstance(n, int) for n in unflattened_size):
            raise TypeError(f"unflattened_size must be a tuple of integers, but found {unflattened_size!r}")
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """(*, S, *) to (*, S1, ..., Sn, *)."""
        dim = one_dim("unflatten", self.dim, input.ndim)
        return input.reshape((*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :]))

    def extra_repr(self) -> str:
        """The dimension and its new sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
