"""`Dirichlet`."""

from __future__ import annotations

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.exp_family import ExponentialFamily
from tinygrad_lite.distributions.implicit import dirichlet_sample
from tinygrad_lite.distributions.utils import Shape, Tensor
from tinygrad_lite.functions.searching import one_hot

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """Points of the simplex: vectors of probabilities.

    Args:
        concentration: a positive tensor, the elements of one distribution along its last dimension.
        validate_args: see `Distribution`.

    Raises:
        ValueError: for a `concentration` without a dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Dirichlet(tg.tensor([1.0, 3.0])).mean
        tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return dirichlet_sample(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        shape = self.concentration
        return tg.xlogy(shape - 1, value).sum(-1) + tg.lgamma(shape.sum(-1)) - tg.lgamma(shape).sum(-1)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        inside = above / above.sum(-1, keepdim=True)
        corner = one_hot(inside.argmax(-1), inside.shape[-1]).to(inside.dtype)
        return tg.where((self.concentration < 1).all(-1).unsqueeze(-1), corner, inside)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def entropy(self) -> Tensor:
        shape, k = self.concentration, self.concentration.shape[-1]
        total = shape.sum(-1)
        normaliser = tg.lgamma(shape).sum(-1) - tg.lgamma(total)
        return normaliser - (k - total) * tg.digamma(total) - ((shape - 1) * tg.digamma(shape)).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return x.lgamma().sum(-1) - tg.lgamma(x.sum(-1))
