"""The Bessel functions of orders 0 and 1, and Airy's function.

For moderate arguments J, Y and I come from their integrals over a circle, of which the trapezoidal rule has all
digits from few nodes, for the integrands are periodic; K from its integral over a line, where the rule does as well
because the integrand falls so fast. Far out all come from Hankel's asymptotic series.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from tinygrad_lite.kernels.blocks import Array, by_region, elementwise, horner

_FAR = 25.0  # from here on Hankel's series have all digits
_TINY = 2.0**-1074  # below it there is only 0


def _hankel_terms(order: int, count: int) -> list[float]:
    """The coefficients of 1 / x^k in Hankel's series."""
    terms = [1.0]
    for k in range(1, count):
        terms.append(terms[-1] * (4 * order * order - (2 * k - 1) ** 2) / (8 * k))
    return terms


# --- J and Y ------------------------------------------------------------------------------------------


@functools.cache
def _circle() -> tuple[Array, Array]:
    """Sines of 32 angles of the first quarter, and for each the weight with which Y needs it.

    Neumann's series Y0 = 2/pi (log(x / 2) + gamma) J0 - 4/pi sum((-1)^k J[2k] / k) is a sum over the same nodes,
    for J[2k] is the mean of cos(x sin t) cos(2 k t).
    """
    angle = (np.arange(32) + 0.5) * (math.pi / 64)
    k = np.arange(1, 32)
    weight = 4 / math.pi * (np.cos(2 * np.outer(angle, k)) * ((-1.0) ** k / k)).sum(axis=1) / 32
    return np.sin(angle), weight


def _phase(order: int, x: Array) -> tuple[Array, Array]:
    """What of Hankel's series goes with the cosine and the sine, each over sqrt(pi x)."""
    terms = _hankel_terms(order, 24)
    square = -1 / (x * x)
    even, odd = horner(square, terms[0::2]), horner(square, terms[1::2]) / x
    cosine, sine = np.cos(x), np.sin(x)
    if order == 0:  # the angle is x - pi / 4
        cosine, sine = cosine + sine, sine - cosine
    else:  # x - 3 pi / 4
        cosine, sine = sine - cosine, -sine - cosine
    root = np.sqrt(math.pi * x)
    return (even * cosine - odd * sine) / root, (even * sine + odd * cosine) / root


def _j0(x: Array) -> Array:
    def near(x: Array) -> Array:
        mean: Array = np.cos(_circle()[0][:, None] * x).mean(axis=0)
        return mean

    return by_region(np.abs(x), (_FAR, lambda x: _settled(x, _phase(0, x)[0])), (0.0, near))


def _j1(x: Array) -> Array:
    def near(x: Array) -> Array:
        nodes = _circle()[0][:, None]
        mean: Array = (np.sin(nodes * x) * nodes).mean(axis=0)
        return mean

    size = by_region(np.abs(x), (_FAR, lambda x: _settled(x, _phase(1, x)[0])), (0.0, near))
    return np.where(x < 0, -size, size)


def _pole(value: float) -> Callable[[Array], Array]:
    return lambda x: np.full_like(x, value)


def _settled(x: Array, value: Array) -> Array:
    """Zero at infinity."""
    return np.where(x == np.inf, 0.0, value)


def _y0(x: Array) -> Array:
    def near(x: Array) -> Array:
        nodes, weights = _circle()
        cosines = np.cos(nodes[:, None] * x)
        return 2 / math.pi * (np.log(x / 2) + np.euler_gamma) * cosines.mean(axis=0) - weights @ cosines

    return by_region(x, (_FAR, lambda x: _settled(x, _phase(0, x)[1])), (0.0, near), (-np.inf, _pole(np.nan)))


def _y1(x: Array) -> Array:
    def near(x: Array) -> Array:
        nodes, weights = _circle()
        sines = np.sin(nodes[:, None] * x) * nodes[:, None]
        cosines = np.cos(nodes[:, None] * x).mean(axis=0)
        log = np.log(x / 2) + np.euler_gamma
        return 2 / math.pi * (log * sines.mean(axis=0) - cosines / x) - weights @ sines

    far = (_FAR, lambda x: _settled(x, _phase(1, x)[1]))
    return by_region(x, far, (_TINY, near), (0.0, _pole(-np.inf)), (-np.inf, _pole(np.nan)))


def bessel_j0(x: Array) -> Array:
    """The Bessel function of the first kind of order 0.

    >>> bessel_j0(np.array([0.0, 1.0, 100.0]))
    array([1.        , 0.76519769, 0.01998585])
    """
    return elementwise(_j0, x, np.float64)


def bessel_j1(x: Array) -> Array:
    """The Bessel function of the first kind of order 1.

    >>> bessel_j1(np.array([0.0, 1.0, 100.0]))
    array([ 0.        ,  0.44005059, -0.07714535])
    """
    return elementwise(_j1, x, np.float64)


def bessel_y0(x: Array) -> Array:
    """The Bessel function of the second kind of order 0: minus infinity at 0, NaN below.

    >>> bessel_y0(np.array([1.0, 100.0]))
    array([ 0.08825696, -0.07724431])
    """
    return elementwise(_y0, x, np.float64)


def bessel_y1(x: Array) -> Array:
    """The Bessel function of the second kind of order 1: minus infinity at 0, NaN below.

    >>> bessel_y1(np.array([1.0, 100.0]))
    array([-0.78121282, -0.02037231])
    """
    return elementwise(_y1, x, np.float64)


# --- I and K ------------------------------------------------------------------------------------------


def _ie(order: int, x: Array) -> Array:
    """exp(-|x|) I(x) for x >= 0."""

    def near(x: Array) -> Array:
        cosine = np.cos((np.arange(16) + 0.5) * (math.pi / 32))[:, None]
        falling, both = np.exp(x * (cosine - 1)), np.expm1(-2 * x * cosine)
        mean: Array = (falling * (1 + both / 2) if order == 0 else falling * both * cosine / -2).mean(axis=0)
        return mean

    def far(x: Array) -> Array:
        return horner(-1 / x, _hankel_terms(order, 24)) / np.sqrt(2 * math.pi * x)

    return by_region(x, (_FAR, far), (0.0, near))


def _unscaled(scaled: Array, x: Array) -> Array:
    """`scaled` times exp(x), in two steps: the exponential overflows before the product does."""
    half = np.exp(x / 2)
    return np.where((x == np.inf) & (scaled == scaled), np.inf, scaled * half * half)


def _ke(order: int, x: Array) -> Array:
    """exp(x) K(x) for x > 0."""

    def near(x: Array) -> Array:
        square, log = x * x / 4, np.log(x / 2)
        term = np.ones_like(x) if order == 0 else x / 2
        bessel, rest = np.zeros_like(x), np.zeros_like(x)
        slope = -np.euler_gamma if order == 0 else 0.5 - np.euler_gamma
        for k in range(14):
            bessel += term
            rest += term * slope
            slope += 1 / (k + 1) if order == 0 else (1 / (k + 1) + 1 / (k + 2)) / 2
            term = term * square / ((k + 1) * (k + 1 + order))
        value = rest - log * bessel if order == 0 else 1 / x + log * bessel - rest
        return value * np.exp(x)

    def far(x: Array) -> Array:
        end = 2 * np.arcsinh(np.sqrt(19 / x))  # there the integrand is exp(-38)
        t = np.arange(41)[:, None] * (end / 40)
        fall = np.exp(-2 * x * np.sinh(t / 2) ** 2)
        if order:
            fall *= np.cosh(t)
        fall[0] /= 2
        return _settled(x, fall.sum(axis=0) * (end / 40))

    return by_region(x, (1.0, far), (_TINY, near), (0.0, _pole(np.inf)), (-np.inf, _pole(np.nan)))


def i0e(x: Array) -> Array:
    """The modified Bessel function of the first kind of order 0, times exp(-|x|).

    >>> i0e(np.array([0.0, 1.0, 1000.0]))
    array([1.        , 0.46575961, 0.01261724])
    """
    return elementwise(lambda x: _ie(0, np.abs(x)), x, np.float64)


def i1e(x: Array) -> Array:
    """The modified Bessel function of the first kind of order 1, times exp(-|x|).

    >>> i1e(np.array([0.0, 1.0, 1000.0]))
    array([0.        , 0.20791042, 0.01261093])
    """
    return elementwise(lambda x: np.copysign(_ie(1, np.abs(x)), x), x, np.float64)


def i0(x: Array) -> Array:
    """The modified Bessel function of the first kind of order 0.

    >>> i0(np.array([0.0, 1.0]))
    array([1.        , 1.26606588])
    """
    return elementwise(lambda x: _unscaled(_ie(0, np.abs(x)), np.abs(x)), x, np.float64)


def i1(x: Array) -> Array:
    """The modified Bessel function of the first kind of order 1.

    >>> i1(np.array([0.0, 1.0]))
    array([0.       , 0.5651591])
    """
    return elementwise(lambda x: np.copysign(_unscaled(_ie(1, np.abs(x)), np.abs(x)), x), x, np.float64)


def k0e(x: Array) -> Array:
    """The modified Bessel function of the second kind of order 0, times exp(x).

    >>> k0e(np.array([1.0, 1000.0]))
    array([1.14446308, 0.03962832])
    """
    return elementwise(lambda x: _ke(0, x), x, np.float64)


def k1e(x: Array) -> Array:
    """The modified Bessel function of the second kind of order 1, times exp(x).

    >>> k1e(np.array([1.0, 1000.0]))
    array([1.63615349, 0.03964813])
    """
    return elementwise(lambda x: _ke(1, x), x, np.float64)


def k0(x: Array) -> Array:
    """The modified Bessel function of the second kind of order 0: infinite at 0, NaN below.

    >>> k0(np.array([1.0]))
    array([0.42102444])
    """
    return elementwise(lambda x: _unscaled(_ke(0, x), -x), x, np.float64)


def k1(x: Array) -> Array:
    """The modified Bessel function of the second kind of order 1: infinite at 0, NaN below.

    >>> k1(np.array([1.0]))
    array([0.60190723])
    """
    return elementwise(lambda x: _unscaled(_ke(1, x), -x), x, np.float64)


# --- Airy's function ----------------------------------------------------------------------------------

_AIRY_END = 10.0
_AIRY_TERMS = 28


def _taylor(centre: Array, value: Array, slope: Array) -> list[Array]:
    """Taylor's coefficients of the solution of y'' = x y with this value and slope at the centre."""
    terms = [value, slope, centre * value / 2]
    for n in range(1, _AIRY_TERMS - 2):
        terms.append((centre * terms[n] + terms[n - 1]) / ((n + 1) * (n + 2)))
    return terms


def _moved(terms: list[Array], step: Array | float) -> tuple[Array, Array]:
    """The value and slope at a distance from the centre."""
    where = np.asarray(step, np.float64)
    slopes = [n * term for n, term in enumerate(terms)][1:]
    return horner(where, terms), horner(where, slopes)


def _airy_far(x: Array) -> tuple[Array, Array]:
    """The asymptotic series of Ai and Ai' for large |x|."""
    size = np.abs(x)
    zeta = 2 / 3 * size * np.sqrt(size)
    u, v = [1.0], [1.0]
    for k in range(1, 22):
        u.append(u[-1] * (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / (216 * k * (2 * k - 1)))
        v.append(-u[-1] * (6 * k + 1) / (6 * k - 1))
    root = np.sqrt(np.sqrt(size))
    inverse = 1 / zeta
    fall = np.exp(-zeta) / (2 * math.sqrt(math.pi))
    rising = fall / root * horner(-inverse, u), -fall * root * horner(-inverse, v)
    square = -inverse * inverse
    cosine, sine = np.cos(zeta - math.pi / 4), np.sin(zeta - math.pi / 4)
    even, odd = horner(square, u[0::2]), inverse * horner(square, u[1::2])
    slope_even, slope_odd = horner(square, v[0::2]), inverse * horner(square, v[1::2])
    scale = 1 / math.sqrt(math.pi)
    swinging = (
        scale / root * (even * cosine + odd * sine),
        scale * root * (slope_even * sine - slope_odd * cosine),
    )
    up = x > 0
    value, slope = np.where(up, rising[0], swinging[0]), np.where(up, rising[1], swinging[1])
    return _settled(size, value), np.where(x == np.inf, -0.0, slope)


@functools.cache
def _airy_table() -> list[Array]:
    """Taylor's coefficients about -10, ..., 10, each from the one before, in the stable direction."""
    centres = np.arange(-_AIRY_END, _AIRY_END + 1)
    values, slopes = np.empty_like(centres), np.empty_like(centres)
    zero = int(_AIRY_END)
    values[zero] = 1 / (3 ** (2 / 3) * math.gamma(2 / 3))
    slopes[zero] = -1 / (3 ** (1 / 3) * math.gamma(1 / 3))
    above, below = range(len(centres) - 1, zero, -1), range(zero - 1, -1, -1)
    start = [float(part[0]) for part in _airy_far(np.array([_AIRY_END + 1]))]
    for path, (value, slope) in ((above, start), (below, (values[zero], slopes[zero]))):
        centre = _AIRY_END + 1 if path is above else 0.0
        for k in path:
            terms = _taylor(*map(np.array, (centre, value, slope)))
            value, slope = (float(part) for part in _moved(terms, centres[k] - centre))
            centre = centres[k]
            values[k], slopes[k] = value, slope
    return _taylor(centres, values, slopes)


def _airy(order: int) -> Callable[[Array], Array]:
    def near(x: Array) -> Array:
        centre = np.rint(x)
        place = (centre + _AIRY_END).astype(np.intp)
        return _moved([term[place] for term in _airy_table()], x - centre)[order]

    def far(x: Array) -> Array:
        return _airy_far(x)[order]

    return lambda x: by_region(x, (_AIRY_END, far), (-_AIRY_END, near), (-np.inf, far))


def airy_ai(x: Array, order: int = 0) -> Array:
    """Airy's function Ai, the solution of y'' = x y that vanishes far out; with `order` 1 its derivative.

    >>> airy_ai(np.array([0.0, 1.0, -2.0]))
    array([0.35502805, 0.13529242, 0.22740743])
    """
    return elementwise(_airy(order), x, np.float64)
