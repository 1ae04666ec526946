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
_EXPONENT = np.int64(0x7FF << 52)
"""The bits of a float64 that alone make the power of two below it."""


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
        noise: the unit roundoff of the dtype in which `evaluate` computes.
        outputs: what `evaluate` gives at the point, where that is known already.
    """

    name: str
    inputs: Sequence[str]
    point: Arrays
    evaluate: Callable[[Arrays], Arrays]
    pull: Callable[[Arrays], Arrays]
    epsilon: float = float(np.finfo(np.float64).eps)
    noise: float = float(np.finfo(np.float64).eps)
    outputs: Arrays | None = None

    def at_point(self) -> Arrays:
        """What `evaluate` gives at the point."""
        return self.evaluate(self.point) if self.outputs is None else self.outputs


class EvaluationError(RuntimeError):
    """The function raised at a perturbed point, or did something there that it did not do at the point."""


def flat(arrays: Arrays) -> np.ndarray:
    """All numbers of some arrays in one row, complex ones as two."""
    rows = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    rows = [row.view(np.float64) if row.dtype.kind == "c" else row.astype(np.float64, copy=False) for row in rows]
    return np.concatenate(rows) if rows else np.zeros(0)


def like(row: np.ndarray, arrays: Arrays) -> list[np.ndarray]:
    """`flat` undone: the parts of a row in the shapes of `arrays`, in the row's memory."""
    found, start = [], 0
    for a in arrays:
        pairs = a.dtype.kind == "c"
        stop = start + a.size * (2 if pairs else 1)
        part = row[start:stop]
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

    def place_of(self, name: str, index: tuple[int, ...]) -> int:
        """The place of an element, of a complex one that of its real part."""
        k = list(self.problem.inputs).index(name)
        array = self.problem.point[k]
        offset = int(np.ravel_multi_index(index, array.shape)) if index else 0
        return self.starts[k] + offset * (2 if array.dtype.kind == "c" else 1)

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


def outputs_at(problem: Problem, start: np.ndarray, move: np.ndarray, count: int) -> np.ndarray:
    """The outputs where the inputs are moved away from `start`, in a row.

    Raises:
        EvaluationError: if there are none, or not `count` of them; it names the part of the move that did it.
    """

    def wrong_with(part: np.ndarray) -> str:
        try:
            found = flat(problem.evaluate(like(start + part, problem.point)))
        except Exception as error:
            return f"raised {type(error).__name__}: {error}"
        return "" if found.size == count else f"gave {found.size} numbers, and {count} at the point"

    try:
        found = flat(problem.evaluate(like(start + move, problem.point)))
        if found.size == count:
            return found
        cause = None
    except Exception as error:
        cause = error
    where, what = np.flatnonzero(move), wrong_with(move)
    while where.size > 1:
        for half in (where[: where.size // 2], where[where.size // 2 :]):
            part = np.zeros_like(move)
            part[half] = move[half]
            if found_wrong := wrong_with(part):
                where, what = half, found_wrong
                break
        else:
            break
    raise EvaluationError(f"with {_moved(problem, start, move, where)} it {what}") from cause


def _moved(problem: Problem, start: np.ndarray, move: np.ndarray, where: np.ndarray) -> str:
    """A perturbation in words."""
    if where.size == 1:
        place = int(where[0])
        name, index, part = Places(problem).index_of(place)
        now = start[place] + move[place]
        return f"input `{name}` perturbed at {list(index)}{part and f' ({part})'} by {move[place]:+.3g} to {now:.6g}"
    most = float(np.abs(move).max(initial=0.0))
    return f"{where.size} elements of the inputs perturbed together, by up to {most:.3g}"


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays hold the same numbers; NaN is the same as NaN."""
    return np.array_equal(a, b) or np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc")


def changed(before: Arrays, after: Arrays) -> str:
    """What is different between two calls of a function with the same inputs, in words; empty if nothing is."""
    if len(before) != len(after):
        return f"gave {len(before)} outputs, and {len(after)} when called again with the same inputs"
    for k, (a, b) in enumerate(zip(before, after, strict=True)):
        if a.shape != b.shape:
            return f"gave output {k} the shape {a.shape}, and {b.shape} when called again with the same inputs"
        if same(a, b):
            continue
        rough = 1e3 * max(float(np.finfo(x.dtype).eps) for x in (a, b))
        off = ~np.isclose(a, b, rtol=rough, atol=rough * typical(flat([a])), equal_nan=True)
        if off.any():
            place = tuple(int(i) for i in np.argwhere(off)[0])
            return (
                f"depends on how often it is called, or on something else beside its inputs: output {k} was "
                f"{a[place]:.6g} at {list(place)}, and {b[place]:.6g} when called again with the same inputs"
            )
    return ""


def typical(row: np.ndarray) -> float:
    """The size that numbers of a row usually have, by some thousands of them; 1 if all are zero."""
    for some in (row[:: row.size // 4096 + 1], row):
        known = some[(some != 0) & np.isfinite(some)]
        if known.size:
            return float(np.median(np.abs(known[:: known.size // 4096 + 1])))
    return 1.0


def directions(row: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A step for each number: of random sign and magnitude, relative to the number.

    Steps have few digits and scales are powers of two, so that a number and its steps add up exactly.
    """
    sizes = np.abs(row)
    unknown = (sizes == 0) | ~np.isfinite(sizes)
    sizes = np.maximum(sizes, np.finfo(float).tiny * 2.0**60)
    if unknown.any():
        sizes[unknown] = typical(row)
    scales = (sizes.view(np.int64) & _EXPONENT).view(np.float64)
    drawn = random.integers(0, 512, row.shape, np.int16)
    return scales * (np.where(drawn < 256, 128 + drawn, 128 - drawn) * (1 / 256))  # 1/2 to 3/2 of the scale


def signs(row: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Weights of random sign and magnitude."""
    drawn = random.uniform(-1.0, 1.0, row.shape)
    return drawn + np.copysign(0.5, drawn)


def norm(row: np.ndarray) -> float:
    """The length of a row, without overflow."""
    square = float(row @ row)
    if 1e-200 < square < math.inf:
        return math.sqrt(square)
    top = float(np.abs(row).max(initial=0.0))
    return top * math.sqrt(float(np.square(row / top).sum())) if 0 < top < math.inf else top
