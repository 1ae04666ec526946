"""Pooling to a given size, and the way back from a maximum, under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.pool import max_pool1d, max_pool2d, max_pool3d
from tinygrad_lite.nn.functional.spatial import Size, Tensor, each
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops import resize
from tinygrad_lite.ops import window as rows
from tinygrad_lite.ops.window import Window
from tinygrad_lite.tensors import make

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

Sizes: TypeAlias = tuple[int, ...]
Target: TypeAlias = int | Sequence[int | None] | None


def adaptive_avg_pool1d(input: Tensor, output_size: Size) -> Tensor:
    """The mean over windows of signals (N, C, L), as many as asked for. See `adaptive_avg_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_avg_pool1d(tg.tensor([[1.0, 3.0, 5.0, 7.0]]), 2)
        tensor([[2., 6.]])
    """
    return _average("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Target) -> Tensor:
    """The mean over windows of images, as many as asked for, as equal as they can be.

    The i-th of m windows over n elements reaches from i n / m, rounded down, to (i + 1) n / m, rounded up.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        output_size: the size of the result, an int or one for each dimension; None for the input's.

    Raises:
        RuntimeError: if the size does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_avg_pool2d(tg.arange(6.0).reshape(1, 2, 3), (1, None))
        tensor([[[1.5000, 2.5000, 3.5000]]])
    """
    return _average("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Target) -> Tensor:
    """The mean over windows of volumes (N, C, D, H, W), as many as asked for. See `adaptive_avg_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_avg_pool3d(tg.arange(8.0).reshape(1, 2, 2, 2), 1)
        tensor([[[[3.5000]]]])
    """
    return _average("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Size, return_indices: bool = False) -> Any:
    """The maximum over windows of signals (N, C, L), as many as asked for. See `adaptive_max_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool1d(tg.tensor([[1.0, 3.0, 7.0, 5.0]]), 2)
        tensor([[3., 7.]])
    """
    return _maximum("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Target, return_indices: bool = False) -> Any:
    """The maximum over windows of images, as many as asked for, as equal as they can be.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        output_size: the size of the result, as in `adaptive_avg_pool2d`.
        return_indices: whether to say, too, where the maxima are in the flattened image.

    Raises:
        RuntimeError: if the size does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool2d(tg.arange(6.0).reshape(1, 2, 3), (1, 2))
        tensor([[[4., 5.]]])
    """
    return _maximum("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Target, return_indices: bool = False) -> Any:
    """The maximum over windows of volumes (N, C, D, H, W), as many as asked for. See `adaptive_max_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool3d(tg.arange(8.0).reshape(1, 2, 2, 2), 1)
        tensor([[[[7.]]]])
    """
    return _maximum("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Size, return_indices: bool = True
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool1d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool1d_with_indices(tg.tensor([[1.0, 3.0, 7.0, 5.0]]), 2)
        (tensor([[3., 7.]]), tensor([[1, 2]]))
    """
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Target, return_indices: bool = True
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool2d_with_indices(tg.arange(6.0).reshape(1, 2, 3), 1)
        (tensor([[[5.]]]), tensor([[[5]]]))
    """
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Target, return_indices: bool = True
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool3d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.adaptive_max_pool3d_with_indices(tg.arange(8.0).reshape(1, 2, 2, 2), 1)
        (tensor([[[[7.]]]]), tensor([[[[7]]]]))
    """
    return adaptive_max_pool3d(input, output_size, True)


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Zeros, with the maxima where `max_pool1d` found them. See `max_unpool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_unpool1d(tg.tensor([[3.0, 7.0]]), tg.tensor([[1, 2]]), 2)
        tensor([[0., 3., 7., 0.]])
    """
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Zeros, with the maxima where `max_pool2d` found them.

    Args:
        input: the maxima, (N, C, H, W) or (C, H, W).
        indices: where they were, as `max_pool2d` returns it.
        kernel_size: as it was for the maxima, like the others.
        stride: as in `max_pool2d`.
        padding: as in `max_pool2d`.
        output_size: the size of the result where that is not clear from the settings.

    Raises:
        RuntimeError: if the indices do not fit the input, or reach over the result.
        ValueError: if the size cannot have led to this input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_unpool2d(tg.tensor([[[4.0]]]), tg.tensor([[[1]]]), 2)
        tensor([[[0., 4.],
                 [0., 0.]]])
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Zeros, with the maxima where `max_pool3d` found them. See `max_unpool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_unpool3d(tg.tensor([[[[7.0]]]]), tg.tensor([[[[1]]]]), (1, 1, 2))
        tensor([[[[0., 7.]]]])
    """
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _target(name: str, dims: int, input: Tensor, output_size: Any) -> tuple[Sizes, Sizes]:
    """The sizes that windows slide over, and those of the result.

    Raises:
        ValueError: if the input has too few dimensions for such sizes.
        RuntimeError: if they are too many, or negative.
    """
    need_tensor(name, "input", input)
    shape = input.array.shape
    wanted = output_size if isinstance(output_size, Sequence) else (output_size,) * dims
    if dims > 1 and len(shape) <= len(wanted):
        raise ValueError(
            f"{name}(): Input dimension should be at least {len(wanted) + 1}, got input of size {list(shape)}"
        )
    if len(wanted) != dims:
        raise RuntimeError(f"{name}(): output_size must be {dims}, 'output_size' should contain {dims} int(s), got "
                           f"{output_size!r}")  # fmt: skip
    batch = len(shape) - dims - 1
    if batch not in (0, 1) or 0 in shape[batch + 1 :]:
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor with non-zero size for non-batch dimensions, got "
            f"input of size {list(shape)}"
        )
    sizes = shape[batch + 1 :]
    given = tuple(n if m is None else m for n, m in zip(sizes, wanted, strict=True))
    if min(each(name, "output_size", given, dims)) < 0:
        raise RuntimeError(
            f"{name}(): elements of output_size must be greater than or equal to 0, Trying to create tensor with "
            f"negative dimension {min(given)}: {given}"
        )
    return sizes, given


def _even(sizes: Sizes, wanted: Sizes) -> tuple[int, ...] | None:
    """The size of all windows, if they are equal and do not overlap."""
    if 0 in wanted or any(n % m for n, m in zip(sizes, wanted, strict=True)):
        return None
    return tuple(n // m for n, m in zip(sizes, wanted, strict=True))


@lru_cache(maxsize=256)
def _regions(n: int, m: int) -> np.ndarray:
    """The elements of each of m windows over n, (largest window, m); a shorter one repeats its last."""
    first = np.arange(m) * n // max(m, 1)
    last = -(-(np.arange(1, m + 1) * n) // max(m, 1)) - 1
    width = int((last - first).max(initial=0)) + 1
    return np.minimum(first + np.arange(width)[:, None], last)


@lru_cache(maxsize=256)
def _means(n: int, m: int) -> resize.Taps:
    """The means over m windows over n elements."""
    index = _regions(n, m)
    new = np.concatenate([np.ones_like(index[:1]), np.diff(index, axis=0)])
    return resize.Taps(index, new / new.sum(axis=0), n)


def _average(name: str, dims: int, input: Tensor, output_size: Any) -> Tensor:
    sizes, wanted = _target(name, dims, input, output_size)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; convert the input first")
    kernel = _even(sizes, wanted)
    if kernel is not None:
        return rows.window_sum(input, Window.of(kernel, kernel)) / math.prod(kernel)
    for axis, (n, m) in enumerate(zip(sizes, wanted, strict=True), input.array.ndim - dims):
        input = resize.along(input, _means(n, m), axis)
    return input


def _maximum(name: str, dims: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    sizes, wanted = _target(name, dims, input, output_size)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; convert the input first")
    kernel = _even(sizes, wanted)
    if kernel is not None and input.array.size:
        return (max_pool1d, max_pool2d, max_pool3d)[dims - 1](input, kernel, return_indices=return_indices)
    lead = input.array.shape[: input.array.ndim - dims]
    where = _argmax(input.array, [_regions(n, m) for n, m in zip(sizes, wanted, strict=True)])
    images = np.arange(math.prod(lead)).reshape(-1, 1)
    flat = input.reshape(math.prod(lead), math.prod(sizes))
    out = index_rows.index(flat, (images, where.reshape(len(images), math.prod(wanted)))).reshape(*lead, *wanted)
    return (out, make(where)) if return_indices else out


def _argmax(x: np.ndarray, regions: list[np.ndarray]) -> np.ndarray:
    """For windows of any size, where in the flattened image the maximum is; the last NaN, if there is one."""
    best: Any = None
    where: Any = None
    sizes = x.shape[x.ndim - len(regions) :]
    for taps in product(*(list(region) for region in regions)):
        at = np.ravel_multi_index(np.ix_(*taps), sizes)
        value = x[(..., *np.ix_(*taps))]
        if best is None:
            best, where = value, np.broadcast_to(at, value.shape).astype(np.int64)
            continue
        larger = (value > best) | (value != value)
        best, where = np.where(larger, value, best), np.where(larger, at, where)
    return np.asarray(where)


def _unpool(
    name: str, dims: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    need_tensor(name, "input", input)
    need_tensor(name, "indices", indices, 2)
    shape = input.array.shape
    if indices.array.dtype != np.int64:
        raise RuntimeError(f"{name}(): elements in indices should be type int64 but got: {indices.dtype}")
    if indices.array.shape != shape:
        raise RuntimeError(
            f"{name}(): Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got "
            f"indices tensor with shape: {list(indices.array.shape)}"
        )
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Input should be a {dims + 1}d or {dims + 2}d Tensor, got size {list(shape)}")
    kernel, around = each(name, "kernel_size", kernel_size, dims), each(name, "padding", padding, dims)
    step = kernel if stride is None or stride == () else each(name, "stride", stride, dims)
    lead, counts = shape[: len(shape) - dims], shape[len(shape) - dims :]
    usual = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(counts, step, kernel, around, strict=True))
    sizes = usual if output_size is None else _asked_for(name, output_size, usual, step)
    where = indices.array.reshape(math.prod(lead), math.prod(counts))
    if where.size and not 0 <= where.min() <= where.max() < math.prod(sizes):
        worst = where.max() if where.max() >= math.prod(sizes) else where.min()
        raise RuntimeError(f"{name}(): Found an invalid max index: {worst} (output volumes are of size {sizes})")
    images = np.arange(len(where)).reshape(-1, 1)
    flat = index_rows.put(input.reshape(where.shape), (len(where), math.prod(sizes)), (images, where))
    return flat.reshape(*lead, *sizes)


def _asked_for(name: str, output_size: Sequence[int], usual: Sizes, step: Sizes) -> Sizes:
    """The size that was asked for, if it is less than a step away from the usual one."""
    sizes = tuple(output_size)
    if len(sizes) == len(usual) + 2:
        sizes = sizes[2:]
    if len(sizes) != len(usual):
        raise ValueError(
            f"{name}(): output_size should be a sequence containing {len(usual)} or {len(usual) + 2} elements, but it "
            f"has a length of '{len(output_size)}'"
        )
    for size, n, s in zip(sizes, usual, step, strict=True):
        if not n - s < size < n + s:
            raise ValueError(
                f"{name}(): invalid output_size {sizes}: each must be less than a step {step} away from {usual}"
            )
    return sizes
