"""Losses of classes and probabilities as functions, under PyTorch's names."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.reduction import log_softmax
from tinygrad_lite.nn.functional.reductions import chosen_reduction, need_kinds, need_pair, reduced, warn_of_column
from tinygrad_lite.ops import activation
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import loss as loss_rows
from tinygrad_lite.ops.special import xlogy
from tinygrad_lite.tensors import make
from tinygrad_lite.warn import warn_once

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "kl_div", "nll_loss"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


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
    need_pair("nll_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if not input.array.ndim:
        raise ValueError("nll_loss: expected input to have at least 1 dimension, got 0")
    need_kinds("nll_loss", "f", input)
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
    need_pair("cross_entropy", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    need_kinds("cross_entropy", "f", input)
    if not input.array.ndim:
        raise IndexError("cross_entropy: expected input to have at least 1 dimension, the classes, got 0")
    dim = 0 if input.array.ndim == 1 else 1
    if input.node is not None and input.node.op.name == "softmax":
        warn_once(
            "softmax_into_cross_entropy",
            "cross_entropy() takes scores and applies log_softmax itself, but its input is the output of a softmax: "
            "the gradients get small and training slow. Pass what the softmax was applied to.",
        )
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
        return reduced(losses, reduction)
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
    return reduced(losses.sum(dim), reduction)


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
    need_pair("binary_cross_entropy", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    need_kinds("binary_cross_entropy", "f", input)
    if target.array.dtype is not input.array.dtype:
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}")
    for name, tensor in (("input", input), ("target", target)):
        if not ((tensor.array >= 0) & (tensor.array <= 1)).all():
            raise RuntimeError(
                f"all elements of {name} should be between 0 and 1; binary_cross_entropy_with_logits takes scores"
            )
    losses = loss_rows.binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


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
    need_pair("binary_cross_entropy_with_logits", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if target.array.dtype.kind != "f":
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}; use target.float()")
    positive = activation.logsigmoid(input) if pos_weight is None else activation.logsigmoid(input) * pos_weight
    losses = -(target * positive + (1 - target) * activation.logsigmoid(-input))
    return reduced(losses if weight is None else losses * weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """How far the distribution `input` is from `target`: target (log(target) - input) (Kullback and Leibler, 1951).

    Args:
        input: log-probabilities.
        target: probabilities, or their logarithms.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "batchmean" (the sum over the first dimension's size, which is the divergence), "mean" (over all
            elements, with a warning, as in PyTorch), "sum" or "none".
        log_target: whether `target` holds logarithms.

    Raises:
        RuntimeError: for integers or complex numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> p, q = tg.tensor([[0.5, 0.5]]), tg.tensor([[0.25, 0.75]])
        >>> tg.nn.functional.kl_div(q.log(), p, reduction="batchmean")
        tensor(0.1438)
    """
    need_pair("kl_div", input, target)
    batch = reduction == "batchmean"
    reduction = chosen_reduction("sum" if batch else reduction, size_average, reduce)
    for tensor in (input, target):
        if (kind := tensor.array.dtype.kind) != "f":
            raise RuntimeError(f"kl_div: {'Complex' if kind == 'c' else 'Integral'} inputs not supported.")
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=2,
        )
    warn_of_column("kl_div", input, target)
    losses = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    out = reduced(losses, reduction)
    return out / input.array.shape[0] if batch and input.array.ndim else out
