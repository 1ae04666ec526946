"""Where the files of a public data set are on this computer, and whether they are the public ones."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from typing import IO, NamedTuple, cast

from tinygrad_lite.datasets.catalogue import Entry, Local

__all__ = ["VARIABLE", "Found", "cache", "find", "is_public", "places", "spelt"]

VARIABLE = "TINYGRAD_LITE_DATA"
"""The environment variable that names a folder of data sets."""

StrPath = str | os.PathLike[str]
_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


class Found(NamedTuple):
    """The files of a data set.

    Attributes:
        folder: the folder in which they are.
        paths: each file, in the order of `files`.
        files: what they are, as the catalogue has it.
    """

    folder: Path
    paths: list[Path]
    files: tuple[Local, ...]


def cache() -> Path:
    """The folder where `fetch` puts data sets unless told otherwise: `tinygrad_lite` in XDG_CACHE_HOME or ~/.cache.

    Example:
        >>> cache().name
        'tinygrad_lite'
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser(), "tinygrad_lite")


def places(folder: StrPath | None = None) -> list[Path]:
    """Where data sets are looked for, in this order: `folder`, that of the environment variable, the cache.

    Example:
        >>> places("here")[0].name
        'here'
    """
    given = [folder, os.environ.get(VARIABLE) or None]
    return [*(Path(place).expanduser() for place in given if place is not None), cache()]


def find(wanted: Entry, place: Path) -> Found | None:
    """The files of a data set in one place, laid out in folders or not; None unless all of them are there."""
    for form in wanted.forms:
        for inner in wanted.folders:
            paths = [spelt(place / inner, file) for file in form]
            if None not in paths:
                return Found(place / inner, cast(list[Path], paths), form)
    return None


def spelt(folder: Path, file: Local) -> Path | None:
    """A file in that folder by the first of its names that is there.

    Example:
        >>> spelt(Path("no/such/folder"), Local(("a", "a.gz")))
    """
    return next((folder / name for name in file.names if (folder / name).is_file()), None)


def is_public(path: Path, checksums: tuple[str, ...]) -> bool:
    """Whether a file, or what is gzip-packed in it, has one of the checksums.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a")
        ...     _ = path.write_bytes(b"a")
        ...     is_public(path, ("md5:0cc175b9c0f1b6a831c399e269772661",))
        True
    """
    with open(path, "rb") as file:
        if _has_one(file, checksums):
            return True
        file.seek(0)
        if file.read(2) != _GZIP_MAGIC:
            return False
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _has_one(cast(IO[bytes], unpacked), checksums)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            return False


def _has_one(file: IO[bytes], checksums: tuple[str, ...]) -> bool:
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in {sum_.split(":")[0] for sum_ in checksums}}
    while chunk := file.read(_CHUNK):
        for digest in digests.values():
            digest.update(chunk)
    return any(f"{name}:{digest.hexdigest()}" in checksums for name, digest in digests.items())
