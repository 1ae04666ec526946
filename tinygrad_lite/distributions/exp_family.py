"""`ExponentialFamily`: distributions whose entropy follows from their normaliser."""

from __future__ import annotations

from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """A distribution with density exp(<t(x), theta> - F(theta) + k(x)).

    A class of this kind says its natural parameters theta and the log normaliser F, and gets its entropy and its
    divergence from others of its class from the gradient of F (Nielsen and Nock, 2010).

    Example:
        >>> import tinygrad_lite as tg
        >>> isinstance(tg.distributions.Normal(0.0, 1.0), tg.distributions.ExponentialFamily)
        True
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """The natural parameters."""
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        """The logarithm of what makes the density integrate to 1."""
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        """The mean of k(x)."""
        raise NotImplementedError

    def _normaliser_slopes(self) -> tuple[list[Tensor], Tensor, tuple[Tensor, ...]]:
        """The natural parameters, F, and its gradient: the means of t(x)."""
        with tg.enable_grad():
            parameters = [p if p.requires_grad else p.detach().requires_grad_() for p in self._natural_params]
            normaliser = self._log_normalizer(*parameters)
            return parameters, normaliser, tg.autograd.grad(normaliser.sum(), parameters, create_graph=True)

    def entropy(self) -> Tensor:
        """The entropy: F(theta) - <theta, F'(theta)> - E[k(x)]."""
        parameters, normaliser, slopes = self._normaliser_slopes()
        result = normaliser - self._mean_carrier_measure
        for parameter, slope in zip(parameters, slopes, strict=True):
            inner = parameter * slope
            result = result - inner.reshape(*self._batch_shape, -1).sum(-1)
        return result
