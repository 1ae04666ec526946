"""`Multinomial`."""

from __future__ import annotations

from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.binomial import Binomial
from tinygrad_lite.distributions.categorical import Categorical
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each of K classes comes up in `total_count` draws.

    Args:
        total_count: an integer, the same for the whole batch.
        probs: what each class counts for; see `Categorical`.
        logits: in place of it logarithms.
        validate_args: see `Distribution`.

    Raises:
        NotImplementedError: for a `total_count` that is no integer.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Multinomial(2, tg.tensor([0.5, 0.5])).log_prob(tg.tensor([1.0, 1.0])).exp()
        tensor(0.5000)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(total_count, int):
            raise NotImplementedError(f"inhomogeneous total_count is not supported: it must be an int, {total_count!r}")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._categorical._new(*args, **kwargs)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

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

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        drawn = self._categorical.sample((self.total_count, *sample_shape)).movedim(0, -1)
        counts = tg.zeros(self._extended_shape(sample_shape), dtype=self.probs.dtype)
        return counts.scatter_add(-1, drawn, tg.ones_like(drawn, dtype=counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits = tg.where((value == 0) & (self.logits == -tg.inf), 0.0, self.logits)
        return tg.lgamma(value.sum(-1) + 1) - tg.lgamma(value + 1).sum(-1) + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        n = self.total_count
        counts = Binomial(n, self.probs)
        some = counts.enumerate_support(expand=False)[1:]
        repeats = (counts.log_prob(some).exp() * tg.lgamma(some + 1)).sum((0, -1))
        factorial = tg.lgamma(tg.tensor(n + 1.0, dtype=self.probs.dtype))
        return n * self._categorical.entropy() - factorial + repeats
