"""A graph in DOT, Graphviz's language, through the `graphviz` library.

Colours for a light page stand in the source, so that every format has them; each node also has its kind
as a class, by which `assets/graph.css` recolours SVG where the reader prefers dark.
"""

from __future__ import annotations

import html
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from tinygrad_lite.viz.model import Direction, Graph, GraphNode
from tinygrad_lite.viz.text import details
from tinygrad_lite.viz.words import cut, shape_text, visible

if TYPE_CHECKING:
    from graphviz import Digraph

# For each kind: fill, border. assets/graph.css has them for a dark page.
COLOURS = {
    "parameter": ("#fff3d1", "#b98300"),
    "leaf": ("#dcf0ff", "#1f77b4"),
    "constant": ("#ffffff", "#9aa4af"),
    "op": ("#f4f5f7", "#6b7682"),
    "output": ("#d9f5e5", "#13855c"),
}
_WRONG = ("#ffd7d5", "#cf222e")  # an operation that did not pass a gradient check
_FAINT = "#57606a"
_LONGEST = 32  # characters of a name or of parameters that a box shows; the hint shows all


def digraph(graph: Graph, direction: Direction = "down", dpi: int | None = None) -> Digraph:
    """The picture of a graph, for `dot` or anything else that reads DOT.

    Args:
        graph: what to draw.
        direction: which way the computation flows, `"down"` or `"right"`.
        dpi: dots per inch, for formats that have dots.

    Raises:
        ValueError: another `direction`.
    """
    import graphviz

    if direction not in ("down", "right"):
        raise ValueError(f'direction is {direction!r}; use "down" or "right"')
    picture = graphviz.Digraph()
    picture.attr(
        "graph",
        rankdir="TB" if direction == "down" else "LR",
        bgcolor="#ffffff",
        pad="0.3",
        nodesep="0.3",
        ranksep="0.4",
        **({"dpi": str(dpi)} if dpi else {}),
    )
    picture.attr(
        "node", shape="box", style="rounded,filled", fontname="Arial", fontsize="12", fontcolor="#1f2328",
        margin="0.12,0.07", height="0.4", penwidth="1.2",
    )  # fmt: skip
    picture.attr("edge", color="#8b95a1", arrowsize="0.7", penwidth="1.1")
    # Lines rather than picture.node(), which takes 70 µs: nothing in them needs its quoting.
    for kind, nodes in groupby(graph.nodes, key=attrgetter("kind")):
        fill, border = COLOURS[kind]
        style = "rounded,filled,dashed" if kind == "constant" else "rounded,filled"
        picture.attr("node", **{"class": kind, "fillcolor": fill, "color": border, "style": style})
        for node in nodes:
            picture.body.append(f"\tn{node.index} [{_attributes(graph, node)}]\n")
    for edge in graph.edges:
        # What flows from operation to operation keeps straight; parameters stand beside it.
        straight = " [weight=4]" if graph.nodes[edge.source].kind == "op" else ""
        picture.body.append(f"\tn{edge.source} -> n{edge.target}{straight}\n")
    return picture


def _box(node: GraphNode) -> str:
    """The label: the name, below it in small what parameters there is room for and the shape."""
    shape = node.dtype if node.kind == "constant" and not node.shape else shape_text(node.shape)
    small = [line for line in (_params(node), shape, f"gradcheck: {node.verdict}" if node.wrong else "") if line]
    rows = [f"<b>{html.escape(_title(node)) or ' '}</b>"]  # an empty <b></b> is an error to Graphviz
    rows += [f'<font point-size="10" color="{_FAINT}">{html.escape(line)}</font>' for line in small]
    cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{cells}</table>>'


def _title(node: GraphNode) -> str:
    return cut(visible(node.name), _LONGEST)


def _params(node: GraphNode) -> str:
    """The first parameters, as many as there is room for."""
    text = ""
    for name, value in node.params.items():
        longer = f"{text}, {name}={value}" if text else cut(f"{name}={value}", _LONGEST)
        if len(longer) > _LONGEST:
            return f"{text}, …"
        text = longer
    return text


def _attributes(graph: Graph, node: GraphNode) -> str:
    hint = html.escape(details(graph, node)).replace("\\", r"\\")
    given = f'label={_box(node)} tooltip="{hint}"'
    if node.wrong:
        given += ' class="op wrong" fillcolor="{}" color="{}" penwidth=2'.format(*_WRONG)
    if not node.name.isascii():  # Graphviz in the page takes such letters for as narrow as a space
        ems = sum(1 if east_asian_width(letter) in "WF" else 0.6 for letter in _title(node))
        given += f" width={0.35 + ems / 6:.2f}"
    return given
