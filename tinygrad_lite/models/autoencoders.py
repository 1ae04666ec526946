"""Autoencoders: networks that squeeze an image through a few numbers and draw it again."""

from __future__ import annotations

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn

__all__ = ["PCA", "VAE", "Autoencoder"]


class PCA(nn.Module):
    """Principal components, the best linear autoencoder: codes are coordinates along the directions of most variance.

    K. Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space (1901). There is nothing to train:
    the directions are singular vectors of the images.

    Args:
        images: (N, 1, height, width) or (N, ...) float, to find the directions from; N should be `code` at least.
        code: how many directions.

    Shape:
        (N, ...) float like `images` to the same; `encode` gives (N, code), which `decode` takes.

    Example:
        >>> import tinygrad_lite as tg
        >>> points = tg.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])  # on a line
        >>> bool(tg.allclose(PCA(points, code=1)(points), points, atol=1e-5))
        True
    """

    mean: Tensor
    directions: Tensor

    def __init__(self, images: Tensor, code: int = 32) -> None:
        super().__init__()
        flat = images.flatten(1)
        centred = flat - flat.mean(dim=0)
        # They have the right singular vectors of their covariance, which is a much smaller matrix.
        directions = tg.linalg.svd(centred.mT @ centred).Vh[:code]
        self.shape = images.shape[1:]
        self.register_buffer("mean", flat.mean(dim=0))
        self.register_buffer("directions", directions)

    def encode(self, x: Tensor) -> Tensor:
        """The codes of images."""
        return (x.flatten(1) - self.mean) @ self.directions.mT

    def decode(self, code: Tensor) -> Tensor:
        """The images of codes."""
        return (code @ self.directions + self.mean).unflatten(1, self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """Images drawn again from their codes."""
        return self.decode(self.encode(x))


class Autoencoder(nn.Module):
    """An encoder to a short code and a decoder that mirrors it, dense layers with ReLU between.

    In the manner of G. Hinton and R. Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks (2006).
    Trained to give clean images for noisy ones it is a denoising autoencoder (P. Vincent et al., Extracting and
    Composing Robust Features with Denoising Autoencoders, 2008).

    Args:
        code: how many numbers an image is squeezed into.
        hidden: the width of the layers between image and code.
        side: the images' height and width.

    Shape:
        (N, 1, side, side) float in [0, 1] to the same; `encode` gives (N, code), which `decode` takes.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = Autoencoder(code=32)
        >>> images = tg.zeros(5, 1, 28, 28)
        >>> model.encode(images).shape, model(images).shape
        (Size([5, 32]), Size([5, 1, 28, 28]))
    """

    def __init__(self, code: int = 32, hidden: int = 256, side: int = 28) -> None:
        super().__init__()
        pixels = side * side
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, code))
        self.decoder = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Sigmoid(),
            nn.Unflatten(1, (1, side, side)),
        )  # fmt: skip

    def encode(self, x: Tensor) -> Tensor:
        """The codes of images."""
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        """The images of codes."""
        return self.decoder(code)

    def forward(self, x: Tensor) -> Tensor:
        """Images drawn again from their codes."""
        return self.decode(self.encode(x))


class VAE(nn.Module):
    """A variational autoencoder: an image becomes a small cloud of codes, and any code becomes an image.

    The encoder gives mean and log-variance of a normal distribution q(z|x), the decoder the log-odds that a pixel is
    white. Codes are drawn as mean + deviation * noise, so that gradients pass through the draw (D. Kingma and
    M. Welling, Auto-Encoding Variational Bayes, 2013).

    Args:
        code: the dimensions of the latent space.
        hidden: the width of the layers between image and code.
        side: the images' height and width.

    Shape:
        (N, 1, side, side) float in [0, 1] to logits of the same shape, with mean and log-variance, both (N, code).

    Example:
        >>> import tinygrad_lite as tg
        >>> logits, mean, log_variance = VAE(code=2)(tg.zeros(5, 1, 28, 28))
        >>> logits.shape, mean.shape, log_variance.shape
        (Size([5, 1, 28, 28]), Size([5, 2]), Size([5, 2]))
    """

    def __init__(self, code: int = 2, hidden: int = 256, side: int = 28) -> None:
        super().__init__()
        pixels = side * side
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, 2 * code),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, pixels),
            nn.Unflatten(1, (1, side, side)),
        )  # fmt: skip

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the codes of images."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, code: Tensor) -> Tensor:
        """The images of codes, each pixel the probability that it is white."""
        return self.decoder(code).sigmoid()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the pixels from one drawn code of each image, and what it was drawn from."""
        mean, log_variance = self.encode(x)
        code = mean + (log_variance / 2).exp() * tg.randn_like(mean)
        return self.decoder(code), mean, log_variance
