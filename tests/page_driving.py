"""What the tests of the page do in the browser, and the fixtures they share."""

import json

import page_fixtures
import pytest
from browser import INSTALLED, Browser

from tinygrad_lite.viz.page import page

needs_browser = pytest.mark.skipif(not INSTALLED, reason="Chromium is not installed")
BOXES = "document.querySelectorAll('#boxes > .box').length"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each fixture as a page, written when it is first asked for."""
    folder, there = tmp_path_factory.mktemp("pages"), {}

    def file(name):
        if name not in there:
            there[name] = folder / f"{name}.html"
            there[name].write_text(page(getattr(page_fixtures, name)()), encoding="utf-8")
        return there[name]

    return file


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def shown(browser, files):
    """Open a fixture; afterwards nothing may have been asked of the network or written to the console."""
    opened = []

    def show(name, **options):
        opened.append(files(name))
        return browser.open(files(name), **options)

    yield show
    assert set(browser.requests) <= {path.as_uri() for path in opened}
    assert not browser.complaints


def count(browser, selector):
    return browser.run(f"document.querySelectorAll({json.dumps(selector)}).length")


def text(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)}).textContent")


def ids(browser):
    return set(browser.run("[...document.querySelectorAll('#boxes > .box')].map(box => box.dataset.id)"))


def search(browser, words, key="Enter"):
    browser.press("/")
    browser.run(
        f"document.getElementById('search').value = {json.dumps(words)};"
        "document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    if key:
        browser.press(key)
