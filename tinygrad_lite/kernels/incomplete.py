"""The incomplete gamma function, and how gamma and beta random numbers move with their parameters.

All are integrals of a density from a point to one of its ends. In the logarithm of the variable (its logit, for the
beta distribution) the density is log-concave, so seen from the point outward, on the side of the lighter tail, it
falls. Where it has one scale, the rule of Gauss and Legendre up to where it has vanished has the digits of float64
from few nodes; where it has two, the double exponential rule of Takahasi and Mori (1974) from about a hundred. Near
the ends of the distributions power series take over.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.kernels.blocks import Array
from tinygrad_lite.kernels.gamma import digamma, lgamma, polygamma
from tinygrad_lite.quiet import quiet

_FALL = 38.0  # exp(-38) has vanished beside 1
_NEAR = 1.5  # up to here the power series of the gamma functions are short
_BLOCK = 2048


def _blocks(kernel: Callable[..., Array], *inputs: Array) -> Array:
    """`kernel` of broadcast inputs, on flat blocks in float64, in the shape and dtype that they have together."""
    together = np.broadcast_arrays(*inputs)
    flat = [x.reshape(-1).astype(np.float64) for x in together]
    out = np.empty(flat[0].size)
    with quiet():
        for start in range(0, out.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            out[block] = kernel(*(x[block] for x in flat))
        result: Array = out.reshape(together[0].shape).astype(np.result_type(*inputs), copy=False)
    return result


def _outward(log_density: Callable[[Array], tuple[Array, Array]], near: Array, tail: Array) -> Array:
    """The integral over v > 0 of exp(e) w, where `log_density(v)` gives (e, w), by the double exponential rule.

    Args:
        log_density: of the distances v, an axis of nodes before that of the elements.
        near: 1 / the distance on which exp(e) begins to fall.
        tail: the rate at which it falls far out.
    """
    nodes, low = 96, -3.4  # the weights of nodes below have vanished
    step = (np.log(_FALL * np.maximum(1.0, near / tail)) - low) / (nodes - 1)
    t = low + np.arange(nodes)[:, None] * step
    bend = np.exp(-t)
    v = np.exp(t - bend) / near
    exponent, weight = log_density(v)
    total: Array = (np.exp(exponent) * weight * v * (1 + bend)).sum(axis=0)
    return total * step


# --- the gamma distribution ---------------------------------------------------------------------------


@functools.cache
def _gauss(count: int) -> tuple[Array, Array]:
    """Nodes and weights of the rule of Gauss and Legendre on [0, 1], as columns."""
    from numpy.polynomial.legendre import leggauss  # here, because importing it takes longer than using it

    nodes, weights = leggauss(count)
    return (nodes[:, None] + 1) / 2, weights[:, None] / 2


def _moment(a: Array, x: Array, order: int) -> tuple[Array, Any]:
    """Of the gamma distribution with shape a, over its density in log x: the integral of (log t - digamma(a))^order.

    Returns:
        the integral, for x >= 1.5, and whether it is the one below x or the one above.
    """
    centre = np.log(x) - digamma(a)
    below = centre < 0
    sign = np.where(below, -1.0, 1.0)
    far = _FALL / np.maximum(np.sqrt(x), (x - a) * sign)
    far = np.where(below, far, np.minimum(far, 4.0))
    for _ in range(8):  # Newton's method; the density is log-concave, so it comes from one side
        grown = np.expm1(sign * far)
        far = far - (a * sign * far - x * grown + _FALL) / (sign * (a - x * (grown + 1)))
    nodes, weights = _gauss(28)
    v = nodes * (far * sign)
    return far * (weights * np.exp(a * v - x * np.expm1(v)) * (centre + v) ** order).sum(axis=0), below


def _moment_near(a: Array, x: Array, order: int) -> Array:
    """The same below x, for x < 1.5."""
    centre = np.log(x) - digamma(a)
    near = np.maximum(np.sqrt(x), a - x)
    return _outward(lambda v: (-a * v - x * np.expm1(-v), (centre - v) ** order), near, a)


def _density(a: Array, x: Array) -> Array:
    """x^a exp(-x) / gamma(a), the density in log x."""
    away = (x - a) / a
    far = np.exp(-a * (away - np.log1p(away)) - _stirling(a)) * np.sqrt(a / (2 * math.pi))
    return np.where((a > 20) & (away > -0.7), far, np.exp(a * np.log(x) - x - lgamma(a)))


def _stirling(a: Array) -> Array:
    """What Stirling's formula lacks, for a > 20."""
    square = 1 / (a * a)
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / a


def _series(a: Array, x: Array, slope: bool) -> Array:
    """The sum of the x^n / ((a + 1) ... (a + n)), each times log(x) - digamma(a + n + 1) for the `slope`."""
    term, total = np.ones_like(x), np.zeros_like(x)
    log_slope = np.log(x) - digamma(a + 1) if slope else np.ones_like(x)
    for n in range(1, 26):
        total += term * log_slope
        term = term * x / (a + n)
        log_slope = log_slope - 1 / (a + n) if slope else log_slope
    return total


def _central_moments(a: Array, order: int) -> Array:
    """Of log t under the gamma distribution: its cumulants are digamma and its derivatives."""
    moments = [np.ones_like(a), np.zeros_like(a)]
    for n in range(2, order + 1):
        terms = [math.comb(n - 1, j + 1) * polygamma(j + 1, a) * moments[n - 2 - j] for j in range(n - 1)]
        moments.append(sum(terms[1:], start=terms[0]))
    return moments[order]


def _partial(a: Array, x: Array, order: int, lower: bool) -> Array:
    """The moment of this order below x, if `lower`, or above it."""
    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    full = _central_moments(np.where(inside, a, 1.0), order)
    nothing = (x == 0) | ((a == np.inf) & (x < np.inf))
    everything = ((a == 0) & (x > 0)) | ((x == np.inf) & (a < np.inf))
    if not lower:
        nothing, everything = everything, nothing
    out = np.where(everything, full, np.where(nothing, 0.0, np.nan))
    out[(x < 0) | (a < 0) | ((a == 0) & (x == 0)) | np.isnan(x) | np.isnan(a)] = np.nan
    close, far = inside & (x < _NEAR), inside & (x >= _NEAR)
    if far.any():
        part, below = _moment(a[far], x[far], order)
        part *= _density(a[far], x[far])
        out[far] = np.where(below == lower, part, full[far] - part)
    if close.any():
        out[close] = _partial_near(a[close], x[close], full[close], order, lower)
    return out


def _partial_near(a: Array, x: Array, full: Array, order: int, lower: bool) -> Array:
    if order == 0 and not lower:
        return _above(a, x)
    part = _moment_near(a, x, order) if order > 1 else _series(a, x, order == 1) / a
    part *= _density(a, x)
    return part if lower else full - part


def _above(a: Array, x: Array) -> Array:
    """1 - gammainc(a, x) for small x, without losing the digits of a small a."""
    log_gamma = np.where(a < 1e-5, a * (math.pi**2 / 12 * a - np.euler_gamma), lgamma(a + 1))
    term, total = np.ones_like(x), np.zeros_like(x)
    for n in range(1, 26):
        term = term * -x / n
        total += term * a / (a + n)
    log_power = a * np.log(x) - log_gamma
    return -np.expm1(log_power) - np.exp(log_power) * total


def gammainc(a: Array, x: Array, order: int = 0) -> Array:
    """The regularised lower incomplete gamma function, or a moment on the same interval.

    Args:
        a: the shape of a gamma distribution of rate 1; not negative.
        x: up to where it is integrated; not negative.
        order: of the moment of log t about its mean digamma(a). Of order 1 it is the derivative by a.

    >>> gammainc(np.array([0.5, 3.0]), np.array([0.5, 2.0]))
    array([0.68268949, 0.32332358])
    """
    return _blocks(lambda a, x: _partial(a, x, order, lower=True), a, x)


def gammaincc(a: Array, x: Array, order: int = 0) -> Array:
    """The regularised upper incomplete gamma function 1 - gammainc(a, x), small values too; or a moment, as there.

    >>> gammaincc(np.array([0.5, 3.0]), np.array([0.5, 50.0]))
    array([3.17310508e-01, 2.50930355e-19])
    """
    return _blocks(lambda a, x: _partial(a, x, order, lower=False), a, x)


def gamma_slope(a: Array, x: Array) -> Array:
    """How fast the gamma-distributed number x moves with its shape a, if it keeps its quantile.

    That is -(dF / da) / (dF / dx) of the distribution function F.

    >>> gamma_slope(np.array([0.5, 3.0]), np.array([0.5, 2.0]))
    array([1.33735259, 0.85657142])
    """
    return _blocks(_gamma_slope, a, x)


def _gamma_slope(a: Array, x: Array) -> Array:
    slope = np.empty_like(x)
    close = x < _NEAR
    slope[close] = -_series(a[close], x[close], True) / a[close]
    part, below = _moment(a[~close], x[~close], 1)
    slope[~close] = np.where(below, -part, part)
    return x * slope


# --- the beta distribution ----------------------------------------------------------------------------


def beta_slope(a: Array, b: Array, x: Array) -> Array:
    """How fast the beta-distributed number x moves with its first parameter a, if it keeps its quantile.

    >>> beta_slope(np.array([2.0]), np.array([3.0]), np.array([0.4]))
    array([0.139392])
    """
    return _blocks(_beta_slope, a, b, x)


def _beta_slope(a: Array, b: Array, x: Array) -> Array:
    y = 1 - x
    low = (x * (a + b) < 0.5 * (a + 1)) & (x < 0.5)
    high = (y * (a + b) < 0.5 * (b + 1)) & (y < 0.5)
    slope = np.empty_like(x)
    for chosen, formula in ((low, _beta_low), (high, _beta_high), (~(low | high), _beta_bulk)):
        if chosen.any():
            slope[chosen] = formula(a[chosen], b[chosen], x[chosen])
    return x * y * slope


def _beta_low(a: Array, b: Array, x: Array) -> Array:
    return -_beta_series(a, b, x, np.log(x) - digamma(a + 1), lambda n: 1 / (a + 1 + n)) / a


def _beta_high(a: Array, b: Array, x: Array) -> Array:
    return _beta_series(b, a, 1 - x, np.log(x) - digamma(a), lambda n: 0.0) / b


def _beta_series(a: Array, b: Array, x: Array, log_slope: Array, shift: Callable[[int], Any]) -> Array:
    """The sum of (a + b) ... (a + b + n - 1) / ((a + 1) ... (a + n)) x^n, each term times how its logarithm grows."""
    term, total = np.ones_like(x), np.zeros_like(x)
    growth = log_slope + digamma(a + b)
    for n in range(60):
        total += term * growth
        term = term * ((a + b + n) / (a + 1 + n) * x)
        growth = growth + (1 / (a + b + n) - shift(n))
    return total


def _beta_bulk(a: Array, b: Array, x: Array) -> Array:
    log_x = np.log(x)
    centre = log_x - digamma(a) + digamma(a + b)
    sign = np.where(centre < 0, -1.0, 1.0)
    near = np.maximum(np.sqrt((a + b) * x * (1 - x)), (b * x - a * (1 - x)) * sign)
    tail = np.where(sign > 0, b, a)

    def grown(v: Array) -> Array:
        """How much the logarithm of 1 - t has fallen at the distance v in the logit of t."""
        far = v + log_x
        return np.where(v > 30, far, np.log1p(x * np.expm1(np.minimum(v, 30.0))))

    far = _FALL / np.minimum(near, tail) + 3.0
    for _ in range(12):  # Newton's method, as above
        v = sign * far
        lost = grown(v)
        far = far - (a * v - (a + b) * lost + _FALL) / (sign * (a - (a + b) * np.exp(log_x + v - lost)))
    nodes, weights = _gauss(40)
    v = nodes * (far * sign)
    lost = grown(v)
    integral: Array = far * (weights * np.exp(a * v - (a + b) * lost) * np.abs(centre + v - lost)).sum(axis=0)
    two = ~(far < 40.0)  # there the integrand has two scales
    if two.any():
        integral[two] = _two_scales(a[two], b[two], x[two], centre[two], sign[two], near[two], tail[two])
    return integral


def _two_scales(a: Array, b: Array, x: Array, centre: Array, sign: Array, near: Array, tail: Array) -> Array:
    def log_density(v: Array) -> tuple[Array, Array]:
        v = v * sign
        lost = np.where(v > 30, v + np.log(x), np.log1p(x * np.expm1(np.minimum(v, 30.0))))
        return a * v - (a + b) * lost, np.abs(centre + v - lost)

    return _outward(log_density, near, tail)
