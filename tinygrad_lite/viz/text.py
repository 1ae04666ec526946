"""A graph as text: a table with one line per operation, in the order they ran."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_lite.viz.model import Graph, GraphNode
from tinygrad_lite.viz.words import bytes_text, cut, plain, shape_text, summary

_WIDEST = (24, 28)  # of the columns for the operation and the shape


def text(graph: Graph) -> str:
    """See `Graph.text`."""
    return "\n".join([summary(graph), "", *_table(graph), *_foot(graph)])


def excerpt(graph: Graph, most: int) -> str:
    """The text, with the middle of the table left out if it has more than `most` lines."""
    table = list(_table(graph))
    left_out = len(table) - most
    if left_out > 0:
        table[most // 2 : most // 2 + left_out] = [f"... {left_out:,} lines left out ..."]
    return "\n".join([summary(graph), "", *table, *_foot(graph)])


def details(graph: Graph, node: GraphNode) -> str:
    """What is known of one node, in a few lines: for the hint that shows under the mouse pointer."""
    title = plain(node.name) if node.kind == "output" else f"{node.kind} {plain(node.name)}"
    lines = [f"#{node.number} {node.name}" if node.kind == "op" else title]
    lines.append(" ".join(filter(None, (node.dtype, shape_text(node.shape)))))
    if node.kind == "op":
        inputs = (f"{edge.name}: {_label(graph.nodes[edge.source])}" for edge in graph.inputs_of(node))
        lines += [*inputs, *(f"{name} = {value}" for name, value in node.params.items())]
        if node.saved_bytes != 0:
            lines.append(f"saved for backward: {_saved(node)}")
        if node.verdict:
            lines.append(f"gradcheck: {node.verdict}")
    return "\n".join(lines)


def _label(node: GraphNode) -> str:
    return f"#{node.number}" if node.kind == "op" else plain(node.name)


def _saved(node: GraphNode) -> str:
    if node.saved_bytes is None:
        return "freed"
    return bytes_text(node.saved_bytes) if node.saved_bytes else "-"


def _table(graph: Graph) -> Iterator[str]:
    """The rows, columns aligned; the last column, the inputs, runs on as far as it needs to."""
    mixed = len(graph.dtypes) > 1
    rows = [("", "operation", "shape", "saved", "inputs")]
    met: set[int] = set()
    for node in graph.nodes:
        if node.kind in ("op", "output"):
            number, saved = (f"#{node.number}", _saved(node)) if node.kind == "op" else ("", "")
            name = f"{plain(node.name)} ({node.verdict})" if node.wrong else plain(node.name)
            rows.append((number, name, _typed(node, mixed), saved, _inputs(graph, node, mixed, met)))
    limits = (len(rows), *_WIDEST, 10)
    wide = [min(most, max(len(row[k]) for row in rows)) for k, most in enumerate(limits)]
    for number, name, shape, saved, inputs in rows:
        line = f"{number:<{wide[0]}}  {cut(name, wide[1]):<{wide[1]}}  {shape:>{wide[2]}}  {saved:>{wide[3]}}  {inputs}"
        yield line.rstrip()


def _typed(node: GraphNode, mixed: bool) -> str:
    """The shape, with the dtype where not all tensors have the same."""
    shape = shape_text(node.shape)
    return f"{node.dtype} {shape}" if mixed and node.dtype else shape


def _inputs(graph: Graph, node: GraphNode, mixed: bool, met: set[int]) -> str:
    """What goes into a node; a leaf with its shape where it is met for the first time."""
    words = []
    for edge in graph.inputs_of(node):
        source = graph.nodes[edge.source]
        label = _label(source)
        if source.kind != "op" and source.index not in met:
            met.add(source.index)
            label += "" if source.kind == "constant" and not source.shape else f" {_typed(source, mixed)}"
        words.append(label)
    params = ", ".join(f"{name}={value}" for name, value in node.params.items())
    return "; ".join(filter(None, (", ".join(words), params)))


def _foot(graph: Graph) -> list[str]:
    if not graph.unreached:
        return []
    return ["", "not part of this graph: " + ", ".join(plain(name) for name in graph.unreached)]
