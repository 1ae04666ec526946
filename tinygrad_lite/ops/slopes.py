"""Products with slopes that may be infinite.

The gradient of `where(x >= 0, x, sqrt(-x))` at 1 is 1: the branch not taken sends back a zero, and that
zero decides, whatever the slope of the branch is. As plain arithmetic 0 * inf is NaN, and PyTorch, JAX
and autograd answer that. Here a gradient of exactly zero stays zero, so a rule whose slope can be
infinite or undefined writes `times(g, slope)` for `g * slope`, and `over(g, y)` for `g / y`. Where all
is finite, as it nearly always is, that costs one sum over the result.

`nan_gradients(True)` gives PyTorch's arithmetic.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np


class _Arithmetic(threading.local):
    plain = False


arithmetic = _Arithmetic()


def _finite(d: Any) -> bool:
    """Whether every element of an array or a tensor is finite (or so large that their sum is not)."""
    total = np.add.reduce(getattr(d, "array", d), axis=None)
    return bool(total - total == 0)


def times(g: Any, slope: Any) -> Any:
    """`g * slope`, and 0 where g is 0 and the slope is infinite or NaN."""
    d = g * slope
    if _finite(d) or arithmetic.plain:
        return d
    return g * np.where((g == 0) & ~np.isfinite(slope), 0.0, slope)


def over(g: Any, y: Any) -> Any:
    """`g / y`, and 0 where g is 0 and y is 0 or NaN."""
    d = g / y
    if _finite(d) or arithmetic.plain:
        return d
    return g / np.where((g == 0) & ((y == 0) | (y != y)), 1.0, y)


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
