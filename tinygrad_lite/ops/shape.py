"""The table, shapes: the same elements in another arrangement.

Most of these return a view, as in PyTorch: the result looks into the memory of its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.op import Op, op
from tinygrad_lite.ops.index import add_at, index
from tinygrad_lite.views import owner

Ints = tuple[int, ...]


def _with_one(shape: Ints, axis: int) -> Ints:
    """`shape` with a dimension of size 1 more, which comes to stand at `axis`."""
    axis %= len(shape) + 1
    return (*shape[:axis], 1, *shape[axis:])


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    ndim = len(axes)
    order = [a % ndim for a in axes]
    return tuple(order.index(k) for k in range(ndim))


def _cat_rule(g: Any, k: int, xs_shapes: Any, axis: int) -> Any:
    """The k-th piece of the gradient."""
    axis %= g.ndim
    start = 0
    for shape in xs_shapes[:k]:
        start += shape[axis]
    stop = start + xs_shapes[k][axis]
    return g[(slice(None),) * axis + (slice(start, stop),)]


def _expand(x: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to` in a tenth of its time, and writable as `x` is."""
    if not x.flags.c_contiguous:
        out = np.broadcast_to(x, shape)
        out.setflags(write=x.flags.writeable)
        return out
    lead = len(shape) - x.ndim
    kept = tuple(step if n == m else 0 for n, m, step in zip(x.shape, shape[lead:], x.strides, strict=True))
    return np.ndarray(shape, x.dtype, x, 0, (0,) * lead + kept)


def _copy(x: Any, order: str = "K") -> Any:
    """A copy in the same layout; in plain order if elements of `x` share memory, as in an expanded array."""
    return x.copy("C" if 0 in x.strides else order)


def _diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    out = x.diagonal(offset, axis1, axis2)
    if x.flags.writeable:  # NumPy marks it read-only; in PyTorch it is a view like any other
        out.setflags(write=True)
    return out


def _diag_embed(x: Any, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    out = np.zeros(shape, x.dtype)
    _diagonal(out, offset, axis1, axis2)[...] = x
    return out


def below(rows: int, columns: int, k: int) -> np.ndarray:
    """Where a matrix is on or below its k-th diagonal."""
    return np.greater_equal.outer(np.arange(k, rows + k), np.arange(columns))


def _tril(x: Any, k: int = 0) -> Any:
    out = np.zeros(x.shape, x.dtype)
    np.copyto(out, x, where=below(x.shape[-2], x.shape[-1], k))
    return out


def _triu(x: Any, k: int = 0) -> Any:
    out = x.copy()
    np.copyto(out, False, where=below(x.shape[-2], x.shape[-1], k - 1))
    return out


def _flip(x: Any, axis: int | tuple[int, ...]) -> Any:
    axes = axis if isinstance(axis, tuple) else (axis,)
    back = slice(None, None, -1)
    return x[tuple([back if k in axes or k - x.ndim in axes else slice(None) for k in range(x.ndim)])].copy("K")


def _cat(xs: Sequence[Any], axis: int = 0) -> Any:
    """`np.concatenate`, but in rows also where the pieces are transposed: as in PyTorch the result is contiguous."""
    out = np.concatenate(xs, axis)
    return out if out.flags.c_contiguous else np.ascontiguousarray(out)


def _stack(xs: Sequence[Any], axis: int = 0) -> Any:
    """`np.stack` without its many small steps."""
    ndim = xs[0].ndim
    if axis in (0, -ndim - 1):
        return _cat(xs).reshape((len(xs), *xs[0].shape)) if ndim else np.array(xs)
    axis %= ndim + 1
    new = (slice(None),) * axis + (None,)
    return _cat([x[new] for x in xs], axis)


def _strided(x: Any, shape: Ints, steps: Ints, start: int, inner: Ints) -> Any:
    """Elements of the memory that `x` lies in, which has to be laid out as `inner` says."""
    size = x.itemsize
    if x.size and x.strides != tuple(n * size for n in inner):
        x = _laid_out(x, inner)
    return _look(x, shape, tuple(n * size for n in steps), start * size)


def _look(x: Any, shape: Ints, strides: Ints, start: int = 0) -> Any:
    """The memory that `x` lies in, seen from `start` bytes after its first element, with strides in bytes.

    What `np.lib.stride_tricks` returns hides whose memory it is.
    """
    memory = owner(x)
    at = x.__array_interface__["data"][0] - memory.__array_interface__["data"][0] + start
    out = np.ndarray(shape, x.dtype, memory.ravel("K"), at, strides)
    if not x.flags.writeable:
        out.setflags(write=False)
    return out


def _laid_out(x: Any, steps: Ints) -> Any:
    """A copy of `x` whose strides, in elements, are `steps`."""
    room = 1 + sum((n - 1) * step for n, step in zip(x.shape, steps, strict=True))
    out = np.ndarray(x.shape, x.dtype, np.zeros(room, x.dtype), 0, tuple(n * x.itemsize for n in steps))
    out[...] = x
    return out


def _spots(shape: Ints, steps: Ints, start: int = 0) -> np.ndarray:
    """The place in memory, counted in elements, of each element of a strided array."""
    spots = np.full(shape, start)
    for d, (n, step) in enumerate(zip(shape, steps, strict=True)):
        spots += (np.arange(n) * step).reshape((n,) + (1,) * (len(shape) - d - 1))
    return spots


def _strided_rule(g: Any, x_shape: Ints, shape: Ints, steps: Ints, start: int, inner: Ints) -> Any:
    """Each place in memory gathers the gradient of all that looked there; elements of x that share it divide it."""
    there, here = _spots(shape, steps, start), _spots(x_shape, inner)
    low = min(there.min(initial=0), here.min(initial=0))
    room = 1 + int(max(there.max(initial=0), here.max(initial=0)) - low)
    memory = add_at(g, (room,), (there - low,))
    if 0 in inner:
        sharers = np.bincount((here - low).reshape(-1), minlength=room).clip(1)
        memory = memory * np.asarray(1 / sharers, memory.dtype)
    return index(memory, (here - low,))


def _unfold(x: Any, axis: int, size: int, step: int) -> Any:
    """Windows of `size` elements along `axis`, `step` apart: a view, the windows' elements last."""
    if not x.ndim:
        return x[(None,) * size] if size else x[None][:0]
    count = (x.shape[axis] - size) // step + 1
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :], size)
    stride = x.strides[axis]
    return _look(x, shape, (*x.strides[:axis], stride * step, *x.strides[axis + 1 :], stride))


def _fold(x: Any, shape: Ints, axis: int, size: int, step: int) -> Any:
    """Zeros of a shape, with each window of `x` added where it was seen."""
    out = np.zeros(shape, x.dtype)
    whole = out if shape else out.reshape(1)
    windows = x if shape else x.reshape(1, size)
    last = (windows.shape[axis] - 1) * step + 1
    for k in range(size):
        whole[(slice(None),) * axis + (slice(k, k + last, step),)] += windows[..., k]
    return out


def _repeat_each(x: Any, counts: Any, axis: int) -> Any:
    return x.repeat(counts, axis)


def _repeat_each_rule(g: Any, x_shape: Ints, counts: Any, axis: int) -> Any:
    """The sum over the copies, which lie side by side."""
    if isinstance(counts, int):
        return g.reshape((*x_shape[: axis + 1], counts, *x_shape[axis + 1 :])).sum(axis=axis + 1)
    whence = np.arange(x_shape[axis]).repeat(counts)
    return add_at(g, x_shape, (slice(None),) * axis + (whence,))


def _repeat(x: Any, counts: tuple[int, ...]) -> Any:
    return np.tile(x, counts)


def _repeat_rule(g: Any, x_shape: tuple[int, ...], counts: tuple[int, ...]) -> Any:
    """The sum over the copies."""
    padded = (1,) * (len(counts) - len(x_shape)) + x_shape
    pairs = tuple(size for pair in zip(counts, padded, strict=True) for size in pair)
    return g.reshape(pairs).sum(axis=tuple(range(0, 2 * len(counts), 2))).reshape(x_shape)


# fmt: off
reshape = op(
    "reshape", lambda x, shape: x.reshape(shape), views=True,
    cases=(((2, 6), {"shape": (3, 4)}), ((), {"shape": (1, 1)})),
    doc="The same elements, in order, in another shape.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
permute = op(
    "permute", lambda x, axes: x.transpose(axes), views=True, cases=(((2, 3, 4), {"axes": (2, 0, -2)}),),
    doc="The dimensions in another order.",
    x=lambda g, axes: np.transpose(g, _inverse(axes)),
)
transpose = op(
    "transpose", lambda x, axis1, axis2: x.swapaxes(axis1, axis2), views=True,
    cases=(((2, 3, 4), {"axis1": 0, "axis2": -1}),),
    doc="Two dimensions swapped.",
    x=lambda g, axis1, axis2: g.swapaxes(axis1, axis2),
)
expand = op(
    "expand", _expand, views=True, broadcasts=True,
    cases=(((3, 1), {"shape": (2, 3, 4)}), ((), {"shape": (2,)})),
    doc="Dimensions of size 1 repeated without copying.",
    x=lambda g: g,
)
squeeze = op(
    "squeeze", lambda x, axis=None: x.squeeze(axis), views=True, cases=(((2, 1, 3), {"axis": 1}), ((1, 1), {})),
    doc="Without dimensions of size 1.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
unsqueeze = op(
    "unsqueeze", lambda x, axis: x.reshape(_with_one(x.shape, axis)), views=True,
    cases=(((2, 3), {"axis": 1}), ((2,), {"axis": -1})),
    doc="With a dimension of size 1 more.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
diagonal: Any = op(
    "diagonal", _diagonal, views=True,
    cases=(((3, 4), {}), ((2, 3, 4), {"offset": -1, "axis1": 1, "axis2": 2}),
           ((3, 2, 4), {"offset": 1, "axis1": 2, "axis2": 0})),
    doc="The elements whose two indices differ by `offset`.",
    x=lambda g, x_shape, offset, axis1, axis2: diag_embed(g, x_shape, offset, axis1, axis2),
)
diag_embed: Any = op(
    "diag_embed", _diag_embed,
    cases=(((3,), {"shape": (3, 4)}), ((2, 2), {"shape": (3, 2, 3), "offset": -1, "axis1": -1, "axis2": 0})),
    doc="Zeros of a shape, with the elements on a diagonal.",
    x=lambda g, offset, axis1, axis2: diagonal(g, offset, axis1, axis2),
)
strided: Any = op(
    "as_strided", _strided, views=True,
    cases=(((3, 4), {"shape": (2, 3), "steps": (3, 2), "start": 1, "inner": (4, 1)}),
           ((3, 4), {"shape": (2, 2), "steps": (1, 1), "start": 0, "inner": (1, 3)})),
    doc="Elements of the memory that x lies in, by their strides.",
    x=_strided_rule,
)
unfold: Any = op(
    "unfold", _unfold, views=True,
    cases=(((5, 2), {"axis": 0, "size": 3, "step": 1}), ((2, 7), {"axis": 1, "size": 2, "step": 3})),
    doc="Windows along a dimension, their elements in a new last dimension.",
    x=lambda g, x_shape, axis, size, step: fold(g, x_shape, axis, size, step),
)
fold: Any = op(
    "unfold_backward", _fold, cases=(((3, 2, 3), {"shape": (5, 2), "axis": 0, "size": 3, "step": 1}),),
    doc="Zeros of a shape, with windows along a dimension added where they belong.",
    x=lambda g, axis, size, step: unfold(g, axis, size, step),
)
view_dtype = op(
    "view_dtype", lambda x, dtype: x.view(dtype), views=True, cases=(((2, 4), {"dtype": np.dtype("int32")}),),
    doc="The same bytes as elements of another dtype.", x=None,
)
clone = op("clone", _copy, cases=(((2, 3),), ((2, 3), {"order": "C"})), doc="A copy.", x=lambda g: g)
flip = op(
    "flip", _flip, cases=(((2, 3), {"axis": (0, 1)}), ((4,), {"axis": 0})),
    doc="In reverse order.",
    x=lambda g, axis: np.flip(g, axis),
)
roll = op(
    "roll", lambda x, shift, axis=None: np.roll(x, shift, axis),
    cases=(((2, 3), {"shift": 1}), ((2, 3), {"shift": (1, -2), "axis": (0, 1)})),
    doc="Shifted along, what falls off coming back at the other end.",
    x=lambda g, shift, axis: np.roll(g, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis),
)
tril: Any = op(
    "tril", _tril,
    cases=(((3, 4), {"k": -1}), ((2, 3, 3), {})), doc="Zero above the k-th diagonal.",
    x=lambda g, k: tril(g, k),
)
triu: Any = op(
    "triu", _triu,
    cases=(((3, 4), {"k": 1}), ((2, 3, 3), {})), doc="Zero below the k-th diagonal.",
    x=lambda g, k: triu(g, k),
)
repeat = op(
    "repeat", _repeat,
    cases=(((2, 3), {"counts": (2, 1, 3)}), ((3,), {"counts": (2,)})), doc="Copies laid side by side.",
    x=_repeat_rule,
)
repeat_each = op(
    "repeat_interleave", _repeat_each,
    cases=(((2, 3), {"counts": 2, "axis": 1}), ((2, 3), {"counts": np.array([2, 0, 1]), "axis": 1})),
    doc="Each slice along a dimension several times over.",
    x=_repeat_each_rule,
)
cat = op(
    "cat", _cat, "promote", variadic=True,
    cases=(((2, 3), (4, 3), {"axis": 0}), ((2, 3), (2, 1), (2, 2), {"axis": -1})),
    doc="Joined along a dimension that they have.",
    xs=_cat_rule,
)
stack = op(
    "stack", _stack, "promote", variadic=True,
    cases=(((2, 3), (2, 3), {"axis": 0}), ((2,), (2,), (2,), {"axis": -1})),
    doc="Joined along a new dimension.",
    xs=lambda g, k, axis: g[(slice(None),) * (axis % g.ndim) + (k,)],
)


def _whole(g: Any, x_shape: Ints, axis: int, sizes: Ints | None) -> Any:
    """The gradients of all pieces put together; zeros for pieces that got none."""
    some = next(part for part in g if part is not None)
    dtype = getattr(some, "array", some).dtype
    lead, rest = x_shape[:axis], x_shape[axis + 1 :]
    if sizes is None:
        return stack([np.zeros(lead + rest, dtype) if part is None else part for part in g], axis)
    parts = zip(g, sizes, strict=True)
    return cat([np.zeros((*lead, n, *rest), dtype) if part is None else part for part, n in parts], axis)


def _pieces(x: Any, axis: int, sizes: Ints | None) -> tuple[Any, ...]:
    if sizes is None:
        return tuple(np.moveaxis(x, axis, 0))
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


split = Op(
    "split", _pieces, None, {"x": _whole},
    doc="Pieces of given sizes along a dimension, or single slices; it makes many tensors, and so is no row.",
)
