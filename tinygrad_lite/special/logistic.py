"""The logistic functions, safe against overflow: `sigmoid`, `log_sigmoid`, `softplus`."""

from __future__ import annotations

import numpy as np

from tinygrad_lite.quiet import quiet
from tinygrad_lite.special.blocks import Array, Rational, elementwise

FEW = 256  # elements, up to which the number of NumPy calls decides

# log1p(x) / x on [0, 1]: rational minimax fits of degree 3 / 3 and 6 / 6 (Remez in mpmath),
# relative errors 9e-10 and 6e-18. Faster than np.log1p, which NumPy computes one element at a time.
_LOG1P = {
    np.dtype(np.float32): Rational(
        0.8,
        (0.19999999, 1.0),
        (-0.18675645, 1.5662172),
        (-0.3121912, 0.6879351),
        (-0.05681237, 0.07528704),
        dtype=np.float32,
    ),
    np.dtype(np.float64): Rational(
        0.8,
        (0.19999999999999996, 1.0),
        (0.09037512738895886, 2.95187563694478),
        (-0.48016589417810107, 3.3121929548059517),
        (-0.5699756144269728, 1.7608115866028318),
        (-0.22443724843863178, 0.4493656797273661),
        (-0.03230522792598142, 0.04890096629056894),
        (-0.0012341206637923147, 0.001571227785116523),
    ),
}


def sigmoid(x: Array) -> Array:
    """The logistic function 1 / (1 + exp(-x)).

    Within 4 units in the last place, down to where it vanishes.

    >>> sigmoid(np.array([-100.0, 0.0, 2.0]))
    array([3.72007598e-44, 5.00000000e-01, 8.80797078e-01])
    """
    if x.dtype == np.float32 and x.size <= FEW:
        return _sigmoid_of_few(x)
    return elementwise(_sigmoid, x)


def softplus(x: Array) -> Array:
    """The smooth ramp log(1 + exp(x)).

    Within 4 units in the last place, down to where it vanishes.

    >>> softplus(np.array([-100.0, 0.0, 1000.0]))
    array([3.72007598e-44, 6.93147181e-01, 1.00000000e+03])
    """
    return elementwise(_softplus, x)


def log_sigmoid(x: Array) -> Array:
    """The logarithm of `sigmoid`: -softplus(-x).

    Within 4 units in the last place, up to where it vanishes.

    >>> log_sigmoid(np.array([-1000.0, 0.0, 100.0]))
    array([-1.00000000e+03, -6.93147181e-01, -3.72007598e-44])
    """
    return elementwise(lambda block: 0.0 - _softplus(-block), x)


def _decay(x: Array) -> Array:
    """Compute exp(-|x|), which cannot overflow."""
    size = np.abs(x)
    np.negative(size, out=size)
    return np.exp(size, out=size)


def _sigmoid_of_few(x: Array) -> Array:
    """As the formula has it: float64 neither overflows nor loses digits, and few elements cost no time."""
    with quiet():
        value = np.exp(np.negative(x, dtype=np.float64))
        value += 1
        return np.asarray(np.divide(1.0, value), np.float32)


def _sigmoid(x: Array) -> Array:
    decay = _decay(x)
    value = np.sign(x)
    np.maximum(value, decay, out=value)  # 1 for positive x; exp(x) for negative x
    decay += 1
    value /= decay
    return value


def _softplus(x: Array) -> Array:
    decay = _decay(x)
    value = _LOG1P[x.dtype](decay)
    value *= decay
    value += np.maximum(x, 0)
    return value
