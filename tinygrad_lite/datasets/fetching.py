"""Downloading public data sets: verified, resumed, and whole or not at all."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import cast

from tinygrad_lite.datasets.catalogue import Entry, Local, Public, entry
from tinygrad_lite.datasets.downloading import Downloader, Failed
from tinygrad_lite.datasets.finding import VARIABLE, cache, is_public, spelt
from tinygrad_lite.files import atomic_write

__all__ = ["fetch", "fetch_into"]

StrPath = str | os.PathLike[str]


def fetch(name: str, folder: StrPath | None = None, *, base_url: str | None = None, progress: bool = True) -> Path:
    """Download a public data set, unless it is there already; `obtain` finds it then.

    It goes into `folder`, the folder in TINYGRAD_LITE_DATA, or `~/.cache/tinygrad_lite`, within that into a folder of
    its kind such as `mnist` or `text`. A download that was interrupted goes on where it stopped. A file appears under
    its name only when its checksum is right; one that is there is never overwritten. Needs the extra `fetch`.

    Args:
        name: of the data set: `mnist`, `fashion`, `cifar10`, `tinyshakespeare`, `names`, `sunspots`, `co2`, `wine`,
            `iris`, `breast_cancer` or `boston`.
        folder: where to put it.
        base_url: of a server of one's own that has the files under their public names, to be asked instead.
        progress: whether to show a bar.

    Returns:
        the file, or for a data set of several the folder that they are in.

    Raises:
        ImportError: if `pooch` is not installed.
        FileExistsError: if another file has the name of one of the data set's.
        ConnectionError: if no server gives the file; what arrived of it is kept, and the next call goes on.
        ValueError: if what arrived has another checksum: it is removed. Also if there is no data set of that name,
            or none that can be downloaded.
        OSError: if the files cannot be written.

    Example:
        >>> fetch("rotten_tomatoes")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ValueError: rotten_tomatoes is not published as a file to be downloaded; take the training part of ...
    """
    wanted = entry(name)
    place = Path(folder if folder is not None else os.environ.get(VARIABLE) or cache()).expanduser()
    return fetch_into(wanted, place / wanted.folders[0], base_url=base_url, progress=progress)


def fetch_into(wanted: Entry, folder: Path, *, base_url: str | None = None, progress: bool = True) -> Path:
    """As `fetch`, into exactly that folder.

    Example:
        >>> fetch_into(entry("rotten_tomatoes"), Path("here"))
        Traceback (most recent call last):
        ...
        ValueError: rotten_tomatoes is not published as a file to be downloaded; take the training part of ...
    """
    if not wanted.public:
        raise ValueError(f"{wanted.name} is not published as a file to be downloaded; {wanted.recipe}")
    there = [_is_there(public, folder) for public in wanted.public]  # all are looked at before any is fetched
    if not all(there):
        pooch = _pooch()
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            for public in wanted.public:
                if not _is_there(public, folder):  # another process may have fetched it meanwhile
                    _download(pooch, public, folder, base_url, progress)
    files = [file for public in wanted.public for file in public.files]
    return folder if len(files) > 1 else spelt(folder, files[0]) or folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits while another process fetches into the folder: two must not write to one file."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_there(public: Public, folder: Path) -> bool:
    """Whether there is nothing to do."""
    paths = [spelt(folder, file) for file in public.files]
    for path, file in zip(paths, public.files, strict=True):
        if path is not None:
            _refuse_another(path, file.checksums)
    return None not in paths


def _refuse_another(path: Path, checksums: tuple[str, ...]) -> None:
    """A file that is another one is not for us to overwrite."""
    if not is_public(path, checksums):
        raise FileExistsError(
            f"{path}: there is such a file, but it is not the public one, which has the checksum {checksums[0]}; "
            "move it away, or fetch into another folder"
        )


def _download(pooch: ModuleType, public: Public, folder: Path, base_url: str | None, progress: bool) -> None:
    """The file, from the first server that has it as it should be; unpacked if it is an archive."""
    urls = public.urls if base_url is None else (f"{base_url.rstrip('/')}/{public.name}",)
    problems, corrupted = [], False
    path = folder / public.name
    if own := path.exists():  # an archive; of other files it is known that they are not there
        _refuse_another(path, (public.checksum,))
    for url in urls:
        for _ in range(2):
            downloader = Downloader(folder / f"{public.name}.part", progress)
            try:
                with _quiet(pooch):
                    pooch.retrieve(url, public.checksum, public.name, folder, downloader=downloader)
            except Failed as error:
                problems.append(str(error))
                break
            except ValueError:
                corrupted = True
                problems.append(f"{url}: what arrived is damaged: it has another checksum, and was removed")
                if not downloader.resumed:
                    break  # otherwise the old beginning may be at fault: once more, from the start
            else:
                if public.packed:
                    _unpack(path, public.files, folder)
                    if not own:
                        path.unlink()
                return
    kind = ValueError if corrupted else ConnectionError
    listed = "\n".join(f"  {problem}" for problem in problems)
    raise kind(
        f"{public.name} could not be fetched:\n{listed}\nIt should have the checksum {public.checksum}. Try again "
        f"later, or get it by other means and put it into {folder}"
    )


def _pooch() -> ModuleType:
    try:
        import pooch
    except ImportError:
        raise ImportError("downloading needs pooch: pip install 'tinygrad_lite[fetch]'") from None
    return cast(ModuleType, pooch)


@contextmanager
def _quiet(pooch: ModuleType) -> Iterator[None]:
    """Without pooch's own notes: the bar and the errors say it."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _unpack(archive: Path, files: tuple[Local, ...], folder: Path) -> None:
    """Take those files, and nothing else, out of a `.tar.gz` whose checksum is right."""
    wanted = {file.names[-1] for file in files}
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                source = packed.extractfile(member) if member.name in wanted else None
                if source is not None:
                    path = folder / member.name
                    path.parent.mkdir(exist_ok=True)
                    with atomic_write(path) as target:
                        shutil.copyfileobj(source, target)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{archive}: it cannot be unpacked ({error}); remove it and fetch it again") from error
