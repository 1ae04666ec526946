"""Distributions of a probability, which is given as it is or as its logit."""

from __future__ import annotations

from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Tensor, broadcast_all, lazy_property, logits_to_probs, probs_to_logits

__all__ = ["Odds"]


def one_of(probs: Any, logits: Any) -> str:
    """Which of the two was given.

    Raises:
        ValueError: if both were, or neither.
    """
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return "logits" if probs is None else "probs"


class Odds(Distribution):
    """A distribution with a probability as parameter, `probs`, or instead its logit, `logits`."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    _given: str

    def _set_odds(self, probs: Any, logits: Any, *others: Any) -> list[Tensor]:
        """Store the one that was given, as a tensor of the shape that it and the others broadcast to; those."""
        self._given = one_of(probs, logits)
        *rest, value = broadcast_all(*others, logits if probs is None else probs)
        self.__dict__[self._given] = value
        return rest

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new_tensor(*args, **kwargs)

    @lazy_property
    def logits(self) -> Tensor:
        """log(probs / (1 - probs))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def _param(self) -> Tensor:
        return self.__dict__[self._given]

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._param.shape

    def _with_gradients(self) -> Self:
        """Compute both forms of the parameter while gradients are recorded."""
        with tg.enable_grad():
            self.probs, self.logits  # noqa: B018
        return self
