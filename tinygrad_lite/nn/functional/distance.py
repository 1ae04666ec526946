"""Distances and likenesses between vectors as functions, under PyTorch's names."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import common_dtype
from tinygrad_lite.functions.arguments import common_shape, need_tensor, one_dim
from tinygrad_lite.functions.shaping import expand
from tinygrad_lite.op import cast
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops import reduce as rows
from tinygrad_lite.tensors import make

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)).

    Args:
        x1: a tensor.
        x2: a tensor that broadcasts with it.
        dim: the dimension that holds the vectors.
        eps: the smallest length to divide by.

    Raises:
        RuntimeError: if both hold integers or one complex numbers, or the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cosine_similarity(tg.tensor([1.0, 0.0]), tg.tensor([1.0, 1.0]), dim=0)
        tensor(0.7071)
    """
    need_tensor("cosine_similarity", "x1", x1)
    need_tensor("cosine_similarity", "x2", x2, 2)
    dtype = common_dtype([x1.array, x2.array])
    if dtype.kind != "f":
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {dtype}")
    shape = common_shape("cosine_similarity", x1.array.shape, x2.array.shape)
    axis = one_dim("cosine_similarity", dim, len(shape)) if shape else None
    a, b = (_unit(expand(x if x.array.dtype is dtype else cast(x, dtype), shape), axis, eps) for x in (x1, x2))
    return rows.sum(a * b, axis)


def _unit(x: Tensor, axis: int | None, eps: float) -> Tensor:
    """x over its length, or over `eps` if that is more; the gradient is, as PyTorch's, that of the length."""
    length = rows.norm(x, 2.0, axis, True)
    short = np.maximum(eps - length.array, 0).astype(length.array.dtype)
    return x / (length + make(short) if short.any() else length)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x1 - x2 + eps‖, the p-norm along the last dimension.

    Args:
        x1: (..., D).
        x2: (..., D), broadcasting with it.
        p: the order of the norm.
        eps: added to the difference.
        keepdim: whether the last dimension stays, at size 1.

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.pairwise_distance(tg.tensor([3.0, 4.0]), tg.zeros(2))
        tensor(5.0000)
    """
    need_tensor("pairwise_distance", "x1", x1)
    need_tensor("pairwise_distance", "x2", x2, 2)
    away = x1 - x2 + eps
    return rows.norm(away, float(p), -1 if away.array.ndim else None, keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances between all pairs of rows: 0 and 1, 0 and 2, ..., 1 and 2, ...

    Args:
        input: (N, D).
        p: the order of the norm, at least 0.

    Returns:
        (N (N - 1) / 2,).

    Raises:
        RuntimeError: if the input is no matrix of fractions, or p is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.pdist(tg.tensor([[0.0], [1.0], [3.0]]))
        tensor([1., 3., 2.])
    """
    need_tensor("pdist", "input", input)
    if input.array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.array.ndim}D")
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"pdist only supports floating-point dtypes, got: {input.dtype}")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got: {p}")
    first, second = np.triu_indices(input.array.shape[0], 1)
    away = index_rows.index(input, (first,)) - index_rows.index(input, (second,))
    return rows.norm(away, float(p), 1)
