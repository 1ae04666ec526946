"""Layers that lay channels out as pixels, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["PixelShuffle", "PixelUnshuffle"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class PixelShuffle(Module):
    """Channels laid out as pixels: (*, C r^2, H, W) -> (*, C, H r, W r) (Shi et al., 2016).

    Args:
        upscale_factor: r.

    Raises:
        RuntimeError: at a call, if the channels cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.PixelShuffle(2)(tg.arange(4.0).reshape(4, 1, 1))
        tensor([[[0., 1.],
                 [2., 3.]]])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """(*, C r^2, H, W) to (*, C, H r, W r)."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels laid out as channels: (*, C, H r, W r) -> (*, C r^2, H, W), the inverse of `PixelShuffle`.

    Args:
        downscale_factor: r.

    Raises:
        RuntimeError: at a call, if height or width cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.PixelUnshuffle(2)(tg.arange(4.0).reshape(1, 2, 2)).flatten()
        tensor([0., 1., 2., 3.])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """(*, C, H r, W r) to (*, C r^2, H, W)."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"
