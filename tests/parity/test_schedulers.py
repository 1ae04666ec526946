"""Schedulers: the learning rates and momenta of 50 steps, their states, what they warn of and refuse."""

import copy
import math
import warnings

import numpy as np
import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")
NAMES = [
    "LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "SequentialLR",
    "CosineAnnealingLR", "ChainedScheduler", "ReduceLROnPlateau", "CyclicLR", "CosineAnnealingWarmRestarts",
    "OneCycleLR", "PolynomialLR", "LRScheduler",
]  # fmt: skip


def L(m):
    return m.optim.lr_scheduler


def optimizer_of(m, kind="SGD", lr=0.5, tensors=False):
    a, b = (m.nn.Parameter(m.tensor([1.0, 2.0], dtype=m.float64)) for _ in range(2))
    a.grad, b.grad = m.ones_like(a.data), m.ones_like(b.data)
    lrs = [m.tensor(x, dtype=m.float64) for x in (lr, 0.02)] if tensors else [lr, 0.02]
    groups = [{"params": [a], "lr": lrs[0]}, {"params": [b], "lr": lrs[1]}]
    settings = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(m.optim, kind)(groups, **settings)


class Decay:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, epoch):
        return self.rate**epoch


MAKE = {
    "lambda": lambda m, o: L(m).LambdaLR(o, lambda epoch: 0.9**epoch),
    "lambdas": lambda m, o: L(m).LambdaLR(o, [lambda epoch: 1 / (1 + epoch), Decay(0.8)]),
    "multiplicative": lambda m, o: L(m).MultiplicativeLR(o, lambda epoch: 0.95 + 0.001 * epoch),
    "step": lambda m, o: L(m).StepLR(o, 7, 0.3),
    "milestones": lambda m, o: L(m).MultiStepLR(o, [3, 11, 11, 30], 0.5),
    "constant": lambda m, o: L(m).ConstantLR(o, 0.3, 8),
    "linear": lambda m, o: L(m).LinearLR(o, 0.25, 0.9, 13),
    "exponential": lambda m, o: L(m).ExponentialLR(o, 0.93),
    "polynomial": lambda m, o: L(m).PolynomialLR(o, 40, 1.7),
    "cosine": lambda m, o: L(m).CosineAnnealingLR(o, 12, 0.001),
    "restarts": lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 5, 2, 0.001),
    "restarts of one length": lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 6),
    "triangles": lambda m, o: L(m).CyclicLR(o, 0.01, [0.3, 0.1], 4, 6),
    "smaller triangles": lambda m, o: L(m).CyclicLR(o, 0.01, 0.3, 4, mode="triangular2", base_momentum=0.5),
    "fading triangles": lambda m, o: L(m).CyclicLR(o, 0.01, 0.3, 5, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "own triangles": lambda m, o: L(m).CyclicLR(o, 0.01, 0.3, 5, scale_fn=lambda x: 1 / (5**x), scale_mode="iterations"),
    "one cycle": lambda m, o: L(m).OneCycleLR(o, 0.3, total_steps=50),
    "one cycle, linear": lambda m, o: L(m).OneCycleLR(o, [0.3, 0.1], epochs=10, steps_per_epoch=5, anneal_strategy="linear"),
    "one cycle, three phases": lambda m, o: L(m).OneCycleLR(o, 0.3, total_steps=55, three_phase=True, pct_start=0.4),
    "sequence": lambda m, o: L(m).SequentialLR(
        o, [L(m).LinearLR(o, 0.1, total_iters=5), L(m).CosineAnnealingLR(o, 20), L(m).ExponentialLR(o, 0.9)], [5, 25]
    ),
    "sequence of sequences": lambda m, o: L(m).SequentialLR(
        o, [L(m).SequentialLR(o, [L(m).StepLR(o, 3), L(m).ExponentialLR(o, 0.9)], [7]), L(m).ConstantLR(o, 0.1, 4)], [10]
    ),
    "chain": lambda m, o: L(m).ChainedScheduler(
        [L(m).ConstantLR(o, 0.1, 4), L(m).ExponentialLR(o, 0.9), L(m).CosineAnnealingLR(o, 30)]
    ),
    "swa": lambda m, o: m.optim.swa_utils.SWALR(o, [0.05, 0.01], 7),
    "swa, linear": lambda m, o: m.optim.swa_utils.SWALR(o, 0.05, 7, "linear"),
    "swa at once": lambda m, o: m.optim.swa_utils.SWALR(o, 0.05, 0),
}  # fmt: skip
WITHOUT_CLOSED = {"chain", "sequence", "sequence of sequences"}


def group_settings(optimizer):
    return [
        [float(group[name]) for name in ("lr", "momentum") if name in group]
        + [float(b) for b in group.get("betas", ())]
        for group in optimizer.param_groups
    ]


def plain(state):
    """A state dict, comparable: tensors as numbers."""
    if isinstance(state, dict):
        return {str(key): plain(value) for key, value in state.items() if key not in ("lr_lambdas", "_scale_fn_custom")}
    if isinstance(state, list | tuple):
        return [plain(value) for value in state]
    return float(state) if isinstance(state, tg.Tensor | torch.Tensor | float | int) else state


def assert_near(a, b):
    if isinstance(b, dict):
        assert a.keys() == b.keys()
        for key in b:
            assert_near(a[key], b[key])
    elif isinstance(b, list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_near(x, y)
    elif isinstance(b, float):
        assert a == pytest.approx(b, rel=1e-11, abs=1e-13)
    else:
        assert a == b


@pytest.mark.filterwarnings("ignore:Detected call")  # both say so of a sequence in a sequence
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("tensors", [False, True], ids=["numbers", "tensors"])
@pytest.mark.parametrize("name", MAKE)
def test_fifty_steps(name, kind, tensors):
    if tensors and name.startswith("one cycle"):
        pytest.skip("takes numbers")
    runs = []
    for m in (tg, torch):
        optimizer = optimizer_of(m, kind, tensors=tensors)
        scheduler = MAKE[name](m, optimizer)
        run = [group_settings(optimizer)]
        for _ in range(49):
            optimizer.step()
            scheduler.step()
            run.append(group_settings(optimizer))
        runs.append((run, [float(lr) for lr in scheduler.get_last_lr()], plain(scheduler.state_dict()), optimizer))
    (ours, last, state, mine), (theirs, their_last, their_state, other) = runs
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(last, their_last, rtol=1e-11)
    assert_near(state, their_state)
    for a, b in zip(mine.param_groups, other.param_groups, strict=True):
        np.testing.assert_allclose(a["params"][0].numpy(force=True), b["params"][0].numpy(force=True), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("source", [tg, torch], ids=["ours to theirs", "theirs to ours"])
@pytest.mark.parametrize("name", MAKE)
def test_a_state_dict_resumes_in_the_other_library(name, source):
    target = torch if source is tg else tg
    optimizer = optimizer_of(source)
    scheduler = MAKE[name](source, optimizer)
    for _ in range(17):
        optimizer.step()
        scheduler.step()
    other = optimizer_of(target)
    resumed = MAKE[name](target, other)
    other.step()
    resumed.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    for a, b in zip(other.param_groups, optimizer.param_groups, strict=True):
        a.update({key: value for key, value in b.items() if key != "params"})
    for _ in range(20):
        scheduler.step()
        resumed.step()
        np.testing.assert_allclose(group_settings(other), group_settings(optimizer), rtol=1e-11, atol=1e-13)


@pytest.mark.filterwarnings("ignore:.*epoch parameter")
@pytest.mark.parametrize("name", sorted(set(MAKE) - WITHOUT_CLOSED))
def test_an_epoch_may_be_given(name):
    answers = []
    for m in (tg, torch):
        optimizer = optimizer_of(m)
        scheduler = MAKE[name](m, optimizer)
        answers.append([])
        for epoch in [3, 4, 11, 2, 30, 0]:
            optimizer.step()
            scheduler.step(epoch)
            answers[-1].append(group_settings(optimizer))
    np.testing.assert_allclose(*answers, rtol=1e-11, atol=1e-13)


def test_restarts_between_epochs():
    answers = []
    for m in (tg, torch):
        optimizer = optimizer_of(m)
        for times in (1, 2, 3):
            scheduler = L(m).CosineAnnealingWarmRestarts(optimizer, 3, times)
            for k in range(30):
                scheduler.step(k / 3)
                answers.append(group_settings(optimizer)[0][0])
    np.testing.assert_allclose(answers[: len(answers) // 2], answers[len(answers) // 2 :], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "name", ["lambda", "step", "milestones", "linear", "exponential", "cosine", "polynomial", "triangles", "one cycle"]
)
def test_a_start_in_the_middle(name):
    answers = []
    for m in (tg, torch):
        optimizer = optimizer_of(m)
        with pytest.raises(KeyError, match=r"'initial_lr' is not specified in param_groups\[0\]"):
            L(m).StepLR(optimizer, 3, last_epoch=4)
        MAKE[name](m, optimizer)
        kinds = {
            "lambda": lambda m, o: L(m).LambdaLR(o, lambda epoch: 0.9**epoch, last_epoch=4),
            "step": lambda m, o: L(m).StepLR(o, 7, 0.3, last_epoch=4),
            "milestones": lambda m, o: L(m).MultiStepLR(o, [3, 6], last_epoch=4),
            "linear": lambda m, o: L(m).LinearLR(o, 0.25, 0.9, 13, last_epoch=4),
            "exponential": lambda m, o: L(m).ExponentialLR(o, 0.9, last_epoch=4),
            "cosine": lambda m, o: L(m).CosineAnnealingLR(o, 12, last_epoch=4),
            "polynomial": lambda m, o: L(m).PolynomialLR(o, 40, last_epoch=4),
            "triangles": lambda m, o: L(m).CyclicLR(o, 0.01, 0.3, 4, last_epoch=4),
            "one cycle": lambda m, o: L(m).OneCycleLR(o, 0.3, total_steps=50, last_epoch=4),
        }
        scheduler = kinds[name](m, optimizer)
        answers.append([group_settings(optimizer)])
        for _ in range(9):
            optimizer.step()
            scheduler.step()
            answers[-1].append(group_settings(optimizer))
    np.testing.assert_allclose(*answers, rtol=1e-11, atol=1e-13)


LOSSES = [
    5.0,
    4.0,
    4.0,
    3.9999,
    4.1,
    4.0,
    2.0,
    2.0,
    2.0,
    2.0,
    2.0,
    2.0,
    1.0,
    1.5,
    1.5,
    1.5,
    1.5,
    math.nan,
    1.5,
    1.5,
    -1.0,
    -1.0,
]


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 0}, {"patience": 2, "factor": 0.5}, {"patience": 1, "cooldown": 2}, {"mode": "max", "patience": 1},
        {"patience": 1, "threshold": 0.3}, {"patience": 1, "threshold": 0.3, "threshold_mode": "abs"},
        {"mode": "max", "patience": 1, "threshold": 0.3, "threshold_mode": "abs"}, {"patience": 0, "min_lr": 0.01},
        {"patience": 0, "min_lr": [0.1, 0.001]}, {"patience": 0, "eps": 0.02},
    ],
    ids=str,
)  # fmt: skip
def test_plateaus(settings):
    answers = []
    for m in (tg, torch):
        optimizer = optimizer_of(m)
        scheduler = L(m).ReduceLROnPlateau(optimizer, **settings)
        answers.append([])
        for k, loss in enumerate(LOSSES):
            scheduler.step(m.tensor(loss) if k % 2 else loss)
            answers[-1].append(
                [scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.cooldown_counter, scheduler.in_cooldown]
            )
            if k == 9:
                state = scheduler.state_dict()
                scheduler = L(m).ReduceLROnPlateau(optimizer)
                scheduler.load_state_dict(state)
        answers[-1].append(plain(scheduler.state_dict()))
    assert_near(*answers)


# --- warnings and errors ------------------------------------------------------------------------------------


def messages(m, act):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(m)
    return [str(w.message) for w in caught if w.category is UserWarning]


def in_wrong_order(m):
    optimizer = optimizer_of(m)
    optimizer.step()
    scheduler = L(m).StepLR(optimizer, 2)
    scheduler.step()
    optimizer.step()
    scheduler.step()


def with_another_step(m):
    optimizer = optimizer_of(m)
    scheduler = L(m).StepLR(optimizer, 2)
    optimizer.step = lambda: None
    scheduler.step()


def asking_for_the_next(m):
    L(m).StepLR(optimizer_of(m), 2).get_lr()


def with_an_epoch(m):
    optimizer = optimizer_of(m)
    scheduler = L(m).StepLR(optimizer, 2)
    optimizer.step()
    scheduler.step(3)


def in_order(m):
    optimizer = optimizer_of(m)
    first, second = L(m).StepLR(optimizer, 2), L(m).ExponentialLR(optimizer, 0.9)
    optimizer.step(lambda: None)
    first.step()
    second.step()
    L(m).ReduceLROnPlateau(optimizer).step(1.0)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (in_wrong_order, "Detected call of `lr_scheduler.step()` before `optimizer.step()`"),
        (with_another_step, "Seems like `optimizer.step()` has been overridden"),
        (asking_for_the_next, "please use `get_last_lr()`"),
        (with_an_epoch, "epoch parameter in `scheduler.step()`"),
        (in_order, None),
    ],
)
def test_warnings(act, says):
    for m in (tg, torch):
        said = messages(m, act)
        assert len(said) == (says is not None) and all(says in message for message in said)


WRONG = [
    lambda m, o: L(m).StepLR(m.nn.Linear(1, 1), 2), lambda m, o: L(m).LambdaLR(o, [lambda e: 1]),
    lambda m, o: L(m).MultiplicativeLR(o, [1, 2]), lambda m, o: L(m).ConstantLR(o, 1.5), lambda m, o: L(m).LinearLR(o, 0.0),
    lambda m, o: L(m).LinearLR(o, 0.5, 1.5), lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 0),
    lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 2, 0.5), lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 2, 1, "0"),
    lambda m, o: L(m).CosineAnnealingWarmRestarts(o, 2).step(-1), lambda m, o: L(m).ReduceLROnPlateau(o, factor=1.0),
    lambda m, o: L(m).ReduceLROnPlateau(o, "least"), lambda m, o: L(m).ReduceLROnPlateau(o, threshold_mode="x"),
    lambda m, o: L(m).ReduceLROnPlateau(o, min_lr=[1.0]), lambda m, o: L(m).CyclicLR(o, [0.1], 1.0),
    lambda m, o: L(m).CyclicLR(o, 0.1, 1.0, mode="square"), lambda m, o: L(m).OneCycleLR(o, 0.1),
    lambda m, o: L(m).CyclicLR(m.optim.Adagrad(o.param_groups), 0.1, 1.0), lambda m, o: L(m).OneCycleLR(o, 0.1, total_steps=-1),
    lambda m, o: L(m).OneCycleLR(o, 0.1, epochs=1, steps_per_epoch=0.5), lambda m, o: L(m).OneCycleLR(o, 0.1, 5, pct_start=2.0),
    lambda m, o: L(m).OneCycleLR(o, 0.1, 5, anneal_strategy="step"), lambda m, o: L(m).OneCycleLR(o, [0.1], 5),
    lambda m, o: [L(m).OneCycleLR(o, 0.1, 1), [s.step() or s.step() for s in [L(m).OneCycleLR(o, 0.1, 1, pct_start=1.0)]]],
    lambda m, o: L(m).SequentialLR(o, [], []), lambda m, o: L(m).SequentialLR(o, [L(m).StepLR(o, 2)], [3]),
    lambda m, o: L(m).SequentialLR(o, [L(m).ReduceLROnPlateau(o)], []), lambda m, o: L(m).SequentialLR(o, [2], []),
    lambda m, o: L(m).SequentialLR(o, [L(m).StepLR(optimizer_of(m), 2)], []), lambda m, o: L(m).ChainedScheduler([]),
    lambda m, o: L(m).ChainedScheduler([L(m).StepLR(o, 2), L(m).StepLR(optimizer_of(m), 2)]),
    lambda m, o: L(m).LRScheduler(o), lambda m, o: m.optim.swa_utils.SWALR(o, 0.1, anneal_strategy="x"),
    lambda m, o: m.optim.swa_utils.SWALR(o, 0.1, -1), lambda m, o: m.optim.swa_utils.SWALR(o, [0.1]),
    lambda m, o: m.optim.swa_utils.get_ema_avg_fn(1.5), lambda m, o: m.optim.swa_utils.get_ema_multi_avg_fn(-0.1),
    lambda m, o: m.optim.swa_utils.AveragedModel(m.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_use_raises_the_same_type(wrong):
    caught = []
    for m in (tg, torch):
        with pytest.raises(Exception) as info:
            wrong(m, optimizer_of(m))
        caught.append(info)
    assert caught[0].type is caught[1].type
    assert str(caught[0].value)[:20] == str(caught[1].value)[:20]


def test_all_names_are_there():
    assert all(hasattr(tg.optim.lr_scheduler, name) for name in NAMES)
    assert set(torch.optim.lr_scheduler.__all__) <= set(tg.optim.lr_scheduler.__all__)
    assert set(torch.optim.swa_utils.__all__) == set(tg.optim.swa_utils.__all__)


# --- averages of weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("average", ["swa", "ema", "multi swa", "multi ema", "default"])
def test_averaged_models(average, use_buffers):
    if average == "multi swa" and use_buffers:
        pytest.skip("PyTorch cannot average whole numbers so")
    tolerance = 1e-7 if average == "multi swa" else 1e-9  # PyTorch then divides in float32
    answers = []
    for m in (tg, torch):
        u = m.optim.swa_utils
        settings = {
            "swa": {"avg_fn": u.get_swa_avg_fn()}, "ema": {"avg_fn": u.get_ema_avg_fn(0.7)},
            "multi swa": {"multi_avg_fn": u.get_swa_multi_avg_fn()}, "multi ema": {"multi_avg_fn": u.get_ema_multi_avg_fn(0.7)},
            "default": {},
        }[average]  # fmt: skip
        m.manual_seed(0)
        model = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.BatchNorm1d(4), m.nn.Linear(4, 2)).double()
        averaged = u.AveragedModel(model, use_buffers=use_buffers, **settings)
        optimizer = m.optim.SGD(model.parameters(), lr=0.01)
        x = m.from_numpy(np.random.default_rng(0).standard_normal((8, 3)))
        for _ in range(5):
            model(x).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            averaged.update_parameters(model)
        before = {name: value.clone() for name, value in averaged.state_dict().items()}
        averaged.train()
        u.update_bn([x[:4], (x[4:], None)], averaged)
        answers.append((before, averaged.state_dict(), averaged(x)))
    for ours, theirs in zip(answers[0][:2], answers[1][:2], strict=True):
        assert list(ours) == list(theirs)
        for name in ours:
            np.testing.assert_allclose(ours[name].numpy(), theirs[name].numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        answers[0][2].numpy(force=True), answers[1][2].numpy(force=True), rtol=tolerance, atol=tolerance
    )
