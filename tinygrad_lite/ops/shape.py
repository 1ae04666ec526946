"""The table, shapes: the same elements in another arrangement.

Most of these return a view, as in PyTorch: the result looks into the memory of its input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.op import op

Ints = int | tuple[int, ...]


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


def _diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    out = np.diagonal(x, offset, axis1, axis2)
    if x.flags.writeable:  # NumPy marks it read-only; in PyTorch it is a view like any other
        out.setflags(write=True)
    return out


def _diagonal_rule(g: Any, x_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros with the gradient on the diagonal: an element is kept where row and column meet."""
    a, b = axis1 % len(x_shape), axis2 % len(x_shape)
    n = g.shape[-1]
    rows, columns = (0, offset) if offset >= 0 else (-offset, 0)
    at_row = np.eye(x_shape[a], dtype=bool)[rows : rows + n]
    at_column = np.eye(x_shape[b], dtype=bool)[columns : columns + n]
    here = at_row[:, :, None] & at_column[:, None, :]
    full = np.where(here, g[..., None, None], 0.0).sum(axis=-3)
    return np.moveaxis(full, (-2, -1), (a, b))


def _repeat(x: Any, counts: tuple[int, ...]) -> Any:
    return np.tile(x, counts)


def _repeat_rule(g: Any, x_shape: tuple[int, ...], counts: tuple[int, ...]) -> Any:
    """The sum over the copies."""
    padded = (1,) * (len(counts) - len(x_shape)) + x_shape
    pairs = tuple(size for pair in zip(counts, padded, strict=True) for size in pair)
    return g.reshape(pairs).sum(axis=tuple(range(0, 2 * len(counts), 2))).reshape(x_shape)


def _unpad(g: Any, widths: Any) -> Any:
    return g[tuple(slice(before, g.shape[k] - after) for k, (before, after) in enumerate(widths))]


# fmt: off
reshape = op(
    "reshape", lambda x, shape: x.reshape(shape), views=True,
    cases=(((2, 6), {"shape": (3, 4)}), ((), {"shape": (1, 1)})),
    doc="The same elements, in order, in another shape.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
permute = op(
    "permute", lambda x, axes: np.transpose(x, axes), views=True, cases=(((2, 3, 4), {"axes": (2, 0, -2)}),),
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
    "expand", np.broadcast_to, views=True, broadcasts=True,
    cases=(((3, 1), {"shape": (2, 3, 4)}), ((), {"shape": (2,)})),
    doc="Dimensions of size 1 repeated without copying.",
    x=lambda g: g,
)
squeeze = op(
    "squeeze", lambda x, axis=None: np.squeeze(x, axis), views=True, cases=(((2, 1, 3), {"axis": 1}), ((1, 1), {})),
    doc="Without dimensions of size 1.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
unsqueeze = op(
    "unsqueeze", lambda x, axis: np.expand_dims(x, axis), views=True,
    cases=(((2, 3), {"axis": 1}), ((2,), {"axis": -1})),
    doc="With a dimension of size 1 more.",
    x=lambda g, x_shape: g.reshape(x_shape),
)
diagonal = op(
    "diagonal", _diagonal, views=True,
    cases=(((3, 4), {}), ((2, 3, 4), {"offset": -1, "axis1": 1, "axis2": 2}),
           ((3, 2, 4), {"offset": 1, "axis1": 2, "axis2": 0})),
    doc="The elements whose two indices differ by `offset`.",
    x=_diagonal_rule,
)
clone = op("clone", lambda x: x.copy(), cases=(((2, 3),),), doc="A copy.", x=lambda g: g)
flip = op(
    "flip", lambda x, axis: np.flip(x, axis).copy(), cases=(((2, 3), {"axis": (0, 1)}), ((4,), {"axis": 0})),
    doc="In reverse order.",
    x=lambda g, axis: np.flip(g, axis),
)
roll = op(
    "roll", lambda x, shift, axis=None: np.roll(x, shift, axis),
    cases=(((2, 3), {"shift": 1}), ((2, 3), {"shift": (1, -2), "axis": (0, 1)})),
    doc="Shifted along, what falls off coming back at the other end.",
    x=lambda g, shift, axis: np.roll(g, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis),
)
tril = op(
    "tril", lambda x, k=0: np.tril(x, k),
    cases=(((3, 4), {"k": -1}), ((2, 3, 3), {})), doc="Zero above the k-th diagonal.",
    x=lambda g, k: np.tril(g, k),
)
triu = op(
    "triu", lambda x, k=0: np.triu(x, k),
    cases=(((3, 4), {"k": 1}), ((2, 3, 3), {})), doc="Zero below the k-th diagonal.",
    x=lambda g, k: np.triu(g, k),
)
repeat = op(
    "repeat", _repeat,
    cases=(((2, 3), {"counts": (2, 1, 3)}), ((3,), {"counts": (2,)})), doc="Copies laid side by side.",
    x=_repeat_rule,
)
pad = op(
    "pad", lambda x, widths, value=0.0: np.pad(x, widths, constant_values=value),
    cases=(((2, 3), {"widths": ((1, 0), (2, 1))}),),
    doc="With a border of a constant value.",
    x=_unpad,
)
cat = op(
    "cat", lambda xs, axis=0: np.concatenate(xs, axis), "promote", variadic=True,
    cases=(((2, 3), (4, 3), {"axis": 0}), ((2, 3), (2, 1), (2, 2), {"axis": -1})),
    doc="Joined along a dimension that they have.",
    xs=_cat_rule,
)
stack = op(
    "stack", lambda xs, axis=0: np.stack(xs, axis), "promote", variadic=True,
    cases=(((2, 3), (2, 3), {"axis": 0}), ((2,), (2,), (2,), {"axis": -1})),
    doc="Joined along a new dimension.",
    xs=lambda g, k, axis: g[(slice(None),) * (axis % g.ndim) + (k,)],
)
