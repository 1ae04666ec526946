"""The page that shows a graph, in headless Chromium: details, colours, the backward pass, harmful names."""

import page_fixtures
import pytest
from page_driving import browser, count, files, needs_browser, search, shown, text

from tinygrad_lite.viz.page import page

__all__ = ["browser", "files", "shown"]  # fixtures


# --- details -----------------------------------------------------------------------------------------


@needs_browser
def test_the_details_of_an_operation(shown):
    opened = shown("xor")
    opened.click('[data-id="n:6"]')
    told = text(opened, "#details")
    assert text(opened, "#details h2") == "matmul"
    for part in (
        "np.matmul",
        "g @ y.mT.conjugate()",
        "x.mT.conjugate() @ g",
        "4×8",
        "64",
        "2 µs",
        "model.py:20",
        "pass",
    ):
        assert part in told
    assert count(opened, "#details .numbers td") == 64, "its value and its gradient, number by number"
    opened.run("[...document.querySelectorAll('#details .link')].find(a => a.textContent === '0.weight').click()")
    assert text(opened, "#details h2") == "0.weight" and count(opened, ".near") >= 1


@needs_browser
def test_large_values_are_a_heat_map_and_a_histogram(shown):
    opened = shown("gpt")
    search(opened, "h.0.mlp.up.weight")
    assert count(opened, "#details canvas.heat") == 2 and count(opened, "#details svg.histogram") == 2
    assert "norm" in text(opened, "#details")


@needs_browser
def test_the_details_of_a_module(shown):
    opened = shown("gpt")
    search(opened, "transformer.h.0")
    told = text(opened, "#details")
    assert "7,087,872" in told and "931,135,488" in told and "4.33 MB" in told
    opened.press("Enter")
    assert count(opened, '[data-frame="m:transformer.h.0"].selected') == 1


@needs_browser
def test_what_went_wrong_shows(shown):
    opened = shown("broken")
    assert count(opened, "#boxes .failed") == 1
    assert "ValueError" in text(opened, "#boxes .failed .error")
    opened.click('[data-id="n:1"]')
    assert "−∞" in text(opened, "#details .numbers") and "NaN" in text(opened, "#details .numbers")
    assert "appears here first" in text(opened, "#details")


# --- colours -----------------------------------------------------------------------------------------


def choose_colour(browser, mode):
    browser.run(
        f"document.getElementById('colour').value = '{mode}';"
        "document.getElementById('colour').dispatchEvent(new Event('change'))"
    )


@needs_browser
def test_colours_and_their_legends(shown):
    opened = shown("xor")
    offered = opened.run("[...document.querySelectorAll('#colour option')].map(option => option.value)")
    assert offered == ["none", "gradient", "forward", "backward", "memory", "dtype", "verdict"]
    fill = "document.querySelector('[data-id=\"n:%d\"] .card').style.fill"
    assert opened.run(fill % 7) == ""
    for mode in offered[1:]:
        choose_colour(opened, mode)
        assert opened.run(fill % 7).startswith("rgb("), mode
    assert "pass" in text(opened, "#legend")
    choose_colour(opened, "forward")
    opened.press("0")
    assert opened.run(fill % 6) != opened.run(fill % 13), "the fastest and the slowest"
    assert "2 µs" in text(opened, "#legend") and "9 µs" in text(opened, "#legend")
    choose_colour(opened, "none")
    assert opened.run(fill % 7) == ""


@needs_browser
def test_vanishing_gradients_show_at_a_glance(shown):
    opened = shown("gpt")
    choose_colour(opened, "gradient")
    assert "vanishing" in text(opened, "#legend")
    opened.click('[data-toggle="m:transformer.h"]')
    opened.press("0")
    fill = "document.querySelector('[data-id=\"m:transformer.h.%d\"] .card').style.fill.match(/\\d+/g).map(Number)"
    parts = [opened.run(fill % k) for k in (0, 11)]
    assert parts[0][2] > 150 > parts[0][0], "blue where it vanishes"
    assert parts[1][0] > 150 > parts[1][2], "red where it is largest"


@needs_browser
def test_the_page_opens_in_the_colour_that_was_asked_for(browser, tmp_path):
    path = tmp_path / "net.html"
    path.write_text(page(page_fixtures.xor(), color_by="time"), encoding="utf-8")
    assert browser.open(path).run("document.getElementById('colour').value") == "forward"


# --- backward ----------------------------------------------------------------------------------------


@needs_browser
def test_the_stepper_on_numbers(shown):
    opened = shown("scalars")
    opened.click("#step")
    assert text(opened, "#progress") == "1 / 2" and count(opened, ".current") == 1
    assert opened.run("document.querySelector('.current').dataset.id") == "n:4"
    assert "∂ 1" in text(opened, '[data-id="n:2"]') and "∂" not in text(opened, '[data-id="n:0"]')
    opened.press(".")
    card = text(opened, "#step-card")
    assert "mul #1" in card and "1 × (-3) = -3" in card and "g * y.conjugate()" in card and "→ a" in card
    assert "−3" in text(opened, '[data-wire="n:0>n:3"] .gradient'), "the gradient appears on the arrow"
    assert "∂ −3" in text(opened, '[data-id="n:0"]')
    assert count(opened, ".wire.running") == 2 and count(opened, ".wire.sent") == 4
    assert opened.run("document.getElementById('step').disabled")
    opened.press(",")
    assert text(opened, "#progress") == "1 / 2" and "∂" not in text(opened, '[data-id="n:0"]')
    opened.press("Home")
    assert text(opened, "#progress") == "0 / 2" and count(opened, ".wire.sent") == 0
    opened.click("#leave")
    assert "∂ −3" in text(opened, '[data-id="n:0"]') and count(opened, ".current") == 0


@needs_browser
def test_the_stepper_plays_and_pauses(shown):
    opened = shown("xor")
    opened.run("document.getElementById('speed').value = '16×'")
    opened.press(" ")
    opened.wait_until("document.getElementById('progress').textContent === '8 / 8'")
    opened.wait_until("!document.getElementById('play').classList.contains('running')")
    opened.run("document.getElementById('speed').value = '0.5×'")
    opened.press(" ")
    assert text(opened, "#progress") == "1 / 8", "it begins again"
    opened.press(" ")
    assert opened.run("document.getElementById('play').getAttribute('aria-label')") == "Play"
    opened.run("slider.value = 6; slider.dispatchEvent(new Event('input'))")
    assert text(opened, "#progress") == "6 / 8" and "tanh" in text(opened, "#step-card")
    assert "4×8, norm" in text(opened, "#step-card") and count(opened, "#step-card canvas") == 2
    inside = opened.run("(r => [r.top, r.bottom])(document.querySelector('.current').getBoundingClientRect())")
    dock = opened.run("dock.getBoundingClientRect().top")
    assert inside[0] > 55 and inside[1] < dock, "the operation that runs stays in view"


@needs_browser
def test_the_stepper_in_a_closed_module(shown):
    opened = shown("xor")
    opened.press("c")
    opened.run("slider.value = 8; slider.dispatchEvent(new Event('input'))")
    assert opened.run("document.querySelector('.current').dataset.id") == "m:0"


@needs_browser
def test_forward_backward_and_both(shown):
    opened = shown("xor")
    assert count(opened, ".back") == 0
    opened.click("#flow-backward")
    assert count(opened, ".back") > 5 and count(opened, ".unused") == 2, "x and y get no gradient"
    assert "‖g‖" in text(opened, "#wires")
    opened.press("v")
    assert count(opened, ".back") > 5 and count(opened, ".wire > .tip") > 5
    opened.press("v")
    assert count(opened, ".back") == 0
    assert shown("chain").run("flow.hidden"), "nothing is known of gradients"


# --- harm --------------------------------------------------------------------------------------------


@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_harmful_names_do_no_harm(shown, width):
    opened = shown("harmful", width=width)
    name = page_fixtures.HARMFUL[0]
    assert opened.run("document.title") == name and text(opened, "h1") == name
    for _ in page_fixtures.HARMFUL:
        opened.press("j")
        assert opened.run("panel.hidden") is False
    for mode in opened.run("[...document.querySelectorAll('#colour option')].map(option => option.value)"):
        choose_colour(opened, mode)
    search(opened, "script")
    opened.press("e")
    opened.press("c")
    opened.click("#theme")
    assert opened.run("document.title") == name
    assert count(opened, "script") == 2 and count(opened, "img") == 0
    assert "\u202e" not in text(opened, "#boxes") and "\\u202e" in opened.run("document.body.innerHTML")


@needs_browser
def test_an_injected_script_would_not_run(browser, files, tmp_path):
    path = tmp_path / "injected.html"
    made = files("scalars").read_text(encoding="utf-8")
    path.write_text(made.replace("</body>", "<script>document.title = 'broken'</script></body>"), encoding="utf-8")
    assert browser.open(path).run("document.title") == "a·b + c"
