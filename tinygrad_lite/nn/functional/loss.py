"""Losses as functions, under PyTorch's names."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.reduction import log_softmax
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import loss as loss_rows
from tinygrad_lite.ops.activation import logsigmoid
from tinygrad_lite.tensors import make

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "l1_loss", "mse_loss", "nll_loss",
    "smooth_l1_loss",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


# --- what the losses have in common ---------------------------------------------------------------------


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


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def _need_pair(name: str, input: Tensor, target: Tensor) -> None:
    need_tensor(name, "input", input)
    need_tensor(name, "target", target, 2)


def _need_kinds(name: str, kinds: str, *tensors: Tensor) -> None:
    for tensor in tensors:
        if tensor.array.dtype.kind not in kinds:
            raise NotImplementedError(f'"{name}" not implemented for {tensor.dtype}')


def _warn_of_broadcast(input: Tensor, target: Tensor) -> None:
    """Say so where a loss broadcasts, which is seldom meant."""
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def _weighted(losses: Tensor, weight: Tensor, input: Tensor, reduction: str) -> Tensor:
    """The losses times their weights; the mean is over the weights."""
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    return losses.sum() / weight.sum() if reduction == "mean" else _reduced(losses, reduction)


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
    _need_pair("mse_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    _warn_of_broadcast(input, target)
    if weight is not None:
        return _weighted((input - target) ** 2, weight, input, reduction)
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
    _need_pair("l1_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    _warn_of_broadcast(input, target)
    losses = (input - target).abs()
    return _reduced(losses, reduction) if weight is None else _weighted(losses, weight, input, reduction)


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
    _need_pair("smooth_l1_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    _warn_of_broadcast(input, target)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    away = input - target
    _need_kinds("smooth_l1_loss", "f", away)
    size = away.abs()
    if beta:
        size = rows.where(size.detach() < beta, away * away * (0.5 / beta), size - 0.5 * beta)
    return _reduced(size, reduction)


# --- classes --------------------------------------------------------------------------------------------


def _check_classes(name: str, input: Tensor, target: Tensor, weight: Tensor | None) -> np.ndarray:
    """The labels, in the shape they have in a batch, after a look at whether they fit the input.

    Raises:
        ValueError, RuntimeError: for shapes or dtypes that do not fit.
    """
    seen = f"{name}: input has shape {list(input.array.shape)}, target {list(target.array.shape)}"
    labels, shape = target.array, input.array.shape
    if len(shape) == 1:
        if labels.shape not in ((), (1,)):
            raise ValueError(f"Expected input batch_size (1) to match target batch_size ({labels.shape[0]}). {seen}")
        labels = labels.reshape(())
    elif labels.shape[:1] != shape[:1]:
        n = labels.shape[0] if labels.ndim else 1
        raise ValueError(f"Expected input batch_size ({shape[0]}) to match target batch_size ({n}). {seen}")
    elif labels.shape[1:] != shape[2:]:
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {list(labels.shape)}. {seen}")
    if labels.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"expected scalar type Long for target but found {target.dtype}; use target.long()")
    if weight is not None:
        _check_class_weight(name, input, weight)
    return labels.astype(np.int64, copy=False)


def _check_class_weight(name: str, input: Tensor, weight: Tensor) -> None:
    need_tensor(name, "weight", weight, 3)
    classes = input.array.shape[0 if input.array.ndim == 1 else 1]
    if weight.array.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
            f"of shape: {list(weight.array.shape)}"
        )
    if weight.array.dtype is not input.array.dtype:
        raise RuntimeError(f"expected weight of {input.dtype}, as the input, but found {weight.dtype}")


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean (or sum, or each) of -input[target]: for log-probabilities, as `log_softmax` gives.

    Args:
        input: (N, C), (C,) or (N, C, ...) log-probabilities.
        target: (N,), () or (N, ...) class numbers, int64.
        weight: (C,) what each class counts for.
        size_average: PyTorch's older way to say the reduction.
        ignore_index: a target that counts nothing.
        reduce: PyTorch's older way to say the reduction.
        reduction: "mean" (over the weights that count), "sum" or "none".

    Raises:
        IndexError: for a class number out of range, naming it and where it is.
        ValueError, RuntimeError: for shapes or dtypes that do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.nll_loss(tg.tensor([[-0.1, -2.0]]), tg.tensor([1]))
        tensor(2.)
    """
    _need_pair("nll_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if not input.array.ndim:
        raise ValueError("nll_loss: expected input to have at least 1 dimension, got 0")
    _need_kinds("nll_loss", "f", input)
    labels = _check_classes("nll_loss", input, target, weight)
    counted = labels != ignore_index
    _check_labels(labels, counted, input.array.shape[0 if input.array.ndim == 1 else 1])
    labels = np.where(counted, labels, 0)
    weights = counted if weight is None else np.where(counted, weight.array[labels], 0)
    return loss_rows.nll_loss(input, labels, weights.astype(input.array.dtype, copy=False), counted, reduction)


def _check_labels(labels: np.ndarray, counted: np.ndarray, classes: int) -> None:
    bad = counted & ((labels < 0) | (labels >= classes))
    if bad.any():
        where = tuple(int(k) for k in np.argwhere(bad)[0])
        raise IndexError(
            f"Target {int(labels[where])} is out of bounds: target{list(where) if where else ''} must be one of the "
            f"{classes} classes 0 to {classes - 1}"
        )


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """The mean (or sum, or each) of -log(softmax(input))[target].

    Args:
        input: (N, C), (C,) or (N, C, ...) scores, not yet softmaxed.
        target: (N,), () or (N, ...) class numbers, int64; or probabilities in the shape of `input`.
        weight: (C,) what each class counts for.
        size_average: PyTorch's older way to say the reduction.
        ignore_index: a target that counts nothing.
        reduce: PyTorch's older way to say the reduction.
        reduction: "mean" (over the weights that count), "sum" or "none".
        label_smoothing: how much of each target is spread evenly over all classes, in [0, 1].

    Raises:
        IndexError: for a class number out of range, naming it and where it is.
        ValueError, RuntimeError: for shapes or dtypes that do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.cross_entropy(tg.tensor([[2.0, 0.0]]), tg.tensor([0]))
        tensor(0.1269)
    """
    _need_pair("cross_entropy", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    _need_kinds("cross_entropy", "f", input)
    if not input.array.ndim:
        raise IndexError("cross_entropy: expected input to have at least 1 dimension, the classes, got 0")
    dim = 0 if input.array.ndim == 1 else 1
    log_p = log_softmax(input, dim)
    if target.array.shape == input.array.shape:
        if target.array.dtype.kind != "f":
            raise RuntimeError(f"Expected floating point type for target with class probabilities, got {target.dtype}")
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _soft_cross_entropy(log_p, target, weight, dim, reduction, label_smoothing)
    hard = nll_loss(log_p, target, weight, None, ignore_index, None, reduction)
    if not label_smoothing:
        return hard
    even = _evenly(log_p, target, weight, dim, ignore_index, reduction)
    return hard * (1 - label_smoothing) + even * (label_smoothing / log_p.array.shape[dim])


def _evenly(
    log_p: Tensor, target: Tensor, weight: Tensor | None, dim: int, ignore_index: int, reduction: str
) -> Tensor:
    """What label smoothing adds: the loss of all classes together, where the target counts."""
    labels = target.array.reshape((*log_p.array.shape[:dim], *log_p.array.shape[dim + 1 :]))
    counted = labels != ignore_index
    per_class = log_p if weight is None else log_p * _along_classes(weight, log_p, dim)
    losses = rows.where(make(counted), -per_class.sum(dim), 0.0)
    if reduction != "mean":
        return _reduced(losses, reduction)
    total = counted.sum() if weight is None else weight.array[labels[counted]].sum()
    return losses.sum() / float(total)


def _along_classes(weight: Tensor, like: Tensor, dim: int) -> Tensor:
    """The class weights, shaped to broadcast along the class dimension."""
    return weight.reshape(tuple(-1 if k == dim else 1 for k in range(like.array.ndim)))


def _soft_cross_entropy(
    log_p: Tensor, target: Tensor, weight: Tensor | None, dim: int, reduction: str, smoothing: float
) -> Tensor:
    """The cross-entropy with probabilities as targets."""
    if smoothing:
        target = target * (1 - smoothing) + smoothing / log_p.array.shape[dim]
    losses = -log_p * target
    if weight is not None:
        _check_class_weight("cross_entropy", log_p, weight)
        losses = losses * _along_classes(weight, log_p, dim)
    return _reduced(losses.sum(dim), reduction)


# --- probabilities --------------------------------------------------------------------------------------


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(target log(input) + (1 - target) log(1 - input)), the logarithms at least -100.

    Args:
        input: probabilities.
        target: the wanted probabilities, of the same shape.
        weight: what each element counts for.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if the shapes differ.
        RuntimeError: if an input is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.binary_cross_entropy(tg.tensor([0.9]), tg.tensor([1.0]))
        tensor(0.1054)
    """
    _need_pair("binary_cross_entropy", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    _need_kinds("binary_cross_entropy", "f", input)
    if target.array.dtype is not input.array.dtype:
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}")
    for name, tensor in (("input", input), ("target", target)):
        if not ((tensor.array >= 0) & (tensor.array <= 1)).all():
            raise RuntimeError(
                f"all elements of {name} should be between 0 and 1; binary_cross_entropy_with_logits takes scores"
            )
    losses = loss_rows.binary_cross_entropy(input, target)
    return _reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`binary_cross_entropy(sigmoid(input), target)` without loss of digits.

    Args:
        input: scores.
        target: the wanted probabilities, of the same shape.
        weight: what each element counts for.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
        pos_weight: what a target of 1 counts for.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.binary_cross_entropy_with_logits(tg.tensor([2.0]), tg.tensor([1.0]))
        tensor(0.1269)
    """
    _need_pair("binary_cross_entropy_with_logits", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if target.array.dtype.kind != "f":
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}; use target.float()")
    positive = logsigmoid(input) if pos_weight is None else logsigmoid(input) * pos_weight
    losses = -(target * positive + (1 - target) * logsigmoid(-input))
    return _reduced(losses if weight is None else losses * weight, reduction)
