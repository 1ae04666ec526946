"""The table, losses that are one operation: what training calls most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops.index import put


def reduce(losses: Any, reduction: str, count: Any = None) -> Any:
    """The losses themselves, their sum, or their mean: the sum divided by `count`, or by how many they are."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, axis=None)
    return total if reduction == "sum" else total / np.asarray(losses.size if count is None else count, total.dtype)


WIDE = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def _mse(x: Any, y: Any, reduction: str = "mean") -> Any:
    away = x - y
    if reduction != "none" and away.dtype in WIDE:  # the sum of squares in one call
        flat = away.reshape(-1)
        total = flat.dot(flat)
        return total if reduction == "sum" else total / flat.size if flat.size else total * math.nan
    return reduce(np.square(away), reduction)


def _mse_rule(g: Any, x: Any, y: Any, reduction: str) -> Any:
    away = x - y
    return away * (g * (2 / math.prod(away.shape) if reduction == "mean" and 0 not in away.shape else 2))


def _own_class(target: Any) -> tuple[Any, ...]:
    """The index of each row's own class in an array whose dimension 1 is the class."""
    if not target.ndim:
        return (target,)
    grid = np.ogrid[tuple(slice(n) for n in target.shape)]
    return (grid[0], target, *grid[1:])


def _nll(log_p: Any, target: Any, weights: Any, counted: Any, reduction: str = "mean") -> Any:
    losses = np.where(counted, -log_p[_own_class(target)] * weights, 0)
    return reduce(losses, reduction, np.add.reduce(weights, axis=None))


def _nll_rule(g: Any, log_p_shape: Any, target: Any, weights: Any, counted: Any, reduction: str) -> Any:
    total = np.add.reduce(weights, axis=None) if reduction == "mean" else 1
    share = np.where(counted, weights / total, 0)  # 0 also where nothing counts at all and the mean is NaN
    return put(-g * share, log_p_shape, _own_class(target))


def _bounded_log(x: Any) -> Any:
    return np.maximum(np.log(x), -100.0)


# fmt: off
mse_loss = op(
    "mse_loss", _mse, "promote", broadcasts=True, cases=(((3, 4), (3, 4)), ((3, 4), (4,), {"reduction": "sum"})),
    numbers="real", doc="The mean of (x - y)².",
    x=_mse_rule,
    y=lambda g, x, y, reduction: -_mse_rule(g, x, y, reduction),
)
nll_loss = op(
    "nll_loss", _nll,
    cases=(
        ((3, 4), {"target": np.array([0, 3, 1]), "weights": lambda dtype: np.array([1.0, 0.0, 0.5], dtype),
                  "counted": np.array([True, False, True])}),
    ),
    numbers="real", doc="-log_p of each row's own class, times the row's weight; the mean is over the weights.",
    log_p=_nll_rule,
)
binary_cross_entropy = op(
    "binary_cross_entropy", lambda p, y: -(y * _bounded_log(p) + (1 - y) * _bounded_log(1 - p)), "promote",
    broadcasts=True, domain=(0.1, 0.9),
    numbers="real", doc="-(y log(p) + (1 - y) log(1 - p)), the logarithms at least -100.",
    p=lambda g, p, y: g * ((p - y) / np.maximum(p * (1 - p), 1e-12)),
    y=lambda g, p: g * (_bounded_log(1 - p) - _bounded_log(p)),
)
