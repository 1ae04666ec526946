"""Probability distributions, under the names of `torch.distributions`: to draw from, and to differentiate.

    policy = Categorical(logits=network(state))
    action = policy.sample()
    loss = -policy.log_prob(action) * reward

`sample` draws; `rsample` draws so that gradients reach the parameters; `log_prob` is the logarithm of the density.
Each class is imported when it is first used.

>>> import tinygrad_lite as tg
>>> tg.distributions.Normal(0.0, 1.0)
Normal(loc: 0.0, scale: 1.0)
"""

from tinygrad_lite.later import later

_NAMES = {
    "bernoulli": ["Bernoulli"],
    "beta": ["Beta"],
    "binomial": ["Binomial"],
    "categorical": ["Categorical"],
    "cauchy": ["Cauchy"],
    "chi2": ["Chi2"],
    "constraint_registry": ["biject_to", "transform_to"],
    "continuous_bernoulli": ["ContinuousBernoulli"],
    "dirichlet": ["Dirichlet"],
    "distribution": ["Distribution"],
    "exp_family": ["ExponentialFamily"],
    "exponential": ["Exponential"],
    "fishersnedecor": ["FisherSnedecor"],
    "gamma": ["Gamma"],
    "generalized_pareto": ["GeneralizedPareto"],
    "geometric": ["Geometric"],
    "gumbel": ["Gumbel"],
    "half_cauchy": ["HalfCauchy"],
    "half_normal": ["HalfNormal"],
    "independent": ["Independent"],
    "inverse_gamma": ["InverseGamma"],
    "kl": ["kl_divergence", "register_kl"],
    "kumaraswamy": ["Kumaraswamy"],
    "laplace": ["Laplace"],
    "lkj_cholesky": ["LKJCholesky"],
    "log_normal": ["LogNormal"],
    "logistic_normal": ["LogisticNormal"],
    "lowrank_multivariate_normal": ["LowRankMultivariateNormal"],
    "mixture_same_family": ["MixtureSameFamily"],
    "multinomial": ["Multinomial"],
    "multivariate_normal": ["MultivariateNormal"],
    "negative_binomial": ["NegativeBinomial"],
    "normal": ["Normal"],
    "one_hot_categorical": ["OneHotCategorical", "OneHotCategoricalStraightThrough"],
    "pareto": ["Pareto"],
    "poisson": ["Poisson"],
    "relaxed_bernoulli": ["RelaxedBernoulli"],
    "relaxed_categorical": ["RelaxedOneHotCategorical"],
    "studentT": ["StudentT"],
    "transformed_distribution": ["TransformedDistribution"],
    "transforms": [
        "AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
        "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
        "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
        "SoftplusTransform", "StackTransform", "StickBreakingTransform", "TanhTransform", "Transform",
        "identity_transform",
    ],
    "uniform": ["Uniform"],
    "von_mises": ["VonMises"],
    "weibull": ["Weibull"],
    "wishart": ["Wishart"],
}  # fmt: skip

__all__ = sorted(name for names in _NAMES.values() for name in names)
__getattr__, __dir__ = later(__name__, ["constraints", "utils", *_NAMES], _NAMES)
