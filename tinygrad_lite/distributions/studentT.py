"""`StudentT`."""

from __future__ import annotations

import math
from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.chi2 import Chi2
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, _standard_normal, broadcast_all

__all__ = ["StudentT"]


class StudentT(Distribution):
    """A normal number over the root of the mean of `df` squares of others, scaled and shifted.

    Args:
        df: the degrees of freedom, a positive number or a tensor.
        loc: a number or a tensor.
        scale: a positive number or a tensor.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.StudentT(4.0).variance
        tensor(2.)
    """

    arg_constraints = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df, validate_args=validate_args)
        super().__init__(self.df.shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._chi2 = self._chi2.expand(batch_shape)
        return new

    @property
    def mean(self) -> Tensor:
        return tg.where(self.df <= 1, math.nan, self.loc)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        df = self.df
        finite = self.scale.pow(2) * df / tg.where(df > 2, df - 2, 1.0)
        return tg.where(df <= 1, math.nan, tg.where(df <= 2, math.inf, finite))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        x = _standard_normal(self._extended_shape(sample_shape), self.df.dtype)
        z = self._chi2.rsample(sample_shape)
        return self.loc + self.scale * x * tg.rsqrt(z / self.df)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        df, y = self.df, (value - self.loc) / self.scale
        normaliser = (
            self.scale.log() + 0.5 * (df.log() + math.log(math.pi)) + tg.lgamma(0.5 * df) - tg.lgamma(0.5 * (df + 1))
        )
        return -0.5 * (df + 1) * tg.log1p(y**2 / df) - normaliser

    def entropy(self) -> Tensor:
        df = self.df
        log_beta = tg.lgamma(0.5 * df) + math.lgamma(0.5) - tg.lgamma(0.5 * (df + 1))
        spread = 0.5 * (df + 1) * (tg.digamma(0.5 * (df + 1)) - tg.digamma(0.5 * df))
        return self.scale.log() + spread + 0.5 * df.log() + log_beta
