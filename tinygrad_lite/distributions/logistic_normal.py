"""`LogisticNormal`."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.normal import Normal
from tinygrad_lite.distributions.transformed_distribution import TransformedDistribution
from tinygrad_lite.distributions.transforms import StickBreakingTransform
from tinygrad_lite.distributions.utils import Tensor

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """Points of the simplex with K + 1 elements, made of K normal numbers by `StickBreakingTransform`.

    Args:
        loc: the means, a number or a tensor.
        scale: the standard deviations, likewise.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.LogisticNormal(tg.zeros(2), tg.ones(2)).event_shape
        Size([3])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        base = base if base.batch_shape else base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The means of the normal numbers."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviations of the normal numbers."""
        return self.base_dist.base_dist.scale
