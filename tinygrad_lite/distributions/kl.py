"""`kl_divergence`: how far one distribution is from another, in nats.

Here are the divergences within a family; `kl_across` has those between families.

>>> import tinygrad_lite as tg
>>> d = tg.distributions
>>> tg.distributions.kl_divergence(d.Normal(0.0, 1.0), d.Normal(1.0, 1.0))
tensor(0.5000)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.bernoulli import Bernoulli
from tinygrad_lite.distributions.beta import Beta
from tinygrad_lite.distributions.binomial import Binomial
from tinygrad_lite.distributions.categorical import Categorical
from tinygrad_lite.distributions.cauchy import Cauchy
from tinygrad_lite.distributions.continuous_bernoulli import ContinuousBernoulli
from tinygrad_lite.distributions.dirichlet import Dirichlet
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.exp_family import ExponentialFamily
from tinygrad_lite.distributions.exponential import Exponential
from tinygrad_lite.distributions.gamma import Gamma
from tinygrad_lite.distributions.geometric import Geometric
from tinygrad_lite.distributions.gumbel import Gumbel
from tinygrad_lite.distributions.half_normal import HalfNormal
from tinygrad_lite.distributions.independent import Independent
from tinygrad_lite.distributions.laplace import Laplace
from tinygrad_lite.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal, low_rank_distance
from tinygrad_lite.distributions.multivariate_normal import MultivariateNormal, half_log_det, squared_distance
from tinygrad_lite.distributions.normal import Normal
from tinygrad_lite.distributions.one_hot_categorical import OneHotCategorical
from tinygrad_lite.distributions.pareto import Pareto
from tinygrad_lite.distributions.poisson import Poisson
from tinygrad_lite.distributions.transformed_distribution import TransformedDistribution
from tinygrad_lite.distributions.uniform import Uniform
from tinygrad_lite.distributions.utils import Tensor, euler_constant, sum_rightmost
from tinygrad_lite.nn.functional import softplus

__all__ = ["kl_divergence", "register_kl"]

Divergence = Callable[[Any, Any], Tensor]

_REGISTRY: dict[tuple[type, type], Divergence] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Divergence], Divergence]:
    """A decorator that says how to compute the divergence between two classes of distributions.

    Of several that fit, `kl_divergence` takes the one for the most special classes.

    Raises:
        TypeError: for classes that are no distributions.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Fair(tg.distributions.Bernoulli):
        ...     pass
        >>> @tg.distributions.register_kl(Fair, Fair)
        ... def no_distance(p, q):
        ...     return tg.zeros(p.batch_shape)
        >>> tg.distributions.kl_divergence(Fair(0.5), Fair(0.5))
        tensor(0.)
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def register(divergence: Divergence) -> Divergence:
        _REGISTRY[type_p, type_q] = divergence
        _found.cache_clear()
        return divergence

    return register


@cache
def _found(type_p: type, type_q: type) -> Divergence | None:
    """The divergence for the most special classes: first by the class of p, then by that of q."""
    for kind_p in type_p.__mro__:
        for kind_q in type_q.__mro__:
            if (kind_p, kind_q) in _REGISTRY:
                return _REGISTRY[kind_p, kind_q]
    return None


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """Kullback and Leibler's divergence of q from p: the mean of log p(x) - log q(x) for x drawn from p.

    Raises:
        NotImplementedError: for a pair of classes that none is registered for.

    Example:
        >>> import tinygrad_lite as tg
        >>> d = tg.distributions
        >>> tg.distributions.kl_divergence(d.Bernoulli(0.5), d.Bernoulli(0.25))
        tensor(0.1438)
    """
    kinds: Any = type(p), type(q)
    divergence = _found(*kinds)
    if divergence is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}; "
            "register_kl adds one"
        )
    return divergence(p, q)


def infinite_where(outside: Tensor, value: Tensor) -> Tensor:
    """The divergence, and infinity where p has values that q has not."""
    return tg.where(outside, math.inf, value)


def _weighted(weight: Tensor, gap: Tensor, impossible: Tensor) -> Tensor:
    """The weight times a gap of logarithms: infinite where q is 0, but 0 where the weight is."""
    return tg.where(weight == 0, 0.0, tg.where(impossible, math.inf, weight * gap))


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Tensor:
    ones = _weighted(p.probs, softplus(-q.logits) - softplus(-p.logits), q.probs == 0)
    return ones + _weighted(1 - p.probs, softplus(q.logits) - softplus(p.logits), q.probs == 1)


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Tensor:
    """Where q has more trials than p this is PyTorch's value, which leaves out a term."""
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return infinite_where(p.total_count > q.total_count, p.total_count * each)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Tensor:
    return _weighted(p.probs, p.logits - q.logits, q.probs == 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Tensor:
    slope = p.mean * (p.logits - q.logits)
    return slope + p._log_norm() + tg.log1p(-p.probs) - q._log_norm() - tg.log1p(-q.probs)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Tensor:
    return -p.entropy() - tg.log1p(-q.probs) / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Tensor:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Tensor:
    a, b = p.concentration, q.concentration
    totals = a.sum(-1).lgamma() - b.sum(-1).lgamma() + (b.lgamma() - a.lgamma()).sum(-1)
    return totals + ((a - b) * (a.digamma() - a.sum(-1, keepdim=True).digamma())).sum(-1)


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Tensor:
    a, b = p.concentration, q.concentration
    rates = b * (p.rate / q.rate).log() + (q.rate - p.rate) * (a / p.rate)
    return rates + tg.lgamma(b) - tg.lgamma(a) + (a - b) * tg.digamma(a)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return away - ratio.log() + ratio * euler_constant + tg.exp((1 + ratio).lgamma() - away) - (1 + euler_constant)


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return away / q.scale - ratio.log() + ratio * tg.exp(-away / p.scale) - 1


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Tensor:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Tensor:
    ratio = q.alpha / p.alpha
    return infinite_where(p.scale < q.scale, q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Tensor:
    wider = ((q.high - q.low) / (p.high - p.low)).log()
    return infinite_where((q.low > p.low) | (q.high < p.high), wider)


# --- normal vectors -----------------------------------------------------------------------------------


def _half_log_determinant(d: Any) -> Tensor:
    low_rank = isinstance(d, LowRankMultivariateNormal)
    return d._log_det() / 2 if low_rank else half_log_det(d._unbroadcasted_scale_tril)


def _root(d: Any) -> Tensor:
    """A matrix R for which R R^T are the covariances."""
    if isinstance(d, LowRankMultivariateNormal):
        return tg.cat([d.cov_factor, tg.diag_embed(d.cov_diag.sqrt())], -1)
    return d._unbroadcasted_scale_tril


def _distances(d: Any, vectors: Tensor) -> Tensor:
    """Mahalanobis' distance of vectors from 0."""
    if isinstance(d, LowRankMultivariateNormal):
        w, diagonal = d._unbroadcasted_cov_factor, d._unbroadcasted_cov_diag
        return low_rank_distance(w, diagonal, vectors, d._capacitance_tril)
    return squared_distance(d._unbroadcasted_scale_tril, vectors)


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _normal_vectors(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed: "
            f"{p.event_shape} and {q.event_shape}"
        )
    batch = tg.broadcast_shapes(p.batch_shape, q.batch_shape)
    root = _root(p)
    columns = root.expand((*batch, *root.shape[-2:])).movedim(-1, 0)
    trace = _distances(q, columns).sum(0)
    away = _distances(q, q.loc - p.loc)
    return _half_log_determinant(q) - _half_log_determinant(p) + 0.5 * (trace + away - p.event_shape[0])


# --- distributions made of others ---------------------------------------------------------------------


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"KL(p || q) of Independent with {p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims} "
            "reinterpreted dimensions is not implemented"
        )
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL(p || q) of transformed distributions is implemented for equal transforms only")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: Any, q: Any) -> Tensor:
    """Bregman's divergence of the log normaliser."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman "
            f"divergences: {type(p).__name__} and {type(q).__name__}"
        )
    at_p, normaliser, slopes = p._normaliser_slopes()
    result = q._log_normalizer(*q._natural_params) - normaliser
    for first, second, slope in zip(at_p, q._natural_params, slopes, strict=True):
        result = result - sum_rightmost((second - first) * slope, first.dim() - len(p.batch_shape))
    return result


from tinygrad_lite.distributions import kl_across  # noqa: E402, F401 - registers the pairs of different families
