"""Losses of margins and of distances as modules. The formulas are those of the functions in `functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.distance import PairwiseDistance
from tinygrad_lite.nn.modules.loss import _Loss, _WeightedLoss

__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class MarginRankingLoss(_Loss):
    """max(0, margin - target (input1 - input2)): a target of 1 wants input1 larger, one of -1 input2.

    Args:
        margin: how far apart is far enough.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MarginRankingLoss(margin=1.0)(tg.tensor([0.0]), tg.tensor([2.0]), tg.tensor([1.0]))
        tensor(3.)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Three tensors of one shape."""
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """The distance `input` where the target is 1; max(0, margin - input) where it is -1 (Hadsell et al., 2006).

    Args:
        margin: how far apart is far enough.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.HingeEmbeddingLoss()(tg.tensor([2.0, 0.5]), tg.tensor([1.0, -1.0]))
        tensor(1.2500)
    """

    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(input1, input2) where the target is 1; max(0, cos(input1, input2) - margin) where it is -1.

    Args:
        margin: how far apart is far enough.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CosineEmbeddingLoss()(tg.tensor([[1.0, 0.0]]), tg.tensor([[0.0, 1.0]]), tg.ones(1))
        tensor(1.)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """(N, D) twice and (N,), or all without N."""
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target input)), for targets of 1 and -1.

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.SoftMarginLoss()(tg.zeros(1), tg.ones(1))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """The mean over the wrong classes of max(0, margin - input[target] + input[class])^p.

    Args:
        p: the exponent, 1 or 2.
        margin: how far apart is far enough.
        weight: (C,) a factor for each class, or None.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: for another exponent, or a weight that is not one-dimensional.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MultiMarginLoss()(tg.tensor([[0.0, 0.5]]), tg.tensor([0]))
        tensor(0.7500)
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, size_average: bool | None = None,
        reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"weight must be None or of one dimension, got {weight.ndim}")
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, C) scores and (N,) class numbers, or both without N."""
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """The sum of max(0, 1 - input[right] + input[wrong]) over all pairs of a right and a wrong class, over C.

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MultiLabelMarginLoss()(tg.tensor([0.0, 0.5]), tg.tensor([0, -1]))
        tensor(0.7500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, C) scores, and (N, C) the right classes, those up to the first -1; or both without N."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The binary cross-entropy of each class, averaged over the classes.

    Args:
        weight: (C,) a factor for each class, or None.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MultiLabelSoftMarginLoss()(tg.zeros(1, 2), tg.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, C) scores, and (N, C) ones for the right classes and zeros for the others."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), with the p-norm as d (Balntas et al., 2016).

    Args:
        margin: how far apart is far enough.
        p: the order of the norm.
        eps: is added to each difference, so that no gradient is infinite.
        swap: whether the negative counts from the positive where that is closer.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.TripletMarginLoss()(tg.zeros(1, 2), tg.zeros(1, 2), tg.ones(1, 2)).item() < 0
        False
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
        size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """(N, D) three times, or (D)."""
        return F.triplet_margin_loss(
            anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with a distance of one's own.

    Args:
        distance_function: of two tensors; `PairwiseDistance` if None.
        margin: how far apart is far enough.
        swap: whether the negative counts from the positive where that is closer.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: for a margin that is not positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> apart = lambda a, b: (a - b).abs().sum(-1)
        >>> loss = tg.nn.TripletMarginWithDistanceLoss(distance_function=apart, margin=3.0)
        >>> loss(tg.zeros(1, 2), tg.zeros(1, 2), tg.ones(1, 2))
        tensor(1.)
    """

    def __init__(
        self, *, distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0,
        swap: bool = False, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """(N, D) three times, or whatever the distance takes."""
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip
