"""Tables in CSV files: columns of numbers and of categories, told apart by what is in them."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.dtypes import FLOAT32
from tinygrad_lite.tensors import make
from tinygrad_lite.utils.data.dataset import TensorDataset

__all__ = ["Columns", "Table", "read_csv"]

StrPath = str | os.PathLike[str]

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
"""What stands for a value that is not there."""

_KINDS = (int, float, str)
_MOSTLY = 0.5  # a column with a larger share of numbers is one of numbers, and text in it an error


class Columns(NamedTuple):
    """What is in a table.

    Attributes:
        names: of the columns, in their order.
        values: by name an array of int64 (whole numbers, or which category), or of float64.
        categories: by name, for columns of text, the categories: the place of each is its number.
    """

    names: list[str]
    values: dict[str, NDArray[Any]]
    categories: dict[str, list[str]]


class _Rows(NamedTuple):
    names: list[str]
    lines: list[int]  # where each row begins
    columns: list[Sequence[str]]


def read_csv(
    path: StrPath,
    *,
    header: bool | None = None,
    names: Sequence[str] | None = None,
    dtypes: Mapping[str, type] | None = None,
    delimiter: str = ",",
    skip: int = 0,
    missing: Collection[str] = MISSING,
    on_missing: str = "nan",
    encoding: str = "utf-8-sig",
) -> Columns:
    r"""Read a table; the file may be gzip-packed.

    A column is of whole numbers, of numbers, or of text. Text becomes the numbers of its categories, which are
    sorted. A column that is mostly of numbers is one of numbers, and text in it an error, unless `dtypes` says `str`.

    Args:
        path: the file.
        header: whether the first line names the columns; None finds out: it does if no number is in it.
        names: of the columns, in place of those in the file, or where it has none.
        dtypes: for some columns what they are: `int`, `float` or `str`.
        delimiter: what stands between values.
        skip: lines to leave out at the beginning.
        missing: what stands for a value that is not there.
        on_missing: `"nan"` makes NaN of those in columns of numbers, and -1 of those in columns of text; `"drop"`
            leaves out their rows; `"error"` does not accept them.
        encoding: of the file.

    Returns:
        the names of the columns, their values, and the categories.

    Raises:
        OSError: if the file cannot be read.
        ValueError: naming the line and the column: for a line with more or fewer values than others, for text where a
            number should be, for a missing value where none is accepted; and for options that make no sense.

    Example:
        >>> import tempfile, pathlib
        >>> from tinygrad_lite.datasets import read_csv
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "pets.csv")
        ...     _ = path.write_text("name,legs,weight\ncat,4,3.5\nbird,2,\ncat,4,4.5\n")
        ...     table = read_csv(path)
        >>> table.values["name"], table.categories
        (array([1, 0, 1]), {'name': ['bird', 'cat']})
        >>> table.values["weight"]
        array([3.5, nan, 4.5])
    """
    if on_missing not in ("nan", "drop", "error"):
        raise ValueError(f"on_missing is {on_missing!r}; use 'nan', 'drop' or 'error'")
    path = Path(path)
    rows = _read(path, header, names, delimiter, skip, encoding)
    wanted = _checked_dtypes(path, dtypes or {}, rows.names)
    lacking = frozenset(missing)
    gone = [np.array([value.strip() in lacking for value in column], bool) for column in rows.columns]
    if on_missing == "drop":
        rows, gone = _dropped(rows, gone)
    values: dict[str, NDArray[Any]] = {}
    categories: dict[str, list[str]] = {}
    for name, column, absent in zip(rows.names, rows.columns, gone, strict=True):
        if on_missing == "error" and absent.any():
            raise ValueError(f"{_place(path, rows, name, int(absent.argmax()))}: a value is missing")
        read = _Column(path, rows, name, column, absent)
        kind = wanted.get(name)
        if kind is str or (kind is None and read.is_text()):
            values[name], categories[name] = read.categories()
        else:
            values[name] = read.numbers(kind)
    return Columns(rows.names, values, categories)


class _Column:
    """The texts of one column, on the way to numbers."""

    def __init__(self, path: Path, rows: _Rows, name: str, texts: Sequence[str], absent: NDArray[np.bool_]) -> None:
        self.path, self.rows, self.name, self.texts, self.absent = path, rows, name, texts, absent

    def is_text(self) -> bool:
        """Whether it is not mostly of numbers."""
        present = [text for text, absent in zip(self.texts, self.absent, strict=True) if not absent]
        return sum(map(_is_number, present)) <= _MOSTLY * len(present)

    def categories(self) -> tuple[NDArray[np.int64], list[str]]:
        """For each text the number of its category; -1 where it is missing."""
        texts = np.array([text.strip() for text in self.texts], object)
        found = sorted(set(texts[~self.absent]))
        numbers = {text: number for number, text in enumerate(found)}
        return np.array([-1 if a else numbers[t] for t, a in zip(texts, self.absent, strict=True)], np.int64), found

    def numbers(self, kind: type | None) -> NDArray[Any]:
        """The numbers: as int64 where all are whole and none is missing, unless the column is to be of `float`."""
        whole = not self.absent.any() and all(map(_is_whole, self.texts))
        if whole and kind is not float:
            try:
                return np.array([int(text) for text in self.texts], np.int64)
            except OverflowError:
                pass
        if kind is int:
            wrong = next((k for k, text in enumerate(self.texts) if not _is_whole(text)), 0)
            raise ValueError(f"{self._at(wrong)}: {self.texts[wrong]!r} is no whole number that an int64 holds")
        try:
            return np.array([np.nan if a else _number(t) for t, a in zip(self.texts, self.absent, strict=True)])
        except ValueError:
            wrong = next(k for k, t in enumerate(self.texts) if not self.absent[k] and not _is_number(t))
            raise ValueError(
                f"{self._at(wrong)}: {self.texts[wrong]!r} is no number, as others in the column are; correct it, "
                f"count it among `missing`, or give dtypes={{{self.name!r}: str}} for a column of text"
            ) from None

    def _at(self, row: int) -> str:
        return _place(self.path, self.rows, self.name, row)


def _place(path: Path, rows: _Rows, name: str, row: int) -> str:
    return f"{path}, line {rows.lines[row]}, column {name!r}"


def _number(text: str) -> float:
    if "_" in text:  # which Python allows within its own numbers
        raise ValueError
    return float(text)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _is_whole(text: str) -> bool:
    digits = text.strip().lstrip("+-")
    return digits.isascii() and digits.isdigit()


def _checked_dtypes(path: Path, dtypes: Mapping[str, type], names: Sequence[str]) -> dict[str, type]:
    for name, kind in dtypes.items():
        if name not in names:
            raise ValueError(f"{path}: dtypes has the column {name!r}; the columns are {', '.join(map(repr, names))}")
        if kind not in _KINDS:
            raise ValueError(f"{path}: dtypes[{name!r}] is {kind!r}; use int, float or str")
    return dict(dtypes)


def _dropped(rows: _Rows, gone: list[NDArray[np.bool_]]) -> tuple[_Rows, list[NDArray[np.bool_]]]:
    """Without the rows in which a value is missing."""
    kept = np.flatnonzero(~np.logical_or.reduce(gone)).tolist() if gone else []
    columns: list[Sequence[str]] = [[column[k] for k in kept] for column in rows.columns]
    left = _Rows(rows.names, [rows.lines[k] for k in kept], columns)
    return left, [np.zeros(len(kept), bool) for _ in gone]


def _read(
    path: Path, header: bool | None, names: Sequence[str] | None, delimiter: str, skip: int, encoding: str
) -> _Rows:
    records = list(_records(path, delimiter, skip, encoding))
    if not records:
        raise ValueError(f"{path}: the table is empty")
    first = [text.strip() for text in records[0][1]]
    if header is None:
        header = not any(map(_is_number, first))
    if header:
        records = records[1:]
    found = list(names) if names is not None else first if header else [f"column {k}" for k in range(len(first))]
    if len(found) != len(first):
        raise ValueError(f"{path}: {len(found)} names for {len(first)} columns")
    if len(set(found)) < len(found):
        raise ValueError(f"{path}: two columns have one name, of {', '.join(map(repr, found))}; give `names`")
    for line, record in records:
        if len(record) != len(found):
            raise ValueError(
                f"{path}, line {line}: {len(record)} values, but there are {len(found)} columns; is the delimiter "
                f"{delimiter!r}, or are quotes missing?"
            )
    columns: list[Sequence[str]] = list(zip(*(record for _, record in records), strict=True))
    return _Rows(found, [line for line, _ in records], columns or [()] * len(found))


def _records(path: Path, delimiter: str, skip: int, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """The lines with values, and where each begins."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        unpacked: Any = gzip.GzipFile(fileobj=file) if packed else file
        text = io.TextIOWrapper(unpacked, encoding, newline="")
        try:
            for _ in range(skip):
                text.readline()
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            line = skip + 1
            for record in reader:
                if record:
                    yield line, record
                line = skip + reader.line_num + 1
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}: no {encoding} text ({error.reason}); give its encoding, such as 'latin1'"
            ) from None
        except csv.Error as error:
            raise ValueError(f"{path}, line {line}: {error}") from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: the gzip packing is damaged ({error}); fetch or copy the file again") from None
        finally:
            text.detach()


class Table(TensorDataset):
    r"""The rows of a CSV file: sample k is the features of row k, and its target if there is one.

    Features are float32, a vector to a row. The target is int64 for categories and whole numbers, float32 otherwise.

    Args:
        path: the file, which may be gzip-packed.
        target: the column to be predicted, by name or place; None for none.
        features: the columns to predict from; all others by default.
        options: of `read_csv`.

    Attributes:
        features: a tensor of shape (rows, columns).
        targets: a tensor of shape (rows,), or None.
        feature_names: of the columns.
        categories: by name, for columns of text, the categories in the order of their numbers.

    Raises:
        OSError: if the file cannot be read.
        ValueError: as `read_csv` does; and if there is no such column, or a target is missing.

    Example:
        >>> import tempfile, pathlib
        >>> from tinygrad_lite.datasets import Table
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "pets.csv")
        ...     _ = path.write_text("legs,weight,name\n4,3.5,cat\n2,0.5,bird\n")
        ...     pets = Table(path, target="name")
        >>> pets[0], pets.categories["name"]
        ((tensor([4.0000, 3.5000]), tensor(1)), ['bird', 'cat'])
    """

    def __init__(
        self,
        path: StrPath,
        target: str | int | None = None,
        features: Sequence[str | int] | None = None,
        **options: Any,
    ) -> None:
        columns = read_csv(path, **options)
        goal = None if target is None else _named(path, columns, target)
        chosen = columns.names if features is None else [_named(path, columns, name) for name in features]
        self.feature_names = [name for name in chosen if name != goal]
        if not self.feature_names:
            raise ValueError(f"{path}: no column is left to predict from")
        self.categories = columns.categories
        self.features = make(np.stack([columns.values[name] for name in self.feature_names], 1).astype(FLOAT32))
        self.targets = None if goal is None else make(_as_target(path, goal, columns))
        super().__init__(*(tensor for tensor in (self.features, self.targets) if tensor is not None))


def _named(path: StrPath, columns: Columns, name: str | int) -> str:
    if isinstance(name, int) and -len(columns.names) <= name < len(columns.names):
        return columns.names[name]
    if name not in columns.names:
        raise ValueError(f"{path}: there is no column {name!r}; the columns are {', '.join(map(repr, columns.names))}")
    return str(name)


def _as_target(path: StrPath, name: str, columns: Columns) -> NDArray[Any]:
    values = columns.values[name]
    absent = values < 0 if name in columns.categories else np.isnan(values)
    if absent.any():
        raise ValueError(f"{path}: row {int(absent.argmax())} has no target; use on_missing='drop'")
    return values.astype(FLOAT32) if values.dtype.kind == "f" else values
