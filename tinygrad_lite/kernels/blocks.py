"""What the special functions share: work in blocks, by region, and on short polynomials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.parallel import each
from tinygrad_lite.quiet import quiet

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]
Kernel = Callable[[Array], Array]

FEW = 4
"""Up to so many elements a dozen NumPy calls cost more than the same in Python."""

BLOCK_BYTES = 1 << 18
"""A block is small enough for the cache, and large enough to forget what a NumPy call costs."""


def elementwise(kernel: Kernel, x: Array, computing: type[np.floating[Any]] | None = None) -> Array:
    """Apply `kernel` to `x` block by block, without floating point warnings.

    Args:
        kernel: Takes a one-dimensional block, which it must not write to, and returns the values.
        x: An array of float16, float32 or float64, of any shape.
        computing: The dtype of the blocks: by default that of `x`, and float32 for float16.

    Returns:
        A new array of the shape and dtype of `x`.
    """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"special functions take arrays of floats, but got {x.dtype}")
    dtype = np.promote_types(x.dtype, np.float32) if computing is None else np.dtype(computing)
    length = BLOCK_BYTES // dtype.itemsize
    source = x.reshape(-1)
    with quiet():
        if x.size <= length:
            return kernel(source.astype(dtype, copy=False)).astype(x.dtype, copy=False).reshape(x.shape)
        result = np.empty(x.shape, x.dtype)
        target = result.reshape(-1)

        def compute(start: int) -> None:
            block = slice(start, start + length)
            target[block] = kernel(source[block].astype(dtype, copy=False))

        each(compute, range(0, x.size, length))
    return result


def few(x: Array) -> bool:
    """Whether x has so few elements that Python is done with them before NumPy has begun."""
    return x.size <= FEW and x.dtype.kind == "f"


def one_by_one(function: Callable[[float], float], x: Array) -> Array:
    """Apply a function of Python's numbers to each element."""
    return np.array([function(value) for value in x.ravel().tolist()], x.dtype).reshape(x.shape)


def by_region(x: Array, *regions: tuple[float, Kernel]) -> Array:
    """Evaluate each formula where x has reached its bound, but not the bound before. NaN stays NaN.

    Args:
        x: A one-dimensional array.
        *regions: Pairs (bound, formula), the bounds in falling order.
    """
    result: Array | None = None
    above: Any = False
    for low, formula in regions:
        reached = x >= low
        (inside,) = (reached ^ above).nonzero()
        above = reached
        if inside.size == x.size:
            return formula(x)
        if inside.size:
            result = np.full_like(x, np.nan) if result is None else result
            result[inside] = formula(x[inside])
    return x.copy() if result is None else result


def horner(x: Array, coefficients: Sequence[Any] | Array) -> Array:
    """Evaluate c[0] + c[1] x + c[2] x^2 + ...; columns c[k] stand for one polynomial a row."""
    value: Array = coefficients[-1] * x
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= x
    value += coefficients[0]
    return value


class Rational:
    """The function constant + P(x) / Q(x), where P and Q have the same degree.

    The constant lies close to the function's values: then rounding errors in P / Q count little.
    """

    def __init__(
        self,
        constant: float,
        *pairs: tuple[float, float],
        dtype: type[np.floating[Any]] = np.float64,
    ) -> None:
        """Take the coefficients of P and Q pair by pair, lowest power first."""
        self.constant = np.array(constant, dtype)
        self.columns = [np.array(pair, dtype)[:, np.newaxis] for pair in pairs]

    def __call__(self, x: Array) -> Array:
        """Evaluate P and Q side by side."""
        value, denominator = horner(x, self.columns)
        value /= denominator
        value += self.constant
        return value
