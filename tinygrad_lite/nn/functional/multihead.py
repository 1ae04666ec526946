"""Attention with several heads as a function, under PyTorch's name."""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.functions.reduction import softmax
from tinygrad_lite.nn.functional.affine import linear
from tinygrad_lite.nn.functional.attention import scaled_dot_product_attention
from tinygrad_lite.nn.functional.dropouts import dropout
from tinygrad_lite.nn.functional.padding import pad
from tinygrad_lite.tensors import make

__all__ = ["multi_head_attention_forward"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def additive_mask(
    mask: Tensor | None, name: str, query: Tensor, other: Tensor | None = None, other_name: str = ""
) -> Tensor | None:
    """A mask of truth values, True where not to look, as the numbers to add; a mask of numbers as it is.

    Raises:
        AssertionError: for other dtypes.
    """
    if mask is None:
        return None
    need_tensor("multi_head_attention_forward", name, mask)
    if mask.array.dtype.kind not in "bf":
        raise AssertionError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
    if other is not None and other.array.dtype is not mask.array.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    if mask.array.dtype.kind == "f":
        return mask
    return make(np.where(mask.array, -np.inf, 0.0).astype(query.array.dtype))


def _need(fits: bool, message: str) -> None:
    if not fits:
        raise AssertionError(message)


def _check_shapes(
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, heads: int
) -> bool:
    """Whether there is a batch; refuses shapes that do not fit each other."""
    for position, (called, tensor) in enumerate({"query": query, "key": key, "value": value}.items(), 1):
        need_tensor("multi_head_attention_forward", called, tensor, position)
    ndim = query.array.ndim
    _need(ndim in (2, 3), f"query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor")
    kind = "batched (3-D)" if ndim == 3 else "unbatched (2-D)"
    _need(
        key.array.ndim == value.array.ndim == ndim,
        f"For {kind} `query`, expected `key` and `value` to be {ndim}-D but found {key.array.ndim}-D and "
        f"{value.array.ndim}-D tensors respectively",
    )
    if key_padding_mask is not None:
        seen = key_padding_mask.array.ndim
        _need(
            seen == ndim - 1,
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {ndim - 1}-D but found {seen}-D tensor "
            "instead",
        )
    if attn_mask is not None:
        seen = attn_mask.array.ndim
        _need(
            seen in (2, 3),
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {seen}-D tensor instead",
        )
        wanted = (heads, query.array.shape[0], key.array.shape[0])
        _need(
            ndim == 3 or seen == 2 or attn_mask.array.shape == wanted,
            f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.array.shape}",
        )
    return ndim == 3


def _projected(
    three: tuple[Tensor, Tensor, Tensor], weights: tuple[Tensor | None, ...], bias: Tensor | None
) -> list[Tensor]:
    """Query, key and value, each through its part of the projection; equal ones together."""
    query, key, value = three
    packed, *separate = weights
    width = query.array.shape[-1]
    if packed is None:
        parts = [None] * 3 if bias is None else bias.chunk(3)
        return [linear(x, w, b) for x, w, b in zip(three, separate, parts, strict=True)]
    if query is key is value:
        return list(linear(query, packed, bias).chunk(3, -1))
    if key is value:
        q = linear(query, packed[:width], None if bias is None else bias[:width])
        return [q, *linear(key, packed[width:], None if bias is None else bias[width:]).chunk(2, -1)]
    parts = [None] * 3 if bias is None else bias.chunk(3)
    return [linear(x, w, b) for x, w, b in zip(three, packed.chunk(3), parts, strict=True)]


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention with several heads (Vaswani et al., 2017); `nn.MultiheadAttention` is more convenient.

    Args:
        query: (L, N, E), or (L, E).
        key: (S, N, E_k), or (S, E_k).
        value: (S, N, E_v), or (S, E_v).
        embed_dim_to_check: E.
        num_heads: how many heads share E.
        in_proj_weight: (3 E, E), the projections of query, key and value.
        in_proj_bias: (3 E,) or None.
        bias_k: (1, 1, E), a key that is added to the keys, or None.
        bias_v: (1, 1, E), the value that belongs to it, or None.
        add_zero_attn: add a key and a value of zeros.
        dropout_p: the probability with which a weight is dropped while training.
        out_proj_weight: (E, E), the projection of the result.
        out_proj_bias: (E,) or None.
        training: whether to drop any.
        key_padding_mask: (N, S), or (S,): True for keys to leave out, or numbers that are added.
        need_weights: whether to return the weights.
        attn_mask: (L, S) or (N * num_heads, L, S): True where a query may not look, or numbers that are added.
        use_separate_proj_weight: take the three weights that follow in place of `in_proj_weight`.
        q_proj_weight: (E, E).
        k_proj_weight: (E, E_k).
        v_proj_weight: (E, E_v).
        static_k: (N * num_heads, S, E / num_heads), keys to take as they are.
        static_v: of the same shape, values to take as they are.
        average_attn_weights: whether to average the weights over the heads.
        is_causal: a hint that `attn_mask` lets query i look at keys 0 to i only.

    Returns:
        The result (L, N, E) or (L, E); and the weights (N, L, S), (N, num_heads, L, S), either without N, or None.

    Raises:
        AssertionError, RuntimeError: if shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> x, one = tg.ones(3, 1, 2), tg.eye(2)
        >>> out, weights = tg.nn.functional.multi_head_attention_forward(
        ...     x, x, x, 2, 1, tg.cat([one, one, one]), None, None, None, False, 0.0, one, None)
        >>> out.shape, weights.shape
        (Size([3, 1, 2]), Size([1, 3, 3]))
    """
    batched = _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same_keys, same_values = query is key, key is value
        query = query[:, None]
        key = query if same_keys else key[:, None]
        value = key if same_values else value[:, None]
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    length, batch, width = query.array.shape
    key_padding_mask = additive_mask(key_padding_mask, "key_padding_mask", query, attn_mask, "attn_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask, is_causal = additive_mask(attn_mask, "attn_mask", query), False
    head = width // num_heads
    _need(width == embed_dim_to_check, f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    _need(head * num_heads == width, f"embed_dim {width} not divisible by num_heads {num_heads}")
    shapes = key.array.shape, value.array.shape
    if use_separate_proj_weight:
        _need(
            shapes[0][:2] == shapes[1][:2],
            f"key's sequence and batch dims {shapes[0][:2]} do not match value's {shapes[1][:2]}",
        )
    else:
        _need(shapes[0] == shapes[1], f"key shape {shapes[0]} does not match value shape {shapes[1]}")
        _need(in_proj_weight is not None, "use_separate_proj_weight is False but in_proj_weight is None")
    weights = (None, q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else (in_proj_weight,)
    q, k, v = _projected((query, key, value), weights, in_proj_bias)
    attn_mask = _with_heads(attn_mask, length, key.array.shape[0], batch, num_heads)
    _need((bias_k is None) == (bias_v is None), "bias_k and bias_v must be given together")
    added = 0
    if bias_k is not None and bias_v is not None:
        _need(static_k is None and static_v is None, "bias cannot be added to static key or value.")
        k, v = (cat([x, b.expand(1, batch, width)]) for x, b in ((k, bias_k), (v, bias_v)))
        added += 1
    q = _by_head(q, batch, num_heads)
    k, v = (
        _by_head(x, batch, num_heads) if given is None else _static(given, batch, num_heads, head)
        for x, given in ((k, static_k), (v, static_v))
    )
    if add_zero_attn:
        nothing = make(np.zeros((batch, num_heads, 1, head), k.array.dtype))
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
        added += 1
    if added:
        attn_mask, key_padding_mask = (None if m is None else pad(m, (0, added)) for m in (attn_mask, key_padding_mask))
    if key_padding_mask is not None:
        wanted, seen = (batch, k.array.shape[2]), key_padding_mask.array.shape
        _need(seen == wanted, f"Expected key_padding_mask to be of shape {wanted}, but got {seen}")
        key_padding_mask = key_padding_mask[:, None, None]
        attn_mask = key_padding_mask if attn_mask is None else attn_mask + key_padding_mask
    dropout_p = dropout_p if training else 0.0
    found = None
    if need_weights:
        scores = (q * math.sqrt(1 / head)) @ transpose(k, 2, 3)
        found = softmax(scores if attn_mask is None else scores + attn_mask, -1)
        found = dropout(found, dropout_p) if dropout_p else found
        out = found @ v
        found = found.mean(1) if average_attn_weights else found
    else:
        out = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
    out = out.permute(2, 0, 1, 3).reshape(length, batch, width)
    out = linear(out, out_proj_weight, out_proj_bias)
    if batched:
        return out, found
    return out[:, 0], None if found is None else found[0]


def _with_heads(mask: Tensor | None, length: int, keys: int, batch: int, heads: int) -> Tensor | None:
    """The mask in four dimensions, (batch, heads, queries, keys) or ones.

    Raises:
        RuntimeError: if its shape does not fit.
    """
    if mask is None:
        return None
    seen, wanted = mask.array.shape, ((length, keys) if mask.array.ndim == 2 else (batch * heads, length, keys))
    if seen != wanted:
        raise RuntimeError(f"The shape of the {len(seen)}D attn_mask is {seen}, but should be {wanted}.")
    return mask if len(seen) == 2 else mask.reshape(batch, heads, length, keys)


def _by_head(x: Tensor, batch: int, heads: int) -> Tensor:
    """(length, batch, width) as (batch, heads, length, width / heads)."""
    return x.reshape(x.array.shape[0], batch, heads, -1).permute(1, 2, 0, 3)


def _static(x: Tensor, batch: int, heads: int, head: int) -> Tensor:
    seen = x.array.shape
    _need(
        (seen[0], seen[2]) == (batch * heads, head),
        f"expecting static_k and static_v of shape ({batch * heads}, S, {head}), but got {seen}",
    )
    return x.reshape(batch, heads, seen[1], head)
