"""Divergences between distributions of different families: -H(p) - E[log q(x)], x drawn from p."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.bernoulli import Bernoulli
from tinygrad_lite.distributions.beta import Beta
from tinygrad_lite.distributions.binomial import Binomial
from tinygrad_lite.distributions.continuous_bernoulli import ContinuousBernoulli
from tinygrad_lite.distributions.exponential import Exponential
from tinygrad_lite.distributions.gamma import Gamma
from tinygrad_lite.distributions.gumbel import Gumbel
from tinygrad_lite.distributions.kl import infinite_where, register_kl
from tinygrad_lite.distributions.laplace import Laplace
from tinygrad_lite.distributions.normal import Normal
from tinygrad_lite.distributions.pareto import Pareto
from tinygrad_lite.distributions.poisson import Poisson
from tinygrad_lite.distributions.uniform import Uniform
from tinygrad_lite.distributions.utils import Tensor, euler_constant

_LOG_ROOT_TAU = math.log(2 * math.pi) / 2


def _never(p: Any, q: Any) -> Tensor:
    """Infinite: p has values that q has not."""
    return tg.full(tg.broadcast_shapes(p.batch_shape, q.batch_shape), math.inf, dtype=p.mean.dtype)


for _p, _qs in {
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}.items():
    for _q in _qs:
        register_kl(_p, _q)(_never)


def _outside(p: Any, low: Any, high: Any) -> Tensor:
    """Where p has values below `low` or above `high`."""
    if isinstance(p, Uniform):
        return (p.low < low) | (p.high > high)
    start, end = (p.scale, math.inf) if isinstance(p, Pareto) else (0.0, math.inf)
    if isinstance(p, Beta | ContinuousBernoulli):
        end = 1.0
    return tg.as_tensor((start < low) | (tg.as_tensor(end) > high))


# --- means that the logarithms of densities need ------------------------------------------------------


def _mean_log(p: Any) -> Tensor:
    """E[log x]."""
    if isinstance(p, Beta):
        return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    if isinstance(p, Exponential):
        return -euler_constant - p.rate.log()
    if isinstance(p, Gamma):
        return p.concentration.digamma() - p.rate.log()
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return (tg.xlogy(p.high, p.high) - tg.xlogy(p.low, p.low)) / (p.high - p.low) - 1


def _mean_log_rest(p: Any) -> Tensor:
    """E[log(1 - x)] of a uniform distribution."""
    return (tg.xlogy(1 - p.low, 1 - p.low) - tg.xlogy(1 - p.high, 1 - p.high)) / (p.high - p.low) - 1


def _mean_exp(p: Any, rate: Tensor) -> Tensor:
    """E[exp(-rate x)]."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate + rate)
    if isinstance(p, Gamma):
        return (1 + rate / p.rate).pow(-p.concentration)
    if isinstance(p, Normal):
        return tg.exp(0.5 * (p.scale * rate).pow(2) - p.loc * rate)
    return (tg.exp(-p.low * rate) - tg.exp(-p.high * rate)) / (rate * (p.high - p.low))


# --- E[log q(x)] --------------------------------------------------------------------------------------


def _registered(log_q: Callable[[Any, Any], Tensor], kind: type, low: float, high: float, *families: type) -> None:
    """Register the divergence of a kind of distributions from others; their values are from `low` to `high`."""

    def divergence(p: Any, q: Any) -> Tensor:
        value = -p.entropy() - log_q(p, q)
        if (low, high) == (-math.inf, math.inf):
            return value
        return infinite_where(_outside(p, low, high), value)

    for family in families:
        register_kl(family, kind)(divergence)


def _log_normal(p: Any, q: Any) -> Tensor:
    return -0.5 * (p.variance + (p.mean - q.loc).pow(2)) / q.scale.pow(2) - q.scale.log() - _LOG_ROOT_TAU


def _log_exponential(p: Any, q: Any) -> Tensor:
    return q.rate.log() - q.rate * p.mean


def _log_gamma(p: Any, q: Any) -> Tensor:
    a, b = q.concentration, q.rate
    return a * b.log() - a.lgamma() + (a - 1) * _mean_log(p) - b * p.mean


def _log_gumbel(p: Any, q: Any) -> Tensor:
    rate = q.scale.reciprocal()
    return (q.loc - p.mean) * rate - tg.exp(q.loc * rate) * _mean_exp(p, rate) - q.scale.log()


def _log_continuous_bernoulli(p: Any, q: Any) -> Tensor:
    return p.mean * q.logits + tg.log1p(-q.probs) + q._log_norm()


def _log_beta(p: Any, q: Any) -> Tensor:
    a, b = q.concentration1, q.concentration0
    normaliser = a.lgamma() + b.lgamma() - (a + b).lgamma()
    return (a - 1) * _mean_log(p) + (b - 1) * _mean_log_rest(p) - normaliser


_registered(
    _log_normal, Normal, -math.inf, math.inf,
    Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform,
)  # fmt: skip
_registered(_log_exponential, Exponential, 0.0, math.inf, Beta, ContinuousBernoulli, Gamma, Pareto, Uniform)
_registered(_log_gamma, Gamma, 0.0, math.inf, Beta, Exponential, Pareto, Uniform)
_registered(_log_gumbel, Gumbel, -math.inf, math.inf, Exponential, Gamma, Normal, Uniform)
_registered(_log_continuous_bernoulli, ContinuousBernoulli, 0.0, 1.0, Beta, Uniform)
_registered(_log_beta, Beta, 0.0, 1.0, Uniform)


@register_kl(Beta, Uniform)
@register_kl(ContinuousBernoulli, Uniform)
def _to_uniform(p: Any, q: Any) -> Tensor:
    return infinite_where((q.low > 0) | (q.high < 1), (q.high - q.low).log() - p.entropy())


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Tensor:
    log_q = q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean_log(p)
    return infinite_where(p.low < q.scale, -p.entropy() - log_q)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Tensor:
    away = (p.loc - q.loc) / p.scale
    root = math.sqrt(2 / math.pi)
    distance = p.scale * (root * tg.exp(-0.5 * away.pow(2)) + away * tg.erf(away / math.sqrt(2)))
    return -p.entropy() + distance / q.scale + (2 * q.scale).log()


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)
