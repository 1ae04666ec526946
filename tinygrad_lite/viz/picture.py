"""A graph into a file or a notebook: through the program `dot`, or as a page that needs no program."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from tinygrad_lite.files import atomic_write
from tinygrad_lite.viz.dot import digraph
from tinygrad_lite.viz.model import Direction, Graph
from tinygrad_lite.viz.text import excerpt
from tinygrad_lite.viz.words import summary, visible

LARGEST = 3_000
"""Nodes that a layout gets through in about ten seconds; twice as many take more than a minute."""

LARGEST_INLINE = 1_000
"""Nodes of a picture inside a notebook, which keeps it and shows it each time it is opened."""

_DRAWN = (".svg", ".png", ".pdf")
_SOURCE = (".dot", ".gv")
_PAGE = (".html", ".htm")
_INSTALL = (
    "Install Graphviz (Debian and Ubuntu: apt install graphviz; macOS: brew install graphviz; "
    "Windows: winget install graphviz; conda: conda install graphviz)"
)
_ASSETS = files("tinygrad_lite.viz") / "assets"


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


def render(graph: Graph, path: str | os.PathLike[str], direction: Direction) -> Path:
    """See `Graph.render`."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending in _PAGE:
        return save(graph, path, direction=direction)
    if ending not in (*_DRAWN, *_SOURCE):
        raise ValueError(
            f"render(): {path.name!r} ends in {ending or 'nothing'!r}; it can end in "
            f"{', '.join((*_DRAWN, *_SOURCE))}, or in .html for a page"
        )
    if ending in _SOURCE:
        data = digraph(graph, direction).source.encode()
    else:
        data = _drawn(graph, ending[1:], direction, path)
    with atomic_write(path) as file:
        file.write(data)
    return path


def save(
    graph: Graph,
    path: str | os.PathLike[str],
    title: str = "Computation graph",
    direction: Direction = "down",
) -> Path:
    """See `Graph.save`."""
    path = Path(path)
    if path.suffix.lower() not in _PAGE:
        raise ValueError(
            f"save(): {path.name!r} does not end in .html; save() writes a page, render() writes "
            f"{', '.join((*_DRAWN, *_SOURCE))}"
        )
    page = _page(graph, title, direction)
    with atomic_write(path, "w") as file:
        file.write(page)
    return path


def save_anyhow(graph: Graph, folder: str | os.PathLike[str], stem: str, title: str) -> Saved:
    """See `Graph.save_anyhow`."""
    page = Path(folder) / f"{stem}.html"
    if len(graph.nodes) > LARGEST:
        return Saved(save(graph, page, title), "Too large to draw, so this page holds it as text.")
    try:
        return Saved(render(graph, page.with_suffix(".svg"), "down"), "")
    except DotMissingError:
        more = f"{_INSTALL} to get an SVG file instead, and PNG and PDF from Graph.render()."
    except RuntimeError as error:
        more = str(error)
    return Saved(save(graph, page, title), f"Open it in a browser. {more}")


def inline_svg(graph: Graph) -> str | None:
    """The picture for a notebook; None where there is no `dot` or the graph is too large."""
    if len(graph.nodes) > LARGEST_INLINE:
        return None
    try:
        svg = _drawn(graph, "svg", "down").decode()
    except RuntimeError:
        return None
    return svg[svg.index("<svg") :]


def inline_text(graph: Graph) -> str:
    """The text for a notebook, with what to do for a picture."""
    if len(graph.nodes) > LARGEST_INLINE:
        advice = "Too large to draw here: save('graph.html') or render('graph.svg') writes a file."
    else:
        advice = f"{_INSTALL} to see a picture here, or save('graph.html') and open that page."
    return f"<pre>{html.escape(excerpt(graph, 200))}</pre><p>{html.escape(advice)}</p>"


def _drawn(graph: Graph, ending: str, direction: Direction, path: Path | None = None) -> bytes:
    """The bytes of a drawing, made by `dot`."""
    import graphviz

    picture = digraph(graph, direction, dpi=192 if ending == "png" else None)
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
    style = f"<style>\n{_asset('graph.css')}</style>"
    label = html.escape(f"Computation graph: {summary(graph)}")
    svg = svg.replace("<svg ", f'<svg class="tgl-graph" role="img" aria-label="{label}" ', 1)
    return re.sub(r"(<svg [^>]*>)", lambda found: f"{found[1]}\n{style}", svg, count=1)


def _page(graph: Graph, title: str, direction: Direction) -> str:
    """The page: the template, and in it the source of the picture and what draws it."""
    drawable = len(graph.nodes) <= LARGEST
    dot = digraph(graph, direction).source if drawable else None
    data = {"dot": dot, "nodes": len(graph.nodes), "direction": direction}
    # Graphviz for browsers, packed; assets/LICENSE.md says where it comes from.
    engine = (_ASSETS / "viz-global.js.gz").read_bytes() if drawable else b""
    return _filled(
        _asset("page.html"),
        {
            "title": html.escape(visible(title)),
            "summary": html.escape(summary(graph)),
            "text": html.escape(str(graph)),
            "style": _asset("graph.css"),
            "engine": base64.b64encode(engine).decode(),
            # A "</script>" in a name must not end the script that holds the data.
            "data": json.dumps(data).replace("<", "\\u003c"),
        },
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{{name}}` replaced, in one pass: what is put in is not searched again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
