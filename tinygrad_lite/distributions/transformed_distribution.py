"""`TransformedDistribution`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.independent import Independent
from tinygrad_lite.distributions.transforms import ComposeTransform, Transform
from tinygrad_lite.distributions.utils import Shape, Tensor, is_number, sum_rightmost

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """What becomes of a distribution when its values go through transforms: the heart of a normalising flow.

    Args:
        base_distribution: the distribution.
        transforms: a transform, or a list of them, the one applied first first.
        validate_args: see `Distribution`.

    Raises:
        ValueError: for what are no transforms, or a distribution of too few dimensions for them.

    Example:
        >>> import tinygrad_lite as tg
        >>> d = tg.distributions
        >>> tg.distributions.TransformedDistribution(d.Normal(0.0, 1.0), d.ExpTransform()).log_prob(tg.tensor(1.0))
        tensor(-0.9189)
    """

    arg_constraints = {}

    def __init__(
        self, base_distribution: Any, transforms: Transform | Sequence[Transform], validate_args: bool | None = None
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(self.transforms, list) or not all(isinstance(t, Transform) for t in self.transforms):
            raise ValueError(f"transforms must be a Transform or a list, but was {transforms}")
        shape = base_distribution.batch_shape + base_distribution.event_shape
        whole = ComposeTransform(self.transforms)
        domain, codomain = whole.domain.event_dim, whole.codomain.event_dim
        if len(shape) < domain:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {domain}, but got {tuple(shape)}."
            )
        after = whole.forward_shape(shape)
        before = tg.Size(whole.inverse_shape(after))
        event = len(base_distribution.event_shape)
        if before != shape:
            base_distribution = base_distribution.expand(before[: len(before) - event])
        if domain > event:
            base_distribution = Independent(base_distribution, domain - event)
        self.base_dist = base_distribution
        cut = len(after) - max(codomain, event + codomain - domain)
        super().__init__(after[:cut], after[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        shape: Any = tg.Size((*batch_shape, *self._event_shape))
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return new

    @property
    def has_rsample(self) -> Any:
        """That of the base distribution."""
        return self.base_dist.has_rsample

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        region = self.transforms[-1].codomain
        more = len(self._event_shape) - region.event_dim
        return constraints.independent(region, more) if more > 0 else region

    def _forward(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with tg.no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        event_dim = len(self._event_shape)
        total: Any = 0.0
        for transform in reversed(self.transforms):
            before = transform.inv(value)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            each = transform.log_abs_det_jacobian(before, value)
            total = total - sum_rightmost(each, event_dim - transform.domain.event_dim)
            value = before
        each = self.base_dist.log_prob(value)
        return total + sum_rightmost(each, event_dim - len(self.base_dist.event_shape))

    def _rising(self, probability: Tensor) -> Tensor:
        """The probability below a value from that below its preimage, where the transforms may fall: p or 1 - p."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if is_number(sign) and sign == 1:
            return probability
        return sign * (probability - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._rising(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._rising(value)))
