"""The last linear layer of a classifier and its loss in one module."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.linear import Linear
from tinygrad_lite.nn.modules.loss import _WeightedLoss

__all__ = ["LinearCrossEntropyLoss"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class LinearCrossEntropyLoss(_WeightedLoss):
    """`CrossEntropyLoss` of what a `Linear` makes of the input: the last layer and the loss in one.

    Args:
        in_features: the last dimension of the input.
        num_classes: C, how many classes there are.
        out_features: further dimensions of the target, after the batch.
        bias: whether the layer has one.
        device: only "cpu".
        dtype: of the layer's parameters; the default dtype if None.
        reduction: "mean", "sum" or "none".
        weight: (C,) a factor for each class, or None.
        ignore_index: the class that costs nothing; None for -100 where targets are class numbers.
        label_smoothing: how much of the target is spread over all classes.
        options: in PyTorch how to save memory by computing in pieces; accepted, as the result is the same.

    Raises:
        RuntimeError: for a weight of another shape, or a `label_smoothing` outside [0, 1].

    Attributes:
        linear: the layer.

    Example:
        >>> import tinygrad_lite as tg
        >>> loss = tg.nn.LinearCrossEntropyLoss(5, 10)
        >>> loss(tg.zeros(2, 5), tg.tensor([1, 7])).detach()
        tensor(2.3026)
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Tensor | None = None,
        ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
    ) -> None:  # fmt: skip
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        outputs = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(N, in_features) and (N, *out_features) class numbers or (N, C, *out_features) probabilities."""
        shape, layer = (self.num_classes, *self.out_features), self.linear
        return F.linear_cross_entropy(
            input, layer.weight.reshape(*shape, layer.in_features), target,
            linear_bias=None if layer.bias is None else layer.bias.reshape(shape), weight=self.weight,
            reduction=self.reduction, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing,
            options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
