"""Residual networks."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_lite import Tensor, nn
from tinygrad_lite.nn import functional as F

__all__ = ["BasicBlock", "ResNet"]


class BasicBlock(nn.Module):
    """Two convolutions with batch normalisation, and a path around them: relu(f(x) + x).

    What the convolutions learn is added to what came in, so a block that has nothing to add passes its input on, and
    the gradient of the sum reaches the blocks below whole. Where the shape changes, a 1 x 1 convolution on the path
    changes it too.

    K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR 2016. Batch normalisation:
    S. Ioffe, C. Szegedy, Batch Normalization, ICML 2015.

    Args:
        channels: of the input.
        width: channels of the output.
        stride: of the first convolution; 2 halves height and width.
        residual: False leaves the path out, for comparison.

    Shape:
        (N, channels, H, W) float to (N, width, H / stride, W / stride).

    Example:
        >>> import tinygrad_lite as tg
        >>> BasicBlock(16, 32, stride=2)(tg.zeros(5, 16, 8, 8)).shape
        Size([5, 32, 4, 4])
    """

    def __init__(self, channels: int, width: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if residual and (stride != 1 or channels != width):
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        out = F.relu(self.norm1(self.conv1(x)))
        out = self.norm2(self.conv2(out))
        return F.relu(out + self.shortcut(x) if self.residual else out)


class ResNet(nn.Module):
    """A small residual network for images of 32 x 32 pixels.

    A convolution with batch normalisation and pooling, then stages of blocks: each stage after the first halves height
    and width. The mean over all places goes to one dense layer.

    Args:
        widths: channels of each stage.
        blocks: blocks in each stage.
        classes: how many scores to give.
        residual: False leaves the paths around the blocks out, for comparison.

    Shape:
        (N, 3, 32, 32) float to (N, classes), scores before the softmax.

    Example:
        >>> import tinygrad_lite as tg
        >>> ResNet()(tg.zeros(5, 3, 32, 32)).shape
        Size([5, 10])
    """

    def __init__(
        self, widths: Sequence[int] = (32, 64, 128), blocks: int = 1, classes: int = 10, residual: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        self.pool = nn.MaxPool2d(2)
        stages: list[nn.Module] = []
        channels = widths[0]
        for number, width in enumerate(widths):
            for block in range(blocks):
                stride = 2 if number and not block else 1
                stages.append(BasicBlock(channels, width, stride, residual))
                channels = width
        self.stages = nn.Sequential(*stages)
        self.out = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of each class."""
        x = self.pool(F.relu(self.norm(self.conv(x))))
        return self.out(self.stages(x).mean((2, 3)))
