"""Adding into an array at places that may repeat, and the flat positions that dimensions stand for.

`np.add.at` is fast on flat arrays only: with several dimensions it takes five times as long, and `x[index]`
twice as long as `x.reshape(-1).take(places)`. So everything here is turned into flat positions first. Wide rows
are the exception: from some 500 elements on, one addition for each row is as fast, and needs no positions.
Measured against `np.bincount`, sorting with `np.add.reduceat`, and a product with a one-hot matrix: none was faster.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_WIDE = 512

Shape = tuple[int, ...]


def along(index: np.ndarray, axis: int, shape: Shape) -> np.ndarray:
    """The flat positions, in a C-contiguous array of `shape`, of the elements `index` names along `axis`."""
    if len(shape) <= 1:
        return index
    places = index * math.prod(shape[axis + 1 :])
    for d, n in enumerate(index.shape):
        if d != axis and n > 1:
            steps = np.arange(n) * math.prod(shape[d + 1 :])
            places += steps.reshape((n,) + (1,) * (index.ndim - d - 1))
    return places


def add_flat(out: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
    """`out.flat[place] += value` for each place and value, repeated ones too. `out` is C-contiguous."""
    np.add.at(out.reshape(-1), places.reshape(-1), values.reshape(-1))


def add_rows(out: np.ndarray, places: np.ndarray, rows: np.ndarray) -> None:
    """`out[place] += row` for each place and row, repeated ones too. `out`, of two dimensions, is C-contiguous."""
    width = out.shape[1]
    if width >= _WIDE:
        add: Any = np.add
        for place, row in zip(places.tolist(), rows, strict=True):
            target = out[place]
            add(target, row, target)
        return
    if width > 1:
        places = (places % len(out) * width)[:, None] + np.arange(width)
    add_flat(out, places, rows)


def added_to(out: np.ndarray, values: np.ndarray, index: tuple[Any, ...]) -> None:
    """`out[index] += value` for all values, where `index`, of any kind, may name places repeatedly."""
    if not out.size or not values.size:
        return
    lead, places = _rows_named(out.shape, index)
    width = math.prod(out.shape[lead:])
    add_rows(out.reshape(-1, width), places.reshape(-1), values.reshape(-1, width))


def added(values: np.ndarray, shape: Shape, index: tuple[Any, ...]) -> np.ndarray:
    """Zeros of `shape` with `values` added where `index` names places, repeatedly or not."""
    out = np.zeros(shape, values.dtype)
    added_to(out, values, index)
    return out


def _rows_named(shape: Shape, index: tuple[Any, ...]) -> tuple[int, np.ndarray]:
    """How many leading dimensions `index` speaks of, and which rows of those it names."""
    if len(index) == 1 and isinstance(index[0], np.ndarray) and index[0].dtype.kind == "i":
        return 1, index[0]
    if any(part is Ellipsis for part in index):
        lead = len(shape)
    else:
        lead = sum(_consumes(part) for part in index)
    rows = np.arange(math.prod(shape[:lead])).reshape(shape[:lead])
    return lead, rows[index]


def _consumes(part: Any) -> int:
    """How many dimensions one part of an index speaks of."""
    if part is None or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1
