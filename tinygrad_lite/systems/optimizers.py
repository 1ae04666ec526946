"""Five optimisers on one multilayer perceptron, 784-128-10, and the same number of MNIST's images.

Full-batch gradient descent takes one step for all images; the others take one for each batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import MLP
from tinygrad_lite.optim import Optimizer
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import accuracy, evaluate, fit
from tinygrad_lite.utils.data import DataLoader, RandomSampler, TensorDataset

__all__ = ["DATA", "GOALS", "OPTIMIZERS", "QUICK", "Settings", "draw", "learn", "train"]

FULL_BATCH = "gradient descent"
OPTIMIZERS: dict[str, Callable[[Any], Optimizer]] = {
    FULL_BATCH: lambda parameters: optim.SGD(parameters, lr=0.5),
    "SGD": lambda parameters: optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.02, momentum=0.9),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, lr=5e-4),
    "Adam": lambda parameters: optim.Adam(parameters, lr=1e-3),
}
"""Each with a learning rate that suits it."""
LOOKS = 10
"""How often to look at the loss while all images are gone through once."""


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    passes: int = field(default=5, metadata={"help": "how many images are seen, in multiples of all of them"})
    images: int = field(default=60_000, metadata={"help": "how many images there are"})
    batch_size: int = field(default=128, metadata={"help": "images in a step, but for gradient descent"})
    seed: int = field(default=0, metadata={"help": "seed of weights and order"})


QUICK = Settings(passes=2, images=2_000)
DATA = "mnist"
GOALS = [
    Goal("SGD: loss", "<", "gradient descent: loss"),
    Goal("momentum: loss", "<", "SGD: loss"),
    Goal("RMSprop: loss", "<", "SGD: loss"),
    Goal("Adam: loss", "<", "SGD: loss"),
]


def learn(name: str, data: TensorDataset, settings: Settings, place: Place) -> tuple[MLP, list[float], list[float]]:
    """Train the perceptron by one optimiser, from weights that are the same for all.

    Returns:
        The model; how many images it had seen at each look, as multiples of all; and its loss then, on the first
        5,000 of the images it learns from.
    """
    images, labels = data.tensors
    few, loss = (images[:5_000], labels[:5_000]), nn.CrossEntropyLoss()
    tg.manual_seed(settings.seed)
    model = MLP((784, 128, 10))
    start = evaluate(model, few, loss)["loss"]
    batches: Any
    if name == FULL_BATCH:
        looks, batches = 1, [(images, labels)]
    else:
        looks = LOOKS
        some = RandomSampler(data, num_samples=max(1, len(images) // LOOKS))
        batches = DataLoader(data, batch_size=settings.batch_size, sampler=some)
    history = fit(
        model,
        batches,
        loss,
        OPTIMIZERS[name](model.parameters()),
        epochs=settings.passes * looks,
        validation=few,
        checkpoint=place.checkpoint(name),
        progress=place.progress,
    )
    seen = [look / looks for look in range(settings.passes * looks + 1)]
    return model, seen, [start, *history["val_loss"]]


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train once with each optimiser."""
    found = obtain(DATA, place.data)
    (images, labels), test = as_tensors(found.data, settings.images)
    data = TensorDataset(images, labels)
    reached: dict[str, float] = {}
    models, curves = {}, {}
    for name in OPTIMIZERS:
        model, seen, losses = learn(name, data, settings, place)
        models[name.replace(" ", "_")], curves[name] = model, (seen, losses)
        reached[f"{name}: loss"] = losses[-1]
        reached[f"{name}: test accuracy"] = evaluate(model, test, metrics=[accuracy])["accuracy"]
    history = {name: losses for name, (_, losses) in curves.items()}
    return Outcome(reached, models, history, found.source, found.note, {"curves": curves})


def draw(outcome: Outcome) -> dict[str, Any]:
    """The loss of all optimisers by how many images they have seen."""
    return {"losses": draw_losses(outcome.shown["curves"])}


def draw_losses(curves: dict[str, tuple[list[float], list[float]]]) -> Any:
    """A line for each optimiser: its loss over the images seen."""
    from tinygrad_lite import viz

    figure, ((ax,),) = viz.figure(1, 1, 7, 4.2)
    for name, (seen, losses) in curves.items():
        ax.plot(seen, losses, marker="o" if name == FULL_BATCH else "", linewidth=1.8, label=name)
    ax.set(xlabel="images seen, in multiples of all", ylabel="cross-entropy on 5,000 of the images", yscale="log")
    ticks = [2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
    ax.set_yticks([tick for tick in ticks if tick > 0.8 * min(min(losses) for _, losses in curves.values())])
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_yticks([], minor=True)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return figure
