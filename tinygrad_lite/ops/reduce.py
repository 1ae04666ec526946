"""The table, reductions: from many elements to few.

`axis` is None (all), an integer or a tuple; with `keepdims` the reduced dimensions stay, with size 1.
`spread` lays a reduced array out again over the shape that it came from.

Where a rule cannot go on as usual, by a zero or an infinity, is seen from the smallest array that tells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops.cumulative import products_before
from tinygrad_lite.ops.slopes import arithmetic, finite, over

Axis = int | tuple[int, ...] | None

# Reductions as NumPy's ufuncs have them: (array, axis, dtype, out, keepdims). On small arrays they take
# half the time of `np.sum` and its like.
add_up: Any = np.add.reduce
multiply_up: Any = np.multiply.reduce
largest: Any = np.maximum.reduce
smallest: Any = np.minimum.reduce
some: Any = np.logical_or.reduce
every: Any = np.logical_and.reduce
inner: Any = np.vecdot


def keep(g: Any, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced array with its reduced dimensions back, at size 1."""
    if keepdims:
        return g
    axes = range(len(x_shape)) if axis is None else [a % max(len(x_shape), 1) for a in _tuple(axis)]
    return g.reshape(tuple(1 if k in axes else n for k, n in enumerate(x_shape)))


def spread(g: Any, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced array broadcast over the shape that it came from."""
    return np.broadcast_to(keep(g, x_shape, axis, keepdims), x_shape)


def count(x_shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each result was reduced from."""
    return math.prod(x_shape if axis is None else (x_shape[a] for a in _tuple(axis))) if x_shape else 1


def _tuple(axis: int | tuple[int, ...]) -> tuple[int, ...]:
    return (axis,) if isinstance(axis, int) else axis


def _accumulator(x: np.ndarray) -> Any:
    """The dtype sums are taken in: int64 for integers, float32 for float16."""
    return np.int64 if x.dtype.kind in "bui" else np.float32 if x.dtype == np.float16 else None


def _sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    wide = _accumulator(x)
    out = add_up(x, axis, wide, None, keepdims)
    return out.astype(x.dtype) if wide is np.float32 else out


def _mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    n = count(x.shape, axis)
    total = add_up(x, axis, _accumulator(x), None, keepdims)
    return (total / n if n else total * math.nan).astype(x.dtype)


def _var(x: Any, axis: Axis = None, ddof: float = 1, keepdims: bool = False) -> Any:
    n = count(x.shape, axis)
    away = x - _mean(x, axis, True)
    if away.dtype.kind == "c":
        away = np.absolute(away)
    away *= away
    total = _sum(away, axis, keepdims)
    return total / (n - ddof) if n > ddof else total * math.inf if n < ddof or total.size else total


def _var_rule(g: Any, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    """2 (x - mean) / (n - ddof), and NaN where there is nothing left to divide by, as PyTorch has it."""
    n = count(x.shape, axis)
    slope = g * (2 / (n - ddof) if n > ddof else math.nan)
    g = slope if n > ddof or arithmetic.plain else np.where(g == 0, g, slope)
    return (x - mean(x, axis, True)) * keep(g, x.shape, axis, keepdims)


def _std(x: Any, axis: Axis = None, ddof: float = 1, keepdims: bool = False) -> Any:
    return np.sqrt(_var(x, axis, ddof, keepdims))


def _std_rule(g: Any, x: Any, out: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    """That of the variance, through the square root; a flat input has slope 0."""
    flat = out == 0
    return _var_rule(np.where(flat, 0.0, over(g, np.where(flat, 1.0, 2 * out))), x, axis, ddof, keepdims)


def _ties(g: Any, x: Any, out: Any, axis: Axis, keepdims: bool) -> Any:
    """The gradient shared equally among the elements that are as large as the result, or all NaN as it is."""
    hit = (x == keep(out, x.shape, axis, keepdims)) | (x != x)
    sharers = np.astype(np.sum(hit, axis=axis, keepdims=True), g.dtype)
    return np.where(hit, keep(g, x.shape, axis, keepdims) / sharers, 0.0)


def _median(x: Any) -> Any:
    """The lower of the two in the middle, and NaN if one is; of nothing NaN, or the lowest integer."""
    if not x.size:
        return np.array(math.nan if x.dtype.kind == "f" else np.iinfo(x.dtype).min, x.dtype)
    x = x.reshape(-1)
    middle = (x.size - 1) // 2
    return x.sum() if np.isnan(largest(x)) else np.partition(x, middle)[middle]


def _prod(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return multiply_up(x, axis, np.int64 if x.dtype.kind in "bui" else None, None, keepdims)


def _prod_rule(g: Any, x: Any, out: Any, axis: int | None, keepdims: bool) -> Any:
    """The product of the other elements: out / x, or where x has a zero, of those before and those after."""
    if axis is None:
        return _prod_rule(g, x.reshape(-1), out, 0, False).reshape(x.shape)
    g = keep(g, x.shape, axis, keepdims)
    if getattr(x, "array", x).all():
        return g * (keep(out, x.shape, axis, keepdims) / x).conjugate()
    after = np.flip(products_before(np.flip(x, axis), axis), axis)
    return g * (products_before(x, axis) * after).conjugate()


def _norm(x: Any, ord: float = 2.0, axis: Axis = None, keepdims: bool = False) -> Any:
    """(sum |x|^ord)^(1/ord); ord may be 0 (how many are not zero), inf or -inf."""
    size = np.absolute(x)
    if ord == 2:
        return np.sqrt(_sum(np.square(size), axis, keepdims))
    if ord == 1:
        return _sum(size, axis, keepdims)
    if ord == 0:
        return _sum(size != 0, axis, keepdims).astype(size.dtype)
    if math.isinf(ord):
        return (largest if ord > 0 else smallest)(size, axis, None, None, keepdims)
    return _sum(size**ord, axis, keepdims) ** (1 / ord)


def _norm_rule(g: Any, x: Any, out: Any, ord: float, axis: Axis, keepdims: bool) -> Any:
    """sign(x) (|x| / out)^(ord - 1), and zero where the norm itself is zero."""
    g, out = keep(g, x.shape, axis, keepdims), keep(out, x.shape, axis, keepdims)
    if ord == 0:
        return np.zeros_like(x)
    if ord == 1:
        return g * np.sign(x)
    if math.isinf(ord):
        return np.sign(x) * _ties(g, np.absolute(x), out, axis, True)
    if getattr(out, "array", out).all():
        return g * _norm_slope(x, out, ord)
    zero = out == 0
    return np.where(zero, 0.0, g * _norm_slope(np.where(zero, 1.0, x), np.where(zero, 1.0, out), ord))


def _norm_slope(x: Any, out: Any, ord: float) -> Any:
    if ord == 2:
        return x / out
    size = np.absolute(x)
    if ord < 2:
        size = np.where(size == 0, 1.0, size)  # 0 ** negative; the sign makes it 0 again
    return np.sign(x) * (size / out) ** (ord - 1)


def _logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if not x.size:
        return np.log(_sum(np.exp(x), axis, keepdims))
    top = largest(x.real, axis, None, None, True)
    if not finite(top):
        top = np.where(np.isfinite(top), top, 0).astype(top.dtype)
    away = np.asarray(x - top)
    total = np.log(_sum(np.exp(away, out=away), axis, True)) + top
    return total if keepdims else np.squeeze(total, axis)


def _logsumexp_rule(g: Any, x: Any, out: Any, axis: Axis, keepdims: bool) -> Any:
    """The softmax. Infinite elements share the gradient of an infinite sum; a sum of nothing, log 0, has none."""
    g, out = keep(g, x.shape, axis, keepdims), keep(out, x.shape, axis, keepdims)
    if axis == () or (arithmetic.plain and not finite(out)):
        return g * np.exp(x - out).conjugate()
    if finite(out):
        part = np.exp(x - out)  # as rough as out is large, which the division mends
        return g * (part / np.sum(part, axis=axis, keepdims=True)).conjugate()
    infinite = np.isinf(out)
    hit = (x == np.inf) & infinite
    sharers = np.astype(np.sum(hit, axis=axis, keepdims=True), g.dtype)
    part = np.exp(np.where(infinite, -np.inf, x - out)).conjugate()
    return g * np.where(hit, 1 / np.where(sharers == 0, 1.0, sharers), part)


def _softmax(x: Any, axis: int = -1) -> Any:
    e = x - largest(x, axis, None, None, True) if x.size else x.copy()
    np.exp(e, out=e)
    e /= add_up(e, axis, None, None, True)
    return e


def _softmax_rule(g: Any, out: Any, axis: int) -> Any:
    """out (g - <g, out>), and zero in a row that is NaN, as softmax is where everything is masked by -inf."""
    d = out * (g - _along(g, out, axis))
    if finite(d) or arithmetic.plain:
        return d
    defined = out == out
    out = np.where(defined, out, 0.0)
    return np.where(defined, out * (g - _along(g, out, axis)), 0.0)


def _along(g: Any, out: Any, axis: int) -> Any:
    """The inner products along an axis."""
    if type(g) is type(out) is np.ndarray:
        return inner(g, out, axis=axis, keepdims=True)
    return (g * out).sum(axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    away = x - largest(x, axis, None, None, True) if x.size else x.copy()
    away -= np.log(add_up(np.exp(away), axis, None, None, True))
    return away


def _log_softmax_rule(g: Any, out: Any, axis: int) -> Any:
    """g - softmax sum(g), and zero in a row that is NaN: see `_softmax_rule`."""
    total = g.sum(axis=axis, keepdims=True)
    d = g - np.exp(out) * total
    if finite(d) or arithmetic.plain:
        return d
    defined = out == out
    return np.where(defined, g - np.exp(np.where(defined, out, 0.0)) * total, 0.0)


def _truth(found: Any, x: Any) -> Any:
    """bool, but uint8 of uint8: PyTorch's truth values of long ago."""
    return found.astype(np.uint8) if x.dtype == np.uint8 else found


# fmt: off
_AXES: tuple[Any, ...] = (
    ((2, 3, 4), {}), ((2, 3, 4), {"axis": 1}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {}),
)
_ONE = (((2, 3, 4), {"axis": 1}), ((5,), {"axis": -1}))

sum = op(
    "sum", _sum, cases=_AXES, doc="The sum.",
    x=lambda g, x_shape, axis, keepdims: spread(g, x_shape, axis, keepdims),
)
mean = op(
    "mean", _mean, cases=_AXES, doc="The mean.",
    x=lambda g, x_shape, axis, keepdims: spread(g * (1 / max(count(x_shape, axis), 1)), x_shape, axis, keepdims),
)
var = op("var", _var, cases=_AXES[:3], doc="The variance, divided by n - ddof.", x=_var_rule)
std = op("std", _std, cases=_AXES[:3], doc="The standard deviation; a flat input has slope 0.", x=_std_rule)
amax = op(
    "amax", lambda x, axis=None, keepdims=False: largest(x, axis, None, None, keepdims), cases=_AXES,
    numbers="real", doc="The largest element; equal ones share the gradient.",
    x=_ties,
)
amin = op(
    "amin", lambda x, axis=None, keepdims=False: smallest(x, axis, None, None, keepdims), cases=_AXES,
    numbers="real", doc="The smallest element; equal ones share the gradient.",
    x=_ties,
)
median = op(
    "median", _median, cases=(((2, 3), {}), ((2, 2), {}), ((), {})), numbers="real",
    doc="The element in the middle of all; equal ones share the gradient.",
    x=lambda g, x, out: _ties(g, x, out, None, False),
)
prod = op(
    "prod", _prod, cases=(((2, 3), {}), ((2, 3), {"axis": 1}), ((2, 3), {"axis": 0, "keepdims": True})),
    doc="The product.",
    x=_prod_rule,
)
norm = op(
    "norm", _norm, "float",
    cases=(*_AXES, ((4, 3), {"ord": 1.0}), ((4, 3), {"ord": 3.0, "axis": 0}), ((4, 3), {"ord": math.inf, "axis": 1})),
    doc="The length of a vector, (sum |x|^ord)^(1/ord).",
    x=_norm_rule,
)
logsumexp = op(
    "logsumexp", _logsumexp, "float", cases=_AXES, doc="log(sum(exp(x))) without overflow.",
    x=_logsumexp_rule,
)
softmax = op(
    "softmax", _softmax, cases=_ONE, numbers="real", doc="exp(x) / sum(exp(x)): non-negative numbers that sum to 1.",
    x=_softmax_rule,
)
log_softmax = op(
    "log_softmax", _log_softmax, cases=_ONE, numbers="real", doc="log(softmax(x)) without loss of digits.",
    x=_log_softmax_rule,
)
argmax = op(
    "argmax", lambda x, axis=None, keepdims=False: x.argmax(axis, keepdims=keepdims), cases=_ONE,
    numbers="real", doc="Where the largest element is.", x=None,
)
argmin = op(
    "argmin", lambda x, axis=None, keepdims=False: x.argmin(axis, keepdims=keepdims), cases=_ONE,
    numbers="real", doc="Where the smallest element is.", x=None,
)
any = op(
    "any", lambda x, axis=None, keepdims=False: _truth(some(x, axis, None, None, keepdims), x), cases=_AXES,
    doc="Whether one element is not zero.", x=None,
)
all = op(
    "all", lambda x, axis=None, keepdims=False: _truth(every(x, axis, None, None, keepdims), x), cases=_AXES,
    doc="Whether no element is zero.", x=None,
)
