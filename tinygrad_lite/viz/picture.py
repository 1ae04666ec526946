"""A graph into a file or a notebook: through the program `dot`, or as a page that needs no program."""

from __future__ import annotations

import html
import os
import re
import tempfile
import webbrowser
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_lite.files import atomic_write
from tinygrad_lite.viz.dot import digraph
from tinygrad_lite.viz.drawing import Drawing
from tinygrad_lite.viz.model import ColorBy, Direction, Graph
from tinygrad_lite.viz.page import asset, page
from tinygrad_lite.viz.text import excerpt
from tinygrad_lite.viz.words import summary

LARGEST = 3_000
"""Boxes that a layout gets through in about ten seconds; twice as many take more than a minute."""

LARGEST_INLINE = 1_000
"""Boxes of a picture inside a notebook, which keeps it and shows it each time it is opened."""

_DRAWN = (".svg", ".png", ".pdf")
_SOURCE = (".dot", ".gv", ".mmd", ".json")
_PAGE = (".html", ".htm")
ENDINGS = (*_DRAWN, *_SOURCE, ".html")
"""Of the files that `Graph.render` writes."""

_INSTALL = (
    "Install Graphviz (Debian and Ubuntu: apt install graphviz; macOS: brew install graphviz; "
    "Windows: winget install graphviz; conda: conda install graphviz)"
)


class DotMissingError(RuntimeError):
    """The program `dot` is not installed."""


class Saved(NamedTuple):
    """What `Graph.save_anyhow` wrote.

    Attributes:
        path: the file.
        note: what the user should know about it; empty if there is nothing to say.
    """

    path: Path
    note: str


def render(graph: Graph, path: str | os.PathLike[str], direction: Direction, **options: Any) -> Path:
    """See `Graph.render`."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending in _PAGE:
        return save(graph, path, direction=direction, **options)
    if ending not in (*_DRAWN, *_SOURCE):
        raise ValueError(
            f"render(): {path.name!r} ends in {ending or 'nothing'!r}; it can end in "
            f"{', '.join((*_DRAWN, *_SOURCE))}, or in .html for a page"
        )
    if ending in _SOURCE:
        data = _source(graph, ending, direction, options).encode()
    else:
        data = _drawn(graph, ending[1:], direction, path, **options)
    with atomic_write(path) as file:
        file.write(data)
    return path


def _source(graph: Graph, ending: str, direction: Direction, options: dict[str, Any]) -> str:
    """The text of a file that needs no program."""
    if ending == ".mmd":
        return graph.mermaid(direction, **options)
    if ending == ".json":
        return graph.json()
    return graph.dot(direction, **options)


def save(
    graph: Graph,
    path: str | os.PathLike[str],
    title: str | None = None,
    direction: Direction = "down",
    color_by: ColorBy | None = None,
) -> Path:
    """See `Graph.save`."""
    path = Path(path)
    if path.suffix.lower() not in _PAGE:
        raise ValueError(
            f"save(): {path.name!r} does not end in .html; save() writes a page, render() writes "
            f"{', '.join((*_DRAWN, *_SOURCE))}"
        )
    text = page(graph, title, direction=direction, color_by=color_by)
    with atomic_write(path, "w") as file:
        file.write(text)
    return path


def show(graph: Graph) -> Path:
    """See `Graph.show`."""
    path = save(graph, Path(tempfile.mkdtemp(prefix="graph-"), "graph.html"))
    webbrowser.open(path.as_uri())
    return path


def save_anyhow(graph: Graph, folder: str | os.PathLike[str], stem: str, title: str | None) -> Saved:
    """See `Graph.save_anyhow`."""
    file = Path(folder) / f"{stem}.html"
    if _boxes(graph) > LARGEST:
        return Saved(save(graph, file, title), "Open it in a browser: as one picture it would be too large.")
    try:
        return Saved(render(graph, file.with_suffix(".svg"), "down"), "")
    except DotMissingError:
        more = f"{_INSTALL} to get an SVG file instead, and PNG and PDF from Graph.render()."
    except RuntimeError as error:
        more = str(error)
    return Saved(save(graph, file, title), f"Open it in a browser. {more}")


def inline_svg(graph: Graph) -> str | None:
    """The picture for a notebook; None where there is no `dot` or the graph is too large."""
    if _boxes(graph) > LARGEST_INLINE:
        return None
    try:
        svg = _drawn(graph, "svg", "down").decode()
    except RuntimeError:
        return None
    return svg[svg.index("<svg") :]


def inline_text(graph: Graph) -> str:
    """The text for a notebook, with what to do for a picture."""
    if _boxes(graph) > LARGEST_INLINE:
        advice = "Too large to draw here: save('graph.html') or render('graph.svg') writes a file."
    else:
        advice = f"{_INSTALL} to see a picture here, or save('graph.html') and open that page."
    return f"<pre>{html.escape(excerpt(graph, 200))}</pre><p>{html.escape(advice)}</p>"


def _drawn(graph: Graph, ending: str, direction: Direction, path: Path | None = None, **options: Any) -> bytes:
    """The bytes of a drawing, made by `dot`."""
    import graphviz

    picture = digraph(graph, direction, 192 if ending == "png" else None, **options)
    try:
        data = picture.pipe(format=ending, quiet=True)
    except graphviz.ExecutableNotFound:
        raise DotMissingError(
            f"drawing {path.name if path else 'a picture'} needs the program dot, which was not found. {_INSTALL} "
            "to write svg, png and pdf. Without it, save('graph.html') writes a page that any browser "
            "draws, and print(graph) shows the graph as text."
        ) from None
    except graphviz.backend.execute.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise RuntimeError(
            f"dot could not draw this graph of {len(graph.nodes):,} nodes, which may be too many for it: exit status "
            f"{error.returncode}{': ' + said if said else ''}. print(graph) and save('graph.html') show it as text."
        ) from None
    return _themed(data.decode(), graph).encode() if ending == "svg" else data


def _themed(svg: str, graph: Graph) -> str:
    """Graphviz's SVG with the colours of a dark page, and without titles such as `n3` as hints."""
    svg = re.sub(r"<title>.*?</title>\s*", "", svg)
    style = f"<style>\n{asset('graph.css')}</style>"
    label = html.escape(f"Computation graph: {summary(graph)}")
    svg = svg.replace("<svg ", f'<svg class="tgl-graph" role="img" aria-label="{label}" ', 1)
    return re.sub(r"(<svg [^>]*>)", lambda found: f"{found[1]}\n{style}", svg, count=1)


def _boxes(graph: Graph) -> int:
    """How many boxes the picture has."""
    return sum(1 for _ in Drawing(graph, None, True, ()).boxes())
