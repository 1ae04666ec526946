"""The table, windows: sums and maxima over windows that slide along an image or a signal.

A `Window` says how one slides over the last dimensions of an array. Sums and maxima go dimension by
dimension, each in a few NumPy calls on whole slices: a 2 x 2 maximum is `np.maximum` of the even and the
odd rows, then of the even and the odd columns.

Every row has its adjoint beside it, so that derivatives of any order are rows again: the sum over windows
and spreading over windows, `unfold` and `fold`; a maximum has indexing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops.index import add_at, put

Sizes = tuple[int, ...]
Widths = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Window:
    """How a window slides over the last `len(kernel)` dimensions.

    Attributes:
        kernel: its size.
        stride: how far apart two positions are.
        padding: how many elements are added before and after each dimension; negative ones are taken off.
        dilation: how far apart the elements of one window are.
    """

    kernel: Sizes
    stride: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes

    @classmethod
    def of(cls, kernel: Sizes, stride: Sizes = (), padding: Sizes = (), dilation: Sizes = ()) -> Window:
        """A window with as much padding after as before; steps of 1, and no padding, where nothing is said."""
        n = len(kernel)
        return cls(kernel, stride or (1,) * n, tuple((p, p) for p in padding or (0,) * n), dilation or (1,) * n)

    @property
    def extent(self) -> Sizes:
        """How many elements one window reaches over."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def disjoint(self) -> bool:
        """Whether no element is in two windows."""
        return all(s >= e for s, e in zip(self.stride, self.extent, strict=True))

    def counts(self, sizes: Sequence[int]) -> Sizes:
        """How many positions it has over dimensions of these sizes."""
        return _counts(self, tuple(sizes))

    def padded_sizes(self, sizes: Sequence[int]) -> Sizes:
        """These sizes with the padding."""
        return tuple(n + before + after for n, (before, after) in zip(sizes, self.padding, strict=True))

    def slices(self, axis: int, count: int) -> list[slice]:
        """For each element of the window where it is, at all positions, in one dimension."""
        step, far = self.stride[axis], self.dilation[axis]
        return [slice(j * far, j * far + (count - 1) * step + 1, step) for j in range(self.kernel[axis])]

    def taps(self, counts: Sizes, first: int = 0) -> list[tuple[slice, ...]]:
        """The same for each element of the window in the dimensions from `first` on, in order."""
        return _taps(self, counts, first)


@lru_cache(maxsize=1024)
def _counts(window: Window, sizes: Sizes) -> Sizes:
    along = zip(window.padded_sizes(sizes), window.extent, window.stride, strict=True)
    return tuple((n - extent) // step + 1 for n, extent, step in along)


@lru_cache(maxsize=1024)
def _taps(window: Window, counts: Sizes, first: int) -> list[tuple[slice, ...]]:
    return list(product(*(window.slices(axis, counts[axis]) for axis in range(first, len(counts)))))


def bordered(x: Any, widths: Widths, fill: Any = 0) -> Any:
    """A raw array with so many elements added along its last dimensions; itself if none are."""
    if not any(map(any, widths)):
        return x
    lead = x.ndim - len(widths)
    sizes = tuple(n + before + after for n, (before, after) in zip(x.shape[lead:], widths, strict=True))
    shape = (*x.shape[:lead], *sizes)
    out = np.full(shape, fill, x.dtype) if fill else np.zeros(shape, x.dtype)
    taken_off = [(-before, -after) for before, after in widths]
    out[inner(sizes, widths)] = x[inner(x.shape[lead:], taken_off)]
    return out


def inner(sizes: Sequence[int], widths: Widths) -> tuple[Any, ...]:
    """The index of what is left of dimensions of these sizes without a border."""
    return (..., *(slice(max(before, 0), n - max(after, 0)) for n, (before, after) in zip(sizes, widths, strict=True)))


def _reduced(ufunc: Any, x: Any, window: Window) -> Any:
    """A padded array reduced over each window, one dimension after the other."""
    ndim = len(window.kernel)
    lead, sizes = x.shape[: x.ndim - ndim], x.shape[x.ndim - ndim :]
    if sizes == window.kernel:
        return ufunc.reduce(x.reshape(*lead, math.prod(sizes)), -1).reshape(*lead, *(1,) * ndim)
    for axis, size in enumerate(sizes):
        count = (size - window.extent[axis]) // window.stride[axis] + 1
        rest = (slice(None),) * (ndim - axis - 1)
        parts = [x[(..., part, *rest)] for part in window.slices(axis, count)]
        x = ufunc(parts[0], parts[1]) if len(parts) > 1 else parts[0]
        for part in parts[2:]:
            ufunc(x, part, out=x)
    return x


def _window_sum(x: Any, window: Window) -> Any:
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    out = _reduced(np.add, bordered(wide, window.padding), window)
    return out.astype(x.dtype) if wide is not x else out.copy() if out.base is not None or out is x else out


def _window_spread(x: Any, window: Window, sizes: Sizes) -> Any:
    """The adjoint of the sum: each element added to all elements of its window."""
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    ndim = len(sizes)
    for axis, size in reversed(tuple(enumerate(window.padded_sizes(sizes)))):
        out: Any = np.zeros((*wide.shape[: axis - ndim], size, *wide.shape[wide.ndim - ndim + axis + 1 :]), wide.dtype)
        rest = (slice(None),) * (ndim - axis - 1)
        apart = window.stride[axis] >= window.extent[axis]
        for part in window.slices(axis, wide.shape[axis - ndim]):
            if apart:
                out[(..., part, *rest)] = wide
            else:
                out[(..., part, *rest)] += wide
        wide = out
    return wide[inner(wide.shape[wide.ndim - ndim :], window.padding)].astype(x.dtype)


def lowest(dtype: np.dtype[Any]) -> Any:
    """What a maximum ignores."""
    return -math.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _max_pool(x: Any, window: Window) -> Any:
    out = _reduced(np.maximum, bordered(x, window.padding, lowest(x.dtype)), window)
    return out.copy() if out.base is not None or out is x else out


def winners(x: Any, out: Any, window: Window) -> np.ndarray:
    """Where in its flattened image each window has its maximum: the first of equal ones, the last NaN."""
    ndim = len(window.kernel)
    counts, sizes = out.shape[out.ndim - ndim :], x.shape[x.ndim - ndim :]
    # NaN equals nothing: what was added never wins.
    around = bordered(x, window.padding, math.nan if x.dtype.kind == "f" else lowest(x.dtype))
    taps = window.taps(counts)
    which = np.zeros(out.shape, np.uint8 if len(taps) < 256 else np.intp)
    smaller = np.ones(out.shape, bool)
    for tap in taps[:-1]:
        smaller &= around[(..., *tap)] != out
        which += smaller
    if x.dtype.kind == "f" and np.isnan(out).any():
        around = bordered(x, window.padding)
        for k, tap in enumerate(taps):
            np.copyto(which, k, where=np.isnan(around[(..., *tap)]))
    inside = np.unravel_index(np.arange(len(taps)), window.kernel)
    from_start = np.zeros(len(taps), np.intp)
    start: Any = np.zeros((), np.intp)
    for axis, (count, size) in enumerate(zip(counts, sizes, strict=True)):
        starts = np.arange(count) * window.stride[axis] - window.padding[axis][0]
        start = start[..., None] * size + starts
        from_start = from_start * size + inside[axis] * window.dilation[axis]
    at: np.ndarray = from_start.take(which)
    at += start
    return at


def _max_pool_rule(g: Any, x: Any, out: Any, window: Window) -> Any:
    """The gradient put where the maximum was found."""
    sizes = _sizes(x.shape, window)
    at = winners(getattr(x, "array", x), getattr(out, "array", out), window)
    images = np.arange(math.prod(x.shape[: len(x.shape) - len(sizes)])) * math.prod(sizes)
    at += images.reshape(*x.shape[: len(x.shape) - len(sizes)], *(1,) * len(sizes))
    scatter = put if window.disjoint else add_at
    return scatter(g.reshape(-1), (math.prod(x.shape),), (at.reshape(-1),)).reshape(x.shape)


def _unfold(x: Any, window: Window) -> Any:
    n, channels = x.shape[:2]
    counts = window.counts(x.shape[2:])
    x = bordered(x, window.padding)
    out = np.empty((n, channels, math.prod(window.kernel), *counts), x.dtype)
    for k, tap in enumerate(window.taps(counts)):
        out[:, :, k] = x[(..., *tap)]
    return out.reshape(n, channels * math.prod(window.kernel), math.prod(counts))


def _fold(x: Any, window: Window, sizes: Sizes) -> Any:
    """The adjoint of `unfold`: what was copied out is added up again."""
    elements = math.prod(window.kernel)
    n, channels = x.shape[0], x.shape[1] // elements
    counts, full = window.counts(sizes), window.padded_sizes(sizes)
    x = x.reshape(n, channels, elements, *counts)
    out: Any = np.zeros((n, channels, *full), x.dtype)
    for k, tap in enumerate(window.taps(counts)):
        out[(..., *tap)] += x[:, :, k]
    return np.ascontiguousarray(out[inner(full, window.padding)])


def _sizes(x_shape: Sizes, window: Window) -> Sizes:
    return tuple(x_shape[len(x_shape) - len(window.kernel) :])


# fmt: off
_PLAIN = Window.of((2, 2), (2, 2))
_WIDE = Window((3, 2), (2, 1), ((1, 1), (0, 1)), (1, 2))

pad: Any = op(
    "pad", bordered, cases=(((2, 3), {"widths": ((1, 0), (2, 1))}), ((2, 4, 3), {"widths": ((-1, 2),), "fill": 1.5})),
    doc="With a border of a constant value around the last dimensions; a negative one takes elements off.",
    x=lambda g, widths: pad(g, tuple((-before, -after) for before, after in widths)),
)
window_sum: Any = op(
    "window_sum", _window_sum,
    cases=(((2, 4, 6), {"window": _PLAIN}), ((1, 5, 4), {"window": _WIDE}), ((2, 7), {"window": Window.of((7,))})),
    doc="The sum over each window.",
    x=lambda g, x_shape, window: window_spread(g, window, _sizes(x_shape, window)),
)
window_spread: Any = op(
    "window_spread", _window_spread,
    cases=(((2, 2, 3), {"window": _PLAIN, "sizes": (5, 6)}), ((1, 3, 3), {"window": _WIDE, "sizes": (5, 4)})),
    doc="Each element added to all elements of its window.",
    x=lambda g, window: window_sum(g, window),
)
max_pool = op(
    "max_pool", _max_pool, numbers="real", overwritable=True,
    cases=(((2, 4, 6), {"window": _PLAIN}), ((1, 5, 4), {"window": _WIDE})),
    doc="The maximum over each window; the first of equal elements has the gradient.",
    x=_max_pool_rule,
)
unfold: Any = op(
    "unfold_windows", _unfold, cases=(((2, 2, 5, 4), {"window": _WIDE}),),
    doc="Each window as a column: (N, C, *) -> (N, C * elements, positions).",
    x=lambda g, x_shape, window: fold(g, window, _sizes(x_shape, window)),
)
fold: Any = op(
    "fold_windows", _fold, cases=(((2, 12, 9), {"window": _WIDE, "sizes": (5, 4)}),),
    doc="Columns added up where `unfold` takes them from.",
    x=lambda g, window: unfold(g, window),
)
