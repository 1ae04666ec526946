"""Distributions answer what PyTorch's answer: values, gradients, samples from one seed, divergences, errors."""

import contextlib
import pickle
import warnings

import numpy as np
import pytest
import torch
import torch.distributions
from helpers import TOLERANCE, to_array

import tinygrad_lite as tg

pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected")

random = np.random.default_rng(0)
A, B, C = random.uniform(0.3, 3.0, (3, 4))
LOC = random.normal(size=4)
P = random.uniform(0.1, 0.9, 4)
ROWS = random.uniform(0.1, 2.0, (2, 3))
FACTOR = np.tril(random.normal(size=(2, 3, 3)), -1) + np.eye(3) * random.uniform(0.5, 1.5, (2, 3, 1))
COVARIANCE = FACTOR @ FACTOR.transpose(0, 2, 1)
W = random.normal(size=(2, 3, 1))
PAIRS = random.normal(size=(2, 3, 2))

# name: class or function of (d, parameters), parameters by name
CASES = {
    "Normal": ("Normal", {"loc": LOC, "scale": A}),
    "Normal broadcast": ("Normal", {"loc": LOC, "scale": 2.0}),
    "LogNormal": ("LogNormal", {"loc": LOC, "scale": A}),
    "HalfNormal": ("HalfNormal", {"scale": A}),
    "Uniform": ("Uniform", {"low": LOC, "high": LOC + A}),
    "Bernoulli": ("Bernoulli", {"probs": P}),
    "Bernoulli logits": ("Bernoulli", {"logits": LOC}),
    "ContinuousBernoulli": ("ContinuousBernoulli", {"probs": np.array([0.1, 0.4995, 0.7, 0.9])}),
    "ContinuousBernoulli logits": ("ContinuousBernoulli", {"logits": LOC}),
    "Geometric": ("Geometric", {"probs": P}),
    "Geometric logits": ("Geometric", {"logits": LOC}),
    "Binomial": ("Binomial", {"total_count": 7, "probs": P}),
    "Binomial logits": ("Binomial", {"total_count": np.array([3.0, 10.0, 50.0, 100.0]), "logits": LOC}),
    "NegativeBinomial": ("NegativeBinomial", {"total_count": A, "probs": P}),
    "NegativeBinomial logits": ("NegativeBinomial", {"total_count": 5, "logits": LOC}),
    "Categorical": ("Categorical", {"probs": ROWS}),
    "Categorical logits": ("Categorical", {"logits": ROWS}),
    "OneHotCategorical": ("OneHotCategorical", {"probs": ROWS}),
    "OneHotCategoricalStraightThrough": ("OneHotCategoricalStraightThrough", {"logits": ROWS}),
    "Multinomial": ("Multinomial", {"total_count": 5, "probs": ROWS}),
    "Multinomial logits": ("Multinomial", {"total_count": 5, "logits": ROWS}),
    "Poisson": ("Poisson", {"rate": np.array([0.2, 3.0, 12.0, 100.0])}),
    "Exponential": ("Exponential", {"rate": A}),
    "Laplace": ("Laplace", {"loc": LOC, "scale": A}),
    "Cauchy": ("Cauchy", {"loc": LOC, "scale": A}),
    "HalfCauchy": ("HalfCauchy", {"scale": A}),
    "Gamma": ("Gamma", {"concentration": A, "rate": B}),
    "Chi2": ("Chi2", {"df": A * 3}),
    "Beta": ("Beta", {"concentration1": A, "concentration0": B}),
    "Dirichlet": ("Dirichlet", {"concentration": ROWS}),
    "StudentT": ("StudentT", {"df": A * 4, "loc": LOC, "scale": B}),
    "FisherSnedecor": ("FisherSnedecor", {"df1": A * 4, "df2": B * 4}),
    "InverseGamma": ("InverseGamma", {"concentration": A * 2, "rate": B}),
    "Gumbel": ("Gumbel", {"loc": LOC, "scale": A}),
    "Weibull": ("Weibull", {"scale": A, "concentration": B + 1}),
    "Pareto": ("Pareto", {"scale": A, "alpha": B * 2}),
    "GeneralizedPareto": (
        "GeneralizedPareto",
        {"loc": LOC, "scale": A, "concentration": np.array([-0.4, 0.0, 0.3, 0.7])},
    ),
    "Kumaraswamy": ("Kumaraswamy", {"concentration1": A + 1, "concentration0": B + 1}),
    "VonMises": ("VonMises", {"loc": LOC, "concentration": A}),
    "LogisticNormal": ("LogisticNormal", {"loc": ROWS, "scale": ROWS}),
    "RelaxedBernoulli": ("RelaxedBernoulli", {"temperature": np.array(0.7), "probs": P}),
    "RelaxedOneHotCategorical": ("RelaxedOneHotCategorical", {"temperature": np.array(0.7), "logits": ROWS}),
    "MultivariateNormal": ("MultivariateNormal", {"loc": ROWS, "covariance_matrix": COVARIANCE}),
    "MultivariateNormal precision": ("MultivariateNormal", {"loc": ROWS, "precision_matrix": COVARIANCE}),
    "MultivariateNormal factor": ("MultivariateNormal", {"loc": ROWS, "scale_tril": FACTOR[0]}),
    "LowRankMultivariateNormal": ("LowRankMultivariateNormal", {"loc": ROWS, "cov_factor": W, "cov_diag": ROWS}),
    "Wishart": ("Wishart", {"df": np.array([4.0, 6.5]), "scale_tril": FACTOR}),
    "LKJCholesky": ("LKJCholesky", {"dim": 3, "concentration": np.array([0.5, 2.0])}),
    "Independent": (lambda d, loc, scale: d.Independent(d.Normal(loc, scale), 1), {"loc": ROWS, "scale": ROWS}),
    "MixtureSameFamily": (
        lambda d, logits, loc, scale: d.MixtureSameFamily(d.Categorical(logits=logits), d.Normal(loc, scale)),
        {"logits": ROWS, "loc": ROWS * 2, "scale": ROWS},
    ),
    "MixtureSameFamily of vectors": (
        lambda d, logits, loc, scale: d.MixtureSameFamily(
            d.Categorical(logits=logits), d.Independent(d.Normal(loc, scale), 1)
        ),
        {"logits": ROWS, "loc": PAIRS, "scale": np.exp(PAIRS)},
    ),
    "TransformedDistribution": (
        lambda d, loc, scale: d.TransformedDistribution(
            d.Normal(loc, scale), [d.TanhTransform(), d.AffineTransform(scale, -2.0), d.SigmoidTransform()]
        ),
        {"loc": LOC, "scale": A},
    ),
    "TransformedDistribution of vectors": (
        lambda d, loc, scale: d.TransformedDistribution(
            d.Normal(loc, scale), [d.AffineTransform(loc, 2.0), d.StickBreakingTransform()]
        ),
        {"loc": ROWS, "scale": ROWS},
    ),
    "logistic": (
        lambda d, loc, scale: d.TransformedDistribution(
            d.Uniform(loc * 0, loc * 0 + 1), [d.SigmoidTransform().inv, d.AffineTransform(loc, scale)]
        ),
        {"loc": LOC, "scale": A},
    ),
}
FEW_DRAWS = {"Wishart"}  # PyTorch draws each twice and warns that it is singular, by mistake


def words(value):
    """A text without the names of the libraries."""
    return repr(value).replace("tinygrad_lite.", "").replace("torch.", "").replace("\n", " ")


def made(m, name, dtype="float64", **options):
    """The distribution of a case in library `m`, and its parameters as leaves."""
    build, parameters = CASES[name]
    tensors = {
        k: m.from_numpy(v.astype(dtype)).requires_grad_() if isinstance(v, np.ndarray) else v
        for k, v in parameters.items()
    }
    leaves = [v for v in tensors.values() if not isinstance(v, int | float)]
    if callable(build):
        return build(m.distributions, **tensors), leaves
    return getattr(m.distributions, build)(**tensors, **options), leaves


@contextlib.contextmanager
def default(m, dtype):
    """Some distributions of PyTorch make constants in the default dtype, and cannot mix them with others."""
    m.set_default_dtype(getattr(m, dtype))
    try:
        yield
    finally:
        m.set_default_dtype(m.float32)


def answer(compute):
    """What a computation gives, or the class of what it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compute()
    except (NotImplementedError, AttributeError) as error:
        return type(error).__name__


def gradients(m, value, leaves):
    if isinstance(value, str) or not value.requires_grad:
        return []
    finite = m.where(m.isfinite(value), value, m.zeros_like(value))
    slopes = m.autograd.grad(finite.sum(), leaves, allow_unused=True, retain_graph=True)
    return [None if g is None else to_array(g) for g in slopes]


def assert_alike(compute, name, dtype="float64", rtol=None, gradient=True, **options):
    """`compute(m, distribution)` gives the same in both libraries, and the same gradients by the parameters."""
    seen = []
    for m in (tg, torch):
        with default(m, dtype):
            d, leaves = made(m, name, dtype, **options)
            value = answer(lambda m=m, d=d: compute(m, d))
            seen.append((value, gradients(m, value, leaves) if gradient else []))
    (ours, our_slopes), (theirs, their_slopes) = seen
    if isinstance(theirs, str):
        assert ours == theirs or (theirs == "NotImplementedError" and not isinstance(ours, str))
        return
    rtol = rtol or 10 * TOLERANCE[dtype]
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(to_array(ours), to_array(theirs), rtol=rtol, atol=rtol)
    assert len(our_slopes) == len(their_slopes)
    for a, b in zip(our_slopes, their_slopes):
        assert (a is None) == (b is None) or not np.any(a if b is None else b)
        if a is not None and b is not None:
            below = np.tril if name == "Wishart" and a.ndim > 1 else np.asarray  # PyTorch has some above the diagonal
            np.testing.assert_allclose(below(a), below(b), rtol=10 * rtol, atol=10 * rtol)


def points(name, count=3):
    """Values of the distribution, as arrays: samples that PyTorch drew."""
    torch.manual_seed(3)
    return to_array(made(torch, name)[0].sample((count,)))


EVERY = pytest.mark.parametrize("name", CASES)


@EVERY
@pytest.mark.parametrize("what", ["mean", "mode", "variance", "stddev"])
def test_moments(name, what):
    if (name, what) == ("Kumaraswamy", "mode"):
        pytest.skip("PyTorch gives NaN for all parameters")
    assert_alike(lambda m, d: getattr(d, what), name, rtol=1e-6 if name == "VonMises" else None)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_prob(name, dtype):
    x = points(name)
    tolerance = {"VonMises": 2e-6}.get(name)
    loose = {"float32": 1e-3}.get(dtype, tolerance)
    if dtype == "float32" and name in ("LogisticNormal", "TransformedDistribution", "LKJCholesky"):
        pytest.skip("the values are so near the edge that float32 has few digits left")
    assert_alike(
        lambda m, d: d.log_prob(m.from_numpy(x if x.dtype.kind == "i" else x.astype(dtype))), name, dtype, loose
    )


@EVERY
def test_entropy(name):
    assert_alike(lambda m, d: d.entropy(), name)
    assert_alike(lambda m, d: d.perplexity(), name)


@EVERY
def test_cdf_and_icdf(name):
    x = points(name)
    tolerance = 1e-7 if name in ("Gamma", "Chi2", "InverseGamma") else 1e-8
    gradient = name not in ("Gamma", "Chi2", "InverseGamma")  # PyTorch has none by the shape
    assert_alike(lambda m, d: d.cdf(m.from_numpy(x)), name, rtol=tolerance, gradient=gradient)
    u = np.linspace(0.05, 0.9, 3 * max(1, np.prod(made(torch, name)[0].batch_shape, dtype=int)))
    shape = (3, *made(torch, name)[0].batch_shape)
    assert_alike(lambda m, d: d.icdf(m.from_numpy(u.reshape(shape))), name, rtol=1e-8)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_from_one_seed(name, dtype):
    if name in FEW_DRAWS:
        pytest.skip("PyTorch draws each of these twice")

    def draw(m, d):
        m.manual_seed(7)
        return d.sample((5,))

    assert_alike(draw, name, dtype, rtol=1e-3 if dtype == "float32" else 1e-9)
    for m in (tg, torch):
        draw(m, made(m, name, dtype)[0])
    assert tg.rand(1).item() == torch.rand(1).item()


# PyTorch's derivatives of gamma and beta samples come from approximations with few digits.
ROUGH = {"Gamma", "Chi2", "Beta", "Dirichlet", "StudentT", "FisherSnedecor", "InverseGamma"}


@EVERY
def test_reparametrised_samples(name):
    if name in FEW_DRAWS:
        pytest.skip("PyTorch draws each of these twice")

    def draw(m, d):
        m.manual_seed(7)
        return d.rsample((5,))

    assert_alike(draw, name, rtol=2e-3 if name in ROUGH else None)


@EVERY
def test_enumerated(name):
    for expand in (True, False):
        assert_alike(lambda m, d, expand=expand: d.enumerate_support(expand), name)


@EVERY
def test_shapes_and_flags(name):
    def facts(m, d):
        wide = d.expand((5, *d.batch_shape))
        return [
            tuple(d.batch_shape), tuple(d.event_shape), d.has_rsample, d.has_enumerate_support, tuple(wide.batch_shape),
            tuple(wide.event_shape), words(wide), tuple(wide.sample((2,)).shape),
            sorted(d.arg_constraints), wide._validate_args, words(d.support).split("(")[0], d.support.event_dim,
        ]  # fmt: skip

    assert facts(tg, made(tg, name)[0]) == facts(torch, made(torch, name)[0])


@EVERY
def test_expanded(name):
    x = points(name, 1)
    assert_alike(lambda m, d: d.expand((3, *d.batch_shape)).log_prob(m.from_numpy(x)), name, rtol=1e-6)
    assert_alike(lambda m, d: d.expand((3, *d.batch_shape)).mean, name)


@EVERY
def test_printed_alike(name):
    assert repr(made(tg, name)[0]) == repr(made(torch, name)[0]).replace("torch.", "")


@pytest.mark.parametrize("name", ["Normal", "Gamma", "Beta", "Gumbel", "Dirichlet", "Poisson"])
def test_parameters_that_are_refused(name):
    build, parameters = CASES[name]
    bad = {k: -abs(v) if isinstance(v, np.ndarray) else v for k, v in parameters.items()}
    messages = []
    for m in (tg, torch):
        with pytest.raises(ValueError, match="to satisfy the constraint") as info:
            getattr(m.distributions, build)(**{k: m.from_numpy(v) for k, v in bad.items()})
        messages.append(str(info.value).split(", but found")[0].replace("torch.", ""))
    assert messages[0] == messages[1]
    assert getattr(tg.distributions, build)(*map(tg.from_numpy, bad.values()), validate_args=False)


VALUES = {
    "Uniform": 100.0, "Exponential": -1.0, "Beta": 1.5, "Bernoulli": 0.5, "Categorical": 7, "Poisson": 1.5,
    "Gamma": -2.0, "Binomial": 8.0, "LogNormal": -1.0, "Geometric": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_that_are_refused(name):
    messages = []
    for m in (tg, torch):
        with pytest.raises(ValueError, match="to be within the support") as info:
            made(m, name)[0].log_prob(m.tensor(VALUES[name]))
        messages.append(words(str(info.value).split(" of the distribution")[0]))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, d: d.Normal(m.zeros(2), m.ones(2)).log_prob(m.zeros(3)),
        lambda m, d: d.MultivariateNormal(m.zeros(2), m.eye(2)).log_prob(m.zeros(3)),
        lambda m, d: d.Normal(0.0, 1.0).log_prob(0.0),
        lambda m, d: d.Bernoulli(0.5, 0.5),
        lambda m, d: d.Bernoulli(),
        lambda m, d: d.Categorical(m.tensor(1.0)),
        lambda m, d: d.MultivariateNormal(m.zeros(2)),
        lambda m, d: d.MultivariateNormal(m.zeros(2), m.eye(2), m.eye(2)),
        lambda m, d: d.MultivariateNormal(m.tensor(0.0), m.eye(2)),
        lambda m, d: d.LowRankMultivariateNormal(m.zeros(2), m.zeros(3, 1), m.ones(2)),
        lambda m, d: d.Independent(d.Normal(0.0, 1.0), 1),
        lambda m, d: d.TransformedDistribution(d.Normal(0.0, 1.0), "exp"),
        lambda m, d: d.TransformedDistribution(d.Normal(0.0, 1.0), d.StickBreakingTransform()),
        lambda m, d: d.MixtureSameFamily(d.Normal(0.0, 1.0), d.Normal(0.0, 1.0)),
        lambda m, d: d.MixtureSameFamily(d.Categorical(m.ones(3)), d.Normal(m.zeros(2), m.ones(2))),
        lambda m, d: d.LKJCholesky(1),
        lambda m, d: d.Wishart(m.tensor(0.5), m.eye(2)),
        lambda m, d: d.Geometric(0.0),
        lambda m, d: d.Normal("a", 1.0),
        lambda m, d: d.Multinomial(m.tensor([2, 3]), m.ones(3)),
        lambda m, d: d.kl_divergence(d.Normal(0.0, 1.0), d.Poisson(1.0)),
        lambda m, d: d.ExpTransform(cache_size=2),
        lambda m, d: d.transform_to(d.constraints.boolean),
        lambda m, d: d.Distribution().mean,
        lambda m, d: d.biject_to.register(int, lambda c: None),
        lambda m, d: d.ReshapeTransform((2,), (3,)),
        lambda m, d: d.constraints.dependent.event_dim,
    ],
)
def test_errors(wrong):
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:
            wrong(torch, torch.distributions)
        with pytest.raises(theirs.type):
            wrong(tg, tg.distributions)


# --- divergences ----------------------------------------------------------------------------------------

OTHERS = {
    "Normal": {"loc": LOC + 0.3, "scale": B},
    "Uniform": {"low": LOC - 0.1, "high": LOC + A + 0.2},
    "Uniform wide": {"low": LOC * 0 - 5.0, "high": LOC * 0 + 5.0},
    "Pareto": {"scale": A * 0.5, "alpha": C},
    "Gumbel": {"loc": LOC - 0.2, "scale": B + 1},
    "Categorical": {"logits": ROWS[::-1].copy()},
    "LowRankMultivariateNormal": {"loc": ROWS * 2, "cov_factor": -W, "cov_diag": ROWS + 0.1},
    "MultivariateNormal": {"loc": -ROWS, "covariance_matrix": COVARIANCE + np.eye(3)},
}
FAMILIES = [
    "Normal", "HalfNormal", "LogNormal", "Uniform", "Bernoulli", "ContinuousBernoulli", "Geometric", "Categorical",
    "OneHotCategorical", "Poisson", "Exponential", "Laplace", "Cauchy", "Gamma", "Beta", "Dirichlet", "Gumbel",
    "Pareto", "MultivariateNormal", "LowRankMultivariateNormal", "Binomial", "Independent", "Chi2",
]  # fmt: skip


def both(m, p, q):
    """p as it stands in `CASES`; q with other parameters; the leaves of both."""
    first, leaves = made(m, p)
    name = q.split()[0]
    saved = CASES[name]
    parameters = OTHERS.get(q) or {k: v if isinstance(v, int) else v[::-1].copy() for k, v in saved[1].items()}
    CASES[name] = (saved[0], parameters)
    try:
        second, more = made(m, name)
    finally:
        CASES[name] = saved
    return first, second, leaves + more


@pytest.mark.parametrize("p", FAMILIES)
def test_divergence_from_every_family(p):
    for q in [*FAMILIES, "Uniform wide"]:
        seen = []
        for m in (tg, torch):
            first, second, leaves = both(m, p, q)
            if first.batch_shape != second.batch_shape:
                break
            value = answer(lambda m=m, first=first, second=second: m.distributions.kl_divergence(first, second))
            seen.append((value, gradients(m, value, leaves)))
        if len(seen) < 2:
            continue
        (ours, our_slopes), (theirs, their_slopes) = seen
        if isinstance(theirs, str):
            assert ours == theirs, f"{p} from {q}: {ours}"
            continue
        where = f"{p} from {q}"
        assert not isinstance(ours, str), f"{where}: {ours}"
        np.testing.assert_allclose(to_array(ours), to_array(theirs), rtol=1e-8, atol=1e-8, err_msg=where)
        for a, b in zip(our_slopes, their_slopes):
            a, b = (np.zeros(()) if g is None else g for g in (a, b))
            a = np.where(np.isnan(b), np.nan, a)  # PyTorch's gradient of what is infinite
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6, err_msg=where)


def test_divergence_of_wishart_distributions():
    """By Bregman's divergence. PyTorch adds up batches here, so without one."""
    p, q = (
        [m.distributions.Wishart(m.tensor(df, dtype=m.float64), m.from_numpy(c)) for df, c in values]
        for m, values in ((tg, W_PAIR), (torch, W_PAIR))
    )
    ours, theirs = tg.distributions.kl_divergence(*p), torch.distributions.kl_divergence(*q)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-9)


W_PAIR = [(4.5, COVARIANCE[0]), (3.5, COVARIANCE[1])]

# --- transforms and constraints ---------------------------------------------------------------------------

TRANSFORMS = {
    "exp": (lambda d: d.ExpTransform(), LOC),
    "power": (lambda d: d.PowerTransform(_tensor(d, 1.7)), A),
    "sigmoid": (lambda d: d.SigmoidTransform(), LOC),
    "softplus": (lambda d: d.SoftplusTransform(), LOC),
    "tanh": (lambda d: d.TanhTransform(), LOC),
    "abs": (lambda d: d.AbsTransform(), LOC),
    "affine": (lambda d: d.AffineTransform(1.5, -2.0), LOC),
    "affine of vectors": (lambda d: d.AffineTransform(_tensor(d, ROWS), _tensor(d, ROWS), event_dim=1), ROWS),
    "softmax": (lambda d: d.SoftmaxTransform(), ROWS),
    "stick breaking": (lambda d: d.StickBreakingTransform(), ROWS),
    "lower cholesky": (lambda d: d.LowerCholeskyTransform(), PAIRS[:, :2]),
    "positive definite": (lambda d: d.PositiveDefiniteTransform(), PAIRS[:, :2]),
    "corr cholesky": (lambda d: d.CorrCholeskyTransform(), ROWS),
    "reshape": (lambda d: d.ReshapeTransform((3, 2), (6,)), PAIRS),
    "independent": (lambda d: d.IndependentTransform(d.ExpTransform(), 1), ROWS),
    "compose": (lambda d: d.ComposeTransform([d.AffineTransform(0.5, 0.5), d.StickBreakingTransform()]), ROWS),
    "cat": (lambda d: d.CatTransform([d.ExpTransform(), d.TanhTransform()], -1, [1, 2]), ROWS),
    "stack": (lambda d: d.StackTransform([d.ExpTransform(), d.TanhTransform(), d.SigmoidTransform()], 1), ROWS),
    "cdf": (lambda d: d.CumulativeDistributionTransform(d.Normal(0.0, 2.0)), LOC),
    "identity": (lambda d: d.identity_transform, LOC),
}


def _tensor(d, value):
    m = torch if d is torch.distributions else tg
    return m.tensor(value, dtype=m.float64)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name, inverse):
    build, x = TRANSFORMS[name]
    if inverse:
        x = to_array(build(torch.distributions)(torch.tensor(x)))
    seen = []
    for m in (tg, torch):
        t = build(m.distributions)
        leaf = m.from_numpy(x).requires_grad_()

        def parts(m=m, t=t, leaf=leaf):
            u = t.inv if inverse else t
            y = u(leaf)
            answers = [y, answer(lambda: u.log_abs_det_jacobian(leaf, y))]
            facts = [
                u.bijective, answer(lambda: np.asarray(u.sign).tolist()), tuple(u.forward_shape(x.shape)),
                tuple(u.inverse_shape(y.shape)), u.domain.event_dim, u.codomain.event_dim, words(u), u == u,
                name == "corr cholesky" or u == build(m.distributions), u != u.inv,
            ]  # fmt: skip
            return answers, facts

        answers, facts = parts()
        seen.append((answers, [gradients(m, a, [leaf]) for a in answers], facts))
    (ours, our_slopes, our_facts), (theirs, their_slopes, their_facts) = seen
    assert our_facts == their_facts
    for a, b in zip(ours, theirs):
        if isinstance(b, str):
            assert a == b
        else:
            np.testing.assert_allclose(to_array(a), to_array(b), rtol=1e-9, atol=1e-9)
    for a, b in zip(our_slopes, their_slopes):
        np.testing.assert_equal([g is None for g in a], [g is None for g in b])
        for one, other in zip(a, b):
            if one is not None:
                np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8)


CONSTRAINTS = {
    "real": lambda c: c.real,
    "real_vector": lambda c: c.real_vector,
    "positive": lambda c: c.positive,
    "nonnegative": lambda c: c.nonnegative,
    "boolean": lambda c: c.boolean,
    "unit_interval": lambda c: c.unit_interval,
    "interval": lambda c: c.interval(-1.0, 2.0),
    "half_open_interval": lambda c: c.half_open_interval(0.0, 1.0),
    "greater_than": lambda c: c.greater_than(0.5),
    "greater_than_eq": lambda c: c.greater_than_eq(0.5),
    "less_than": lambda c: c.less_than(0.5),
    "integer_interval": lambda c: c.integer_interval(0, 2),
    "nonnegative_integer": lambda c: c.nonnegative_integer,
    "positive_integer": lambda c: c.positive_integer,
    "one_hot": lambda c: c.one_hot,
    "simplex": lambda c: c.simplex,
    "multinomial": lambda c: c.multinomial(2),
    "lower_triangular": lambda c: c.lower_triangular,
    "lower_cholesky": lambda c: c.lower_cholesky,
    "corr_cholesky": lambda c: c.corr_cholesky,
    "square": lambda c: c.square,
    "symmetric": lambda c: c.symmetric,
    "positive_semidefinite": lambda c: c.positive_semidefinite,
    "positive_definite": lambda c: c.positive_definite,
    "independent": lambda c: c.independent(c.positive, 1),
    "cat": lambda c: c.cat([c.positive, c.real], -1, [1, 1]),
    "stack": lambda c: c.stack([c.positive, c.real], -1),
}
CANDIDATES = [
    np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.6, 0.8]]),
    np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[0.5, 0.5], [-1.0, np.nan]]), np.array([[0.0, 2.0], [1.5, 0.5]]),
]  # fmt: skip


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(name):
    answers = []
    for m in (tg, torch):
        constraint = CONSTRAINTS[name](m.distributions.constraints)
        checks = [constraint.check(m.from_numpy(x)).tolist() for x in CANDIDATES if not np.isnan(x).any()]
        if constraint.event_dim < 2:
            checks.append(constraint.check(m.from_numpy(CANDIDATES[4])).tolist())
        answers.append((checks, constraint.event_dim, constraint.is_discrete, repr(constraint)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_transforms_to_constraints(name, registry):
    x = ROWS[:, :1] if name in ("corr_cholesky",) else PAIRS[:, :2]
    seen = []
    for m in (tg, torch):
        constraint = CONSTRAINTS[name](m.distributions.constraints)
        seen.append(answer(lambda m=m, c=constraint: getattr(m.distributions, registry)(c)(m.from_numpy(x))))
    if isinstance(seen[1], str):
        assert seen[0] == seen[1]
    else:
        np.testing.assert_allclose(to_array(seen[0]), to_array(seen[1]), rtol=1e-10)


# --- programs ---------------------------------------------------------------------------------------------


def subclass(m):
    """Distributions that a program defines itself."""
    d = m.distributions

    class Shifted(d.Normal):
        pass

    class Triangle(d.Distribution):
        arg_constraints = {"width": d.constraints.positive}  # noqa: RUF012
        support = d.constraints.real

        def __init__(self, width, validate_args=None):
            (self.width,) = d.utils.broadcast_all(width)
            super().__init__(self.width.size(), validate_args=validate_args)

        def log_prob(self, value):
            if self._validate_args:
                self._validate_sample(value)
            return m.log((self.width - value.abs()).clamp(min=0) / self.width**2)

        def expand(self, batch_shape, _instance=None):
            new = self._get_checked_instance(Triangle, _instance)
            new.width = self.width.expand(batch_shape)
            super(Triangle, new).__init__(batch_shape, validate_args=False)
            return new

    wide = Shifted(m.zeros(2), m.ones(2)).expand((3, 2))
    tall = Triangle(2.0).expand((2,))
    return [
        type(wide).__name__, tuple(wide.batch_shape), repr(tall).replace("torch.", ""),
        tall.log_prob(m.tensor([0.5, 1.0])).tolist(), d.kl_divergence(wide, d.Normal(1.0, 2.0)).tolist(),
    ]  # fmt: skip


def settings(m):
    """Checks can be turned off, for one distribution or for all."""
    d = m.distributions
    first = d.Normal(0.0, -1.0, validate_args=False).scale.item()
    d.Distribution.set_default_validate_args(False)
    try:
        second = d.Normal(0.0, -1.0).scale.item()
    finally:
        d.Distribution.set_default_validate_args(True)
    return [first, second]


def caching(m):
    """A transform with a cache gives back the very tensor that it was computed from."""
    t = m.distributions.TanhTransform(cache_size=1)
    x = m.tensor([30.0])
    y = t(x)
    return [t.inv(y) is x, t.with_cache(0).inv(y).tolist(), t.with_cache() is t, t.inv.inv is t]


def copied(m):
    d = m.distributions
    again = pickle.loads(pickle.dumps(d.Normal(m.zeros(2), m.ones(2))))
    return [repr(again).replace("torch.", ""), again.log_prob(m.zeros(2)).tolist()]


@pytest.mark.parametrize("program", [subclass, settings, caching, copied])
def test_programs(program):
    assert str(program(tg)) == str(program(torch))
