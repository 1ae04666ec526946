"""Losses with a margin as functions, under PyTorch's names: wanted is "larger by so much", not a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.comparing import clamp, minimum, where
from tinygrad_lite.nn.functional.distance import pairwise_distance
from tinygrad_lite.nn.functional.reductions import (
    chosen_reduction,
    need_kinds,
    need_pair,
    reduced,
    warn_of_column,
)
from tinygrad_lite.ops import activation as rows
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.tensors import make

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


# --- pairs ----------------------------------------------------------------------------------------------


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin - target (input1 - input2)): a target of 1 wants input1 larger, one of -1 input2.

    Args:
        input1: a tensor.
        input2: a tensor of the same number of dimensions.
        target: 1 and -1, likewise.
        margin: by how much.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: if the numbers of dimensions differ, or the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.margin_ranking_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0]))
        tensor(2.)
    """
    need_tensor("margin_ranking_loss", "input1", input1)
    need_tensor("margin_ranking_loss", "input2", input2, 2)
    need_tensor("margin_ranking_loss", "target", target, 3)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    return reduced(clamp(-target * (input1 - input2) + margin, min=0), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The distance `input` where the target is 1; max(0, margin - input) where it is -1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.hinge_embedding_loss(
        ...     tg.tensor([0.5, 0.25]), tg.tensor([1.0, -1.0]), reduction="none")
        tensor([0.5000, 0.7500])
    """
    need_pair("hinge_embedding_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    warn_of_column("hinge_embedding_loss", input, target)
    apart = where(target != 1, clamp(margin - input, min=0), 0)
    return reduced(apart + where(target != -1, input, 0), reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """log(1 + exp(-target input)), for targets of 1 and -1.

    Raises:
        RuntimeError: if the target does not broadcast to the shape of the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.soft_margin_loss(tg.tensor([0.0, 2.0]), tg.tensor([1.0, 1.0]), reduction="none")
        tensor([0.6931, 0.1269])
    """
    need_pair("soft_margin_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"soft_margin_loss(): result type Float can't be cast to {input.dtype}")
    losses = rows.softplus(-target * input)
    if losses.array.shape != input.array.shape:
        raise RuntimeError(
            f"soft_margin_loss(): output with shape {list(input.array.shape)} doesn't match the broadcast shape "
            f"{list(losses.array.shape)}"
        )
    return reduced(losses, reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cos(input1, input2) where the target is 1; max(0, cos(input1, input2) - margin) where it is -1.

    Args:
        input1: (N, D) or (D,).
        input2: likewise.
        target: (N,) or (), of 1 and -1.
        margin: the cosine up to which vectors count as apart.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: if the shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> a, b = tg.tensor([[1.0, 0.0]]), tg.tensor([[0.0, 2.0]])
        >>> tg.nn.functional.cosine_embedding_loss(a, b, tg.tensor([1.0]))
        tensor(1.)
    """
    need_tensor("cosine_embedding_loss", "input1", input1)
    need_tensor("cosine_embedding_loss", "input2", input2, 2)
    need_tensor("cosine_embedding_loss", "target", target, 3)
    reduction = chosen_reduction(reduction, size_average, reduce)
    along = target.array.ndim
    if along > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1.array.ndim == input2.array.ndim == along + 1:
        raise RuntimeError(
            f"{along}D target tensor expects {along + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.array.shape)} and {list(input2.array.shape)}."
        )
    lengths = ((input1 * input1).sum(along) + 1e-12) * ((input2 * input2).sum(along) + 1e-12)
    cosine = (input1 * input2).sum(along) / lengths.sqrt()
    alike = where(target == 1, 1 - cosine, 0)
    return reduced(alike + where(target == -1, clamp(cosine - margin, min=0), 0), reduction)


# --- triplets -------------------------------------------------------------------------------------------


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), with the p-norm as d.

    Args:
        anchor: (N, D) or (D,).
        positive: what should be near.
        negative: what should be far.
        margin: by how much farther.
        p: the order of the norm.
        eps: added to the differences.
        swap: take d(positive, negative) for the negative distance where that is less (Balntas et al., 2016).
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: for a margin that is not positive, or another reduction.
        RuntimeError: if the shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> a, p, n = tg.tensor([[0.0]]), tg.tensor([[1.0]]), tg.tensor([[1.5]])
        >>> tg.nn.functional.triplet_margin_loss(a, p, n)
        tensor(0.5000)
    """
    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=lambda a, b: pairwise_distance(a, b, p, eps), margin=margin,
        swap=swap, reduction=chosen_reduction(reduction, size_average, reduce),
    )  # fmt: skip


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0, swap: bool = False,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """`triplet_margin_loss` with a distance of one's own; `pairwise_distance` unless said otherwise.

    Example:
        >>> import tinygrad_lite as tg
        >>> a, p, n = tg.tensor([0.0, 0.0]), tg.tensor([1.0, 0.0]), tg.tensor([0.0, 1.5])
        >>> tg.nn.functional.triplet_margin_with_distance_loss(
        ...     a, p, n, distance_function=lambda x, y: (x - y).abs().max())
        tensor(0.5000)
    """
    for k, (called, tensor) in enumerate({"anchor": anchor, "positive": positive, "negative": negative}.items(), 1):
        need_tensor("triplet_margin_loss", called, tensor, k)
    reduction = chosen_reduction(reduction, None, None)
    if not margin > 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = anchor.array.ndim, positive.array.ndim, negative.array.ndim
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp(near + margin - far, min=0), reduction)


# --- classes --------------------------------------------------------------------------------------------


def _rows_of_classes(name: str, input: Tensor) -> tuple[Tensor, int]:
    """The input as (N, classes), and the number of classes.

    Raises:
        RuntimeError: if it is neither that nor (classes,).
    """
    need_kinds(name, "f", input)
    shape = input.array.shape
    if len(shape) > 2 or 0 in shape[-1:]:
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )
    classes = shape[-1] if shape else 1
    return (input if len(shape) == 2 else input.reshape(1, classes)), classes


def _unlike(name: str, target: Tensor) -> np.ndarray:
    if target.array.dtype != np.int64:
        raise RuntimeError(f"{name}: expected scalar type Long but found {target.dtype}; use target.long()")
    return target.array


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over the wrong classes of max(0, margin - input[target] + input[class])^p.

    Args:
        input: (N, C) or (C,) scores.
        target: (N,) or () class numbers, int64.
        p: 1 or 2.
        margin: by how much the right class should be ahead.
        weight: (C,) what each class counts for.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: for another p, reduction, or a weight that is no vector.
        RuntimeError: if shapes or dtypes do not fit, or a class number is out of range.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.multi_margin_loss(tg.tensor([[0.0, 2.0]]), tg.tensor([0]))
        tensor(1.5000)
    """
    need_pair("multi_margin_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
    if weight is not None and weight.array.ndim != 1:
        raise ValueError(f"weight must be one-dimensional, got {weight.array.ndim} dimensions")
    x, classes = _rows_of_classes("multi_margin_loss", input)
    n = x.array.shape[0]
    if target.array.shape not in ((n,), () if input.array.ndim < 2 else (n,)):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{n}], but got {list(target.array.shape)}. Input has shape "
            f"{list(input.array.shape)}."
        )
    labels = _unlike("multi_margin_loss", target).reshape(n)
    if ((labels < 0) | (labels >= classes)).any():
        raise RuntimeError(f"multi_margin_loss: target out of range, it must be one of the {classes} classes")
    if weight is not None and weight.array.size != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.array.shape)}")
    own = index_rows.pick(x, (np.arange(n), labels)).unsqueeze(1)
    behind = rows.relu(x - own + margin)
    wrong = make(labels[:, None] != np.arange(classes))
    losses = where(wrong, behind if p == 1 else behind * behind, 0.0)
    if weight is not None:
        losses = losses * make(weight.array[labels][:, None])
    return reduced((losses.sum(1) / classes).reshape(target.array.shape), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The sum of max(0, 1 - input[right] + input[wrong]) over all pairs of a right and a wrong class, over C.

    Args:
        input: (N, C) or (C,) scores.
        target: in the same shape, int64: the right classes, up to the first -1.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: if shapes or dtypes do not fit, or a class number is out of range.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.multilabel_margin_loss(tg.tensor([0.5, 0.25]), tg.tensor([0, -1]))
        tensor(0.3750)
    """
    need_pair("multilabel_margin_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    x, classes = _rows_of_classes("multilabel_margin_loss", input)
    if target.array.shape != input.array.shape:
        raise RuntimeError(
            f"inconsistent target size: {list(target.array.shape)} for input of size: {list(input.array.shape)}"
        )
    labels = _unlike("multilabel_margin_loss", target).reshape(x.array.shape)
    if ((labels < -1) | (labels >= classes)).any():
        raise RuntimeError(f"multilabel_margin_loss: target is out of range, which is -1 to {classes - 1}")
    given = np.logical_and.accumulate(labels >= 0, axis=1)
    labels = np.where(given, labels, 0)
    right = ((labels[:, :, None] == np.arange(classes)) & given[:, :, None]).any(1)
    of_right = index_rows.index(x, (np.arange(len(labels))[:, None], labels))
    behind = rows.relu(x.unsqueeze(1) - of_right.unsqueeze(2) + 1)
    losses = where(make(given[:, :, None] & ~right[:, None, :]), behind, 0.0)
    return reduced((losses.sum((1, 2)) / classes).reshape(input.array.shape[:-1]), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The binary cross-entropy of each class, averaged over the last dimension.

    Args:
        input: (N, C) or (C,) scores.
        target: in the same shape, 1 for the right classes, 0 for the others.
        weight: what each class counts for.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.multilabel_soft_margin_loss(tg.tensor([[2.0, -2.0]]), tg.tensor([[1.0, 0.0]]))
        tensor(0.1269)
    """
    need_pair("multilabel_soft_margin_loss", input, target)
    reduction = chosen_reduction(reduction, size_average, reduce)
    need_kinds("multilabel_soft_margin_loss", "f", input)
    warn_of_column("multilabel_soft_margin_loss", input, target)
    losses = -(target * rows.logsigmoid(input) + (1 - target) * rows.logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return reduced(losses.sum(input.array.ndim - 1) / input.array.shape[-1], reduction)
