"""Line charts: well-formed, readable SVG for any numbers a training run can produce."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lite.viz.charts import Panel, chart, line_chart

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parse(svg).iter(f"{SVG}text")]


def curves(svg: str) -> list[ET.Element]:
    """The drawn series in order: the groups whose title is a series' name."""
    return [g for g in parse(svg).iter(f"{SVG}g") if g.find(f"{SVG}title") is not None]


def points(path: ET.Element) -> list[tuple[float, float]]:
    pairs = path.attrib["d"].lstrip("M").split("L")
    return [(float(x), float(y)) for x, y in (pair.split() for pair in pairs)]


def y_labels(svg: str) -> list[tuple[float, str]]:
    """(pixel, text) of the labels of the y axis: those that end at the axis."""
    found = []
    for element in parse(svg).iter(f"{SVG}text"):
        is_tick = element.get("class") == "faint" and element.get("text-anchor") == "end"
        if is_tick and not (element.text or "").startswith("Not drawn"):
            found.append((float(element.attrib["y"]), element.text or ""))
    return found


def test_svg_has_title_labels_legend_and_role() -> None:
    svg = line_chart({"train": [3, 2, 1], "test": [3, 3, 2]}, title="Loss", x_label="epoch", y_label="nats")
    root = parse(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Loss"
    assert (root.findtext(f"{SVG}title")) == "Loss"
    assert {"Loss", "epoch", "nats", "train", "test"} <= set(texts(svg))
    assert (root.get("width"), root.get("height")) == ("640", "400")


def test_svg_needs_nothing_else() -> None:
    svg = line_chart({"a": [1, 2]})
    assert "prefers-color-scheme:dark" in svg
    links = re.findall(r"https?://[^\s\"'<>]+", svg)
    assert links == ["http://www.w3.org/2000/svg"]
    assert "<script" not in svg


def test_written_file_is_the_returned_text(tmp_path: Path) -> None:
    svg = line_chart({"größe": [1, 2]}, tmp_path / "chart.svg", title="Größe")
    assert (tmp_path / "chart.svg").read_text(encoding="utf-8") == svg
    assert [path.name for path in tmp_path.iterdir()] == ["chart.svg"]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="create it first"):
        line_chart({"a": [1]}, tmp_path / "none" / "chart.svg")


def test_line_goes_through_the_values() -> None:
    svg = line_chart({"a": [0, 10, 5]})
    (path,) = curves(svg)[0].findall(f"{SVG}path")
    (x0, y0), (x1, y1), (x2, y2) = points(path)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 > y2 > y1  # y runs downwards
    assert y2 == pytest.approx((y0 + y1) / 2, abs=0.2)


def test_log_axis_spaces_ratios_evenly() -> None:
    svg = line_chart({"a": [1e-3, 1, 1e3]}, log_y=True)
    (_, y0), (_, y1), (_, y2) = points(curves(svg)[0].findall(f"{SVG}path")[0])
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)


def test_one_point_is_a_dot() -> None:
    (group,) = curves(line_chart({"a": [0.5]}))
    assert len(group.findall(f"{SVG}circle")) == 1
    assert not group.findall(f"{SVG}path")


def test_nan_and_inf_leave_a_gap_and_are_counted() -> None:
    svg = line_chart({"a": [1, 2, math.nan, 3, 4, math.inf, 5], "b": [1, 2]})
    group = curves(svg)[0]
    assert [len(points(path)) for path in group.findall(f"{SVG}path")] == [2, 2]
    assert len(group.findall(f"{SVG}circle")) == 1
    assert "Not drawn, NaN or infinite: 2 of 7 in a" in texts(svg)
    assert "nan" not in svg.replace("NaN", "")


def test_log_axis_counts_what_is_not_above_zero() -> None:
    svg = line_chart({"a": [1, 0, -1, 10]}, log_y=True)
    assert "Not drawn, NaN, infinite or not above 0: 2 of 4 in a" in texts(svg)


def test_only_nan_still_makes_a_chart() -> None:
    svg = line_chart({"loss": [math.nan] * 3})
    assert "Not drawn, NaN or infinite: 3 of 3 in loss" in texts(svg)


@pytest.mark.parametrize("series", [{}, {"a": []}, {"a": [], "b": []}])
def test_nothing_to_draw_is_an_error(series: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="has no values"):
        line_chart(series)


def test_a_series_without_values_may_stand_beside_others() -> None:
    assert "later" in texts(line_chart({"now": [1, 2], "later": []}))


def test_no_panels_is_an_error() -> None:
    with pytest.raises(ValueError, match="no panels"):
        chart([])


@pytest.mark.parametrize("values", [[[1, 2], [3, 4]], 5, ["a"], [None, object()], [1 + 2j]])
def test_what_is_no_row_of_numbers_is_an_error(values: object) -> None:
    with pytest.raises(ValueError, match="the series 'bad'"):
        line_chart({"bad": values})  # type: ignore[dict-item]


@pytest.mark.parametrize("width", [-5, 0, 60])
def test_too_narrow_is_an_error(width: int) -> None:
    with pytest.raises(ValueError, match="leaves no room for a plot; give at least") as caught:
        line_chart({"a": [1, 2]}, width=width)
    least = int(re.findall(r"at least (\d+)", str(caught.value))[0])
    line_chart({"a": [1, 2]}, width=least)


def test_hostile_text_is_escaped() -> None:
    nasty = "</text><script>alert('&\"')</script>\x00\x1b\ud800"
    svg = line_chart({nasty: [1, 2]}, title=nasty, x_label=nasty, y_label=nasty, width=2000)
    assert "<script" not in svg
    shown = nasty.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")
    assert texts(svg).count(shown) == 4
    svg.encode("utf-8")


def test_long_text_is_cut_and_kept_as_a_tooltip() -> None:
    title = "A title far too long " * 1000
    svg = line_chart({"a": [1, 2]}, title=title)
    heading = next(e for e in parse(svg).iter(f"{SVG}text") if e.get("class") == "title")
    assert (heading.text or "").endswith("…")
    assert len(heading.text or "") < 80
    assert heading.findtext(f"{SVG}title") == title


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0, 1e6], ["0", "200,000", "400,000", "600,000", "800,000", "1,000,000"]),
        ([0, 1e-6], ["0", "2e−7", "4e−7", "6e−7", "8e−7", "1e−6"]),
        ([-2, 3], ["−2", "−1", "0", "1", "2", "3"]),
        ([7, 7], [f"{6.2 + 0.2 * i:.1f}" for i in range(9)]),
        ([2e9, 3e9], ["2e9", "2.2e9", "2.4e9", "2.6e9", "2.8e9", "3e9"]),
    ],
)
def test_ticks_are_round(values: list[float], expected: list[str]) -> None:
    assert [text for _, text in y_labels(line_chart({"a": values}))] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1000], ["1", "10", "100", "1,000"]),
        ([3, 40], ["2", "5", "10", "20", "50"]),
        ([1e-6, 1e6], ["1e−6", "1e−4", "1e−2", "1e0", "1e2", "1e4", "1e6"]),
        ([0.93, 0.97], [f"{0.93 + 0.005 * i:.3f}" for i in range(9)]),
    ],
)
def test_log_ticks_are_round(values: list[float], expected: list[str]) -> None:
    assert [text for _, text in y_labels(line_chart({"a": values}, log_y=True))] == expected


def test_x_ticks_are_whole_numbers_from_the_start() -> None:
    svg = line_chart({"a": [3, 2, 1]}, x_start=1)
    ticks = [
        element.text
        for element in parse(svg).iter(f"{SVG}text")
        if element.get("class") == "faint" and element.get("text-anchor") == "middle"
    ]
    assert ticks == ["1", "2", "3"]


@pytest.mark.parametrize("count", [1, 2, 3, 5000, 300_000])
def test_size_is_bounded_and_extremes_are_kept(count: int) -> None:
    values = np.random.default_rng(0).normal(size=count)
    values[count // 3] = 50.0
    svg = line_chart({"a": values})
    assert len(svg) < 60_000
    if count > 1:
        drawn = points(curves(svg)[0].findall(f"{SVG}path")[0])
        flat = points(curves(line_chart({"a": [50.0, values.min()]}))[0].findall(f"{SVG}path")[0])
        assert min(y for _, y in drawn) == pytest.approx(flat[0][1], abs=0.2)
        assert drawn == sorted(drawn, key=lambda point: point[0])


def test_panels_share_the_x_axis() -> None:
    loss = Panel("Loss", {"train": [2.0, 1.0, 0.5]}, "nats", log_y=True)
    accuracy = Panel("Accuracy", {"train": [0.1, 0.5, 0.9], "test": [0.1, 0.4]}, "share")
    svg = chart([loss, accuracy], x_label="epoch")
    upper, lower, short = (points(g.findall(f"{SVG}path")[0]) for g in curves(svg))
    assert [x for x, _ in upper] == [x for x, _ in lower]
    assert [x for x, _ in short] == [x for x, _ in lower][:2]
    assert max(y for _, y in upper) < min(y for _, y in lower)
    assert texts(svg).count("epoch") == 1
    assert parse(svg).get("aria-label") == "Loss, Accuracy"


def test_many_series_differ_in_colour_or_dash() -> None:
    svg = line_chart({f"run {i}": [i, i + 1] for i in range(18)})
    looks = [g.findall(f"{SVG}path")[0].attrib for g in curves(svg)]
    assert len({(look["class"], look.get("stroke-dasharray")) for look in looks}) == 18


numbers = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, 5e-324, 1e-300, 1e300, 1.7e308, -1.7e308, math.nan, math.inf]),
    st.integers(-(10**6), 10**6).map(float),
)


@settings(deadline=None, max_examples=150)
@given(
    series=st.dictionaries(st.text(max_size=30), st.lists(numbers, min_size=1, max_size=12), min_size=1),
    log_y=st.booleans(),
    width=st.integers(400, 900),
    height=st.integers(50, 600),
    x_start=st.integers(-100, 10**7),
)
def test_any_numbers_make_a_clean_chart(
    series: dict[str, list[float]], log_y: bool, width: int, height: int, x_start: int
) -> None:
    svg = line_chart(series, log_y=log_y, width=width, height=height, x_start=x_start)
    root = parse(svg)
    for group in curves(svg):
        for path in group.findall(f"{SVG}path"):
            for x, y in points(path):
                assert 0 <= x <= width
                assert 0 <= y <= float(root.attrib["height"])
    labels = y_labels(svg)
    assert 2 <= len(labels) <= 13
    assert len({text for _, text in labels}) == len(labels)
    heights = sorted(y for y, _ in labels)
    assert min(np.diff(heights)) >= 8


@settings(deadline=None, max_examples=100)
@given(low=st.floats(1e-12, 1e12), ratio=st.floats(1.0, 1e9), log_y=st.booleans())
def test_axis_reaches_around_the_values_without_waste(low: float, ratio: float, log_y: bool) -> None:
    svg = line_chart({"a": [low, low * ratio]}, log_y=log_y)
    (path,) = curves(svg)[0].findall(f"{SVG}path")
    ys = [y for _, y in points(path)]
    edges = [
        float(pixel)
        for grid in parse(svg).iter(f"{SVG}path")
        if grid.get("class") == "grid" and "V" in grid.attrib["d"]
        for pixel in re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", grid.attrib["d"])[0]
    ]
    assert min(edges) - 0.1 <= min(ys) <= max(ys) <= max(edges) + 0.1
    if ratio > 1.01:
        assert max(ys) - min(ys) > 0.3 * (max(edges) - min(edges))
