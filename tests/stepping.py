"""What the tests of optimisers share: some optimisers, and steps with known gradients."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn, optim

OPTIMIZERS = [
    pytest.param(lambda ps: optim.SGD(ps, lr=0.1), id="SGD"),
    pytest.param(lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1), id="SGD-momentum"),
    pytest.param(lambda ps: optim.Adam(ps, lr=0.1, weight_decay=0.1), id="Adam"),
    pytest.param(lambda ps: optim.AdamW(ps, lr=0.1, amsgrad=True), id="AdamW-amsgrad"),
    pytest.param(lambda ps: optim.RMSprop(ps, lr=0.1, momentum=0.5, centered=True, weight_decay=0.1), id="RMSprop"),
    pytest.param(lambda ps: optim.Adagrad(ps, lr=0.1, initial_accumulator_value=0.1, weight_decay=0.1), id="Adagrad"),
    pytest.param(lambda ps: optim.Adadelta(ps, eps=1e-3, weight_decay=0.1), id="Adadelta"),
    pytest.param(lambda ps: optim.Adamax(ps, lr=0.1, weight_decay=0.1), id="Adamax"),
    pytest.param(lambda ps: optim.NAdam(ps, lr=0.1, weight_decay=0.1, decoupled_weight_decay=True), id="NAdam"),
    pytest.param(lambda ps: optim.RAdam(ps, lr=0.1, betas=(0.9, 0.9), weight_decay=0.1), id="RAdam"),
    pytest.param(lambda ps: optim.Rprop(ps, lr=0.1), id="Rprop"),
    pytest.param(lambda ps: optim.ASGD(ps, lr=0.1, t0=1, lambd=0.1, weight_decay=0.1), id="ASGD"),
]
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS)


def parameter(values, dtype=tg.float64):
    return nn.Parameter(tg.tensor(values, dtype=dtype))


def give_gradients(params, *gradients):
    for p, gradient in zip(params, gradients):
        p.grad = None if gradient is None else tg.tensor(gradient, dtype=p.dtype)


def random_gradients(params, seed):
    random = np.random.default_rng(seed)
    give_gradients(params, *(random.standard_normal(p.shape) for p in params))


def steps(optimizer, params, seeds):
    for seed in seeds:
        random_gradients(params, seed)
        optimizer.step()


def snapshot(params):
    return [p.detach().numpy().copy() for p in params]


def assert_equal(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
