"""Batch normalisation and residual blocks on 10,000 images of CIFAR-10; images are turned and shifted as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import ResNet
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.images import as_tensors, mistakes, scores
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import accuracy, fit

__all__ = ["CLASSES", "DATA", "GOALS", "QUICK", "Settings", "augment", "draw", "train"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=8, metadata={"help": "how often to go through the images"})
    images: int = field(default=10_000, metadata={"help": "how many images to learn from"})
    width: int = field(default=24, metadata={"help": "channels of the first stage"})
    batch_size: int = field(default=64, metadata={"help": "images in a step"})
    lr: float = field(default=5e-3, metadata={"help": "the largest learning rate of the cycle"})
    decay: float = field(default=0.02, metadata={"help": "decay of the weights"})
    seed: int = field(default=0, metadata={"help": "seed of weights, augmentation and order"})


QUICK = Settings(epochs=2, images=1_000, width=8, batch_size=16)
DATA = "cifar10"
GOALS = [Goal("test accuracy", ">=", 0.6)]


def augment(images: Tensor, most: int = 4) -> Tensor:
    """Every other image mirrored, at random, and each shifted by some pixels; what comes into view is black.

    Args:
        images: (N, channels, height, width).
        most: how many pixels to shift an image up, down, left or right.

    Example:
        >>> import tinygrad_lite as tg
        >>> augment(tg.rand(5, 3, 32, 32)).shape
        Size([5, 3, 32, 32])
    """
    count, _, height, width = images.shape
    images = tg.where(tg.rand(count, 1, 1, 1) < 0.5, images.flip(3), images)
    around = F.pad(images, (most, most, most, most))
    rows = tg.arange(height) + tg.randint(2 * most + 1, (count, 1))
    columns = tg.arange(width) + tg.randint(2 * most + 1, (count, 1))
    shifted = around[tg.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return shifted.permute(0, 3, 1, 2).contiguous()


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, and judge it on the images held out."""
    found = obtain(DATA, place.data)
    train_data, (images, labels) = as_tensors(found.data, settings.images)
    tg.manual_seed(settings.seed)
    model = ResNet((settings.width, 2 * settings.width, 4 * settings.width))
    optimizer = optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=settings.decay)
    steps = settings.epochs * -(-len(train_data[0]) // settings.batch_size)

    def step(model: Any, batch: Any) -> Any:
        output = model(augment(batch[0]))
        return F.cross_entropy(output, batch[1]), {"accuracy": accuracy(output, batch[1]).item()}

    history = fit(
        model,
        train_data,
        None,
        optimizer,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        step=step,
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint("resnet"),
        progress=place.progress,
    )
    said = scores(model, images)
    reached = {"test accuracy": accuracy(said, labels).item()}
    shown = {"images": images, "labels": labels, "scores": said}
    return Outcome(reached, {"resnet": model}, history, found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: how often each class is taken for which, the first layer's filters, the surest mistakes."""
    from tinygrad_lite import viz

    shown = outcome.shown
    names = () if outcome.note else CLASSES
    return {
        "confusion": viz.confusion(shown["scores"], shown["labels"], names or None),
        "filters": viz.filters(outcome.models["resnet"].conv.weight),
        "mistakes": mistakes(shown["images"], shown["labels"], shown["scores"], names),
    }
