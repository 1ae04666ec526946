"""A variational autoencoder of MNIST with a latent plane: every point of the plane is an image.

It maximises the ELBO, a lower bound of the log-likelihood, counted in nats for an image. Pixels are taken as
probabilities of white: then the bound holds, on average, for the black and white images drawn from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import PCA, VAE
from tinygrad_lite.nn.functional import binary_cross_entropy_with_logits, mse_loss
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import evaluate, fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "Settings",
    "divergence",
    "draw",
    "latent_grid",
    "negative_elbo",
    "reconstruction",
    "train",
]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=10, metadata={"help": "how often to go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    batch_size: int = field(default=128, metadata={"help": "images in a step"})
    hidden: int = field(default=256, metadata={"help": "width of the layers between image and code"})
    lr: float = field(default=3e-3, metadata={"help": "the largest learning rate of the cycle"})
    seed: int = field(default=0, metadata={"help": "seed of weights, codes and order"})


QUICK = Settings(epochs=8, images=1_000, batch_size=16, hidden=64, lr=5e-3)
DATA = "mnist"
GOALS = [Goal("ELBO in nats", ">=", -150.0), Goal("test error", "<", "PCA: test error")]


def reconstruction(output: tuple[Tensor, Tensor, Tensor], images: Tensor) -> Tensor:
    """What is lost on the way: -log p(x|z) in nats for an image, the mean over the batch."""
    logits, _, _ = output
    return binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)


def divergence(output: tuple[Tensor, Tensor, Tensor], images: Tensor) -> Tensor:
    """What the codes tell: KL(q(z|x) || N(0, 1)) in nats for an image, the mean over the batch."""
    _, mean, log_variance = output
    return ((mean**2 + log_variance.exp() - 1 - log_variance) / 2).sum(dim=1).mean()


def negative_elbo(output: tuple[Tensor, Tensor, Tensor], images: Tensor) -> Tensor:
    """The loss in nats for an image: what is lost and what the codes tell, together.

    Args:
        output: a `VAE`'s: logits (N, 1, height, width), means (N, code), log-variances (N, code).
        images: (N, 1, height, width) in [0, 1].
    """
    return reconstruction(output, images) + divergence(output, images)


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, and measure ELBO and reconstruction error on test images."""
    found = obtain(DATA, place.data)
    (images, _), (test, labels) = as_tensors(found.data, settings.images)
    tg.manual_seed(settings.seed)
    model = VAE(code=2, hidden=settings.hidden)
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-len(images) // settings.batch_size)
    history = fit(
        model,
        (images,),
        negative_elbo,
        optimizer,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation=(test,),
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint("vae"),
        progress=place.progress,
    )
    with tg.no_grad():
        codes, _ = model.encode(test)
        again = model.decode(codes)
    measures = {"negative ELBO": negative_elbo, "divergence": divergence}
    nats = evaluate(model, (test,), metrics=measures)
    pca = PCA(images, 2)
    reached = {
        "ELBO in nats": -nats["negative ELBO"],
        "divergence in nats": nats["divergence"],
        "test error": mse_loss(again, test).item(),
        "PCA: test error": mse_loss(pca(test), test).item(),
    }
    shown = {"images": test, "labels": labels, "codes": codes, "again": again}
    return Outcome(reached, {"vae": model, "pca": pca}, history, found.source, found.note, shown)


def latent_grid(model: nn.Module, steps: int = 16) -> Tensor:
    """The images of a grid of codes that cuts the normal distribution into parts of equal probability.

    Returns:
        (steps * steps, 1, height, width), row by row from the top, where the second number of the code is largest.
    """
    shares = (tg.arange(steps) + 0.5) / steps
    at = tg.erfinv(2 * shares - 1) * 2**0.5
    up, across = tg.meshgrid(at.flip(0), at, indexing="ij")
    with tg.no_grad():
        return model.decode(tg.stack([across, up], dim=-1).flatten(0, 1))


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: the plane's images, where test images lie in it, and what comes of some on the way through."""
    from tinygrad_lite import viz

    shown, steps = outcome.shown, 16
    plane, ((ax,),) = viz.figure(1, 1, 6.4, 6.4)
    side = shown["images"].shape[-1]
    tiles = latent_grid(outcome.models["vae"], steps).reshape(steps, steps, side, side).permute(0, 2, 1, 3)
    ax.imshow(tiles.reshape(steps * side, steps * side).numpy(), cmap="gray", extent=(0, 1, 0, 1), vmin=0, vmax=1)
    ax.set(xlabel="share of the normal distribution to the left, $\\Phi(z_1)$", ylabel="below, $\\Phi(z_2)$")
    few = tg.cat([shown["images"][:10], shown["again"][:10]])
    return {
        "latent plane": plane,
        "codes": _codes(shown["codes"], shown["labels"]),
        "reconstructions": viz.image_grid(few, columns=10, rows=["test image", "from its code"]),
    }


def _codes(codes: Tensor, labels: Tensor) -> Any:
    """The mean codes of images in the plane, a colour for each digit."""
    from tinygrad_lite import viz

    figure, ((ax,),) = viz.figure(1, 1, 6.8, 6.0)
    places = codes.numpy()
    image = ax.scatter(
        places[:, 0], places[:, 1], c=labels.numpy(), cmap="tab10", vmin=-0.5, vmax=9.5, s=4, linewidths=0
    )
    ax.set(xlabel="$z_1$", ylabel="$z_2$", title="mean codes of test images")
    figure.colorbar(image, ax=ax, ticks=range(10), label="digit", shrink=0.8)
    return figure
