"""Normalisation keeps what the forward pass learnt of its input for the rules, and never uses it for another input."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import check_model
from tinygrad_lite.nn import functional as F
from tinygrad_lite.ops import norm
from tinygrad_lite.tensors import make

SHAPES = [((4, 3, 5), (3, 1)), ((1, 6, 5), (5,)), ((2, 3, 1), (3, 1)), ((8, 600, 64), (600, 1)), ((1, 4096, 80), (80,))]


@pytest.mark.parametrize(("shape", "weights"), SHAPES, ids=str)
@pytest.mark.parametrize("centre", [True, False])
def test_gradients_with_and_without_what_was_kept(shape, weights, centre):
    """Some of the shapes are worked on in pieces."""
    random = np.random.default_rng(0)
    x, g = random.normal(3, 2, shape), random.normal(size=shape)
    weight = random.normal(size=weights)
    kept = norm.Moments()
    out = norm.standardise(x, weight, None, 1e-5, centre, kept)
    d = x - x.mean((0, 2), keepdims=True) if centre else x
    wanted = d / np.sqrt((d * d).mean((0, 2), keepdims=True) + 1e-5) * weight
    assert np.allclose(out, wanted, rtol=1e-12, atol=1e-12)
    for rule, last in ((norm._x_rule, weight), (norm._weight_rule, weight.shape)):
        alone = rule(g, x, last, 1e-5, centre, None)
        assert np.allclose(rule(g, x, last, 1e-5, centre, kept), alone, rtol=1e-12, atol=1e-12)
        changed = x * x
        assert np.array_equal(rule(g, changed, last, 1e-5, centre, kept), rule(g, changed, last, 1e-5, centre, None))
        with_tensors = rule(make(g), make(x), make(weight) if last is weight else last, 1e-5, centre, kept)
        assert np.allclose(with_tensors.numpy(), alone, rtol=1e-10, atol=1e-10)


def test_a_check_in_between_spoils_nothing():
    x = tg.randn(6, 4, 3, 3, requires_grad=True)
    model = tg.nn.Sequential(tg.nn.Flatten(), tg.nn.Linear(36, 4))

    def loss(x):
        return model(F.batch_norm(x, None, None, training=True)).square().sum()

    out = loss(x)
    before = tg.autograd.grad(out, x, retain_graph=True)[0]
    assert check_model(lambda x: F.batch_norm(x, None, None, training=True), x, progress=False).ok
    assert tg.equal(before, tg.autograd.grad(out, x)[0])


def test_running_statistics():
    x = tg.tensor([[1.0, 10.0], [3.0, 30.0]])
    mean, variance = tg.zeros(2), tg.ones(2)
    F.batch_norm(x, mean, variance, training=True, momentum=0.5)
    assert mean.tolist() == [1.0, 10.0]
    assert variance.tolist() == [1.5, 100.5]
