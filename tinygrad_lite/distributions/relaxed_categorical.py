"""`RelaxedOneHotCategorical`, and the logarithms of its values."""

from __future__ import annotations

import math
from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.categorical import Categorical
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.transformed_distribution import TransformedDistribution
from tinygrad_lite.distributions.transforms import ExpTransform
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all, clamp_probs

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(Distribution):
    """The logarithms of the values of `RelaxedOneHotCategorical`.

    Args:
        temperature: a tensor.
        probs: what each class counts for; see `Categorical`.
        logits: in place of it logarithms.
        validate_args: see `Distribution`.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector  # of all vectors only those of one dimension less are values
    has_rsample = True

    def __init__(
        self, temperature: Tensor, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    @property
    def probs(self) -> Tensor:
        """The probability of each class."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter, classes last."""
        return self._categorical.param_shape

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = clamp_probs(tg.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        return tg.log_softmax((self.logits - (-u.log()).log()) / self.temperature, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        k = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        score = tg.log_softmax(logits - value * self.temperature, -1).sum(-1)
        return score + math.lgamma(k) + (k - 1) * self.temperature.log()


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex, near the corners for low temperatures: a `OneHotCategorical` with gradients.

    (Maddison, Mnih and Teh, 2017; Jang, Gu and Poole, 2017.)

    Args:
        temperature: a tensor.
        probs: what each class counts for; see `Categorical`.
        logits: in place of it logarithms.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.RelaxedOneHotCategorical(tg.tensor(0.5), tg.ones(3)).rsample().shape
        Size([3])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(
        self, temperature: Tensor, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """How far from the corners the values are."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probability of each class."""
        return self.base_dist.probs
