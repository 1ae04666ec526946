"""Running sums, products and extremes: `cumsum`, `cummax` ...; and areas under curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.extremes import ordered
from tinygrad_lite.functions.reduction import Tensor, in_dtype, sum
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import cumulative as ops
from tinygrad_lite.ops.scatter import gather
from tinygrad_lite.tensors import bare

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "logcumsumexp", "trapezoid", "trapz"]


def _running(name: str, row: Any, input: Tensor, dim: int, dtype: Any) -> Tensor:
    need_tensor(name, "input", input)
    axis = one_dim(name, dim, input.array.ndim)
    if input.array.ndim:
        return in_dtype(row(in_dtype(input, dtype), axis), dtype)
    return in_dtype(input.clone(), np.int64 if dtype is None and input.array.dtype.kind in "bui" else dtype)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along `dim`; of integers and truth values as int64.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cumsum(tg.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([1., 3., 6.])
    """
    return _running("cumsum", ops.cumsum, input, dim, dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along `dim`; of integers and truth values as int64.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cumprod(tg.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([1., 2., 6.])
    """
    return _running("cumprod", ops.cumprod, input, dim, dtype)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Running log(sum(exp(x))) along `dim`, without overflow.

    Raises:
        NotImplementedError: for integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logcumsumexp(tg.tensor([0.0, 0.0, 0.0]), dim=0)
        tensor([0.0000, 0.6931, 1.0986])
    """
    need_tensor("logcumsumexp", "input", input)
    if input.array.dtype.kind not in "fc":
        raise NotImplementedError(f"logcumsumexp() is not implemented for {input.dtype}; convert it with .float()")
    return _running("logcumsumexp", ops.logcumsumexp, input, dim, None)


def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along `dim`, and where it is; the last of equal ones.

    Returns:
        `(values, indices)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.cummax(tg.tensor([1.0, 3.0, 2.0]), dim=0)
        >>> values, indices
        (tensor([1., 3., 3.]), tensor([0, 1, 1]))
    """
    return _extreme_so_far("cummax", np.maximum, input, dim)


def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along `dim`, and where it is; the last of equal ones.

    Returns:
        `(values, indices)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.cummin(tg.tensor([1.0, 3.0, 2.0]), dim=0)
        >>> values, indices
        (tensor([1., 1., 1.]), tensor([0, 0, 0]))
    """
    return _extreme_so_far("cummin", np.minimum, input, dim)


def _extreme_so_far(name: str, better: np.ufunc, input: Tensor, dim: int) -> Any:
    ordered(name, input)
    x = input.array
    axis = one_dim(name, dim, x.ndim)
    result = getattr(results, name)
    if not x.ndim:
        return result(input.clone(), bare(np.zeros((), np.int64)))
    reached = x == ops.accumulate(better, x, axis, x.dtype)
    if x.dtype.kind == "f":
        reached |= x != x
    places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    indices = ops.accumulate(np.maximum, places * reached, axis, np.int64)
    return result(gather(input, axis, indices), bare(indices))


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under the points along `dim`, joined by straight lines (the trapezoidal rule).

    Args:
        y: the heights.
        x: where they stand: as many as there are heights, or a tensor that broadcasts with `y`.
        dx: instead of `x`, how far they are apart; by default 1.
        dim: the dimension along which the points follow each other.

    Raises:
        TypeError: if both `x` and `dx` are given.
        RuntimeError: if there is not one x for each height.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.trapezoid(tg.tensor([1.0, 2.0, 4.0])), tg.trapezoid(tg.tensor([1.0, 2.0, 4.0]), dx=2)
        (tensor(4.5000), tensor(9.))
    """
    return sum(_doubled("trapezoid", y, x, dx, dim), dim) / 2


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under the points so far; see `trapezoid`. One element less than points.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cumulative_trapezoid(tg.tensor([1.0, 2.0, 4.0]))
        tensor([1.5000, 4.5000])
    """
    return cumsum(_doubled("cumulative_trapezoid", y, x, dx, dim), dim) / 2


def _doubled(name: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Tensor:
    """Twice the area between each point and the next."""
    need_tensor(name, "y", y)
    if isinstance(dx, TensorCore) or isinstance(x, TensorCore):
        if dx is not None and x is not None:
            raise TypeError(f"{name}() takes either x or dx, got both")
    ndim = y.array.ndim
    if not ndim:
        raise IndexError(f"{name}(): Dimension specified as {dim} but tensor has no dimensions")
    axis = one_dim(name, dim, ndim)
    heights = _neighbours(y, axis)
    if x is None:
        return (heights[0] + heights[1]) * (1 if dx is None else dx)
    need_tensor(name, "x", x, 2)
    if x.array.ndim == 1:
        x = x.reshape((-1,) + (1,) * (ndim - 1 - axis))
    across = axis - ndim
    if x.array.shape[across] != y.array.shape[axis]:
        raise RuntimeError(
            f"{name}: There must be one `x` value for each sample point, but there are {x.array.shape[across]} for "
            f"{y.array.shape[axis]}"
        )
    left, right = _neighbours(x, x.array.ndim + across)
    return (heights[0] + heights[1]) * (right - left)


def _neighbours(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """All but the last along an axis, and all but the first."""
    before = (slice(None),) * axis
    return x[(*before, slice(None, -1))], x[(*before, slice(1, None))]


trapz = trapezoid
