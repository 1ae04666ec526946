"""Transforms of each element by itself."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.transforms.base import Transform
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all, is_number
from tinygrad_lite.nn.functional import softplus

__all__ = [
    "AbsTransform", "AffineTransform", "CumulativeDistributionTransform", "ExpTransform", "PowerTransform",
    "SigmoidTransform", "SoftplusTransform", "TanhTransform",
]  # fmt: skip


def same(first: Any, second: Any) -> bool:
    """Whether two parameters, numbers or tensors, are equal."""
    equal = first == second
    return bool(equal if is_number(equal) else equal.all())


def clipped_sigmoid(x: Tensor) -> Tensor:
    """The sigmoid, kept away from 0 and 1 so that its inverse is finite."""
    info = tg.finfo(x.dtype)
    return tg.sigmoid(x).clamp(min=info.tiny, max=1 - info.eps)


class _Rising(Transform):
    """A transform that rises everywhere, from the real numbers."""

    domain = constraints.real
    bijective = True

    @property
    def sign(self) -> Any:
        return 1

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    __hash__ = Transform.__hash__


class ExpTransform(_Rising):
    """exp(x).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.ExpTransform()(tg.tensor([0.0]))
        tensor([1.])
    """

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """x to the power `exponent`, for positive x.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.PowerTransform(tg.tensor(2.0))(tg.tensor([3.0]))
        tensor([9.])
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        (self.exponent,) = broadcast_all(exponent)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else PowerTransform(self.exponent, cache_size=cache_size)

    @property
    def sign(self) -> Any:
        return self.exponent.sign()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and same(self.exponent, other.exponent)

    __hash__ = Transform.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Shape) -> Any:
        return tg.broadcast_shapes(shape, self.exponent.shape)

    def inverse_shape(self, shape: Shape) -> Any:
        return tg.broadcast_shapes(shape, self.exponent.shape)


class SigmoidTransform(_Rising):
    """1 / (1 + exp(-x)), kept away from 0 and 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.SigmoidTransform()(tg.tensor([0.0]))
        tensor([0.5000])
    """

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        return clipped_sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        info = tg.finfo(y.dtype)
        y = y.clamp(min=info.tiny, max=1 - info.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class SoftplusTransform(_Rising):
    """log(1 + exp(x)).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.SoftplusTransform()(tg.tensor([0.0]))
        tensor([0.6931])
    """

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class TanhTransform(_Rising):
    """tanh(x). Where the inverse is needed too, a cache spares it the rounding near -1 and 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.TanhTransform()(tg.tensor([0.0]))
        tensor([0.])
    """

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - softplus(-2 * x))


class AbsTransform(Transform):
    """|x|, whose inverse is taken to be the positive one.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.AbsTransform()(tg.tensor([-2.0]))
        tensor([2.])
    """

    domain = constraints.real
    codomain = constraints.positive

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbsTransform)

    __hash__ = Transform.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """loc + scale * x.

    Args:
        loc: a number or a tensor.
        scale: likewise.
        event_dim: how many of the last dimensions make one value.
        cache_size: see `Transform`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.AffineTransform(1.0, 2.0)(tg.tensor([3.0]))
        tensor([7.])
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> Any:
        return self._event_dim

    def _region(self) -> Any:
        return constraints.independent(constraints.real, self.event_dim) if self.event_dim else constraints.real

    domain = constraints.dependent_property(_region, is_discrete=False)
    codomain = constraints.dependent_property(_region, is_discrete=False)

    def with_cache(self, cache_size: int = 1) -> Any:
        if self._cache_size == cache_size:
            return self
        return AffineTransform(self.loc, self.scale, self.event_dim, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AffineTransform) and same(self.loc, other.loc) and same(self.scale, other.scale)

    __hash__ = Transform.__hash__

    @property
    def sign(self) -> Any:
        if is_number(self.scale):
            return (self.scale > 0) - (self.scale < 0)
        return self.scale.sign()

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale, batch = self.scale, x.shape[: x.dim() - self.event_dim]
        if is_number(scale):
            return tg.full(batch, math.log(abs(scale)) * math.prod(x.shape[len(batch) :]), dtype=x.dtype)
        each = tg.abs(scale).log()
        if self.event_dim:
            each = each.expand(tg.broadcast_shapes(each.shape, x.shape[x.dim() - self.event_dim :]))
            each = each.sum(tuple(range(-self.event_dim, 0)))
        return each.expand(tg.broadcast_shapes(each.shape, batch))

    def forward_shape(self, shape: Shape) -> Any:
        return tg.broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    inverse_shape = forward_shape


class CumulativeDistributionTransform(Transform):
    """The distribution function of a distribution: from its support to [0, 1].

    Args:
        distribution: one with `cdf`, `icdf` and `log_prob`.
        cache_size: see `Transform`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.CumulativeDistributionTransform(tg.distributions.Normal(0.0, 1.0))(tg.tensor([0.0]))
        tensor([0.5000])
    """

    bijective = True
    codomain = constraints.unit_interval

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    @property
    def sign(self) -> Any:
        return 1

    def with_cache(self, cache_size: int = 1) -> Any:
        if self._cache_size == cache_size:
            return self
        return CumulativeDistributionTransform(self.distribution, cache_size=cache_size)

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)
