"""Images looked up at any place: `grid_sample` and the grids for it, under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.resize import weights
from tinygrad_lite.nn.functional.spatial import Tensor
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops.elementwise import where
from tinygrad_lite.tensors import make

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Where an affine map takes each pixel, as `grid_sample` takes it.

    Args:
        theta: (N, 2, 3) for images or (N, 3, 4) for volumes: the maps, from places in the result to
            places in the input, both between -1 and 1.
        size: of the result, (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the centres of the corner pixels rather than their outer edges.

    Returns:
        (N, H, W, 2) or (N, D, H, W, 3).

    Raises:
        ValueError: if the shapes do not fit, or theta is no floating-point tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> theta = tg.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> tg.nn.functional.affine_grid(theta, (1, 1, 1, 2))
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    need_tensor("affine_grid", "theta", theta)
    dims, dtype = len(size) - 2, theta.array.dtype
    if dtype.kind != "f":
        raise ValueError(f"affine_grid(): Expected theta to have floating point type, but got {theta.dtype}")
    if dims not in (2, 3):
        raise NotImplementedError(
            f"affine_grid() only supports 4D and 5D sizes, for 2D and 3D affine transforms, got {size}"
        )
    if theta.array.shape != (size[0], dims, dims + 1):
        raise ValueError(
            f"affine_grid(): Expected a batch of {dims}D affine matrices of shape {size[0]}x{dims}x{dims + 1} for size "
            f"{tuple(size)}. Got {list(theta.array.shape)}."
        )
    if min(size) < 1:
        raise ValueError(f"affine_grid(): Expected non-zero, positive output size. Got {tuple(size)}")
    lines = []
    for n in size[2:]:
        line = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        lines.append(line if align_corners else line * (n - 1) / n)
    places = np.stack([*reversed(np.meshgrid(*lines, indexing="ij")), np.ones(tuple(size[2:]))], axis=-1)
    flat = make(places.reshape(1, -1, dims + 1).astype(dtype))
    return (flat @ theta.transpose(1, 2)).reshape(size[0], *size[2:], dims)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input looked up at the places of a grid (Jaderberg et al., 2015).

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: (N, H', W', 2) or (N, D', H', W', 3): for each pixel of the result x, y (and z), from -1 at
            one edge of the input to 1 at the other.
        mode: "bilinear", "nearest", or "bicubic" for images.
        padding_mode: what lies outside: "zeros"; "border", the nearest pixel; "reflection", a mirror image.
        align_corners: whether -1 and 1 are the centres of the corner pixels rather than their outer edges.

    Returns:
        (N, C, H', W') or (N, C, D', H', W').

    Raises:
        ValueError: for a mode that is not known.
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> image = tg.tensor([[[[1.0, 3.0]]]])
        >>> tg.nn.functional.grid_sample(image, tg.tensor([[[[0.0, 0.0]]]]))
        tensor([[[[2.]]]])
    """
    _check(input, grid, mode, padding_mode)
    n, channels, *sizes = input.array.shape
    dims, outside, aligned = len(sizes), _OUTSIDE[padding_mode], bool(align_corners)
    kind, first, count = _NEIGHBOURS[mode]
    # Dimensions: batch, channel, the neighbours along each axis of the image, places.
    shape = grid.array.shape[1:-1]
    flat = grid.reshape(n, *(1,) * (dims + 1), math.prod(shape), dims)
    weight: Any = 1.0
    index: Any = 0
    inside: Any = True
    for axis, size in enumerate(sizes):
        place = _place(flat[..., dims - 1 - axis], size, aligned)
        place = place if mode == "bicubic" else outside(place, size, aligned)
        low = np.rint(place.array) if mode == "nearest" else np.floor(place.array)
        at = low + np.arange(first, first + count, dtype=low.dtype).reshape(-1, *(1,) * (dims - axis))
        if mode == "bicubic":
            at = outside(make(at), size, aligned).array
        inside = inside & (at >= 0) & (at < size)
        index = index * size + np.where(inside, at, 0).astype(np.intp)
        weight = weights(kind, place - make(low), dims - axis) * weight
    images = np.arange(n).reshape(-1, *(1,) * (dims + 2)), np.arange(channels).reshape(-1, *(1,) * (dims + 1))
    found = index_rows.index(input.reshape(n, channels, math.prod(sizes)), (*images, index))
    total = (where(inside, found, 0.0) * weight).sum(tuple(range(2, dims + 2)))
    return total.reshape(n, channels, *shape)


_NEIGHBOURS = {"nearest": ("nearest", 0, 1), "bilinear": ("linear", 0, 2), "bicubic": ("cubic", -1, 4)}
"""For each mode the kind of weights, the first neighbour, and how many there are."""


def _place(coordinate: Tensor, n: int, aligned: bool) -> Tensor:
    """From -1 ... 1 to the numbers of the pixels."""
    return (coordinate + 1) * ((n - 1) / 2) if aligned else ((coordinate + 1) * n - 1) / 2


def _clipped(place: Tensor, n: int, aligned: bool = False) -> Tensor:
    """The nearest place inside; one at the edge, or beyond, has no slope."""
    inside = (place.array > 0) & (place.array < n - 1)
    edge = np.where(place.array <= 0, 0, n - 1)
    return _pieces(place, inside, np.where(inside, 0, edge))


def _reflected(place: Tensor, n: int, aligned: bool) -> Tensor:
    """The place in a mirror image: at the centre of the last pixel if aligned, or else at its outer edge."""
    low, span = (0.0, n - 1.0) if aligned else (-0.5, float(n))
    if not span:
        return _pieces(place, np.zeros_like(place.array), np.zeros_like(place.array))
    away = place.array - low
    sign = np.where(away < 0, -1.0, 1.0)
    flips = np.floor(np.absolute(away) / span)
    even = flips % 2 == 0
    # away = sign * |away|; an even number of flips leaves |away| - flips * span, an odd one mirrors it.
    slope = np.where(even, sign, -sign)
    shift = np.where(even, low - flips * span, low + (flips + 1) * span) - slope * low
    return _clipped(_pieces(place, slope, shift), n)


def _pieces(place: Tensor, slope: np.ndarray, shift: np.ndarray) -> Tensor:
    """slope * place + shift, both constant piece by piece; a slope of zero wins over a place that is NaN."""
    dtype = place.array.dtype
    return place * make(slope.astype(dtype)) + make(shift.astype(dtype))


_OUTSIDE: dict[str, Callable[..., Tensor]] = {
    "zeros": lambda place, n, aligned: place,
    "border": _clipped,
    "reflection": _reflected,
}


def _check(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    need_tensor("grid_sample", "input", input)
    need_tensor("grid_sample", "grid", grid, 2)
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in _OUTSIDE:
        raise ValueError(
            f"grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        )
    shape, places = input.array.shape, grid.array.shape
    dims = len(shape) - 2
    if input.array.dtype != grid.array.dtype:
        raise RuntimeError(
            f"grid_sample(): expected input and grid to have same dtype, but input has {input.dtype} and grid has "
            f"{grid.dtype}"
        )
    if dims not in (2, 3) or len(places) != len(shape):
        raise RuntimeError(
            f"grid_sample(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(places)}"
        )
    if shape[0] != places[0] or places[-1] != dims:
        raise RuntimeError(
            f"grid_sample(): expected grid and input to have same batch size and grid to have size {dims} in last "
            f"dimension, but got input with sizes {list(shape)} and grid with sizes {list(places)}"
        )
    if 0 in shape[2:]:
        raise RuntimeError(f"grid_sample(): expected input to have non-empty spatial dimensions, got {list(shape)}")
    if mode == "bicubic" and dims == 3:
        raise RuntimeError("grid_sample(): bicubic interpolation only supports 4D input")
