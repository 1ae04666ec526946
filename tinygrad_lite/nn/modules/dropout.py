"""Dropout."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["Dropout"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class Dropout(Module):
    """In training, sets each element to zero with probability p and divides the rest by 1 - p.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.Dropout(0.5).eval()
        >>> layer(tg.ones(3))
        tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"
