"""What two graphs do not have in common: operations, shapes, gradients."""

from __future__ import annotations

import html
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from tinygrad_lite.viz.dot import blank, check_direction
from tinygrad_lite.viz.model import Direction, Graph
from tinygrad_lite.viz.parts import GraphNode
from tinygrad_lite.viz.summaries import Summary
from tinygrad_lite.viz.text import label
from tinygrad_lite.viz.words import counted, plain, shape_text, visible

__all__ = ["Difference", "diff"]

_ALIGNED = 2_000  # operations between equal ends that are matched one against all
_SHOWN = 20  # lines of a kind

_COLOURS = {
    "added": ("#d9f5e5", "#13855c"),
    "removed": ("#ffd7d5", "#cf222e"),
    "changed": ("#fff3d1", "#b98300"),
    "same": ("#f4f5f7", "#9aa4af"),
}


@dataclass(frozen=True)
class Difference:
    """What two graphs do not have in common. `print` it; `dot` draws it.

    Attributes:
        first: the one graph.
        second: the other.
        pairs: the nodes that stand for each other, by their indices.
        removed: the nodes that only the first graph has.
        added: the nodes that only the second has.
        reshaped: the pairs whose shape or dtype differs.
        values: the pairs whose values differ, with by how much, relative to the larger norm.
        gradients: the same of gradients.
    """

    first: Graph
    second: Graph
    pairs: tuple[tuple[int, int], ...]
    removed: tuple[GraphNode, ...] = ()
    added: tuple[GraphNode, ...] = ()
    reshaped: tuple[tuple[GraphNode, GraphNode], ...] = ()
    values: tuple[tuple[GraphNode, GraphNode, float], ...] = ()
    gradients: tuple[tuple[GraphNode, GraphNode, float], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.removed or self.added or self.reshaped or self.values or self.gradients)

    def __str__(self) -> str:
        if not self:
            return f"no difference: {counted(len(self.first.ops), 'operation')} in both"
        lines = [
            f"{len(self.removed)} removed, {len(self.added)} added, {len(self.reshaped)} of another shape or dtype, "
            f"{counted(len(self.values), 'value')} and {counted(len(self.gradients), 'gradient')} differ"
        ]
        lines += _some(f"- {_told(node)}" for node in self.removed)
        lines += _some(f"+ {_told(node)}" for node in self.added)
        lines += _some(f"~ {_told(a)} became {_became(a, b)}" for a, b in self.reshaped)
        for what, pairs in (("value", self.values), ("gradient", self.gradients)):
            lines += _some(f"≠ {what} of {_told(a)}: {_by(x)}" for a, b, x in pairs)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def dot(self, direction: Direction = "down") -> str:
        """Both graphs in one, in DOT: what was added green, what was removed red, what differs yellow.

        Args:
            direction: which way the computation flows, `"down"` or `"right"`.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> x = tg.ones(2, requires_grad=True)
            >>> "removed" in viz.diff(viz.graph(x.exp().sum()), viz.graph(x.sum())).dot()
            True
        """
        check_direction(direction)
        picture = blank(direction)
        twins = dict(self.pairs)
        gone = {node.index for node in self.removed}
        came = {node.index for node in self.added}
        changed = {b.index for _, b in self.reshaped} | {b.index for _, b, _ in (*self.values, *self.gradients)}
        for node in self.second.nodes:
            kind = "added" if node.index in came else "changed" if node.index in changed else "same"
            picture.body.append(_box(f"b{node.index}", node, kind))
        picture.body += [_box(f"a{node.index}", node, "removed") for node in self.removed]
        for edge in self.second.edges:
            picture.body.append(f"\tb{edge.source} -> b{edge.target}{_coloured('added', edge.target in came)}\n")
        for edge in self.first.edges:
            if edge.source in gone or edge.target in gone:
                ends = [f"a{k}" if k in gone else f"b{twins[k]}" for k in (edge.source, edge.target)]
                picture.body.append(f"\t{ends[0]} -> {ends[1]}{_coloured('removed', True)}\n")
        return str(picture.source)


def diff(first: Graph, second: Graph, tolerance: float = 1e-5) -> Difference:
    """Lay two graphs side by side: operations that one of them lacks, other shapes, other values and gradients.

    Operations are matched in the order in which they ran, by name and module; parameters and inputs by name.

    Args:
        first: a graph, such as that of a model as it was.
        second: another, such as that of the model changed, or of another run.
        tolerance: up to which difference, relative to the larger norm, values and gradients count as the same.

    Raises:
        TypeError: if one of them is no graph.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> x = tg.ones(2, requires_grad=True)
        >>> print(viz.diff(viz.graph(x.exp().sum()), viz.graph(x.sum())))
        1 removed, 0 added, 0 of another shape or dtype, 1 value and 0 gradients differ
        - #1 exp (2,)
        ≠ value of #2 sum scalar: by 63.2%
    """
    for graph in (first, second):
        if not isinstance(graph, Graph):
            raise TypeError(f"diff(): expected two graphs, made by viz.graph(), got {type(graph).__name__}")
    pairs = _pairs(first, second)
    here, there = {a for a, _ in pairs}, {b for _, b in pairs}
    both = [(first.nodes[a], second.nodes[b]) for a, b in pairs]
    inner = [pair for pair in both if pair[0].kind != "output"]  # an output is what the last operation made
    return Difference(
        first,
        second,
        tuple(pairs),
        tuple(node for node in first.nodes if node.index not in here),
        tuple(node for node in second.nodes if node.index not in there),
        tuple((a, b) for a, b in both if a.shape != b.shape or (a.dtype and b.dtype and a.dtype != b.dtype)),
        tuple((a, b, x) for a, b in inner if (x := _distance(a.value, b.value)) > tolerance),
        tuple((a, b, x) for a, b in inner if (x := _distance(a.grad, b.grad)) > tolerance),
    )


def _pairs(first: Graph, second: Graph) -> list[tuple[int, int]]:
    """The nodes that stand for each other."""
    named = {(n.kind, n.name): n.index for n in second.nodes if n.kind != "op"}
    pairs = [(n.index, named[n.kind, n.name]) for n in first.nodes if n.kind != "op" and (n.kind, n.name) in named]
    keys = [[(node.name, node.module) for node in graph.ops] for graph in (first, second)]
    return pairs + [(first.ops[a].index, second.ops[b].index) for a, b in _aligned(*keys)]


def _aligned(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Which of the one stand for which of the other, in order."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    pairs = [(k, k) for k in range(start)]
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    if max(len(middle_a), len(middle_b)) <= _ALIGNED:
        for block in SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks():
            pairs += [(start + block.a + k, start + block.b + k) for k in range(block.size)]
    else:
        pairs += [(start + i, start + j) for i, j in _nth_with_nth(middle_a, middle_b)]
    return pairs + [(len(a) - k, len(b) - k) for k in range(end, 0, -1)]


def _nth_with_nth(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The first of a kind with the first of the same kind, and so on: for what is too long to be aligned."""
    waiting: dict[Hashable, list[int]] = {}
    for j in reversed(range(len(b))):
        waiting.setdefault(b[j], []).append(j)
    return [(i, waiting[key].pop()) for i, key in enumerate(a) if waiting.get(key)]


def _distance(a: Summary | None, b: Summary | None) -> float:
    """How far apart two tensors are, relative to the larger norm; of large ones, as far as their numbers tell."""
    if a is None or b is None or a.shape != b.shape:
        return 0.0
    if a.values is not None and b.values is not None:
        x, y = (np.nan_to_num(s.values.astype(np.complex128)) for s in (a, b))  # type: ignore[union-attr]
        apart, size = float(np.linalg.norm(x - y)), max(float(np.linalg.norm(x)), float(np.linalg.norm(y)))
        if a.nans != b.nans or a.infs != b.infs:
            return float("inf")
    else:
        pairs = [(m, n) for m, n in zip(a.numbers, b.numbers, strict=True) if not (m != m and n != n)]
        if any(m != m or n != n for m, n in pairs):
            return float("inf")
        apart = max(abs(m - n) if m != n else 0.0 for m, n in pairs)
        size = max(a.norm, b.norm)
    return apart / size if size else 0.0


def _became(before: GraphNode, after: GraphNode) -> str:
    """The shape, with the dtype if that changed."""
    return f"{shape_text(after.shape)}{f' {after.dtype}' if after.dtype != before.dtype else ''}"


def _told(node: GraphNode) -> str:
    name = f"{label(node)} {plain(node.name)}" if node.kind == "op" else label(node)
    return f"{name} {shape_text(node.shape)}{f' in {plain(node.module)}' if node.module and node.kind == 'op' else ''}"


def _by(distance: float) -> str:
    return f"by {100 * distance:.3g}%" if distance < 1e6 else "one has NaN or infinities where the other has none"


def _some(lines: Any) -> list[str]:
    """The first of many lines, and how many more there are."""
    found = list(lines)
    return found if len(found) <= _SHOWN else [*found[:_SHOWN], f"  ... and {len(found) - _SHOWN:,} more"]


def _box(name: str, node: GraphNode, kind: str) -> str:
    fill, border = _COLOURS[kind]
    title = html.escape(visible(node.name)[:48]) or " "
    text = f'<{title}<br/><font point-size="10" color="#57606a">{html.escape(shape_text(node.shape))}</font>>'
    return f'\t{name} [label={text} class="{kind}" fillcolor="{fill}" color="{border}"]\n'


def _coloured(kind: str, really: bool) -> str:
    return f' [color="{_COLOURS[kind][1]}"]' if really else ""
