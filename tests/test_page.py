"""The page that shows a graph, in headless Chromium: opening it, looking around, opening and folding."""

import hashlib
import importlib.resources
import json
import re
import struct
import zlib
from collections import Counter

import page_fixtures
import pytest
from page_driving import BOXES, browser, count, files, ids, needs_browser, search, shown, text

import tinygrad_lite as tg
from tinygrad_lite import viz
from tinygrad_lite.viz.page import page

__all__ = ["browser", "files", "shown"]  # fixtures
VIEW = (
    "(() => { const m = /translate\\((.*?) (.*?)\\) scale\\((.*?)\\)/"
    ".exec(document.getElementById('world').getAttribute('transform')); return m.slice(1).map(Number); })()"
)


def pixels(png):
    """The colours of a PNG picture, with how often each occurs."""
    at, data, width, height, depth = 8, b"", 0, 0, 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            depth = {2: 3, 6: 4}[colour]
        if kind == b"IDAT":
            data += body
        at += size + 12
    raw, stride = zlib.decompress(data), width * depth
    found, last = Counter(), bytearray(stride)
    for row in range(height):
        start = row * (stride + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for i in range(stride):
            a = line[i - depth] if i >= depth else 0
            b, c = last[i], last[i - depth] if i >= depth else 0
            if kind == 1:
                add = a
            elif kind == 2:
                add = b
            elif kind == 3:
                add = (a + b) // 2
            elif kind == 4:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                add = a if pa <= pb and pa <= pc else b if pb <= pc else c
            else:
                break
            line[i] = (line[i] + add) & 255
        last = line
        found.update(bytes(line[i : i + 3]).hex() for i in range(0, stride, depth))
    return found


# --- the text of it ----------------------------------------------------------------------------------


def test_the_page_holds_the_data_and_loads_nothing():
    data = page_fixtures.xor()
    made = page(data, title="A <b> & c", direction="right", color_by="gradient")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', made, re.DOTALL)[1]
    assert json.loads(found) == {**data, "title": "A <b> & c", "direction": "right", "color_by": "gradient"}
    assert "<title>A &lt;b&gt; &amp; c</title>" in made
    outside = made.replace(found, "")
    assert not re.search(r"\b(?:src|href|srcset)\s*=\s*[\"']", outside)
    assert "@import" not in made and "url(" not in made and "sourceMappingURL" not in made
    assert "{{" not in outside.split("<script>")[0], "every place of the template is filled"
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made)[1]
    assert policy.startswith("default-src 'none'") and "script-src 'sha256-" in policy
    assert "unsafe-inline'; script" in policy and "unsafe-eval" not in policy


def test_the_page_takes_a_graph():
    w = tg.ones(3, requires_grad=True)
    made = page(viz.graph((w * w).sum(), params={"w": w}), title="Square")
    assert "<title>Square</title>" in made and '"name":"w"' in made


@pytest.mark.parametrize("name", page_fixtures.HARMFUL)
def test_no_name_ends_the_data(name):
    usual, made = (page({**page_fixtures.harmful(), "summary": told}, title=told) for told in ("usual", name))
    for tag in ("<script", "</script", "<img", "<b>", "<!--"):
        assert made.count(tag) == usual.count(tag)


def test_the_library_is_the_one_that_the_licence_file_describes():
    assets = importlib.resources.files("tinygrad_lite.viz") / "assets"
    licence = (assets / "LICENSE.md").read_text(encoding="utf-8")
    assert hashlib.sha256((assets / "dagre.min.js").read_bytes()).hexdigest() in licence
    assert "Permission is hereby granted" in licence
    version = re.search(r"@dagrejs/dagre ([\d.]+),", page(page_fixtures.scalars()))[1]
    assert f"`@dagrejs/dagre` {version}" in licence


# --- opening -----------------------------------------------------------------------------------------


@needs_browser
def test_what_every_page_shows(shown):
    for k, fixture in enumerate(page_fixtures.FIXTURES):
        opened = shown(fixture.__name__, dark=k % 2 == 0)
        assert 2 <= opened.run(BOXES) <= 80
        assert count(opened, "#wires > .wire") >= 1
        assert text(opened, "h1") and text(opened, "#legend")
        assert not opened.complaints


@needs_browser
def test_a_small_graph_shows_whole(shown):
    opened = shown("scalars")
    assert ids(opened) == {f"n:{k}" for k in range(6)}
    assert count(opened, ".wire") == 5
    words = text(opened, "#boxes")
    assert all(part in words for part in ("mul", "add", "= −6", "= 4", "∂ −3", "∂ 2"))
    left = opened.run("['n:0', 'n:1'].map(id => document.querySelector(`[data-id='${id}']`).getBoundingClientRect().x)")
    assert left[0] < left[1], "a stands before b, as in a * b"


@needs_browser
@pytest.mark.parametrize("name", ["large", "chain"])
def test_ten_thousand_nodes_open_collapsed(shown, name):
    opened = shown(name)
    assert 2 <= opened.run(BOXES) <= 80
    assert int(opened.run("document.body.dataset.ready")) < 8000, "it takes under 1 s on an idle laptop"
    for _ in range(3):
        opened.press("e")
    assert count(opened, "#stage *") < 4000, "only what is in sight is in the document"


@needs_browser
@pytest.mark.parametrize(("dark", "page_colour"), [(False, "f8f7f4"), (True, "121419")])
def test_screenshots(shown, dark, page_colour):
    opened = shown("xor", dark=dark, width=640, height=520)
    found = pixels(opened.screenshot())
    total = sum(found.values())
    assert found[page_colour] > 0.3 * total, "the page is empty where there is nothing"
    fills = ("fff4d6", "e0f1fd") if not dark else ("3a2f14", "16324a")
    assert all(found[fill] > 100 for fill in fills), "parameters and inputs in their colours"


@needs_browser
def test_the_theme_can_be_changed(shown):
    opened = shown("scalars")
    back = "getComputedStyle(document.body).backgroundColor"
    assert opened.run(back) == "rgb(248, 247, 244)"
    opened.click("#theme")
    assert opened.run(back) == "rgb(18, 20, 25)"
    opened.press("t")
    assert opened.run(back) == "rgb(248, 247, 244)"


@needs_browser
def test_it_fits_a_phone(shown):
    opened = shown("gpt", width=390, height=844)
    assert opened.run("document.documentElement.scrollWidth") == 390
    opened.run("document.querySelector('[data-id=\"n:0\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    panel = opened.run("(({x, y, right, bottom}) => [x, y, right, bottom])(panel.getBoundingClientRect())")
    assert panel[0] == 0 and panel[2] == 390 and panel[3] == 844 and panel[1] > 300, "a sheet at the foot"
    for button in ("#theme", "#open-help", "#open-menu", "#colour"):
        assert opened.run(f"document.querySelector('{button}').getBoundingClientRect().right") <= 390


@needs_browser
def test_it_prints_all_of_the_graph(shown):
    opened = shown("gpt")
    opened.run("zoomed = dispatchEvent(new Event('beforeprint'))")
    opened.size(1240, 800)  # a frame that is drawn meanwhile does not spoil it
    opened.run("new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))")
    assert count(opened, "#boxes > .box") >= len(ids(opened)) and opened.run("stage.getAttribute('viewBox')")
    assert "n:" in "".join(ids(opened)) and opened.run("world.getAttribute('transform')") is None
    opened.run("dispatchEvent(new Event('afterprint'))")
    assert opened.run("stage.getAttribute('viewBox')") is None and opened.run(VIEW)


# --- modules -----------------------------------------------------------------------------------------


@needs_browser
def test_modules_open_and_fold(shown):
    opened = shown("gpt")
    block = '[data-toggle="m:transformer.h"]'
    assert "m:transformer.h.0" not in ids(opened)
    assert "× 12" in text(opened, '[data-id="m:transformer.h"]')
    assert "85.1\u202fM params" in text(opened, '[data-id="m:transformer.h"]')
    opened.click(block)
    opened.press("0")
    assert {f"m:transformer.h.{k}" for k in range(12)} <= ids(opened)
    opened.click('[data-id="m:transformer.h.3"]', times=2)
    assert "m:transformer.h.3.attn" in ids(opened)
    assert count(opened, ".residual") >= 2, "the paths around attention and around the layers"
    opened.run(f"document.querySelector('{block}').dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert not any(name.startswith("m:transformer.h.") for name in ids(opened))
    assert count(opened, '[data-frame="m:transformer"]') == 1


@needs_browser
def test_fold_everything_and_back(shown):
    opened = shown("gpt")
    before = ids(opened)
    opened.press("c")
    assert count(opened, ".frame") == 0 and "m:transformer" in ids(opened)
    opened.press("r")
    assert ids(opened) == before


@needs_browser
def test_a_weight_that_is_shared_shows(shown):
    opened = shown("gpt")
    assert count(opened, ".wire.shared") == 1
    assert "shared ×2" in text(opened, "#boxes")


@needs_browser
def test_a_cell_that_runs_often_is_one_box(shown):
    opened = shown("recurrent")
    assert "× 100" in text(opened, "#boxes") and opened.run(BOXES) == 3
    opened.click("[data-toggle]")
    assert "part" in text(opened, "#boxes"), "a hundred parts are too many side by side"


@needs_browser
def test_what_is_hidden_on_request(shown):
    opened = shown("xor")
    everything = ids(opened)
    press = "document.getElementById('show-%s').click()"
    opened.run(press % "parameters")
    assert everything - ids(opened) == {"n:2", "n:3", "n:4", "n:5"}
    opened.run(press % "constants")
    assert "n:1" not in ids(opened)
    shapes = count(opened, ".label")
    opened.run(press % "shapes")
    assert shapes > 3 and count(opened, ".label") == 0

    opened = shown("gpt")
    turned = next(k for k, node in enumerate(page_fixtures.gpt()["nodes"]) if node["trivial"] and not node["module"])
    assert f"n:{turned}" in ids(opened)
    opened.run(press % "trivial")
    assert f"n:{turned}" not in ids(opened)
    weight = next(k for k, node in enumerate(page_fixtures.gpt()["nodes"]) if node["name"].endswith("wte.weight"))
    assert count(opened, f'[data-wire^="n:{weight}>"]') == 2, "the arrow goes on to who used what is hidden"


# --- looking around ----------------------------------------------------------------------------------


@needs_browser
def test_search_reveals_and_selects(shown):
    opened = shown("gpt")
    search(opened, "h.7.attn softmax", key=None)
    assert "softmax" in text(opened, "#hits [aria-selected=true]")
    opened.press("Enter")
    assert text(opened, "#details h2") == "softmax"
    assert "m:transformer.h.7.mlp" in ids(opened) and count(opened, ".box.selected") == 1
    middle = opened.run(
        "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('.selected').getBoundingClientRect())"
    )
    assert 200 < middle[0] < 908 and 200 < middle[1] < 750, "in the middle of what the panel leaves free"
    search(opened, "#1", key=None)
    assert "#1" in text(opened, "#hits li")
    search(opened, "no such thing", key=None)
    assert text(opened, "#hits") == "nothing found"


@needs_browser
def test_zoom_and_pan(shown):
    opened = shown("xor")
    opened.press("0")
    x, y, k = opened.run(VIEW)
    opened.press("+")
    opened.wait_until(f"{VIEW}[2] > {k * 1.2}")
    opened.press("0")
    assert opened.run(VIEW) == pytest.approx([x, y, k], abs=0.02)
    opened.press("ArrowRight")
    opened.wait_until(f"{VIEW}[0] < {x - 50}")
    opened.call("Input.dispatchMouseEvent", type="mouseWheel", x=300, y=300, deltaX=0, deltaY=-200)
    opened.wait_until(f"{VIEW}[2] > {k * 1.2}")
    before = opened.run(VIEW)
    for kind, at in (("mousePressed", 100), ("mouseMoved", 130), ("mouseMoved", 200), ("mouseReleased", 200)):
        opened.call("Input.dispatchMouseEvent", type=kind, x=at, y=400, button="left", buttons=1, clickCount=1)
    opened.wait_until(f"{VIEW}[0] > {before[0] + 50}")
    assert opened.run("minimap.hidden") is False


@needs_browser
def test_keys_and_help(shown):
    opened = shown("xor")
    opened.press("?")
    assert opened.run("help.open") and "Backward pass" in text(opened, "#help")
    opened.run("help.close()")
    opened.press("j")
    first = opened.run("document.querySelector('.box.selected').dataset.id")
    opened.press("j")
    assert opened.run("document.querySelector('.box.selected').dataset.id") != first
    opened.press("Escape")
    assert count(opened, ".selected") == 0 and opened.run("panel.hidden")
    opened.press("d")
    assert opened.run("document.getElementById('to-the-right').getAttribute('aria-checked')") == "true"
    high = "document.querySelector('#boxes .name').getBoundingClientRect().height"
    opened.press("l")
    assert opened.run("document.body.classList.contains('large')") and opened.run(high) > 0
