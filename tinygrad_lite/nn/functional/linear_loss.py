"""A linear layer and the cross-entropy of what it gives, as one function."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.affine import linear
from tinygrad_lite.nn.functional.loss_classes import cross_entropy

__all__ = ["linear_cross_entropy"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """`cross_entropy(linear(input, linear_weight, linear_bias), target)`.

    Args:
        input: (N, in_features), or (in_features,).
        linear_weight: (C, in_features), or (C, *further, in_features) with a batch.
        target: (N, *further) class numbers or (N, C, *further) probabilities; without N for one input.
        linear_bias: (C, *further) or None.
        weight: (C,) a factor for each class, or None.
        reduction: "mean", "sum" or "none".
        ignore_index: the class that costs nothing; None for -100 where targets are class numbers.
        label_smoothing: how much of the target is spread over all classes.
        options: in PyTorch how to save memory by computing in pieces; accepted, as the result is the same.

    Raises:
        RuntimeError: if the shapes do not fit, or an `ignore_index` meets probabilities.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.linear_cross_entropy(tg.zeros(2, 5), tg.zeros(10, 5), tg.tensor([1, 7]))
        tensor(2.3026)
    """
    for position, (called, value) in enumerate({"input": input, "linear_weight": linear_weight}.items(), 1):
        need_tensor("linear_cross_entropy", called, value, position)
    need_tensor("linear_cross_entropy", "target", target, 3)
    *shape, features = linear_weight.shape
    if not shape or (len(shape) > 1 and input.ndim != 2) or input.ndim not in (1, 2):
        raise RuntimeError(
            "linear_cross_entropy(): expected input of shape (in_features,) or (N, in_features), with a batch where "
            f"the weight has more than 2 dimensions, got input {list(input.shape)} and linear_weight "
            f"{list(linear_weight.shape)}"
        )
    if ignore_index is not None and target.is_floating_point():
        raise RuntimeError(
            f"linear_cross_entropy(): ignore_index={ignore_index} is for class numbers, but the target holds "
            "probabilities"
        )
    flat_bias = linear_bias if linear_bias is None else linear_bias.reshape(-1)
    scores = linear(input, linear_weight.reshape(-1, features), flat_bias)
    scores = scores.reshape(*input.shape[:-1], *shape)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(scores, target, weight, None, ignored, None, reduction, label_smoothing)
