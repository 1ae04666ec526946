"""`NegativeBinomial`."""

from __future__ import annotations

from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.gamma import Gamma
from tinygrad_lite.distributions.odds import Odds
from tinygrad_lite.distributions.utils import Shape, Tensor, lazy_property
from tinygrad_lite.nn.functional import logsigmoid

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Odds):
    """How many trials succeed before `total_count` have failed, each a success with probability `probs`.

    Args:
        total_count: a positive number, which need not be whole, or a tensor.
        probs: a tensor, below 1.
        logits: in place of it its logit.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.NegativeBinomial(1, tg.tensor(0.5)).log_prob(tg.tensor([0.0, 1.0])).exp()
        tensor([0.5000, 0.2500])
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (count,) = self._set_odds(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * tg.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / tg.sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        """The distribution of the rate of a Poisson distribution that gives this one."""
        return Gamma(self.total_count, tg.exp(-self.logits), validate_args=False)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.__dict__.pop("_gamma", None)
        return new

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with tg.no_grad():
            return tg.poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        ways = tg.lgamma(n + value) - tg.lgamma(1 + value) - tg.lgamma(n)
        ways = tg.where(n + value == 0, 0.0, ways)
        return ways + n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
