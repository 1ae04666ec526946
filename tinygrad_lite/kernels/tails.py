"""`erfcx`, `ndtri` and the zeta function of Hurwitz."""

from __future__ import annotations

import functools
import math

import numpy as np

from tinygrad_lite.kernels.blocks import Array, by_region, elementwise, horner
from tinygrad_lite.kernels.normal import erfc, erfinv, log_ndtr
from tinygrad_lite.quiet import quiet

# --- the normal distribution --------------------------------------------------------------------------

_TERMS = 44
_STRETCH = math.sqrt(_TERMS / math.sqrt(2))


@functools.cache
def _weideman() -> list[float]:
    """The coefficients of Weideman's expansion of the complex error function (1994), by a Fourier transform."""
    count = 4 * _TERMS
    angle = np.arange(1 - count // 2, count // 2) * (2 * math.pi / count)
    t = _STRETCH * np.tan(angle / 2)
    values = np.concatenate([[0.0], np.exp(-t * t) * (_STRETCH**2 + t * t)])
    transformed = np.real(np.fft.fft(np.fft.fftshift(values))) / count
    return [float(x) for x in transformed[1 : _TERMS + 1]]


def _erfcx(x: Array) -> Array:
    def right(x: Array) -> Array:
        below = _STRETCH + x
        return (2 * horner((_STRETCH - x) / below, _weideman()) / below + 1 / math.sqrt(math.pi)) / below

    def far(x: Array) -> Array:
        return horner(-0.5 / (x * x), [1.0, 1.0, 3.0, 15.0, 105.0]) / (x * math.sqrt(math.pi))

    def left(x: Array) -> Array:
        near = x.astype(np.float32).astype(np.float64)  # its square is exact, the rest small
        return np.exp(near * near) * (np.exp((x - near) * (x + near)) * erfc(x))

    return by_region(x, (1e4, far), (0.5, right), (-np.inf, left))


def erfcx(x: Array) -> Array:
    """The complementary error function times exp(x^2), which stays within range for large x.

    >>> erfcx(np.array([-1.0, 0.0, 1e3]))
    array([5.00898008e+00, 1.00000000e+00, 5.64189301e-04])
    """
    return elementwise(_erfcx, x, np.float64)


def _lower(p: Array) -> Array:
    """The x < 0 for which ndtr(x) is p: Newton's method for the logarithms, which is nearly linear in x^2."""
    log_p = np.log(p)
    x = -np.sqrt(-2 * log_p)
    x = np.where(p > 0.02, math.sqrt(2) * erfinv(2 * p - 1), x + np.log(-x * math.sqrt(2 * math.pi)) / -x)
    for _ in range(4):
        value = log_ndtr(x)
        slope = np.exp(-0.5 * x * x - value) / math.sqrt(2 * math.pi)
        x = x - (value - log_p) / slope
    return x


def _ndtri(p: Array) -> Array:
    return by_region(
        p,
        (np.nextafter(1.0, 2.0), lambda p: np.full_like(p, np.nan)),
        (1.0, lambda p: np.full_like(p, np.inf)),
        (0.25, lambda p: math.sqrt(2) * erfinv(2 * p - 1)),
        (2.0**-1074, _lower),
        (0.0, lambda p: np.full_like(p, -np.inf)),
        (-np.inf, lambda p: np.full_like(p, np.nan)),
    )


def ndtri(p: Array) -> Array:
    """The inverse of `ndtr` on [0, 1]: infinite at the ends, NaN outside.

    >>> ndtri(np.array([1e-300, 0.5, 0.975]))
    array([-37.0470963 ,   0.        ,   1.95996398])
    """
    return elementwise(_ndtri, p, np.float64)


# --- Hurwitz's zeta function --------------------------------------------------------------------------

_BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330),
    *(854513 / 138, -236364091 / 2730),
)


def zeta(s: Array, q: Array) -> Array:
    """The sum of (q + k)^-s for k = 0, 1, ...; NaN for s < 1, infinite for s = 1.

    For q <= 0 it is infinite where q is whole and NaN where s is not: as in PyTorch.

    >>> zeta(np.array([2.0, 4.0]), np.array([1.0, 0.5]))
    array([ 1.64493407, 16.23484851])
    """
    dtype = np.result_type(s, q)
    s, q = np.broadcast_arrays(s.astype(np.float64), q.astype(np.float64))
    with quiet():
        flat = _zeta(s.reshape(-1), q.reshape(-1)).reshape(s.shape)
        result: Array = flat.astype(dtype, copy=False)
        return result


def _zeta(s: Array, q: Array) -> Array:
    out = np.where(np.isnan(s) | np.isnan(q) | (s < 1), np.nan, np.inf)
    whole = q == np.floor(q)
    out[(s > 1) & (q < 0) & ~whole & (s != np.floor(s))] = np.nan
    usual = (s > 1) & ((q > 0) | (~whole & (s == np.floor(s)))) & np.isfinite(q)
    out[(s > 1) & (q == np.inf)] = 0.0
    if usual.any():
        out[usual] = _euler_maclaurin(s[usual], q[usual])
    return out


def _euler_maclaurin(s: Array, q: Array) -> Array:
    """The first terms of the sum, and Euler and Maclaurin's formula for the others."""
    lead = 12 + max(0, math.ceil(-min(q.min(), 0.0)))
    total = np.zeros_like(q)
    for k in range(lead):
        total += (q + k) ** -s
    start = q + lead
    power = start**-s
    total += power * (start / (s - 1) + 0.5)
    factor, square = s / start, start * start
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        total += bernoulli / math.factorial(2 * k) * factor * power
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / square
    return np.where(np.isinf(s), np.where(q > 1, 0.0, np.where(q == 1, 1.0, np.inf)), total)
