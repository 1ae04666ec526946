"""The page that shows a graph: one HTML file with the data, the styles and the scripts inside."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Protocol

from tinygrad_lite.viz.model import ColorBy, Direction
from tinygrad_lite.viz.words import visible

__all__ = ["page"]

DAGRE = "3.1.3"
"""Version of the layout library; assets/LICENSE.md says where it comes from."""

# Each needs what stands before it only where it runs while loading; main.js starts the page.
_SCRIPTS = (
    "words", "boxes", "fold", "scene", "layout", "routes", "colour", "draw", "camera", "minimap", "summary", "panel",
    "search", "stepper", "keys", "main",
)  # fmt: skip
_ASSETS = files("tinygrad_lite.viz") / "assets"


class _HasData(Protocol):
    def data(self) -> Mapping[str, Any]: ...


def page(
    graph: _HasData | Mapping[str, Any],
    title: str | None = None,
    *,
    direction: Direction | None = None,
    color_by: ColorBy | None = None,
) -> str:
    """The text of a page that shows a graph in any browser, without network and without another file.

    Args:
        graph: a graph, or what its `data()` gives.
        title: of the page; by default the graph's own.
        direction: which way the computation flows; by default as the graph says.
        color_by: what the boxes are coloured by when the page opens; by default as the graph says.

    Returns:
        The HTML. Names in the graph are data in it, whatever they hold: no script but the page's own
        can run.

    Example:
        >>> op = {"kind": "op", "name": "</script>", "number": 1, "shape": [2], "dtype": None, "module": "",
        ...       "line": None, "params": {}, "saved": 0, "macs": None, "trivial": False, "forward_s": None,
        ...       "backward_s": None, "verdict": None, "error": None, "value": None, "grad": None,
        ...       "nan_origin": False}
        >>> data = {"version": 1, "title": "Net", "summary": "1 operation", "direction": "down",
        ...         "color_by": None, "nodes": [op], "edges": [], "modules": [], "rows": {}, "backward": None}
        >>> text = page(data, title="My net")
        >>> text.startswith("<!DOCTYPE html>"), "<title>My net</title>" in text, text.count("</script>")
        (True, True, 2)
    """
    data = dict(graph if isinstance(graph, Mapping) else graph.data())
    if title is not None:
        data["title"] = title
    if direction is not None:
        data["direction"] = direction
    if color_by is not None:
        data["color_by"] = color_by
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _filled(
        asset("page.html"),
        {
            "title": html.escape(visible(str(data["title"]))),
            "summary": html.escape(visible(str(data["summary"]))),
            "dagre": DAGRE,
            "hash": f"sha256-{digest}",
            "style": _style(),
            # A "</script>" in a name must not end the element that holds the data.
            "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
            "script": script,
        },
    )


def _script() -> str:
    library = re.sub(r"//# sourceMappingURL=.*", "", asset("dagre.min.js"))
    ours = "\n".join(asset(f"{name}.js") for name in _SCRIPTS)
    return f'{library}\n(() => {{\n"use strict";\n{ours}}})();\n'


def _style() -> str:
    """The styles; the dark colours stand once in their file and hold for the setting and for the switch."""
    dark = asset("dark.css")
    asked = f'@media screen {{ :root[data-theme="dark"] {{\n{dark}}} }}'
    system = f'@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{\n{dark}}} }}'
    return _filled(asset("page.css"), {"dark": f"{asked}\n{system}"})


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{{name}}` replaced, in one pass: what is put in is not searched again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)


def asset(name: str) -> str:
    """A file that comes with this module, as text."""
    return (_ASSETS / name).read_text(encoding="utf-8")
