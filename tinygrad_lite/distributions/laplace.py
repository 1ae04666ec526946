"""`Laplace`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all

__all__ = ["Laplace"]


class Laplace(Distribution):
    """The distribution with density exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: its mean, a number or a tensor.
        scale: a positive number or a tensor.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Laplace(0.0, 1.0).log_prob(tg.tensor(0.0)).exp()
        tensor(0.5000)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return math.sqrt(2) * self.scale

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.pow(2)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = tg.empty(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        u.uniform_(tg.finfo(u.dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * tg.log1p(-u.abs())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -tg.log(2 * self.scale) - tg.abs(value - self.loc) / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        away = (value - self.loc) / self.scale
        return 0.5 - 0.5 * away.sign() * tg.expm1(-away.abs())

    def icdf(self, value: Tensor) -> Tensor:
        beyond = value - 0.5
        return self.loc - self.scale * beyond.sign() * tg.log1p(-2 * beyond.abs())

    def entropy(self) -> Tensor:
        return 1 + tg.log(2 * self.scale)
