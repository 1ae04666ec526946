"""Losses as modules. The formulas are those of the functions in `functional`."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

from tinygrad_lite.later import later
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.functional.reductions import chosen_reduction
from tinygrad_lite.nn.modules import LATER
from tinygrad_lite.nn.modules.module import Module

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "GaussianNLLLoss", "HuberLoss", "KLDivLoss",
    "L1Loss", "MSELoss", "NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Loss(Module):
    """A loss of an input and a target.

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = chosen_reduction(reduction, size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a weight for each class or element, which is a buffer."""

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# --- of numbers -----------------------------------------------------------------------------------------


class MSELoss(_Loss):
    """The mean (or sum, or each) of (input - target)².

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MSELoss()(tg.tensor([1.0, 3.0]), tg.zeros(2))
        tensor(5.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The mean (or sum, or each) of |input - target|.

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.L1Loss()(tg.tensor([1.0, 3.0]), tg.zeros(2))
        tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """(input - target)² / (2 beta) where closer than beta, else |input - target| - beta / 2 (Girshick, 2015).

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
        beta: where it changes; 0 makes it `L1Loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.SmoothL1Loss(reduction="none")(tg.tensor([0.5, 3.0]), tg.zeros(2))
        tensor([0.1250, 2.5000])
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """(input - target)² / 2 where closer than delta, else delta (|input - target| - delta / 2) (Huber, 1964).

    Args:
        reduction: "mean", "sum" or "none".
        delta: where it changes; positive.

    Raises:
        TypeError: for a delta that is no number.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.HuberLoss("none", delta=2.0)(tg.tensor([0.5, 3.0]), tg.zeros(2))
        tensor([0.1250, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, float | int):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class PoissonNLLLoss(_Loss):
    """What a count costs under a Poisson distribution: rate - target log(rate).

    Args:
        log_input: whether the input is the logarithm of the rate.
        full: whether to add log(target!), by Stirling's formula.
        size_average: PyTorch's older way to say the reduction.
        eps: is added to the rate, where it is not a logarithm.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.PoissonNLLLoss()(tg.zeros(1), tg.tensor([3.0]))
        tensor(1.)
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, size_average: bool | None = None, eps: float = 1e-8,
        reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """What a target costs under a normal distribution: (log(var) + (input - target)² / var) / 2.

    Args:
        full: whether to add log(2 pi) / 2.
        eps: the least variance.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.GaussianNLLLoss()(tg.zeros(1), tg.tensor([2.0]), tg.ones(1))
        tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """The means and the targets of one shape, and the variances, which may broadcast."""
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


# --- of probabilities -----------------------------------------------------------------------------------


class KLDivLoss(_Loss):
    """How far a distribution is from another: target (log(target) - input) (Kullback and Leibler, 1951).

    Args:
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum", "none", or "batchmean", which divides the sum by the size of dimension 0.
        log_target: whether the target is the logarithm of a distribution, as the input is.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.KLDivLoss(reduction="sum")(tg.tensor([0.5, 0.5]).log(), tg.tensor([1.0, 0.0]))
        tensor(0.6931)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
        log_target: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities, and probabilities of the same shape."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class NLLLoss(_WeightedLoss):
    """The mean (or sum, or each) of -input[target], for log-probabilities as `LogSoftmax` gives them.

    Args:
        weight: (C,) a factor for each class, or None.
        size_average: PyTorch's older way to say the reduction.
        ignore_index: the class that costs nothing.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.NLLLoss()(tg.tensor([[-0.5, -1.0]]), tg.tensor([0]))
        tensor(0.5000)
    """

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
        reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, C, ...) log-probabilities and (N, ...) class numbers, or both without N."""
        return F.nll_loss(input, target, self.weight, None, self.ignore_index, None, self.reduction)


class NLLLoss2d(NLLLoss):
    """`NLLLoss` under an older name, which warns.

    Example:
        >>> import tinygrad_lite as tg
        >>> issubclass(tg.nn.NLLLoss2d, tg.nn.NLLLoss)
        True
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn("`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead", FutureWarning, stacklevel=2)
        super().__init__(*args, **kwargs)


class CrossEntropyLoss(_WeightedLoss):
    """The mean (or sum, or each) of -log(softmax(input))[target].

    Args:
        weight: (C,) a factor for each class, or None.
        size_average: PyTorch's older way to say the reduction.
        ignore_index: the class that costs nothing.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
        label_smoothing: how much of the target is spread over all classes (Szegedy et al., 2016).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CrossEntropyLoss()(tg.tensor([[2.0, 0.0]]), tg.tensor([0]))
        tensor(0.1269)
    """

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
        reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, C, ...) scores and (N, ...) class numbers, or (N, C, ...) probabilities; or all without N."""
        return F.cross_entropy(
            input, target, self.weight, None, self.ignore_index, None, self.reduction, self.label_smoothing
        )


class BCELoss(_WeightedLoss):
    """The binary cross-entropy of probabilities; the logarithms are at least -100.

    Args:
        weight: a factor for each element, or None.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.BCELoss()(tg.tensor([0.5]), tg.tensor([1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape, both in [0, 1]."""
        return F.binary_cross_entropy(input, target, self.weight, None, None, self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """The binary cross-entropy of scores, which a sigmoid would make probabilities.

    Args:
        weight: a factor for each element, or None.
        size_average: PyTorch's older way to say the reduction.
        reduce: likewise.
        reduction: "mean", "sum" or "none".
        pos_weight: a factor for the targets of 1, or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.BCEWithLogitsLoss()(tg.tensor([0.0]), tg.tensor([1.0]))
        tensor(0.6931)
    """

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean", pos_weight: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape, the target in [0, 1]."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, None, None, self.reduction, self.pos_weight
        )


class CTCLoss(_Loss):
    """-log of the probability of a sequence of labels, over all its alignments (Graves et al., 2006).

    Args:
        blank: the class that stands for no label.
        reduction: "mean", "sum" or "none".
        zero_infinity: whether a target that is too long costs nothing, rather than infinitely much.

    Example:
        >>> import tinygrad_lite as tg
        >>> even = tg.full((2, 1, 2), 0.5).log()
        >>> tg.nn.CTCLoss()(even, tg.tensor([[1]]), tg.tensor([2]), tg.tensor([1]))
        tensor(0.2877)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        """(T, N, C) log-probabilities, (N, S) labels or all in a row, and (N,) lengths of both; or all without N."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


__getattr__, _ = later(
    "tinygrad_lite.nn.modules", (), {"linear_cross_entropy": LATER["linear_cross_entropy"], "margins": LATER["margins"]}
)  # PyTorch has them in this module, too
