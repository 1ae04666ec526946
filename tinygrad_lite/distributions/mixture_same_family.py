"""`MixtureSameFamily`."""

from __future__ import annotations

from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.categorical import Categorical
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A mixture: first one of the components is chosen, then a value of it.

    Args:
        mixture_distribution: a `Categorical`, which chooses.
        component_distribution: the components, along its last batch dimension.
        validate_args: see `Distribution`.

    Raises:
        ValueError: for another distribution that chooses, or shapes that do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> d = tg.distributions
        >>> two = d.Normal(tg.tensor([-1.0, 1.0]), tg.tensor([0.5, 0.5]))
        >>> tg.distributions.MixtureSameFamily(d.Categorical(tg.ones(2)), two).mean
        tensor(0.)
    """

    arg_constraints = {}
    has_rsample = False

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "The Mixture distribution needs to be an instance of torch.distributions.Categorical, got "
                f"{type(mixture_distribution).__name__}"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an instance of torch.distributions.Distribution, got "
                f"{type(component_distribution).__name__}"
            )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        chosen, batch = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        for first, second in zip(reversed(chosen), reversed(batch), strict=False):
            if first != second and 1 not in (first, second):
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({chosen}) is not compatible with "
                    f"`component_distribution.batch_shape`({batch})"
                )
        classes, components = mixture_distribution._num_events, component_distribution.batch_shape[-1]
        if classes != components:
            raise ValueError(
                f"`mixture_distribution component` ({classes}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )
        self._num_component = classes
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(batch, component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        return new

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """What chooses the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _mixed(self, values: Tensor) -> Tensor:
        """The mean over the components."""
        probs = self._mixture_distribution.probs
        probs = probs.reshape(*probs.shape, *[1] * self._event_ndims)
        return (probs * values).sum(-1 - self._event_ndims)

    def _padded(self, value: Tensor) -> Tensor:
        return value.unsqueeze(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return self._mixed(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        away = self._component_distribution.mean - self._padded(self.mean)
        return self._mixed(self._component_distribution.variance) + self._mixed(away.pow(2))

    def cdf(self, x: Tensor) -> Tensor:
        each = self._component_distribution.cdf(self._padded(x))
        return (each * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(x)
        each = self._component_distribution.log_prob(self._padded(x))
        return tg.logsumexp(each + tg.log_softmax(self._mixture_distribution.logits, -1), -1)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with tg.no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            values = self._component_distribution.sample(sample_shape)
            dim = values.dim() - 1 - self._event_ndims
            chosen = chosen.reshape(*chosen.shape, *[1] * (1 + self._event_ndims))
            shape = (*values.shape[:dim], 1, *self._event_shape)
            return values.gather(dim, chosen.expand(shape)).squeeze(dim)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
