"""What the special functions share: work in blocks, by region, and on short polynomials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Kernel = Callable[[Array], Array]

BLOCK = 1 << 16
"""Elements worked on at a time: few enough for the cache, enough to forget the cost of a NumPy call."""


def elementwise(kernel: Kernel, x: Array, computing: type[np.floating[Any]] | None = None) -> Array:
    """Apply `kernel` to `x` block by block, without floating point warnings.

    Args:
        kernel: Takes a one-dimensional contiguous block, which it must not write to, and returns the values.
        x: An array of float16, float32 or float64, of any shape.
        computing: The dtype of the blocks: by default that of `x`, and float32 for float16.

    Returns:
        A new array of the shape and dtype of `x`.
    """
    x = np.asarray(x)
    dtype = np.promote_types(x.dtype, np.float32) if computing is None else computing
    result = np.empty(x.shape, x.dtype)
    source, target = x.reshape(-1), result.reshape(-1)
    with np.errstate(all="ignore"):
        for start in range(0, x.size, BLOCK):
            block = slice(start, start + BLOCK)
            target[block] = kernel(source[block].astype(dtype, copy=False))
    return result


def by_region(x: Array, *regions: tuple[NDArray[np.bool_], Kernel]) -> Array:
    """Evaluate each formula where its mask holds; what no mask covers, NaN among it, becomes NaN."""
    result = np.full_like(x, np.nan)
    for mask, formula in regions:
        inside = np.flatnonzero(mask)
        if inside.size == x.size:
            return formula(x)
        if inside.size:
            result[inside] = formula(x[inside])
    return result


def horner(x: Array, coefficients: Sequence[Any] | Array) -> Array:
    """Evaluate c[0] + c[1] x + c[2] x^2 + ..., where every c[k] may be a column: one polynomial a row."""
    value: Array = coefficients[-1] * x
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= x
    value += coefficients[0]
    return value


class Rational:
    """The function constant + P(x) / Q(x), whose P and Q have the same degree.

    The constant lies close to the function's values: then the rounding errors of P / Q count little.
    """

    def __init__(
        self,
        constant: float,
        *pairs: tuple[float, float],
        dtype: type[np.floating[Any]] = np.float64,
    ) -> None:
        """Take the coefficients (p[k], q[k]), lowest power first."""
        self.constant = constant
        self.columns = np.array(pairs, dtype)[:, :, np.newaxis]

    def __call__(self, x: Array) -> Array:
        value, denominator = horner(x, self.columns)
        value /= denominator
        if self.constant:
            value += self.constant
        return value
