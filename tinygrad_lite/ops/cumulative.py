"""The table, cumulative operations: each result from the elements up to its own place."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tinygrad_lite.op import op

_WIDE: dict[Any, Any] = {
    np.dtype("float16"): np.float32,
    np.dtype("float32"): np.float64,
    np.dtype("complex64"): np.complex128,
}
"""The dtypes that PyTorch accumulates in."""


_LONG = 256
"""From so many elements on, a step along a dimension is worth a call of its own: four times as fast as
`accumulate`, which takes the elements one by one."""


def accumulate(ufunc: np.ufunc, x: Any, axis: int, dtype: Any) -> Any:
    """`ufunc.accumulate`, quickly."""
    if axis in (-1, x.ndim - 1) or x.size < _LONG * x.shape[axis]:
        return ufunc.accumulate(x, axis, dtype)
    out = x.astype(dtype)
    for before, step in itertools.pairwise(np.moveaxis(out, axis, 0)):
        ufunc(before, step, out=step)
    return out


def _running(ufunc: np.ufunc, x: Any, axis: int) -> Any:
    """`ufunc.accumulate` in a wider dtype; of integers and truth values as int64."""
    if x.dtype.kind in "bui":
        return accumulate(ufunc, x, axis, np.int64)
    return accumulate(ufunc, x, axis, _WIDE.get(x.dtype, x.dtype)).astype(x.dtype, copy=False)


def from_the_end(g: Any, axis: int) -> Any:
    """For each place the sum from there to the last."""
    return np.flip(cumsum(np.flip(g, axis), axis), axis)


def _later(x: Any, by: int) -> Any:
    """x[..., k + by] at k; zeros at the end."""
    return np.concatenate([x[..., by:], np.zeros_like(x[..., :by])], axis=-1)


def carried_back(g: Any, factor: Any, axis: int) -> Any:
    """S with S[k] = g[k] + factor[k] * S[k + 1]: what the later results send back to each place.

    Found by doubling, in log2(n) steps (Hillis and Steele, Data Parallel Algorithms, 1986), without dividing.
    """
    g, factor = np.moveaxis(g, axis, -1), np.moveaxis(factor, axis, -1)
    n, by = g.shape[-1], 1
    while by < n:
        g = g + factor * _later(g, by)
        by *= 2
        if by < n:
            factor = factor * _later(factor, by // 2)
    return np.moveaxis(g, -1, axis)


def products_before(x: Any, axis: int) -> Any:
    """For each place the product of the elements before it."""
    x = np.moveaxis(x, axis, -1)
    return np.moveaxis(np.concatenate([np.ones_like(x[..., :1]), cumprod(x[..., :-1], -1)], axis=-1), -1, axis)


def _cumprod_rule(g: Any, x: Any, out: Any, axis: int) -> Any:
    """The results from a place on, each over its element; with zeros among the elements, without that division."""
    x = x.conjugate()
    if getattr(x, "array", x).all():
        return from_the_end(g * out.conjugate(), axis) / x
    following = np.moveaxis(_later(np.moveaxis(x, axis, -1), 1), -1, axis)
    return products_before(x, axis) * carried_back(g, following, axis)


def _log_of_sum(a: Any, b: Any) -> Any:
    """log(exp(a) + exp(b)) of complex numbers, which `np.logaddexp` has not."""
    first = a.real >= b.real
    large, small = np.where(first, a, b), np.where(first, b, a)
    return np.where(np.isneginf(large.real), large, large + np.log1p(np.exp(small - large)))


def _logcumsumexp(x: Any, axis: int = 0) -> Any:
    if x.dtype.kind != "c":
        return _running(np.logaddexp, x, axis)
    out = np.moveaxis(x.copy(), axis, 0)
    for k in range(1, len(out)):
        out[k] = _log_of_sum(out[k - 1], out[k])
    return np.moveaxis(out, 0, axis)


def part_of(x: Any, total: Any) -> Any:
    """exp(x - total): which part x is of a total, both given as logarithms. Of nothing, log -inf, it is none."""
    nothing = np.real(total) == -np.inf
    if getattr(nothing, "array", nothing).any():
        return np.exp(np.where(nothing, -np.inf, x - total))
    return np.exp(x - total)


def _logcumsumexp_rule(g: Any, x: Any, out: Any, axis: int) -> Any:
    """Each result passes on, of what comes back to it, the part that the one before had in it."""
    totals = np.moveaxis(out, axis, -1)
    kept = np.concatenate([part_of(totals[..., :-1], totals[..., 1:]), np.ones_like(totals[..., :1])], axis=-1)
    return part_of(x, out).conjugate() * carried_back(g, np.moveaxis(kept, -1, axis).conjugate(), axis)


# fmt: off
_ONE = (((2, 3, 4), {"axis": 1}), ((5,), {"axis": -1}))

cumsum: Any = op(
    "cumsum", lambda x, axis=0: _running(np.add, x, axis), cases=_ONE, doc="Running sums.",
    x=lambda g, axis: from_the_end(g, axis),
)
cumprod: Any = op(
    "cumprod", lambda x, axis=0: _running(np.multiply, x, axis), cases=_ONE, doc="Running products.",
    x=_cumprod_rule,
)
logcumsumexp = op(
    "logcumsumexp", _logcumsumexp, cases=_ONE, doc="Running log(sum(exp(x))), without overflow.",
    x=_logcumsumexp_rule,
)
