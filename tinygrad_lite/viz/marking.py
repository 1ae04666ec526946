"""What shows only once a graph has been read: modules and their totals, repeats, where a NaN came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tinygrad_lite.viz.memory import Memory
from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode, Step
from tinygrad_lite.viz.scopes import Run, Scope, Tree


def outer(path: str) -> list[str]:
    """The paths around a path, and itself, from the outermost."""
    if not path:
        return []
    parts = path.split(".")
    return [".".join(parts[: k + 1]) for k in range(len(parts))]


def modules_of(
    nodes: Sequence[GraphNode], known: Mapping[str, GraphModule], sizes: Mapping[str, int], memory: Memory
) -> tuple[GraphModule, ...]:
    """The modules that occur, with the totals of their operations.

    Args:
        nodes: of the graph.
        known: what is known of modules, by path.
        sizes: how many numbers the named parameters have: all that is known where nobody watched.
        memory: what the operations keep.
    """
    inside: dict[str, list[GraphNode]] = {}
    around: dict[str, list[str]] = {}
    for node in nodes:
        if not node.module:
            continue
        if node.module not in around:
            around[node.module] = list(dict.fromkeys((*outer(node.module), *(path for path, _ in node.scope))))
        for path in around[node.module]:
            inside.setdefault(path, [])
        for path in outer(node.module):
            inside[path].append(node)
    order = {path: k for k, path in enumerate(known)}
    found = sorted(inside, key=lambda path: (order.get(path, len(order)), path.count("."))) if order else list(inside)
    made = []
    for path in found:
        module = known.get(path)
        if module is None:
            numbers = sum(size for name, size in sizes.items() if name.startswith(path + "."))
            module = GraphModule(path, params=numbers, trainable=numbers)
        macs = [node.macs for node in inside[path] if node.macs is not None]
        saved = memory.of(node.index for node in inside[path])
        made.append(replace(module, macs=sum(macs) if macs else None, saved=saved))
    return tuple(made)


def repeats_marked(graph: Graph) -> Graph:
    """The graph, with `same_as` set on modules that repeat the one before them."""
    if not graph.modules:
        return graph
    same: dict[str, str] = {}
    for run in Tree(graph).runs:
        for path, first in _same(run):
            same.setdefault(path, first)
    if not same:
        return graph
    return replace(graph, modules=tuple(replace(m, same_as=same.get(m.path)) for m in graph.modules))


def _same(run: Run) -> list[tuple[str, str]]:
    first = run.items[0]
    if run.period != 1 or not isinstance(first, Scope):
        return []
    others = [item.path for item in run.items[1:] if isinstance(item, Scope)]
    return [(path, first.path) for path in others if path != first.path]


def nan_origin(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], steps: Sequence[Step] | None) -> int | None:
    """Where the first NaN came from: an input that holds one, or the first operation to make one of none.

    Args:
        nodes: of the graph, operations in the order of time.
        edges: of the graph.
        steps: of the backward pass, which is searched where the forward has no NaN.
    """
    first = next((n for n in nodes if n.kind == "op" and n.value is not None and n.value.has_nan()), None)
    if first is not None:
        sources = [nodes[edge.source] for edge in edges if edge.target == first.index]
        given = [n for n in sources if n.kind != "op" and n.value is not None and n.value.has_nan()]
        return (given[0] if given else first).index
    for step in steps or ():
        if any(send.gradient.has_nan() for send in step.sends) and not step.incoming.has_nan():
            return step.node
    return None
