"""Products with slopes that may be infinite.

The gradient of `where(x >= 0, x, sqrt(-x))` at 1 is 1: the branch not taken sends back a zero, and that
zero decides, whatever the slope of the branch is. As plain arithmetic 0 * inf is NaN, and PyTorch, JAX
and autograd answer that. Here a gradient of exactly zero stays zero, so a rule whose slope can be
infinite or undefined writes `times(g, slope)` for `g * slope`, and `over(g, y)` for `g / y`. Where all
is finite, as it nearly always is, that costs one look over the result.

Rows are safe to every order if the slope is made of safe rows: a product inside of it is a place where 0
meets infinity again, one order up. So a slope has `out**2` rather than `out * out`.

Where the numbers depart from PyTorch's, `nan_gradients(True)` gives PyTorch's:

- A zero from above stays zero where PyTorch has NaN: sqrt, rsqrt, reciprocal, div, pow, exp, exp2, expm1,
  sinh, cosh, log, log2, log10, log1p, asin, acos, acosh, atanh, remainder, fmod, atan2, hypot, xlogy,
  xlog1py, entr, logit, erfinv, lgamma, digamma, polygamma.
- Whatever comes from above, the gradient is 0 in hypot(0, 0), where there is no direction, and for y in
  xlogy(0, y) and xlog1py(0, y), also at y = 0 and y = -1; and 1/2 for each of two equal infinities in
  logaddexp. PyTorch has NaN.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np


class _Arithmetic(threading.local):
    plain = False


arithmetic = _Arithmetic()


def finite(d: Any) -> bool:
    """Whether every element of an array or a tensor is finite."""
    array = getattr(d, "array", d)
    if array.size == 1:
        one = array.item()
        return bool(one - one == 0)
    return bool(np.logical_and.reduce(np.isfinite(array), axis=None))


def times(g: Any, slope: Any) -> Any:
    """`g * slope`, and 0 where g is 0 and the slope is infinite or NaN."""
    d = g * slope
    if finite(d) or arithmetic.plain:
        return d
    return g * np.where((g == 0) & ~np.isfinite(slope), 0.0, slope)


def over(g: Any, y: Any) -> Any:
    """`g / y`, and 0 where g is 0 and y is 0 or NaN."""
    d = g / y
    if finite(d) or arithmetic.plain:
        return d
    return np.where((g == 0) & ((y == 0) | (y != y)), g, d)


def settled(where: Any, value: float, slope: Any) -> Any:
    """`slope`, and `value` where there is none, as at the origin of `hypot`."""
    return slope if arithmetic.plain else np.where(where, value, slope)


class nan_gradients:  # noqa: N801 - named as the modes of PyTorch are
    """Compute gradients with plain arithmetic, in which 0 * inf is NaN, as PyTorch does.

    Without it a gradient of exactly zero, as a mask makes it, stays zero also where the slope that it
    meets is infinite or undefined. Acts at once when called, or for the length of a `with` block.

    Args:
        mode: whether to.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor(1.0, requires_grad=True)
        >>> tg.autograd.grad(tg.where(x >= 0, x, (-x).sqrt()), x)
        (tensor(1.),)
        >>> with tg.autograd.nan_gradients():
        ...     tg.autograd.grad(tg.where(x >= 0, x, (-x).sqrt()), x)
        (tensor(nan),)
    """

    def __init__(self, mode: bool = True) -> None:
        self._before = arithmetic.plain
        arithmetic.plain = bool(mode)

    def __enter__(self) -> None:
        """The mode is set already."""

    def __exit__(self, *exc: object) -> None:
        arithmetic.plain = self._before
