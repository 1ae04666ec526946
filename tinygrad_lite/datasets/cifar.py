"""CIFAR-10 (A. Krizhevsky, 2009), in the two forms in which it is published: the binary and the Python version."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.datasets.arrays import Images
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.machine import Machine
from tinygrad_lite.serialization.policy import Strict

__all__ = ["CLASSES", "cifar10"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_BATCHES = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
_FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py")
_PIXELS = 3 * 32 * 32  # all red ones, then the green ones, then the blue ones
_LARGEST = 1 << 30

Pair = tuple[NDArray[np.uint8], NDArray[np.int64]]


def cifar10(folder: str | os.PathLike[str]) -> Images:
    """Load CIFAR-10 from its unpacked files.

    Args:
        folder: holds `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` (the binary version), or the same
            without `.bin` (the Python version, which is read without running anything in it); or the folder that
            `cifar-10-batches-bin` or `cifar-10-batches-py` was unpacked to.

    Returns:
        50,000 training and 10,000 test images of shape (32, 32, 3), the channels last.

    Raises:
        FileNotFoundError: the folder, or one of the six files, is not there.
        ValueError: a file is damaged, or holds something else.

    Example:
        >>> cifar10("no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] there is no such folder; check the path: 'no/such/folder'
    """
    folder = Path(folder)
    if not folder.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder; check the path", str(folder))
    batches = [_read(path) for path in _find(folder)]
    images = np.concatenate([images for images, _ in batches[:-1]])
    labels = np.concatenate([labels for _, labels in batches[:-1]])
    return Images(images, labels, *batches[-1])


def _find(folder: Path) -> list[Path]:
    """The six files."""
    best: list[Path] = []
    for inner in _FOLDERS:
        for ending in (".bin", ""):
            paths = [folder / inner / f"{name}{ending}" for name in _BATCHES]
            there = [path for path in paths if path.is_file()]
            if len(there) == len(paths):
                return paths
            best = max(best, there, key=len)
    seen = ", ".join(path.name for path in best) or "none of them"
    problem = (
        "looked for data_batch_1.bin to data_batch_5.bin and test_batch.bin, or the same without .bin, and found "
        f"{seen}; unpack the .tar.gz archive, and give the folder that it makes"
    )
    raise FileNotFoundError(errno.ENOENT, problem, str(folder))


def _read(path: Path) -> Pair:
    size = path.stat().st_size
    if size > _LARGEST:
        raise ValueError(f"{path}: {size:,} bytes, far more than a part of CIFAR-10 has; is it the right file?")
    data = path.read_bytes()
    pixels, labels = _from_binary(data, path) if path.suffix == ".bin" else _from_python(data, path)
    if labels.size and not 0 <= labels.min() <= labels.max() < len(CLASSES):
        wrong = int(np.argmax((labels < 0) | (labels >= len(CLASSES))))
        raise ValueError(f"{path}: image {wrong} has the label {labels[wrong]}; expected 0 to 9: is it CIFAR-10?")
    return np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), labels.astype(np.int64)


def _from_binary(data: bytes, path: Path) -> Pair:
    record = 1 + _PIXELS
    if not data or len(data) % record:
        raise ValueError(
            f"{path}: {len(data):,} bytes are no whole number of images, each a label and {_PIXELS} pixels "
            f"({record} bytes); the file is cut short or another one: fetch it again"
        )
    rows = np.frombuffer(data, np.uint8).reshape(-1, record)
    return rows[:, 1:], rows[:, 0].astype(np.int64)


def _from_python(data: bytes, path: Path) -> Pair:
    try:
        found = Machine(data, Strict(len(data)), encoding="bytes").run()
    except LoadError as error:
        raise ValueError(f"{path}: {error}") from error
    batch = {_text(key): value for key, value in found.items()} if isinstance(found, dict) else {}
    pixels, labels = batch.get("data"), batch.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (_PIXELS,):
        raise ValueError(f"{path}: expected a dict with 'data', uint8 of shape (N, {_PIXELS}), found {_seen(found)}")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels) or len(labels) != len(pixels):
        raise ValueError(f"{path}: expected 'labels', a list of {len(pixels):,} numbers; is it CIFAR-10?")
    return pixels, np.array([min(max(label, -1), len(CLASSES)) for label in labels], np.int64)


def _text(key: Any) -> Any:
    return key.decode("latin1") if isinstance(key, bytes) else key


def _seen(found: Any) -> str:
    if isinstance(found, dict):
        return "the keys " + ", ".join(str(_text(key))[:20] for key in list(found)[:8])
    return f"a {type(found).__name__}"
