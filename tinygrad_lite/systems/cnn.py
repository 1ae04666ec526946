"""A convolutional network on MNIST: conv 32, pool, conv 64, pool, dense 64, dense 10; Adam on one cycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import CNN
from tinygrad_lite.systems.images import as_tensors, mistakes, scores
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import accuracy, fit

__all__ = ["DATA", "GOALS", "QUICK", "Settings", "draw", "train"]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=4, metadata={"help": "how often to go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    batch_size: int = field(default=64, metadata={"help": "images in a step"})
    lr: float = field(default=4e-3, metadata={"help": "the largest learning rate of the cycle"})
    seed: int = field(default=0, metadata={"help": "seed of weights, dropout and order"})


QUICK = Settings(epochs=1, images=2_000, batch_size=32, lr=2e-3)
DATA = "mnist"
GOALS = [Goal("test accuracy", ">=", 0.99)]


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, and judge it on the images held out."""
    found = obtain(DATA, place.data)
    train_data, (images, labels) = as_tensors(found.data, settings.images)
    tg.manual_seed(settings.seed)
    model = CNN()
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-len(train_data[0]) // settings.batch_size)
    history = fit(
        model,
        train_data,
        nn.CrossEntropyLoss(),
        optimizer,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        metrics=[accuracy],
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint("cnn"),
        progress=place.progress,
    )
    said = scores(model, images)
    reached = {"test accuracy": accuracy(said, labels).item()}
    shown = {"images": images, "labels": labels, "scores": said}
    return Outcome(reached, {"cnn": model}, history, found.source, found.note, shown)


def feature_maps(model: CNN, image: Tensor, most: int = 16) -> list[Tensor]:
    """What the first filters of both convolutions answer to an image: (most, 28, 28) and (most, 14, 14).

    Args:
        model: the network.
        image: (1, 28, 28) float.
        most: how many filters.
    """
    with tg.no_grad():
        first = model.conv1(image.unsqueeze(0)).relu()
        second = model.conv2(model.pool(first)).relu()
    return [first[0, :most], second[0, :most]]


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: the first layer's filters, what they answer to an image, and the images it gets wrong."""
    from tinygrad_lite import viz

    model, shown = outcome.models["cnn"], outcome.shown
    first, second = feature_maps(model, shown["images"][0])
    return {
        "filters": viz.filters(model.conv1.weight),
        "first feature maps": viz.image_grid(first, columns=8, limits=None),
        "second feature maps": viz.image_grid(second, columns=8, limits=None),
        "mistakes": mistakes(shown["images"], shown["labels"], shown["scores"]),
    }
