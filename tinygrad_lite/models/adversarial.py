"""Generative adversarial networks: one network draws, the other tells drawings from data."""

from __future__ import annotations

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn
from tinygrad_lite.nn import functional as F

__all__ = ["Discriminator", "Generator"]


class Generator(nn.Module):
    """A DCGAN's generator: noise, then transposed convolutions with batch normalisation, to 7 x 7, 14 x 14, 28 x 28.

    From A. Radford, L. Metz and S. Chintala, Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks (2015), made slim; weights start from N(0, 0.02) as there. Two dense layers in front plan the
    whole digit. Some of the noise is a choice between kinds, as in InfoGAN (X. Chen et al., 2016): a network is
    continuous, and with normal numbers alone it would have to draw what lies between a 4 and a 0.

    Args:
        kinds: how many kinds there are to choose from; it is left to the network what they are.
        noise: how many normal numbers come with the choice.
        channels: feature maps at 14 x 14; twice as many at 7 x 7.
        hidden: the width of the dense layers.

    Shape:
        (N, kinds + noise) float to (N, 1, 28, 28) in [-1, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> generator = Generator()
        >>> generator(generator.draw_noise(5)).shape
        Size([5, 1, 28, 28])
    """

    def __init__(self, kinds: int = 20, noise: int = 44, channels: int = 24, hidden: int = 256) -> None:
        super().__init__()
        self.kinds, self.noise = kinds, noise
        self.plan = nn.Sequential(
            nn.Linear(kinds + noise, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.draw = nn.Sequential(
            nn.Linear(hidden, 2 * channels * 7 * 7, bias=False),
            nn.Unflatten(1, (2 * channels, 7, 7)),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        self.apply(_start)

    def draw_noise(self, count: int) -> Tensor:
        """What to draw images from, (count, kinds + noise): a choice, an 8 among zeros, with normal numbers."""
        chosen = F.one_hot(tg.randint(self.kinds, (count,)), self.kinds)
        return tg.cat([8.0 * chosen, tg.randn(count, self.noise)], dim=1)

    def forward(self, noise: Tensor) -> Tensor:
        """An image for each row of noise."""
        return self.draw(self.plan(noise))


class Discriminator(nn.Module):
    """A DCGAN's discriminator: strided convolutions with batch normalisation and leaky ReLU, down to one score.

    From the paper of `Generator`, as slim, with the same initial weights. The dense layer lets it look at the digit as
    a whole.

    Args:
        channels: feature maps at 14 x 14; twice as many at 7 x 7.
        hidden: the width of the dense layer.

    Shape:
        (N, 1, 28, 28) float in [-1, 1] to (N,): the log-odds that an image is real.

    Example:
        >>> import tinygrad_lite as tg
        >>> Discriminator()(tg.zeros(5, 1, 28, 28)).shape
        Size([5])
    """

    def __init__(self, channels: int = 24, hidden: int = 256) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * channels),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * channels * 7 * 7, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
            nn.Flatten(0),
        )
        self.apply(_start)

    def forward(self, x: Tensor) -> Tensor:
        """The log-odds that each image is real."""
        return self.layers(x)


def _start(module: nn.Module) -> None:
    """The paper's initial weights."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        nn.init.normal_(module.weight, 1.0, 0.02)
