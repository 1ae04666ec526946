"""Attention as functions, under PyTorch's names."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.dropouts import dropout
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import reduce as reduce_rows
from tinygrad_lite.tensors import make

__all__ = ["scaled_dot_product_attention"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(query @ key.T * scale + mask) @ value (Vaswani et al., 2017).

    A query that may look at nothing gets zeros.

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, V).
        attn_mask: broadcasting to (..., L, S): True where a query may look, or numbers that are added.
        dropout_p: the probability with which a weight is dropped; pass 0 when not training.
        is_causal: let query i look at keys 0 to i only.
        scale: None for 1 / sqrt(E).
        enable_gqa: repeat the heads (dimension -3) of key and value to as many as the query has.

    Returns:
        (..., L, V).

    Raises:
        RuntimeError: if shapes or dtypes do not fit, or `attn_mask` comes with `is_causal`.

    Example:
        >>> import tinygrad_lite as tg
        >>> q = k = tg.eye(2)
        >>> tg.nn.functional.scaled_dot_product_attention(q, k, tg.tensor([[1.0], [2.0]]), is_causal=True)
        tensor([[1.0000],
                [1.6698]])
    """
    _check(query, key, value, attn_mask, dropout_p, is_causal)
    if enable_gqa:
        key, value = (_as_many_heads(query, x) for x in (key, value))
    width = query.array.shape[-1]
    factor = (1 / math.sqrt(width) if width else 1.0) if scale is None else scale
    scores = (query * factor) @ key.mT
    if is_causal:
        attn_mask = make(np.tri(*scores.array.shape[-2:], dtype=bool))
    weights = _softmax(scores, attn_mask)
    return (dropout(weights, dropout_p) if dropout_p else weights) @ value


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool) -> None:
    three = {"query": query, "key": key, "value": value}
    for k, (called, tensor) in enumerate(three.items(), 1):
        need_tensor("scaled_dot_product_attention", called, tensor, k)
    seen = ", ".join(f"{called}: {tensor.dtype} {tuple(tensor.shape)}" for called, tensor in three.items())
    dtype = query.array.dtype
    if not (dtype is key.array.dtype is value.array.dtype):
        raise RuntimeError(f"Expected query, key, and value to have the same dtype, but got {seen}")
    if min(t.array.ndim for t in three.values()) < 2:
        raise RuntimeError(f"Expected query, key, and value to all be at least 2 dimensional, but got {seen}")
    if dtype.kind != "f":
        kind = NotImplementedError if dtype.kind == "c" else RuntimeError
        raise kind(f"scaled_dot_product_attention() is for floating-point dtypes, but got {seen}")
    if query.array.shape[-1] != key.array.shape[-1] or key.array.shape[-2] != value.array.shape[-2]:
        raise RuntimeError(
            f"query and key must agree in their last dimension, key and value in the last but one, but got {seen}"
        )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if mask is None:
        return
    if is_causal:
        raise RuntimeError("scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if mask.array.dtype.kind != "b" and mask.array.dtype not in (dtype, np.dtype(np.float32)):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype} and query.dtype: {query.dtype} instead."
        )


def _as_many_heads(query: Tensor, x: Tensor) -> Tensor:
    heads, own = query.array.shape[-3], x.array.shape[-3]
    if own == 0 or heads % own:
        raise RuntimeError(
            f"Number of heads in key and value must divide the number of heads in query, but got {own} and {heads}"
        )
    return x.repeat_interleave(heads // own, -3) if own != heads else x


def _softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """The softmax of masked scores; zeros, and no gradient, where everything is masked."""
    if mask is None:
        return reduce_rows.softmax(scores, -1)
    allowed = mask.array if mask.array.dtype.kind == "b" else mask.array != -math.inf
    if mask.array.dtype.kind == "b":
        scores = rows.where(mask, scores, -math.inf)
    else:
        scores = scores + mask
    someone = make(allowed.any(-1, keepdims=True))
    if someone.array.all():
        return reduce_rows.softmax(scores, -1)
    return rows.where(someone, reduce_rows.softmax(rows.where(someone, scores, 0.0), -1), 0.0)
