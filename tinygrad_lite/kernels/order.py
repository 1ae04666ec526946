"""Finding orders: `argsort` that keeps equal elements as they are, at the speed of one that does not.

NumPy sorts values with vector instructions, but sorts stably without. So values and positions are packed into
one integer each, where both fit, and these are sorted. Measured on a million float32: 14 ms, where a stable
`np.argsort` takes 160 ms, an unstable one 65, and PyTorch's `sort` 125.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_FEW = 256
"""Up to so many elements sorting takes less than packing them would."""


def stable_order(x: Array, axis: int = -1, descending: bool = False) -> Array:
    """The positions along `axis` that sort `x`; equal elements in the order in which they stand."""
    if not descending:
        return _ascending(x, axis)
    n = x.shape[axis]
    return n - 1 - np.flip(_ascending(np.flip(x, axis), axis), axis)


def _ascending(x: Array, axis: int) -> Array:
    if x.size > _FEW and x.dtype.itemsize >= 4:
        axis %= x.ndim
        n = x.shape[axis]
        bits = n.bit_length()
        keys = _as_integers(x, 63 - bits)
        if keys is not None:
            keys <<= bits
            keys |= np.arange(n).reshape((n,) + (1,) * (x.ndim - 1 - axis))
            keys.sort(axis)
            keys &= (1 << bits) - 1
            return keys
        order = np.argsort(x, axis)
        if not _has_equal_neighbours(np.take_along_axis(x, order, axis), axis):
            return order
    return np.argsort(x, axis, kind="stable")


def _as_integers(x: Array, bits: int) -> Array | None:
    """Integers of so many bits in the order of the elements, not negative; None if there are none."""
    if x.dtype == np.float32:
        if bits < 32 or np.isnan(x).any():
            return None
        pattern = (x + np.float32(0)).view(np.int32)  # + 0: -0 becomes 0, its equal
        return np.where(pattern < 0, -(pattern & 0x7FFFFFFF), pattern).astype(np.int64) + (1 << 31)
    if x.dtype.kind in "iu":
        low, high = int(x.min()), int(x.max())
        return x.astype(np.int64) - low if high - low < 1 << bits else None
    return None


def _has_equal_neighbours(x: Array, axis: int) -> bool:
    """Whether in a sorted array two elements are equal, NaN included."""
    x = np.moveaxis(x, axis, -1)
    return bool((x[..., 1:] == x[..., :-1]).any() or np.isnan(x[..., -2:]).all(-1).any())


def top_order(x: Array, k: int, axis: int = -1, largest: bool = True) -> Array:
    """The positions along `axis` of the k largest elements, or smallest, from the most extreme on."""
    n = x.shape[axis]
    if k == 1 and largest and x.size:
        return x.argmax(axis, keepdims=True)  # NaN, if there is one
    if n <= 64 or 4 * k > n or not k:
        return stable_order(x, axis, largest).take(range(k), axis)
    found = np.argpartition(x, n - k if largest else k - 1, axis)
    found = np.sort(found.take(range(n - k, n) if largest else range(k), axis), axis)
    return np.take_along_axis(found, stable_order(np.take_along_axis(x, found, axis), axis, largest), axis)
