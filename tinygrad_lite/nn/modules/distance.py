"""Distances between rows as layers."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last dimension.

    Args:
        p: the order of the norm.
        eps: is added to each difference, so that no gradient is infinite.
        keepdim: whether the last dimension stays, with size 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.PairwiseDistance()(tg.tensor([[3.0, 4.0]]), tg.zeros(1, 2))
        tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """(N, D) twice, or (D), to (N) or ()."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between x1 and x2 along a dimension.

    Args:
        dim: the dimension.
        eps: the least length that is divided by.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CosineSimilarity(dim=0)(tg.tensor([1.0, 1.0]), tg.tensor([2.0, 0.0]))
        tensor(0.7071)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """(*, D, *) twice, D at `dim`, to (*, *)."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
