"""Convolutions with strides over short rows, with the images along the last dimension.

A window that moves by more than one element leaves no shifted views to multiply, so it has to be copied out, or
added up, tap by tap. Along a row of 7 positions that is 7 elements at a time, for which NumPy takes longer than the
product itself. With the images last, each tap is a run of whole blocks of memory, at the price of turning the images
round before and after. For a 64 x 64 x 7 x 7 input, 32 filters of 4 x 4 and stride 2 the transposed convolution
takes 5.5 ms instead of 10.7, for 128 x 6 x 6 and 128 filters of 9 x 9 120 ms instead of 240.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.ops.window import Sizes, Window, inner
from tinygrad_lite.parallel import each

__all__ = ["conv", "conv_transpose", "conv_weight", "worth_it"]

_FEWEST, _MOST = 8, 32
"""How many images go through at a time: enough for long runs, few enough for the cache."""
_BYTES = 1 << 24
"""How many bytes of windows are copied out at a time, where that leaves images enough."""


def worth_it(n: int, window: Window, counts: Sizes, groups: int, longest: int) -> bool:
    """Whether turning the images round pays, for n images and so many positions.

    Args:
        n: how many images.
        window: how it slides.
        counts: how many positions it has in each dimension.
        groups: of channels.
        longest: the longest row of positions for which it pays.
    """
    overlap = any(k > s for k, s in zip(window.kernel, window.stride, strict=True))
    return groups == 1 and n >= _FEWEST and counts[-1] <= longest and window.stride[-1] > 1 and overlap


def conv(x: Any, weight: Any, window: Window) -> Any:
    """(N, C, *), (filters, C, *kernel) -> (N, filters, *)."""
    counts, filters = window.counts(x.shape[2:]), len(weight)
    matrix = np.moveaxis(weight, 1, -1).reshape(filters, -1)
    out = np.empty((len(x), filters, *counts), x.dtype)

    def fill(block: slice) -> None:
        out[block] = _first((matrix @ _columns(x[block], window, counts)).reshape(filters, *counts, -1))

    each(fill, _blocks(x, window, counts))
    return out


def conv_weight(x: Any, y: Any, window: Window) -> Any:
    """(N, C, *), (N, filters, *) -> (filters, C, *kernel): the gradient for the weight."""
    channels, filters, counts = x.shape[1], y.shape[1], y.shape[2:]

    def found(block: slice) -> Any:
        return _last(y[block]).reshape(filters, -1) @ _columns(x[block], window, counts).T

    first, *others = each(found, _blocks(x, window, counts))
    out = sum(others, first)
    return np.moveaxis(out.reshape(filters, *window.kernel, channels), -1, 1)


def conv_transpose(x: Any, weight: Any, window: Window, sizes: Sizes) -> Any:
    """(N, C, *), (C, filters, *kernel) -> (N, filters, *sizes): the adjoint."""
    channels, counts, filters = x.shape[1], x.shape[2:], weight.shape[1]
    full = window.padded_sizes(sizes)
    matrices = np.ascontiguousarray(weight.reshape(channels, filters, -1).T)
    out = np.empty((len(x), filters, *sizes), x.dtype)

    def fill(block: slice) -> None:
        images = _last(x[block])
        count = images.shape[-1]
        images = images.reshape(channels, -1)
        total: Any = np.zeros((filters, *full, count), x.dtype)
        for matrix, tap in zip(matrices, window.taps(counts), strict=True):
            total[(slice(None), *tap)] += (matrix @ images).reshape(filters, *counts, count)
        out[block] = _first(total[_within(full, window)])

    each(fill, [slice(start, start + _MOST) for start in range(0, len(x), _MOST)])
    return out


def _blocks(x: Any, window: Window, counts: Sizes) -> list[slice]:
    """So many images at a time that their windows fill `_BYTES`."""
    bytes_each = x.shape[1] * math.prod(window.kernel) * math.prod(counts) * x.itemsize
    step = min(_MOST, max(_FEWEST, _BYTES // bytes_each))
    return [slice(start, start + step) for start in range(0, len(x), step)]


def _columns(images: Any, window: Window, counts: Sizes) -> Any:
    """All windows as a matrix (elements * channels, positions * images)."""
    n, channels, taps = len(images), images.shape[1], window.taps(counts)
    padded: Any = np.zeros((channels, *window.padded_sizes(images.shape[2:]), n), images.dtype)
    padded[_within(padded.shape[1:-1], window)] = np.moveaxis(images, 0, -1)
    columns = np.empty((len(taps), channels, *counts, n), images.dtype)
    for column, tap in zip(columns, taps, strict=True):
        column[...] = padded[(slice(None), *tap)]
    return columns.reshape(len(taps) * channels, -1)


def _within(full: Sizes, window: Window) -> tuple[Any, ...]:
    """The index of what is no padding, with the images last."""
    return (slice(None), *inner(full, window.padding)[1:], slice(None))


def _last(x: Any) -> Any:
    """The images to the last dimension, in memory too."""
    return np.ascontiguousarray(x.reshape(len(x), -1).T).reshape(*x.shape[1:], len(x))


def _first(x: Any) -> Any:
    """And back, as a view."""
    return np.moveaxis(x, -1, 0)
