"""Convolutional networks."""

from __future__ import annotations

from tinygrad_lite import Tensor, nn

__all__ = ["CNN"]


class CNN(nn.Module):
    """Two convolutions with pooling, then two dense layers: conv 32, pool, conv 64, pool, dense 64, dense 10.

    In the manner of LeNet-5 (Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998).

    Args:
        classes: how many scores to give.
        dropout: the share of the dense layer's inputs and outputs to drop while training.

    Shape:
        (N, 1, 28, 28) float to (N, classes), scores before the softmax.

    Example:
        >>> import tinygrad_lite as tg
        >>> CNN()(tg.zeros(5, 1, 28, 28)).shape
        Size([5, 10])
    """

    def __init__(self, classes: int = 10, dropout: float = 0.25) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        self.dense = nn.Linear(64 * 7 * 7, 64)
        self.out = nn.Linear(64, classes)

    def features(self, x: Tensor) -> Tensor:
        """The feature maps in front of the dense layers, (N, 64, 7, 7)."""
        x = self.pool(self.conv1(x).relu())
        return self.pool(self.conv2(x).relu())

    def forward(self, x: Tensor) -> Tensor:
        """Scores of each class."""
        x = self.drop(self.features(x).flatten(1))
        return self.out(self.drop(self.dense(x).relu()))
