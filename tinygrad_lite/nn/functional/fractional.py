"""Maxima over windows at random places, about evenly spread (Graham, 2014)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.drawing import rand
from tinygrad_lite.nn.functional.spatial import Size, Tensor, each
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.tensors import make

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]  # fmt: skip


def fractional_max_pool2d(
    input: Tensor, kernel_size: Size, output_size: Size | None = None,
    output_ratio: float | tuple[float, ...] | None = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The maximum over windows of images at random places, about evenly spread.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size: the size of a window; an int, or one for each dimension.
        output_size: the size of the result.
        output_ratio: instead, its size as a part of the input's.
        return_indices: whether to say, too, where the maxima are in the flattened image.
        _random_samples: (N, C, 2) numbers in [0, 1) to place the windows by, instead of drawing them.

    Returns:
        (N, C, H', W'); or a pair of it and the positions.

    Raises:
        ValueError: if neither size nor ratio is given.
        RuntimeError: if the size does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.fractional_max_pool2d(tg.arange(16.0).reshape(1, 4, 4), 2, output_size=1)
        tensor([[[15.]]])
    """
    return _pool("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices,
                 _random_samples)  # fmt: skip


def fractional_max_pool3d(
    input: Tensor, kernel_size: Size, output_size: Size | None = None,
    output_ratio: float | tuple[float, ...] | None = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """As `fractional_max_pool2d`, of volumes (N, C, D, H, W).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.fractional_max_pool3d(tg.arange(8.0).reshape(1, 2, 2, 2), 2, output_size=1)
        tensor([[[[7.]]]])
    """
    return _pool("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices,
                 _random_samples)  # fmt: skip


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Size, output_size: Size | None = None,
    output_ratio: float | tuple[float, ...] | None = None, return_indices: bool = True,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`fractional_max_pool2d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> image = tg.arange(4.0).reshape(1, 2, 2)
        >>> tg.nn.functional.fractional_max_pool2d_with_indices(image, 2, output_size=1)
        (tensor([[[3.]]]), tensor([[[3]]]))
    """
    return fractional_max_pool2d(input, kernel_size, output_size, output_ratio, True, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Size, output_size: Size | None = None,
    output_ratio: float | tuple[float, ...] | None = None, return_indices: bool = True,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`fractional_max_pool3d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> volume = tg.arange(8.0).reshape(1, 2, 2, 2)
        >>> tg.nn.functional.fractional_max_pool3d_with_indices(volume, 2, output_size=1)
        (tensor([[[[7.]]]]), tensor([[[[7]]]]))
    """
    return fractional_max_pool3d(input, kernel_size, output_size, output_ratio, True, _random_samples)


def _pool(
    name: str, dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    samples: Tensor | None,
) -> Any:  # fmt: skip
    need_tensor(name, "input", input)
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    shape = input.array.shape
    batched = len(shape) == dims + 2
    if (not batched and len(shape) != dims + 1) or 0 in shape[batched:]:
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor with non-empty dimensions, but got {list(shape)}"
        )
    sizes, kernel = shape[-dims:], each(name, "kernel_size", kernel_size, dims)
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, tuple | list) else (output_ratio,) * dims
        if len(ratios) != dims:
            raise ValueError(f"{name} requires output_ratio to be one number or {dims} of them, got {output_ratio}")
        wanted = tuple(int(n * ratio) for n, ratio in zip(sizes, ratios, strict=True))
    else:
        wanted = each(name, "output_size", output_size, dims)
    for n, k, m in zip(sizes, kernel, wanted, strict=True):
        if m < 1 or m + k - 1 > n:
            raise RuntimeError(
                f"{name}(): windows {kernel} with result {wanted} do not fit the input {tuple(sizes)}: along each "
                "dimension, output_size + kernel_size - 1 is at most the input's size, and output_size at least 1"
            )
    lead = (*shape[:-dims],) if batched else (1, shape[0])
    samples = rand(*lead, dims, dtype=input.dtype) if samples is None else samples
    given = samples.array.shape
    if len(given) != 3 or given[1:] != (lead[1], dims) or given[0] < lead[0]:
        raise RuntimeError(f"{name}(): Expected _random_samples of shape {[*lead, dims]}, but got {list(given)}")
    order = (1, 0) if dims == 2 else (0, 1, 2)  # as PyTorch reads its random numbers
    u = samples.array[: lead[0]].reshape(-1, dims)[:, order]
    where = _maxima(input.array.reshape(-1, *sizes), u, sizes, kernel, wanted)
    images = np.arange(len(where)).reshape(-1, 1)
    flat = input.reshape(len(where), math.prod(sizes))
    full = (*shape[:-dims], *wanted)
    out = index_rows.index(flat, (images, where.reshape(len(where), math.prod(wanted)))).reshape(*full)
    return (out, make(where.reshape(full))) if return_indices else out


def _starts(u: np.ndarray, n: int, k: int, m: int) -> np.ndarray:
    """Where the m windows of size k along a dimension of size n begin, (images, m): the last one ends at the edge."""
    if m == 1:
        return np.full((len(u), 1), n - k)
    step = u.dtype.type(n - k) / u.dtype.type(m - 1)
    places = ((np.arange(m) + u[:, None]) * step).astype(np.int64) - (u * step).astype(np.int64)[:, None]
    places[:, -1] = n - k
    return places


def _maxima(x: np.ndarray, u: np.ndarray, sizes: Any, kernel: Any, wanted: Any) -> np.ndarray:
    """Where in each flattened image the maxima are, (images, *wanted): the first of equal ones, the last NaN."""
    dims = len(sizes)
    at: Any = np.zeros((len(x), *(1,) * 2 * dims), np.int64)
    for axis, (n, k, m) in enumerate(zip(sizes, kernel, wanted, strict=True)):
        inside = _starts(u[:, axis], n, k, m)[..., None] + np.arange(k)  # (images, m, k)
        shape = [len(x), *(1,) * 2 * dims]
        shape[1 + axis], shape[1 + dims + axis] = m, k
        at = at * n + inside.reshape(shape)
    at = at.reshape(len(x), *wanted, math.prod(kernel))
    images = np.arange(len(x)).reshape(-1, *(1,) * (dims + 1))
    values = x.reshape(len(x), math.prod(sizes))[images, at]
    best = values.argmax(-1)
    nans = np.isnan(values)
    if nans.any():
        best = np.where(nans.any(-1), values.shape[-1] - 1 - nans[..., ::-1].argmax(-1), best)
    return np.take_along_axis(at, best[..., None], -1)[..., 0]
