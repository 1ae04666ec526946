"""A derivative by finite differences, without a step to choose.

Central differences over a ladder of halved steps are extrapolated to step zero (Richardson, 1911); the
table's own differences say how far the result can be trusted (Ridders, 1982). A large step errs by
curvature, a small one by rounding, and the best entry lies between: it is the one with the smallest
estimated error. Several first steps are tried, because the scale of a function is not known; the first
whose error is small enough ends the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

FIRST_STEPS = (2.0**-9, 2.0**-4, 2.0**-12, 2.0**-20, 2.0**-28, 2.0**-36)
"""First steps to try: the one at which most functions need the fewest rungs, then the others by size."""

SMALL_STEP = 2.0**-12
"""A step over which most functions are straight, and that rounding does not hide."""

LONG_STEPS = (2.0**10, 2.0**20)
"""First steps to try at last, for inputs that are small beside the scale on which a function changes."""

RUNGS = 8
EPSILON = float(np.finfo(np.float64).eps)


class Estimate(NamedTuple):
    """A derivative, how far it may be off, and the step it comes from."""

    value: float
    error: float
    step: float = math.nan


class Difference(NamedTuple):
    """What a function does over one step to either side; numbers, or arrays of them.

    Attributes:
        rise: f(step) - f(-step).
        noise: how far rounding may have moved that.
    """

    rise: Any
    noise: Any


NOTHING = Estimate(math.nan, math.inf)


def entries(difference: Callable[[float], Difference], step: float) -> Iterator[tuple[Any, Any, float]]:
    """The table of one ladder that starts at `step`, entry by entry: value, estimated error, step of its rung."""
    above: list[Any] = []
    for _ in range(RUNGS):
        rise, noise = difference(step)
        rounding = noise / (2 * step)
        row = [rise / (2 * step)]
        factor = 4.0
        for previous in above:
            row.append(row[-1] + (row[-1] - previous) / (factor - 1))
            yield row[-1], abs(row[-1] - row[-2]) + abs(row[-1] - previous) + rounding, step
            factor *= 4.0
        above = row
        step /= 2


def climb(difference: Callable[[float], Difference], step: float, enough: Callable[[Estimate], bool]) -> Estimate:
    """The best entry of one ladder; it ends where `enough` says so, or where the numbers are not finite."""
    best = NOTHING
    for value, error, rung in entries(difference, step):
        if not math.isfinite(value):
            break
        if error < best.error:
            best = Estimate(value, error, rung)
            if enough(best):
                break
    return best


def slope(function: Callable[[float], float]) -> Estimate:
    """The derivative of a float64 function of one number at 0, in steps relative to 1.

    Returns:
        the estimate with the smallest error; `(nan, inf)` if the function is not finite nearby.

    Example:
        >>> import math
        >>> from tinygrad_lite.gradcheck.ladder import slope
        >>> estimate = slope(lambda t: math.sin(1 + t))
        >>> abs(estimate.value - math.cos(1)) < 1e-11
        True
    """

    def difference(step: float) -> Difference:
        right, left = function(step), function(-step)
        return Difference(right - left, EPSILON * (abs(right) + abs(left)))

    return min((climb(difference, first, lambda _: False) for first in FIRST_STEPS), key=lambda e: e.error)


def slopes(difference: Callable[[float], Difference]) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of several numbers at once, and their errors: for each number its own best entry."""
    values: Any = None
    errors: Any = None
    for first in FIRST_STEPS:
        for value, error, _ in entries(difference, first):
            error = np.where(np.isfinite(value), error, np.inf)
            if values is None:
                values, errors = np.array(value, float), np.array(error, float)
                continue
            better = error < errors
            values[better], errors[better] = value[better], error[better]
    return values, errors
