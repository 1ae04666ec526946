"""Losses of numbers as functions, under PyTorch's names: how far a prediction is off."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.nn.functional.reductions import (
    chosen_reduction,
    need_kinds,
    need_pair,
    reduced,
    warn_of_broadcast,
    warn_of_column,
    weighted,
)
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import loss as loss_rows
from tinygrad_lite.tensors import make

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


# --- distances ------------------------------------------------------------------------------------------


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean (or sum, or each) of (input - target)².

    Args:
        input: a tensor.
        target: a tensor, usually of the same shape.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
        weight: what each element counts for, in the shape of `input`.

    Raises:
        RuntimeError: if the shapes do not broadcast.
        ValueError: for another reduction, or a weight of another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.mse_loss(tg.tensor([1.0, 2.0]), tg.tensor([0.0, 0.0]))
        tensor(2.5000)
    """
    need_pair("mse_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    warn_of_broadcast(input, target)
    if weight is not None:
        return weighted((input - target) ** 2, weight, input, reduction)
    if "c" in (kinds := input.array.dtype.kind + target.array.dtype.kind) or "f" not in kinds:
        raise NotImplementedError(f'"mse_loss" not implemented for {input.dtype} and {target.dtype}')
    return loss_rows.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean (or sum, or each) of |input - target|. Arguments as for `mse_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.l1_loss(tg.tensor([1.0, 2.0]), tg.tensor([0.0, 0.0]))
        tensor(1.5000)
    """
    need_pair("l1_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    warn_of_broadcast(input, target)
    losses = (input - target).abs()
    return reduced(losses, reduction) if weight is None else weighted(losses, weight, input, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """(input - target)² / (2 beta) where closer than beta, else |input - target| - beta / 2.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.smooth_l1_loss(tg.tensor([0.5, 3.0]), tg.zeros(2), reduction="none")
        tensor([0.1250, 2.5000])
    """
    need_pair("smooth_l1_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    warn_of_broadcast(input, target)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    away = input - target
    need_kinds("smooth_l1_loss", "f", away)
    size = away.abs()
    if beta:
        size = rows.where(size.detach() < beta, away * away * (0.5 / beta), size - 0.5 * beta)
    return reduced(size, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """(input - target)² / 2 where closer than delta, else delta (|input - target| - delta / 2) (Huber, 1964).

    Args:
        input: a tensor.
        target: a tensor, usually of the same shape.
        reduction: "mean", "sum" or "none".
        delta: where the parabola becomes a line.
        weight: what each element is multiplied by, in the shape of `input`.

    Raises:
        RuntimeError: if delta is not positive, or the shapes do not broadcast.
        ValueError: for another reduction, or a weight of another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.huber_loss(tg.tensor([0.5, 3.0]), tg.zeros(2), reduction="none", delta=2.0)
        tensor([0.1250, 4.0000])
    """
    need_pair("huber_loss", input, target)
    reduction = chosen_reduction(reduction, None, None)
    warn_of_broadcast(input, target)
    if not delta > 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    away = input - target
    need_kinds("huber_loss", "f", away)
    size = away.abs()
    losses = rows.where(size.detach() <= delta, away * away * 0.5, (size - 0.5 * delta) * delta)
    if weight is not None and weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")
    return reduced(losses if weight is None else losses * weight, reduction)


# --- counts and noise -----------------------------------------------------------------------------------


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
    eps: float = 1e-08, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """What a count costs under a Poisson distribution: rate - target log(rate).

    Args:
        input: the logarithm of the expected count, or the count itself.
        target: the count.
        log_input: which of the two `input` is.
        full: add Stirling's approximation of log(target!), for targets above 1.
        size_average: PyTorch's older way to say the reduction.
        eps: added to the rate in the logarithm, where `input` is the rate.
        reduce: PyTorch's older way to say the reduction.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.poisson_nll_loss(tg.tensor([0.0]), tg.tensor([2.0]))
        tensor(1.)
    """
    need_pair("poisson_nll_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    warn_of_column("poisson_nll_loss", input, target)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + (target * (2 * math.pi)).log() * 0.5
        losses = losses + rows.where(target.detach() <= 1, 0.0, stirling)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """What a target costs under a normal distribution: (log(var) + (input - target)² / var) / 2.

    Args:
        input: the expected value.
        target: the value.
        var: the variance, in the shape of `input`, or without or with size 1 in one dimension; or a number.
        full: add the constant log(2 pi) / 2.
        eps: the smallest variance; the gradient is that of the variance given.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if a variance is negative or its shape does not fit; for another reduction.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.gaussian_nll_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([4.0]))
        tensor(1.1931)
    """
    need_pair("gaussian_nll_loss", input, target)
    var = var if isinstance(var, TensorCore) else make(np.full_like(input.array, var))
    if (var.array < 0).any():
        raise ValueError("var has negative entry/entries")
    reduction = chosen_reduction(reduction, None, None)
    shape, seen = input.array.shape, var.array.shape
    if seen != shape:
        if shape[:-1] == seen:
            var = var.unsqueeze(-1)
        elif len(shape) != len(seen) or sum(b for a, b in zip(shape, seen, strict=True) if a != b) != 1:
            raise ValueError(f"var is of incorrect size: {list(seen)} for an input of shape {list(shape)}")
    warn_of_column("gaussian_nll_loss", input, target)
    small = np.maximum(eps - var.array, 0).astype(var.array.dtype)
    var = var + make(small) if small.any() else var
    losses = (var.log() + (input - target) ** 2 / var) * 0.5
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
