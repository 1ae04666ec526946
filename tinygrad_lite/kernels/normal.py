"""The error functions and the normal distribution: `erf`, `erfc`, `ndtr`, `log_ndtr`, `gelu_erf`, `erfinv`.

`erf`, `erfc` and `ndtr` are integrals of exp(-c t^2 / 2). They are kept as tables: for every cell
of a fine grid one Taylor polynomial about its centre. An evaluation looks up a few coefficients and
needs no exponential, which in NumPy is the fastest way found, and the most accurate one. A table is
computed on its first use: the Taylor coefficients follow from a recurrence, the values at the
centres are sums of the integrals over the cells between.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lite.kernels.blocks import BLOCK_BYTES, Array, Rational, by_region, elementwise, few, horner, one_by_one
from tinygrad_lite.parallel import each
from tinygrad_lite.quiet import quiet


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


_INTEGRALS = {
    "erf": _Integral(2 / math.sqrt(math.pi), 2.0, 0.0),
    "erfc": _Integral(-2 / math.sqrt(math.pi), 2.0, math.inf),
    "ndtr": _Integral(1 / math.sqrt(2 * math.pi), 1.0, -math.inf),
}
# Outside [low, high] the functions are constant, to the last bit. Fewer cells or a lower degree
# would show in the last place; more cells fill the cache, and a higher degree costs time.
_LAYOUTS = {
    ("erf", np.float32): _Layout(-4, 4, 2048, 1),
    ("erf", np.float64): _Layout(-6, 6, 1024, 5),
    ("erfc", np.float32): _Layout(-4, 10.25, 1024, 2),
    ("erfc", np.float64): _Layout(-6, 27.5, 1024, 6),
    ("ndtr", np.float32): _Layout(-14.5, 6, 1024, 2),
    ("ndtr", np.float64): _Layout(-38.75, 8.5, 1024, 6),
}
_TERMS = 14  # of a Taylor series, before it is shortened to the degree of the table
_SCALE = 2.0**100  # keeps the smallest numbers out of underflow until the table is rounded


class _Table:
    """A function as one polynomial a cell, in t = (x - centre of the cell) / width, |t| <= 1/2."""

    def __init__(self, integral: _Integral, layout: _Layout, dtype: np.dtype[Any]) -> None:
        """Compute the coefficients in float64, and round them to `dtype`."""
        low, high, cells_per_unit, degree = layout
        width = 1 / cells_per_unit
        centre = np.arange(round(low / width), round(high / width) + 1) * width
        taylor = _taylor(integral, centre, width)
        # From centre to centre f grows by the right half of a cell and the left half of the next.
        right, left = horner(np.array(0.5), taylor), horner(np.array(-0.5), taylor)
        steps = np.subtract(right[:-1], left[1:])
        start = min(int(np.searchsorted(centre, integral.zero)), steps.size)
        below, above = _running_sum(steps[:start][::-1])[::-1], _running_sum(steps[start:])
        taylor[0] = np.concatenate([-below, [0.0], above])
        coefficients = (_shortened(taylor, degree) / _SCALE).astype(dtype)
        coefficients[0, centre == integral.zero] = -0.0  # so that erf keeps the sign of a zero

        self.coefficients = list(coefficients)
        self.low, self.high = np.array(low, dtype), np.array(high, dtype)
        self.cells_per_unit = np.array(cells_per_unit, dtype)
        # Adding 1.5 * 2^23 (2^52 in float64) rounds to an integer and leaves it in the last bits.
        self.anchor = np.array(1.5 * 2.0 ** np.finfo(dtype).nmant, dtype)
        first_cell = np.array(self.anchor + self.low * self.cells_per_unit)
        self.first_cell = first_cell.view(f"i{dtype.itemsize}")

    def __call__(self, x: Array) -> Array:
        """Evaluate the function."""
        t = x.clip(self.low, self.high)
        t *= self.cells_per_unit
        centre = t + self.anchor
        cell = (centre.view(self.first_cell.dtype) - self.first_cell).astype(np.intp, copy=False)
        centre -= self.anchor
        t -= centre
        value: Array = self.coefficients[-1].take(cell, mode="clip")
        for coefficient in self.coefficients[-2::-1]:
            value *= t
            value += coefficient.take(cell, mode="clip")
        return value


def _taylor(integral: _Integral, centre: Array, width: float) -> Array:
    """The Taylor coefficients of t, t^2, ... times _SCALE, by recurrence: f'' = -curvature x f'."""
    slope, curvature, _ = integral
    root = np.exp(-curvature / 4 * centre * centre)
    taylor = np.zeros((_TERMS, centre.size))
    taylor[1] = _SCALE * slope * width * root * root
    for j in range(_TERMS - 2):
        inner = (j + 1) * centre * taylor[j + 1] + j * width * taylor[j]
        taylor[j + 2] = -curvature * width * inner / ((j + 1) * (j + 2))
    return taylor


def _running_sum(terms: Array) -> Array:
    """The partial sums of `terms`, computed with twice the digits of float64 and rounded once."""
    high, low = terms.copy(), np.zeros_like(terms)
    reach = 1
    while reach < terms.size:
        left, right = high[:-reach], high[reach:]
        total = left + right
        gained = total - left
        error = (left - (total - gained)) + (right - gained)  # total + error = left + right
        low[reach:] = low[reach:] + low[:-reach] + error
        high[reach:] = total
        reach *= 2
    return high + low


def _shortened(taylor: Array, degree: int) -> Array:
    """Lower the degree of polynomials on [-1/2, 1/2]: leave out their last Chebyshev terms."""
    from numpy.polynomial import chebyshev  # here, because importing it takes longer than using it

    shorten = np.zeros((degree + 1, len(taylor)))
    for power, monomial in enumerate(np.eye(len(taylor))):
        kept = chebyshev.cheb2poly(chebyshev.poly2cheb(monomial)[: degree + 1])
        shorten[: len(kept), power] = kept / 2.0**power
    powers_of_2: Array = 2.0 ** np.arange(degree + 1)[:, np.newaxis]
    return powers_of_2 * (shorten @ taylor)


@functools.cache
def _table(name: str, dtype: np.dtype[Any]) -> _Table:
    return _Table(_INTEGRALS[name], _LAYOUTS[name, dtype.type], dtype)


def erf(x: Array) -> Array:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    Within 3 units in the last place everywhere; erf(-0.0) is -0.0.

    >>> erf(np.array([0.0, 1.0, np.inf]))
    array([0.        , 0.84270079, 1.        ])
    """
    return one_by_one(math.erf, x) if few(x) else elementwise(lambda block: _table("erf", block.dtype)(block), x)


def erfc(x: Array) -> Array:
    """The complement 1 - erf(x), with all its digits where it is small.

    Within 3 units in the last place, down to where it vanishes: at 10.06 in float32, at 27.23 in
    float64.

    >>> erfc(np.array([0.0, 1.0, 10.0]))
    array([1.00000000e+00, 1.57299207e-01, 2.08848758e-45])
    """
    return one_by_one(math.erfc, x) if few(x) else elementwise(lambda block: _table("erfc", block.dtype)(block), x)


def ndtr(x: Array) -> Array:
    """The normal distribution function, erfc(-x / sqrt(2)) / 2: the slope of a GELU needs it.

    Within 3 units in the last place, down to where it vanishes: at -14.17 in float32, at -38.48 in
    float64.

    >>> ndtr(np.array([-10.0, 0.0, 1.0]))
    array([7.61985302e-24, 5.00000000e-01, 8.41344746e-01])
    """
    return one_by_one(_ndtr_of_one, x) if few(x) else elementwise(lambda block: _table("ndtr", block.dtype)(block), x)


def gelu_erf(x: Array) -> Array:
    """The Gaussian error linear unit x * ndtr(x), with all its digits for negative x too.

    Within 4 units in the last place. As in PyTorch, minus infinity gives NaN.

    >>> gelu_erf(np.array([-10.0, -1.0, 1.0]))
    array([-7.61985302e-23, -1.58655254e-01,  8.41344746e-01])
    """
    return one_by_one(_gelu_of_one, x) if few(x) else elementwise(_gelu, x)


def gelu_backward(g: Array, x: Array, value: Array) -> Array:
    """g times the slope of `gelu_erf` at x, ndtr(x) + x exp(-x^2 / 2) / sqrt(2 pi), of which `value` is known.

    The first term is the quotient value / x, which costs less than another look into the table.

    >>> gelu_backward(np.ones(2), np.array([-1.0, 0.0]), gelu_erf(np.array([-1.0, 0.0])))
    array([-0.08331547,  0.5       ])
    """
    x = np.asarray(x)
    out = np.empty(x.shape, np.result_type(g, x))
    flat = [np.broadcast_to(a, x.shape).reshape(-1) for a in (g, x, value)]
    target, length = out.reshape(-1), BLOCK_BYTES // 4 // x.itemsize

    def compute(start: int) -> None:
        block = slice(start, start + length)
        target[block] = _gelu_backward(*(a[block] for a in flat))

    with quiet():
        each(compute, range(0, x.size, length))
    return out


def _gelu_backward(g: Array, x: Array, value: Array) -> Array:
    slope = x * x
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= x
    slope *= 1 / math.sqrt(2 * math.pi)
    share = value / x
    tiny = np.abs(x) < 1e-30
    if np.count_nonzero(tiny):
        share[tiny] = 0.5
    slope += share
    slope *= g
    return slope


# The root of 1/2: a number of 26 bits, whose products with others of 26 bits are exact, and the rest.
_ROOT_HALF, _ROOT_HALF_LOW = 0.7071067839860916, -2.799544089368687e-09


def _ndtr_of_one(x: float) -> float:
    """erfc(-x / sqrt(2)) / 2, where erfc, steep far out, is given what the quotient loses to rounding."""
    if not abs(x) < 40:
        return 0.5 * math.erfc(-x)  # 0, 1 or NaN
    scaled = 134217729.0 * x
    high = scaled - (scaled - x)  # 26 bits of x (Veltkamp)
    quotient = x * (_ROOT_HALF + _ROOT_HALF_LOW)
    lost = ((high * _ROOT_HALF - quotient) + (x - high) * _ROOT_HALF) + x * _ROOT_HALF_LOW
    return 0.5 * math.erfc(-quotient) + lost * math.exp(-quotient * quotient) / math.sqrt(math.pi)


def _gelu_of_one(x: float) -> float:
    if -50 < x < -37:  # where the second factor loses digits to underflow
        return float(_gelu_far(np.array(x)))
    return x * _ndtr_of_one(x)


def _gelu(x: Array) -> Array:
    value = _table("ndtr", x.dtype)(x)
    value *= x
    limit = -12.75 if x.dtype == np.float32 else -37.25  # below, ndtr loses digits to underflow
    far = x < limit
    if np.count_nonzero(far):
        far &= x > -50
        value[far] = _gelu_far(x[far].astype(np.float64))
    return value


def _gelu_far(x: Array) -> Array:
    """Compute -exp(-x^2 / 2) / sqrt(2 pi) (1 - 1 / x^2 + 3 / x^4 - ...), as `_tail`."""
    near = x.astype(np.float32).astype(np.float64)  # its square is exact, the rest small
    exponential = np.exp(-0.5 * near * near) * np.exp(-0.5 * (x - near) * (x + near))
    return -exponential * (_tail(x) / math.sqrt(2 * math.pi))


def _tail(x: Array) -> Array:
    """The series 1 - 1 / x^2 + 3 / x^4 - ... of -x sqrt(2 pi) exp(x^2 / 2) ndtr(x).

    To the digits of float32 for x < -12, to those of float64 for x < -37.
    """
    return horner(1 / (x * x), [1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0])


def log_ndtr(x: Array) -> Array:
    """The logarithm of `ndtr`, also where that has vanished.

    Within 4 units in the last place.

    >>> log_ndtr(np.array([-40.0, 0.0, 8.0]))
    array([-8.04608442e+02, -6.93147181e-01, -6.22096057e-16])
    """
    return elementwise(_log_ndtr, x, np.float64)


def _log_ndtr(x: Array) -> Array:
    table = _table("ndtr", x.dtype)
    return by_region(
        x,
        (0.0, lambda x: np.log1p(-table(-x))),
        (-37.0, lambda x: np.log(table(x))),
        (-np.inf, lambda x: -0.5 * x * x - np.log(-x) + (np.log(_tail(x)) - math.log(2 * math.pi) / 2)),
    )


# erfinv(x) / x as a function of 0.7225 - x^2 on [0, 0.7225]: rational minimax fit of degree 8 / 8
# (Remez in mpmath), relative error 5e-19.
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
# erfinv(x) - r as a function of r = sqrt(-log(1 - x)) on [1.377, 6.07]: fitted likewise, of degree
# 8 / 8, error 2e-17 of erfinv(x).
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
    size = by_region(
        np.abs(x),
        (1.0, lambda x: np.where(x == 1, np.inf, np.nan)),
        (0.85, _erfinv_tail),
        (0.0, lambda x: x * _ERFINV_CENTRE(0.7225 - x * x)),
    )
    return np.copysign(size, x)


def _erfinv_tail(x: Array) -> Array:
    root = np.sqrt(-np.log(1 - x))
    return root + _ERFINV_TAIL(root)
