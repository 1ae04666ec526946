"""Images made larger or smaller, and looked up at any place, under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)
from tinygrad_lite.nn.functional.spatial import Size, Tensor, each
from tinygrad_lite.ops import resize as rows
from tinygrad_lite.ops.resize import Taps

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

Factors: TypeAlias = float | Sequence[float] | None

_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def interpolate(
    input: Tensor, size: Size | None = None, scale_factor: Factors = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Signals, images or volumes resized.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the size of the result, an int or one for each dimension; or else
        scale_factor: how many times as large it is to be.
        mode: "nearest"; "nearest-exact", with the centres of pixels compared; "linear", "bilinear" or
            "trilinear", as many dimensions as there are; "bicubic"; "area", as `adaptive_avg_pool2d`.
        align_corners: whether the centres of the corner pixels keep their places, rather than the corners
            of the image; for the modes that are linear or cubic.
        recompute_scale_factor: whether the factor is computed again from the size of the result, which is
            rounded down.
        antialias: whether an image that is made smaller is averaged over what each pixel covers; for
            "bilinear" and "bicubic".

    Raises:
        ValueError: if the settings contradict each other.
        NotImplementedError: for a mode that does not go with so many dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([[[1.0, 3.0]]])
        >>> tg.nn.functional.interpolate(x, scale_factor=2)
        tensor([[[1., 1., 3., 3.]]])
        >>> tg.nn.functional.interpolate(x, 4, mode="linear")
        tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    need_tensor("interpolate", "input", input)
    shape, dims = input.array.shape, input.array.ndim - 2
    linear = mode in _DIMS
    if align_corners is not None and not linear:
        raise ValueError(
            "interpolate(): align_corners option can only be set with the interpolating modes: linear | bilinear | "
            f"bicubic | trilinear, got mode={mode!r}"
        )
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(
            f"interpolate(): Anti-alias option is restricted to bilinear and bicubic modes, got mode={mode!r}"
        )
    if not linear and mode not in ("nearest", "nearest-exact", "area"):
        raise NotImplementedError(f"interpolate(): unknown mode {mode!r}")
    if dims not in (1, 2, 3) or _DIMS.get(mode, dims) != dims:
        raise NotImplementedError(
            f"interpolate(): Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.array.ndim}D), for "
            f"the modes nearest | nearest-exact | area | linear (3D) | bilinear (4D) | bicubic (4D) | trilinear (5D) "
            f"(got {mode})"
        )
    sizes, factors = _wanted(shape[2:], size, scale_factor)
    if recompute_scale_factor:
        if size is not None:
            raise ValueError("interpolate(): recompute_scale_factor is not meaningful with an explicit size.")
        factors = None
    if min(sizes) < 1 or 0 in shape[1:]:
        raise RuntimeError(
            f"interpolate(): Input and output sizes should be greater than 0, but got input of size {list(shape)} and "
            f"output size {sizes}"
        )
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[dims - 1](input, sizes)
    dtype = input.array.dtype
    if dtype.kind != "f" and (linear or dtype != np.uint8):
        raise NotImplementedError(f"interpolate() is not implemented for {input.dtype} and mode {mode!r}")
    kind = mode if not linear else "cubic" if mode == "bicubic" else "linear"
    computed_in = "float64" if dtype == np.float64 else "float32"
    for k, (n, m) in enumerate(zip(shape[2:], sizes, strict=True)):
        if n != m or (linear and factors is not None):
            factor = None if factors is None else factors[k]
            taps = (_averaging if antialias else _taps)(kind, n, m, factor, bool(align_corners), computed_in)
            input = rows.along(input, taps, k + 2)
    return input


def upsample(
    input: Tensor, size: Size | None = None, scale_factor: Factors = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of `interpolate`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.upsample(tg.tensor([[[1.0, 3.0]]]), 4)
        tensor([[[1., 1., 3., 3.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Size | None = None, scale_factor: Factors = None) -> Tensor:
    """`interpolate` with mode "nearest".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.upsample_nearest(tg.tensor([[[1.0, 3.0]]]), 4)
        tensor([[[1., 1., 3., 3.]]])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Size | None = None, scale_factor: Factors = None) -> Tensor:
    """`interpolate` with mode "bilinear" and corners aligned.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.upsample_bilinear(tg.tensor([[[[1.0, 4.0]]]]), (1, 4))
        tensor([[[[1., 2., 3., 4.]]]])
    """
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def _wanted(sizes: tuple[int, ...], size: Any, scale_factor: Any) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """The sizes of the result, and the factors where those were given."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate(): only one of size or scale_factor should be defined, and one must be")
    given = size if scale_factor is None else scale_factor
    if isinstance(given, Sequence) and len(given) != len(sizes):
        raise ValueError(
            f"interpolate(): Input and output must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(sizes)} and {'output size' if scale_factor is None else 'scale_factor'} of "
            f"{given}"
        )
    if scale_factor is None:
        return each("interpolate", "size", size, len(sizes)), None
    factors = tuple(map(float, given)) if isinstance(given, Sequence) else (float(given),) * len(sizes)
    return tuple(math.floor(n * f) for n, f in zip(sizes, factors, strict=True)), factors


@lru_cache(maxsize=256)
def _taps(kind: str, n: int, m: int, factor: float | None, align_corners: bool, dtype: str) -> Taps:
    """How m results come from n elements; places are computed in the input's precision, as in PyTorch."""
    number = np.dtype(dtype).type
    at = np.arange(m, dtype=dtype)
    step = number(1 / factor) if factor else number(n) / number(m)
    if kind.startswith("nearest"):
        middle = number(0.5 if kind == "nearest-exact" else 0)
        nearest = np.floor((at + middle) * step).astype(np.intp)
        return Taps(np.minimum(nearest, n - 1)[None], None, n)
    if align_corners:
        place = at * (number(n - 1) / number(m - 1) if m > 1 else number(0))
    else:
        place = (at + number(0.5)) * step - number(0.5)
    if kind == "linear":
        place = place.clip(0, n - 1)
    low = np.floor(place)
    index = low.astype(np.intp) + (np.arange(2) if kind == "linear" else np.arange(-1, 3))[:, None]
    return Taps(index.clip(0, n - 1), weights(kind, place - low, 1), n)


@lru_cache(maxsize=256)
def _averaging(kind: str, n: int, m: int, factor: float | None, align_corners: bool, dtype: str) -> Taps:
    """The same with a kernel as wide as what a result covers, so that every element counts; a = -0.5 for the cubic."""
    step = (n - 1) / max(m - 1, 1) if align_corners else 1 / factor if factor else n / m
    wide = max(step, 1.0)
    reach = wide * (1 if kind == "linear" else 2)
    middle = np.asarray(step, dtype) * (np.arange(m, dtype=dtype) + np.asarray(0.5, dtype))
    first = (middle - reach + 0.5).astype(np.intp).clip(0)
    last = (middle + reach + 0.5).astype(np.intp).clip(None, n)
    index = first + np.arange((last - first).max())[:, None]
    t = np.absolute((index.astype(dtype) - middle + 0.5) / wide)
    near = 1 - t if kind == "linear" else (1.5 * t - 2.5) * t * t + 1
    far = 0.0 if kind == "linear" else ((-0.5 * t + 2.5) * t - 4) * t + 2
    weight = np.where(t < 1, near, np.where(t < 2, far, 0.0)) * (index < last)
    return Taps(index.clip(0, n - 1), (weight / weight.sum(axis=0)).astype(dtype), n)


_POLYNOMIALS = {
    "nearest": np.array([[1.0], [0.0]]),
    "linear": np.array([[1.0, 0.0], [-1.0, 1.0]]),
    "cubic": np.array(
        [[0.0, 1.0, 0.0, 0.0], [-0.75, 0.0, 0.75, 0.0], [1.5, -2.25, 1.5, -0.75], [-0.75, 1.25, -1.25, 0.75]]
    ),
}
"""For each power of t what it adds to the weight of each neighbour; the cubic ones are Keys' (1981), a = -0.75."""


def weights(kind: str, t: Any, ndim: int) -> Any:
    """The weights of the neighbours of a place that is t beyond the one below it, 0 <= t < 1.

    They lie along a dimension before the last `ndim`, where t is broadcast.
    """
    powers = _POLYNOMIALS[kind].astype(getattr(t, "array", t).dtype)
    *lower, out = powers.reshape(*powers.shape, *(1,) * ndim)
    for coefficients in reversed(lower):
        out = out * t + coefficients
    return out
