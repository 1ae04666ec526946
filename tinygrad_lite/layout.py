"""How elements lie in memory: the constants that PyTorch names it by."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "layout",
    "memory_format",
    "preserve_format",
    "strided",
]


class _Constant:
    """One of a few values that are known by name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"tinygrad_lite.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout(_Constant):  # noqa: N801 - PyTorch's name
    """Whether a tensor is an array with strides; here all are."""


class memory_format(_Constant):  # noqa: N801 - PyTorch's name
    """An order of dimensions in memory."""


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

_LAST = {channels_last: (4, (0, 2, 3, 1)), channels_last_3d: (5, (0, 2, 3, 4, 1))}


def order_of(format: Any, ndim: int, array: np.ndarray | None = None) -> tuple[int, ...] | None:
    """The dimensions from the outermost in memory to the innermost; None for as they are counted.

    Args:
        format: the memory format.
        ndim: how many dimensions there are.
        array: what `preserve_format` preserves the layout of.

    Raises:
        RuntimeError: if there are not as many dimensions as the format is for.
        TypeError: if it is no memory format.
    """
    if format is None or format is contiguous_format:
        return None
    if format is preserve_format:
        if array is None or array.flags.c_contiguous or 0 in array.strides:
            return None
        return tuple(sorted(range(array.ndim), key=lambda d: -abs(array.strides[d])))
    if format not in _LAST:
        raise TypeError(f"memory_format must be one of tinygrad_lite's memory formats, not {format!r}")
    rank, order = _LAST[format]
    if ndim != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {format.name} format, got {ndim} dimensions")
    return order


def zeros_in(shape: tuple[int, ...], dtype: Any, order: tuple[int, ...] | None) -> np.ndarray:
    """Zeros whose dimensions lie in memory in `order`, outermost first."""
    if order is None:
        return np.zeros(shape, dtype)
    return np.zeros([shape[d] for d in order], dtype).transpose([order.index(d) for d in range(len(shape))])


def lies_as(array: np.ndarray, format: Any) -> bool:
    """Whether the elements lie in memory as the format says, without gaps."""
    if format is contiguous_format:
        return array.flags.c_contiguous
    if array.ndim != _LAST[format][0]:
        return False
    return array.transpose(_LAST[format][1]).flags.c_contiguous
