"""The functions that answer yes or no, and that count: `all`, `equal`, `unique`, `bincount`, `histc` ..."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor, numpy_names, one_dim, to_axis
from tinygrad_lite.functions.comparing import isclose
from tinygrad_lite.functions.extremes import ordered
from tinygrad_lite.functions.reduction import Dim, Tensor
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import reduce as ops
from tinygrad_lite.ops.sort import argsort
from tinygrad_lite.tensors import make

__all__ = [
    "all", "allclose", "any", "bincount", "count_nonzero", "equal", "histc", "histogram", "unique",
    "unique_consecutive",
]  # fmt: skip


def all(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Whether no element over `dim` is zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.all(tg.tensor([1.0, 0.0]) >= 0)
        tensor(True)
    """
    return _truth("all", ops.all, input, dim, keepdim, names)


def any(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Whether one element over `dim` is not zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.any(tg.tensor([[True, False], [False, False]]), dim=1)
        tensor([ True, False])
    """
    return _truth("any", ops.any, input, dim, keepdim, names)


def _truth(name: str, row: Any, input: Tensor, dim: Any, keepdim: bool, names: dict[str, Any]) -> Tensor:
    if names:
        dim, keepdim = numpy_names(name, dim, keepdim, names)
    if not isinstance(input, TensorCore):
        need_tensor(name, "input", input)
    ndim = input.array.ndim
    axis = () if isinstance(dim, Sequence) and not dim and ndim else to_axis(name, dim, ndim)  # () reduces nothing
    return row(input, axis, keepdim)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |input - other| <= atol + rtol * |other| everywhere.

    Raises:
        RuntimeError: if the dtypes differ, or the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.allclose(tg.tensor([1.0]), tg.tensor([1.0 + 1e-7]))
        True
    """
    need_tensor("allclose", "input", input)
    need_tensor("allclose", "other", other, 2)
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}: allclose() compares tensors of one dtype")
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.equal(tg.ones(2), tg.ones(3))
        False
    """
    if not isinstance(input, TensorCore) or not isinstance(other, TensorCore):
        need_tensor("equal", "input", input)
        need_tensor("equal", "other", other, 2)
    a, b = input.array, other.array
    return a.shape == b.shape and bool((a == b).all())


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements over `dim` are not zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.count_nonzero(tg.tensor([[0, 1], [2, 3]]), dim=0)
        tensor([1, 2])
    """
    need_tensor("count_nonzero", "input", input)
    return make(np.asarray(np.count_nonzero(input.array, axis=to_axis("count_nonzero", dim, input.array.ndim))))


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The different elements, or the different slices along `dim`, in ascending order.

    Args:
        input: a tensor. Each NaN is different from every other.
        sorted: whether they must be in order; here they always are.
        return_inverse: whether to return as well, for each element of `input`, where it went.
        return_counts: whether to return as well how often each was there.
        dim: the dimension along which slices are compared; by default elements are.

    Returns:
        the different elements, and after them what else was asked for.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unique(tg.tensor([3, 1, 3, 2]), return_counts=True)
        (tensor([1, 2, 3]), tensor([1, 1, 2]))
    """
    ordered("unique", input)
    slices, axis = _slices("unique", input.array, dim)
    if axis is None and not return_inverse:
        return _without_repeats(input, np.sort(slices, 0), None, axis, False, return_counts)
    order = argsort(slices[:, 0]) if slices.shape[1] == 1 else np.lexsort(slices.T[::-1])
    return _without_repeats(input, slices.take(order, 0), order, axis, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or the slices along `dim`, without those that are equal to the one before.

    Args:
        input: a tensor.
        return_inverse: whether to return as well, for each element of `input`, where it went.
        return_counts: whether to return as well how many each stands for.
        dim: the dimension along which slices are compared; by default elements are.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unique_consecutive(tg.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    need_tensor("unique_consecutive", "input", input)
    slices, axis = _slices("unique_consecutive", input.array, dim)
    return _without_repeats(input, slices, None, axis, return_inverse, return_counts)


def _slices(name: str, x: np.ndarray, dim: int | None) -> tuple[np.ndarray, int | None]:
    """What is compared, a row each: the elements, or the slices along `dim`; and that dimension."""
    if dim is None:
        return x.reshape(-1, 1), None
    axis = one_dim(name, dim, x.ndim)
    x = np.moveaxis(np.atleast_1d(x), axis, 0)
    if x.shape[0] and not x.size:
        raise RuntimeError(f"{name}(): there are 0 sized dimensions besides {axis}, so there is nothing to compare")
    return x.reshape(len(x), math.prod(x.shape[1:])), axis


def _without_repeats(
    input: Tensor, slices: np.ndarray, order: np.ndarray | None, axis: int | None, inverse: bool, counts: bool
) -> Any:
    """The slices without those equal to the one before; where they went; how many each stands for.

    `order` says where the slices are in the input; None if they are as they were, or nobody asks.
    """
    new = np.ones(len(slices), bool)
    changed = slices[1:] != slices[:-1]
    new[1:] = changed.any(1) if slices.shape[1] != 1 else changed[:, 0]
    places = np.flatnonzero(new)
    if axis is None:
        out = slices[places, 0]
    else:
        out = np.atleast_1d(input.array).take(places if order is None else order[places], axis)
    found = [make(out)]
    if inverse:
        where = np.cumsum(new) - 1
        if order is not None:
            where[order] = where.copy()
        found.append(make(where.reshape(input.array.shape) if axis is None else where))
    if counts:
        found.append(make(np.diff(np.append(places, len(slices)))))
    return tuple(found) if len(found) > 1 else found[0]


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2 ... is among the elements.

    Args:
        input: integers, not negative, in one dimension.
        weights: what each element counts, instead of 1.
        minlength: how long the result is at least.

    Raises:
        RuntimeError: for negative integers, more dimensions, or weights of another shape.
        NotImplementedError: for other numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bincount(tg.tensor([1, 3, 1]))
        tensor([0, 2, 0, 1])
    """
    need_tensor("bincount", "input", input)
    x = input.array
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f"bincount() counts integers, but the input is {input.dtype}")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError(f"bincount() counts non-negative integers in one dimension, got shape {tuple(x.shape)}")
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength should be >= 0, got {minlength}")
    if weights is None:
        return make(np.bincount(x, minlength=minlength))
    need_tensor("bincount", "weights", weights, 2)
    if weights.array.shape != x.shape:
        raise RuntimeError(
            f"bincount(): weights should be 1-d and have the same length as input, got shape "
            f"{tuple(weights.array.shape)} for {tuple(x.shape)}"
        )
    counts = np.bincount(x, weights.array, minlength)
    return make(counts.astype(np.float32) if weights.array.dtype == np.float32 else counts.astype(np.float64))


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max].

    Args:
        input: a floating-point tensor.
        bins: how many parts.
        min: the lower end.
        max: the upper end, which belongs to the last part. If the ends are equal, those of the data are taken.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.histc(tg.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
    x = _floating("histc", input)
    if max < min:
        raise RuntimeError(f"histc: max must be larger than min, got min={min} and max={max}")
    low, high = _ends("histc", x, (min, max) if min != max else None, bins, 1.0)
    inside = x[(x >= low) & (x <= high)]
    places = ((inside - low) / (high - low) * bins).astype(np.int64)
    return make(np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(x.dtype))


def histogram(
    input: Tensor, bins: int | Tensor, *, range: tuple[float, float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """How many elements lie between each two edges; the last edge belongs to the last part.

    Args:
        input: a floating-point tensor.
        bins: how many equal parts, or the edges, in ascending order.
        range: the lowest and the highest edge; by default those of the data.
        weight: what each element counts, instead of 1.
        density: whether to divide by the sum and by the widths, so that the area is 1.

    Returns:
        `(hist, bin_edges)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> hist, edges = tg.histogram(tg.tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 3.0))
        >>> hist, edges
        (tensor([2., 1.]), tensor([0.0000, 1.5000, 3.0000]))
    """
    x = _floating("histogram", input)
    if isinstance(bins, TensorCore):
        edges: np.ndarray = bins.array
    else:
        edges = np.linspace(*_ends("histogram", x, range, bins, 0.5), bins + 1, dtype=x.dtype)
    inside = (x >= edges[0]) & (x <= edges[-1])
    places = np.minimum(np.searchsorted(edges, x[inside], "right") - 1, len(edges) - 2)
    counted = None if weight is None else weight.array.reshape(-1)[inside]
    hist = np.bincount(places, counted, len(edges) - 1).astype(x.dtype)
    if density:
        hist = hist / (hist.sum() * np.diff(edges))
    return results.histogram(make(hist), make(edges))


def _floating(name: str, input: Tensor) -> np.ndarray:
    """The elements in a row, if they are floating-point numbers."""
    need_tensor(name, "input", input)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; convert it with .float()")
    return input.array.reshape(-1)


def _ends(name: str, x: np.ndarray, given: Any, bins: int, room: float) -> tuple[Any, Any]:
    """The ends of a histogram: as given, or those of the data; `room` on each side where they are equal."""
    if bins < 1:
        raise RuntimeError(f"{name}(): bins must be > 0, but got {bins}")
    low, high = given or ((x.min(), x.max()) if x.size else (x.dtype.type(0), x.dtype.type(0 if room == 1 else 1)))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}(): range of [{low}, {high}] is not finite")
    return (low - room, high + room) if low == high else (low, high)
