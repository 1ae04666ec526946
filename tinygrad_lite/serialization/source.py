"""Where the bytes of a file come from: a path, or a file object from where it stands."""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.machine import Buffer

__all__ = ["Source", "opened"]


class Source:
    """The bytes of a file, to be read anywhere. Nothing is taken to be there that is not.

    Args:
        file: can seek.
        start: where its first byte is.
        size: how many there are.
        name: for messages.
        path: where it lies, if it does.
    """

    def __init__(self, file: IO[bytes], start: int, size: int, name: str, path: str | None = None) -> None:
        self.file, self.start, self.size, self.name, self.path = file, start, size, name, path

    def read(self, offset: int, count: int) -> bytes:
        """Bytes from a place that must be within the file."""
        self._check(offset, count)
        self.file.seek(self.start + offset)
        data = self.file.read(count)
        if len(data) < count:
            raise LoadError("the file is cut short")
        return data

    def array(self, offset: int, count: int) -> np.ndarray:
        """The same as an array that can be written to, without another copy."""
        self._check(offset, count)
        array = np.empty(count, np.uint8)
        self.file.seek(self.start + offset)
        view, done = memoryview(array.data), 0
        while done < count:
            got = self._read_into(view[done:])
            if not got:
                raise LoadError("the file is cut short")
            done += got
        return array

    def _read_into(self, view: memoryview) -> int:
        fill = getattr(self.file, "readinto", None)
        if fill is not None:
            return fill(view) or 0
        data = self.file.read(len(view))
        view[: len(data)] = data
        return len(data)

    def mapped(self, offset: int, count: int) -> np.ndarray:
        """The same, read when it is first looked at; writing to it leaves the file alone."""
        self._check(offset, count)
        if not count:
            return np.empty(0, np.uint8)
        return np.asarray(np.memmap(self.path or "", np.uint8, "c", self.start + offset, (count,)))

    def buffer(self) -> Buffer:
        """All of it, mapped to memory where it is a file on the disk."""
        if self.path is not None and not self.start:
            return mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)
        return self.read(0, self.size)

    def window(self) -> IO[bytes]:
        """A file that begins at the first byte."""
        if self.start:
            return io.BytesIO(self.read(0, self.size))
        self.file.seek(0)
        return self.file

    def _check(self, offset: int, count: int) -> None:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise LoadError(
                f"the file is cut short or damaged: {count:,} bytes at {offset:,} of {self.size:,} are wanted"
            )


@contextmanager
def opened(f: Any) -> Iterator[Source]:
    """The bytes of a path or a file object; errors in the block name the file.

    Raises:
        OSError: if the path cannot be opened.
        TypeError: for what is neither.
    """
    if isinstance(f, str | os.PathLike):
        path = os.fspath(f)
        with open(path, "rb") as file, _named(path):
            yield Source(file, 0, os.fstat(file.fileno()).st_size, path, path)
        return
    if not hasattr(f, "read"):
        raise TypeError(f"load() expects a path or a file object that can be read, not {type(f).__name__}")
    with _named("the file"):
        if hasattr(f, "seek") and hasattr(f, "tell") and getattr(f, "seekable", lambda: True)():
            start = f.tell()
            size = f.seek(0, os.SEEK_END) - start
            f.seek(start)
            yield Source(f, start, size, "the file")
        else:
            data = f.read()
            yield Source(io.BytesIO(data), 0, len(data), "the file")


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except LoadError as error:
        raise LoadError(f"{name}: {error}") from error.__cause__
