"""The logistic functions, safe against overflow: `sigmoid`, `softplus`, `silu`, `mish`, `logit` ..."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lite.kernels.blocks import Array, Rational, elementwise, few, one_by_one
from tinygrad_lite.quiet import quiet

SOME = 256  # elements, up to which the number of NumPy calls decides

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
    if few(x):
        return one_by_one(_sigmoid_of_one, x)
    if x.dtype == np.float32 and x.size <= SOME:
        return _sigmoid_of_some(x)
    return elementwise(_sigmoid, x)


def softplus(x: Array) -> Array:
    """The smooth ramp log(1 + exp(x)).

    Within 4 units in the last place, down to where it vanishes.

    >>> softplus(np.array([-100.0, 0.0, 1000.0]))
    array([3.72007598e-44, 6.93147181e-01, 1.00000000e+03])
    """
    return one_by_one(_softplus_of_one, x) if few(x) else elementwise(_softplus, x)


def log_sigmoid(x: Array) -> Array:
    """The logarithm of `sigmoid`: -softplus(-x).

    Within 4 units in the last place, up to where it vanishes.

    >>> log_sigmoid(np.array([-1000.0, 0.0, 100.0]))
    array([-1.00000000e+03, -6.93147181e-01, -3.72007598e-44])
    """
    if few(x):
        value = one_by_one(lambda x: _softplus_of_one(-x), x)
        return np.subtract(0.0, value, out=value)
    return elementwise(lambda block: 0.0 - _softplus(-block), x)


def silu(x: Array) -> Array:
    """The product x * sigmoid(x).

    Within 4 units in the last place, down to where it vanishes. As in PyTorch, minus infinity gives NaN.

    >>> silu(np.array([-100.0, 0.0, 2.0]))
    array([-3.72007598e-42,  0.00000000e+00,  1.76159416e+00])
    """
    if few(x):
        return one_by_one(lambda value: _ramp_of_one(_sigmoid_of_one(value), value), x)
    return elementwise(lambda block: _ramp(_sigmoid(block), block), x)


def mish(x: Array) -> Array:
    """The product x * tanh(softplus(x)).

    Within 4 units in the last place, down to where it vanishes. As in PyTorch, minus infinity gives NaN.

    >>> mish(np.array([-100.0, 0.0, 2.0]))
    array([-3.72007598e-42,  0.00000000e+00,  1.94395896e+00])
    """
    if few(x):
        return one_by_one(lambda value: _ramp_of_one(math.tanh(_softplus_of_one(value)), value), x)
    return elementwise(lambda block: _ramp(np.tanh(_softplus(block)), block), x)


def logit(x: Array) -> Array:
    """The inverse of `sigmoid`, log(x / (1 - x)).

    Within 4 units in the last place, also next to its zero at 0.5. NaN outside of [0, 1].

    >>> logit(np.array([0.0, 0.5, 0.75]))
    array([      -inf, 0.        , 1.09861229])
    """
    return elementwise(_logit, x)


def _decay(x: Array) -> Array:
    """Compute exp(-|x|), which cannot overflow."""
    size = np.abs(x)
    np.negative(size, out=size)
    return np.exp(size, out=size)


def _sigmoid_of_some(x: Array) -> Array:
    """As the formula has it: float64 neither overflows nor loses digits, and few elements cost no time."""
    with quiet():
        value = np.exp(np.negative(x, dtype=np.float64))
        value += 1
        return np.asarray(np.divide(1.0, value), np.float32)


def _sigmoid_of_one(x: float) -> float:
    if x > 0:
        return 1 / (1 + math.exp(-x))
    decay = math.exp(x)
    return decay / (1 + decay)


def _softplus_of_one(x: float) -> float:
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


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


def _ramp(value: Array, x: Array) -> Array:
    """x times what exp(x) is close to for negative x; in two steps where exp(x) alone loses digits to underflow."""
    value *= x
    far = x < (-86 if x.dtype == np.float32 else -700)
    if np.count_nonzero(far):
        below = x[far].astype(np.float64)
        root = np.exp(0.5 * below)
        value[far] = below * root * root
    return value


def _ramp_of_one(value: float, x: float) -> float:
    if x < -700:
        root = math.exp(0.5 * x)
        return x * root * root
    return x * value


def _logit(x: Array) -> Array:
    """Between 1/4 and 3/4 the quotient less 1, which is computed exactly, keeps the digits."""
    rest = 1 - x
    middle = np.abs(x - 0.5) < 0.25
    return np.where(middle, np.log1p((x + x - 1) / rest), np.log(x / rest))
