"""A gradient as the sum over paths: the chain rule written out, with numbers, on a small graph."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lite.engine import unbroadcast
from tinygrad_lite.graph import Node, TensorCore, ancestors, no_grad
from tinygrad_lite.packing import Packed
from tinygrad_lite.quiet import quiet
from tinygrad_lite.viz.words import plain

__all__ = ["explain"]

LARGEST = 2_000
"""Numbers that the results of all operations may have together."""

MOST_PATHS = 1_000

Index = tuple[int, ...]
Place = tuple[int, Index]  # the id of a node or leaf, and which of its numbers


@dataclass(frozen=True)
class Factor:
    """One operation on a path.

    Attributes:
        name: of the operation's result, or of what it is differentiated by.
        slope: the derivative of what comes before by this.
    """

    name: str
    slope: float


@dataclass(frozen=True)
class GradientPath:
    """A way from the output back to the input.

    Attributes:
        start: the name of the output.
        factors: the operations on the way; the last is the input.
        product: of all slopes.
    """

    start: str
    factors: tuple[Factor, ...]
    product: float

    def __str__(self) -> str:
        way = " ← ".join((self.start, *(f.name for f in self.factors)))
        return f"{way}:  {self.equation()}"

    def equation(self) -> str:
        """The product written out: `2 · 3 = 6`."""
        slopes = " · ".join(_signed(f.slope) for f in self.factors) or "1"
        return f"{slopes} = {self.product:.6g}" if len(self.factors) > 1 else slopes


@dataclass(frozen=True)
class Explanation:
    """A gradient as a sum over paths; `print` it, notebooks show a table.

    Attributes:
        output: the name of what is differentiated.
        name: the name of what it is differentiated by.
        paths: every way from the one to the other.
    """

    output: str
    name: str
    paths: tuple[GradientPath, ...]

    @property
    def gradient(self) -> float:
        """The sum of the products: the gradient."""
        return sum(path.product for path in self.paths)

    def __str__(self) -> str:
        head = f"d {self.output} / d {self.name} = {self.gradient:.6g}"
        if not self.paths:
            return f"{head}: no path leads there whose slopes are all other than 0"
        ways = [" ← ".join((p.start, *(f.name for f in p.factors))) for p in self.paths]
        wide = max(map(len, ways))
        lines = [f"  {way:<{wide}}   {path.equation()}" for way, path in zip(ways, self.paths, strict=True)]
        count = f", the sum over {len(self.paths)} paths" if len(self.paths) > 1 else ", along one path"
        if len(self.paths) > 1:
            lines.append(f"  {'sum':<{wide}}   {_sum([p.product for p in self.paths])} = {self.gradient:.6g}")
        return "\n".join([head + count, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(' ← '.join((p.start, *(f.name for f in p.factors))))}</td>"
            f"<td style='text-align:right'>{html.escape(p.equation())}</td></tr>"
            for p in self.paths
        )
        head = html.escape(f"d {self.output} / d {self.name} = {self.gradient:.6g}")
        return f"<p><b>{head}</b></p><table><tr><th>path</th><th>product of slopes</th></tr>{rows}</table>"


class Explanations(tuple[Explanation, ...]):
    """Several explanations, one below the other."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(part._repr_html_() for part in self)


def explain(
    output: Any,
    by: Any = None,
    *,
    index: int | Sequence[int] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Explanation | Explanations:
    """Write a gradient out as the sum over all paths from an output to an input: the chain rule with numbers.

    Args:
        output: a tensor of one number that was computed with gradients.
        by: the tensor to differentiate by: a leaf or a result on the way. Without it every leaf gets an
            explanation, one for each of its numbers.
        index: which number of `by`, where it has several.
        params: names for the leaves: a dict from name to tensor, or `model.named_parameters()`.

    Raises:
        TypeError: if something is not a tensor.
        ValueError: if the output has several numbers, or `by` has several and there is no `index`; on a graph
            of more than 2,000 numbers, or more than 1,000 paths.
        RuntimeError: if the output has no history, or its graph has been freed.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(3.0, requires_grad=True)
        >>> viz.explain(a * b + a, a, params={"a": a, "b": b})
        d add / d a = 4, the sum over 2 paths
          add ← mul ← a   1 · 3 = 3
          add ← a         1
          sum             3 + 1 = 4
    """
    _check(output)
    names = {id(t): str(name) for name, t in dict(params or {}).items()}
    graph = _Slopes(output, names)
    if by is None:
        if index is not None:
            raise ValueError("explain(): index is for one tensor; name that too: explain(out, x, index=...)")
        return Explanations(graph.explained(leaf, at) for leaf in graph.leaves for at in np.ndindex(leaf.array.shape))
    if not isinstance(by, TensorCore):
        raise TypeError(f"explain(): what to differentiate by is a {type(by).__name__}, not a Tensor")
    shape = by.array.shape
    if index is None:
        if by.array.size != 1:
            raise ValueError(f"explain(): the tensor has shape {shape}; say which number of it: index=(0, ...)")
        at: Index = (0,) * len(shape)
    else:
        at = tuple(np.atleast_1d(index).tolist())
        if len(at) != len(shape) or any(not -n <= k < n for k, n in zip(at, shape, strict=True)):
            raise ValueError(f"explain(): there is no number {at} in a tensor of shape {shape}")
        at = tuple(k % n for k, n in zip(at, shape, strict=True))
    return graph.explained(by, at)


def _check(output: Any) -> None:
    if not isinstance(output, TensorCore):
        raise TypeError(f"explain(): expected a Tensor, got {type(output).__name__}")
    if output.node is None:
        what = "a leaf: pass what was computed from it first, explain(loss, x)" if output.needs_grad else "a constant"
        raise RuntimeError(f"explain(): the tensor has no history, it is {what}")
    if output.array.size != 1:
        raise ValueError(
            f"explain(): the output has shape {output.array.shape}; explain one number of it, such as out[0] or "
            "out.sum()"
        )


class _Slopes:
    """The derivatives of each operation's numbers by those it was made of, where they are not zero."""

    def __init__(self, output: TensorCore, names: dict[int, str]) -> None:
        assert output.node is not None
        self.output = output.node
        self.nodes: list[Node] = sorted(ancestors(output), key=attrgetter("order"), reverse=True)
        self.shapes: dict[int, Index] = {id(self.output): output.array.shape}
        found: dict[int, TensorCore] = {}
        for node in reversed(self.nodes):
            for edge, shape in zip(node.edges, node.shapes, strict=True):
                if isinstance(edge, Node):
                    self.shapes[id(edge)] = shape
                elif edge is not None:
                    found[id(edge)] = edge
        self.leaves = list(found.values())
        self._refuse_large()
        self.names = {id(leaf): f"x{k}" for k, leaf in enumerate(self.leaves)} | self._op_names() | names
        self.slopes: dict[Place, list[tuple[Place, float]]] = {}

    def _refuse_large(self) -> None:
        numbers = sum(int(np.prod(shape)) for shape in self.shapes.values())
        if numbers > LARGEST:
            raise ValueError(
                f"explain(): the results on the way have {numbers:,} numbers together, and {LARGEST:,} is the limit: "
                "explain a smaller example, or see the gradients with viz.graph(loss, gradients=True)"
            )
        for node in self.nodes:
            if node.saved is None:
                raise RuntimeError("explain(): the graph has been freed by a backward pass: explain before it")

    def _op_names(self) -> dict[int, str]:
        """The names of operations, with a number where there are several of one name."""
        counts: dict[str, int] = {}
        for node in self.nodes:
            counts[node.op.name] = counts.get(node.op.name, 0) + 1
        seen: dict[str, int] = {}
        names = {}
        for node in reversed(self.nodes):
            name = node.op.name
            seen[name] = seen.get(name, 0) + 1
            names[id(node)] = name if counts[name] == 1 else f"{name} {seen[name]}"
        return names

    def _from(self, node: Node, at: Index) -> list[tuple[Place, float]]:
        """The slopes of one number of a result, by the rules of its operation."""
        place = (id(node), at)
        if place in self.slopes:
            return self.slopes[place]
        g: Any = np.zeros(self.shapes[id(node)])
        g[at] = 1.0
        saved: Any = node.saved.unpacked() if type(node.saved) is Packed else node.saved
        found: list[tuple[Place, float]] = []
        rules = node.op.calls_of(node.edges) if node.op.variadic else node.op.calls
        if node.op.outputs or node.op.name == "output":
            raise ValueError(f"explain(): {node.op.name} has several outputs, which cannot be explained")
        with no_grad(), quiet():
            for k, rule in rules:
                edge = node.edges[k]
                d = rule(g, saved, node, k) if edge is not None else None
                if d is None:
                    continue
                d = np.asarray(
                    d if not node.op.broadcasts or d.shape == node.shapes[k] else unbroadcast(d, node.shapes[k])
                )
                if d.dtype.kind == "c":
                    raise ValueError("explain(): complex numbers cannot be explained")
                found += [((id(edge), where), float(d[where])) for where in np.ndindex(d.shape) if d[where] != 0]
        self.slopes[place] = found
        return found

    def explained(self, by: TensorCore, at: Index) -> Explanation:
        """All paths to one number of a tensor."""
        goal: Place = (id(by.node or by), at)
        nodes = {id(node): node for node in self.nodes}
        start: Place = (id(self.output), (0,) * len(self.shapes[id(self.output)]))
        useful = self._leading_to(goal, start, nodes)
        paths: list[GradientPath] = []
        stack: list[tuple[Place, tuple[Factor, ...], float]] = [(start, (), 1.0)] if start in useful else []
        while stack:
            place, factors, product = stack.pop()
            if place == goal:
                paths.append(GradientPath(self._name(start), factors, product))
                if len(paths) > MOST_PATHS:
                    raise ValueError(
                        f"explain(): there are more than {MOST_PATHS:,} paths, which is the limit: explain a smaller "
                        "example"
                    )
                continue
            for there, slope in reversed(self._from(nodes[place[0]], place[1])):
                if there in useful:
                    stack.append((there, (*factors, Factor(self._name(there), slope)), product * slope))
        return Explanation(self._name(start), self._name(goal), tuple(paths))

    def _leading_to(self, goal: Place, start: Place, nodes: Mapping[int, Node]) -> set[Place]:
        """The places from which the goal is reached; without them a path would be tried in vain."""
        users: dict[Place, list[Place]] = {}
        stack, seen = [start], {start}
        while stack:
            place = stack.pop()
            if place == goal or place[0] not in nodes:
                continue
            for there, _ in self._from(nodes[place[0]], place[1]):
                users.setdefault(there, []).append(place)
                if there not in seen:
                    seen.add(there)
                    stack.append(there)
        found = {goal} & seen
        stack = list(found)
        while stack:
            for above in users.get(stack.pop(), ()):
                if above not in found:
                    found.add(above)
                    stack.append(above)
        return found

    def _name(self, place: Place) -> str:
        key, at = place
        name = plain(self.names.get(key, "x"))
        shape = self.shapes.get(key)
        single = int(np.prod(shape)) == 1 if shape is not None else not at
        return name if single else f"{name}[{', '.join(map(str, at))}]"


def _signed(value: float) -> str:
    return f"({value:.6g})" if value < 0 else f"{value:.6g}"


def _sum(values: Sequence[float]) -> str:
    """`3 + 1 - 2`."""
    text = f"{values[0]:.6g}"
    for value in values[1:]:
        text += f" {'-' if value < 0 else '+'} {abs(value):.6g}"
    return text
