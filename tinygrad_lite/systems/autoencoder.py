"""An autoencoder of MNIST beside principal components (PCA) of the same code size; and another that removes noise.

Both networks are 784-256-32-256-784, trained by Adam on one cycle to a small mean squared error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import PCA, Autoencoder
from tinygrad_lite.nn.functional import mse_loss
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import evaluate, fit

__all__ = ["DATA", "GOALS", "QUICK", "Settings", "draw", "noisy", "train"]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=5, metadata={"help": "how often each network goes through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    batch_size: int = field(default=128, metadata={"help": "images in a step"})
    code: int = field(default=32, metadata={"help": "numbers in a code, for the networks and for PCA"})
    hidden: int = field(default=256, metadata={"help": "width of the layers between image and code"})
    noise: float = field(default=0.5, metadata={"help": "standard deviation of the noise, where white is 1"})
    lr: float = field(default=3e-3, metadata={"help": "the largest learning rate of the cycle"})
    seed: int = field(default=0, metadata={"help": "seed of weights, noise and order"})


QUICK = Settings(epochs=8, images=1_000, batch_size=16, code=8, hidden=64, lr=5e-3)
DATA = "mnist"
GOALS = [Goal("test error", "<", "PCA: test error"), Goal("error with noise", "<", "PCA: error with noise")]


def noisy(images: Tensor, deviation: float) -> Tensor:
    """Images with normal noise in each pixel, kept in [0, 1]."""
    return (images + deviation * tg.randn_like(images)).clamp(0, 1)


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train both networks, and compare their errors on test images with PCA's."""
    found = obtain(DATA, place.data)
    (images, _), (test, _) = as_tensors(found.data, settings.images)
    pca = PCA(images, settings.code)

    def trained(name: str, deviation: float) -> tuple[nn.Module, Any]:
        """A network that has learnt to give back the images in spite of so much noise."""
        tg.manual_seed(settings.seed)
        given = noisy(test, deviation) if deviation else test
        model = Autoencoder(settings.code, settings.hidden)
        optimizer = optim.Adam(model.parameters(), lr=settings.lr)
        steps = settings.epochs * -(-len(images) // settings.batch_size)

        def step(model: nn.Module, batch: Any) -> Tensor:
            (clean,) = batch
            return mse_loss(model(noisy(clean, deviation) if deviation else clean), clean)

        history = fit(
            model,
            (images,),
            optimizer=optimizer,
            step=step,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation=lambda model: {"loss": error(model, given, test)},
            scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
            schedule_by="step",
            checkpoint=place.checkpoint(name),
            progress=place.progress,
        )
        return model, history

    plain, history = trained("autoencoder", 0.0)
    denoiser, _ = trained("denoiser", settings.noise)
    tg.manual_seed(settings.seed + 1)
    spoiled = noisy(test, settings.noise)
    reached = {
        "test error": error(plain, test, test),
        "PCA: test error": error(pca, test, test),
        "error with noise": error(denoiser, spoiled, test),
        "PCA: error with noise": error(pca, spoiled, test),
        "error of the noise itself": mse_loss(spoiled, test).item(),
    }
    models = {"autoencoder": plain, "denoiser": denoiser, "pca": pca}
    return Outcome(reached, models, history, found.source, found.note, {"images": test, "noisy": spoiled})


def error(model: nn.Module, given: Tensor, wanted: Tensor) -> float:
    """The mean squared error of a pixel."""
    return evaluate(model, (given, wanted), mse_loss)["loss"]


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: test images drawn again from their codes, and images without their noise."""
    from tinygrad_lite import viz

    few, spoiled = outcome.shown["images"][:10], outcome.shown["noisy"][:10]
    models = outcome.models
    with tg.no_grad():
        again = [few, models["pca"](few), models["autoencoder"](few)]
        cleaned = [few, spoiled, models["pca"](spoiled), models["denoiser"](spoiled)]
    return {
        "reconstructions": viz.image_grid(tg.cat(again), columns=10, rows=["test image", "PCA", "autoencoder"]),
        "denoising": viz.image_grid(
            tg.cat(cleaned), columns=10, rows=["test image", "with noise", "PCA", "denoising network"]
        ),
    }
