"""The table, scattering: elements taken from, and brought to, positions along one dimension.

`gather` reads where an index points, `scatter_add` adds there: each is the other's derivative. An index has as
many dimensions as the array, and points along `axis`; it comes as a raw array, checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.kernels.scatter import add_flat, added_to, along
from tinygrad_lite.op import op
from tinygrad_lite.ops.index import choose


def _gather(x: Any, axis: int, index: Any) -> Any:
    return x.reshape(-1).take(along(index, axis, x.shape))


def _collect(x: Any, shape: tuple[int, ...], axis: int, index: Any) -> Any:
    out = np.zeros(shape, x.dtype)
    add_flat(out, along(index, axis, shape), x)
    return out


def _scatter(x: Any, src: Any, axis: int, index: Any) -> Any:
    out = x.copy()
    out.reshape(-1)[along(index, axis, x.shape)] = src
    return out


def _scatter_add(x: Any, src: Any, axis: int, index: Any) -> Any:
    out = x.copy()
    add_flat(out, along(index, axis, x.shape), src)
    return out


def _index_add(x: Any, src: Any, axis: int, index: Any) -> Any:
    out = x.copy()
    added_to(out, src, (slice(None),) * axis + (index,))
    return out


def _reduced_at(ufunc: Any) -> Any:
    """The forward that combines, where `_scatter_add` adds."""

    def forward(x: Any, src: Any, axis: int, index: Any) -> Any:
        out = x.copy()
        ufunc.at(out.reshape(-1), along(index, axis, x.shape).reshape(-1), src.reshape(-1))
        return out

    return forward


def _other_factors(g: Any, x: Any, src: Any, out: Any, axis: int, index: Any) -> Any:
    """For each factor of `src` the gradient times the product of the others.

    That is out / src; for a factor of zero, the product of all that are not, if it is the only zero there.
    """
    zero = src == 0
    safe = np.where(zero, 1.0, src)
    zeros = gather(collect(np.astype(zero, g.dtype), x.shape, axis, index), axis, index)
    others = gather(scatter_prod(x, safe, axis, index), axis, index)
    factor = np.where(zero, np.where(zeros == 1, others, 0.0), gather(out, axis, index) / safe)
    return gather(g, axis, index) * factor.conjugate()


def _share(g: Any, x: Any, src: Any, out: Any, axis: int, index: Any) -> tuple[Any, Any, Any]:
    """Who is the extreme, of `x` and of `src`, and the gradient's share of each: equal ones share it."""
    here, there = x == out, src == gather(out, axis, index)
    sharers = np.astype(here, g.dtype) + collect(np.astype(there, g.dtype), x.shape, axis, index)
    return here, there, g / np.where(sharers == 0, 1.0, sharers)


def _share_x(g: Any, x: Any, src: Any, out: Any, axis: int, index: Any) -> Any:
    here, _, share = _share(g, x, src, out, axis, index)
    return np.where(here, share, 0.0)


def _share_src(g: Any, x: Any, src: Any, out: Any, axis: int, index: Any) -> Any:
    _, there, share = _share(g, x, src, out, axis, index)
    return np.where(there, gather(share, axis, index), 0.0)


# fmt: off
_INDEX = {"axis": 1, "index": np.array([[0, 2], [1, 1], [3, 0]])}
_CASE = (((3, 4), (3, 2), _INDEX),)

gather: Any = op(
    "gather", _gather, cases=(((3, 4), _INDEX), ((4,), {"axis": 0, "index": np.array([1, 1, 3])})),
    doc="The elements along a dimension where an index points.",
    x=lambda g, x_shape, axis, index: collect(g, x_shape, axis, index),
)
collect: Any = op(
    "collect", _collect, cases=(((3, 2), {"shape": (3, 4), **_INDEX}),),
    doc="Zeros of a shape, with the elements added along a dimension where an index points.",
    x=lambda g, axis, index: gather(g, axis, index),
)
scatter: Any = op(
    "scatter", _scatter, cases=(((3, 4), (3, 2), {"axis": 1, "index": np.array([[0, 2], [1, 3], [3, 0]])}),),
    doc="A copy of x with other elements along a dimension where an index points.",
    x=lambda g, axis, index: scatter(g, 0.0, axis, index),
    src=lambda g, src_shape, axis, index: gather(g, axis, index) if src_shape else gather(g, axis, index).sum(),
)
scatter_add = op(
    "scatter_add", _scatter_add, cases=_CASE,
    doc="A copy of x with elements added along a dimension where an index points.",
    x=lambda g: g,
    src=lambda g, axis, index: gather(g, axis, index),
)
index_add = op(
    "index_add", _index_add,
    cases=(((4, 3), (3, 3), {"axis": 0, "index": np.array([0, 2, 2])}),
           ((2, 3), (2, 2), {"axis": 1, "index": np.array([0, 2])})),
    doc="A copy of x with slices added along a dimension at an array of positions.",
    x=lambda g: g,
    src=lambda g, axis, index: choose(g, index, axis),
)
scatter_prod: Any = op(
    "scatter_prod", _reduced_at(np.multiply), cases=_CASE,
    doc="A copy of x with elements multiplied in along a dimension where an index points.",
    x=lambda g, x, src, axis, index: g * scatter_prod(np.ones_like(x), src, axis, index).conjugate(),
    src=_other_factors,
)
scatter_amax = op(
    "scatter_amax", _reduced_at(np.maximum), cases=_CASE, numbers="real",
    doc="The larger of x and of the elements that come to a place; equal ones share the gradient.",
    x=_share_x, src=_share_src,
)
scatter_amin = op(
    "scatter_amin", _reduced_at(np.minimum), cases=_CASE, numbers="real",
    doc="The smaller of x and of the elements that come to a place; equal ones share the gradient.",
    x=_share_x, src=_share_src,
)
