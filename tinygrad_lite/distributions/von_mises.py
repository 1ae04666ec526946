"""`VonMises`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all, lazy_property

__all__ = ["VonMises"]


class VonMises(Distribution):
    """Angles about a direction: the normal distribution of the circle.

    Args:
        loc: the direction in radians, a number or a tensor.
        concentration: a positive number or a tensor; 1 / it is about the variance where it is large.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.VonMises(0.0, 1.0).log_prob(tg.tensor(0.0))
        tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        nearness = tg.cos(value - self.loc) - 1
        return self.concentration * nearness - math.log(2 * math.pi) - tg.special.i0e(self.concentration).log()

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Random angles in [-pi, pi), by rejection in double precision (Best and Fisher, 1979)."""
        shape = self._extended_shape(sample_shape)
        with tg.no_grad():
            k = self.concentration.detach().double()
            tau = 1 + (1 + 4 * k**2).sqrt()
            rho = (tau - (2 * tau).sqrt()) / (2 * k)
            r = tg.where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))
            angle, done = tg.empty(shape, dtype=tg.float64), tg.zeros(shape, dtype=tg.bool)
            while not done.all():
                first, second, third = tg.rand((3, *shape), dtype=tg.float64).unbind()
                z = tg.cos(math.pi * first)
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                accepted = (c * (2 - c) - second > 0) | ((c / second).log() + 1 - c >= 0)
                angle = tg.where(accepted, (third - 0.5).sign() * f.acos(), angle)
                done = done | accepted
            return ((angle + math.pi + self.loc.double()) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        """The mean direction."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance: 1 - the length of the mean of the points on the circle."""
        return 1 - tg.special.i1e(self.concentration) / tg.special.i0e(self.concentration)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.__dict__.pop("variance", None)
        return new
