"""The calls of modules as a tree of operations, and what repeats in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import Scope as Calls

LONGEST = 64
"""How many operations or calls a pattern has at most that is found to repeat."""

_NUMBER = re.compile(r"\d+$")


@dataclass(eq=False)
class Scope:
    """One call of a module, or the whole graph.

    Attributes:
        path: of the module; empty for the whole graph.
        calls: the call, after those around it.
        around: the scope that it stands in.
        items: what ran in it, in the order of time: the index of an operation, or another scope.
        number: counts the scopes of a graph.
        ops: how many operations ran in it.
        runs: what repeats among its items.
    """

    path: str
    calls: Calls
    around: Scope | None
    number: int = 0
    items: list[int | Scope] = field(default_factory=list)
    ops: int = 0
    runs: list[Run] = field(default_factory=list)

    @cached_property
    def starts(self) -> dict[int, Run]:
        """The runs by the place where they start."""
        return {run.start: run for run in self.runs}

    @property
    def name(self) -> str:
        """The path, without that of the scope around it."""
        around = self.around.path if self.around is not None else ""
        return self.path[len(around) + 1 :] if around and self.path.startswith(around + ".") else self.path

    def all_ops(self) -> Iterator[int]:
        """The indices of its operations, in the order of time, but for calls that interleave."""
        stack: list[int | Scope] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, Scope):
                stack.extend(reversed(item.items))
            else:
                yield item


@dataclass(eq=False)
class Run:
    """Items of a scope that repeat.

    Attributes:
        scope: where.
        start: the place of the first item.
        period: how many items repeat.
        count: how often they stand there.
    """

    scope: Scope
    start: int
    period: int
    count: int

    @property
    def items(self) -> Sequence[int | Scope]:
        """All of the items."""
        return self.scope.items[self.start : self.start + self.period * self.count]


class Tree:
    """The operations of a graph by the calls of modules they ran in.

    Attributes:
        root: the scope of the whole graph.
        scopes: all scopes by their calls, each after the one around it.
        runs: what repeats, innermost first.
    """

    def __init__(self, graph: Graph) -> None:
        self.root = Scope("", (), None)
        self.scopes: dict[Calls, Scope] = {(): self.root}
        for node in graph.ops:
            scope = self._scope(node.scope)
            scope.items.append(node.index)
        tokens = self._tokens(graph)
        self.runs: list[Run] = []
        for scope in reversed(self.scopes.values()):
            scope.runs = sorted(_runs(scope, tokens[id(scope)]), key=lambda run: run.start)
            self.runs += scope.runs

    def _scope(self, calls: Calls) -> Scope:
        found = self.scopes.get(calls)
        if found is not None:
            return found
        around = self.root
        for k in range(len(calls)):
            part = calls[: k + 1]
            scope = self.scopes.get(part)
            if scope is None:
                scope = self.scopes[part] = Scope(part[-1][0], part, around, len(self.scopes))
                around.items.append(scope)
            around = scope
        return around

    def _tokens(self, graph: Graph) -> dict[int, list[int]]:
        """For each scope a number for each of its items; what is alike has the same."""
        types = {module.path: (module.type, module.detail) for module in graph.modules}
        known: dict[object, int] = {}
        of_scope: dict[int, int] = {}
        made: dict[int, list[int]] = {}
        for scope in reversed(self.scopes.values()):
            row = []
            for item in scope.items:
                if isinstance(item, Scope):
                    row.append(of_scope[id(item)])
                    scope.ops += item.ops
                else:
                    node = graph.nodes[item]
                    key: object = (node.name, node.shape, node.error, node.verdict)
                    row.append(known.setdefault(key, len(known)))
                    scope.ops += 1
            made[id(scope)] = row
            key = (_NUMBER.sub("#", scope.name), types.get(scope.path), tuple(row))
            of_scope[id(scope)] = known.setdefault(key, len(known))
        return made


def _runs(scope: Scope, tokens: list[int]) -> list[Run]:
    """What repeats among the items of a scope, what covers most first."""
    total = len(tokens)
    if total < 2:
        return []
    row = np.array(tokens)
    found: list[tuple[int, int, int, int]] = []
    for period in range(1, min(LONGEST, total // 2) + 1):
        alike = np.concatenate(([False], row[:-period] == row[period:], [False]))
        changes = np.flatnonzero(alike[1:] != alike[:-1])
        for start, end in zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True):
            count = (end - start) // period + 1
            if count > 1:
                found.append((-count * period, period, start, count))
    taken = np.zeros(total, bool)
    runs = []
    for _, period, start, count in sorted(found):
        end = start + period * count
        if not taken[start:end].any() and _worth(scope.items[start : start + period], count):
            taken[start:end] = True
            runs.append(Run(scope, start, period, count))
    return runs


def _worth(items: Sequence[int | Scope], count: int) -> bool:
    """Whether to show a repeat once: two equal blocks, but not two equal operations."""
    ops = sum(item.ops if isinstance(item, Scope) else 1 for item in items)
    if any(isinstance(item, Scope) for item in items):
        return (count - 1) * ops >= 4
    return count >= 3 and count * ops >= 12


class Event(NamedTuple):
    """Something met on the way through a graph: see `walk`."""

    kind: Literal["op", "closed", "enter", "repeat", "leave"]
    item: int | Scope
    run: Run | None


def walk(tree: Tree, depth: int | None, fold: bool) -> Iterator[Event]:
    """Go through the operations in the order of time, in and out of modules; of what repeats only once.

    Args:
        tree: the graph.
        depth: how many levels of modules to enter; None for all.
        fold: whether to pass what repeats only once.

    Yields:
        `"op"` with the index of an operation; `"closed"` with a scope too deep to enter; `"enter"` with any
        other; `"repeat"` with the scope of several items that repeat; `"leave"` after either. With those that
        repeat by themselves, how often.
    """
    stack: list[tuple[Scope, int, int, bool]] = [(tree.root, 0, len(tree.root.items), False)]
    while stack:
        scope, at, end, inside = stack.pop()
        if at >= end:
            if stack:
                yield Event("leave", scope, None)
            continue
        starts = {} if inside or not fold else scope.starts
        run = starts.get(at)
        after = at + 1 if run is None else at + run.period * run.count
        stack.append((scope, after, end, inside))
        if run is not None and run.period > 1:
            yield Event("repeat", scope, run)
            stack.append((scope, at, at + run.period, True))
            continue
        item = scope.items[at]
        if not isinstance(item, Scope):
            yield Event("op", item, run)
        elif depth is not None and len(item.calls) > depth:
            yield Event("closed", item, run)
        else:
            yield Event("enter", item, run)
            stack.append((item, 0, len(item.items), False))


def representatives(graph: Graph, tree: Tree) -> list[int]:
    """For each node the one that stands for it where repeats are shown once; most stand for themselves."""
    of = list(range(len(graph.nodes)))
    for run in tree.runs:  # the innermost first: an outer run has the last word
        items, period = run.items, run.period
        first = [_ops(item) for item in items[:period]]
        for k in range(period, len(items)):
            for op, twin in zip(_ops(items[k]), first[k % period], strict=True):
                of[op] = twin
    for k in range(len(of)):  # a twin is earlier, so its own is known already
        of[k] = of[of[k]]
    for node in graph.ops:
        twin = of[node.index]
        if twin != node.index:
            _pair_sources(graph, node.index, twin, of)
    return of


def _ops(item: int | Scope) -> list[int]:
    return list(item.all_ops()) if isinstance(item, Scope) else [item]


def _pair_sources(graph: Graph, op: int, twin: int, of: list[int]) -> None:
    """Let the parameters of a twin stand for those of the operation."""
    theirs = {edge.slot: edge.source for edge in graph.inputs_of(graph.nodes[twin])}
    for edge in graph.inputs_of(graph.nodes[op]):
        source, other = graph.nodes[edge.source], graph.nodes[theirs.get(edge.slot, edge.source)]
        if source.kind in ("parameter", "buffer", "constant", "leaf") and source.kind == other.kind:
            if of[source.index] == source.index and source.shape == other.shape and other.index < source.index:
                of[source.index] = of[other.index]
