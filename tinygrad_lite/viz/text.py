"""A graph as text: a table with one line per operation, in the order they ran, by module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tinygrad_lite.viz.colours import Shade, shades
from tinygrad_lite.viz.model import ColorBy, Graph
from tinygrad_lite.viz.parts import GraphModule, GraphNode
from tinygrad_lite.viz.scopes import Run, Scope, Tree, walk
from tinygrad_lite.viz.words import amount, bytes_text, counted, cut, plain, shape_text, summary

_WIDEST = (44, 28)  # of the columns for the operation and the shape
_BAR = 12


class Row(NamedTuple):
    """A line of the table; `node` is the operation, None for a module."""

    number: str
    name: str
    shape: str
    saved: str
    inputs: str
    node: int | None = None


def text(graph: Graph, depth: int | None = None, fold: bool = True, color_by: ColorBy | None = None) -> str:
    """See `Graph.text`."""
    check_depth(depth)
    return "\n".join([_head(graph), "", *_Table(graph, depth, fold, color_by).lines(), *_foot(graph)])


def excerpt(graph: Graph, most: int) -> str:
    """The text, with the middle of the table left out if it has more than `most` lines."""
    table = list(_Table(graph, None, True, None).lines())
    left_out = len(table) - most
    if left_out > 0:
        table[most // 2 : most // 2 + left_out] = [f"... {left_out:,} lines left out ..."]
    return "\n".join([_head(graph), "", *table, *_foot(graph)])


def check_depth(depth: int | None) -> None:
    """Refuse what is no number of levels.

    Raises:
        ValueError: if it is negative.
    """
    if depth is not None and depth < 0:
        raise ValueError(f"depth is {depth}; it counts levels of modules to open, or is None for all")


def details(graph: Graph, node: GraphNode) -> str:
    """What is known of one node, in a few lines: for the hint that shows under the mouse pointer."""
    title = plain(node.name) if node.kind == "output" else f"{node.kind} {plain(node.name)}"
    lines = [f"#{node.number} {node.name}" if node.kind == "op" else title]
    lines.append(" ".join(filter(None, (node.dtype, shape_text(node.shape)))))
    if node.kind == "op":
        inputs = (f"{edge.name}: {label(graph.nodes[edge.source])}" for edge in graph.inputs_of(node))
        lines += [*inputs, *(f"{name} = {value}" for name, value in node.params.items())]
        if node.saved_bytes != 0:
            lines.append(f"saved for backward: {_saved(node)}")
        if node.macs is not None:
            lines.append(f"multiply-adds: {node.macs:,}")
        if node.verdict:
            lines.append(f"gradcheck: {node.verdict}")
    for name, found in (("value", node.value), ("gradient", node.grad)):
        if found is not None:
            lines.append(f"{name}: {found.words()}")
    lines += [f"module: {plain(node.module)}"] if node.module else []
    lines += [node.line] if node.line else []
    lines += [node.error] if node.error else []
    return "\n".join(lines)


def label(node: GraphNode) -> str:
    """How other lines refer to a node."""
    return f"#{node.number}" if node.kind == "op" else plain(node.name)


def module_title(scope: Scope, module: GraphModule | None, run: Run | None) -> str:
    """`encoder: Transformer`, or the name alone where no more is known; `0 to 11: Block × 12` for repeats."""
    name = plain(scope.name)
    if run is None:
        return f"{name}: {plain(module.type)}" if module is not None and module.type else name
    last = run.items[-1]
    if isinstance(last, Scope) and last.name != scope.name:
        name = f"{name} to {plain(last.name)}"
    kind = f": {plain(module.type)}" if module is not None and module.type else ""
    return f"{name}{kind} × {run.count:,}"


def says(title: str, node: GraphNode) -> bool:
    """Whether the title of a module names the operation: `1: ReLU` and `relu`."""
    return node.name.replace("_", "").lower() == title.split(": ")[-1].split(" × ")[0].lower()


def module_facts(module: GraphModule | None, run: Run | None = None) -> str:
    """Its parameters and multiply-adds."""
    if module is None:
        return ""
    parts = [f"{amount(module.params)} {'parameter' if module.params == 1 else 'parameters'}"] if module.params else []
    parts += [f"{amount(module.macs)} multiply-adds"] if module.macs else []
    each = run is not None and isinstance(run.items[-1], Scope) and run.items[-1].path != module.path
    return ", ".join(parts) + (" each" if each and parts else "")


def _saved(node: GraphNode) -> str:
    if node.saved_bytes is None:
        return "freed"
    return bytes_text(node.saved_bytes) if node.saved_bytes else "-"


class _Table:
    """The rows of a graph."""

    def __init__(self, graph: Graph, depth: int | None, fold: bool, color_by: ColorBy | None) -> None:
        self.graph, self.depth, self.fold = graph, depth, fold
        self.color_by = color_by
        self.shades: dict[int, Shade] = shades(graph, color_by) if color_by else {}
        self.modules = {module.path: module for module in graph.modules}
        counts = Counter(node.dtype for node in graph.nodes if node.dtype is not None)
        self.usual = counts.most_common(1)[0][0] if counts else None
        self.met: set[int] = set()
        self.heading: Row | None = None  # of a module with a single operation, which goes on the same line

    def lines(self) -> Iterator[str]:
        """The rows, columns aligned; the last column, the inputs, runs on as far as it needs to."""
        extra = self.color_by or ""
        rows = [Row("", "operation", "shape", "saved", "inputs"), *self._rows()]
        limits = (len(rows), *_WIDEST, 10)
        wide = [min(most, max(len(row[k]) for row in rows)) for k, most in enumerate(limits)]  # type: ignore[arg-type]
        shown = [self._shade(row) for row in rows]
        shown[0] = extra
        column = max(map(len, shown))
        for row, shade in zip(rows, shown, strict=True):
            number, name, shape, saved, inputs, _ = row
            line = f"{number:<{wide[0]}}  {cut(name, wide[1]):<{wide[1]}}  {shape:>{wide[2]}}  {saved:>{wide[3]}}  "
            line += f"{shade:<{column}}  {inputs}" if extra else inputs
            yield line.rstrip()

    def _shade(self, row: Row) -> str:
        """The words of a colour, and a bar as long as its share."""
        shade = self.shades.get(row.node) if row.node is not None else None
        if shade is None:
            return ""
        if shade.share is None:
            return shade.words
        bar = "" if shade.words == "-" else "█" * max(1, round(_BAR * shade.share))
        return f"{shade.words:>9} {bar}"

    def _rows(self) -> Iterator[Row]:
        indent = 0
        for kind, item, run in walk(Tree(self.graph), self.depth, self.fold):
            if kind == "leave":
                indent -= 1
            elif kind == "repeat":
                assert run is not None
                yield Row(self._range(run.items), f"{'  ' * indent}{counted(run.count, 'time')}:", "", "", "")
                indent += 1
            elif not isinstance(item, Scope):
                yield self._op(self.graph.nodes[item], indent, run)
            elif kind == "closed":
                yield self._closed(item, indent, run)
            elif item.ops == 1:
                indent += 1
                self.heading = self._opened(item, indent - 1, run)
            else:
                yield self._opened(item, indent, run)
                indent += 1
        for node in self.graph.nodes:
            if node.kind == "output":
                yield Row("", plain(node.name), self._typed(node), "", self._inputs(node), node.index)

    def _op(self, node: GraphNode, indent: int, run: Run | None) -> Row:
        name = f"{plain(node.name)} ({node.verdict})" if node.verdict and node.wrong else plain(node.name)
        number = f"#{node.number}"
        if run is not None:
            number = self._range(run.items)
            name += f" × {run.count:,}"
        shape = "" if node.error else self._typed(node)
        inputs = self._inputs(node) + (f"; RAISED {' '.join(node.error.split())}" if node.error else "")
        return Row(number, self._headed("  " * indent + name, node), shape, _saved(node), inputs, node.index)

    def _headed(self, name: str, node: GraphNode) -> str:
        """The name of an operation, on one line with the module in which it is alone."""
        if self.heading is None:
            return name
        title, self.heading = self.heading.name, None
        return title if says(title, node) and not node.verdict else f"{title} · {name.strip()}"

    def _opened(self, scope: Scope, indent: int, run: Run | None) -> Row:
        module = self.modules.get(scope.path)
        title = module_title(scope, module, run)
        return Row(self._range(run.items) if run else "", "  " * indent + title, "", "", module_facts(module, run))

    def _range(self, items: Sequence[int | Scope]) -> str:
        """The numbers of the first and the last operation in some items."""
        ends = []
        for item, at in ((items[0], 0), (items[-1], -1)):
            while isinstance(item, Scope):
                item = item.items[at]
            ends.append(self.graph.nodes[item].number)
        return f"#{ends[0]}-{ends[1]}" if ends[0] != ends[1] else f"#{ends[0]}"

    def _closed(self, scope: Scope, indent: int, run: Run | None) -> Row:
        """A module in one line: the numbers of its operations, what comes out, what it keeps."""
        row = self._opened(scope, indent, run)
        ops = [self.graph.nodes[k] for k in scope.all_ops()]
        numbers = row.number or self._range([scope])
        facts = ", ".join(filter(None, (counted(len(ops), "operation"), row.inputs)))
        module = self.modules.get(scope.path)
        saved = bytes_text(module.saved) if module is not None and module.saved else "-"
        most = max(ops, key=lambda op: self.shades[op.index].share or 0.0 if op.index in self.shades else -1.0)
        return Row(numbers, row.name, self._typed(ops[-1]), saved, facts, most.index)

    def _typed(self, node: GraphNode) -> str:
        """The shape, with the dtype where it is not the one that most tensors have."""
        shape = shape_text(node.shape)
        return f"{node.dtype} {shape}" if node.dtype and node.dtype != self.usual else shape

    def _inputs(self, node: GraphNode) -> str:
        """What goes into a node; a leaf with its shape where it is met for the first time."""
        words = []
        for edge in self.graph.inputs_of(node):
            source = self.graph.nodes[edge.source]
            word = label(source)
            if source.kind != "op" and source.index not in self.met:
                self.met.add(source.index)
                word += "" if source.kind == "constant" and not source.shape else f" {self._typed(source)}"
            words.append(word)
        params = ", ".join(f"{name}={value}" for name, value in node.params.items())
        return "; ".join(filter(None, (", ".join(words), params)))


def _head(graph: Graph) -> str:
    named = graph.title != Graph.title
    return f"{plain(graph.title)}: {summary(graph)}" if named else summary(graph)


def _foot(graph: Graph) -> list[str]:
    lines = ["", f"broken off: {' '.join(str(graph.error).split())}"] if graph.error is not None else []
    if graph.unreached:
        lines += ["", "not part of this graph: " + ", ".join(plain(name) for name in graph.unreached)]
    return lines
