"""Reading each of the catalogue's data sets from its files."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.datasets.arrays import Images, load_arrays, mnist
from tinygrad_lite.datasets.cifar import cifar10
from tinygrad_lite.datasets.finding import Found
from tinygrad_lite.datasets.tables import read_csv

__all__ = ["describe", "read"]

Numbers = NDArray[np.float64]
_WEB_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_COUNTS = re.compile(r"\s*(\d+),(\d+)(,|$)")


def read(name: str, found: Found) -> Any:
    r"""What is in the files of a data set, in the form that `obtain` states for its name.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if one is damaged, naming it, what was seen and what was expected.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "names.txt")
        ...     _ = path.write_text("ada\nmax\n")
        ...     read("names", Found(Path(folder), [path], ()))
        ['ada', 'max']
    """
    return _READERS[name](found)


def describe(data: Any) -> str:
    """How much there is of it, in words.

    Example:
        >>> describe("abc"), describe(["ada", "max"]), describe((np.zeros((3, 2)), np.zeros(3)))
        ('3 characters', '2 lines', '3 rows of 2 numbers')
    """
    match data:
        case Images():
            size = " × ".join(map(str, data.train_images.shape[1:]))
            return f"{len(data.train_images):,} training and {len(data.test_images):,} test images of {size}"
        case str():
            return f"{len(data):,} characters"
        case list():
            return f"{len(data):,} lines"
        case (list() as texts, _):
            return f"{len(texts):,} sentences"
        case (rows, _) if rows.ndim == 2:
            return f"{len(rows):,} rows of {rows.shape[1]} numbers"
    return f"{len(data[0]):,} values"


def _images(found: Found) -> Images:
    return mnist(found.folder)


def _cifar10(found: Found) -> Images:
    return load_arrays(found.paths[0]) if found.paths[0].suffix == ".npz" else cifar10(found.folder)


def _text(found: Found) -> str:
    (path,) = found.paths
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no UTF-8 text: {error.reason} at byte {error.start:,}") from None
    _refuse_web_page(path, text)
    if not text.strip():
        raise ValueError(f"{path}: no text, the file has {path.stat().st_size:,} bytes")
    return text


def _names(found: Found) -> list[str]:
    return [line.strip() for line in _text(found).splitlines() if line.strip()]


def _reviews(found: Found) -> tuple[list[str], NDArray[np.int64]]:
    (path,) = found.paths
    _first_line(path)
    columns = read_csv(path, header=True, dtypes={"text": str, "label": int}, missing=())
    texts = columns.categories["text"]
    return [texts[number] for number in columns.values["text"]], columns.values["label"]


def _series(found: Found) -> tuple[NDArray[np.int64], Numbers]:
    (path,) = found.paths
    _first_line(path)
    columns = read_csv(path)
    if len(columns.names) != 2 or columns.categories:
        raise ValueError(f"{path}: the columns {', '.join(columns.names)}; expected two, of times and of numbers")
    times, values = columns.values.values()
    if times.dtype != np.int64 or not len(times):
        raise ValueError(f"{path}: {len(times):,} times of {times.dtype}; expected whole numbers")
    return times, values.astype(np.float64)


def _classes(found: Found) -> tuple[Numbers, NDArray[np.int64]]:
    """A table as scikit-learn ships it: how many rows and columns there are, then the rows, the class last."""
    (path,) = found.paths
    counts = _COUNTS.match(_first_line(path))
    if counts is None:
        raise ValueError(f"{path}: the first line should begin with the numbers of rows and of columns, as in 150,4")
    rows, labels = _rows(path, 1)
    if rows.shape != (wanted := (int(counts[1]), int(counts[2]))):
        raise ValueError(f"{path}: {rows.shape[0]} rows of {rows.shape[1]} numbers; its first line promises {wanted}")
    if labels.dtype != np.int64:
        raise ValueError(f"{path}: the last column is of {labels.dtype}; expected classes, whole numbers from 0")
    return rows, labels


def _boston(found: Found) -> tuple[Numbers, Numbers]:
    (path,) = found.paths
    counts = _COUNTS.match(_first_line(path))
    rows, prices = _rows(path, 0 if counts is None else 1)
    if counts is not None and len(rows) != int(counts[1]):
        raise ValueError(f"{path}: {len(rows)} rows; its first line promises {counts[1]}")
    return rows, prices.astype(np.float64)


def _rows(path: Path, skip: int) -> tuple[Numbers, NDArray[Any]]:
    """The columns but the last, and the last."""
    columns = read_csv(path, skip=skip, on_missing="error")
    if columns.categories or len(columns.names) < 2:
        raise ValueError(f"{path}: the columns {', '.join(columns.names)}; expected two or more, all of numbers")
    *features, last = columns.values.values()
    return np.stack(features, 1).astype(np.float64), last


def _first_line(path: Path) -> str:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        with gzip.open(path, "rb") as unpacked:
            return unpacked.readline(1 << 16).decode("utf-8", "replace")
    with open(path, "rb") as file:
        line = file.readline(1 << 16).decode("utf-8", "replace")
    _refuse_web_page(path, line)
    return line


def _refuse_web_page(path: Path, text: str) -> None:
    if _WEB_PAGE.match(text):
        raise ValueError(f"{path}: it begins with {text.strip()[:30]!r}: a web page, not the data")


_READERS: dict[str, Callable[[Found], Any]] = {
    "mnist": _images,
    "fashion": _images,
    "cifar10": _cifar10,
    "tinyshakespeare": _text,
    "names": _names,
    "rotten_tomatoes": _reviews,
    "sunspots": _series,
    "co2": _series,
    "wine": _classes,
    "iris": _classes,
    "breast_cancer": _classes,
    "boston": _boston,
}
