"""A mixture of experts on MNIST, upright and turned by a quarter, beside one MLP of equal active parameters."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import MixtureOfExperts, imbalance
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.images import Pair, as_tensors
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import History, accuracy, evaluate, fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "Settings",
    "active_parameters",
    "build",
    "draw",
    "draw_routes",
    "train",
    "with_turned",
]

PIXELS, CLASSES = 28 * 28, 10


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=2, metadata={"help": "how often to go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from, each upright and turned"})
    batch_size: int = field(default=128, metadata={"help": "images in a step"})
    lr: float = field(default=1e-2, metadata={"help": "the largest learning rate of the cycle"})
    experts: int = field(default=8, metadata={"help": "how many experts there are"})
    top: int = field(default=2, metadata={"help": "how many of them work on an image"})
    hidden: int = field(default=16, metadata={"help": "hidden units of an expert"})
    balance: float = field(default=0.1, metadata={"help": "weight of the gate's imbalance in the loss"})
    runs: int = field(default=3, metadata={"help": "how many of both to train, from other seeds"})
    seed: int = field(default=0, metadata={"help": "seed of weights and order in the first run"})


QUICK = Settings(epochs=1, images=2_000, batch_size=32, runs=1)
DATA = "mnist"
GOALS = [Goal("mixture: mean test accuracy", ">", "one MLP: mean test accuracy")]


def with_turned(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Flat images, upright and then turned by a quarter to the left: (N, 1, 28, 28) to (2N, 784), with labels."""
    both = tg.cat([images, images.rot90(1, [2, 3])])
    return both.flatten(1), tg.cat([labels, labels])


def perceptron(hidden: int) -> nn.Sequential:
    """784 pixels to 10 scores over one hidden layer."""
    return nn.Sequential(nn.Linear(PIXELS, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES))


def build(settings: Settings) -> dict[str, nn.Module]:
    """The mixture, and one MLP that has at least as many parameters as the mixture uses for an image."""
    mixture = MixtureOfExperts((perceptron(settings.hidden) for _ in range(settings.experts)), PIXELS, settings.top)
    a_unit = PIXELS + 1 + CLASSES
    return {"mixture": mixture, "one MLP": perceptron(-((CLASSES - active_parameters(mixture)) // a_unit))}


def active_parameters(model: nn.Module) -> int:
    """How many parameters a model uses for one image."""
    if not isinstance(model, MixtureOfExperts):
        return sum(p.numel() for p in model.parameters())
    return active_parameters(model.gate) + model.top * active_parameters(model.experts[0])


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train pairs of a mixture and an MLP, each from a seed of its own; judge them on the images held out."""
    found = obtain(DATA, place.data)
    train_data, test_data = (with_turned(*pair) for pair in as_tensors(found.data, settings.images))
    reached: dict[str, list[float]] = {"mixture": [], "one MLP": []}
    for run in range(settings.runs):
        tg.manual_seed(settings.seed + 100 * run)
        models = build(settings)
        histories = {name: learn(model, train_data, settings, place, f"{name} {run}") for name, model in models.items()}
        for name, model in models.items():
            reached[name].append(evaluate(model, test_data, metrics=[accuracy], batch_size=1000)["accuracy"])
    numbers = {f"{name}: mean test accuracy": statistics.mean(values) for name, values in reached.items()}
    numbers |= {f"{name}: active parameters": float(active_parameters(model)) for name, model in models.items()}
    shown = {"weights": routes(models["mixture"], test_data[0]), "labels": test_data[1], "reached": reached}
    return Outcome(numbers, models, histories["mixture"], found.source, found.note, shown)


def learn(model: nn.Module, data: Pair, settings: Settings, place: Place, name: str) -> History:
    """Train one of them, by Adam on one cycle of the learning rate; the mixture's balance is part of its loss."""

    def step(model: Any, batch: Any) -> Any:
        images, labels = batch
        if not isinstance(model, MixtureOfExperts):
            scores, price = model(images), 0.0
        else:
            preferences = model.gate(images)
            scores = model.mix(images, model.weights(preferences))
            price = settings.balance * imbalance(preferences.softmax(dim=1))
        return F.cross_entropy(scores, labels) + price, {"accuracy": accuracy(scores, labels)}

    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-len(data[0]) // settings.batch_size)
    return fit(
        model,
        data,
        optimizer=optimizer,
        step=step,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint(name),
        progress=place.progress,
    )


def routes(model: Any, images: Tensor) -> Tensor:
    """The weights that the gate gives to experts, (N, experts)."""
    with tg.no_grad():
        return model.weights(model.gate(images))


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: which expert takes what, and what the gate looks for to choose each."""
    from tinygrad_lite import viz

    seen = outcome.models["mixture"].gate.weight.detach().reshape(-1, 28, 28)
    names, most = [f"expert {k}" for k in range(len(seen))], float(seen.abs().max())
    return {
        "routes": draw_routes(outcome.shown["weights"], outcome.shown["labels"]),
        "gate": viz.image_grid(seen, names, columns=4, size=1.2, cmap="RdBu_r", limits=(-most, most)),
    }


def draw_routes(weights: Any, labels: Any) -> Any:
    """How much of each digit goes to each expert, upright and turned.

    Args:
        weights: (2N, experts): of N upright images and then of the same ones turned; rows sum to 1.
        labels: (2N,), their digits.
    """
    from tinygrad_lite import viz

    halves, digits = np.split(np.asarray(weights), 2), np.split(np.asarray(labels), 2)[0]
    picture, axes = viz.figure(1, 2, 9, 4.2)
    for ax, half, title in zip(axes[0], halves, ("upright", "turned"), strict=True):
        shares = np.array([half[digits == k].mean(0) if (digits == k).any() else half[0] * 0 for k in range(CLASSES)])
        shown = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        ax.set(title=title, xlabel="expert", ylabel="digit", xticks=range(half.shape[1]), yticks=range(CLASSES))
        for digit, expert in np.argwhere(shares >= 0.05):
            share = shares[digit, expert]
            colour = "white" if share > 0.55 else "black"
            ax.text(expert, digit, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=colour)
    picture.colorbar(shown, ax=axes, label="share of the digit's weight (numbers: %)")
    return picture
