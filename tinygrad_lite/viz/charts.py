"""Line charts as self-contained SVG text: loss and accuracy curves without a plotting library."""

from __future__ import annotations

import html
import math
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinygrad_lite.files import atomic_write

__all__ = ["Panel", "chart", "line_chart"]

Values = NDArray[np.float64]

# Okabe and Ito's colours, which the colour-blind can tell apart; brighter ones on a dark page.
LIGHT = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DARK = ("#56b4e9", "#f28e4b", "#2fc79b", "#e5a3c6", "#f0e442", "#9db4ff")
_DASHES = ("", "7 4", "2 4")  # for the series after those that use up the colours
_EDGE, _LINE = 14, 19  # pixels: the margin, the height of a line of text
_SMALLEST, _LARGEST = 1e-290, 1e300  # beyond them the arithmetic of an axis breaks down


@dataclass(frozen=True)
class Panel:
    """One plot of a chart.

    Attributes:
        title: the line above the plot; may be empty.
        series: for each name the values at x = `x_start`, `x_start` + 1, and so on. NaN and
            infinite values (and those not above zero, if `log_y`) leave a gap and are counted in
            a note.
        y_label: what the values are; may be empty.
        log_y: whether equal ratios, rather than equal differences, are equally far apart.
    """

    title: str
    series: Mapping[str, ArrayLike]
    y_label: str = ""
    log_y: bool = False


def line_chart(
    series: Mapping[str, ArrayLike],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: int = 640,
    height: int = 400,
    log_y: bool = False,
    x_start: int = 0,
) -> str:
    """Draw a chart of one panel: see `Panel` for the series, and `chart` for everything else.

    Example:
        >>> svg = line_chart({"train": [0.9, 0.4, 0.2], "test": [1.0, 0.6, 0.5]}, title="Loss")
        >>> svg.startswith("<svg"), "train" in svg
        (True, True)
    """
    panel = Panel(title, series, y_label, log_y)
    return chart([panel], path, x_label=x_label, width=width, height=height, x_start=x_start)


def chart(
    panels: Sequence[Panel],
    path: str | os.PathLike[str] | None = None,
    *,
    x_label: str = "",
    width: int = 640,
    height: int = 560,
    x_start: int = 0,
) -> str:
    """Draw panels one above the other over a common x axis.

    Args:
        panels: from top to bottom, such as the loss and the accuracy of one training run.
        path: where to write the SVG file, which appears only when complete; not written if None.
        x_label: what the x axis counts, such as `"epoch"`.
        width: of the whole chart in pixels.
        height: of the whole chart in pixels; more is taken if the plots would be less than 80 high.
        x_start: the x of the first value of every series.

    Returns:
        The SVG text, which needs no other file, suits light and dark pages, and scales.

    Raises:
        OSError: `path` cannot be written.
        ValueError: there are no panels, a panel has no values, a series is not one row of numbers,
            or `width` leaves no room for a plot.

    Example:
        >>> loss = Panel("Loss", {"train": [2.3, 0.4, 0.1]}, log_y=True)
        >>> accuracy = Panel("Accuracy", {"train": [0.1, 0.8, 0.9]})
        >>> svg = chart([loss, accuracy], x_label="epoch", x_start=1)
    """
    if not panels:
        raise ValueError("chart: there are no panels; give at least one")
    plots = [_Plot(panel, width, height // len(panels)) for panel in panels]
    count = max(plot.count for plot in plots)
    left = _EDGE + max(plot.y_room for plot in plots)
    right = width - _EDGE - _width(f"{x_start + count - 1:,}") // 2
    if right - left < 60:
        least = width + 60 - (right - left)
        raise ValueError(f"chart: width {width} leaves no room for a plot; give at least {least}")
    x = _count_axis(x_start, count, right - left)
    foot = _LINE * (1 + bool(x_label))
    texts = foot + sum(plot.above + plot.below for plot in plots)
    depth = max(80, (height - texts) // len(plots))

    parts: list[str] = []
    end = 0
    for plot in plots:
        box = _Box(left, right, end + plot.above, end + plot.above + depth)
        parts += [*plot.heading(box), *plot.frame(box, x), *plot.curves(box, x, x_start)]
        end = box.bottom + plot.below
        if plot is plots[-1]:
            parts += _x_labels(box, x, x_label)
            end += foot
        if plot.note:
            parts.append(_text(plot.note, right, end - 8, "faint", "end", right - _EDGE))
    name = ", ".join(panel.title for panel in panels if panel.title) or "Line chart"
    svg = _document(name, width, end, parts)
    if path is not None:
        with atomic_write(path, "w") as file:
            file.write(svg)
    return svg


def _document(name: str, width: int, height: int, parts: Sequence[str]) -> str:
    name = _escape(name)
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" class="tgl-chart" role="img" aria-label="{name}">'
    )
    page = f'<rect class="page" width="{width}" height="{height}" rx="6"/>'
    return "\n".join([start, f"<title>{name}</title>", _STYLE, page, *parts, "</svg>\n"])


class _Box(NamedTuple):
    """Where a plot lies, in pixels."""

    left: int
    right: int
    top: int
    bottom: int


class _Axis(NamedTuple):
    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str]
    log: bool = False

    def place(self, values: ArrayLike, start: float, end: float) -> Values:
        """The pixels of `values`, where `start` is the pixel of `low` and `end` that of `high`."""
        low, high, at = (
            np.log10(part) if self.log else np.asarray(part, float) for part in (self.low, self.high, values)
        )
        return np.asarray(start + (at - low) / (high - low) * (end - start))


class _Plot:
    """A panel made ready: its numbers checked, its axis chosen, the space that its texts take."""

    def __init__(self, panel: Panel, width: int, height: int) -> None:
        self.panel = panel
        self.series, self.note = _clean(panel)
        self.count = max(map(len, self.series.values()))
        self.axis = _value_axis(np.concatenate(list(self.series.values())), panel.log_y, max(3, min(8, height // 50)))
        self.legend = _legend(list(self.series), width - 2 * _EDGE)
        self.above = _EDGE + 6 + _LINE * (bool(panel.title) + len(self.legend))
        self.below = _EDGE + _LINE * bool(self.note)
        self.y_room = 8 + max(map(_width, self.axis.labels)) + _LINE * bool(panel.y_label)

    def heading(self, box: _Box) -> Iterator[str]:
        """The title and the legend, above the plot."""
        y = box.top - self.above + _LINE + 4
        room = box.right - _EDGE
        if self.panel.title:
            yield _text(self.panel.title, _EDGE, y, "title", room=room * 0.8)
            y += _LINE
        for row in self.legend:
            for x, index, name in row:
                yield _line(f"M{_EDGE + x} {y - 4}h18", index)
                yield _text(name, _EDGE + x + 24, y, room=room - 24)
            y += _LINE

    def frame(self, box: _Box, x: _Axis) -> Iterator[str]:
        """The grid, the labels of the y axis and the axis itself."""
        for at in x.place(x.ticks, box.left, box.right):
            yield f'<path class="grid" d="M{at:.1f} {box.top}V{box.bottom}"/>'
        heights = self.axis.place(self.axis.ticks, box.bottom, box.top)
        for at, label in zip(heights, self.axis.labels, strict=True):
            yield f'<path class="grid" d="M{box.left} {at:.1f}H{box.right}"/>'
            yield _text(label, box.left - 8, at + 4, "faint", "end")
        yield f'<path class="axis" d="M{box.left} {box.bottom}H{box.right}"/>'
        if self.panel.y_label:
            middle, turn = (box.top + box.bottom) / 2, f"rotate(-90 {_EDGE + 8} "
            label = _text(self.panel.y_label, _EDGE + 8, middle, "", "middle", box.bottom - box.top)
            yield f'<g transform="{turn}{middle})">{label}</g>'

    def curves(self, box: _Box, x: _Axis, x_start: int) -> Iterator[str]:
        """The series: a line for every run of values without a gap, a dot for a lone value."""
        for index, (name, values) in enumerate(self.series.items()):
            across = x.place(x_start + np.arange(len(values)), box.left, box.right)
            down = self.axis.place(values, box.bottom, box.top)
            yield f"<g><title>{_escape(name)}</title>"
            for run in _runs(values):
                shown = run[_thinned(values[run], box.right - box.left)]
                points = [f"{across[i]:.1f} {down[i]:.1f}" for i in shown]
                if len(points) > 1:
                    travel = np.abs(np.diff(down[shown])).sum()
                    noisy = travel > 10 * (box.bottom - box.top)
                    yield _line("M" + "L".join(points), index, "noisy" if noisy else "")
                else:
                    at_x, at_y = points[0].split()
                    colour = f"f{index % len(LIGHT)}"
                    yield f'<circle class="{colour}" cx="{at_x}" cy="{at_y}" r="3.5"/>'
            yield "</g>"


def _clean(panel: Panel) -> tuple[dict[str, Values], str]:
    """The series with NaN for what cannot be drawn, and a note that counts those values."""
    series, notes = {}, []
    for name, given in panel.series.items():
        try:
            values = np.array(given, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"chart: the series {name!r} is not a row of numbers: {error}") from None
        if values.ndim != 1:
            raise ValueError(f"chart: the series {name!r} has shape {values.shape}; give one row of numbers")
        good = np.abs(values) <= _LARGEST  # false for NaN too
        if panel.log_y:
            good &= values >= _SMALLEST
        if not good.all():
            notes.append(f"{np.sum(~good):,} of {values.size:,} in {name}")
        series[str(name)] = np.where(good, values, np.nan)
    if not any(values.size for values in series.values()):
        raise ValueError(f"chart: the panel {panel.title!r} has no values; give at least one")
    why = "NaN, infinite or not above 0" if panel.log_y else "NaN or infinite"
    return series, f"Not drawn, {why}: {', '.join(notes)}" if notes else ""


def _runs(values: Values) -> list[NDArray[np.intp]]:
    """The indices of the values that are not NaN, cut where one is missing."""
    there = np.flatnonzero(~np.isnan(values))
    return [run for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1) if run.size]


def _thinned(values: Values, columns: int) -> NDArray[np.intp]:
    """Which of many values to draw: the least and the greatest of each pixel column."""
    if len(values) <= 4 * columns:
        return np.arange(len(values))
    pieces = np.array_split(np.arange(len(values)), columns)
    ends = [(piece[values[piece].argmin()], piece[values[piece].argmax()]) for piece in pieces]
    return np.unique([0, *np.ravel(ends), len(values) - 1])


def _value_axis(values: Values, log: bool, most: int) -> _Axis:
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.1, 1.0)
    if log and high > 2 * low:
        return _log_axis(low, high, most)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), _SMALLEST):  # a level line
        pad = abs(high) / 10 if abs(high) > 1e3 * _SMALLEST else 1.0
        low, high = low - pad, high + pad
    step = _nice_step(high - low, most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [float(f"{number * step:.15g}") for number in range(first, last + 1)]
    return _Axis(ticks[0], ticks[-1], ticks, _labels(ticks, [step] * len(ticks)), log)


def _count_axis(start: int, count: int, room: int) -> _Axis:
    """The x axis: whole numbers only, as many as their labels leave room for."""
    end = start + count - 1
    widest = max(_width(f"{start:,}"), _width(f"{end:,}"))
    step = max(1, round(_nice_step(max(1, end - start), max(1, min(10, room // (widest + 16))))))
    ticks = list(range(-(-start // step) * step, end + 1, step))
    margin = 0 if count > 1 else 0.5
    return _Axis(start - margin, end + margin, ticks, [f"{tick:,}" for tick in ticks])


def _nice_step(span: float, most: int) -> float:
    """The least of ..., 0.5, 1, 2, 5, 10, ... that cuts `span` into no more than `most`."""
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)


def _log_axis(low: float, high: float, most: int) -> _Axis:
    """From a round number to another; ticks at powers of ten, where few at 2 and 5 times those."""
    first, last = math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1
    tens = range(first, last + 1)
    ends = [float(f"{factor}e{ten}") for ten in tens for factor in (1, 2, 5)]
    low, high = max(end for end in ends if end <= low), min(end for end in ends if end >= high)
    ticks = [end for end in ends if low <= end <= high]
    if len(ticks) > most + 1:
        stride = math.ceil((last - first - 2) / most)
        decades = [float(f"1e{ten}") for ten in tens if ten % stride == 0]
        ticks = [decade for decade in decades if low <= decade <= high]
    if len(ticks) < 2:
        ticks = sorted({low, *ticks, high})
    return _Axis(low, high, ticks, _labels(ticks, ticks), log=True)


def _labels(ticks: Sequence[float], steps: Sequence[float]) -> list[str]:
    """The ticks as text, with the decimals that their steps need; all in one notation."""
    plain = min(steps) >= 0.9e-4 and max(map(abs, ticks)) < 1e7
    return [_number(*pair, plain).replace("-", "\N{MINUS SIGN}") for pair in zip(ticks, steps, strict=True)]


def _number(value: float, step: float, plain: bool) -> str:
    place = math.floor(math.log10(step) + 1e-9)
    if plain:
        return f"{value:,.{max(0, -place)}f}"
    if value == 0:
        return "0"
    digits = max(0, math.floor(math.log10(abs(value)) + 1e-9) - place)
    mantissa, power = f"{value:.{digits}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if digits else mantissa}e{int(power)}"


def _x_labels(box: _Box, x: _Axis, name: str) -> Iterator[str]:
    for at, label in zip(x.place(x.ticks, box.left, box.right), x.labels, strict=True):
        yield _text(label, at, box.bottom + _LINE - 1, "faint", "middle")
    if name:
        middle = (box.left + box.right) / 2
        yield _text(name, middle, box.bottom + 2 * _LINE, "", "middle", box.right - box.left)


def _legend(names: Sequence[str], room: int) -> list[list[tuple[int, int, str]]]:
    """Rows of (x, index, name), as many as `room` pixels of width make necessary."""
    rows: list[list[tuple[int, int, str]]] = []
    x = room
    for index, name in enumerate(names):
        wide = min(room, _width(name) + 24)
        if not rows or x + wide > room:
            rows.append([])
            x = 0
        rows[-1].append((x, index, name))
        x += wide + 18
    return rows


def _text(text: str, x: float, y: float, style: str = "", anchor: str = "start", room: float = math.inf) -> str:
    """A line of text, cut to `room` pixels; what was cut shows under the mouse pointer."""
    short = text if _width(text) <= room else text[: int(room // 7)] + "…"
    while _width(short) > room and len(short) > 1:
        short = short.removesuffix("…")[:-1] + "…"
    whole = f"<title>{_escape(text)}</title>" if short != text else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{_escape(short)}{whole}</text>'


def _width(text: str) -> int:
    """The pixels that a text may need in any common font at 12 pixels."""
    return sum(13 if unicodedata.east_asian_width(letter) in "WF" else 7 for letter in text)


def _escape(text: str) -> str:
    """Text for SVG, without the control characters that XML forbids."""
    return html.escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))


def _line(path: str, index: int, style: str = "") -> str:
    """A line in the colour, and past the last colour also the dashes, of the series `index`."""
    dashes = _DASHES[index // len(LIGHT) % len(_DASHES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path class="line {style} s{index % len(LIGHT)}" d="{path}"{dashed}/>'


def _theme(page: str, text: str, faint: str, grid: str, colours: Sequence[str]) -> str:
    rules = {".page": f"fill:{page}", "text": f"fill:{text}", ".faint": f"fill:{faint}"}
    rules |= {".grid": f"stroke:{grid}", ".axis": f"stroke:{faint}"}
    for index, colour in enumerate(colours):
        rules |= {f".s{index}": f"stroke:{colour}", f".f{index}": f"fill:{colour}"}
    # Every rule names the chart's class, so that it spares the page in which the SVG may lie.
    return "".join(f".tgl-chart {what}{{{how}}}" for what, how in rules.items())


_STYLE = (
    "<style>.tgl-chart text{font:12px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}"
    ".tgl-chart .title{font-size:15px;font-weight:600}"
    ".tgl-chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
    ".tgl-chart .noisy{stroke-width:1;stroke-opacity:.55}"
    + _theme("#ffffff", "#24292f", "#57606a", "#e4e7eb", LIGHT)
    + "@media (prefers-color-scheme:dark){"
    + _theme("#16181d", "#e6e8eb", "#9aa4af", "#2d323a", _DARK)
    + "}</style>"
)
