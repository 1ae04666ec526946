"""Padding, and the functions that rearrange images, under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.spatial import Size, Tensor, batched, each
from tinygrad_lite.ops import resize
from tinygrad_lite.ops import window as rows
from tinygrad_lite.ops.window import Window

__all__ = ["channel_shuffle", "fold", "pad", "pixel_shuffle", "pixel_unshuffle", "unfold"]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with a border; where a number is negative, with less than it had.

    Args:
        input: a tensor; all modes but "constant" leave its first dimension, or two, alone.
        pad: how many elements to add before and after the last dimension, then the one before it, and so on.
        mode: "constant"; "reflect", as in a mirror that stands on the last element; "replicate", the last
            element again; "circular", the elements of the other end.
        value: the constant, 0 if left out.

    Raises:
        RuntimeError: if `pad` does not fit the input, or the mode has not that many elements to add.
        NotImplementedError: for another mode.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.pad(tg.tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
        tensor([[3., 2., 1., 2., 3., 2.]])
    """
    need_tensor("pad", "input", input)
    ndim, dims = input.array.ndim, len(pad) // 2
    if len(pad) % 2:
        raise RuntimeError(f"pad(): Padding length must be divisible by 2, got {len(pad)} numbers: {tuple(pad)}")
    if dims > ndim:
        raise RuntimeError(
            f"pad(): Padding length should be less than or equal to two times the input dimension but got padding "
            f"length {len(pad)} and input of dimension {ndim}"
        )
    widths = tuple((int(pad[k]), int(pad[k + 1])) for k in range(len(pad) - 2, -1, -2))
    sizes = input.array.shape[ndim - dims :]
    if any(n + before + after < 0 for n, (before, after) in zip(sizes, widths, strict=True)):
        raise RuntimeError(f"pad(): The input of size {sizes}, plus negative padding {tuple(pad)}, resulted in a "
                           "negative output size, which is invalid")  # fmt: skip
    if mode == "constant":
        return rows.pad(input, widths, value or 0)
    if mode not in _SOURCES:
        raise NotImplementedError(f"pad(): Unrecognised padding mode {mode!r}; it takes one of constant, reflect, "
                                  "replicate, circular")  # fmt: skip
    if value not in (None, 0):
        raise ValueError(f"pad(): Padding mode {mode!r} doesn't take in value argument, got value={value}")
    if dims not in (1, 2, 3) or ndim - dims not in (1, 2):
        raise NotImplementedError(
            f"pad(): Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now, got {ndim}D input "
            f"and {len(pad)} numbers; pad all but the first one or two dimensions"
        )
    for axis, (n, (before, after)) in enumerate(zip(sizes, widths, strict=True), ndim - dims):
        if before or after:
            input = resize.along(input, _border(mode, n, before, after), axis)
    return input


def _round(at: np.ndarray, n: int) -> np.ndarray:
    """Positions that begin again at the other end of what negative padding has left."""
    first, last = max(at[0], 0), min(at[-1], n - 1)
    return first + (at - first) % (last - first + 1)


_SOURCES: dict[str, Any] = {
    "reflect": lambda at, n: (n - 1) - np.abs((n - 1) - np.abs(at)),
    "replicate": lambda at, n: at.clip(0, n - 1),
    "circular": _round,
}
"""For positions of the result, counted from the first element of the input, the position to take."""


@lru_cache(maxsize=256)
def _border(mode: str, n: int, before: int, after: int) -> resize.Taps:
    """Where a padded dimension of size n takes its elements from."""
    longest = max(before, after)
    if mode == "reflect" and longest >= n:
        raise RuntimeError(
            f"pad(): Padding size should be less than the corresponding input dimension, but got padding "
            f"({before}, {after}) at a dimension of size {n}"
        )
    if mode == "circular" and longest > n:
        raise RuntimeError(
            f"pad(): Padding value causes wrapping around more than once: ({before}, {after}) at a size of {n}"
        )
    if not n or n + before + after < 1:
        raise RuntimeError(
            f"pad(): The input size {n}, plus padding ({before}, {after}), resulted in a non-positive output size, "
            f"which is invalid in mode {mode!r}"
        )
    return resize.Taps(_SOURCES[mode](np.arange(-before, n + after), n)[None], None, n)


def unfold(input: Tensor, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """Each window of the images as a column.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size: the size of a window.
        dilation: how far apart the elements of one window are.
        padding: zeros added on both sides.
        stride: how far apart two windows are.

    Returns:
        (N, C * kernel height * kernel width, windows).

    Raises:
        RuntimeError: if the window does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.unfold(tg.arange(6.0).reshape(1, 1, 2, 3), (2, 2))
        tensor([[[0., 1.],
                 [1., 2.],
                 [3., 4.],
                 [4., 5.]]])
    """
    need_tensor("unfold", "input", input)
    window = _window("unfold", kernel_size, dilation, padding, stride)
    input, whole = batched("unfold", input, 2)
    counts = window.counts(input.array.shape[2:])
    if min(counts) < 1:
        raise RuntimeError(
            f"unfold(): Given input with spatial size {input.array.shape[2:]}, kernel_size={window.kernel}, "
            f"dilation={window.dilation}, padding={padding}, calculated shape of the array of sliding blocks as "
            f"{counts}, but its components must be at least one."
        )
    out = rows.unfold(input, window)
    return out if whole else out.squeeze(0)


def fold(
    input: Tensor, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """Columns added up where `unfold` takes them from: its adjoint.

    Args:
        input: (N, C * kernel height * kernel width, windows), or without N.
        output_size: height and width of the images.
        kernel_size: as in `unfold`, like the others.
        dilation: as in `unfold`.
        padding: as in `unfold`.
        stride: as in `unfold`.

    Returns:
        (N, C, H, W).

    Raises:
        RuntimeError: if the columns are not those of such windows.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.fold(tg.ones(1, 4, 2), (2, 3), (2, 2))
        tensor([[[[1., 2., 1.],
                  [1., 2., 1.]]]])
    """
    need_tensor("fold", "input", input)
    window, sizes = _window("fold", kernel_size, dilation, padding, stride), each("fold", "output_size", output_size, 2)
    input, whole = batched("fold", input, 1)
    counts, elements = window.counts(sizes), window.kernel[0] * window.kernel[1]
    if input.array.shape[1] % elements:
        raise RuntimeError(
            f"fold(): Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.array.shape[1]} and kernel_size={window.kernel}."
        )
    if min(counts) < 1 or input.array.shape[2] != counts[0] * counts[1]:
        raise RuntimeError(
            f"fold(): Given output_size={sizes}, kernel_size={window.kernel}, dilation={window.dilation}, "
            f"padding={padding}, stride={window.stride}, expected size of input's dimension 2 to match the calculated "
            f"number of sliding blocks {counts[0]} * {counts[1]}, but got input.size(2)={input.array.shape[2]}."
        )
    out = rows.fold(input, window, sizes)
    return out if whole else out.squeeze(0)


def _window(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Window:
    kernel, far = each(name, "kernel_size", kernel_size, 2), each(name, "dilation", dilation, 2)
    around, step = each(name, "padding", padding, 2), each(name, "stride", stride, 2)
    for what, value, least in (
        ("kernel_size", kernel, 1), ("dilation", far, 1), ("padding", around, 0), ("stride", step, 1),
    ):  # fmt: skip
        if min(value) < least:
            raise RuntimeError(f"{name}(): {what} should be {'greater than zero' if least else 'non-negative'}, "
                               f"but got {what}={value}")  # fmt: skip
    return Window.of(kernel, step, around, far)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels laid out as pixels: (*, C r^2, H, W) -> (*, C, H r, W r) (Shi et al., 2016).

    Raises:
        RuntimeError: if the channels cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.pixel_shuffle(tg.arange(4.0).reshape(4, 1, 1), 2)
        tensor([[[0., 1.],
                 [2., 3.]]])
    """
    r, (*lead, channels, height, width) = upscale_factor, _image("pixel_shuffle", input, upscale_factor)
    if channels % (r * r):
        raise RuntimeError(
            f"pixel_shuffle(): expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    blocks = input.reshape(*lead, channels // (r * r), r, r, height, width)
    k = len(lead)
    blocks = blocks.permute(*range(k + 1), k + 3, k + 1, k + 4, k + 2)
    return blocks.reshape(*lead, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels laid out as channels: (*, C, H r, W r) -> (*, C r^2, H, W), the inverse of `pixel_shuffle`.

    Raises:
        RuntimeError: if height or width cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.pixel_unshuffle(tg.arange(4.0).reshape(1, 2, 2), 2).flatten()
        tensor([0., 1., 2., 3.])
    """
    r, (*lead, channels, height, width) = downscale_factor, _image("pixel_unshuffle", input, downscale_factor)
    if height % r or width % r:
        raise RuntimeError(
            f"pixel_unshuffle(): expects height and width to be divisible by downscale_factor, but got "
            f"({height}, {width}) and downscale_factor={r}"
        )
    blocks = input.reshape(*lead, channels, height // r, r, width // r, r)
    k = len(lead)
    blocks = blocks.permute(*range(k + 1), k + 2, k + 4, k + 1, k + 3)
    return blocks.reshape(*lead, channels * r * r, height // r, width // r)


def _image(name: str, input: Tensor, factor: int) -> tuple[int, ...]:
    """The shape of an input with three dimensions or more."""
    need_tensor(name, "input", input)
    if input.array.ndim < 3:
        raise RuntimeError(
            f"{name}(): expects input to have at least 3 dimensions, but got input with {input.array.ndim} dimension(s)"
        )
    if factor < 1:
        raise RuntimeError(f"{name}(): expects a positive factor, but got {factor}")
    return tuple(input.array.shape)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels in another order: one of each group in turn (Zhang et al., 2018).

    Args:
        input: (N, C, *).
        groups: into how many parts the channels are divided.

    Raises:
        RuntimeError: if they cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.channel_shuffle(tg.arange(4.0).reshape(1, 4, 1), 2).flatten()
        tensor([0., 2., 1., 3.])
    """
    need_tensor("channel_shuffle", "input", input)
    shape = input.array.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle(): expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups < 1 or shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle(): Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} "
            "groups."
        )
    return input.reshape(shape[0], groups, shape[1] // groups, math.prod(shape[2:])).transpose(1, 2).reshape(shape)
