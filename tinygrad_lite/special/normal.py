"""The error functions and the normal distribution: `erf`, `erfc`, `ndtr`, `gelu_erf`, `erfinv`.

`erf`, `erfc` and `ndtr` are integrals of exp(-c t^2 / 2). They are kept as a table: for every cell of a
fine grid one Taylor polynomial about its centre. An evaluation looks up a few coefficients and needs no
exponential, which in NumPy is both the fastest way found and the most accurate one. The tables are
computed, not copied, on the first call: the Taylor coefficients follow from a recurrence, the values at
the centres are sums of the integrals over the cells.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from tinygrad_lite.special.blocks import Array, Rational, by_region, elementwise, horner


class _Integral(NamedTuple):
    """The function f with f'(x) = slope exp(-curvature x^2 / 2) that vanishes at `zero`."""

    slope: float
    curvature: float
    zero: float


class _Layout(NamedTuple):
    """Where a table begins and ends, how fine it is, and the degree of its polynomials."""

    low: float
    high: float
    cells_per_unit: int
    degree: int


class _Table(NamedTuple):
    """A layout and its coefficients: coefficients[j][i] belongs to t^j in cell i, where |t| <= 1/2."""

    layout: _Layout
    coefficients: tuple[Array, ...]


_FUNCTIONS = {
    "erf": _Integral(2 / math.sqrt(math.pi), 2.0, 0.0),
    "erfc": _Integral(-2 / math.sqrt(math.pi), 2.0, math.inf),
    "ndtr": _Integral(1 / math.sqrt(2 * math.pi), 1.0, -math.inf),
}
# Outside [low, high] the functions are constant to the last bit. With fewer cells or a lower degree the
# error would show in the last place; the degree counts for speed, the size of the table for the cache.
_LAYOUTS = {
    ("erf", "float32"): _Layout(-4, 4, 2048, 1),
    ("erf", "float64"): _Layout(-6, 6, 1024, 5),
    ("erfc", "float32"): _Layout(-4, 10.25, 1024, 2),
    ("erfc", "float64"): _Layout(-6, 27.5, 1024, 6),
    ("ndtr", "float32"): _Layout(-14.5, 6, 1024, 2),
    ("ndtr", "float64"): _Layout(-38.75, 8.5, 1024, 6),
}
_SCALE = 2.0**100  # keeps the smallest numbers from losing digits while the tables are computed
_TERMS = 14  # of the Taylor series, before it is shortened to the degree of the table


@functools.cache
def _table(name: str, dtype: np.dtype[Any]) -> _Table:
    """Compute the table of a function, in float64, and round it to `dtype`."""
    slope, curvature, zero = _FUNCTIONS[name]
    layout = _LAYOUTS[name, dtype.name]
    width = 1 / layout.cells_per_unit
    centre = np.arange(round(layout.low / width), round(layout.high / width) + 1) * width

    # Taylor coefficients in t = (x - centre) / width, from f'' = -curvature x f'.
    taylor = np.zeros((_TERMS, centre.size))
    root = np.exp(-curvature / 4 * centre**2)
    taylor[1] = slope * width * _SCALE * root * root
    for j in range(_TERMS - 2):
        inner = (j + 1) * centre * taylor[j + 1] + j * width * taylor[j]
        taylor[j + 2] = -curvature * width * inner / ((j + 1) * (j + 2))

    # From one centre to the next, the function grows by the right half of a cell and the left half of the next.
    steps = horner(np.array(0.5), taylor)[:-1] - horner(np.array(-0.5), taylor)[1:]
    start = int(np.clip(np.searchsorted(centre, zero), 0, centre.size - 1))
    below = _running_sum(steps[:start][::-1])[::-1]
    above = _running_sum(steps[start:])
    taylor[0] = np.concatenate(
        [-below, [-0.0], above]
    )  # -0.0 + 0.0 = 0.0, -0.0 + -0.0 = -0.0: erf keeps the sign

    coefficients = (_shortened(taylor, layout.degree) / _SCALE).astype(dtype)
    return _Table(layout, tuple(coefficients))


def _running_sum(terms: Array) -> Array:
    """The partial sums of `terms`, each computed with twice the digits of float64 and rounded once."""
    high, low = terms.copy(), np.zeros_like(terms)
    reach = 1
    while reach < terms.size:
        left, right = high[:-reach], high[reach:]
        total = left + right
        gone = total - left
        error = (left - (total - gone)) + (right - gone)  # total + error is left + right exactly
        low[reach:] = low[reach:] + low[:-reach] + error
        high[reach:] = total
        reach *= 2
    return high + low


def _shortened(taylor: Array, degree: int) -> Array:
    """Lower the degree of polynomials on [-1/2, 1/2] by leaving out their highest Chebyshev terms."""
    shorten = np.zeros((degree + 1, len(taylor)))
    for power, monomial in enumerate(np.eye(len(taylor))):
        kept = chebyshev.cheb2poly(chebyshev.poly2cheb(monomial)[: degree + 1])
        shorten[: len(kept), power] = kept / 2.0**power
    return (shorten @ taylor) * 2.0 ** np.arange(degree + 1)[:, np.newaxis]


def _look_up(name: str, x: Array) -> Array:
    """Evaluate the function `name` from its table."""
    (low, high, cells_per_unit, _), coefficients = _table(name, x.dtype)
    t = np.clip(x, low, high)
    t *= cells_per_unit
    # Adding 1.5 * 2^23 (2^52 in float64) rounds to a whole number, and leaves it in the lowest bits.
    anchor = np.array(1.5 * 2.0 ** np.finfo(x.dtype).nmant, x.dtype)
    bits = np.int32 if x.dtype == np.float32 else np.int64
    centre = t + anchor
    cell = centre.view(bits) - (anchor.view(bits) + round(low * cells_per_unit))
    cell = cell.astype(np.intp, copy=False)
    centre -= anchor
    t -= centre
    value = coefficients[-1].take(cell, mode="clip")
    for coefficient in coefficients[-2::-1]:
        value *= t
        value += coefficient.take(cell, mode="clip")
    return value


def erf(x: Array) -> Array:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    Within 3 units in the last place everywhere; erf(-0.0) is -0.0.

    >>> erf(np.array([0.0, 1.0, np.inf]))
    array([0.        , 0.84270079, 1.        ])
    """
    return elementwise(lambda block: _look_up("erf", block), x)


def erfc(x: Array) -> Array:
    """The complement 1 - erf(x), with all its digits where it is small.

    Within 3 units in the last place, down to where it vanishes: x = 10.05 in float32, 27.22 in float64.

    >>> erfc(np.array([0.0, 1.0, 10.0]))
    array([1.00000000e+00, 1.57299207e-01, 2.08848758e-45])
    """
    return elementwise(lambda block: _look_up("erfc", block), x)


def ndtr(x: Array) -> Array:
    """The normal distribution function, erfc(-x / sqrt(2)) / 2: the slope of a GELU needs it.

    Within 3 units in the last place, down to where it vanishes: x = -14.17 in float32, -38.48 in float64.

    >>> ndtr(np.array([-10.0, 0.0, 1.0]))
    array([7.61985302e-24, 5.00000000e-01, 8.41344746e-01])
    """
    return elementwise(lambda block: _look_up("ndtr", block), x)


def gelu_erf(x: Array) -> Array:
    """The Gaussian error linear unit x * ndtr(x), with all its digits for negative x too.

    Within 4 units in the last place. As in PyTorch, minus infinity gives NaN.

    >>> gelu_erf(np.array([-10.0, -1.0, 1.0]))
    array([-7.61985302e-23, -1.58655254e-01,  8.41344746e-01])
    """
    return elementwise(_gelu, x)


def _gelu(x: Array) -> Array:
    value = _look_up("ndtr", x)
    value *= x
    far = x < (
        -12.75 if x.dtype == np.float32 else -37.25
    )  # where ndtr has lost digits to underflow
    if far.any():
        far &= x > -50
        value[far] = _gelu_far(x[far].astype(np.float64))
    return value


def _gelu_far(x: Array) -> Array:
    """The asymptotic series -exp(-x^2 / 2) / sqrt(2 pi) (1 - 1 / x^2 + 3 / x^4 - ...) for x < -12."""
    series = horner(1 / (x * x), [1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0])
    near = x.astype(np.float32).astype(np.float64)  # its square is exact, the rest small
    exponential = np.exp(-0.5 * near * near) * np.exp(-0.5 * (x - near) * (x + near))
    return -exponential * (series / math.sqrt(2 * math.pi))


# erfinv(x) / x as a function of 0.7225 - x^2 on [0, 0.7225]: rational minimax fit (Remez), error 5e-19.
_ERFINV_CENTRE = Rational(
    0.95,
    (0.24753231156709138, 1.0),
    (2.0953959572249485, 12.099911690175405),
    (5.180522329173579, 58.23945112645675),
    (-1.0299668360924783, 142.56955241109952),
    (-22.25076729875731, 188.62401412081527),
    (-32.700090550572135, 132.63118475253052),
    (-18.10741019268793, 45.57901304934178),
    (-3.6558552189302675, 6.3416013527834085),
    (-0.1788635093349981, 0.2244220554896907),
)
# erfinv(x) - r as a function of r = sqrt(-log(1 - x)) on [1.377, 6.07]: Remez, error 2e-17 of erfinv.
_ERFINV_TAIL = Rational(
    0.0,
    (-0.0005946644863063394, 1.0),
    (-0.9924671095155589, 2.278108451971086),
    (-1.4349800821558802, 4.37315836831438),
    (-2.2073901711200787, 4.624876178054706),
    (-1.5185175141321448, 3.919973287252146),
    (-0.35624313052006557, 1.5435632961409929),
    (-0.028999006048933185, 0.24753517676838546),
    (-0.0006131323056794978, 0.014488756825218324),
    (-5.882089914509943e-07, 0.00021198239718841426),
)


def erfinv(x: Array) -> Array:
    """The inverse of `erf` on [-1, 1]: infinite at the ends, NaN outside.

    Within 4 units in the last place.

    >>> erfinv(np.array([-1.0, 0.0, 0.5]))
    array([      -inf, 0.        , 0.47693628])
    """
    return elementwise(_erfinv, x, np.float64)


def _erfinv(x: Array) -> Array:
    size = np.abs(x)
    return by_region(
        x,
        (size <= 0.85, lambda x: x * _ERFINV_CENTRE(0.7225 - x * x)),
        ((size > 0.85) & (size < 1), _erfinv_tail),
        (size == 1, lambda x: x * np.inf),
    )


def _erfinv_tail(x: Array) -> Array:
    root = np.sqrt(-np.log(1 - np.abs(x)))
    return np.copysign(root + _ERFINV_TAIL(root), x)
