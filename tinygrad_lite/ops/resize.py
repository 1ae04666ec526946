"""The table, resizing: sums of a few elements along one dimension, as interpolation and padding need them.

What is taken for each result is written down as `Taps`, an index and a weight for each of a few elements.
The adjoint of such a map is another one, with the taps turned round, so one row is its own derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tinygrad_lite.op import op


@dataclass(eq=False)
class Taps:
    """For each of n results the elements that it is made of.

    Attributes:
        index: which elements, (taps, n).
        weight: how much of each, (taps, n); None for all of each.
        size: how many elements there are.
    """

    index: np.ndarray
    weight: np.ndarray | None
    size: int

    def __repr__(self) -> str:
        return f"Taps({self.size} -> {self.index.shape[1]}, {len(self.index)} each)"

    @cached_property
    def adjoint(self) -> Taps:
        """The taps with which gradients come back: for each element the results that it went into."""
        weight = np.ones(self.index.shape) if self.weight is None else self.weight
        result = np.broadcast_to(np.arange(self.index.shape[1]), self.index.shape)
        used = weight != 0
        element, result, weight = self.index[used], result[used], weight[used]
        order = np.argsort(element, kind="stable")
        element, result, weight = element[order], result[order], weight[order]
        counts = np.bincount(element, minlength=self.size)
        nth = np.arange(len(element)) - np.repeat(np.cumsum(counts) - counts, counts)
        index = np.zeros((max(counts.max(initial=0), 1), self.size), np.intp)
        weights = np.zeros(index.shape, weight.dtype)
        index[nth, element], weights[nth, element] = result, weight
        turned = Taps(index, None if weights.all() and (weights == 1).all() else weights, self.index.shape[1])
        turned.__dict__["adjoint"] = self
        return turned


def _along(x: Any, taps: Taps, axis: int) -> Any:
    if not taps.size:
        return np.zeros((*x.shape[:axis], taps.index.shape[1], *x.shape[axis:][1:]), x.dtype)
    if taps.weight is None:
        out = x.take(taps.index[0], axis, mode="clip")
        for index in taps.index[1:]:
            out += x.take(index, axis, mode="clip")
        return out
    weights = taps.weight.astype(x.dtype).reshape(*taps.weight.shape, *(1,) * (x.ndim - 1 - axis % x.ndim))
    out = x.take(taps.index[0], axis, mode="clip") * weights[0]
    for index, weight in zip(taps.index[1:], weights[1:], strict=True):
        part = x.take(index, axis, mode="clip")
        part *= weight
        out += part
    return out


# fmt: off
along: Any = op(
    "along", _along,
    cases=(((2, 3, 2), {"taps": Taps(np.array([[0, 2, 1, 1]]), None, 3), "axis": 1}),
           ((2, 3), {"taps": Taps(np.array([[0, 1], [2, 2]]), np.array([[0.5, 1.0], [0.0, 3.0]]), 3), "axis": -1})),
    doc="Along one dimension, sums of a few elements, weighted.",
    x=lambda g, taps, axis: along(g, taps.adjoint, axis),
)
