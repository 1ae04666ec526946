"""A part of a graph: what is inside a module."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphNode, Kind, Step


def subgraph(graph: Graph, path: str) -> Graph:
    """See `Graph.subgraph`."""
    known = [module.path for module in graph.modules]
    if path not in known:
        near = get_close_matches(path, known, n=3) or known[:5]
        hint = f"there are {', '.join(near)}" if near else "this graph knows of no modules"
        raise KeyError(f"subgraph(): there is no module {path!r}; {hint}")
    inside = {node.index for node in graph.ops if _within(node, path)}
    sources: dict[int, GraphNode] = {}
    for node in graph.ops:
        if node.index in inside:
            for edge in graph.inputs_of(node):
                if edge.source not in inside:
                    source = graph.nodes[edge.source]
                    sources[source.index] = source if source.kind != "op" else _as_end(source, "input")
    used = {e.source for e in graph.edges if e.source in inside and e.target not in inside}
    ends = [graph.nodes[k] for k in sorted(used)]
    nodes: list[GraphNode] = []
    index: dict[int, int] = {}
    counts: dict[str, int] = {}
    kept = [graph.nodes[k] for k in sorted(inside)]
    for node in (*sources.values(), *kept):
        index[node.index] = len(nodes)
        counts[node.kind] = counts.get(node.kind, 0) + 1
        nodes.append(replace(node, index=len(nodes), number=counts[node.kind]))
    edges = [
        replace(edge, source=index[edge.source], target=index[edge.target])
        for node in kept
        for edge in graph.inputs_of(node)
    ]
    for k, end in enumerate(ends, 1):
        name = "output" if len(ends) == 1 else f"output {k}"
        made = replace(_as_end(end, "output"), index=len(nodes), number=k, name=name)
        edges.append(GraphEdge(index[end.index], len(nodes), 0, "", end.shape, end.dtype))
        nodes.append(made)
    steps = None
    if graph.backward is not None:
        steps = tuple(_moved(step, index) for step in graph.backward if step.node in inside)
    modules = tuple(m for m in graph.modules if m.path == path or m.path.startswith(path + "."))
    total = next(m.saved for m in modules if m.path == path)
    names = {node.name for node in kept}
    rows = {name: row for name, row in graph.rows.items() if name in names}
    return replace(
        graph, nodes=tuple(nodes), edges=tuple(edges), saved_bytes=total, unreached=(), modules=modules,
        backward=steps, title=f"{graph.title}: {path}", rows=rows,
    )  # fmt: skip


def _within(node: GraphNode, path: str) -> bool:
    return any(around == path for around, _ in node.scope)


def _as_end(node: GraphNode, kind: Kind) -> GraphNode:
    """An operation outside as what it gives, or one inside as what comes out."""
    return GraphNode(
        node.index, kind, f"#{node.number} {node.name}" if kind == "input" else node.name, 0, node.shape, node.dtype,
        value=node.value, grad=node.grad,
    )  # fmt: skip


def _moved(step: Step, index: dict[int, int]) -> Step:
    sends = tuple(replace(s, to=None if s.to is None else index.get(s.to)) for s in step.sends)
    return replace(step, node=index[step.node], sends=sends)
