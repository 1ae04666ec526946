"""Windows of an image as columns, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["Fold", "Unfold"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | tuple[int, ...]


class Unfold(Module):
    """Each window of the images as a column.

    Args:
        kernel_size: the size of a window; an int, or one for each dimension, as for the others.
        dilation: how far apart the elements of one window are.
        padding: zeros added on both sides.
        stride: how far apart two windows are.

    Raises:
        RuntimeError: at a call, if the window does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Unfold((2, 2))(tg.zeros(1, 3, 4, 5)).shape
        Size([1, 12, 12])
    """

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C * elements of a window, windows), or both without N."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Columns added up where `Unfold` takes them from.

    Args:
        output_size: height and width of the images.
        kernel_size: as in `Unfold`, like the others.
        dilation: how far apart the elements of one window are.
        padding: zeros that were added on both sides.
        stride: how far apart two windows are.

    Raises:
        RuntimeError: at a call, if the columns are not those of such windows.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Fold((4, 5), (2, 2))(tg.zeros(1, 12, 12)).shape
        Size([1, 3, 4, 5])
    """

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        """(N, C * elements of a window, windows) to (N, C, H, W), or both without N."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
