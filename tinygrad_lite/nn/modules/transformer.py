"""The Transformer (Vaswani et al., 2017): stacks of its layers, and the whole."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.creation import full
from tinygrad_lite.functions.diagonals import triu
from tinygrad_lite.graph import is_grad_enabled
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.functional.multihead import additive_mask
from tinygrad_lite.nn.modules.activation import GELU
from tinygrad_lite.nn.modules.container import ModuleList
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.multihead import MultiheadAttention
from tinygrad_lite.nn.modules.normalization import LayerNorm
from tinygrad_lite.nn.modules.piecewise import ReLU
from tinygrad_lite.nn.modules.transformerlayer import Activation, TransformerDecoderLayer, TransformerEncoderLayer
from tinygrad_lite.ops.elementwise import where
from tinygrad_lite.tensors import make

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def _subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
    """-inf where a query would look at a later key, else 0."""
    return triu(full((sz, sz), float("-inf"), device=device, dtype=dtype), 1)


def _copies(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


def _causal(mask: Tensor | None, is_causal: bool | None, length: int) -> bool:
    """Whether the mask is known, or seen, to be that of `_subsequent_mask`."""
    if is_causal is not None or mask is None:
        return is_causal is True
    wanted = _subsequent_mask(length, dtype=mask.dtype).array if mask.array.dtype.kind == "f" else None
    return wanted is not None and np.array_equal(mask.array, wanted)


def _length(x: Tensor, batch_first: bool) -> int:
    return int(x.array.shape[1 if batch_first and x.array.ndim == 3 else 0])


class TransformerEncoder(Module):
    """A stack of copies of a layer.

    Args:
        encoder_layer: the layer to copy.
        num_layers: how many copies.
        norm: what the output goes through, or None.
        enable_nested_tensor: with a padding mask, outside of training and where no gradient is wanted, whether the
            stack gives zeros for what is padding, as PyTorch does in that case.
        mask_check: whether it does so only for masks whose padding is at the end.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> tg.nn.TransformerEncoder(layer, 2)(tg.ones(3, 5, 8)).shape
        Size([3, 5, 8])
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check
        self.use_nested_tensor = enable_nested_tensor and _packs(encoder_layer)

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:  # fmt: skip
        """The sequence after all layers.

        Args:
            src: (L, N, d_model), (N, L, d_model) with `batch_first`, or (L, d_model).
            mask: see `attn_mask` of `MultiheadAttention`.
            src_key_padding_mask: see `key_padding_mask` there.
            is_causal: a hint that `mask` lets element i look at 0 to i only; None to look whether it does.

        Raises:
            AssertionError, RuntimeError: if shapes do not fit.
        """
        padding = additive_mask(src_key_padding_mask, "src_key_padding_mask", src, mask, "mask")
        mask = additive_mask(mask, "mask", src)
        first = self.layers[0]
        is_causal = _causal(mask, is_causal, _length(src, first.self_attn.batch_first))
        out = src
        for layer in self.layers:
            out = layer(out, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        if padding is not None and mask is None and self._drops_padding(src, padding):
            out = where(make(padding.array != 0)[..., None], 0.0, out)
        return out if self.norm is None else self.norm(out)

    def _drops_padding(self, src: Tensor, padding: Tensor) -> bool:
        """Whether PyTorch would compute without what is padding here, and give zeros for it."""
        first = self.layers[0]
        if not self.use_nested_tensor or first.training or src.array.ndim != 3:
            return False
        left = padding.array == 0
        if self.mask_check and (np.diff(left.astype(np.int8), axis=1) > 0).any():
            return False
        return not (is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in first.parameters())))


def _packs(layer: Module) -> bool:
    """Whether PyTorch computes stacks of this layer without what is padding, when not training."""
    if not isinstance(layer, TransformerEncoderLayer) or layer.norm_first:
        return False
    attention: MultiheadAttention = layer.self_attn
    known = layer.activation in (F.relu, F.gelu) or isinstance(layer.activation, ReLU | GELU)
    plain = attention.batch_first and attention.in_proj_weight is not None and attention.in_proj_bias is not None
    return known and plain and layer.norm1.eps == layer.norm2.eps and attention.num_heads % 2 == 0


class TransformerDecoder(Module):
    """A stack of copies of a layer, each attending to the same memory.

    Args:
        decoder_layer: the layer to copy.
        num_layers: how many copies.
        norm: what the output goes through, or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> tg.nn.TransformerDecoder(layer, 2)(tg.ones(3, 5, 8), tg.ones(3, 4, 8)).shape
        Size([3, 5, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The sequence after all layers. Arguments as for `TransformerDecoderLayer.forward`.

        Args:
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask: see there.
            tgt_is_causal: None to look whether `tgt_mask` lets element i look at 0 to i only.
            memory_is_causal: see there.

        Raises:
            AssertionError, RuntimeError: if shapes do not fit.
        """
        causal = _causal(tgt_mask, tgt_is_causal, _length(tgt, self.layers[0].self_attn.batch_first))
        out = tgt
        for layer in self.layers:
            out = layer(
                out, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return out if self.norm is None else self.norm(out)


class Transformer(Module):
    """Encoder and decoder: from a source, and a target so far, to features of the target (Vaswani et al., 2017).

    Args:
        d_model: the features of source and target.
        nhead: the heads of each attention.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many layers the decoder has.
        dim_feedforward, dropout, activation: see `TransformerEncoderLayer`.
        custom_encoder: an encoder to take in place of the usual one.
        custom_decoder: a decoder likewise.
        layer_norm_eps, batch_first, norm_first, bias, device, dtype: see `TransformerEncoderLayer`.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> model(tg.ones(3, 5, 8), tg.ones(3, 4, 8)).shape
        Size([3, 4, 8])
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        custom_encoder: Any = None, custom_decoder: Any = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        made = {"device": device, "dtype": dtype}
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        if custom_encoder is None:
            layer: Module = TransformerEncoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The features of the target.

        Args:
            src: (S, N, d_model), (N, S, d_model) with `batch_first`, or (S, d_model).
            tgt: (T, N, d_model), (N, T, d_model), or (T, d_model).
            src_mask, tgt_mask, memory_mask: see `attn_mask` of `MultiheadAttention`.
            src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask: see `key_padding_mask` there.
            src_is_causal, tgt_is_causal: None to look whether a mask lets element i look at 0 to i only.
            memory_is_causal: a hint that `memory_mask` does.

        Raises:
            RuntimeError: if batches or features differ.
        """
        batch = 0 if self.batch_first else 1
        if src.array.ndim == 3 and src.array.shape[batch] != tgt.array.shape[batch]:
            raise RuntimeError(
                "the batch number of src and tgt must be equal, "
                f"got {src.array.shape[batch]} and {tgt.array.shape[batch]}"
            )
        if not src.array.shape[-1] == tgt.array.shape[-1] == self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model, {self.d_model}, got "
                f"{src.array.shape[-1]} and {tgt.array.shape[-1]}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The mask (sz, sz) that lets element i look at 0 to i only: -inf above the diagonal, else 0.

        Example:
            >>> import tinygrad_lite as tg
            >>> tg.nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return _subsequent_mask(sz, device, dtype)

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
