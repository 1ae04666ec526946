"""The table, indexing: taking elements out and putting elements in.

Taking out and adding in are each other's derivative, so second and higher orders need nothing more.
An index arrives here ready for NumPy: slices, integers, None, Ellipsis, and raw arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.kernels.scatter import added
from tinygrad_lite.op import op


def _slice(x: Any, index: tuple[Any, ...]) -> Any:
    out = x[index]
    return out if isinstance(out, np.ndarray) else x[(*index, ...)]  # `...` keeps a 0-d result an array


def _index(x: Any, index: tuple[Any, ...]) -> Any:
    first = index[0]
    alone = len(index) == 1 and isinstance(first, np.ndarray) and first.dtype.kind == "i"
    if alone and x.ndim and x.flags.c_contiguous:
        return x.take(first, 0)  # the same in half the time
    return x[index]


def _put(x: Any, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    out[index] = x
    return out


def _write(x: Any, value: Any, index: tuple[Any, ...]) -> Any:
    out = x.copy("K")
    out[index] = value
    return out


def along(axis: int, index: np.ndarray) -> tuple[Any, ...]:
    """The full index that `take_along_axis` stands for."""
    axis %= index.ndim
    grid = np.ogrid[tuple(slice(n) for n in index.shape)]
    return (*grid[:axis], index, *grid[axis + 1 :])


# fmt: off
_PICK = (np.array([0, 2, 2]), slice(None))

select = op(
    "slice", _slice, views=True,
    cases=(((4, 3), {"index": (slice(1, 3),)}), ((4, 3), {"index": (2, None, slice(None, None, 2))})),
    doc="Elements named by integers, slices, None and Ellipsis; a view.",
    x=lambda g, x_shape, index: put(g, x_shape, index),
)
put: Any = op(
    "put", _put, cases=(((2, 3), {"shape": (4, 3), "index": (slice(1, 3),)}),),
    doc="Zeros of a shape, with the elements put where an index names them, each place at most once.",
    x=lambda g, index: g[index],
)
index = op(
    "index", _index, cases=(((4, 3), {"index": _PICK}),),
    doc="Elements named by arrays of positions or of truth values; a copy.",
    x=lambda g, x_shape, index: add_at(g, x_shape, index),
)
choose = op(
    "index_select", lambda x, index, axis=0: x.take(index, axis),
    cases=(((4, 3), {"index": _PICK[0]}), ((2, 4), {"index": np.array([3, 3, 0]), "axis": 1})),
    doc="The slices along a dimension at an array of positions; a copy.",
    x=lambda g, x_shape, index, axis: add_at(g, x_shape, (slice(None),) * axis + (index,)),
)
pick = op(
    "pick", lambda x, index: x[index], cases=(((4, 3), {"index": (np.array([[0, 2, 1]]), np.array([[0, 1, 2]]))}),),
    doc="Elements named by arrays of positions, each place at most once; a copy.",
    x=lambda g, x_shape, index: put(g, x_shape, index),
)
add_at: Any = op(
    "add_at", added, cases=(((3, 3), {"shape": (4, 3), "index": _PICK}),),
    doc="Zeros of a shape, with the elements added where arrays of positions name them.",
    x=lambda g, index: g[index],
)
write: Any = op(
    "index_put", _write, cases=(((4, 3), (3,), {"index": (slice(1, 3),)}),),
    doc="A copy of x with other values at an index.",
    x=lambda g, index: write(g, 0.0, index),
    value=lambda g, value_shape, index: _sum_to(g[index], value_shape),
)

def _sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The sum over the dimensions in which a value of `shape` was broadcast into place."""
    lead = len(g.shape) - len(shape)
    axes = (*range(lead), *(k + lead for k, n in enumerate(shape) if n == 1 and g.shape[k + lead] != 1))
    return (g.sum(axis=axes, keepdims=True) if axes else g).reshape(shape)
