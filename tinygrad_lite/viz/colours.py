"""What the colour of an operation says: by gradient norm, time, memory, dtype, verdict, origin of a NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, get_args

from tinygrad_lite.viz.model import ColorBy, Graph
from tinygrad_lite.viz.parts import GraphNode
from tinygrad_lite.viz.words import bytes_text, seconds_text

# Fills from little to much, dark text on all of them.
SCALE = ("#e7edf9", "#cfdcf5", "#bcd0d8", "#c6dcb4", "#f0e39b", "#f7cd80", "#f5ab6d", "#ee8461")
DTYPES = ("#dcf0ff", "#fff3d1", "#d9f5e5", "#f3e3fb", "#ffe1d6", "#e4e8ee")
UNKNOWN = "#f4f5f7"
RIGHT, WRONG, CLEAN = "#d9f5e5", "#ffd7d5", "#f4f5f7"


class Shade(NamedTuple):
    """How a node is shown.

    Attributes:
        fill: the colour of its box.
        words: what it says, in a word.
        share: from 0 to 1, how much of it there is; None where it is no amount.
    """

    fill: str
    words: str
    share: float | None


def check_color_by(color_by: ColorBy | None) -> None:
    """Refuse what there is no colour for.

    Raises:
        ValueError: for another name.
    """
    if color_by is not None and color_by not in get_args(ColorBy):
        names = ", ".join(f'"{name}"' for name in get_args(ColorBy))
        raise ValueError(f"color_by is {color_by!r}; use one of {names}, or None")


_MISSING: dict[str, str] = {
    "gradient": "has no gradients; make it with viz.graph(..., gradients=True)",
    "time": "has no times; viz.graph(model, x), which runs the model itself, takes them",
    "memory": "is freed; draw it before backward(), or keep it with retain_graph=True",
    "dtype": "has no dtypes",
    "verdict": "has no verdicts; check_model(...).graph() has them, or pass verdicts to viz.graph",
    "nan": "has no values; viz.graph(model, x), which runs the model itself, keeps what to know of them",
}
"""What a graph lacks that says nothing of a colour, and what to do."""


def shades(graph: Graph, color_by: ColorBy) -> dict[int, Shade]:
    """The shade of each node that the colour says something about.

    Raises:
        ValueError: for a colour that does not exist, or of which the graph knows nothing.
    """
    check_color_by(color_by)
    found = _shades(graph, color_by)
    if not found and graph.ops:
        raise ValueError(f'color_by="{color_by}": this graph {_MISSING[color_by]}')
    return found


def _shades(graph: Graph, color_by: ColorBy) -> dict[int, Shade]:
    match color_by:
        case "gradient":
            norms = {n.index: n.grad.norm for n in graph.nodes if n.grad is not None}
            return _scaled(norms, [f"{norm:.3g}" for norm in norms.values()], usual=True)
        case "time":
            times = {n.index: n.forward_s + (n.backward_s or 0.0) for n in graph.ops if n.forward_s is not None}
            return _scaled(times, [seconds_text(time) for time in times.values()])
        case "memory":
            bytes_ = {n.index: float(n.saved_bytes) for n in graph.ops if n.saved_bytes is not None}
            return _scaled(bytes_, [bytes_text(int(size)) if size else "-" for size in bytes_.values()])
        case "dtype":
            names = sorted(graph.dtypes)
            fills = {name: DTYPES[k % len(DTYPES)] for k, name in enumerate(names)}
            return {n.index: Shade(fills[n.dtype], n.dtype, None) for n in graph.nodes if n.dtype is not None}
        case "verdict":
            return {n.index: Shade(WRONG if n.wrong else RIGHT, n.verdict, None) for n in graph.ops if n.verdict}
        case "nan":
            return {n.index: shade for n in graph.nodes if (shade := _nan(n)) is not None}


def _nan(node: GraphNode) -> Shade | None:
    if node.nan_origin:
        return Shade(SCALE[-1], "origin", None)
    has = [x for x in (node.value, node.grad) if x is not None]
    if any(x.has_nan() for x in has):
        return Shade(SCALE[4], "NaN", None)
    return Shade(CLEAN, "", None) if has else None


def _scaled(amounts: dict[int, float], words: Sequence[str], usual: bool = False) -> dict[int, Shade]:
    """Amounts on a scale of equal ratios, for they differ by orders of magnitude.

    `usual`: what lies within a factor of a thousand of the middle one is neither little nor much.
    """
    known = sorted(x for x in amounts.values() if x > 0 and math.isfinite(x))
    low, high = (math.log(known[0]), math.log(known[-1])) if known else (0.0, 0.0)
    if usual and known:
        middle = math.log(known[len(known) // 2])
        low, high = min(low, middle - math.log(1e3)), max(high, middle + math.log(1e3))
    else:
        low = max(low, high - math.log(1e6))
    made = {}
    for (index, amount), word in zip(amounts.items(), words, strict=True):
        if not math.isfinite(amount):
            share = 1.0
        elif amount <= 0:
            share = 0.0
        else:
            share = 1.0 if high == low else max(0.0, (math.log(amount) - low) / (high - low))
        made[index] = Shade(SCALE[round(share * (len(SCALE) - 1))], word, share)
    return made
