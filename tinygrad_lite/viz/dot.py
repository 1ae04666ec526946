"""A graph in DOT, Graphviz's language, through the `graphviz` library.

Colours for a light page stand in the source, so that every format has them; each node also has its kind
as a class, by which `assets/graph.css` recolours SVG where the reader prefers dark.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, get_args
from unicodedata import east_asian_width

from tinygrad_lite.viz.colours import Shade, shades
from tinygrad_lite.viz.drawing import Arrow, Box, Drawing, Frame
from tinygrad_lite.viz.model import ColorBy, Direction, Graph, View
from tinygrad_lite.viz.parts import GraphEdge, GraphNode
from tinygrad_lite.viz.summaries import Summary
from tinygrad_lite.viz.text import details, module_facts, module_title
from tinygrad_lite.viz.words import counted, cut, shape_text, start_of, visible

if TYPE_CHECKING:
    from graphviz import Digraph

# For each kind: fill, border. assets/graph.css has them for a dark page.
COLOURS = {
    "input": ("#e3e8fb", "#4a5fc1"),
    "parameter": ("#fff3d1", "#b98300"),
    "buffer": ("#f6ead9", "#8d6e3f"),
    "leaf": ("#dcf0ff", "#1f77b4"),
    "constant": ("#ffffff", "#9aa4af"),
    "op": ("#f4f5f7", "#6b7682"),
    "output": ("#d9f5e5", "#13855c"),
    "module": ("#ece7fa", "#6f4fc0"),
}
_WRONG = ("#ffd7d5", "#cf222e")  # an operation that raised, or did not pass a gradient check
_FAINT = "#57606a"
_GRADIENT = "#d1477a"  # the way of the gradients
_FRAMES = ("#f8f8fc", "#f1f1f9")  # of modules, in turn as they nest
_LONGEST = 32  # characters of a name or of parameters that a box shows; the hint shows all
_ARROWS = {
    "flow": "",
    "residual": 'color="#1f77b4" penwidth=1.8 constraint=true',
    "shared": 'color="#b98300" style=dashed constraint=false',
    "repeat": 'color="#6f4fc0" style=dashed constraint=false',
}


def digraph(
    graph: Graph,
    direction: Direction = "down",
    dpi: int | None = None,
    view: View = "forward",
    depth: int | None = None,
    fold: bool = True,
    hide: Collection[str] = (),
    color_by: ColorBy | None = None,
) -> Digraph:
    """The picture of a graph, for `dot` or anything else that reads DOT.

    Args:
        graph: what to draw.
        direction: which way the computation flows, `"down"` or `"right"`.
        dpi: dots per inch, for formats that have dots.
        view: and what follows: see `Graph.dot`.

    Raises:
        ValueError: another `direction`, or an option that `Graph.dot` refuses.
    """
    check_direction(direction)
    if view not in get_args(View):
        raise ValueError(f'view is {view!r}; use "forward", "backward" or "both"')
    drawing = Drawing(graph, depth, fold, hide)
    return _Picture(drawing, view, color_by).drawn(direction, dpi)


def check_direction(direction: Direction) -> None:
    """Refuse what is no direction.

    Raises:
        ValueError: if it is neither "down" nor "right".
    """
    if direction not in ("down", "right"):
        raise ValueError(f'direction is {direction!r}; use "down" or "right"')


def blank(direction: Direction, dpi: int | None = None) -> Digraph:
    """An empty picture with the look of all of them."""
    import graphviz

    picture = graphviz.Digraph()
    picture.attr(
        "graph",
        rankdir="TB" if direction == "down" else "LR",
        bgcolor="#ffffff",
        pad="0.3",
        nodesep="0.3",
        ranksep="0.4",
        fontname="Arial",
        **({"dpi": str(dpi)} if dpi else {}),
    )
    picture.attr(
        "node", shape="box", style="rounded,filled", fontname="Arial", fontsize="12", fontcolor="#1f2328",
        margin="0.12,0.07", height="0.4", penwidth="1.2",
    )  # fmt: skip
    picture.attr("edge", color="#8b95a1", arrowsize="0.7", penwidth="1.1", fontname="Arial", fontsize="10")
    return picture


class _Picture:
    """Writes a drawing as DOT."""

    def __init__(self, drawing: Drawing, view: View, color_by: ColorBy | None) -> None:
        self.drawing, self.view, self.color_by = drawing, view, color_by
        self.graph = drawing.graph
        self.shading = shades(self.graph, color_by) if color_by else {}
        self.last = {twin: index for index, twin in enumerate(drawing.of)}

    def drawn(self, direction: Direction, dpi: int | None) -> Digraph:
        picture = blank(direction, dpi)
        # Lines rather than picture.node(), which takes 70 µs: nothing in them needs its quoting.
        picture.body += self._frames()
        for arrow in self.drawing.arrows:
            picture.body += self._arrow(arrow)
        return picture

    def _frames(self) -> Iterator[str]:
        stack: list[tuple[Box | Frame | None, int]] = [(self.drawing.frame, -1)]
        while stack:
            part, level = stack.pop()
            if part is None:
                yield "\t" * (level + 1) + "}\n"
            elif isinstance(part, Box):
                yield "\t" * (level + 1) + f"{part.id} [{self._box(part)}]\n"
            else:
                if part.id:
                    yield self._opening(part, level)
                    stack.append((None, level))
                stack += [(inner, level + 1) for inner in reversed(part.parts)]

    def _opening(self, frame: Frame, level: int) -> str:
        tab = "\t" * (level + 1)
        if frame.scope is None:
            assert frame.run is not None
            title, facts, look = f"{counted(frame.run.count, 'time')}", "", "rounded,dashed"
        else:
            module = self.drawing.modules.get(frame.scope.path)
            title, facts = module_title(frame.scope, module, frame.run), module_facts(module, frame.run)
            look = "rounded,filled"
        label = _table([cut(visible(title), 48)], [facts] if facts else [], "left")
        pen = "#6f4fc0" if frame.run is not None else "#c5c9d6"
        return (
            f'{tab}subgraph cluster_{frame.id} {{\n{tab}\tlabel={label} labeljust=l style="{look}" '
            f'fillcolor="{_FRAMES[level % 2]}" color="{pen}" class="module" fontcolor="#1f2328" fontsize=11\n'
        )

    # --- boxes -------------------------------------------------------------------------------------

    def _box(self, box: Box) -> str:
        if box.node is None:
            return self._module(box)
        node = box.node
        fill, border = COLOURS[node.kind]
        title = _backward_name(node) if self.view == "backward" and node.kind == "op" else visible(box.name)
        if box.run is not None:
            title += f" × {box.run.count:,}"
        shade = self.shading.get(node.index)
        small = [_params(node), _value(node), f"gradcheck: {node.verdict}" if node.verdict and node.wrong else ""]
        if self.view != "forward" and node.grad is not None:
            number = _number(node.grad)
            small.append(f"gradient: norm {node.grad.norm:.3g}" if number is None else f"gradient {number}")
        if node.error is not None:
            small.append(start_of(visible(node.error), 70))
        if shade is not None:
            last = self.shading.get(self.last[node.index], shade)  # of what is folded, the first and the last
            small.append(self._says(shade) + (f" … {last.words}" if last.words != shade.words else ""))
            fill = shade.fill if last.fill == shade.fill else f"{shade.fill}:{last.fill}"
        hint = html.escape(details(self.graph, node)).replace("\\", r"\\")
        given = f'label={_table([cut(title, _LONGEST)], small)} tooltip="{hint}"'
        kind = "op wrong" if node.wrong else "shaded" if shade is not None else node.kind
        look = "rounded,filled,dashed" if node.kind == "constant" else "rounded,filled"
        if node.wrong:
            fill, border = _WRONG
            given += " penwidth=2"
        given += f' class="{kind}" fillcolor="{fill}" color="{border}" style="{look}"'
        if not node.name.isascii():  # Graphviz in the page takes such letters for as narrow as a space
            ems = sum(1 if east_asian_width(letter) in "WF" else 0.6 for letter in cut(title, _LONGEST))
            given += f" width={0.35 + ems / 6:.2f}"
        return given

    def _module(self, box: Box) -> str:
        assert box.scope is not None
        module = self.drawing.modules.get(box.scope.path)
        ops = [self.graph.nodes[k] for k in box.scope.all_ops()]
        facts = [word for word in module_facts(module, box.run).split(", ") if word]
        shape = _shape(ops[-1]) if ops else ""
        title = cut(visible(module_title(box.scope, module, box.run)), 48)
        wrong = any(op.wrong for op in ops)
        fill, border = _WRONG if wrong else COLOURS["module"]
        known = [self.shading[op.index] for op in ops if op.index in self.shading]
        if known and not wrong:
            worst = max(known, key=lambda shade: -1 if shade.share is None else shade.share)
            fill = worst.fill
            facts.append(self._says(worst, "up to " if len(known) > 1 else ""))
        hint = html.escape(module.detail if module is not None else "").replace("\\", r"\\")
        label = _table([title], [f"{counted(len(ops), 'operation')}", *facts, shape])
        kind = "op wrong" if wrong else "shaded" if known else "closed"
        return f'label={label} tooltip="{hint}" class="{kind}" fillcolor="{fill}" color="{border}" penwidth=1.6'

    def _says(self, shade: Shade, most: str = "") -> str:
        """What a colour says, in words."""
        if shade.words == "-":
            return ""
        return shade.words if shade.share is None else f"{self.color_by} {most}{shade.words}"

    # --- arrows ------------------------------------------------------------------------------------

    def _arrow(self, arrow: Arrow) -> Iterator[str]:
        look = _ARROWS[arrow.kind]
        edge = arrow.edge
        hint = html.escape(" ".join(filter(None, (visible(edge.name), edge.dtype, shape_text(edge.shape)))))
        look += f' tooltip="{hint}"'
        if arrow.kind == "flow" and self.graph.nodes[edge.source].kind == "op":
            look += " weight=4"  # what flows from operation to operation keeps straight; parameters stand beside it
        if self.view in ("forward", "both"):
            yield f"\t{arrow.source} -> {arrow.target} [{look.strip()}]\n"
        if self.view in ("backward", "both") and self._has_gradient(edge):
            beside = "constraint=false " if self.view == "both" else ""
            yield (
                f"\t{arrow.target} -> {arrow.source} "
                f'[color="{_GRADIENT}" style=dashed class="gradient" {beside}tooltip="gradient: {hint}"]\n'
            )

    def _has_gradient(self, edge: GraphEdge) -> bool:
        return (
            self.graph.nodes[edge.source].kind not in ("constant", "buffer") and not self.graph.nodes[edge.target].error
        )


def _backward_name(node: GraphNode) -> str:
    return "".join(part[:1].upper() + part[1:] for part in visible(node.name).split("_")) + "Backward"


def _table(rows: list[str], small: list[str], align: str = "center") -> str:
    """A label: rows in bold, below them small ones."""
    lines = [f"<b>{html.escape(row) or ' '}</b>" for row in rows]  # an empty <b></b> is an error to Graphviz
    lines += [f'<font point-size="10" color="{_FAINT}">{html.escape(line)}</font>' for line in small if line]
    opening = "<td>" if align == "center" else f'<td align="{align}">'
    cells = "".join(f"<tr>{opening}{line}</td></tr>" for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{cells}</table>>'


def _shape(node: GraphNode) -> str:
    if node.error is not None:
        return ""
    return node.dtype or "" if node.kind == "constant" and not node.shape else shape_text(node.shape)


def _value(node: GraphNode) -> str:
    """The shape; of a single number that is known, its value too."""
    number = _number(node.value) if not node.shape and node.error is None else None
    return _shape(node) if number is None else f"{_shape(node)} = {number}"


def _number(found: Summary | None) -> str | None:
    """A single number; None of what has more of them."""
    if found is None or found.values is None or found.values.size != 1:
        return None
    return f"{found.values.item():.4g}"


def _params(node: GraphNode) -> str:
    """The first parameters, as many as there is room for."""
    text = ""
    for name, value in node.params.items():
        longer = f"{text}, {name}={value}" if text else cut(f"{name}={value}", _LONGEST)
        if len(longer) > _LONGEST:
            return f"{text}, …"
        text = longer
    return text
