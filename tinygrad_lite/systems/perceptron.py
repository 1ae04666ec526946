"""Rosenblatt's perceptron on AND, OR and XOR: every example in turn, corrected where it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor
from tinygrad_lite.models import Perceptron
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import History

__all__ = ["DATA", "GATES", "GOALS", "INPUTS", "QUICK", "Settings", "draw", "learn", "most_corrections", "train"]

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
GATES = {"AND": [0.0, 0.0, 0.0, 1.0], "OR": [0.0, 1.0, 1.0, 1.0], "XOR": [0.0, 1.0, 1.0, 0.0]}
"""The answers of each gate to `INPUTS`."""

Line = tuple[float, float, float]
SEPARATORS: dict[str, Line] = {"AND": (2.0, 2.0, -3.0), "OR": (2.0, 2.0, -1.0)}
"""Lines w1 x1 + w2 x2 + b = 0 that are as far from the answers as can be; XOR has none."""


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    passes: int = field(default=50, metadata={"help": "how often to go through the four examples"})
    orders: int = field(default=20, metadata={"help": "how often to learn each gate, from other orders"})
    seed: int = field(default=0, metadata={"help": "seed of the orders of the examples"})


QUICK = Settings(passes=20, orders=5)
DATA = ""
GOALS = [
    Goal("AND errors", "<=", 0),
    Goal("OR errors", "<=", 0),
    Goal("XOR fewest errors", ">=", 1),
    Goal("AND corrections", "<=", "AND most corrections"),
    Goal("OR corrections", "<=", "OR most corrections"),
]


def learn(model: Perceptron, x: Tensor, y: Tensor, passes: int) -> tuple[list[Line], list[int]]:
    """Show a perceptron all examples again and again, each time in another order.

    Args:
        model: learns in place.
        x: (N, 2) float, the examples.
        y: (N,) float, their answers, 0 or 1.
        passes: how often to go through them.

    Returns:
        (w1, w2, b) after each correction, and the number of examples that are wrong after each pass.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = Perceptron(2)
        >>> lines, errors = learn(model, tg.tensor(INPUTS), tg.tensor(GATES["AND"]), 20)
        >>> errors[-1], lines[-1] == (*model.weight.tolist(), model.bias.item())
        (0, True)
    """
    lines, errors = [], []
    for _ in range(passes):
        for k in tg.randperm(len(x)).tolist():
            if model.learn(x[k], y[k]):
                w1, w2 = model.weight.tolist()
                lines.append((w1, w2, model.bias.item()))
        errors.append(int((model(x) != y).sum().item()))
    return lines, errors


def most_corrections(x: Tensor, y: Tensor, line: Line) -> float:
    """The bound of Novikoff's theorem, (R / margin)², for examples that `line` separates.

    R is the length of the longest example (with a 1 for the bias), the margin the least distance from the line in
    that space. A perceptron that starts at zero makes no more corrections (A. Novikoff, On Convergence Proofs for
    Perceptrons, 1962).

    Args:
        x: (N, 2) float.
        y: (N,) float, 0 or 1.
        line: (w1, w2, b).

    Raises:
        ValueError: the line does not separate them.

    Example:
        >>> import tinygrad_lite as tg
        >>> most_corrections(tg.tensor(INPUTS), tg.tensor(GATES["OR"]), (2.0, 2.0, -1.0))
        27.0
    """
    longer = tg.cat([x, tg.ones(len(x), 1)], dim=1)
    normal = tg.tensor(line, dtype=x.dtype)
    distances = (2 * y - 1) * (longer @ normal)
    if distances.min().item() <= 0:
        raise ValueError(f"{line} does not separate these examples, so there is no bound")
    return (longer.square().sum(dim=1).max() * normal.square().sum() / distances.min() ** 2).item()


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Teach each gate to one perceptron after another; count corrections and errors, and keep the first perceptron."""
    tg.manual_seed(settings.seed)
    x = tg.tensor(INPUTS)
    models, history, lines = {}, History(), {}
    reached: dict[str, float] = {}
    for gate, answers in GATES.items():
        y = tg.tensor(answers)
        left, corrections, fewest = [], [], []
        for order in range(settings.orders):
            model = Perceptron(2)
            passed, errors = learn(model, x, y, settings.passes)
            left.append(float(errors[-1]))
            corrections.append(float(len(passed)))
            fewest.append(float(min(errors)))
            if order == 0:
                models[gate], lines[gate] = model, passed
                history[f"{gate} errors"] = [float(number) for number in errors]
        reached[f"{gate} errors"] = max(left)
        reached[f"{gate} corrections"] = max(corrections)
        if gate in SEPARATORS:
            reached[f"{gate} most corrections"] = most_corrections(x, y, SEPARATORS[gate])
        else:
            reached[f"{gate} fewest errors"] = min(fewest)
    return Outcome(reached, models, history, shown={"lines": lines})


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: the line of the first perceptron after each correction, and its errors pass by pass."""
    from matplotlib.ticker import MaxNLocator

    from tinygrad_lite import viz

    lines, axes = viz.figure(1, len(GATES), 10.5, 3.8)
    for ax, gate in zip(axes[0], GATES, strict=True):
        _draw_lines(ax, gate, outcome.shown["lines"][gate])
    errors, ((ax,),) = viz.figure(1, 1, 6, 3.2)
    for (name, numbers), marker in zip(outcome.history.items(), "os^", strict=True):
        ax.plot(range(1, len(numbers) + 1), numbers, marker=marker, markersize=4, label=name.removesuffix(" errors"))
    ax.set(xlabel="pass through the four examples", ylabel="examples wrong", ylim=(-0.15, 4.15))
    ax.set_yticks(range(5))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    ax.grid(alpha=0.3)
    return {"lines": lines, "errors": errors}


def _draw_lines(ax: Any, gate: str, lines: list[Line]) -> None:
    low, high = -0.6, 1.6
    for number, (w1, w2, b) in enumerate(lines):
        last = number == len(lines) - 1
        look = {"color": "#222222", "linewidth": 2.2} if last else {"color": str(0.85 - 0.4 * number / len(lines))}
        if w1 or w2:
            # the point of the line nearest to the origin, and the direction along it
            foot = [-b * w / (w1 * w1 + w2 * w2) for w in (w1, w2)]
            ax.axline(foot, (foot[0] - w2, foot[1] + w1), zorder=2 if last else 1, **look)
    w1, w2, b = lines[-1]
    steps = [low + (high - low) * k / 240 for k in range(241)]
    ones = [[float(w1 * across + w2 * up + b > 0) for across in steps] for up in steps]
    ax.imshow(ones, origin="lower", extent=(low, high, low, high), cmap="coolwarm", vmin=-1, vmax=2, alpha=0.3)
    for (across, up), answer in zip(INPUTS, GATES[gate], strict=True):
        right = (w1 * across + w2 * up + b > 0) == bool(answer)
        ax.plot(across, up, "o" if answer else "s", markersize=11, color="#d55e00" if answer else "#0072b2", zorder=3)
        if not right:
            ax.plot(across, up, "x", markersize=9, color="white", markeredgewidth=2, zorder=4)
    wrong = sum((w1 * a + w2 * u + b > 0) != bool(t) for (a, u), t in zip(INPUTS, GATES[gate], strict=True))
    ax.set(xlim=(low, high), ylim=(low, high), xlabel="x₁", ylabel="x₂", xticks=(0, 1), yticks=(0, 1), aspect="equal")
    ax.set_title(f"{gate}: {len(lines)} corrections, {wrong} wrong", fontsize=10)
