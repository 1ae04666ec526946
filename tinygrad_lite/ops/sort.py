"""The table, order: elements put in another order, and how the order is found.

An order is a raw array of positions along one dimension, each at most once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.kernels.order import stable_order, top_order
from tinygrad_lite.kernels.scatter import along
from tinygrad_lite.op import op


def _arrange(x: Any, axis: int, order: Any) -> Any:
    return x.reshape(-1).take(along(order, axis, x.shape))


def _place(x: Any, shape: tuple[int, ...], axis: int, order: Any) -> Any:
    out = np.zeros(shape, x.dtype)
    out.reshape(-1)[along(order, axis, shape)] = x
    return out


# fmt: off
_ORDER: dict[str, Any] = {"axis": 1, "order": np.array([[2, 0], [1, 3], [3, 0]])}

arrange: Any = op(
    "arrange", _arrange, cases=(((3, 4), _ORDER), ((4,), {"axis": 0, "order": np.array([1, 3, 0, 2])})),
    doc="The elements in another order along a dimension, or some of them.",
    x=lambda g, x_shape, axis, order: place(g, x_shape, axis, order),
)
place: Any = op(
    "place", _place, cases=(((3, 2), {"shape": (3, 4), **_ORDER}),),
    doc="Zeros of a shape, with the elements put where an order took them from.",
    x=lambda g, axis, order: arrange(g, axis, order),
)
argsort = op(
    "argsort", stable_order, cases=(((3, 4), {}), ((3, 4), {"axis": 0, "descending": True})),
    numbers="real", doc="The order that sorts; equal elements stay as they are. NaN counts as the largest.", x=None,
)
argtop = op(
    "argtop", top_order, cases=(((3, 4), {"k": 2}), ((3, 4), {"k": 2, "axis": 0, "largest": False})),
    numbers="real", doc="The positions of the k largest or smallest elements, in order.", x=None,
)
