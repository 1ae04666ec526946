"""From one seed the same numbers as PyTorch draws on the CPU: same seed, same initial weights, same dropout."""

import math

import numpy as np
import pytest
import torch
from helpers import assert_same, see

import tinygrad_lite as tg

SIZES = [*range(18), 31, 32, 33, 1000]
SHAPES = [(1,), (0,), (3,), (4, 4), (2, 3, 5), (17,)]
FLOATS = ("float16", "float32", "float64")

DRAWN = {
    "rand": lambda m, n, d: m.rand(n, dtype=d),
    "randn": lambda m, n, d: m.randn(n, dtype=d),
    "rand_like": lambda m, n, d: m.rand_like(m.zeros(n, dtype=d)),
    "randn_like": lambda m, n, d: m.randn_like(m.zeros(n, dtype=d)),
    "uniform_": lambda m, n, d: m.empty(n, dtype=d).uniform_(),
    "uniform_ in a range": lambda m, n, d: m.empty(n, dtype=d).uniform_(-2, 3),
    "normal_": lambda m, n, d: m.empty(n, dtype=d).normal_(),
    "normal_ with mean and std": lambda m, n, d: m.empty(n, dtype=d).normal_(3, 0.5),
    "normal": lambda m, n, d: m.normal(1.0, 2.0, (n,), dtype=d),
    "normal of means": lambda m, n, d: m.normal(m.arange(n, dtype=d)),
    "normal of means and stds": lambda m, n, d: m.normal(m.zeros(n, dtype=d), m.arange(n, dtype=d)),
    "normal of stds": lambda m, n, d: m.normal(2.0, m.arange(n, dtype=d)),
    "bernoulli_": lambda m, n, d: m.empty(n, dtype=d).bernoulli_(),
    "bernoulli_ with p": lambda m, n, d: m.empty(n, dtype=d).bernoulli_(0.2),
    "bernoulli": lambda m, n, d: m.bernoulli(m.linspace(0, 1, n, dtype=d)),
    "dropout": lambda m, n, d: m.nn.functional.dropout(m.ones(n, dtype=d), 0.3),
    "dropout of few": lambda m, n, d: m.nn.functional.dropout(m.ones(n, dtype=d), 0.9),
}
INTEGERS = {
    "randint": lambda m, n: m.randint(10, (n,)),
    "randint from low": lambda m, n: m.randint(-5, 5, (n,)),
    "randint of two": lambda m, n: m.randint(0, 2, (n,)),
    "randint large": lambda m, n: m.randint(2**31, (n,)),
    "randint of 28 bits": lambda m, n: m.randint(2**28 - 1, (n,)),
    "randint beyond 32 bits": lambda m, n: m.randint(2**40, (n,)),
    "randint as float": lambda m, n: m.randint(10, (n,), dtype=m.float32),
    "randint as bytes": lambda m, n: m.randint(256, (n,), dtype=m.uint8),
    "randperm": lambda m, n: m.randperm(n),
    "randperm as int32": lambda m, n: m.randperm(n, dtype=m.int32),
    "bernoulli_ of integers": lambda m, n: m.zeros(n, dtype=m.int64).bernoulli_(0.4),
    "bernoulli_ of truths": lambda m, n: m.zeros(n, dtype=m.bool).bernoulli_(0.4),
}


def drawn(m, draw, seed=0):
    """What `draw` gives from a seed, and what comes after it: as many numbers must have been used up."""
    m.manual_seed(seed)
    return see([draw(m), m.rand(2), m.randn(3)])


def assert_alike(draw, dtype="float64", seed=0):
    assert_same(drawn(tg, draw, seed), drawn(torch, draw, seed), dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", DRAWN)
def test_same_numbers(name, dtype):
    for n in SIZES:
        assert_alike(lambda m, n=n: DRAWN[name](m, n, getattr(m, dtype)), dtype, seed=n)


@pytest.mark.parametrize("name", INTEGERS)
def test_same_integers(name):
    for n in SIZES:
        assert_alike(lambda m, n=n: INTEGERS[name](m, n), seed=n)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_same_numbers_in_any_shape(name, shape):
    assert_alike(lambda m: [getattr(m, name)(shape), getattr(m, name)(*shape)], "float32")


@pytest.mark.parametrize("seed", [0, 1, 42, 123456789, 2**32 - 1, 2**32, 2**63, 2**64 - 1, -1, -(2**63)])
def test_any_seed(seed):
    assert_alike(lambda m: [m.rand(5), m.randn(20), m.initial_seed()], "float32", seed)


def test_views_are_filled():
    assert_alike(lambda m: [m.zeros(6, 8)[2:4].normal_(), m.zeros(6, 8)[:, ::2].uniform_()], "float32")


def test_drawing_into_a_tensor_that_requires_grad_under_no_grad():
    def weights(m):
        w = m.empty(4, 5, requires_grad=True)
        with m.no_grad():
            w.normal_(0, 0.02)
        return w

    assert_alike(weights, "float32")


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_sequence_of_draws(dtype):
    """The second half of a pair of normal numbers is kept for the next call, and only for that."""

    def sequence(m):
        d = getattr(m, dtype)
        return [
            m.randn(1, dtype=d),
            m.rand(3),
            m.randn(2, dtype=d),
            m.randint(9, (2,)),
            m.randn(17, dtype=d),
            m.randn(3, dtype=d),
        ]

    assert_alike(sequence, dtype)


def test_generators_have_a_stream_of_their_own():
    def draws(m):
        g = m.Generator().manual_seed(7)
        first = [m.rand(3, generator=g), m.rand(2), m.randn(5, generator=g), m.randint(5, (4,), generator=g)]
        more = [m.randperm(6, generator=g), m.zeros(3).uniform_(generator=g), m.zeros(3).normal_(generator=g)]
        last = [m.bernoulli(m.full((9,), 0.5), generator=g), m.normal(0.0, 1.0, (4,), generator=g), g.initial_seed()]
        return first + more + last

    assert_alike(draws, "float32")


def test_a_new_generator_starts_from_the_same_seed():
    assert tg.Generator().initial_seed() == torch.Generator().initial_seed()
    assert_alike(lambda m: m.rand(4, generator=m.Generator()), "float32")


@pytest.mark.parametrize("before", [0, 1, 2, 15, 700])
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_a_state_is_gone_back_to(name, before):
    def draws(m):
        getattr(m, name)(before)
        state = m.get_rng_state()
        first = m.randn(5)
        m.set_rng_state(state)
        again = m.randn(5)
        assert first.tolist() == again.tolist()
        return again

    assert_alike(draws, "float32")


def test_a_state_of_one_generator_serves_another():
    def draws(m):
        g, h = m.Generator().manual_seed(3), m.Generator()
        m.randn(3, generator=g)
        h.set_state(g.get_state())
        return [m.randn(4, generator=g), m.randn(4, generator=h), h.initial_seed()]

    assert_alike(draws, "float32")


def test_seed_starts_anew_and_says_from_where():
    for m in (torch, tg):
        chosen = m.seed()
        first = m.rand(3).tolist()
        assert m.initial_seed() == chosen
        m.manual_seed(chosen)
        assert m.rand(3).tolist() == first


def test_manual_seed_returns_the_default_generator():
    assert tg.manual_seed(0) is tg.default_generator
    assert_alike(lambda m: m.rand(3, generator=m.manual_seed(5)), "float32")


@pytest.mark.parametrize("name", ["Linear", "Sequential"])
def test_layers_start_with_the_same_weights(name):
    def weights(m):
        first = m.nn.Linear(7, 5)
        layers = first if name == "Linear" else m.nn.Sequential(first, m.nn.ReLU(), m.nn.Linear(5, 3, bias=False))
        return [p.detach() for p in layers.parameters()]

    assert_alike(weights, "float32")


def test_the_distributions_are_what_they_are_called():
    tg.manual_seed(0)
    n = 20000
    uniform, normal = tg.rand(n, dtype=tg.float64).numpy(), tg.randn(n, dtype=tg.float64).numpy()
    assert 0 <= uniform.min() < uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 4 * math.sqrt(1 / 12 / n)
    assert abs(normal.mean()) < 4 / math.sqrt(n)
    assert abs(normal.var() - 1) < 4 * math.sqrt(2 / n)
    assert np.unique(tg.randperm(100).numpy()).size == 100
    assert set(tg.randint(-2, 2, (1000,)).tolist()) == {-2, -1, 0, 1}
