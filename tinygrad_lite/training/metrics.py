"""Numbers that tell people how a model does; each takes a batch of outputs with their targets."""

from __future__ import annotations

from tinygrad_lite import Tensor

__all__ = ["accuracy", "mean_absolute_error"]


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The share of examples that are right, a number in [0, 1] as a float tensor without dimensions.

    Args:
        output: (N, classes, ...) scores, of which the largest decides; or, of the shape of `target`, one score
            each, positive for class 1 (a logit).
        target: (N, ...) class numbers, or 0 and 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> accuracy(tg.tensor([[0.1, 0.9], [0.8, 0.2]]), tg.tensor([1, 1])).item()
        0.5
    """
    chosen = (output > 0).to(target.dtype) if output.shape == target.shape else output.argmax(dim=1)
    return (chosen == target).float().mean()


def mean_absolute_error(output: Tensor, target: Tensor) -> Tensor:
    """How far outputs are from their targets, on average, in the unit of the targets.

    Args:
        output: a tensor of any shape.
        target: of the same shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> mean_absolute_error(tg.tensor([1.0, 4.0]), tg.tensor([2.0, 2.0])).item()
        1.5
    """
    return (output - target).abs().mean()
