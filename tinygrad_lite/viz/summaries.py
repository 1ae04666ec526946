"""A tensor in a few numbers: its range, mean and norm, a histogram, a coarse picture of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Summary", "summarise"]

WHOLE = 64
"""How many numbers a tensor has at most for all of them to be kept."""

_BINS = 24
_SIDE = 32
_SAMPLE = 200_000  # numbers that a histogram looks at


class Numbers(NamedTuple):
    """What is computed of a tensor: see `Summary`."""

    min: float
    mean: float
    max: float
    norm: float
    zeros: float
    nans: float
    infs: float


class Summary:
    """A tensor in a few numbers.

    Attributes:
        shape: of the tensor.
        dtype: of the tensor.
        values: the tensor itself, a copy, if it has no more than 64 numbers; otherwise None.
        histogram: None, or its lower end, its upper end, and how many of the finite numbers each bin holds.
        heat: None, or the last two dimensions of the tensor (of its first matrix), at most 32 x 32.

    Of complex numbers the magnitudes are described.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lite.viz.summaries import summarise
        >>> found = summarise(np.array([0.0, 3.0, -4.0]))
        >>> found.min, found.max, found.norm
        (-4.0, 3.0, 5.0)
        >>> found
        <Summary of float64 (3,): min -4, mean -0.3333, max 3, norm 5, 33% zeros>
    """

    __slots__ = ("_numbers", "dtype", "heat", "histogram", "shape", "values")

    def __init__(self, array: np.ndarray) -> None:
        self.shape = tuple(map(int, array.shape))
        self.dtype = array.dtype.name
        self.values: np.ndarray | None = None
        self.histogram: tuple[float, float, list[int]] | None = None
        self.heat: np.ndarray | None = None
        self._numbers: Numbers | None = None
        if array.size <= WHOLE:
            self.values = array.copy()  # the numbers are computed when somebody asks for them
            return
        real = _real(array)
        self._numbers, finite = _described(real)
        self.histogram = _histogram(real, finite)
        self.heat = _heat(real)

    @property
    def numbers(self) -> Numbers:
        """All the numbers together."""
        if self._numbers is None:
            assert self.values is not None
            self._numbers = _described_few(_real(self.values).ravel().tolist())
        return self._numbers

    @property
    def min(self) -> float:
        """The least number that is no NaN."""
        return self.numbers.min

    @property
    def mean(self) -> float:
        """The mean of the numbers that are finite."""
        return self.numbers.mean

    @property
    def max(self) -> float:
        """The greatest number that is no NaN."""
        return self.numbers.max

    @property
    def norm(self) -> float:
        """The root of the sum of squares of the finite numbers."""
        return self.numbers.norm

    @property
    def zeros(self) -> float:
        """The share of zeros, from 0 to 1."""
        return self.numbers.zeros

    @property
    def nans(self) -> float:
        """The share of NaN."""
        return self.numbers.nans

    @property
    def infs(self) -> float:
        """The share of infinities."""
        return self.numbers.infs

    def has_nan(self) -> bool:
        """Whether there is a NaN in it."""
        if self.values is not None:
            return self.values.dtype.kind in "fc" and bool(np.isnan(self.values).any())
        return self.numbers.nans > 0

    def __repr__(self) -> str:
        return f"<Summary of {self.dtype} {self.shape or 'scalar'}: {self.words()}>"

    def words(self) -> str:
        """In one line; a single number as it is."""
        found = self.numbers
        if self.values is not None and self.values.size == 1:
            return f"{self.values.item():.6g}"
        parts = [f"{name} {value:.4g}" for name, value in zip(("min", "mean", "max", "norm"), found, strict=False)]
        shares = (("zeros", found.zeros), ("NaN", found.nans), ("inf", found.infs))
        return ", ".join(parts + [f"{max(1, round(100 * share))}% {name}" for name, share in shares if share])

    def data(self, brief: bool = False, side: int = _SIDE) -> dict[str, Any]:
        """As plain data for JSON, in which NaN and infinities are strings.

        Args:
            brief: leave out the histogram and the picture.
            side: the most rows and columns of the picture; 0 for none.
        """
        made: dict[str, Any] = {"shape": list(self.shape), "dtype": self.dtype}
        made.update((name, number(value)) for name, value in zip(Numbers._fields, self.numbers, strict=True))
        made["values"] = None if self.values is None else _nested(self.values)
        made["histogram"] = made["heat"] = None
        if self.histogram is not None and not brief:
            low, high, counts = self.histogram
            made["histogram"] = {"from": number(low), "to": number(high), "counts": counts}
        if self.heat is not None and not brief and side:
            made["heat"] = [[number(x, 3) for x in row] for row in pooled(self.heat, side).tolist()]
        return made


def summarise(array: np.ndarray) -> Summary:
    """The summary of an array; it keeps no reference to it."""
    return Summary(array)


def number(value: float, digits: int = 6) -> float | int | str:
    """A number as JSON can hold it, to `digits` digits; NaN and infinities as strings."""
    if value - value != 0:  # nan - nan and inf - inf are nan
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    if isinstance(value, int) or value == int(value):
        return int(value)
    return float(f"{value:.{digits}g}")


def _nested(values: np.ndarray) -> Any:
    """Nested lists of numbers, complex ones as text."""
    if values.ndim:
        return [_nested(part) for part in values]
    value = values.item()
    return f"{value:.6g}" if isinstance(value, complex) else number(value) if not isinstance(value, bool) else value


def _real(array: np.ndarray) -> np.ndarray:
    """Numbers to compute with: magnitudes of complex ones, at least float32."""
    if array.dtype.kind == "c":
        return np.abs(array)
    if array.dtype.kind != "f":
        return array.astype(np.float64)
    return array.astype(np.float32) if array.dtype.itemsize < 4 else array


def _described_few(values: list[float]) -> Numbers:
    """The numbers of a short list, in a fraction of the time that NumPy takes for it."""
    if not values:
        return Numbers(math.nan, math.nan, math.nan, 0.0, 0.0, 0.0, 0.0)
    count = len(values)
    there = [x for x in values if x == x]
    finite = [x for x in there if x - x == 0]
    mean = math.fsum(finite) / len(finite) if finite else math.nan
    low, high = (min(there), max(there)) if there else (math.nan, math.nan)
    infs = (len(there) - len(finite)) / count
    nans = 1 - len(there) / count
    return Numbers(low, mean, high, math.hypot(*finite), values.count(0.0) / count, nans, infs)


def _described(real: np.ndarray) -> tuple[Numbers, bool]:
    """The numbers of a large array, and whether all of it is finite."""
    count = real.size
    with np.errstate(all="ignore"):
        low, high = float(real.min()), float(real.max())
        zeros = 1 - int(np.count_nonzero(real)) / count
        if math.isfinite(low) and math.isfinite(high):
            return Numbers(low, float(real.mean(dtype=np.float64)), high, _norm(real), zeros, 0.0, 0.0), True
        nan = np.isnan(real)
        nans = int(np.count_nonzero(nan))
        finite = real[np.isfinite(real)]
        infs = count - nans - finite.size
        there = real[~nan]
        low, high = (float(there.min()), float(there.max())) if there.size else (math.nan, math.nan)
        mean = float(finite.mean(dtype=np.float64)) if finite.size else math.nan
        return Numbers(low, mean, high, _norm(finite), zeros, nans / count, infs / count), False


def _norm(real: np.ndarray) -> float:
    flat = real.reshape(-1)
    square = float(np.dot(flat, flat))
    if 1e-30 < square < math.inf:
        return math.sqrt(square)
    return float(np.linalg.norm(flat.astype(np.float64)))


def _histogram(real: np.ndarray, finite: bool) -> tuple[float, float, list[int]] | None:
    """How the finite numbers are spread; of a very large array, every so many."""
    flat = real.reshape(-1)
    flat = flat[:: max(1, flat.size // _SAMPLE)]
    if not finite:
        flat = flat[np.isfinite(flat)]
    if not flat.size:
        return None
    low, high = float(flat.min()), float(flat.max())
    width = high - low
    if not 0 < width < math.inf:
        return low, high, [int(flat.size)]
    bins = np.minimum((flat.astype(np.float64) - low) * (_BINS / width), _BINS - 1).astype(np.intp)
    return low, high, np.bincount(bins, minlength=_BINS).tolist()


def _heat(real: np.ndarray) -> np.ndarray:
    """The first matrix of an array, a vector as one row, in at most 32 x 32 means."""
    matrix = real[(0,) * max(0, real.ndim - 2)]
    return pooled(np.atleast_2d(matrix).astype(np.float32), _SIDE)


def pooled(matrix: np.ndarray, side: int) -> np.ndarray:
    """A matrix in means of blocks, no more than `side` rows and columns of them."""
    with np.errstate(all="ignore"):
        for axis in (0, 1):
            length = matrix.shape[axis]
            if length > side:
                starts = np.arange(side) * length // side
                sizes = np.diff(np.append(starts, length)).astype(np.float32)
                sums = np.add.reduceat(matrix, starts, axis=axis)
                matrix = sums / (sizes[:, None] if axis == 0 else sizes)
    return matrix
