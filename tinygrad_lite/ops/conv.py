"""The table, convolutions in one, two and three dimensions, and their transposes.

A convolution is a matrix product over the windows of its input. Copying all windows out ("im2col") writes
every element kernel-size times, which costs as much as the product. Here only the dimensions after the
first are copied out; a step of the window along the first one is then a shifted view that BLAS takes as it
is, one product for each step, added up. The images go through some at a time, so that the copies stay in
the cache. For a 32 x 64 x 32 x 32 input and 64 filters of 3 x 3 that is 22 ms instead of 44.

Three rows, `conv`, `conv_transpose` and `conv_weight` (the gradient for the weight), are the three partial
derivatives of one trilinear form, so the rules of each are the other two, to any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import product
from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops import strided
from tinygrad_lite.ops.window import Sizes, Window, bordered, inner

BLOCK = 3 << 18
"""How many bytes of windows are copied out at a time: about what a core's cache holds."""

_POINT = Window.of((1,))


def _in_float32(forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, but for float16 computed in float32: BLAS has no products of float16."""

    @wraps(forward)
    def wide(x: Any, *args: Any) -> Any:
        if x.dtype != np.float16:
            return forward(x, *args)
        args = tuple(a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args)
        return forward(x.astype(np.float32), *args).astype(np.float16)

    return wide


def _blocks(x: Any, window: Window, bytes_each: int) -> Iterator[tuple[slice, Any]]:
    """The images, padded, so many at a time that they fill `BLOCK`; all if they need no bytes."""
    step = max(1, BLOCK // bytes_each) if bytes_each else max(1, len(x))
    for start in range(0, len(x), step):
        block = slice(start, start + step)
        yield block, bordered(x[block], window.padding)


def _windows(x: Any, window: Window, groups: int, split: int) -> Iterator[tuple[slice, list[Any]]]:
    """The windows of some images at a time, as matrices (n, groups, channels * elements, positions).

    There is one matrix for each step of the window along the first `split` dimensions.
    """
    channels, counts = x.shape[1], window.counts(x.shape[2:])
    elements = math.prod(window.kernel[split:])
    sizes = (*window.padded_sizes(x.shape[2:])[:split], *counts[split:])
    as_they_are = elements == 1 and set(window.stride[split:]) <= {1}
    rest = (slice(None),) * (len(counts) - split)
    shifts = list(product(*(window.slices(axis, counts[axis]) for axis in range(split))))
    free = as_they_are and len(shifts) == 1
    for block, images in _blocks(x, window, 0 if free else channels * elements * math.prod(sizes) * x.itemsize):
        columns = images
        if not as_they_are:
            columns = np.empty((len(images), channels, elements, *sizes), x.dtype)
            for k, tap in enumerate(window.taps(counts, split)):
                columns[:, :, k] = images[(..., *tap)]
        matrix = (len(images), groups, channels // groups * elements, math.prod(counts))
        yield block, [columns[(..., *shift, *rest)].reshape(matrix) for shift in shifts]


def _split(channels: int, filters: int, window: Window) -> int:
    """How many dimensions to leave to shifted views: one, where adding up costs less than copying."""
    return int(window.stride[0] == 1 and channels * math.prod(window.kernel[1:]) >= filters)


@_in_float32
def _conv(x: Any, weight: Any, bias: Any = None, window: Window = _POINT, groups: int = 1) -> Any:
    n, channels, filters = len(x), x.shape[1], len(weight)
    counts = window.counts(x.shape[2:])
    if _thin(channels, filters, groups):
        out = _depthwise(x, weight, window, counts)
    elif strided.worth_it(n, window, counts, groups, longest=8):
        out = strided.conv(x, weight, window)
    else:
        theirs, ours = channels // groups, filters // groups
        split = _split(theirs, ours, window)
        steps, elements = _halves(window, split)
        matrices = weight.reshape(groups, ours, theirs, steps, elements)
        matrices = matrices.transpose(3, 0, 1, 2, 4).reshape(steps, groups, ours, theirs * elements)
        out = np.empty((n, groups, ours, math.prod(counts)), x.dtype)
        for block, windows in _windows(x, window, groups, split):
            total = np.matmul(matrices[0], windows[0], out=out[block])
            for matrix, shifted in zip(matrices[1:], windows[1:], strict=True):
                total += np.matmul(matrix, shifted)
    out = out.reshape(n, filters, *counts)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(counts))
    return out


def _halves(window: Window, split: int) -> tuple[int, int]:
    """How many elements a window has along the first `split` dimensions, and along the others."""
    return math.prod(window.kernel[:split]), math.prod(window.kernel[split:])


def _thin(channels: int, filters: int, groups: int) -> bool:
    """Whether each channel has one filter or two of its own: too few to multiply matrices for."""
    return channels == groups and filters <= 2 * groups


def _depthwise(x: Any, weight: Any, window: Window, counts: Sizes) -> Any:
    """Shifted images times numbers, added up."""
    n, channels = x.shape[:2]
    each = weight.reshape(channels, -1, math.prod(window.kernel), *(1,) * len(counts))
    out = np.empty((n, channels, each.shape[1], *counts), x.dtype)
    for block, images in _blocks(x, window, math.prod(out.shape[1:]) * x.itemsize):
        images, total = images[:, :, None], out[block]
        product_of = np.empty_like(total)
        for k, tap in enumerate(window.taps(counts)):
            if k == 0:
                np.multiply(images[(..., *tap)], each[:, :, k], out=total)
            else:
                total += np.multiply(images[(..., *tap)], each[:, :, k], out=product_of)
    return out


@_in_float32
def _conv_transpose(
    x: Any, weight: Any, bias: Any = None, window: Window = _POINT, sizes: Sizes = (1,), groups: int = 1
) -> Any:
    filters = weight.shape[1]
    if _turns(x.shape, filters, window, sizes, groups):
        turned, around = _turned(x, weight, window, sizes, groups)
        return _conv(x, turned, bias, around, groups)
    n, channels, counts, full = len(x), x.shape[1], x.shape[2:], window.padded_sizes(sizes)
    if strided.worth_it(n, window, counts, groups, longest=14):
        out = strided.conv_transpose(x, weight, window, sizes)
        return out if bias is None else out + bias.reshape(-1, *(1,) * len(counts))
    steps, elements = _halves(window, 1)
    matrices = weight.reshape(groups, channels // groups, filters, steps, elements)
    matrices = matrices.transpose(3, 0, 2, 4, 1).reshape(steps, groups, filters * elements, channels // groups)
    positions = x.reshape(n, groups, channels // groups, math.prod(counts))
    out = np.empty((n, groups * filters, *sizes), x.dtype)
    spread = (groups * filters, elements, full[0], *counts[1:])
    for block, images in _blocks(positions, _POINT, math.prod(spread) * x.itemsize):
        columns: Any = np.zeros((len(images), *spread), x.dtype)
        for matrix, rows in zip(matrices, window.slices(0, counts[0]), strict=True):
            here = columns[(..., rows, *(slice(None),) * (len(counts) - 1))]
            here += np.matmul(matrix, images).reshape(here.shape)
        total: Any = np.zeros((len(images), groups * filters, *full), x.dtype)
        for k, tap in enumerate(window.taps(counts, 1)):
            total[(..., *tap)] += columns[:, :, k]
        out[block] = total[inner(full, window.padding)]
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(counts))
    return out


def _turns(x_shape: Sizes, filters: int, window: Window, sizes: Sizes, groups: int) -> bool:
    """Whether the adjoint is faster as a convolution with the filters turned round."""
    channels = x_shape[1] // groups
    if set(window.stride) != {1}:
        return False
    if math.prod(window.kernel) == 1 or _thin(groups * filters, x_shape[1], groups):
        return True
    return channels <= 4 * filters and math.prod(sizes) <= 1.3 * math.prod(x_shape[2:])


def _turned(x: Any, weight: Any, window: Window, sizes: Sizes, groups: int) -> tuple[Any, Window]:
    """The filters turned round, and the window that they slide in."""
    before = [e - 1 - pads[0] for e, pads in zip(window.extent, window.padding, strict=True)]
    along = zip(sizes, x.shape[2:], window.extent, before, strict=True)
    padding = tuple((b, size - count + e - 1 - b) for size, count, e, b in along)
    turned = np.flip(weight, tuple(range(2, weight.ndim))).reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    filters = turned.reshape(-1, *turned.shape[2:])
    return filters, Window(window.kernel, window.stride, padding, window.dilation)


@_in_float32
def _conv_weight(x: Any, y: Any, window: Window, groups: int = 1) -> Any:
    n, channels, filters = len(x), x.shape[1], y.shape[1]
    if strided.worth_it(n, window, y.shape[2:], groups, longest=8):
        return strided.conv_weight(x, y, window)
    theirs, ours = channels // groups, filters // groups
    split = _split(theirs, ours, window)
    steps, elements = _halves(window, split)
    positions = y.reshape(n, groups, ours, math.prod(y.shape[2:]))
    out = np.zeros((steps, groups, ours, theirs * elements), x.dtype)
    for block, windows in _windows(x, window, groups, split):
        here = positions[block]
        together = here.shape[3] < here.shape[2]  # then sum over images inside the product
        for total, shifted in zip(out, windows, strict=True):
            total += _joined(here) @ _joined(shifted).mT if together else (here @ shifted.mT).sum(axis=0)
    out = out.reshape(steps, groups, ours, theirs, elements).transpose(1, 2, 3, 0, 4)
    return out.reshape(filters, theirs, *window.kernel)


def _joined(x: Any) -> Any:
    """(images, groups, rows, positions) with the positions of all images side by side."""
    return x.transpose(1, 2, 0, 3).reshape(*x.shape[1:3], -1)


def _per_channel(g: Any) -> Any:
    return g.sum(axis=(0, *range(2, len(g.shape))))


# fmt: off
_LINE = Window((2,), (2,), ((1, 0),), (2,))
_PLANE = Window((3, 2), (1, 2), ((1, 1), (0, 1)), (1, 1))
_SPACE = Window.of((2, 1, 2), padding=(0, 1, 0))

conv: Any = op(
    "conv", _conv,
    cases=(((2, 2, 6), (2, 2, 2), (2,), {"window": _LINE}),
           ((2, 2, 5, 4), (4, 1, 3, 2), (4,), {"window": _PLANE, "groups": 2}),
           ((1, 4, 4, 3), (2, 2, 3, 2), (2,), {"window": _PLANE, "groups": 2}),
           ((1, 2, 3, 2, 3), (2, 2, 2, 1, 2), (2,), {"window": _SPACE})),
    doc="The weighted sums over windows: (N, C, *), (filters, C / groups, *kernel) -> (N, filters, *).",
    x=lambda g, weight, x_shape, window, groups:
        conv_transpose(g, weight.conjugate(), None, window, x_shape[2:], groups),
    weight=lambda g, x, window, groups: conv_weight(x.conjugate(), g, window, groups),
    bias=_per_channel,
)
conv_transpose: Any = op(
    "conv_transpose", _conv_transpose,
    cases=(((2, 2, 3), (2, 2, 2), (2,), {"window": _LINE, "sizes": (6,)}),
           ((1, 2, 5, 2), (2, 1, 3, 2), (2,), {"window": _PLANE, "sizes": (5, 4), "groups": 2}),
           ((1, 2, 2, 4, 2), (2, 2, 2, 1, 2), (2,), {"window": _SPACE, "sizes": (3, 2, 3)})),
    doc="The adjoint of the convolution: each element laid out over its window, weighted.",
    x=lambda g, weight, window, groups: conv(g, weight.conjugate(), None, window, groups),
    weight=lambda g, x, window, groups: conv_weight(g, x.conjugate(), window, groups),
    bias=_per_channel,
)
conv_weight: Any = op(
    "conv_weight", _conv_weight,
    cases=(((2, 2, 6), (2, 2, 3), {"window": _LINE}), ((2, 2, 5, 4), (2, 4, 5, 2), {"window": _PLANE, "groups": 2})),
    doc="The gradient of a convolution for its weight: products of windows and positions, summed.",
    x=lambda g, y, x_shape, window, groups: conv_transpose(y.conjugate(), g, None, window, x_shape[2:], groups),
    y=lambda g, x, window, groups: conv(x.conjugate(), g, None, window, groups),
)
