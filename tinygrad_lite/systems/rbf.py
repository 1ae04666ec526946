"""Radial-basis-function networks on the wine table and on two moons, judged by 5-fold cross-validation.

Centres come from k-means, the output layer from least squares; then gradients move everything. The rival is
scikit-learn's `SVC` with its RBF kernel on the same folds: see `RIVAL`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import RBFNetwork
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import History, accuracy, evaluate, fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "RIVAL",
    "TASKS",
    "Settings",
    "Task",
    "draw",
    "folds",
    "learn",
    "moons",
    "squared_error",
    "standardised",
    "train",
    "two_moons",
    "wine_plane",
]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=20, metadata={"help": "how often to go through the points, in each fold"})
    repeats: int = field(default=4, metadata={"help": "how often to cross-validate, each time with other folds"})
    batch_size: int = field(default=32, metadata={"help": "points in a step"})
    lr: float = field(default=0.01, metadata={"help": "the learning rate"})
    seed: int = field(default=0, metadata={"help": "seed of the centres and the order; data and folds stay the same"})


@dataclass(frozen=True)
class Task:
    """How a network for one of the data sets begins: its units, and what `RBFNetwork.place` and `solve` are told."""

    units: int
    spread: float
    ridge: float


TASKS = {"wine": Task(40, 1.0, 1e-2), "moons": Task(16, 0.5, 1e-4)}
RIVAL = {"wine": 0.9832, "moons": 0.9700}
"""The accuracies of `sklearn.svm.SVC(C)`, the best of C = 1, 10 and 100, on the folds of a full run.

Measured with scikit-learn 1.9 on the public wine table; `tests/test_systems_rbf.py` measures them again.
"""
QUICK = Settings(repeats=1, epochs=10)
DATA = "wine"
GOALS = [Goal(f"{name} accuracy", ">=", round(share - 0.01, 4)) for name, share in RIVAL.items()]


def two_moons(count: int = 400, noise: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other, as points float64 (count, 2) and classes int64 (count,).

    Example:
        >>> x, y = two_moons(6, noise=0.0)
        >>> x.shape, y.tolist()
        ((6, 2), [0, 0, 0, 1, 1, 1])
    """
    generator = np.random.default_rng(seed)
    classes = (np.arange(count) >= count // 2).astype(np.int64)
    angle = np.pi * generator.random(count)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.where(classes[:, None] == 0, upper, [1.0, 0.5] - upper)
    return points + noise * generator.standard_normal(points.shape), classes


def folds(classes: np.ndarray, count: int = 5, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows to learn from and those held out, `count` times; each part has its share of every class.

    Example:
        >>> [held_out.tolist() for _, held_out in folds(np.array([0, 0, 1, 1]), 2)]
        [[0, 2], [1, 3]]
    """
    generator = np.random.default_rng(seed)
    part = np.empty(len(classes), np.int64)
    for kind in np.unique(classes):
        rows = np.flatnonzero(classes == kind)
        part[generator.permutation(rows)] = np.arange(len(rows)) % count
    return [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(count)]


def standardised(learnt: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """All as float32, by the means and the standard deviations of the first."""
    middle, spread = learnt.mean(0), learnt.std(0)
    spread = np.where(spread > 0, spread, 1.0)
    return [((rows - middle) / spread).astype(np.float32) for rows in (learnt, *others)]


def squared_error(scores: Tensor, classes: Tensor) -> Tensor:
    """How far scores are from 1 for the class and 0 for the others: the mean square."""
    return nn.functional.mse_loss(scores, nn.functional.one_hot(classes, scores.shape[1]).to(scores.dtype))


def learn(task: Task, x: Tensor, y: Tensor, settings: Settings, place: Place, name: str) -> tuple[RBFNetwork, History]:
    """A network for these points: centres, then least squares, then gradients."""
    count = int(y.max()) + 1
    model = RBFNetwork(x.shape[1], min(task.units, len(x)), count)
    model.place(x, task.spread)
    model.solve(x, nn.functional.one_hot(y, count).to(x.dtype), task.ridge)
    history = fit(
        model,
        (x, y),
        squared_error,
        optim.Adam(model.parameters(), lr=settings.lr),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        metrics=[accuracy],
        checkpoint=place.checkpoint(name),
        progress=place.progress,
    )
    return model, history


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Cross-validate on both data sets; then train one network on all the rows of each."""
    found = obtain(DATA, place.data)
    reached, models, histories = {}, {}, {}
    shown: dict[str, Any] = {}
    for name, (rows, classes) in {"wine": found.data, "moons": two_moons()}.items():
        right = []
        tg.manual_seed(settings.seed)
        for repeat in range(settings.repeats):
            for number, (learnt, held_out) in enumerate(folds(classes, seed=repeat)):
                x, judged = map(tg.from_numpy, standardised(rows[learnt], rows[held_out]))
                y, true = tg.from_numpy(classes[learnt]), tg.from_numpy(classes[held_out])
                model, _ = learn(TASKS[name], x, y, settings, place, f"{name}-{repeat}-{number}")
                right.append(evaluate(model, (judged, true), metrics=[accuracy])["accuracy"])
        reached[f"{name} accuracy"] = float(np.mean(right))
        (whole,) = map(tg.from_numpy, standardised(rows))
        labels = tg.from_numpy(classes)
        models[name], histories[name] = learn(TASKS[name], whole, labels, settings, place, name)
        shown[name] = (whole, labels)
    return Outcome(reached, models, histories["moons"], found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """What both networks say: of the plane of the moons, and of the plane in which the wines differ most."""
    return {
        "moons": moons(outcome.models["moons"], *outcome.shown["moons"]),
        "wine": wine_plane(outcome.models["wine"], *outcome.shown["wine"]),
    }


def moons(model: RBFNetwork, x: Tensor, y: Tensor, title: str = "Two moons") -> Any:
    """A picture of what a network of the plane says, of its centres as crosses, and of its widths as circles."""
    from matplotlib.patches import Circle

    from tinygrad_lite import viz

    figure = viz.decision_boundary(model, x, y)
    axes = figure.axes[0]
    axes.set(xlabel="x, standardised", ylabel="y, standardised", title=title)
    limits = axes.axis()
    for (across, up), width in zip(model.centres.tolist(), model.log_widths.exp().tolist(), strict=True):
        axes.plot(across, up, "x", color="black", markersize=5)
        axes.add_patch(Circle((across, up), width, fill=False, linewidth=0.6, alpha=0.5))
    axes.axis(limits)
    return figure


def wine_plane(model: nn.Module, x: Tensor, y: Tensor) -> Any:
    """A picture of what a network says in the plane of the first two principal components, with the rows upon it."""
    from tinygrad_lite import viz

    _, spread, directions = np.linalg.svd(x.numpy(), full_matrices=False)
    plane = tg.from_numpy(directions[:2])
    first, second, *_ = spread**2 / (spread**2).sum()
    figure = viz.decision_boundary(lambda points: model(points @ plane), x @ plane.T, y)
    figure.axes[0].set(
        xlabel=f"first principal component ({first:.0%} of the variance)",
        ylabel=f"second principal component ({second:.0%})",
        title="Wine",
    )
    return figure
