"""`ContinuousBernoulli`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.exp_family import ExponentialFamily
from tinygrad_lite.distributions.odds import Odds
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all, clamp_probs, lazy_property, logits_to_probs
from tinygrad_lite.nn.functional import binary_cross_entropy_with_logits

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Odds, ExponentialFamily):
    """Numbers in [0, 1] with density proportional to p^x (1 - p)^(1 - x) (Loaiza-Ganem and Cunningham, 2019).

    Args:
        probs: p, a number or a tensor. It is not the mean.
        logits: in place of it its logit.
        lims: between these p is so close to 1/2 that Taylor's formula replaces what divides by 2 p - 1.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.ContinuousBernoulli(0.25).mean
        tensor(0.4102)
    """

    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._set_odds(probs, logits)
        self._lims = lims
        if probs is not None:
            given = self.probs
            if (Odds._validate_args if validate_args is None else validate_args) and not (
                constraints.unit_interval.check(given).all()
            ):
                raise ValueError(f"The parameter probs has invalid values: {given}")
            self.probs = clamp_probs(given)
        super().__init__(self._param.shape, validate_args=validate_args)

    @lazy_property
    def probs(self) -> Tensor:
        """p, moved away from 0 and 1."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _far(self) -> Tensor:
        """Where p is far enough from 1/2."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Tensor:
        """Each p that is, and another in place of the others."""
        return tg.where(self._far(), self.probs, self._lims[0])

    def _log_norm(self) -> Tensor:
        p = self._cut()
        exact = tg.log((tg.log1p(-p) - p.log()).abs()) - (1 - 2 * p).abs().log()
        x = (self.probs - 0.5) ** 2
        return tg.where(self._far(), exact, math.log(2) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Tensor:
        p = self._cut()
        x = self.probs - 0.5
        exact = p / (2 * p - 1) + 1 / (tg.log1p(-p) - p.log())
        return tg.where(self._far(), exact, 0.5 + (1 / 3 + 16 / 45 * x**2) * x)

    @property
    def variance(self) -> Tensor:
        p = self._cut()
        x = (self.probs - 0.5) ** 2
        exact = p * (p - 1) / (1 - 2 * p) ** 2 + 1 / (tg.log1p(-p) - p.log()) ** 2
        return tg.where(self._far(), exact, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.icdf(tg.rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return self._log_norm() - binary_cross_entropy_with_logits(logits, value, reduction="none")

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        p = self._cut()
        exact = (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1)
        inside = tg.where(self._far(), exact, value)
        return tg.where(value <= 0, 0.0, tg.where(value >= 1, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        p = self._cut()
        exact = (tg.log1p(value * (2 * p - 1) - p) - tg.log1p(-p)) / (p.log() - tg.log1p(-p))
        return tg.where(self._far(), exact, value)

    def entropy(self) -> Tensor:
        log_failure = tg.log1p(-self.probs)
        return self.mean * (log_failure - self.probs.log()) - self._log_norm() - log_failure

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        far = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = tg.where(far, x, self._lims[0] - 0.5)
        return tg.where(far, cut.expm1().abs().log() - cut.abs().log(), 0.5 * x + x**2 / 24 - x**4 / 2880)
