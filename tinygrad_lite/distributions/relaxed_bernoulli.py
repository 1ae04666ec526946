"""`RelaxedBernoulli`, and the logits of its values."""

from __future__ import annotations

from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.odds import Odds
from tinygrad_lite.distributions.transformed_distribution import TransformedDistribution
from tinygrad_lite.distributions.transforms import SigmoidTransform
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all, clamp_probs
from tinygrad_lite.nn.functional import softplus

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(Odds):
    """The logits of the values of `RelaxedBernoulli`.

    Args:
        temperature: a tensor.
        probs: the probability of 1, a number or a tensor.
        logits: in place of it its logit.
        validate_args: see `Distribution`.
    """

    support = constraints.real

    def __init__(
        self, temperature: Tensor, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        self._set_odds(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(tg.rand(shape, dtype=probs.dtype))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        away = logits - value * self.temperature
        return self.temperature.log() + away - 2 * softplus(away)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1, near the ends for low temperatures: a `Bernoulli` with gradients.

    (Maddison, Mnih and Teh, 2017; Jang, Gu and Poole, 2017.)

    Args:
        temperature: a tensor.
        probs: the probability of 1, a number or a tensor.
        logits: in place of it its logit.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.RelaxedBernoulli(tg.tensor(1.0), 0.5).log_prob(tg.tensor(0.5))
        tensor(0.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, temperature: Tensor, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """How far from the ends the values are."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The logit of the probability of 1."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return self.base_dist.probs
