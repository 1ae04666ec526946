"""What the losses have in common: reading their arguments, and the reduction."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import common_shape, need_tensor
from tinygrad_lite.warn import warn, warn_once

__all__: list[str] = []

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def chosen_reduction(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction, also where it is said by PyTorch's older arguments.

    Raises:
        ValueError: for another reduction than "mean", "sum" and "none".
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction; it is one of 'none', 'mean', 'sum'")
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def need_pair(name: str, input: Tensor, target: Tensor) -> None:
    need_tensor(name, "input", input)
    need_tensor(name, "target", target, 2)


def need_kinds(name: str, kinds: str, *tensors: Tensor) -> None:
    for tensor in tensors:
        if tensor.array.dtype.kind not in kinds:
            raise NotImplementedError(f'"{name}" not implemented for {tensor.dtype}')


def warn_of_broadcast(input: Tensor, target: Tensor) -> None:
    """Say so where a loss broadcasts, which is seldom meant; PyTorch says it at every call of these losses."""
    if input.array.shape != target.array.shape:
        warn(
            "loss_broadcast",
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size, for "
            "example by target.reshape(input.shape) or input.squeeze(-1).",
        )


def warn_of_column(name: str, input: Tensor, target: Tensor) -> None:
    """Say so, once, where a column meets a row and makes a matrix; PyTorch is silent for these losses."""
    shapes = input.array.shape, target.array.shape
    if shapes[0] != shapes[1] and common_shape(name, *shapes) not in shapes:
        warn_once(
            "loss_broadcast",
            f"{name}(): an input of shape {tuple(input.shape)} and a target of shape {tuple(target.shape)} broadcast "
            "to a larger shape, so that each is compared with all others. Please ensure they have the same size, for "
            "example by target.reshape(input.shape) or input.squeeze(-1).",
        )


def weighted(losses: Tensor, weight: Tensor, input: Tensor, reduction: str) -> Tensor:
    """The losses times their weights; the mean is over the weights."""
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    return losses.sum() / weight.sum() if reduction == "mean" else reduced(losses, reduction)
