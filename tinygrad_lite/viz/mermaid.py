"""A graph as a Mermaid flowchart, which Markdown renderers draw."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tinygrad_lite.viz.dot import COLOURS, check_direction
from tinygrad_lite.viz.drawing import Box, Drawing, Frame
from tinygrad_lite.viz.model import Direction, Graph
from tinygrad_lite.viz.text import module_facts, module_title
from tinygrad_lite.viz.words import counted, cut, shape_text, start_of, visible

_SHAPES = {"input": ("[/", "/]"), "parameter": ("([", "])"), "buffer": ("([", "])"), "constant": ("((", "))")}
_ARROWS = {"flow": "-->", "residual": "==>", "shared": "-.->", "repeat": "-. next .->"}


def mermaid(graph: Graph, direction: Direction, depth: int | None, fold: bool, hide: Collection[str]) -> str:
    """See `Graph.mermaid`."""
    check_direction(direction)
    drawing = Drawing(graph, depth, fold, hide)
    lines = [f"flowchart {'TD' if direction == 'down' else 'LR'}", *_frames(drawing)]
    lines += [f"    {arrow.source} {_ARROWS[arrow.kind]} {arrow.target}" for arrow in drawing.arrows]
    lines += [
        f"    classDef {kind} fill:{fill},stroke:{border},color:#1f2328" for kind, (fill, border) in COLOURS.items()
    ]
    lines.append("    classDef wrong fill:#ffd7d5,stroke:#cf222e,color:#1f2328")
    return "\n".join(lines)


def _frames(drawing: Drawing) -> Iterator[str]:
    stack: list[tuple[Box | Frame | None, int]] = [(drawing.frame, 0)]
    while stack:
        part, level = stack.pop()
        tab = "    " * level
        if part is None:
            yield f"{tab}end"
        elif isinstance(part, Box):
            yield tab + _box(drawing, part)
        else:
            if part.id:
                yield f'{tab}subgraph {part.id}["{_text(_title(drawing, part))}"]'
                stack.append((None, level))
            stack += [(inner, level + 1) for inner in reversed(part.parts)]


def _title(drawing: Drawing, frame: Frame) -> str:
    if frame.scope is None:
        return counted(frame.run.count if frame.run is not None else 1, "time")
    return module_title(frame.scope, drawing.modules.get(frame.scope.path), frame.run)


def _box(drawing: Drawing, box: Box) -> str:
    if box.node is None:
        assert box.scope is not None
        module = drawing.modules.get(box.scope.path)
        rows = [module_title(box.scope, module, box.run), *module_facts(module, box.run).split(", ")]
        return f'{box.id}["{_rows(rows)}"]:::module'
    node = box.node
    times = f" × {box.run.count:,}" if box.run is not None else ""
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    rows = [cut(box.name, 40) + times, shape_text(node.shape) if node.error is None else start_of(node.error, 60)]
    return f'{box.id}{opening}"{_rows(rows)}"{closing}:::{"wrong" if node.wrong else node.kind}'


def _rows(rows: list[str]) -> str:
    return "<br>".join(_text(row) for row in rows if row)


def _text(text: str) -> str:
    """Text in which no character means anything to Mermaid, Markdown or HTML."""
    plain = re.sub(r"[^\w (),.:;/×+=…-]", lambda found: f"#{ord(found[0])};", visible(text))
    return plain if plain.strip() else "#32;"
