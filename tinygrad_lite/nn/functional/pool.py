"""Pooling as functions, under PyTorch's names: averages and maxima over windows."""

from __future__ import annotations

import math
from functools import lru_cache, partial, reduce
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.spatial import Size, Tensor, each
from tinygrad_lite.ops import window as rows
from tinygrad_lite.ops.window import Window
from tinygrad_lite.tensors import make

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "local_response_norm", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices",
]  # fmt: skip

Sizes: TypeAlias = tuple[int, ...]


def avg_pool1d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean over each window of signals (N, C, L). See `avg_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.avg_pool1d(tg.tensor([[1.0, 3.0, 5.0, 7.0]]), 2)
        tensor([[2., 6.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean over each window of images.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size: the size of a window, an int or one for each dimension, as for the next two.
        stride: how far apart two windows are; the size of a window if left out.
        padding: zeros added on both sides, at most half a window.
        ceil_mode: whether a last window that reaches over the edge counts.
        count_include_pad: whether the zeros count in the mean.
        divisor_override: what to divide the sums by, instead.

    Raises:
        RuntimeError: if the settings do not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.avg_pool2d(tg.arange(8.0).reshape(1, 2, 4), 2)
        tensor([[[2.5000, 4.5000]]])
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean over each window of volumes (N, C, D, H, W). See `avg_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.avg_pool3d(tg.arange(8.0).reshape(1, 2, 2, 2), 2)
        tensor([[[[3.5000]]]])
    """
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def max_pool1d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum over each window of signals (N, C, L). See `max_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool1d(tg.tensor([[1.0, 3.0, 7.0, 5.0]]), 2)
        tensor([[3., 7.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum over each window of images. The first of equal elements has the gradient.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size: the size of a window, an int or one for each dimension, as for the next three.
        stride: how far apart two windows are; the size of a window if left out.
        padding: how far windows reach over the edge, at most half a window; what is there never wins.
        dilation: how far apart the elements of one window are.
        ceil_mode: whether a last window that reaches over the edge counts.
        return_indices: whether to say, too, where the maxima are, as `max_unpool2d` takes it.

    Returns:
        The maxima; or a pair of them and their positions in the flattened image.

    Raises:
        RuntimeError: if the settings do not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool2d(tg.tensor([[[1.0, 4.0], [3.0, 2.0]]]), 2, return_indices=True)
        (tensor([[[4.]]]), tensor([[[1]]]))
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The maximum over each window of volumes (N, C, D, H, W). See `max_pool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool3d(tg.arange(8.0).reshape(1, 2, 2, 2), 2)
        tensor([[[[7.]]]])
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = True,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool1d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool1d_with_indices(tg.tensor([[1.0, 3.0, 7.0, 5.0]]), 2)
        (tensor([[3., 7.]]), tensor([[1, 2]]))
    """
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = True,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool2d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool2d_with_indices(tg.tensor([[[1.0, 4.0], [3.0, 2.0]]]), 2)[1]
        tensor([[[1]]])
    """
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = True,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool3d` with `return_indices`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.max_pool3d_with_indices(tg.arange(8.0).reshape(1, 2, 2, 2), 2)[1]
        tensor([[[[7]]]])
    """
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum x^p)^(1/p) over each window of signals (N, C, L), with p = `norm_type`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.lp_pool1d(tg.tensor([[3.0, 4.0]]), 2, 2)
        tensor([[5.]])
    """
    return _lp_pool(avg_pool1d, 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum x^p)^(1/p) over each window of images (N, C, H, W), with p = `norm_type`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.lp_pool2d(tg.ones(1, 2, 2), 2, 2)
        tensor([[[2.]]])
    """
    return _lp_pool(avg_pool2d, 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum x^p)^(1/p) over each window of volumes (N, C, D, H, W), with p = `norm_type`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.lp_pool3d(tg.ones(1, 1, 2, 2), 2, (1, 2, 2))
        tensor([[[[2.]]]])
    """
    return _lp_pool(avg_pool3d, 3, input, norm_type, kernel_size, stride, ceil_mode)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta (Krizhevsky et al., 2012).

    Args:
        input: (N, C, *).
        size: how many channels count as neighbours.
        alpha: the factor of the mean.
        beta: the exponent.
        k: what is added.

    Raises:
        ValueError: if the input has less than three dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.local_response_norm(tg.ones(1, 2, 1), 2, alpha=2.0, beta=1.0)
        tensor([[[0.5000],
                 [0.3333]]])
    """
    need_tensor("local_response_norm", "input", input)
    shape = input.array.shape
    if len(shape) < 3:
        raise ValueError(
            f"local_response_norm(): Expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        )
    if not input.array.size:
        return input
    window = Window((size, 1), (1, 1), ((size // 2, (size - 1) // 2), (0, 0)), (1, 1))
    squares = _divided(rows.window_sum((input * input).reshape(*shape[:2], -1), window), size)
    return input / (squares.reshape(shape) * alpha + k) ** beta


def _max_pool(
    name: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    sizes = _sizes(name, dims, input)
    window = window_of(name, sizes, kernel_size, stride, padding, dilation, ceil_mode)
    if input.array.dtype.kind in "bc":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}")
    out = rows.max_pool(input, window)
    if not return_indices:
        return out
    return out, make(rows.winners(input.array, out.array, window).astype(np.int64, copy=False))


def _avg_pool(
    name: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: int | None,
) -> Tensor:  # fmt: skip
    sizes = _sizes(name, dims, input)
    if divisor == 0:
        raise RuntimeError(f"{name}(): divisor must be not zero, got divisor_override=0")
    window = window_of(name, sizes, kernel_size, stride, padding, 1, ceil_mode)
    if input.array.dtype.kind in "bc":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}")
    sums = rows.window_sum(input, window)
    return _divided(sums, divisor or _divisor(window, sizes, bool(count_include_pad), input.array.dtype.str))


def _divided(sums: Tensor, divisor: Any) -> Tensor:
    """The sums divided; integers rounded towards zero, as PyTorch does."""
    if sums.array.dtype.kind == "f":
        return sums / divisor
    return make(np.trunc(sums.array / divisor).astype(sums.array.dtype))


@lru_cache(maxsize=256)
def _divisor(window: Window, sizes: Sizes, count_include_pad: bool, dtype: str) -> Any:
    """How many elements each window has, a number if all have as many.

    What `ceil_mode` lets windows reach beyond the padding never counts.
    """
    lengths = []
    for axis, (count, n) in enumerate(zip(window.counts(sizes), sizes, strict=True)):
        around = window.padding[axis][0]
        first = np.arange(count) * window.stride[axis] - around
        last = np.minimum(first + window.kernel[axis], n + around)
        if not count_include_pad:
            first, last = first.clip(0), last.clip(0, n)
        lengths.append(last - first)
    if all((line == line[0]).all() for line in lengths):
        return int(math.prod(line[0] for line in lengths))
    return reduce(np.multiply.outer, lengths).astype(dtype)


def _lp_pool(
    average: Any, dims: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    elements = math.prod(each(average.__name__.replace("avg", "lp"), "kernel_size", kernel_size, dims))
    mean = average(input**norm_type, kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu() * elements) ** (1.0 / norm_type)


def _sizes(name: str, dims: int, input: Tensor) -> Sizes:
    """The sizes of the dimensions that windows slide over.

    Raises:
        RuntimeError: if the input has too many or too few dimensions, or nothing in them.
    """
    need_tensor(name, "input", input)
    shape = input.array.shape
    batch = len(shape) - dims - 1
    if batch not in (0, 1) or 0 in shape[batch:]:
        what = "non-empty " if "avg" in name else ""
        raise RuntimeError(
            f"{name}(): Expected {what}{dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size "
            f"for input, and input's non-batch dimensions to have positive length, but got: {list(shape)}"
        )
    return shape[batch + 1 :]


def window_of(
    name: str, sizes: Sizes, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Window:
    """The window that a pooling's settings describe, for an image of these sizes.

    Raises:
        RuntimeError: if a setting is too small or too large.
    """
    freeze = [tuple(v) if isinstance(v, list) else v for v in (kernel_size, stride, padding, dilation)]
    return _window(name, sizes, *freeze, bool(ceil_mode))


@lru_cache(maxsize=1024)
def _window(
    name: str, sizes: Sizes, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Window:
    setting = partial(each, name, dims=len(sizes))
    kernel = setting("kernel_size", value=kernel_size)
    step = kernel if stride is None or stride == () else setting("stride", value=stride)
    around, far = setting("padding", value=padding), setting("dilation", value=dilation)
    for what, value in (("kernel_size", kernel), ("stride", step), ("dilation", far)):
        if min(value) < 1:
            raise RuntimeError(f"{name}(): {what} must be greater than zero, but got {min(value)}")
    window = Window.of(kernel, step, around, far)
    for pads, extent in zip(around, window.extent, strict=True):
        if pads < 0:
            raise RuntimeError(f"{name}(): pad must be non-negative, but got pad: {pads}")
        if pads > extent // 2:
            raise RuntimeError(
                f"{name}(): pad should be at most half of effective kernel size, but got pad={pads}, "
                f"kernel_size={kernel} and dilation={far}"
            )
    if ceil_mode:
        window = Window(kernel, step, tuple(map(_reaching, sizes, around, step, window.extent)), far)
    counts = window.counts(sizes)
    if min(counts) < 1:
        raise RuntimeError(
            f"{name}(): Given input size: {sizes}. Invalid computed output size: {min(counts)}. Output size is too "
            "small"
        )
    return window


def _reaching(n: int, pads: int, step: int, extent: int) -> tuple[int, int]:
    """The padding with which a last window that reaches over the edge still counts, if it starts inside."""
    last = -((extent - n - 2 * pads) // step)
    if last * step >= n + pads:
        last -= 1
    return pads, max(pads, last * step + extent - n - pads)
