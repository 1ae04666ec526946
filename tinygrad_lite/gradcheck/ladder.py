"""A derivative by finite differences, without a step to choose.

Central differences over a ladder of halved steps are extrapolated to step zero (Richardson, 1911); the
table's own differences say how far the result can be trusted (Ridders, 1982). A large step errs by
curvature, a small one by rounding, and the best entry lies between: it is the one with the smallest
estimated error. Several first steps are tried, because the scale of a function is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_STEPS = (2.0**-4, 2.0**-12, 2.0**-18)
RUNGS = 8
EPSILON = float(np.finfo(np.float64).eps)


class Estimate(NamedTuple):
    """A derivative and how far it may be off."""

    value: float
    error: float


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
    best = Estimate(math.nan, math.inf)
    for first in FIRST_STEPS:
        best = min(best, _climb(function, first), key=lambda e: e.error)
    return best


def _climb(function: Callable[[float], float], step: float) -> Estimate:
    """The best entry of one ladder that starts at `step`."""
    best = Estimate(math.nan, math.inf)
    above: list[float] = []
    for _ in range(RUNGS):
        right, left = function(step), function(-step)
        rounding = EPSILON * (abs(right) + abs(left)) / (2 * step)
        row = [(right - left) / (2 * step)]
        factor = 4.0
        for previous in above:
            row.append(row[-1] + (row[-1] - previous) / (factor - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + rounding
            if error < best.error:
                best = Estimate(row[-1], error)
            factor *= 4.0
        above = row
        step /= 2
    return best
