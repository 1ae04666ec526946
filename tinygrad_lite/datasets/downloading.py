"""Downloads that go on where they broke off: what arrived is kept in a file `.part` beside the one to be."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

__all__ = ["Downloader", "Failed"]

_CHUNK = 1 << 16
_TIMEOUT = 30  # seconds of silence
_ATTEMPTS = 3  # in a row that bring nothing new
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Failed(OSError):  # noqa: N818 - what happened, not an error of the program
    """A file could not be downloaded; what arrived of it is kept."""


class Downloader:
    """What `pooch` calls to download a file.

    Args:
        part: the file that keeps what has arrived so far.
        progress: whether to show a bar.

    Attributes:
        resumed: whether something that an earlier call had left was built upon.

    Example:
        >>> Downloader(Path("numbers.csv.part"), progress=False).resumed
        False
    """

    def __init__(self, part: Path, progress: bool) -> None:
        self.part, self.progress = part, progress
        self.resumed = part.exists() and part.stat().st_size > 0

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download `url` to `output_file`.

        Raises:
            Failed: if the server cannot be reached, refuses, or breaks off again and again.
            OSError: if what arrives cannot be written.
        """
        import requests

        left = _ATTEMPTS
        while True:
            before = self._size()
            try:
                with requests.Session() as session:
                    if self._ask(session, url):
                        break
                problem = "the connection broke off"
            except requests.RequestException as error:
                problem = _reason(error)
            left = _ATTEMPTS if self._size() > before else left - 1
            if not left:
                raise Failed(f"{url}: {problem}" + (f", after {size:,} bytes" if (size := self._size()) else ""))
        os.replace(self.part, output_file)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _ask(self, session: Any, url: str) -> bool:
        """Ask for what is missing; returns whether it is all there now."""
        have = self._size()
        # "identity": a checksum is of the file, not of what a server packs it into
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if response.status_code == 416:  # nothing is left to come; if it is of another file, its checksum tells
                return True
            if not response.ok:
                raise Failed(f"{url}: the server answers {response.status_code} {response.reason}".rstrip())
            start, total = _extent(response)
            if start not in (0, have):
                self.part.unlink()
                return False
            self._receive(response, start, total)
            return total is None or self._size() == total

    def _receive(self, response: Any, start: int, total: int | None) -> None:
        from tqdm import tqdm
        from urllib3.exceptions import HTTPError

        self.part.parent.mkdir(parents=True, exist_ok=True)
        name = self.part.name.removesuffix(".part")
        bar = tqdm(
            total=total, initial=start, desc=name, unit="B", unit_scale=True, leave=False, disable=not self.progress
        )
        with bar, open(self.part, "ab" if start else "wb") as file:
            try:
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
                    bar.update(len(chunk))
            except HTTPError:  # the connection broke: what arrived is worth keeping
                pass


def _extent(response: Any) -> tuple[int, int | None]:
    """Where in the file an answer begins, and how long the file is, if that is known."""
    if response.status_code == 206:
        found = _RANGE.match(response.headers.get("Content-Range", ""))
        if found is None:
            return -1, None
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _reason(error: Exception) -> str:
    """What went wrong, in few words: the innermost cause that has any."""
    cause: BaseException = error
    while True:
        inner = getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return str(cause) or type(cause).__name__
