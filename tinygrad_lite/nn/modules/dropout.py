"""Dropout as layers: something in training, nothing in evaluation."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _DropoutNd(Module):
    """What they have in common: a probability.

    Args:
        p: the probability to be dropped.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, each element set to zero with probability p, the rest divided by 1 - p (Srivastava et al., 2014).

    Args:
        p: the probability.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Dropout(0.5).eval()(tg.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """As `Dropout`, for whole channels of signals (Tompson et al., 2015).

    Args:
        p: the probability.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Dropout1d(0.5).eval()(tg.ones(1, 3))
        tensor([[1., 1., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, L) or (C, L), to the same shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """As `Dropout`, for whole channels of images (Tompson et al., 2015).

    Args:
        p: the probability.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Dropout2d(1.0)(tg.ones(1, 1, 1, 2))
        tensor([[[[0., 0.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """As `Dropout`, for whole channels of volumes (Tompson et al., 2015).

    Args:
        p: the probability.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Dropout3d(1.0)(tg.ones(1, 1, 1, 2))
        tensor([[[[0., 0.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, D, H, W) or (C, D, H, W), to the same shape."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout for networks of SELU units, which keeps mean and variance (Klambauer et al., 2017).

    Args:
        p: the probability.
        inplace: accepted; as in PyTorch the input is left alone.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AlphaDropout(0.5).eval()(tg.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """As `AlphaDropout`, for whole channels.

    Args:
        p: the probability.
        inplace: accepted; as in PyTorch the input is left alone.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.FeatureAlphaDropout(0.5).eval()(tg.ones(1, 3))
        tensor([[1., 1., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), to the same shape."""
        return F.feature_alpha_dropout(input, self.p, self.training)
