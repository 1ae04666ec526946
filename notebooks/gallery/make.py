"""Make the pictures of the README's gallery again: `python notebooks/gallery/make.py`.

Runs the code that stands in the README beside the pictures. It needs Graphviz for the SVG files and Chromium for the
page, of which a picture is taken with the softmax of the first attention chosen.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import tinygrad_lite as tg
from tinygrad_lite import nn, viz

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Browser  # noqa: E402


def blocks() -> list[str]:
    """The programs of the README's gallery."""
    (section,) = re.findall(r"\n## See the graph\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL)
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def photograph(page: Path, picture: Path) -> None:
    """The page as a reader has it who searched for a softmax and looks at its numbers."""
    with tempfile.TemporaryDirectory() as profile, Browser(profile) as opened:
        opened.open(page.resolve(), 1160, 720)
        opened.run("document.getElementById('search').focus()")
        opened.run("document.getElementById('search').value = 'softmax'")
        opened.run("document.getElementById('search').dispatchEvent(new Event('input', { bubbles: true }))")
        opened.wait_until("document.querySelectorAll('#hits > *').length")
        opened.press("Enter")
        opened.wait_until("document.querySelectorAll('#details canvas').length")
        opened.run("document.querySelector('#details canvas').scrollIntoView({ block: 'center' })")
        picture.write_bytes(opened.screenshot())


def main() -> None:
    """Run the programs in an empty folder and keep what they draw."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        for code in blocks():
            tg.manual_seed(0)
            exec(code, {"tg": tg, "nn": nn, "viz": viz})
        for made in sorted(Path().iterdir()):
            picture = HERE / made.name
            if made.suffix == ".html":
                picture = picture.with_suffix(".png")
                photograph(made, picture)
            else:
                shutil.copyfile(made, picture)
            print(f"{picture.relative_to(ROOT)}: {os.path.getsize(picture) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
