"""What is checked: a function at a point, and what claims to be its derivative there.

Everything is a `Problem`: a function of tensors, one operation of a recorded graph, a model's loss, a
function of another library. The numeric side sees plain arrays of numbers, the complex ones as pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Arrays = Sequence[np.ndarray]


@dataclass
class Problem:
    """A function at a point.

    Attributes:
        name: what it is called in reports.
        inputs: the names of its differentiable inputs.
        point: their values, float64 or complex128.
        evaluate: from values of the inputs to the outputs that have fractions.
        pull: from a gradient for each output to one for each input.
        epsilon: the unit roundoff of the dtype in which `pull` computes.
    """

    name: str
    inputs: Sequence[str]
    point: Arrays
    evaluate: Callable[[Arrays], Arrays]
    pull: Callable[[Arrays], Arrays]
    epsilon: float = float(np.finfo(np.float64).eps)


class EvaluationError(RuntimeError):
    """The function raised at a perturbed point, or did something there that it did not do at the point."""


def flat(arrays: Arrays) -> np.ndarray:
    """All numbers of some arrays in one row, complex ones as two."""
    rows = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    rows = [row.view(np.float64) if row.dtype.kind == "c" else row.astype(np.float64, copy=False) for row in rows]
    return np.concatenate(rows) if rows else np.zeros(0)


def like(row: np.ndarray, arrays: Arrays) -> list[np.ndarray]:
    """`flat` undone, in the shapes of `arrays`."""
    found, start = [], 0
    for a in arrays:
        pairs = a.dtype.kind == "c"
        stop = start + a.size * (2 if pairs else 1)
        part = row[start:stop].copy()
        found.append((part.view(np.complex128) if pairs else part).reshape(a.shape))
        start = stop
    return found


@dataclass
class Places:
    """Where the numbers of one row belong: which input, and which element of it."""

    problem: Problem
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        sizes = [a.size * (2 if a.dtype.kind == "c" else 1) for a in self.problem.point]
        self.starts = [sum(sizes[:k]) for k in range(len(sizes) + 1)]

    def input_of(self, place: int) -> int:
        """The number of the input that a place belongs to."""
        return max(k for k, start in enumerate(self.starts[:-1]) if start <= place and self.starts[k + 1] > place)

    def index_of(self, place: int) -> tuple[str, tuple[int, ...], str]:
        """The input's name, the element's index, and of complex ones which part it is."""
        k = self.input_of(place)
        array = self.problem.point[k]
        offset = place - self.starts[k]
        part = ""
        if array.dtype.kind == "c":
            offset, imaginary = divmod(offset, 2)
            part = "imaginary part" if imaginary else "real part"
        index = tuple(int(i) for i in np.unravel_index(offset, array.shape)) if array.ndim else ()
        return self.problem.inputs[k], index, part


def typical(row: np.ndarray) -> float:
    """The size that numbers of a row usually have; 1 if all are zero."""
    sizes = np.abs(row[(row != 0) & np.isfinite(row)])
    return float(np.median(sizes)) if sizes.size else 1.0


def directions(row: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A step for each number: of random sign and magnitude, relative to the number.

    Steps have few digits and scales are powers of two, so that a number and its steps add up exactly.
    """
    sizes = np.abs(row)
    sizes = np.where(
        (sizes == 0) | ~np.isfinite(sizes), typical(row), np.maximum(sizes, np.finfo(float).tiny * 2.0**60)
    )
    scales = 2.0 ** np.floor(np.log2(sizes))
    return scales * random.choice([-1.0, 1.0], row.shape) * (random.integers(128, 384, row.shape) / 256)


def signs(row: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Weights of random sign and magnitude."""
    return random.choice([-1.0, 1.0], row.shape) * random.uniform(0.5, 1.5, row.shape)


def norm(row: np.ndarray) -> float:
    """The length of a row, without overflow."""
    top = float(np.abs(row).max(initial=0.0))
    return top * math.sqrt(float(np.square(row / top).sum())) if 0 < top < math.inf else top
