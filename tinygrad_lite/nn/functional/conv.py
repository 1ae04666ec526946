"""Convolutions and their transposes as functions, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.spatial import Size, Tensor, batched, each
from tinygrad_lite.ops import conv as rows
from tinygrad_lite.ops.window import Window, pad

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size | str = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of signals: weighted sums over windows. See `conv2d`.

    Args:
        input: (N, C, L), or (C, L) for one signal.
        weight: (filters, C / groups, kernel).
        bias: (filters,) or None.
        stride: how far apart two windows are.
        padding: zeros added at both ends; "same" for an output of the input's size, "valid" for none.
        dilation: how far apart the elements of one window are.
        groups: into how many parts channels and filters are split that do not mix.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv1d(tg.tensor([[[1.0, 2.0, 4.0]]]), tg.tensor([[[-1.0, 1.0]]]))
        tensor([[[1., 2.]]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size | str = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of images: weighted sums over windows.

    Strictly it is the cross-correlation, as everywhere in deep learning: the kernel is not turned round.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        weight: (filters, C / groups, kernel height, kernel width).
        bias: (filters,) or None.
        stride: how far apart two windows are; an int, or one for each dimension, as for the next two.
        padding: zeros added on both sides; "same" for an output of the input's size, "valid" for none.
        dilation: how far apart the elements of one window are.
        groups: into how many parts channels and filters are split that do not mix.

    Returns:
        (N, filters, H', W') with H' = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: if shapes, dtypes or settings do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv2d(tg.ones(1, 1, 3, 3), tg.ones(1, 1, 2, 2), padding="same")
        tensor([[[[4., 4., 2.],
                  [4., 4., 2.],
                  [2., 2., 1.]]]])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size | str = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of volumes, (N, C, D, H, W): weighted sums over windows. See `conv2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv3d(tg.ones(1, 1, 2, 2, 2), tg.ones(1, 1, 2, 2, 2))
        tensor([[[[[8.]]]]])
    """
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """The transpose of `conv1d`: each element laid out over its window. See `conv_transpose2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv_transpose1d(tg.tensor([[[1.0, 2.0]]]), tg.tensor([[[1.0, 3.0]]]), stride=2)
        tensor([[[1., 3., 2., 6.]]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """The transpose of `conv2d`, which makes larger images: each element laid out over its window, weighted.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        weight: (C, filters / groups, kernel height, kernel width).
        bias: (filters,) or None.
        stride: how far apart two windows of the output are.
        padding: what is taken off each side of the output.
        output_padding: what is added to one side of the output; less than the stride or the dilation.
        groups: into how many parts channels and filters are split that do not mix.
        dilation: how far apart the elements of one window are.

    Returns:
        (N, filters, H', W') with H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

    Raises:
        RuntimeError: if shapes, dtypes or settings do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv_transpose2d(tg.tensor([[[[1.0, 2.0]]]]), tg.ones(1, 1, 2, 2))
        tensor([[[[1., 3., 2.],
                  [1., 3., 2.]]]])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """The transpose of `conv3d`: each element laid out over its window. See `conv_transpose2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.conv_transpose3d(tg.ones(1, 1, 1, 1, 1), tg.ones(1, 1, 1, 2, 2))
        tensor([[[[[1., 1.],
                   [1., 1.]]]]])
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _convolve(
    name: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    groups: int,
) -> Tensor:  # fmt: skip
    _check(name, dims, input, weight, bias, groups)
    shape, sizes = weight.array.shape, input.array.shape[-dims:]
    window = _window(name, shape[2:], _hashable(stride), _hashable(padding), _hashable(dilation))
    input, whole = batched(name, input, dims)
    if shape[0] < groups:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight "
            f"of size {list(shape)} instead"
        )
    if shape[0] % groups:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got "
            f"weight of size {list(shape)} instead"
        )
    _fits(name, input, weight, groups, shape[1] * groups)
    _fits_bias(name, bias, weight, shape[0])
    if min(window.counts(sizes)) < 1:
        raise RuntimeError(
            f"{name}(): Calculated padded input size per channel: {window.padded_sizes(sizes)}. Kernel size: "
            f"{window.extent}. Kernel size can't be greater than actual input size"
        )
    out = rows.conv(input, weight, bias, window, groups)
    return out if whole else out.squeeze(0)


def _transposed(
    name: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    _check(name, dims, input, weight, bias, groups)
    window = _window(name, weight.array.shape[2:], _hashable(stride), _hashable(padding), _hashable(dilation))
    input, whole = batched(name, input, dims)
    _fits(name, input, weight, groups, weight.array.shape[0])
    filters = weight.array.shape[1] * groups
    _fits_bias(name, bias, weight, filters)
    more = each(name, "output_padding", output_padding, dims)
    for extra, step, far in zip(more, window.stride, window.dilation, strict=True):
        if not 0 <= extra < max(step, far):
            raise RuntimeError(
                f"{name}(): output padding must be smaller than either stride or dilation, but got output_padding "
                f"{more}, stride {window.stride}, dilation {window.dilation}"
            )
    # What is added at the end is first of all what the padding takes off there; only the rest is zeros.
    ends = [(before, after - extra) for (before, after), extra in zip(window.padding, more, strict=True)]
    zeros = tuple((0, max(-after, 0)) for _, after in ends)
    around = tuple((before, max(after, 0)) for before, after in ends)
    along = zip(input.array.shape[2:], window.stride, window.extent, around, strict=True)
    sizes = tuple((n - 1) * step + e - sum(pads) for n, step, e, pads in along)
    if min(sizes) < 1:
        raise RuntimeError(
            f"{name}(): Given input size per channel: {input.array.shape[2:]}. Calculated output size per channel: "
            f"{sizes}. Output size is too small"
        )
    window = Window(window.kernel, window.stride, around, window.dilation)
    if not any(map(any, zeros)):
        out = rows.conv_transpose(input, weight, bias, window, sizes, groups)
    else:
        out = pad(rows.conv_transpose(input, weight, None, window, sizes, groups), zeros)
        out = out if bias is None else out + bias.reshape(-1, *(1,) * dims)
    return out if whole else out.squeeze(0)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


@lru_cache(maxsize=1024)
def _window(name: str, kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Window:
    """The window that a convolution's settings describe.

    Raises:
        RuntimeError: if a setting is too small, does not fit the dimensions, or is a word that is not known.
    """
    dims = len(kernel)
    stride, dilation = each(name, "stride", stride, dims), each(name, "dilation", dilation, dims)
    if min(stride) < 1:
        raise RuntimeError(f"{name}(): non-positive stride is not supported, got stride={stride}")
    if min(dilation) < 1:
        raise RuntimeError(f"{name}(): dilation should be greater than zero, got dilation={dilation}")
    if not isinstance(padding, str):
        padding = each(name, "padding", padding, dims)
        if min(padding) < 0:
            raise RuntimeError(f"{name}(): negative padding is not supported, got padding={padding}")
        return Window.of(kernel, stride, padding, dilation)
    if padding == "valid":
        return Window.of(kernel, stride, (), dilation)
    if padding != "same":
        raise RuntimeError(f"{name}(): Invalid padding string: '{padding}'; it should be 'same' or 'valid'")
    if max(stride) > 1:
        raise RuntimeError(f"{name}(): padding='same' is not supported for strided convolutions, got stride={stride}")
    both = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return Window(kernel, stride, tuple((n // 2, n - n // 2) for n in both), dilation)


def _check(name: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    """Raise what PyTorch does for tensors that are none, or whose dtypes and dimensions do not fit."""
    need_tensor(name, "input", input)
    need_tensor(name, "weight", weight, 2)
    if bias is not None:
        need_tensor(name, "bias", bias, 3)
    for what, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.array.dtype != input.array.dtype:
            raise RuntimeError(
                f"{name}(): Input type ({input.dtype}) and {what} type ({other.dtype}) should be the same"
            )
    if input.array.dtype.kind == "b":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; convert the tensors first")
    if groups < 1:
        raise RuntimeError(f"{name}(): non-positive groups is not supported, got groups={groups}")
    if weight.array.ndim != dims + 2:
        wanted = "weight should have at least three dimensions" if weight.array.ndim < 3 else (
            f"Expected {weight.array.ndim}-dimensional input for {weight.array.ndim}-dimensional weight"
        )  # fmt: skip
        raise RuntimeError(
            f"{name}(): {wanted}; it takes a weight of {dims + 2} dimensions, got weight of size "
            f"{list(weight.array.shape)} and input of size {list(input.array.shape)}"
        )


def _fits(name: str, input: Tensor, weight: Tensor, groups: int, channels: int) -> None:
    if input.array.shape[1] != channels or channels % groups:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, weight of size {list(weight.array.shape)}, expected "
            f"input{list(input.array.shape)} to have {channels} channels, but got {input.array.shape[1]} channels "
            "instead"
        )


def _fits_bias(name: str, bias: Tensor | None, weight: Tensor, filters: int) -> None:
    if bias is not None and bias.array.shape != (filters,):
        raise RuntimeError(
            f"{name}(): Given weight of size {list(weight.array.shape)}, expected bias to be 1-dimensional with "
            f"{filters} elements, but got bias of size {list(bias.array.shape)} instead"
        )
