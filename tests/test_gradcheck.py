"""Derivatives by finite differences, and the check of a model's parameters built on them."""

import math

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import check_parameters, slope


@pytest.mark.parametrize(
    ("function", "at", "derivative"),
    [
        (math.sin, 1.0, math.cos(1.0)),
        (math.exp, 20.0, math.exp(20.0)),
        (lambda x: x**3, -2.0, 12.0),
        (lambda x: 5.0, 1.0, 0.0),
        (lambda x: 1e-9 * x, 1.0, 1e-9),
        (lambda x: 1 / x, 0.01, -1e4),
    ],
)
def test_the_slope_is_right_within_its_own_error(function, at, derivative):
    estimate = slope(lambda t: function(at + t * abs(at)))
    wanted = derivative * abs(at)
    assert abs(estimate.value - wanted) <= 10 * estimate.error + 1e-15
    assert estimate.error <= 1e-6 * abs(wanted) + 1e-12


def test_a_function_that_is_nowhere_finite_has_no_slope():
    estimate = slope(lambda t: math.nan)
    assert math.isnan(estimate.value)
    assert estimate.error == math.inf


def model():
    tg.manual_seed(0)
    return tg.nn.Sequential(tg.nn.Linear(5, 7), tg.nn.ReLU(), tg.nn.Linear(7, 3))


def loss(m):
    x = tg.linspace(-1, 1, 20, dtype=tg.float64).reshape(4, 5)
    return tg.nn.functional.cross_entropy(m(x), tg.tensor([0, 1, 2, 0]))


def test_a_right_model_passes_and_is_left_alone():
    checked = model()
    before = checked.state_dict()["0.weight"].clone()
    report = check_parameters(checked, loss)
    assert report.ok
    assert "passed" in str(report)
    assert report.elements == 5 * 7 + 7 + 7 * 3 + 3
    assert tg.equal(before, checked.state_dict()["0.weight"])
    assert checked[0].weight.grad is None
    assert checked[0].weight.dtype is tg.float32


@pytest.mark.parametrize("factor", [0.0, 1.1, 1.0001, -1.0])
@pytest.mark.parametrize("name", ["0.weight", "2.bias"])
def test_a_wrong_gradient_is_found_and_named(factor, name):
    right = model().double()
    loss(right).backward()
    gradient = dict(right.named_parameters())[name].grad.array

    def spoiled(m):
        element = dict(m.named_parameters())[name]
        if tg.is_grad_enabled():
            mask = np.ones(element.shape)
            mask.flat[np.abs(gradient).argmax()] = factor
            element.register_hook(lambda g: g * tg.tensor(mask))
        return loss(m)

    report = check_parameters(model(), spoiled)
    assert not report.ok
    assert [finding.name for finding in report.findings if not finding.ok] == [name]
    assert name in str(report)
    assert "FAILED" in str(report)
