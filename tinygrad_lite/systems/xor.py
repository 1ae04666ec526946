"""Multilayer perceptrons 2-2-1 and 2-8-1 on XOR, with sigmoid and tanh, each from many seeds; Adam on all four cases.

All networks of a form are trained at once as one `Ensemble`: none notices the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.func import functional_call
from tinygrad_lite.models import MLP, Ensemble
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import History, fit

__all__ = [
    "ACTIVATIONS",
    "DATA",
    "GOALS",
    "QUICK",
    "Settings",
    "draw",
    "losses_at",
    "path",
    "solved",
    "train",
    "xor_loss",
]

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
ANSWERS = [[0.0], [1.0], [1.0], [0.0]]
ACTIVATIONS = {"sigmoid": tg.sigmoid, "tanh": tg.tanh}
EVERY = 25
"""Steps between two looks at how many networks have solved it."""


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    networks: int = field(default=100, metadata={"help": "how many networks of each form, each from a seed of its own"})
    steps: int = field(default=1000, metadata={"help": "steps of training, each on all four cases"})
    lr: float = field(default=0.03, metadata={"help": "learning rate of Adam"})
    seed: int = field(default=0, metadata={"help": "which seeds: `networks` of them, from seed × networks on"})


QUICK = Settings(networks=20, steps=300)
DATA = ""
GOALS = [Goal("2-8-1 sigmoid solved", ">=", 0.95), Goal("2-8-1 tanh solved", ">=", 0.95)]


def ensemble(hidden: int, activation: str, seeds: range) -> Ensemble:
    """Networks 2-hidden-1, each with the weights that its seed gives."""
    models = []
    for seed in seeds:
        tg.manual_seed(seed)
        models.append(MLP((2, hidden, 1)))
    return Ensemble(models, ACTIVATIONS[activation])


def xor_loss(output: Tensor, target: Tensor) -> Tensor:
    """The cross-entropy of each network, (networks,), of its scores (networks, 4, 1) for targets (4, 1)."""
    each = F.binary_cross_entropy_with_logits(output, target.expand_as(output), reduction="none")
    return each.mean(dim=(1, 2))


def solved(output: Tensor, target: Tensor) -> Tensor:
    """Which networks, (networks,) bool, give every right answer a probability over 0.9."""
    return ((output.sigmoid() - target).abs() < 0.1).flatten(1).all(dim=1)


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train every form from every seed; and two of 2-2-1 once more, to see which way they take."""
    x, y = tg.tensor(INPUTS), tg.tensor(ANSWERS)
    seeds = range(settings.seed * settings.networks, (settings.seed + 1) * settings.networks)
    reached: dict[str, float] = {}
    models, curves, history, done = {}, {}, History(), tg.zeros(0)
    for hidden in (8, 2):
        for activation in ACTIVATIONS:
            form = f"2-{hidden}-1 {activation}"
            model = ensemble(hidden, activation, seeds)
            history = fit(
                model,
                [(x, y)] * EVERY,
                lambda output, target: xor_loss(output, target).sum(),
                optim.Adam(model.parameters(), lr=settings.lr),
                epochs=-(-settings.steps // EVERY),
                validation=lambda model: {"solved": solved(model(x), y).float().mean().item()},
                checkpoint=place.checkpoint(form),
                progress=place.progress,
            )
            done = solved(model(x), y)
            reached[f"{form} solved"] = done.float().mean().item()
            models[form.replace(" ", "_")], curves[form] = model, history["val_solved"]
    paths = {}
    for word, which in (("solves it", True), ("gets stuck", False)):
        found = [seed for seed, one in zip(seeds, done.tolist(), strict=True) if one is which]
        if found:
            paths[f"seed {found[0]} {word}"] = path(found[0], settings)
    return Outcome(reached, models, history, shown={"curves": curves, "paths": paths})


def path(seed: int, settings: Settings) -> Tensor:
    """The weights of one network 2-2-1 with tanh from the first step to the last, (steps + 1, 9)."""
    x, y = tg.tensor(INPUTS), tg.tensor(ANSWERS)
    model = ensemble(2, "tanh", range(seed, seed + 1))
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    passed = [nn.utils.parameters_to_vector(model.parameters()).detach()]
    for _ in range(settings.steps):
        optimizer.zero_grad()
        xor_loss(model(x), y).sum().backward()
        optimizer.step()
        passed.append(nn.utils.parameters_to_vector(model.parameters()).detach())
    return tg.stack(passed)


def losses_at(points: Tensor) -> Tensor:
    """The loss of networks 2-2-1 with tanh, (N,), from their weights (N, 9), in the order that `path` has them.

    Example:
        >>> import tinygrad_lite as tg
        >>> losses_at(tg.zeros(1, 9))
        tensor([0.6931])
    """
    form = ensemble(2, "tanh", range(1))
    names, shapes = zip(*((name, part.shape[1:]) for name, part in form.named_parameters()), strict=True)
    parts = points.split([shape.numel() for shape in shapes], dim=1)
    weights = {name: part.reshape(-1, *shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
    with tg.no_grad():
        return xor_loss(functional_call(form, weights, (tg.tensor(INPUTS),)), tg.tensor(ANSWERS))


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: how many networks have solved it by when, and the loss around the way of two of them."""
    from tinygrad_lite import viz

    shares, ((ax,),) = viz.figure(1, 1, 6, 3.6)
    for form, numbers in outcome.shown["curves"].items():
        colour = "#0072b2" if "sigmoid" in form else "#d55e00"
        steps = [EVERY * (k + 1) for k in range(len(numbers))]
        ax.plot(steps, [100 * number for number in numbers], "-" if "8" in form else "--", color=colour, label=form)
    ax.set(xlabel="step", ylabel="networks that solve XOR (%)", ylim=(-3, 103))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    paths = outcome.shown["paths"]
    surface, axes = viz.figure(1, len(paths), 5.4 * len(paths), 4.4)
    for ax, (title, passed) in zip(axes[0], paths.items(), strict=True):
        _draw_surface(surface, ax, title, passed)
    return {"solved": shares, "surface": surface}


def _draw_surface(figure: Any, ax: Any, title: str, passed: Tensor) -> None:
    """The loss on a plane through the first and the last weights, and the path, seen from above."""
    import numpy as np

    steps = passed.numpy().astype(np.float64)
    first, end = steps[0], steps[-1]
    towards = (first - end) / np.linalg.norm(first - end)
    rest = (steps - end) - np.outer((steps - end) @ towards, towards)
    aside = np.linalg.svd(rest, full_matrices=False)[2][0]
    seen = (steps - end) @ np.stack([towards, aside], axis=1)
    low, high = seen.min(axis=0), seen.max(axis=0)
    edge = 0.35 * (high - low).max()
    across, up = (np.linspace(a - edge, b + edge, 81) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    points = (end + grid @ np.stack([towards, aside])).reshape(-1, len(end)).astype(np.float32)
    losses = losses_at(tg.from_numpy(points)).numpy().reshape(len(up), len(across))
    drawn = ax.contourf(across, up, np.log10(losses), levels=24, cmap="viridis")
    figure.colorbar(drawn, ax=ax, label="log₁₀ of the loss")
    ax.plot(seen[:, 0], seen[:, 1], color="white", linewidth=1.8)
    ax.plot(*seen[0], "o", color="white", markersize=7, label="start")
    ax.plot(*seen[-1], "*", color="#ffcc00", markersize=14, label="end")
    ax.set(xlabel="from the end towards the start", ylabel="across, where the path bends most")
    ax.set_title(f"{title}: loss {losses_at(passed[-1:]).item():.2g}", fontsize=10)
    ax.legend(loc="best", fontsize=8)
