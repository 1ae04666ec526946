"""`HalfCauchy`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.cauchy import Cauchy
from tinygrad_lite.distributions.half_normal import Folded
from tinygrad_lite.distributions.utils import Tensor

__all__ = ["HalfCauchy"]


class HalfCauchy(Folded):
    """The distribution of |x| for an x of a Cauchy distribution about 0.

    Args:
        scale: the scale of x, a number or a tensor.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.HalfCauchy(1.0).cdf(tg.tensor(1.0))
        tensor(0.5000)
    """

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return tg.full(self._extended_shape(), math.inf, dtype=self.scale.dtype)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance
