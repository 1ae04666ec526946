"""Dropout as functions, under PyTorch's names."""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.inplace import write
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.random import current_generator

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def _check(name: str, input: Tensor, p: float, training: bool) -> bool:
    """Whether there is anything to drop; refuses what cannot be dropped from."""
    need_tensor(name, "input", input)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or not input.array.size:
        return False
    if input.array.dtype.kind == "c":
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}')
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"{name}(): result type Float can't be cast to {input.dtype}; convert the input first")
    return True


def _kept(array: np.ndarray, shape: tuple[int, ...], p: float) -> np.ndarray:
    """True where an element stays, with probability 1 - p; drawn in the order in which they lie in memory."""
    size = math.prod(shape)
    drawn = current_generator().bernoulli(size, 1 - p) if p < 1 else np.zeros(size, bool)
    if shape != array.shape or array.flags.c_contiguous:
        return drawn.reshape(shape)
    axes = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    return drawn.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes))


def _channels(name: str, input: Tensor) -> tuple[int, ...]:
    """The shape of one number for each channel of each sample."""
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"{name}(): Feature dropout requires at least 2 dimensions in the input, got {len(shape)}")
    return (*shape[:2], *(1,) * (len(shape) - 2))


def _scaled(name: str, input: Tensor, p: float, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    """The input times a mask of `shape`, whose ones are 1 / (1 - p)."""
    mask = _kept(input.array, shape, p) * np.asarray(1 / (1 - p) if p < 1 else 0.0, input.array.dtype)
    return write(input, lambda: rows.mul(input, mask), name + "_") if inplace else rows.mul(input, mask)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to zero with probability p, the others divided by 1 - p (Srivastava et al., 2014).

    Args:
        input: a tensor.
        p: the probability.
        training: whether to do anything at all.
        inplace: write into the input.

    Raises:
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.nn.functional.dropout(tg.ones(4), 0.5)
        tensor([0., 0., 2., 0.])
    """
    if not _check("dropout", input, p, training):
        return input
    return _scaled("dropout", input, p, inplace, input.array.shape)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel set to zero as a whole with probability p, the others divided by 1 - p (Tompson et al., 2015).

    Args:
        input: (N, C, L) or (C, L).
        p: the probability.
        training: whether to do anything at all.
        inplace: write into the input.

    Raises:
        RuntimeError: for another number of dimensions.
        ValueError: if p is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(2)
        >>> tg.nn.functional.dropout1d(tg.ones(2, 3), 0.5)
        tensor([[0., 0., 0.],
                [2., 2., 2.]])
    """
    need_tensor("dropout1d", "input", input)
    ndim = input.array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input: (N, C, L) or (C, L). "
            "dropout is for other shapes."
        )
    return _by_channel("dropout1d", input, p, training, inplace, unbatched=ndim == 2)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout1d`, for (N, C, H, W). A 3-D input is taken as (N, C, L), as in PyTorch, with a warning.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.dropout2d(tg.ones(1, 8, 5, 5), 0.25).shape
        Size([1, 8, 5, 5])
    """
    _warn_of_dimensions("dropout2d", input, (3, 4))
    if input.array.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3-D input to dropout2d and assuming that channel-wise 1-D dropout behavior is "
            "desired - input is interpreted as shape (N, C, L), where C is the channel dim. Please use dropout1d.",
            stacklevel=2,
        )
    return _by_channel("dropout2d", input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout1d`, for (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.dropout3d(tg.ones(1, 8, 3, 5, 5), 0.25).shape
        Size([1, 8, 3, 5, 5])
    """
    _warn_of_dimensions("dropout3d", input, (4, 5))
    return _by_channel("dropout3d", input, p, training, inplace, unbatched=input.array.ndim != 5)


def _warn_of_dimensions(name: str, input: Tensor, expected: tuple[int, int]) -> None:
    need_tensor(name, "input", input)
    if (ndim := input.array.ndim) not in expected:
        warnings.warn(
            f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a "
            f"future release. It is for {expected[0]}-D and {expected[1]}-D inputs; please use dropout instead.",
            stacklevel=3,
        )


def _by_channel(name: str, input: Tensor, p: float, training: bool, inplace: bool, unbatched: bool = False) -> Tensor:
    if not _check(name, input, p, training):
        return input
    shape = input.array.shape
    one_each = (shape[0], *(1,) * (len(shape) - 1)) if unbatched else _channels(name, input)
    return _scaled(name, input, p, inplace, one_each)


_FLOOR = 1.7580993408473766
"""Minus what SELU tends to, far below zero: its alpha times its scale."""


def _alpha(name: str, input: Tensor, p: float, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    """What is dropped becomes SELU's lower limit; then all is scaled so that mean and variance stay."""
    if p == 1:
        return write(input, lambda: rows.mul(input, 0.0), name + "_") if inplace else rows.mul(input, 0.0)
    scale = 1 / math.sqrt((_FLOOR * _FLOOR * p + 1) * (1 - p))
    kept = _kept(input.array, shape, p).astype(input.array.dtype)
    shift = (kept - 1) * (_FLOOR * scale) + _FLOOR * scale * p

    def drop() -> Tensor:
        return rows.add(rows.mul(input, kept * scale), shift)

    return write(input, drop, name + "_") if inplace else drop()


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for networks of SELU units, which keeps mean and variance (Klambauer et al., 2017).

    Arguments as for `dropout`; note that `training` is False unless said otherwise.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.nn.functional.alpha_dropout(tg.ones(3), 0.5, training=True)
        tensor([-0.7792, -0.7792,  1.6656])
    """
    if not _check("alpha_dropout", input, p, training):
        return input
    return _alpha("alpha_dropout", input, p, inplace, input.array.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels. The input is (N, C, ...).

    Raises:
        RuntimeError: for fewer than two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.nn.functional.feature_alpha_dropout(tg.ones(1, 3, 2), 0.5, training=True)
        tensor([[[-0.7792, -0.7792],
                 [-0.7792, -0.7792],
                 [ 1.6656,  1.6656]]])
    """
    if not _check("feature_alpha_dropout", input, p, training):
        return input
    return _alpha("feature_alpha_dropout", input, p, inplace, _channels("feature_alpha_dropout", input))
