"""`GeneralizedPareto`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """How far numbers reach beyond a high threshold (Pickands, 1975).

    Args:
        loc: the threshold, a number or a tensor.
        scale: a positive number or a tensor.
        concentration: how heavy the tail is; 0 gives an exponential one, negative numbers an end.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
        tensor(2.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        end = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, tg.where(self.concentration < 0, end, math.inf))

    def _split(self) -> tuple[Tensor, Tensor]:
        """Where the tail is exponential, and the concentration with ones there."""
        exponential = tg.isclose(self.concentration, tg.zeros_like(self.concentration))
        return exponential, tg.where(exponential, 1.0, self.concentration)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.icdf(tg.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        z = (value - self.loc) / self.scale
        exponential, c = self._split()
        return -self.scale.log() - tg.where(exponential, z, (1 / c + 1) * tg.log1p(c * z))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability above `value`."""
        if self._validate_args:
            self._validate_sample(value)
        z = (value - self.loc) / self.scale
        exponential, c = self._split()
        return tg.where(exponential, -z, -tg.log1p(c * z) / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of `cdf`."""
        return tg.log1p(-tg.exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        return tg.exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        exponential, c = self._split()
        left = tg.log1p(-value)
        return self.loc + self.scale * tg.where(exponential, -left, tg.expm1(-c * left) / c)

    @property
    def mean(self) -> Tensor:
        finite = self.concentration < 1
        c = tg.where(finite, self.concentration, 0.5)
        return tg.where(finite, self.loc + self.scale / (1 - c), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        finite = self.concentration < 0.5
        c = tg.where(finite, self.concentration, 0.25)
        return tg.where(finite, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    def entropy(self) -> Tensor:
        return tg.log(self.scale) + self.concentration + 1
