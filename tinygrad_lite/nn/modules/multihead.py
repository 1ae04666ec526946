"""Attention with several heads."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.creation import empty
from tinygrad_lite.nn import init
from tinygrad_lite.nn.functional.multihead import multi_head_attention_forward
from tinygrad_lite.nn.modules.linear import Linear
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["MultiheadAttention"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that PyTorch prints for the last projection of an attention.

    Example:
        >>> NonDynamicallyQuantizableLinear(2, 3)
        NonDynamicallyQuantizableLinear(in_features=2, out_features=3, bias=True)
    """


class MultiheadAttention(Module):
    """softmax(q k.T / sqrt(head) + mask) v in each head, put together and projected (Vaswani et al., 2017).

    Args:
        embed_dim: E, the features of the query and of the result.
        num_heads: how many heads share them.
        dropout: the probability with which a weight is dropped while training.
        bias: whether the projections have biases.
        add_bias_kv: whether to learn a key and a value that are added to the others.
        add_zero_attn: whether to add a key and a value of zeros.
        kdim: the features of the keys; E if None.
        vdim: the features of the values; E if None.
        batch_first: whether tensors are (N, L, E) instead of (L, N, E).
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Attributes:
        in_proj_weight: (3 E, E), the projections of query, key and value; None if their features differ.
        q_proj_weight: (E, E), in that case; else None.
        k_proj_weight: (E, kdim), in that case; else None.
        v_proj_weight: (E, vdim), in that case; else None.
        in_proj_bias: (3 E,) or None.
        out_proj: the projection of the result.
        bias_k: (1, 1, E) or None.
        bias_v: (1, 1, E) or None.

    Raises:
        ValueError: if a size is not positive.
        AssertionError: if `num_heads` does not divide `embed_dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.ones(4, 5, 6)
        >>> out, weights = tg.nn.MultiheadAttention(6, 2, batch_first=True)(x, x, x)
        >>> out.shape, weights.shape
        (Size([4, 5, 6]), Size([4, 5, 5]))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, "
                f"got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        made = {"device": device, "dtype": dtype}
        packed = ("in_proj_weight", (3 * embed_dim, embed_dim))
        separate = [
            (f"{x}_proj_weight", (embed_dim, n)) for x, n in zip("qkv", (embed_dim, self.kdim, self.vdim), strict=True)
        ]
        for name, shape in (packed, *separate):
            wanted = self._qkv_same_embed_dim == (name == "in_proj_weight")
            self.register_parameter(name, Parameter(empty(shape, **made)) if wanted else None)
        self.register_parameter("in_proj_bias", Parameter(empty(3 * embed_dim, **made)) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **made)
        for name in ("bias_k", "bias_v"):
            if add_bias_kv:
                self.register_parameter(name, Parameter(empty(1, 1, embed_dim, **made)))
            else:
                setattr(self, name, None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """What each query finds among the values.

        Args:
            query: (L, N, E), (N, L, E) with `batch_first`, or (L, E).
            key: (S, N, kdim), (N, S, kdim) with `batch_first`, or (S, kdim).
            value: (S, N, vdim), (N, S, vdim) with `batch_first`, or (S, vdim).
            key_padding_mask: (N, S), or (S,): True for keys to leave out, or numbers that are added.
            need_weights: whether to return the weights.
            attn_mask: (L, S) or (N * num_heads, L, S): True where a query may not look, or numbers that are added.
            average_attn_weights: whether to average the weights over the heads.
            is_causal: a hint that `attn_mask` lets query i look at keys 0 to i only.

        Returns:
            The result, in the form of the query; and None, or the weights (N, L, S) or (N, num_heads, L, S).

        Raises:
            AssertionError, RuntimeError: if shapes do not fit.
        """
        turn = self.batch_first and getattr(query, "ndim", 0) == 3
        if turn:
            same_keys, same_values = query is key, key is value
            query = transpose(query, 0, 1)
            key = query if same_keys else transpose(key, 0, 1)
            value = key if same_values else transpose(value, 0, 1)
        out, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, None, None, average_attn_weights, is_causal,
        )  # fmt: skip
        return transpose(out, 0, 1) if turn else out, weights
