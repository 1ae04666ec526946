"""Distributions by what they must satisfy: statistics of samples, gradients as limits of differences, errors."""

import copy
import math
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.kernels import incomplete

d = tg.distributions
N = 20000


def double(*values):
    return [tg.tensor(v, dtype=tg.float64) for v in values]


# name: how to make it, of float64 parameters
CONTINUOUS = {
    "Normal": lambda: d.Normal(*double(0.5, 2.0)),
    "LogNormal": lambda: d.LogNormal(*double(0.2, 0.4)),
    "HalfNormal": lambda: d.HalfNormal(*double(1.5)),
    "Uniform": lambda: d.Uniform(*double(-1.0, 3.0)),
    "Exponential": lambda: d.Exponential(*double(0.7)),
    "Laplace": lambda: d.Laplace(*double(1.0, 0.5)),
    "Gamma": lambda: d.Gamma(*double(0.6, 2.0)),
    "Gamma large": lambda: d.Gamma(*double(30.0, 2.0)),
    "Chi2": lambda: d.Chi2(*double(3.0)),
    "InverseGamma": lambda: d.InverseGamma(*double(5.0, 2.0)),
    "Gumbel": lambda: d.Gumbel(*double(1.0, 0.5)),
    "Weibull": lambda: d.Weibull(*double(1.0, 1.7)),
    "Pareto": lambda: d.Pareto(*double(1.0, 5.0)),
    "GeneralizedPareto": lambda: d.GeneralizedPareto(*double(0.0, 1.0, 0.1)),
    "Kumaraswamy": lambda: d.Kumaraswamy(*double(2.0, 3.0)),
    "ContinuousBernoulli": lambda: d.ContinuousBernoulli(*double(0.3)),
    "MixtureSameFamily": lambda: d.MixtureSameFamily(
        d.Categorical(tg.tensor([0.3, 0.7])), d.Normal(*double([-2.0, 1.0], [0.5, 1.0]))
    ),
    "logistic": lambda: d.TransformedDistribution(
        d.Uniform(*double(0.0, 1.0)), [d.SigmoidTransform().inv, d.AffineTransform(1.0, -2.0)]
    ),
}
NO_CDF = {
    "Beta": lambda: d.Beta(*double(0.8, 2.5)),
    "StudentT": lambda: d.StudentT(*double(8.0, 1.0, 0.5)),
    "FisherSnedecor": lambda: d.FisherSnedecor(*double(6.0, 12.0)),
    "RelaxedBernoulli": lambda: d.RelaxedBernoulli(*double(0.8, 0.3)),
}
NO_MOMENTS = {
    "Cauchy": lambda: d.Cauchy(*double(0.0, 1.0)),
    "HalfCauchy": lambda: d.HalfCauchy(*double(1.0)),
}
DISCRETE = {
    "Bernoulli": lambda: d.Bernoulli(*double(0.3)),
    "Geometric": lambda: d.Geometric(*double(0.3)),
    "Binomial": lambda: d.Binomial(9, *double(0.4)),
    "Binomial large": lambda: d.Binomial(400, *double(0.6)),
    "NegativeBinomial": lambda: d.NegativeBinomial(3.5, *double(0.4)),
    "Poisson": lambda: d.Poisson(*double(3.0)),
    "Poisson large": lambda: d.Poisson(*double(80.0)),
}
NOT_IN_CLOSED_FORM = {"RelaxedBernoulli", "logistic"}
VECTORS = {
    "Dirichlet": lambda: d.Dirichlet(*double([0.5, 1.5, 3.0])),
    "MultivariateNormal": lambda: d.MultivariateNormal(*double([1.0, -1.0], [[2.0, 0.7], [0.7, 0.5]])),
    "LowRankMultivariateNormal": lambda: d.LowRankMultivariateNormal(*double([1.0, 0.0], [[1.0], [0.5]], [0.2, 0.3])),
    "Multinomial": lambda: d.Multinomial(6, *double([0.2, 0.3, 0.5])),
    "OneHotCategorical": lambda: d.OneHotCategorical(*double([0.2, 0.3, 0.5])),
    "Wishart": lambda: d.Wishart(*double(5.0, [[1.0, 0.3], [0.3, 0.5]])),
}


def samples(name, cases, n=N):
    tg.manual_seed(0)
    return cases[name]().sample((n,)).numpy()


# --- statistics -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in (*CONTINUOUS, *NO_CDF, *DISCRETE) if n not in NOT_IN_CLOSED_FORM])
def test_samples_have_the_mean_and_the_variance(name):
    cases = CONTINUOUS | NO_CDF | DISCRETE
    x, dist = samples(name, cases), cases[name]()
    mean, variance = dist.mean.item(), (dist.stddev**2).item()
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / N)
    fourth = ((x - mean) ** 4).mean()
    assert abs(x.var() - variance) < 6 * math.sqrt(fourth / N)


@pytest.mark.parametrize("name", VECTORS)
def test_samples_of_vectors_have_the_mean_and_the_variance(name):
    x, dist = samples(name, VECTORS), VECTORS[name]()
    assert x.shape == (N, *dist.event_shape)
    error = 5 * np.sqrt(dist.variance.numpy() / N)
    assert (abs(x.mean(0) - dist.mean.numpy()) < error).all()
    np.testing.assert_allclose(x.var(0), dist.variance.numpy(), rtol=0.08)


def test_samples_of_normal_vectors_have_the_covariances():
    for name in ("MultivariateNormal", "LowRankMultivariateNormal"):
        x = samples(name, VECTORS)
        np.testing.assert_allclose(np.cov(x.T), VECTORS[name]().covariance_matrix.numpy(), rtol=0.05, atol=0.02)


@pytest.mark.parametrize("name", [*CONTINUOUS, *NO_MOMENTS])
def test_samples_follow_the_distribution_function(name):
    """The test of Kolmogorov and Smirnov: the largest gap to the empirical one, at a level of 1 in 10^5."""
    cases = CONTINUOUS | NO_MOMENTS
    probability = np.sort(cases[name]().cdf(tg.tensor(np.sort(samples(name, cases)))).numpy())
    steps = np.arange(N) / N
    gap = max((probability - steps).max(), (steps + 1 / N - probability).max())
    assert gap < 2.5 / math.sqrt(N)


@pytest.mark.parametrize("name", DISCRETE)
def test_samples_follow_the_probabilities(name):
    x, dist = samples(name, DISCRETE), DISCRETE[name]()
    values, counts = np.unique(x, return_counts=True)
    expected = N * dist.log_prob(tg.tensor(values)).exp().numpy()
    often = expected > 10
    spread = (counts - expected)[often] / np.sqrt(expected[often])
    assert abs(spread).max() < 5
    assert expected.sum() > 0.99 * N


def test_samples_of_angles_follow_the_density():
    tg.manual_seed(0)
    dist = d.VonMises(*double(1.0, 2.5))
    x = dist.sample((N,)).numpy()
    assert -math.pi <= x.min() and x.max() < math.pi
    counts, edges = np.histogram(x, 20, (-math.pi, math.pi))
    fine = np.linspace(-math.pi, math.pi, 20 * 50 + 1)
    density = dist.log_prob(tg.tensor((fine[1:] + fine[:-1]) / 2)).exp().numpy()
    expected = N * density.reshape(20, 50).mean(1) * (edges[1] - edges[0])
    assert (abs(counts - expected) < 5 * np.sqrt(expected) + 1).all()


def test_correlations_have_the_right_spread():
    """The correlation of two is beta-distributed about 0, with variance 1 / (2 concentration + 1)."""
    tg.manual_seed(0)
    x = d.LKJCholesky(2, *double(3.0)).sample((N,)).numpy()[:, 1, 0]
    assert abs(x.mean()) < 5 / math.sqrt(7 * N)
    assert x.var() == pytest.approx(1 / 7, rel=0.05)


@pytest.mark.parametrize("name", [*CONTINUOUS, *NO_CDF, *DISCRETE, "Dirichlet", "MultivariateNormal", "Wishart"])
def test_the_entropy_is_the_mean_of_minus_the_log_probability(name):
    cases = CONTINUOUS | NO_CDF | DISCRETE | VECTORS
    dist = cases[name]()
    try:
        entropy = dist.entropy().item()
    except NotImplementedError:
        return
    each = -dist.log_prob(tg.tensor(samples(name, cases))).numpy()
    assert abs(each.mean() - entropy) < 5 * each.std() / math.sqrt(N) + 1e-9


@pytest.mark.parametrize("name", CONTINUOUS)
def test_the_density_is_the_slope_of_the_distribution_function(name):
    dist = CONTINUOUS[name]()
    x = np.quantile(samples(name, CONTINUOUS, 500), np.linspace(0.1, 0.9, 9))
    h = 1e-6
    slope = (dist.cdf(tg.tensor(x + h)) - dist.cdf(tg.tensor(x - h))).numpy() / (2 * h)
    np.testing.assert_allclose(dist.log_prob(tg.tensor(x)).exp().numpy(), slope, rtol=1e-5)


@pytest.mark.parametrize("name", [*CONTINUOUS, *NO_MOMENTS])
def test_quantiles_are_the_inverse_of_the_distribution_function(name):
    dist = (CONTINUOUS | NO_MOMENTS)[name]()
    p = tg.tensor(np.linspace(0.01, 0.99, 25))
    try:
        x = dist.icdf(p)
    except NotImplementedError:
        return
    np.testing.assert_allclose(dist.cdf(x).numpy(), p.numpy(), rtol=1e-7)


# --- divergences ----------------------------------------------------------------------------------------

PAIRS = [
    ("Normal", lambda: d.Normal(*double(1.0, 1.5))),
    ("Normal", lambda: d.Laplace(*double(0.0, 2.0))),
    ("Normal", lambda: d.Gumbel(*double(0.0, 3.0))),
    ("Laplace", lambda: d.Normal(*double(0.5, 1.0))),
    ("Gamma", lambda: d.Gamma(*double(1.0, 1.0))),
    ("Gamma", lambda: d.Exponential(*double(2.0))),
    ("Gamma", lambda: d.Gumbel(*double(0.0, 1.0))),
    ("Gumbel", lambda: d.Gumbel(*double(0.5, 1.0))),
    ("Gumbel", lambda: d.Normal(*double(1.0, 1.0))),
    ("Exponential", lambda: d.Gamma(*double(2.0, 1.0))),
    ("Pareto", lambda: d.Exponential(*double(1.0))),
    ("Uniform", lambda: d.Normal(*double(0.0, 2.0))),
    ("Uniform", lambda: d.Gumbel(*double(0.0, 2.0))),
    ("ContinuousBernoulli", lambda: d.Exponential(*double(1.0))),
    ("Beta", lambda: d.ContinuousBernoulli(*double(0.3))),
    ("Beta", lambda: d.Gamma(*double(1.0, 2.0))),
    ("Beta", lambda: d.Uniform(*double(-1.0, 2.0))),
    ("Poisson", lambda: d.Poisson(*double(4.0))),
    ("Geometric", lambda: d.Geometric(*double(0.5))),
    ("Bernoulli", lambda: d.Poisson(*double(1.0))),
    ("Binomial", lambda: d.Binomial(9, *double(0.6))),
    ("Dirichlet", lambda: d.Dirichlet(*double([1.0, 1.0, 1.0]))),
    ("MultivariateNormal", lambda: VECTORS["LowRankMultivariateNormal"]()),
    ("LowRankMultivariateNormal", lambda: VECTORS["MultivariateNormal"]()),
    ("Wishart", lambda: d.Wishart(*double(6.0, [[1.0, 0.0], [0.0, 1.0]]))),
]


@pytest.mark.parametrize(("name", "other"), PAIRS, ids=lambda v: v if isinstance(v, str) else "")
def test_the_divergence_is_the_mean_of_the_gap(name, other):
    cases = CONTINUOUS | NO_CDF | DISCRETE | VECTORS
    p, q = cases[name](), other()
    x = tg.tensor(samples(name, cases))
    gap = (p.log_prob(x) - q.log_prob(x)).numpy()
    assert abs(gap.mean() - d.kl_divergence(p, q).item()) < 5 * gap.std() / math.sqrt(N) + 1e-9


@pytest.mark.parametrize("name", ["Normal", "Gamma", "Beta", "Bernoulli", "Gumbel", "Laplace", "Poisson", "Dirichlet"])
def test_nothing_diverges_from_itself(name):
    dist = (CONTINUOUS | NO_CDF | DISCRETE | VECTORS)[name]()
    assert d.kl_divergence(dist, dist).item() == pytest.approx(0, abs=1e-12)


def test_the_divergence_is_infinite_where_values_are_missing():
    for p, q in [
        (d.Normal(0.0, 1.0), d.Uniform(-9.0, 9.0)), (d.Uniform(0.0, 2.0), d.Uniform(0.5, 3.0)),
        (d.Poisson(1.0), d.Bernoulli(0.5)), (d.Pareto(1.0, 2.0), d.Pareto(2.0, 2.0)),
        (d.Gamma(1.0, 1.0), d.Beta(1.0, 1.0)), (d.Bernoulli(0.5), d.Bernoulli(0.0)),
        (d.Categorical(tg.tensor([0.5, 0.5])), d.Categorical(tg.tensor([1.0, 0.0]))),
    ]:  # fmt: skip
        assert d.kl_divergence(p, q).item() == math.inf
    sure = d.Categorical(tg.tensor([1.0, 0.0]))
    assert d.kl_divergence(sure, sure).item() == pytest.approx(0, abs=1e-6)


def test_a_divergence_can_be_registered():
    class Mine(d.Normal):
        pass

    @d.register_kl(Mine, d.Normal)
    def divergence(p, q):
        return tg.tensor(42.0)

    assert d.kl_divergence(Mine(0.0, 1.0), d.Normal(0.0, 1.0)).item() == 42
    assert d.kl_divergence(d.Normal(0.0, 1.0), Mine(0.0, 1.0)).item() == 0
    with pytest.raises(TypeError, match="Expected type_p to be a Distribution subclass"):
        d.register_kl(int, d.Normal)
    with pytest.raises(
        NotImplementedError, match=r"No KL\(p \|\| q\) is implemented for p type Cauchy and q type Poisson"
    ):
        d.kl_divergence(d.Cauchy(0.0, 1.0), d.Poisson(1.0))


# --- gradients of samples ---------------------------------------------------------------------------------


def quantile_slope(cdf, x, parameter, h=1e-5):
    """How the number x with a fixed quantile moves with a parameter: -(dF / da) / (dF / dx) by differences."""
    by_parameter = (cdf(x, parameter + h) - cdf(x, parameter - h)) / (2 * h)
    step = h * x
    return -by_parameter / ((cdf(x + step, parameter) - cdf(x - step, parameter)) / (2 * step))


@pytest.mark.parametrize("shape", [0.05, 0.4, 1.0, 2.5, 20.0, 300.0])
def test_gamma_samples_move_with_their_shape(shape):
    x = np.random.default_rng(0).gamma(shape, size=50) + 1e-12
    x = x[(x > 1e-6) & (abs(x - shape) < 3 * math.sqrt(shape) + 1)]
    a = np.full(x.shape, shape)
    found = incomplete.gamma_slope(a, x)
    expected = quantile_slope(lambda x, a: incomplete.gammainc(a, x), x, a, 1e-5 * min(1, shape))
    np.testing.assert_allclose(found, expected, rtol=2e-5)


def beta_cdf(x, a, b):
    """The incomplete beta function by Gauss and Legendre's rule in t^a."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u = (nodes + 1) / 2
    t = x[:, None] * u ** (1 / np.minimum(a, 1))[:, None]
    density = t ** (a[:, None] - 1) * (1 - t) ** (b - 1)
    jacobian = x[:, None] / np.minimum(a, 1)[:, None] * u ** (1 / np.minimum(a, 1) - 1)[:, None]
    total = math.lgamma(b) + np.array([math.lgamma(v) - math.lgamma(v + b) for v in a])
    return (density * jacobian) @ weights / 2 / np.exp(total)


@pytest.mark.parametrize(("shape", "other"), [(0.5, 1.5), (2.0, 3.0), (0.3, 4.0), (8.0, 1.2), (30.0, 20.0)])
def test_beta_samples_move_with_their_shape(shape, other):
    x = np.clip(np.random.default_rng(0).beta(shape, other, size=40), 1e-4, 0.98)
    a = np.full(x.shape, shape)
    found = incomplete.beta_slope(a, np.full(x.shape, other), x)
    np.testing.assert_allclose(found, quantile_slope(lambda x, a: beta_cdf(x, a, other), x, a), rtol=1e-4)


REPARAMETRISED = {
    "Normal": (lambda a, b: d.Normal(a, b), (0.5, 1.5)),
    "Gamma": (lambda a, b: d.Gamma(a, b), (1.4, 2.0)),
    "Gamma small": (lambda a, b: d.Gamma(a, b), (0.3, 1.0)),
    "Beta": (lambda a, b: d.Beta(a, b), (1.5, 2.5)),
    "Dirichlet": (lambda a, b: d.Dirichlet(tg.stack([a, b, a + b])), (0.8, 2.0)),
    "StudentT": (lambda a, b: d.StudentT(a, b, 0.5), (7.0, 1.0)),
    "Laplace": (lambda a, b: d.Laplace(a, b), (0.5, 1.0)),
    "Gumbel": (lambda a, b: d.Gumbel(a, b), (0.5, 0.7)),
    "Weibull": (lambda a, b: d.Weibull(a, b), (1.0, 2.0)),
    "Kumaraswamy": (lambda a, b: d.Kumaraswamy(a, b), (1.5, 2.0)),
    "InverseGamma": (lambda a, b: d.InverseGamma(a, b), (6.0, 2.0)),
    "FisherSnedecor": (lambda a, b: d.FisherSnedecor(a, b), (6.0, 12.0)),
}


@pytest.mark.parametrize("name", REPARAMETRISED)
def test_the_gradient_of_a_mean_of_samples_is_that_of_the_mean(name):
    """E[x] is known in closed form: its gradient by the parameters is the mean of the gradients of samples."""
    build, values = REPARAMETRISED[name]
    tg.manual_seed(0)
    a, b = (v.requires_grad_() for v in double(*values))
    mean = build(a, b).mean
    exact = tg.autograd.grad(mean.reshape(-1)[0], (a, b), allow_unused=True)
    for k, (leaf, expected) in enumerate(zip((a, b), exact)):
        wide = [v.detach().expand(N).clone() for v in (a, b)]
        wide[k].requires_grad_()
        dist = build(*wide) if name != "Dirichlet" else d.Dirichlet(tg.stack([wide[0], wide[1], wide[0] + wide[1]], -1))
        x = dist.rsample()
        x = x if x.dim() == 1 else x[:, 0]
        (each,) = tg.autograd.grad(x.sum(), wide[k])
        error = 5 * each.std().item() / math.sqrt(N) + 1e-9
        assert abs(each.mean().item() - (0.0 if expected is None else expected.item())) < error, leaf


def test_the_slope_of_a_sample_is_not_differentiable_again():
    a = tg.tensor(2.0, requires_grad=True)
    (slope,) = tg.autograd.grad(d.Gamma(a, 1.0).rsample(), a, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.backward()


def test_samples_without_gradients():
    loc = tg.zeros(3, requires_grad=True)
    assert not d.Normal(loc, 1.0).sample().requires_grad
    assert d.Normal(loc, 1.0).rsample().requires_grad
    assert not d.Categorical(logits=loc).sample().requires_grad
    with pytest.raises(NotImplementedError):
        d.Categorical(logits=loc).rsample()


# --- shapes, checks, copies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CONTINUOUS, *NO_CDF, *NO_MOMENTS, *DISCRETE, *VECTORS])
def test_expanding_changes_shapes_only(name):
    cases = CONTINUOUS | NO_CDF | NO_MOMENTS | DISCRETE | VECTORS
    dist = cases[name]()
    wide = dist.expand((4, 2))
    assert wide.batch_shape == (4, 2) and wide.event_shape == dist.event_shape and type(wide) is type(dist)
    assert wide.sample((3,)).shape == (3, 4, 2, *dist.event_shape)
    x = tg.tensor(samples(name, cases, 1))
    np.testing.assert_allclose(wide.log_prob(x).numpy(), np.full((4, 2), dist.log_prob(x).item()), rtol=1e-12)
    assert copy.deepcopy(wide).sample().shape == (4, 2, *dist.event_shape)


def test_a_class_of_ones_own_must_say_how_to_expand():
    class Mine(d.Normal):
        def __init__(self, loc):
            super().__init__(loc, 1.0)

    with pytest.raises(NotImplementedError, match="must also define a custom .expand"):
        Mine(0.0).expand((2,))


def test_checks_can_be_turned_off():
    with pytest.raises(ValueError, match="Expected parameter scale .* of distribution Normal"):
        d.Normal(0.0, -1.0)
    assert d.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    d.Distribution.set_default_validate_args(False)
    try:
        assert d.Uniform(1.0, 0.0).low.item() == 1
        assert d.Exponential(1.0).log_prob(tg.tensor(-1.0)).item() == 1
    finally:
        d.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="True or False"):
        d.Distribution.set_default_validate_args(2)


def test_nan_is_no_parameter():
    with pytest.raises(ValueError, match="Expected parameter loc"):
        d.Normal(math.nan, 1.0)


def test_older_names_still_work():
    with pytest.warns(UserWarning, match="sample_n"):
        assert d.Normal(tg.zeros(2), tg.ones(2)).sample_n(3).shape == (3, 2)


# --- transforms ---------------------------------------------------------------------------------------------

TRANSFORMS = [
    (d.ExpTransform(), (4,)), (d.SigmoidTransform(), (4,)), (d.SoftplusTransform(), (4,)), (d.TanhTransform(), (4,)),
    (d.AffineTransform(1.0, -2.0), (4,)), (d.StickBreakingTransform(), (4,)), (d.CorrCholeskyTransform(), (6,)),
    (d.ComposeTransform([d.AffineTransform(0.0, 0.5), d.StickBreakingTransform()]), (3,)),
    (d.StackTransform([d.ExpTransform(), d.TanhTransform()]), (2,)),
    (d.CatTransform([d.ExpTransform(), d.TanhTransform()], lengths=[1, 2]), (3,)),
]  # fmt: skip


@pytest.mark.parametrize(("transform", "shape"), TRANSFORMS, ids=lambda t: type(t).__name__)
def test_a_transform_and_its_inverse(transform, shape):
    tg.manual_seed(0)
    x = tg.randn(shape, dtype=tg.float64)
    y = transform(x)
    np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-8, atol=1e-10)
    assert tuple(transform.forward_shape(x.shape)) == tuple(y.shape)
    assert tuple(transform.inverse_shape(y.shape)) == tuple(x.shape)
    assert transform.inv.inv is transform
    backwards = transform.inv.log_abs_det_jacobian(y, x)
    np.testing.assert_allclose(backwards.numpy(), -transform.log_abs_det_jacobian(x, y).numpy(), rtol=1e-10)


@pytest.mark.parametrize(("transform", "shape"), TRANSFORMS, ids=lambda t: type(t).__name__)
def test_the_jacobian_is_that_of_the_transform(transform, shape):
    tg.manual_seed(0)
    x = tg.randn(shape, dtype=tg.float64)
    y = transform(x)
    jacobian = tg.autograd.functional.jacobian(transform, x).numpy()
    if isinstance(transform, d.CorrCholeskyTransform):
        jacobian = jacobian[np.tril_indices(4, -1)]
    elif y.dim() == 1 and y.numel() > x.numel():
        jacobian = jacobian[:-1]  # the last follows from the others
    total = transform.log_abs_det_jacobian(x, y).sum().item()
    assert total == pytest.approx(math.log(abs(np.linalg.det(jacobian))), rel=1e-9)


def test_a_flow_learns():
    """A few steps of gradient descent bring a transformed normal distribution to data of another."""
    tg.manual_seed(0)
    data = d.LogNormal(0.5, 0.3).sample((500,))
    loc, scale = tg.zeros(1, requires_grad=True), tg.zeros(1, requires_grad=True)
    optimiser = tg.optim.Adam([loc, scale], lr=0.1)
    for _ in range(150):
        flow = d.TransformedDistribution(d.Normal(loc, scale.exp()), d.ExpTransform())
        loss = -flow.log_prob(data).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loc.item() == pytest.approx(0.5, abs=0.05)
    assert scale.exp().item() == pytest.approx(0.3, abs=0.03)


def test_parts_load_when_they_are_used():
    used = "tg.distributions.Normal; print('tinygrad_lite.distributions.wishart' in sys.modules)"
    code = f"import sys, tinygrad_lite as tg; {used}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert set(d.__all__) <= set(dir(d))
    from tinygrad_lite.distributions.normal import Normal

    assert Normal is d.Normal
