"""The functions that order: `sort`, `argsort`, `topk`, `kthvalue`, and `median`, which is one of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import one_dim
from tinygrad_lite.functions.extremes import chosen, not_empty, ordered
from tinygrad_lite.functions.reduction import Tensor
from tinygrad_lite.ops import reduce as reduce_ops
from tinygrad_lite.ops import sort as ops
from tinygrad_lite.tensors import bare

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    """The elements along `dim` in ascending order, and where they were.

    Args:
        input: a tensor. NaN counts as the largest.
        dim: the dimension to sort along.
        descending: whether the largest come first.
        stable: whether equal elements must keep their order; here they always do.

    Returns:
        `(values, indices)`.

    Raises:
        NotImplementedError: for complex numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.sort(tg.tensor([3.0, 1.0, 2.0]))
        >>> values, indices
        (tensor([1., 2., 3.]), tensor([1, 2, 0]))
    """
    ordered("sort", input)
    axis = one_dim("sort", dim, input.array.ndim)
    if not input.array.ndim:
        return results.sort(input.clone(), bare(np.zeros((), np.int64)))
    order = ops.argsort(input.array, axis, descending)
    return results.sort(ops.arrange(input, axis, order), bare(order))


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """Where the elements are that `sort` puts first, second ...

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argsort(tg.tensor([3.0, 1.0, 2.0]))
        tensor([1, 2, 0])
    """
    ordered("argsort", input)
    axis = one_dim("argsort", dim, input.array.ndim)
    if not input.array.ndim:
        return bare(np.zeros((), np.int64))
    return ops.argsort(input, axis, descending)


def msort(input: Tensor) -> Tensor:
    """The elements in ascending order along the first dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.msort(tg.tensor([3.0, 1.0, 2.0]))
        tensor([1., 2., 3.])
    """
    ordered("msort", input)
    return sort(input, 0).values


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The `k` largest elements along `dim`, or the smallest, and where they are.

    Args:
        input: a tensor. NaN counts as the largest.
        k: how many.
        dim: the dimension to look along.
        largest: False for the smallest.
        sorted: whether the most extreme must come first; here it always does.

    Returns:
        `(values, indices)`. Of equal elements at the border any may be among them.

    Raises:
        RuntimeError: if there are fewer than `k`.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.topk(tg.tensor([3.0, 1.0, 2.0]), 2)
        >>> values, indices
        (tensor([3., 2.]), tensor([0, 2]))
    """
    ordered("topk", input, "b")
    axis = one_dim("topk", dim, input.array.ndim)
    size = input.array.shape[axis] if input.array.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"topk(): selected index k out of range: k={k}, but dimension {axis} has {size} element(s)")
    if not input.array.ndim:
        return results.topk(input.clone(), bare(np.zeros((), np.int64)))
    order = ops.argtop(input.array, k, axis, largest)
    return results.topk(ops.arrange(input, axis, order), bare(order))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The `k`-th smallest element along `dim`, and where it is. `k` counts from 1; NaN counts as the largest.

    Returns:
        `(values, indices)`.

    Raises:
        RuntimeError: if there are fewer than `k`.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.kthvalue(tg.tensor([3.0, 1.0, 2.0]), 2)
        >>> values, indices
        (tensor(2.), tensor(2))
    """
    ordered("kthvalue", input, "b")
    x = np.atleast_1d(input.array)
    axis = one_dim("kthvalue", dim, x.ndim)
    not_empty("kthvalue", input, dim)
    if not 1 <= k <= x.shape[axis]:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {axis}: k={k}, but there are {x.shape[axis]}"
        )
    return chosen("kthvalue", input, axis, np.argpartition(x, k - 1, axis).take([k - 1], axis), keepdim)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle one of the elements in ascending order, of two the lower; NaN if one is NaN.

    Args:
        input: a tensor.
        dim: the dimension to look along; by default all elements.
        keepdim: whether `dim` stays, at size 1.

    Returns:
        `median(x)` a tensor without dimensions, equal elements sharing its gradient; `median(x, dim)` a pair
        `(values, indices)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.median(tg.tensor([1.0, 4.0, 2.0, 3.0]))
        tensor(2.)
    """
    ordered("median", input, "b")
    if dim is None:
        return reduce_ops.median(input)
    not_empty("median", input, dim)
    x = np.atleast_1d(input.array)
    axis = one_dim("median", dim, x.ndim)
    middle = (x.shape[axis] - 1) // 2
    where = np.argpartition(x, middle, axis).take([middle], axis)
    unknown = np.isnan(x)
    if unknown.any():
        first = unknown.argmax(axis, keepdims=True)
        where = np.where(unknown.any(axis, keepdims=True), first, where)
    return chosen("median", input, axis, where, keepdim)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of the elements that are not NaN; NaN if there are none. See `median`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nanmedian(tg.tensor([1.0, tg.nan, 2.0, 3.0]))
        tensor(2.)
    """
    ordered("nanmedian", input, "b")
    unknown = np.isnan(input.array)
    if dim is None:
        return reduce_ops.median(input if unknown.all() else input[bare(~unknown)])
    not_empty("nanmedian", input, dim)
    x = np.atleast_1d(input.array)
    axis = one_dim("nanmedian", dim, x.ndim)
    known = np.sum(~unknown.reshape(x.shape), axis=axis, keepdims=True)
    where = np.take_along_axis(ops.argsort(x, axis), np.maximum(known - 1, 0) // 2, axis)
    return chosen("nanmedian", input, axis, where, keepdim)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along `dim`, the smallest of several; and where it stands last.

    Returns:
        `(values, indices)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.mode(tg.tensor([2, 3, 1, 3, 2]))
        >>> values, indices
        (tensor(2), tensor(4))
    """
    ordered("mode", input)
    x = np.atleast_1d(input.array)
    axis = one_dim("mode", dim, x.ndim)
    not_empty("mode", input, axis)
    order = np.moveaxis(ops.argsort(x, axis), axis, -1)
    ranked = np.take_along_axis(np.moveaxis(x, axis, -1), order, -1)
    starts = np.ones(ranked.shape, bool)
    np.not_equal(ranked[..., 1:], ranked[..., :-1], out=starts[..., 1:])
    places = np.arange(ranked.shape[-1])
    so_far = places - np.maximum.accumulate(np.where(starts, places, 0), -1)  # how often the element stood before
    where = np.take_along_axis(order, so_far.argmax(-1, keepdims=True), -1)
    return chosen("mode", input, axis, np.moveaxis(where, -1, axis), keepdim)
