"""A capsule network with dynamic routing on MNIST, and the images that it draws from its capsules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import CapsuleNet, margin_loss
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.images import as_tensors, scores
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import accuracy, fit

__all__ = ["DATA", "GOALS", "QUICK", "Settings", "draw", "train", "turned"]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=2, metadata={"help": "how often to go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    rounds: int = field(default=3, metadata={"help": "rounds of routing"})
    batch_size: int = field(default=64, metadata={"help": "images in a step"})
    lr: float = field(default=3e-3, metadata={"help": "the largest learning rate of the cycle"})
    redraw: float = field(default=1.0, metadata={"help": "weight of the mean squared error of the redrawn image"})
    seed: int = field(default=0, metadata={"help": "seed of weights and order"})


QUICK = Settings(epochs=1, images=1_000, batch_size=32, lr=2e-3)
DATA = "mnist"
GOALS = [Goal("test accuracy", ">=", 0.985)]


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, and judge it on the images held out."""
    found = obtain(DATA, place.data)
    train_data, (images, labels) = as_tensors(found.data, settings.images)
    tg.manual_seed(settings.seed)
    model = CapsuleNet(rounds=settings.rounds)
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-len(train_data[0]) // settings.batch_size)

    def step(model: Any, batch: Any) -> Any:
        images, labels = batch
        capsules = model.encode(images)
        lengths = capsules.norm(dim=-1)
        redrawn = F.mse_loss(model.decode(capsules, labels), images)
        loss = margin_loss(lengths, labels) + settings.redraw * redrawn
        return loss, {"accuracy": accuracy(lengths, labels).item(), "redrawn_error": redrawn.item()}

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
        checkpoint=place.checkpoint("capsules"),
        progress=place.progress,
    )
    reached = {"test accuracy": accuracy(scores(model, images), labels).item()}
    shown = {"images": images[:200], "labels": labels[:200]}
    return Outcome(reached, {"capsules": model}, history, found.source, found.note, shown)


def turned(model: CapsuleNet, image: Tensor, label: int, amounts: Tensor) -> Tensor:
    """What the decoder draws as one number after the other of a digit's capsule is changed.

    Args:
        model: the network.
        image: (1, 28, 28) float.
        label: which capsule to draw from.
        amounts: (A,) float, what to add to the number.

    Returns:
        (size, A, 28, 28) float: a row for each number of the capsule.
    """
    with tg.no_grad():
        capsules = model.encode(image.unsqueeze(0))
        size, count = capsules.shape[2], len(amounts)
        many = capsules.repeat(size * count, 1, 1)
        many[:, label] += (tg.eye(size)[:, None] * amounts[:, None]).reshape(-1, size)
        return model.decode(many, tg.full((size * count,), label)).reshape(size, count, 28, 28)


def couplings(model: CapsuleNet, image: Tensor) -> Tensor:
    """How much of the primary capsules' votes goes to each class, by place: (rounds, classes, 6, 6) float.

    Of all kinds of capsules at a place the mean, a long capsule counting more than a short one. Over the classes the
    numbers add up to 1.

    Args:
        model: the network.
        image: (1, 28, 28) float.
    """
    layer = model.digits
    rounds = layer.rounds
    found = []
    with tg.no_grad():
        primary = model.places(image.unsqueeze(0))
        weight = primary.norm(dim=-1).reshape(model.primary.kinds, 36)
        votes = layer.votes(primary)
        for layer.rounds in range(1, rounds + 1):
            shares = layer.route(votes)[1].reshape(layer.classes, model.primary.kinds, 36)
            found.append((shares * weight).sum(1) / weight.sum(0))
    layer.rounds = rounds
    return tg.stack(found).reshape(rounds, layer.classes, 6, 6)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: images redrawn, a capsule's numbers changed one by one, and where the votes go."""
    from tinygrad_lite import viz

    model, images, labels = outcome.models["capsules"], outcome.shown["images"], outcome.shown["labels"]
    with tg.no_grad():
        redrawn = model.decode(model.encode(images[:10]), labels[:10])
    return {
        "redrawn": viz.image_grid(tg.cat([images[:10], redrawn]), columns=10, rows=["image", "redrawn"]),
        "turned": draw_turned(model, images[0], int(labels[0].item())),
        "routing": draw_couplings(model, images[0]),
    }


def draw_turned(model: CapsuleNet, image: Tensor, label: int, most: int = 6) -> Any:
    """A picture of what the numbers of a capsule mean: those that change the drawing most, each in a row.

    Args:
        model: the network.
        image: (1, 28, 28) float.
        label: which capsule to draw from.
        most: how many rows.

    Returns:
        A matplotlib figure.
    """
    from tinygrad_lite import viz

    amounts = tg.linspace(-0.25, 0.25, 11)
    drawn = turned(model, image, label, amounts)
    chosen = (drawn[:, -1] - drawn[:, 0]).abs().sum((1, 2)).argsort(descending=True)[:most]
    titles = [f"{amount:+.2f}" for amount in amounts.tolist()]
    rows = [f"number {k + 1}" for k in chosen.tolist()]
    return viz.image_grid(drawn[chosen].flatten(0, 1), titles, columns=len(amounts), rows=rows, size=0.62)


def draw_couplings(model: CapsuleNet, image: Tensor) -> Any:
    """A picture of the shares of the votes that each class gets at each place: a row for each round of routing.

    Args:
        model: the network.
        image: (1, 28, 28) float.

    Returns:
        A matplotlib figure.
    """
    from matplotlib.colors import TwoSlopeNorm

    from tinygrad_lite import viz

    shares = couplings(model, image)
    equal = 1 / shares.shape[1]
    low, high = min(shares.min().item(), equal - 1e-3), max(shares.max().item(), equal + 1e-3)
    figure, axes = viz.figure(len(shares), shares.shape[1] + 1, 9.6, 0.95 * len(shares) + 0.5)
    for number, row in enumerate(axes):
        row[0].imshow(image[0].numpy(), cmap="gray")
        row[0].set_ylabel(f"round {number + 1}", fontsize=8)
        for digit, ax in enumerate(row[1:]):
            drawn = ax.imshow(shares[number, digit].numpy(), cmap="RdBu_r", norm=TwoSlopeNorm(equal, low, high))
            if not number:
                ax.set_title(f"to {digit}", fontsize=8)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    axes[0, 0].set_title("image", fontsize=8)
    figure.colorbar(drawn, ax=axes, label="share of the votes", shrink=0.8)
    return figure
