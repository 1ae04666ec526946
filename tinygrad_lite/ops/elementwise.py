"""The table, element by element: arithmetic, powers, exponentials, angles, comparisons.

In a rule, `g` is the gradient of the output, `x` and `y` are the inputs, `out` is the output. Complex
inputs follow PyTorch's convention: the gradient is the conjugate of the holomorphic derivative.
`.conjugate()` costs nothing on real arrays. A mask is applied with `choose` or `np.where`, which is the
same but slow on large arrays, so that a gradient that is masked away is zero even where the slope is
infinite; a slope that can be infinite itself goes through `times` or `over` (slopes.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.kernels.choosing import choose
from tinygrad_lite.op import op
from tinygrad_lite.ops.slopes import over, settled, times

# fmt: off
# --- arithmetic ---------------------------------------------------------------------------------------

add = op(
    "add", np.add, "promote", broadcasts=True,
    doc="x + y: [1., 2.], [3., 4.] -> [4., 6.]",
    x=lambda g: g,
    y=lambda g: g,
)

sub = op(
    "sub", np.subtract, "promote", broadcasts=True, refuses="b",
    doc="x - y: [1., 2.], [3., 5.] -> [-2., -3.]",
    x=lambda g: g,
    y=lambda g: -g,
)

mul = op(
    "mul", np.multiply, "promote", broadcasts=True,
    doc="x * y: [1., 2.], [3., 4.] -> [3., 8.]",
    x=lambda g, y: g * y.conjugate(),
    y=lambda g, x: g * x.conjugate(),
)

div = op(
    "div", np.divide, "float", broadcasts=True,
    doc="x / y, also of integers: [1., 2.], [2., 4.] -> [0.5000, 0.5000]",
    x=lambda g, y: over(g, y.conjugate()),
    y=lambda g, x, y: times(-g, (x / y / y).conjugate()),
)

neg = op("neg", np.negative, "promote", refuses="b", doc="-x: [1., -2.] -> [-1., 2.]", x=lambda g: -g)


def _whole(divide: Any) -> Any:
    """`divide`, but where NumPy has an answer to what PyTorch refuses: truth values, and integers by zero."""

    def forward(x: Any, y: Any) -> Any:
        out = divide(x, y)
        if out.dtype.kind in "iu":
            if x.dtype.kind == "b":
                raise NotImplementedError(f"{divide.__name__}() is not implemented for two tensors of bool")
            if not np.all(y):
                raise RuntimeError("ZeroDivisionError: integers cannot be divided by zero")
        return out

    return forward


remainder = op(
    "remainder", _whole(np.remainder), "promote", broadcasts=True,
    numbers="real", doc="What is left of x after division by y, with the sign of y: [5., -5.], [3., 3.] -> [2., 1.]",
    x=lambda g: g,
    y=lambda g, x, y: times(-g, np.floor_divide(x, y)),
)

fmod = op(
    "fmod", _whole(np.fmod), "promote", broadcasts=True,
    numbers="real", doc="What is left of x after division by y, with the sign of x: [5., -5.], [3., 3.] -> [ 2., -2.]",
    x=lambda g: g,
    y=lambda g, x, y: times(-g, np.trunc(x / y)),
)


def _flat(g: Any) -> Any:
    """The gradient of a step function: zero everywhere."""
    return np.zeros_like(g)


floor_divide = op(
    "floor_divide", _whole(np.floor_divide), "promote", broadcasts=True,
    numbers="real", doc="x / y rounded down: [5., -5.], [3., 3.] -> [ 1., -2.]",
    x=_flat,
    y=_flat,
)


def _trunc_divide(x: Any, y: Any) -> Any:
    """Of integers without a detour through fractions, which would round the large ones."""
    return (x - fmod(x, y)) // y if np.result_type(x, y).kind in "biu" else np.trunc(x / y)


trunc_divide = op(
    "trunc_divide", _trunc_divide, "promote", broadcasts=True,
    numbers="real", doc="x / y rounded towards zero: [5., -5.], [3., 3.] -> [ 1., -1.]",
    x=_flat,
    y=_flat,
)


def _pow(x: Any, y: Any) -> Any:
    """NumPy has fast ways for the exponents -1, 0, 0.5, 1 and 2 only, and refuses integers to negative ones."""
    if type(y) in (int, float):
        if y == 3:
            return x * x * x
        if y == -2:
            return 1 / (x * x)
        if y == -0.5:
            return 1 / np.sqrt(x)
    elif type(x) is np.ndarray and x.dtype.kind in "biu":
        if x.dtype.kind == "b":
            raise NotImplementedError("pow() is not implemented for two tensors of bool")
        if x.dtype.kind == "i" and (y < 0).any():  # 1 / x cut off: what is left of 1 and -1
            return np.where(y < 0, np.where(np.abs(x) == 1, x ** (y & 1), 0), x ** np.maximum(y, 0))
    return x**y


def _power_rule_x(g: Any, x: Any, y: Any) -> Any:
    """y * x**(y - 1), and zero for the constant x**0 even at x = 0."""
    if isinstance(y, int | float | complex):
        return np.zeros_like(g) if y == 0 else times(g, (y * pow(x, y - 1)).conjugate())
    constant = y == 0
    return times(np.where(constant, 0.0, g), (y * pow(x, np.where(constant, 1.0, y - 1))).conjugate())


def _power_rule_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """out * log(x), and zero where 0**y stays 0 for every y near this one."""
    if isinstance(x, int | float | complex):
        if x == 0:
            return np.where(np.real(y) >= 0, 0.0, times(g, out.conjugate() * -math.inf))
        return times(times(g, out.conjugate()), np.log(x).item().conjugate())
    flat = (x == 0) & (np.real(y) >= 0)
    return times(times(np.where(flat, 0.0, g), out.conjugate()), np.log(np.where(flat, 1.0, x)).conjugate())


pow = op(
    "pow", _pow, "promote", broadcasts=True, domain=(0.2, 3.0),
    doc="x to the power y: [1., 2., 3.], [2., 2., 3.] -> [ 1.,  4., 27.]",
    x=_power_rule_x,
    y=_power_rule_y,
)

square = op("square", np.square, "promote",
    doc="x * x: [1., 2.] -> [1., 4.]",
    x=lambda g, x: g * (2 * x.conjugate()),
)
sqrt = op(
    "sqrt", np.sqrt, "float", domain=(0.1, 4.0), doc="The square root: [1., 4.] -> [1., 2.]",
    x=lambda g, out: over(g, 2 * out.conjugate()),
)
rsqrt = op(
    "rsqrt", lambda x: 1 / np.sqrt(x), "float", domain=(0.2, 4.0),
    doc="1 / sqrt(x): [1., 4.] -> [1.0000, 0.5000]",
    x=lambda g, out: times(g, -0.5 * pow(out, 3).conjugate()),
)
reciprocal = op(
    "reciprocal", np.reciprocal, "float", domain=(0.2, 3.0), doc="1 / x: [1., 4.] -> [1.0000, 0.2500]",
    x=lambda g, out: times(-g, pow(out, 2).conjugate()),
)


def _sign(x: Any) -> Any:
    """-1, 0 or 1, and 0 for NaN, as PyTorch has it; for complex numbers the direction from zero."""
    if x.dtype.kind == "b":
        return x.copy()
    return np.sign(x) if x.dtype.kind == "c" else np.subtract(x > 0, x < 0, dtype=x.dtype)


def _sign_rule(g: Any, x: Any, out: Any) -> Any:
    """What of g points across `out`, over the distance from zero: nothing for real numbers."""
    across = g - out * np.real(out.conjugate() * g)
    return np.where(out == 0, 0.0, across / np.where(out == 0, 1.0, np.absolute(x)))


sign = op("sign", _sign, "promote", doc="-1, 0 or 1: [-3., 0., 2.] -> [-1.,  0.,  1.]", x=_sign_rule)
abs = op("abs", np.absolute, "promote", refuses="b",
    doc="The distance from zero: [-1., 2.] -> [1., 2.]",
    x=lambda g, x: g * sign(x),
)

# --- exponentials and logarithms ----------------------------------------------------------------------

exp = op("exp", np.exp, "float",
    doc="e to the power x: [0., 1.] -> [1.0000, 2.7183]",
    x=lambda g, out: times(g, out.conjugate()),
)
exp2 = op("exp2", lambda x: np.exp2(x) if x.dtype.kind != "c" else np.exp(x * math.log(2)), "float",
    doc="2 to the power x: [0., 3.] -> [1., 8.]",
    x=lambda g, out: times(g, (out * math.log(2)).conjugate()),
)
expm1 = op("expm1", np.expm1, "float",
    doc="exp(x) - 1, exact near 0: [0., 1.] -> [0.0000, 1.7183]",
    x=lambda g, out: times(g, (out + 1).conjugate()),
)
log = op("log", np.log, "float", domain=(0.1, 4.0),
    doc="The natural logarithm: [1., 2.] -> [0.0000, 0.6931]",
    x=lambda g, x: over(g, x.conjugate()),
)
log2 = op("log2", np.log2, "float", domain=(0.1, 4.0),
    doc="The logarithm to base 2: [1., 8.] -> [0., 3.]",
    x=lambda g, x: over(g, x.conjugate() * math.log(2)),
)
log10 = op("log10", np.log10, "float", domain=(0.1, 4.0),
    doc="The logarithm to base 10: [1., 100.] -> [0., 2.]",
    x=lambda g, x: over(g, x.conjugate() * math.log(10)),
)
log1p = op("log1p", np.log1p, "float", domain=(-0.9, 3.0),
    doc="log(1 + x), exact near 0: [0., 1.] -> [0.0000, 0.6931]",
    x=lambda g, x: over(g, 1 + x.conjugate()),
)

def _logaddexp(x: Any, y: Any) -> Any:
    if x.dtype.kind != "c":
        return np.logaddexp(x, y)
    larger = x.real >= y.real
    return np.where(larger, x, y) + np.log1p(np.exp(np.where(x == y, 0, np.where(larger, y - x, x - y))))


def _share(x: Any, y: Any) -> Any:
    """exp(x) / (exp(x) + exp(y)); of equal infinities half."""
    return (1 / (1 + np.exp(settled((x == y) & np.isinf(x), 0.0, y - x)))).conjugate()


logaddexp = op(
    "logaddexp", _logaddexp, "float", broadcasts=True,
    doc="log(exp(x) + exp(y)) without overflow: [0., 1000.], [0., 1000.] -> [6.9315e-01, 1.0007e+03]",
    x=lambda g, x, y: g * _share(x, y),
    y=lambda g, x, y: g * _share(y, x),
)
logaddexp2 = op(
    "logaddexp2", np.logaddexp2, "float", broadcasts=True,
    numbers="real", doc="log2(2**x + 2**y) without overflow: [0., 1.], [0., 1.] -> [1., 2.]",
    x=lambda g, x, y: g * _share(x * math.log(2), y * math.log(2)),
    y=lambda g, x, y: g * _share(y * math.log(2), x * math.log(2)),
)
scaleb: Any = op(
    "scaleb", lambda x, exponent: np.ldexp(x, exponent), "promote",
    numbers="real", cases=[((2, 3), {"exponent": 2})], doc="x * 2**exponent, for exponents in an array of integers.",
    x=lambda g, exponent: scaleb(g, exponent),
)

# --- angles -------------------------------------------------------------------------------------------

sin = op("sin", np.sin, "float",
    doc="The sine of x radians: [0., 1.] -> [0.0000, 0.8415]",
    x=lambda g, x: g * np.cos(x).conjugate(),
)
cos = op("cos", np.cos, "float",
    doc="The cosine of x radians: [0., 1.] -> [1.0000, 0.5403]",
    x=lambda g, x: -g * np.sin(x).conjugate(),
)
tan = op("tan", np.tan, "float", domain=(-1.3, 1.3),
    doc="The tangent of x radians: [0., 1.] -> [0.0000, 1.5574]",
    x=lambda g, out: g * (1 + out * out).conjugate(),
)
asin = op("asin", np.arcsin, "float", domain=(-0.9, 0.9),
    doc="The angle whose sine is x: [0., 1.] -> [0.0000, 1.5708]",
    x=lambda g, x: over(g, np.sqrt((1 - x) * (1 + x)).conjugate()),
)
acos = op("acos", np.arccos, "float", domain=(-0.9, 0.9),
    doc="The angle whose cosine is x: [0., 1.] -> [1.5708, 0.0000]",
    x=lambda g, x: over(-g, np.sqrt((1 - x) * (1 + x)).conjugate()),
)
atan = op("atan", np.arctan, "float",
    doc="The angle whose tangent is x: [0., 1.] -> [0.0000, 0.7854]",
    x=lambda g, x: g / (1 + x * x).conjugate(),
)
sinh = op("sinh", np.sinh, "float",
    doc="The hyperbolic sine: [0., 1.] -> [0.0000, 1.1752]",
    x=lambda g, x: times(g, np.cosh(x).conjugate()),
)
cosh = op("cosh", np.cosh, "float",
    doc="The hyperbolic cosine: [0., 1.] -> [1.0000, 1.5431]",
    x=lambda g, x: times(g, np.sinh(x).conjugate()),
)
tanh = op("tanh", np.tanh, "float",
    doc="The hyperbolic tangent: [0., 1.] -> [0.0000, 0.7616]",
    x=lambda g, out: g * (1 - out * out).conjugate(),
)
asinh = op("asinh", np.arcsinh, "float",
    doc="The inverse of sinh: [0., 1.] -> [0.0000, 0.8814]",
    x=lambda g, x: g / np.sqrt(x * x + 1).conjugate(),
)
acosh = op("acosh", np.arccosh, "float", domain=(1.1, 4.0),
    doc="The inverse of cosh: [1., 2.] -> [0.0000, 1.3170]",
    x=lambda g, x: over(over(g, np.sqrt(x - 1).conjugate()), np.sqrt(x + 1).conjugate()),
)
atanh = op("atanh", np.arctanh, "float", domain=(-0.9, 0.9),
    doc="The inverse of tanh: [0., 0.5] -> [0.0000, 0.5493]",
    x=lambda g, x: over(g, ((1 - x) * (1 + x)).conjugate()),
)


def _over_square(g: Any, side: Any, other: Any) -> Any:
    """g * side / (side² + other²), and zero at the origin, where the angle has no slope."""
    squared = pow(side, 2) + pow(other, 2)
    return times(g, side / np.where(squared == 0, 1.0, squared))


def _over_radius(g: Any, side: Any, out: Any) -> Any:
    """g * side / out, and zero at the origin, where the distance has no slope."""
    return times(g, side / settled(out == 0, 1.0, out))


atan2 = op(
    "atan2", np.arctan2, "float", broadcasts=True,
    numbers="real", doc="The angle of the point (y, x), x being the first: [1., 1.], [1., -1.] -> [0.7854, 2.3562]",
    x=lambda g, x, y: _over_square(g, y, x),
    y=lambda g, x, y: -_over_square(g, x, y),
)
hypot = op(
    "hypot", np.hypot, "float", broadcasts=True,
    numbers="real", doc="sqrt(x² + y²) without overflow: [3., 5.], [4., 12.] -> [ 5., 13.]",
    x=lambda g, x, out: _over_radius(g, x, out),
    y=lambda g, y, out: _over_radius(g, y, out),
)

# --- rounding -----------------------------------------------------------------------------------------

floor = op("floor", np.floor, "promote",
    numbers="real", refuses="b", doc="Rounded down: [1.5, -1.5] -> [ 1., -2.]",
    x=_flat,
)
ceil = op("ceil", np.ceil, "promote",
    numbers="real", refuses="b", doc="Rounded up: [1.5, -1.5] -> [ 2., -1.]",
    x=_flat,
)
trunc = op("trunc", np.trunc, "promote",
    numbers="real", refuses="b", doc="Rounded towards zero: [1.5, -1.5] -> [ 1., -1.]",
    x=_flat,
)


def _round(x: Any, decimals: int = 0) -> Any:
    return np.round(x, decimals)


round = op("round", _round, "promote", numbers="real", doc="Rounded, halves to even: [0.5, 1.5] -> [0., 2.]", x=_flat)
frac = op("frac", lambda x: x - np.trunc(x), "promote",
    numbers="real", refuses="biu", doc="x - trunc(x): [1.5, -1.5] -> [ 0.5000, -0.5000]",
    x=lambda g: g,
)

# --- choosing -----------------------------------------------------------------------------------------

where = op(
    "where", choose, "promote", broadcasts=True,
    doc="x where the condition holds, else y",
    condition=None,
    x=lambda g, condition: choose(condition, g, 0.0),
    y=lambda g, condition: choose(condition, 0.0, g),
)


def _winner(g: Any, loses: Any, ties: Any) -> Any:
    """All of the gradient to the winner; halves to both on a tie, as PyTorch shares it."""
    return choose(ties, g / 2, choose(loses, 0.0, g))


maximum = op(
    "maximum", np.maximum, "promote", broadcasts=True,
    numbers="real", doc="The larger of each pair: [1., 5.], [3., 4.] -> [3., 5.]",
    x=lambda g, x, y: _winner(g, x < y, x == y),
    y=lambda g, x, y: _winner(g, y < x, x == y),
)
minimum = op(
    "minimum", np.minimum, "promote", broadcasts=True,
    numbers="real", doc="The smaller of each pair: [1., 5.], [3., 4.] -> [1., 4.]",
    x=lambda g, x, y: _winner(g, x > y, x == y),
    y=lambda g, x, y: _winner(g, y > x, x == y),
)


fmax = op(
    "fmax", np.fmax, "promote", broadcasts=True,
    numbers="real", doc="The larger of each pair, or the one that is not NaN: [1., nan], [3., 4.] -> [3., 4.]",
    x=lambda g, x, y: choose((x >= y) | (y != y), g, 0.0),
    y=lambda g, x, y: choose((x >= y) | (y != y), 0.0, g),
)
fmin = op(
    "fmin", np.fmin, "promote", broadcasts=True,
    numbers="real", doc="The smaller of each pair, or the one that is not NaN: [1., nan], [3., 4.] -> [1., 4.]",
    x=lambda g, x, y: choose((x <= y) | (y != y), g, 0.0),
    y=lambda g, x, y: choose((x <= y) | (y != y), 0.0, g),
)


def _clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    """PyTorch's order: the upper bound wins where the bounds cross. A NaN bound gives NaN."""
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    above = True if low is None else x >= low
    return above if high is None else above & (x <= high)


clamp = op(
    "clamp", _clamp, "promote", broadcasts=True,
    numbers="real", doc="x moved into [low, high]: [-2., 0., 2.], -1., 1. -> [-1.,  0.,  1.]",
    x=lambda g, x, low, high: choose(_inside(x, low, high), g, 0.0),
    low=lambda g, x, low, high: choose((x < low) & (True if high is None else low < high), g, 0.0),
    high=lambda g, x, low, high: choose((x > high) | (False if low is None else low > high), g, 0.0),
)


def _lerp(start: Any, end: Any, weight: Any) -> Any:
    """From the nearer end, so that weights of 0 and 1 give the ends exactly."""
    way = end - start
    if not np.ndim(weight):
        return start + weight * way if np.absolute(weight) < 0.5 else end - way * (1 - weight)
    return choose(np.absolute(weight) < 0.5, start + weight * way, end - way * (1 - weight))


lerp = op(
    "lerp", _lerp, "promote", broadcasts=True,
    doc="The point between start and end that the weight says: [0., 2.], [4., 4.], 0.5 -> [2., 3.]",
    start=lambda g, weight: g * (1 - weight).conjugate(),
    end=lambda g, weight: g * weight.conjugate(),
    weight=lambda g, start, end: g * (end - start).conjugate(),
)
copysign = op(
    "copysign", np.copysign, "float", broadcasts=True,
    numbers="real", doc="The size of x with the sign of y: [1., -2.], [-3., 0.] -> [-1.,  2.]",
    x=lambda g, x, y: choose(x == 0, 0.0, choose(np.signbit(x) == np.signbit(y), g, -g)),
    y=_flat,
)


def _nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    if x.dtype.kind in "biu":
        return x.copy()
    return np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


nan_to_num = op(
    "nan_to_num", _nan_to_num, "promote", doc="x with numbers in the place of NaN and the infinities.",
    x=lambda g, x: choose(np.isfinite(x), g, 0.0),
)

# --- comparisons and logic: no derivative -------------------------------------------------------------

eq = op("eq", np.equal, "promote", broadcasts=True,
    doc="x == y: [1., 2.], [1., 3.] -> [ True, False]",
    x=None, y=None,
)
ne = op("ne", np.not_equal, "promote", broadcasts=True,
    doc="x != y: [1., 2.], [1., 3.] -> [False,  True]",
    x=None, y=None,
)
lt = op("lt", np.less, "promote", broadcasts=True,
    numbers="real", doc="x < y: [1., 2.], [1., 3.] -> [False,  True]",
    x=None, y=None,
)
le = op("le", np.less_equal, "promote", broadcasts=True,
    numbers="real", doc="x <= y: [1., 4.], [1., 3.] -> [ True, False]",
    x=None, y=None,
)
gt = op("gt", np.greater, "promote", broadcasts=True,
    numbers="real", doc="x > y: [1., 4.], [1., 3.] -> [False,  True]",
    x=None, y=None,
)
ge = op("ge", np.greater_equal, "promote", broadcasts=True,
    numbers="real", doc="x >= y: [1., 2.], [1., 3.] -> [ True, False]",
    x=None, y=None,
)


def _heaviside(x: Any, values: Any) -> Any:
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


heaviside = op("heaviside", _heaviside, broadcasts=True, numbers="real",
    doc="0 below zero, 1 above, and values at zero: [-1., 0., 2.], [0.5, 0.5, 0.5] -> [0.0000, 0.5000, 1.0000]",
    x=None, values=None,
)
nextafter = op("nextafter", np.nextafter, "promote", broadcasts=True, numbers="real",
    doc="The floating-point number next to x towards y: [1., 2.], [2., 2.] -> [1.0000, 2.0000]",
    x=None, y=None,
)
signbit = op("signbit", lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0, numbers="real",
    doc="Whether the sign is minus, also that of -0: [1., -0.] -> [False,  True]",
    x=None,
)
isnan = op("isnan", np.isnan, doc="Whether x is not a number: [1., nan] -> [False,  True]", x=None)
isinf = op("isinf", np.isinf, doc="Whether x is infinite: [1., -inf] -> [False,  True]", x=None)
isfinite = op("isfinite", np.isfinite,
    doc="Whether x is neither infinite nor NaN: [1., inf] -> [ True, False]",
    x=None,
)
logical_and = op("logical_and", np.logical_and, "promote", broadcasts=True,
    doc="Both are true: [1., 0.], [1., 1.] -> [ True, False]",
    x=None, y=None,
)
logical_or = op("logical_or", np.logical_or, "promote", broadcasts=True,
    doc="One is true: [1., 0.], [0., 0.] -> [ True, False]",
    x=None, y=None,
)
logical_xor = op("logical_xor", np.logical_xor, "promote", broadcasts=True,
    doc="Just one is true: [1., 1.], [0., 1.] -> [ True, False]",
    x=None, y=None,
)
logical_not = op("logical_not", np.logical_not, doc="Whether x is zero: [1., 0.] -> [False,  True]", x=None)
bitwise_and = op("bitwise_and", np.bitwise_and, "promote", broadcasts=True,
    numbers="integer", doc="x & y, bit by bit: [6, 3], [3, 1] -> [2, 1]",
    x=None, y=None,
)
bitwise_or = op("bitwise_or", np.bitwise_or, "promote", broadcasts=True,
    numbers="integer", doc="x | y, bit by bit: [6, 3], [3, 1] -> [7, 3]",
    x=None, y=None,
)
bitwise_xor = op("bitwise_xor", np.bitwise_xor, "promote", broadcasts=True,
    numbers="integer", doc="x ^ y, bit by bit: [6, 3], [3, 1] -> [5, 2]",
    x=None, y=None,
)
bitwise_not = op("bitwise_not", np.invert, numbers="integer", doc="~x, bit by bit: [6, 3] -> [-7, -4]", x=None)
bitwise_left_shift = op("bitwise_left_shift", np.left_shift, "promote", broadcasts=True,
    numbers="integer", doc="x * 2**y: [1, 3], [1, 2] -> [ 2, 12]",
    x=None, y=None,
)
bitwise_right_shift = op("bitwise_right_shift", np.right_shift, "promote", broadcasts=True,
    numbers="integer", doc="x // 2**y: [4, 12], [1, 2] -> [2, 3]",
    x=None, y=None,
)

gcd = op("gcd", np.gcd, "promote", broadcasts=True,
    numbers="integer", doc="The greatest common divisor: [6, 10], [4, 5] -> [2, 5]",
    x=None, y=None,
)
lcm = op("lcm", np.lcm, "promote", broadcasts=True,
    numbers="integer", doc="The least common multiple: [6, 10], [4, 5] -> [12, 10]",
    x=None, y=None,
)

# --- parts of complex numbers -------------------------------------------------------------------------

real = op("real", lambda x: x.real, views=True, numbers="complex", doc="The real part.", x=lambda g: g + 0j)
imag = op("imag", lambda x: x.imag, views=True, numbers="complex", doc="The imaginary part.", x=lambda g: g * 1j)
conj = op("conj", np.conjugate, numbers="complex", doc="The complex conjugate.", x=lambda g: g.conjugate())


def _turn(g: Any, x: Any) -> Any:
    """g i x / |x|², and zero at the origin."""
    squared = np.real(x * x.conjugate())
    return times(g, x * 1j / np.where(squared == 0, 1.0, squared))


def _complex(re: Any, im: Any) -> Any:
    """Part by part: arithmetic would make NaN of an infinity times i."""
    out = np.empty(np.broadcast_shapes(re.shape, im.shape), np.result_type(re, np.complex64))
    out.real, out.imag = re, im
    return out


angle = op("angle", np.angle, numbers="complex", doc="The angle of x in the complex plane, in radians.", x=_turn)
complex_of = op(
    "complex", _complex, "promote", broadcasts=True, numbers="real", refuses="e", doc="The complex number re + i im.",
    re=lambda g: np.real(g),
    im=lambda g: np.imag(g),
)
view_as_real = op(
    "view_as_real", lambda x: x[..., np.newaxis].view(x.real.dtype), views=True,
    numbers="complex", doc="The two parts of each complex number as a last dimension.",
    x=lambda g: complex_of(g[..., 0], g[..., 1]),
)
view_as_complex = op(
    "view_as_complex", lambda x: x.view(np.result_type(x, np.complex64))[..., 0], views=True, cases=[((3, 2),)],
    numbers="real", refuses="e", doc="The pairs in the last dimension as complex numbers.",
    x=lambda g: view_as_real(g),
)
