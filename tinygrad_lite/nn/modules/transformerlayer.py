"""The layers of the Transformer (Vaswani et al., 2017)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.functional.multihead import additive_mask
from tinygrad_lite.nn.modules.dropout import Dropout
from tinygrad_lite.nn.modules.linear import Linear
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.multihead import MultiheadAttention
from tinygrad_lite.nn.modules.normalization import LayerNorm

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Activation: TypeAlias = str | Callable[[Tensor], Tensor]


def _function(activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What the layers of encoder and decoder have in common: attention to itself, and the feed-forward part."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int, dropout: float, activation: Activation,
        layer_norm_eps: float, batch_first: bool, norm_first: bool, bias: bool, norms: int, made: dict[str, Any],
    ) -> None:  # fmt: skip
        super().__init__()
        attention = {"dropout": dropout, "bias": bias, "batch_first": batch_first, **made}
        self.self_attn = MultiheadAttention(d_model, nhead, **attention)
        if norms == 3:
            self.multihead_attn = MultiheadAttention(d_model, nhead, **attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **made)
        self.norm_first = norm_first
        for k in range(1, norms + 1):
            setattr(self, f"norm{k}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made))
        for k in range(1, norms + 1):
            setattr(self, f"dropout{k}", Dropout(dropout))
        self.activation = _function(activation)

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool
    ) -> Tensor:
        found, _ = self.self_attn(
            x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal, need_weights=False
        )
        return self.dropout1(found)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then two linear layers, each added to its input and normalised.

    Args:
        d_model: the features of the input and the output.
        nhead: the heads of the attention.
        dim_feedforward: the features between the two linear layers.
        dropout: the probability with which an element is dropped while training.
        activation: between the linear layers: "relu", "gelu" or a function.
        layer_norm_eps: of the normalisation.
        batch_first: whether tensors are (N, L, d_model) instead of (L, N, d_model).
        norm_first: whether to normalise the input of each part instead of its output (Xiong et al., 2020).
        bias: whether linear layers and normalisation have biases.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        RuntimeError: for another word as activation.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer(tg.ones(3, 5, 8)).shape
        Size([3, 5, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, 2,
            {"device": device, "dtype": dtype},
        )  # fmt: skip

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The sequence after the layer.

        Args:
            src: (L, N, d_model), (N, L, d_model) with `batch_first`, or (L, d_model).
            src_mask: see `attn_mask` of `MultiheadAttention`.
            src_key_padding_mask: see `key_padding_mask` there.
            is_causal: a hint that `src_mask` lets element i look at 0 to i only.

        Raises:
            AssertionError, RuntimeError: if shapes do not fit.
        """
        padding = additive_mask(src_key_padding_mask, "src_key_padding_mask", src, src_mask, "src_mask")
        mask = additive_mask(src_mask, "src_mask", src)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self._feed_forward(x))


class TransformerDecoderLayer(_Layer):
    """As `TransformerEncoderLayer`, with attention to another sequence, the memory, between the two parts.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device,
            dtype: see there.

    Raises:
        RuntimeError: for another word as activation.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> layer(tg.ones(3, 5, 8), tg.ones(3, 4, 8)).shape
        Size([3, 5, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, 3,
            {"device": device, "dtype": dtype},
        )  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        # In PyTorch a copy whose activation is a module falls back on relu, and `TransformerDecoder` makes copies.
        super().__setstate__({"activation": F.relu, **state})

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The sequence after the layer.

        Args:
            tgt: (L, N, d_model), (N, L, d_model) with `batch_first`, or (L, d_model).
            memory: what it attends to: (S, N, d_model), (N, S, d_model) or (S, d_model).
            tgt_mask, memory_mask: see `attn_mask` of `MultiheadAttention`.
            tgt_key_padding_mask, memory_key_padding_mask: see `key_padding_mask` there.
            tgt_is_causal, memory_is_causal: hints that a mask lets element i look at 0 to i only.

        Raises:
            AssertionError, RuntimeError: if shapes do not fit.
        """
        x, own = tgt, (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        others = (memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), *others)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, *others))
        return self.norm3(x + self._ff_block(x))

    def _mha_block(
        self, x: Tensor, mem: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool
    ) -> Tensor:
        found, _ = self.multihead_attn(
            x, mem, mem, attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal, need_weights=False
        )
        return self.dropout2(found)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self._feed_forward(x))
