"""Short words for what a graph shows: shapes, sizes, parameters of operations, names that do no harm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tinygrad_lite.op import Op
    from tinygrad_lite.viz.model import Graph

_USUAL = {"stride": "1", "padding": "0", "dilation": "1"}  # of a window: not worth a word
_PLAIN = re.compile(r"\w(?:[\w.:/\[\] -]*[\w\]])?")


def plain(name: str) -> str:
    """A name for a line of text: quoted, with its escapes visible, unless it is an ordinary one."""
    return name if _PLAIN.fullmatch(name) else repr(name)


def visible(text: str) -> str:
    """Text in which whatever does not print, a line break or a control character, shows as its escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def cut(text: str, most: int) -> str:
    """`text`, with its middle left out if it is longer than `most`: names differ at their ends."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2 - 1]}…{text[len(text) - (most - most // 2) :]}"


def start_of(text: str, most: int) -> str:
    """The start of a text, no longer than `most`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@lru_cache(maxsize=4096)
def shape_text(shape: tuple[int, ...]) -> str:
    """`(4, 8)`, or `scalar`."""
    return str(tuple(map(int, shape))) if shape else "scalar"


def bytes_text(count: int) -> str:
    """A number of bytes in the unit that suits it: `388 B`, `1.2 kB`, `3.4 GB`."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def seconds_text(seconds: float) -> str:
    """A time in the unit that suits it: `12 µs`, `3.4 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def amount(count: int) -> str:
    """A number of things, in short if it is large: `9,408`, `1.2 M`."""
    if count < 100_000:
        return f"{count:,}"
    size = float(count)
    for unit in ("k", "M", "G", "T"):
        size /= 1000
        if size < 999.5 or unit == "T":
            break
    return f"{size:.3g} {unit}"


def counted(count: int, word: str) -> str:
    """`1 leaf`, `1,234 leaves`."""
    plural = word[:-1] + "ves" if word.endswith("f") else word + "s"
    return f"{count:,} {word if count == 1 else plural}"


def params_text(entry: Op, params: Mapping[str, Any], shape: tuple[int, ...] | None) -> dict[str, str]:
    """The parameters of an operation that say something, in short.

    Those that have their default are left out, and so is one that only repeats the output's shape.
    """
    told = {}
    for name, value in params.items():
        if value is None or _same(value, entry.defaults.get(name)) or (shape and _same(value, shape)):
            continue
        word = _short(value)
        if word != type(value).__name__:  # of an object nothing is known but its type
            told[name] = cut(visible(word), 40)
    return told


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and isinstance(a, bool | int | float | str | tuple) and _short(a) == _short(b)


def _short(value: Any) -> str:
    match value:
        case np.ndarray():
            return f"{value.dtype} {shape_text(value.shape)}"
        case np.dtype():
            return value.name
        case np.generic():
            return _short(value.item())
        case float():
            return f"{value:.6g}"
        case slice():
            ends = [value.start, value.stop, *([] if value.step is None else [value.step])]
            return ":".join("" if end is None else _short(end) for end in ends)
        case tuple() | list():
            few = [_short(part) for part in value[:6]] + ["…"] * (len(value) > 6)
            comma = "," if len(few) == 1 else ""
            return f"({', '.join(few)}{comma})"
        case None | bool() | int() | complex() | str():
            return repr(value)
        case _ if value is Ellipsis:
            return "..."
        case _ if is_dataclass(value):  # a window of a convolution: what is said of all sides at once
            told = {field.name: _evenly(getattr(value, field.name)) for field in fields(value)}
            return ", ".join(f"{name} {word}" for name, word in told.items() if word != _USUAL.get(name))
    return type(value).__name__


def _evenly(value: Any) -> str:
    """A value for each side as one, where all are the same."""
    while isinstance(value, tuple) and value and all(part == value[0] for part in value):
        value = value[0]
    return _short(value)


def summary(graph: Graph) -> str:
    """A graph in one line: `5 operations, 4 parameters (33 numbers), float32, 388 B saved for backward`."""
    parts = [counted(len(graph.ops), "operation")]
    for kind in ("parameter", "buffer", "input", "leaf", "constant"):
        found = [node for node in graph.nodes if node.kind == kind]
        if found:
            numbers = sum(node.size for node in found)
            parts.append(f"{counted(len(found), kind)} ({counted(numbers, 'number')})")
    parts += sorted(graph.dtypes)
    if graph.saved_bytes or not graph.freed:
        parts.append(f"{bytes_text(graph.saved_bytes)} saved for backward")
    if graph.freed:
        parts.append("rest freed" if graph.saved_bytes else "saved arrays freed")
    if graph.error is not None:
        parts.append(f"broken off by {type(graph.error).__name__}")
    return ", ".join(parts)
