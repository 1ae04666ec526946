"""Choosing between two arrays, without asking at each element.

`np.where` branches at each element, which costs most where the condition is as good as random, as it is
behind a ReLU: 5 ns an element, several times what copying takes. Here the condition becomes a mask of bits,
all or none, through which both sides are combined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.parallel import each

__all__ = ["choose"]

_FEW = 8192
"""Up to so many elements NumPy's way is as fast."""

_BLOCK = 1 << 15
_BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def choose(condition: Any, x: Any, y: Any) -> Any:
    """`np.where`: x where the condition holds, else y; for arrays and tensors."""
    if type(condition) is not np.ndarray or condition.size <= _FEW or condition.dtype != bool:
        return np.where(condition, x, y)
    sides = [side for side in (x, y) if not _zero(side)]
    if not sides or not all(_fits(side, condition, sides[0]) for side in sides) or sides[0].dtype.kind not in "fc":
        return np.where(condition, x, y)
    bits = _BITS[sides[0].itemsize]
    out = np.empty(condition.shape, sides[0].dtype)
    target, mask = out.reshape(-1).view(bits), condition.reshape(-1).view(np.int8)
    rows = [side.reshape(-1).view(bits) for side in sides]

    def combine(start: int) -> None:
        part = slice(start, start + _BLOCK)
        if len(rows) == 2:
            here, there = rows[0][part], rows[1][part]
            mixed = here ^ there
            mixed &= -mask[part]
            np.bitwise_xor(mixed, there, out=target[part])
        else:
            np.bitwise_and(rows[0][part], -mask[part] if sides[0] is x else mask[part] - 1, out=target[part])

    each(combine, range(0, condition.size, _BLOCK))
    return out


def _zero(side: Any) -> bool:
    """Whether it is a zero of Python's, which beside fractions is one with no bits set."""
    return type(side) in (int, float) and side == 0 and str(side)[0] != "-"


def _fits(side: Any, condition: np.ndarray, first: Any) -> bool:
    return (
        type(side) is np.ndarray
        and side.shape == condition.shape
        and side.dtype == first.dtype
        and side.itemsize in _BITS
        and side.flags.c_contiguous
        and condition.flags.c_contiguous
    )
