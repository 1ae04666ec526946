"""Writing a file so that a reader finds the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, overload

__all__ = ["atomic_write"]

StrPath = str | os.PathLike[str]


@overload
def atomic_write(path: StrPath, mode: Literal["wb"] = "wb") -> AbstractContextManager[BinaryIO]: ...
@overload
def atomic_write(path: StrPath, mode: Literal["w"]) -> AbstractContextManager[TextIO]: ...
def atomic_write(path: StrPath, mode: str = "wb") -> AbstractContextManager[IO[Any]]:
    """Open a file for writing that takes the place of `path` only once it is complete.

    The data goes to a temporary file in the same folder, which is flushed to the disk and renamed
    to `path` when the `with` block ends. If the block raises, the temporary file is removed and
    `path` stays as it was. If the process is killed, `path` also stays as it was, and a file named
    `.NAME.XXXXXXXX.tmp` may be left beside it.

    Args:
        path: the file to write. A symbolic link is followed; an existing file keeps its rights.
        mode: `"wb"` for bytes, `"w"` for text (UTF-8, the same line ends on every system).

    Raises:
        FileNotFoundError: the folder does not exist.
        NotADirectoryError: what should be the folder is a file.
        PermissionError: the folder cannot be written.
        IsADirectoryError: `path` is a folder.
        OSError: `path` is a device or a pipe, or the disk is full.
        ValueError: another `mode`.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     notes = pathlib.Path(folder, "notes.txt")
        ...     with atomic_write(notes, "w") as file:
        ...         _ = file.write("all of it or none of it")
        ...     notes.read_text()
        'all of it or none of it'
    """
    if mode not in ("w", "wb"):
        raise ValueError(f'atomic_write: mode is {mode!r}; use "wb" for bytes or "w" for text')
    return _replacing(Path(os.path.realpath(path)), mode)


@contextmanager
def _replacing(target: Path, mode: str) -> Iterator[IO[Any]]:
    _refuse_what_is_no_file(target)
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.tmp")
    file = _create(temporary, target, mode)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _refuse_what_is_no_file(target: Path) -> None:
    if target.is_dir():
        problem = "this is a folder; give the name of a file in it"
        raise IsADirectoryError(errno.EISDIR, problem, str(target))
    if target.exists() and not target.is_file():
        problem = "this is a device or a pipe, which cannot be replaced; give the name of a file"
        raise OSError(errno.EINVAL, problem, str(target))


def _create(temporary: Path, target: Path, mode: str) -> IO[Any]:
    """Open `temporary`, which must be new, with the permissions any new file gets."""
    text = {"encoding": "utf-8", "newline": "\n"} if mode == "w" else {}
    try:
        return open(temporary, mode.replace("w", "x"), **text)  # type: ignore[call-overload]
    except OSError as error:
        problem = f"cannot write here: {error.strerror}{_remedy(error, target.parent)}"
        raise type(error)(error.errno, problem, str(target)) from None


def _remedy(error: OSError, folder: Path) -> str:
    match error:
        case FileNotFoundError():
            return f"; the folder {folder} does not exist: create it first, or correct the path"
        case NotADirectoryError():
            return f"; {folder} is not a folder: choose another path"
        case PermissionError():
            return f"; you may not write to the folder {folder}: choose another, or change its rights"
    return ""


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system offers that."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
