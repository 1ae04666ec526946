"""Capsule networks: S. Sabour, N. Frosst, G. E. Hinton, Dynamic Routing Between Capsules, NIPS 2017."""

from __future__ import annotations

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn
from tinygrad_lite.nn import functional as F

__all__ = ["CapsuleNet", "DigitCapsules", "PrimaryCapsules", "margin_loss", "squash"]


def squash(s: Tensor) -> Tensor:
    """Shorten vectors to below 1 and keep their direction: s |s| / (1 + |s|²).

    Args:
        s: float vectors along the last dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> squash(tg.tensor([[3.0, 4.0], [0.0, 0.0]])).norm(dim=-1)
        tensor([0.9615, 0.0000])
    """
    squared = (s * s).sum(-1, keepdim=True)
    return s * (squared / (1 + squared) * (squared + 1e-8).rsqrt())


def margin_loss(lengths: Tensor, labels: Tensor, present: float = 0.9, absent: float = 0.1) -> Tensor:
    """The capsule of the true class should be longer than 0.9, the others shorter than 0.1 (and count half).

    Args:
        lengths: (N, classes) float, of the capsules.
        labels: (N,) int64, the true classes.
        present: a true capsule longer than this costs nothing.
        absent: another capsule shorter than this costs nothing.

    Returns:
        The mean over examples of the sum over classes.

    Example:
        >>> import tinygrad_lite as tg
        >>> margin_loss(tg.tensor([[0.95, 0.05], [0.5, 0.1]]), tg.tensor([0, 0]))
        tensor(0.0800)
    """
    true = F.one_hot(labels, lengths.shape[1]).to(lengths.dtype)
    missing, extra = F.relu(present - lengths) ** 2, F.relu(lengths - absent) ** 2
    return (true * missing + 0.5 * (1 - true) * extra).sum(1).mean()


class PrimaryCapsules(nn.Module):
    """The lowest capsules: a convolution whose channels are taken together, `size` at a time, as vectors.

    Args:
        channels: of the input.
        kinds: how many capsules there are at each place.
        size: numbers in a capsule.
        kernel_size: of the convolution.
        stride: of the convolution.

    Shape:
        (N, channels, H, W) float to (N, kinds * H' * W', size): all places of the first kind, then of the second, ...

    Example:
        >>> import tinygrad_lite as tg
        >>> PrimaryCapsules(32, kinds=8, size=8)(tg.zeros(5, 32, 20, 20)).shape
        Size([5, 288, 8])
    """

    def __init__(self, channels: int, kinds: int, size: int, kernel_size: int = 9, stride: int = 2) -> None:
        super().__init__()
        self.kinds, self.size = kinds, size
        self.conv = nn.Conv2d(channels, kinds * size, kernel_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        """The capsules of all kinds and places."""
        x = self.conv(x).reshape(len(x), self.kinds, self.size, -1)
        return squash(x.transpose(2, 3).reshape(len(x), -1, self.size))


class DigitCapsules(nn.Module):
    """A capsule for each class, agreed upon by the capsules below: dynamic routing.

    Every capsule below casts a vote for every class, a vector that a matrix of its own makes of it. A class is the
    sum of the votes for it, each with a weight (its coupling). In every round a capsule below gives more weight to
    the classes that its votes agree with; its weights add up to 1. Gradients flow through the last round only: the
    rounds before it say which weights to take, as an argmax would.

    Args:
        inputs: how many capsules there are below.
        input_size: numbers in each of them.
        classes: how many capsules to make.
        size: numbers in each of these.
        rounds: of routing.

    Shape:
        (N, inputs, input_size) float to (N, classes, size).

    Example:
        >>> import tinygrad_lite as tg
        >>> capsules = DigitCapsules(6, 4, classes=3, size=2)
        >>> votes = capsules.votes(tg.randn(5, 6, 4))
        >>> out, couplings = capsules.route(votes)
        >>> votes.shape, out.shape, couplings.shape
        (Size([5, 3, 6, 2]), Size([5, 3, 2]), Size([5, 3, 6]))
        >>> bool(tg.allclose(couplings.sum(1), tg.ones(5, 6)))
        True
    """

    def __init__(self, inputs: int, input_size: int, classes: int = 10, size: int = 16, rounds: int = 3) -> None:
        super().__init__()
        self.classes, self.size, self.rounds = classes, size, rounds
        self.weight = nn.Parameter(0.1 * tg.randn(inputs, input_size, classes * size))

    def votes(self, x: Tensor) -> Tensor:
        """What each capsule below says of each class, (N, classes, inputs, size)."""
        said = x.transpose(0, 1) @ self.weight
        return said.reshape(x.shape[1], len(x), self.classes, self.size).permute(1, 2, 0, 3)

    def route(self, votes: Tensor) -> tuple[Tensor, Tensor]:
        """The capsules (N, classes, size), and the couplings of the last round, (N, classes, inputs)."""
        logits = tg.zeros(votes.shape[:3], dtype=votes.dtype)
        with tg.no_grad():
            for _ in range(self.rounds - 1):
                agreed = _weighted(votes, logits.softmax(1))
                logits = logits + (votes @ agreed.unsqueeze(3)).squeeze(3)
            couplings = logits.softmax(1)
        return _weighted(votes, couplings), couplings

    def forward(self, x: Tensor) -> Tensor:
        """The capsules of the classes."""
        return self.route(self.votes(x))[0]


def _weighted(votes: Tensor, couplings: Tensor) -> Tensor:
    """The sums of the votes for each class, squashed."""
    return squash((couplings.unsqueeze(2) @ votes).squeeze(2))


class CapsuleNet(nn.Module):
    """A convolution, capsules for places, capsules for classes, and a decoder that draws the image from one of these.

    How long the capsule of a class is says how sure the network is of the class; where it points says how the digit is
    written. This one is slimmer than the paper's: 32 instead of 256 filters in the first convolution and 8 instead of
    32 kinds of primary capsules.

    Args:
        filters: of the first convolution.
        kinds: of primary capsules.
        classes: how many classes there are.
        size: numbers in the capsule of a class.
        rounds: of routing.

    Shape:
        (N, 1, 28, 28) float in [0, 1] to (N, classes), the lengths of the capsules.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = CapsuleNet()
        >>> images = tg.rand(5, 1, 28, 28)
        >>> capsules = model.encode(images)
        >>> capsules.shape, model.decode(capsules, tg.zeros(5).long()).shape, model(images).shape
        (Size([5, 10, 16]), Size([5, 1, 28, 28]), Size([5, 10]))
    """

    def __init__(self, filters: int = 32, kinds: int = 8, classes: int = 10, size: int = 16, rounds: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, 9)
        self.primary = PrimaryCapsules(filters, kinds, size=8)
        self.digits = DigitCapsules(kinds * 6 * 6, 8, classes, size, rounds)
        self.decoder = nn.Sequential(
            nn.Linear(classes * size, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid()
        )

    def places(self, x: Tensor) -> Tensor:
        """The primary capsules, (N, kinds * 36, 8)."""
        return self.primary(F.relu(self.conv(x)))

    def encode(self, x: Tensor) -> Tensor:
        """The capsules of the classes, (N, classes, size)."""
        return self.digits(self.places(x))

    def decode(self, capsules: Tensor, labels: Tensor) -> Tensor:
        """The images drawn from the capsules of these classes, all other capsules being masked."""
        mask = F.one_hot(labels, capsules.shape[1]).to(capsules.dtype).unsqueeze(2)
        return self.decoder((capsules * mask).flatten(1)).reshape(-1, 1, 28, 28)

    def forward(self, x: Tensor) -> Tensor:
        """How long the capsule of each class is."""
        return self.encode(x).norm(dim=-1)
