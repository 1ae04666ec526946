"""A stacked LSTM, 64 and 32 units, forecasts next year's sunspot number from those of two solar cycles.

It learns from the years before `first_held_out` and is judged on the later ones, which are much more active. The
rivals: persistence, which says that next year will be as this one, and a linear model of the last nine years.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import Forecaster
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "Scale",
    "Settings",
    "draw",
    "error",
    "forecast",
    "linear",
    "pictures",
    "train",
    "windows",
]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=40, metadata={"help": "how often to go through the years"})
    window: int = field(default=22, metadata={"help": "years that a forecast looks back"})
    first_held_out: int = field(default=1930, metadata={"help": "the year with which the test begins"})
    batch_size: int = field(default=32, metadata={"help": "forecasts in a step"})
    lr: float = field(default=5e-3, metadata={"help": "the largest learning rate of the cycle"})
    seed: int = field(default=0, metadata={"help": "seed of weights and order"})


QUICK = Settings(epochs=15)
DATA = "sunspots"
GOALS = [Goal("error as a share of persistence's", "<=", 0.8)]


@dataclass(frozen=True)
class Scale:
    """Sunspot numbers as what a network takes: square roots, so that maxima swing no wider than minima, then scaled.

    Attributes:
        middle: the mean root of the training years.
        spread: their standard deviation.
    """

    middle: float
    spread: float

    @classmethod
    def of(cls, numbers: np.ndarray) -> Scale:
        """The scale of these years alone.

        Example:
            >>> Scale.of(np.array([4.0, 16.0]))
            Scale(middle=3.0, spread=1.0)
        """
        roots = np.sqrt(numbers)
        return cls(float(roots.mean()), float(roots.std()))

    def scaled(self, numbers: np.ndarray) -> np.ndarray:
        """Float32, about 0 and 1 in size."""
        return ((np.sqrt(numbers) - self.middle) / self.spread).astype(np.float32)

    def numbers(self, scaled: np.ndarray) -> np.ndarray:
        """Back to sunspot numbers, float64; there are never fewer than none."""
        return np.maximum(scaled.astype(np.float64) * self.spread + self.middle, 0) ** 2


def windows(series: np.ndarray, length: int) -> tuple[Tensor, Tensor]:
    """Every stretch of a series, (N, length, 1), with the value that follows it, (N, 1).

    Raises:
        ValueError: the series is not longer than a window.

    Example:
        >>> x, y = windows(np.arange(5.0), 3)
        >>> x[:, :, 0].tolist(), y[:, 0].tolist()
        ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [3.0, 4.0])
    """
    if len(series) <= length:
        raise ValueError(f"windows of {length} and the value that follows do not fit into {len(series)} values")
    stretches = np.lib.stride_tricks.sliding_window_view(series[:-1], length)
    return tg.from_numpy(stretches[..., None].copy()), tg.from_numpy(series[length:, None].copy())


def forecast(model: nn.Module, x: Tensor, scale: Scale) -> np.ndarray:
    """What a model says of the year after each window, in sunspot numbers, (N,)."""
    with tg.no_grad():
        return scale.numbers(model(x).numpy()[:, 0])


def linear(x: Tensor, y: Tensor, judged: Tensor, scale: Scale, order: int = 9) -> np.ndarray:
    """Forecasts by a linear model of the last `order` years, fitted to x and y by least squares."""

    def columns(windows: Tensor) -> np.ndarray:
        last = windows.numpy()[:, -order:, 0]
        return np.column_stack([last, np.ones(len(last))])

    weights = np.linalg.lstsq(columns(x), y.numpy()[:, 0], rcond=None)[0]
    return scale.numbers(columns(judged) @ weights)


def error(said: np.ndarray, true: np.ndarray) -> float:
    """The root of the mean squared error.

    Example:
        >>> error(np.array([1.0, 5.0]), np.array([1.0, 3.0]))
        1.414...
    """
    return float(np.sqrt(np.mean((said - true) ** 2)))


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it on the early years, and forecast each of the later ones from the true years before it."""
    found = obtain(DATA, place.data)
    years, numbers = found.data
    early = int((years < settings.first_held_out).sum())
    scale = Scale.of(numbers[:early])
    x, y = windows(scale.scaled(numbers), settings.window)
    count = early - settings.window
    if not 0 < count < len(x):
        raise ValueError(
            f"first_held_out is {settings.first_held_out}; between {years[settings.window] + 1} and {years[-1]} there "
            f"are years to learn from, with {settings.window} before them, and years to judge by"
        )
    tg.manual_seed(settings.seed)
    model = Forecaster()
    optimizer = optim.AdamW(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-count // settings.batch_size)
    true = numbers[settings.window :]
    history = fit(
        model,
        (x[:count], y[:count]),
        nn.MSELoss(),
        optimizer,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation=(x[count:], y[count:]),
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint("forecaster"),
        progress=place.progress,
    )
    said = forecast(model, x, scale)
    persistence = error(numbers[early - 1 : -1], true[count:])
    reached = {
        "forecast error": error(said[count:], true[count:]),
        "persistence error": persistence,
        "linear model's error": error(linear(x[:count], y[:count], x[count:], scale), true[count:]),
        "error as a share of persistence's": error(said[count:], true[count:]) / persistence,
    }
    shown = {"years": years[settings.window :], "true": true, "said": said, "first_held_out": settings.first_held_out}
    return Outcome(reached, {"forecaster": model}, history, found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """The forecasts upon the truth, and each held-out forecast against it beside persistence."""
    return pictures(**outcome.shown)


def pictures(years: np.ndarray, true: np.ndarray, said: np.ndarray, first_held_out: int) -> dict[str, Any]:
    """What `draw` draws, of any forecasts.

    Args:
        years: (N,), the years that were forecast.
        true: (N,), their sunspot numbers.
        said: (N,), the forecasts.
        first_held_out: the year with which the test begins, not the first of them.
    """
    from tinygrad_lite import viz

    over_time, ((axes,),) = viz.figure(1, 1, 9, 3.4)
    axes.plot(years, true, color="black", linewidth=1.0, label="observed")
    axes.plot(years, said, color="#d55e00", linewidth=1.4, label="forecast one year ahead")
    axes.axvspan(first_held_out, years[-1] + 1, color="#0072b2", alpha=0.08, label="held out")
    axes.set_xlabel("year")
    axes.set_ylabel("sunspot number (yearly mean)")
    axes.margins(x=0.01)
    axes.legend(frameon=False, ncols=3, loc="upper left")
    axes.set_ylim(0, 1.2 * true.max())

    held_out = years >= first_held_out
    before = true[np.flatnonzero(held_out) - 1]
    against_truth, (both,) = viz.figure(1, 2, 7.6, 3.9)
    top = 1.05 * max(true.max(), said.max())
    pairs = {"stacked LSTM": said[held_out], "persistence": before}
    for ax, (name, values) in zip(both, pairs.items(), strict=True):
        ax.plot([0, top], [0, top], color="grey", linewidth=0.8)
        ax.scatter(true[held_out], values, s=14, color="#0072b2")
        ax.set_title(f"{name}: error {error(values, true[held_out]):.1f}", fontsize=10)
        ax.set_xlabel("observed sunspot number, held-out years")
        ax.set_ylabel("forecast")
        ax.set_aspect("equal")
    return {"forecast": over_time, "against_truth": against_truth}
