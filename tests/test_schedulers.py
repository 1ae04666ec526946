"""Schedulers: closed and chained forms agree, states resume, own ones work, and what they warn of and refuse."""

import copy
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.optim import lr_scheduler as lrs
from tinygrad_lite.optim import swa_utils


def make_optimizer(lr=0.5, **settings):
    a, b = (nn.Parameter(tg.ones(1)) for _ in range(2))
    return optim.SGD([{"params": a}, {"params": b, "lr": lr / 10}], lr=lr, **settings)


def lrs_of(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def run(scheduler, steps):
    """The learning rates of the first group."""
    rates = [lrs_of(scheduler.optimizer)[0]]
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()
        rates.append(lrs_of(scheduler.optimizer)[0])
    return rates


CHAINABLE = {
    "StepLR": lambda o: lrs.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [2, 5, 5, 9], 0.5),
    "ConstantLR": lambda o: lrs.ConstantLR(o, 0.25, 4),
    "LinearLR": lambda o: lrs.LinearLR(o, 0.25, 0.5, 6),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, 15, 2.0),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 6, 0.01),
}
ALL = {
    **CHAINABLE,
    "LambdaLR": lambda o: lrs.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: 1 / (1 + epoch)]),
    "MultiplicativeLR": lambda o: lrs.MultiplicativeLR(o, lambda epoch: 0.9),
    "CyclicLR": lambda o: lrs.CyclicLR(o, 0.1, 0.5, 3, 4, cycle_momentum=False),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, 0.5, total_steps=40, cycle_momentum=False),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "SequentialLR": lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.1, 2), lrs.ExponentialLR(o, 0.9)], [4]),
    "ChainedScheduler": lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o, 0.1, 2), lrs.ExponentialLR(o, 0.9)]),
    "SWALR": lambda o: swa_utils.SWALR(o, 0.05, 5),
}


@pytest.mark.parametrize("name", CHAINABLE)
def test_the_chained_form_agrees_with_the_closed_one(name):
    scheduler = CHAINABLE[name](make_optimizer())
    for _ in range(14):
        scheduler.optimizer.step()
        scheduler.step()
        np.testing.assert_allclose(scheduler.get_last_lr(), scheduler._get_closed_form_lr(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ALL)
def test_a_state_dict_resumes(name):
    straight = ALL[name](make_optimizer())
    expected = run(straight, 20)
    half = ALL[name](make_optimizer())
    run(half, 8)
    resumed = ALL[name](make_optimizer())
    resumed.load_state_dict(copy.deepcopy(half.state_dict()))
    resumed.optimizer.load_state_dict(half.optimizer.state_dict())
    assert resumed.get_last_lr() == half.get_last_lr()
    np.testing.assert_allclose(run(resumed, 12), expected[8:], rtol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_a_learning_rate_that_is_a_tensor_is_written_to(name):
    if name == "OneCycleLR":
        pytest.skip("notes numbers of its own in the groups")
    optimizer = make_optimizer()
    tensors = [tg.tensor(group["lr"], dtype=tg.float64) for group in optimizer.param_groups]
    for group, lr in zip(optimizer.param_groups, tensors):
        group["lr"] = lr
    rates = run(ALL[name](optimizer), 9)
    np.testing.assert_allclose(rates, run(ALL[name](make_optimizer()), 9), rtol=1e-9)
    assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, tensors))


def test_every_group_has_a_rate_of_its_own():
    scheduler = lrs.ExponentialLR(make_optimizer(), 0.5)
    run(scheduler, 2)
    assert scheduler.get_last_lr() == lrs_of(scheduler.optimizer) == pytest.approx([0.125, 0.0125])


def test_plateaus():
    scheduler = lrs.ReduceLROnPlateau(make_optimizer(1.0), factor=0.5, patience=1, cooldown=1, min_lr=[0.3, 0.0])
    rates = []
    for loss in [3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 1.0]:
        scheduler.step(tg.tensor(loss))
        rates.append(scheduler.get_last_lr()[0])
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]
    assert scheduler.best == 1 and scheduler.num_bad_epochs == 0


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 60))
def test_triangles_have_their_height_at_the_turning_points(up, down, step):
    scheduler = lrs.CyclicLR(make_optimizer(), 0.1, 0.5, up, down, cycle_momentum=False)
    rates = run(scheduler, step)
    assert all(0.1 - 1e-12 <= rate <= 0.5 + 1e-12 for rate in rates)
    for k in range(0, step + 1, up + down):
        assert rates[k] == pytest.approx(0.1)
        if k + up <= step:
            assert rates[k + up] == pytest.approx(0.5)


def test_one_cycle_moves_the_momentum_the_other_way():
    optimizer = make_optimizer(momentum=0.5)
    scheduler = lrs.OneCycleLR(optimizer, 1.0, total_steps=11, pct_start=0.4, anneal_strategy="linear")
    rates, momenta = [], []
    for _ in range(11):
        rates.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step() if len(rates) < 11 else None
    assert np.argmax(rates) == np.argmin(momenta) and max(rates) > 0.9 and rates[-1] == pytest.approx(4e-6)
    assert momenta[0] == momenta[-1] == 0.95
    with pytest.raises(ValueError, match="Tried to step 12 times. The specified number of total steps is 11"):
        scheduler.step() or scheduler.step()


def test_one_cycle_of_adam_moves_its_first_beta():
    optimizer = optim.Adam([nn.Parameter(tg.ones(1))])
    scheduler = lrs.OneCycleLR(optimizer, 1.0, total_steps=10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)
    run(scheduler, 3)
    assert optimizer.param_groups[0]["betas"][0] < 0.95 and optimizer.param_groups[0]["betas"][1] == 0.999


def test_a_scheduler_of_one_s_own():
    class WarmUp(lrs._LRScheduler):
        def __init__(self, optimizer, steps, after, last_epoch=-1):
            self.steps, self.after = steps, after
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            if self.last_epoch < self.steps:
                return [lr * (self.last_epoch + 1) / self.steps for lr in self.base_lrs]
            return [self.after(lr) for lr in self.base_lrs]

    scheduler = WarmUp(make_optimizer(), 4, lambda lr: lr / 2)
    assert run(scheduler, 5) == [0.125, 0.25, 0.375, 0.5, 0.25, 0.25]
    assert "optimizer" not in scheduler.state_dict() and scheduler.state_dict()["last_epoch"] == 5


def test_functions_that_are_objects_are_saved():
    class Decay:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, epoch):
            return self.rate**epoch

    scheduler, other = (lrs.LambdaLR(make_optimizer(), [Decay(rate), lambda epoch: 1.0]) for rate in (0.5, 0.9))
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"rate": 0.5}, None]
    other.load_state_dict(state)
    assert other.lr_lambdas[0].rate == 0.5 and state["lr_lambdas"] == [{"rate": 0.5}, None]


def said(act):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [str(w.message) for w in caught]


def test_the_wrong_order_is_warned_of():
    scheduler = lrs.StepLR(make_optimizer(), 2)
    assert ["before `optimizer.step()`" in message for message in said(scheduler.step)] == [True]
    assert said(scheduler.step) == []
    scheduler = lrs.StepLR(make_optimizer(), 2)
    scheduler.optimizer.step()
    assert said(scheduler.step) == []
    scheduler = lrs.StepLR(make_optimizer(), 2)
    scheduler.optimizer.step = lambda: None
    assert ["has been overridden" in message for message in said(scheduler.step)] == [True]


def test_other_warnings():
    scheduler = lrs.StepLR(make_optimizer(), 2)
    scheduler.optimizer.step()
    assert ["please use `get_last_lr()`" in message for message in said(scheduler.get_lr)] == [True]
    assert ["epoch parameter in `scheduler.step()`" in message for message in said(lambda: scheduler.step(4))] == [True]
    assert scheduler.get_last_lr()[0] == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda o: lrs.StepLR(nn.Linear(1, 1), 2), TypeError, "Linear is not an Optimizer"),
        (lambda o: lrs.StepLR(o, 2, last_epoch=3), KeyError, r"initial_lr.*param_groups\[0\]"),
        (lambda o: lrs.LambdaLR(o, [max]), ValueError, "Expected 2 lr_lambdas, but got 1"),
        (lambda o: lrs.ConstantLR(o, 2.0), ValueError, "between 0 and 1, got factor=2.0"),
        (lambda o: lrs.LinearLR(o, float("nan")), ValueError, "got start_factor=nan"),
        (lambda o: lrs.ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0, got factor=1.0"),
        (lambda o: lrs.OneCycleLR(o, 1.0, 5), ValueError, None),
        (lambda o: lrs.OneCycleLR(o, 1.0), ValueError, "either total_steps OR"),
        (lambda o: lrs.CyclicLR(o, [0.1], 1.0), ValueError, "base_lr has 1 values, param_groups has 2"),
        (lambda o: lrs.SequentialLR(o, [lrs.StepLR(o, 1)], [2]), ValueError, "one more than the number of milestone"),
        (lambda o: lrs.ChainedScheduler([]), ValueError, "at least one scheduler to be chained"),
        (lambda o: lrs.SequentialLR(o, [lrs.StepLR(make_optimizer(), 1)], []), ValueError, "same optimizer"),
        (
            lambda o: lrs.ChainedScheduler([lrs.ReduceLROnPlateau(o)]),
            ValueError,
            "does not support `ReduceLROnPlateau`",
        ),
        (lambda o: lrs.LRScheduler(o), NotImplementedError, None),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, error, message):
    optimizer = optim.Adagrad([{"params": nn.Parameter(tg.ones(1))} for _ in range(2)])
    with pytest.raises(error, match=message):
        wrong(optimizer)


# --- averages of weights --------------------------------------------------------------------------------------


def test_an_averaged_model_is_the_mean_of_all():
    model = nn.Linear(2, 1)
    averaged, ema = (
        swa_utils.AveragedModel(model),
        swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5)),
    )
    seen = []
    for k in range(4):
        with tg.no_grad():
            model.weight.fill_(float(k * k))
        seen.append(float(k * k))
        averaged.update_parameters(model)
        ema.update_parameters(model)
    assert averaged.module.weight.tolist() == [[np.mean(seen)] * 2] and averaged.n_averaged == 4
    assert ema.module.weight[0, 0].item() == ((0 * 0.5 + 1 * 0.5) * 0.5 + 4 * 0.5) * 0.5 + 9 * 0.5
    assert list(averaged.state_dict()) == ["n_averaged", "module.weight", "module.bias"]
    assert averaged.module is not model and averaged(tg.ones(1, 2)).shape == (1, 1)


def test_batch_statistics_are_computed_anew():
    model = nn.Sequential(nn.BatchNorm1d(2, momentum=0.3), nn.Linear(2, 1)).eval()
    data = tg.randn(6, 2)
    swa_utils.update_bn([(data[:3], None), (data[3:], None)], model)
    np.testing.assert_allclose(model[0].running_mean, data.mean(0), atol=1e-6)
    assert model[0].momentum == 0.3 and not model.training
