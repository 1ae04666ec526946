"""`Kumaraswamy`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.transformed_distribution import TransformedDistribution
from tinygrad_lite.distributions.transforms import AffineTransform, PowerTransform
from tinygrad_lite.distributions.uniform import Uniform
from tinygrad_lite.distributions.utils import Tensor, broadcast_all, euler_constant

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    """A distribution much like `Beta`, with a distribution function in closed form: 1 - (1 - x^a)^b.

    Args:
        concentration1: a, a positive number or a tensor.
        concentration0: b, likewise.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Kumaraswamy(1.0, 1.0).mean
        tensor(0.5000)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        zeros, ones = tg.zeros_like(self.concentration0), tg.ones_like(self.concentration0)
        transforms = [
            PowerTransform(exponent=self.concentration0.reciprocal()),
            AffineTransform(loc=1.0, scale=-1.0),
            PowerTransform(exponent=self.concentration1.reciprocal()),
        ]
        super().__init__(Uniform(zeros, ones, validate_args=validate_args), transforms, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        a, b = self.concentration1, self.concentration0
        start = 1 + n / a
        return tg.exp(b.log() + tg.lgamma(start) + tg.lgamma(b) - tg.lgamma(start + b))

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        inside = ((a - 1) / (a * b - 1)).pow(1 / a)
        return tg.where((a < 1) | (b < 1) | (a * b == 1), math.nan, inside)

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self.mean.pow(2)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        harmonic = tg.digamma(b + 1) + euler_constant
        return (1 - 1 / b) + (1 - 1 / a) * harmonic - a.log() - b.log()
