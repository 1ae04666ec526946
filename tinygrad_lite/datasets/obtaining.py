"""A data set by its name: from the files at hand, or a stand-in that says what it stands in for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_lite.datasets.catalogue import Entry, entry, expected, how_to_get
from tinygrad_lite.datasets.finding import VARIABLE, Found, find, is_public, places
from tinygrad_lite.datasets.reading import describe, read
from tinygrad_lite.datasets.standins import stand_in

__all__ = ["Obtained", "obtain"]


class Obtained(NamedTuple):
    """A data set, and where it comes from.

    Attributes:
        data: what its name stands for; see `obtain`.
        source: what it is and from where, for printing.
        note: "", or for a stand-in what is missing, where it was looked for, and how to get it.
    """

    data: Any
    source: str
    note: str


def obtain(name: str, folder: str | os.PathLike[str] | None = None) -> Obtained:
    """A data set by its name, from `folder`, the folder in TINYGRAD_LITE_DATA, or where `fetch` has put it.

    A folder holds the files themselves, or has them in `mnist`, `cifar10`, `text`, `timeseries` and `tabular`. Files
    other than the public ones are used too, if they can be read, and `source` says that they differ. Where there are
    no files, the answer is a stand-in of the same form, made of the bundled digits, and `note` says so; unless a
    folder was given: then that is an error.

    | name | data |
    |---|---|
    | `mnist`, `fashion`, `cifar10` | `Images`: uint8 28×28, or 32×32×3 |
    | `tinyshakespeare` | str |
    | `names` | list of str |
    | `rotten_tomatoes` | list of N str, and int64 labels (N,) |
    | `sunspots`, `co2` | int64 years, or dates as 19580329, and float64 values, both (N,); NaN where one is missing |
    | `wine`, `iris`, `breast_cancer` | float64 (N, 13), (N, 4) or (N, 30), and int64 classes (N,) |
    | `boston` | float64 (506, 13), and float64 prices (506,) |

    Args:
        name: one of the above.
        folder: to be looked in first.

    Raises:
        FileNotFoundError: if `folder` was given and the files are nowhere: which, where they were looked for, their
            checksums, and how to get them.
        OSError: if a file cannot be read.
        ValueError: if a file is damaged: what was seen in it, the checksum it should have, and how to get it again;
            or there is no data set of that name.

    Example:
        >>> images = obtain("mnist").data
        >>> images.train_images.shape[1:], images.train_images.dtype
        ((28, 28), dtype('uint8'))
    """
    wanted = entry(name)
    for place in places(folder):
        found = find(wanted, place)
        if found is not None:
            return _from_files(wanted, found)
    problem = _missing(wanted, folder)
    if folder is not None:
        raise FileNotFoundError(f"{problem}\nThe public files:\n{expected(wanted)}")
    made = stand_in(name)
    source = f"{made.what}, in place of {wanted.title}: {describe(made.data)}"
    return Obtained(made.data, source, f"{problem}\nIn its place: {made.what}.")


def _from_files(wanted: Entry, found: Found) -> Obtained:
    try:
        data = read(wanted.name, found)
    except ValueError as error:
        raise ValueError(
            f"{error}\nThe public files:\n{expected(wanted)}\nTo get {wanted.name} again, move the damaged file away; "
            f"then {how_to_get(wanted, found.folder)}"
        ) from error
    where = found.paths[0] if len(found.paths) == 1 else found.folder
    differing = [
        path.name
        for path, file in zip(found.paths, found.files, strict=True)
        if file.checksums and not is_public(path, file.checksums)
    ]
    own = f" (not the public edition: the checksum of {', '.join(differing)} differs)" if differing else ""
    return Obtained(data, f"{wanted.title}: {describe(data)}, from {where}{own}", "")


def _missing(wanted: Entry, folder: str | os.PathLike[str] | None) -> str:
    names = ", ".join(file.names[0] for file in wanted.forms[0])
    others = "".join(f"; or {', '.join(file.names[0] for file in form)}" for form in wanted.forms[1:])
    looked = "; ".join(_state(wanted, place) for place in places(folder))
    unset = "" if os.environ.get(VARIABLE) else f" ({VARIABLE}, which could name another folder, is not set)"
    return (
        f"{wanted.name} ({wanted.title}) is missing: looked for {names}{others} in {looked}{unset}.\n"
        f"To get it, {how_to_get(wanted, folder)}."
    )


def _state(wanted: Entry, place: Path) -> str:
    """A place, and what of the data set is or is not in it."""
    if not place.is_dir():
        return f"{place} (no such folder)"
    inner = " and ".join(name for name in wanted.folders if name)
    there = [
        name
        for folder in wanted.folders
        for file in wanted.forms[0]
        for name in file.names
        if (place / folder / name).is_file()
    ]
    seen = f", which has only {', '.join(there)}" if there else ""
    return f"{place} and its {inner}{seen}"
