"""`Independent`."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, sum_rightmost

__all__ = ["Independent"]

D = TypeVar("D", bound=Distribution)


class Independent(Distribution, Generic[D]):
    """A distribution whose last batch dimensions count as part of the event: their log probabilities are added up.

    Args:
        base_distribution: the distribution.
        reinterpreted_batch_ndims: how many dimensions.
        validate_args: see `Distribution`.

    Raises:
        ValueError: if it has fewer dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> each = tg.distributions.Normal(tg.zeros(3), tg.ones(3))
        >>> tg.distributions.Independent(each, 1).log_prob(tg.zeros(3))
        tensor(-2.7568)
    """

    arg_constraints = {}

    def __init__(self, base_distribution: D, reinterpreted_batch_ndims: int, validate_args: bool | None = None) -> None:
        batch = base_distribution.batch_shape
        if reinterpreted_batch_ndims > len(batch):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(batch)}"
            )
        start = len(batch) - reinterpreted_batch_ndims
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        super().__init__(batch[:start], (*batch[start:], *base_distribution.event_shape), validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        added = self._event_shape[: self.reinterpreted_batch_ndims]
        new.base_dist = self.base_dist.expand(tg.Size((*batch_shape, *added)))
        return new

    @property
    def has_rsample(self) -> Any:
        """That of the base distribution."""
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> Any:  # type: ignore[override]
        """That of the base distribution, unless dimensions were added."""
        return False if self.reinterpreted_batch_ndims > 0 else self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self) -> Any:
        region = self.base_dist.support
        return (
            constraints.independent(region, self.reinterpreted_batch_ndims)
            if self.reinterpreted_batch_ndims
            else region
        )

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        if self.reinterpreted_batch_ndims > 0:
            raise NotImplementedError("Enumeration over cartesian product is not implemented")
        return self.base_dist.enumerate_support(expand=expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
