"""The optimisers beside SGD and Adam: 50 steps over a grid of settings, their state, and what they refuse."""

import copy
from itertools import product

import numpy as np
import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")
from tests.parity.test_optim import (  # noqa: E402
    STEPS,
    always,
    assert_close,
    assert_same_state,
    converted,
    drawn,
    start,
    step_through,
)  # fmt: skip


def grid(name, **choices):
    """Every combination of settings, as arguments of a test."""
    for values in product(*choices.values()):
        settings = dict(zip(choices, values, strict=True))
        label = " ".join(f"{key}={value}" for key, value in settings.items())
        yield pytest.param(name, settings, id=f"{name} {label}")


BOTH = [False, True]
GRID = [
    *grid("RMSprop", lr=[0.01], alpha=[0.5], eps=[1e-8], momentum=[0, 0.9], centered=BOTH,
          weight_decay=[0, 0.1], maximize=BOTH),
    *grid("Adagrad", lr=[0.1], lr_decay=[0, 0.1], initial_accumulator_value=[0, 0.5], eps=[1e-2],
          weight_decay=[0, 0.1], maximize=BOTH),
    *grid("Adadelta", lr=[0.1], rho=[0.9, 0.3], eps=[1e-6, 1e-2], weight_decay=[0, 0.1], maximize=BOTH),
    *grid("Adamax", lr=[0.01], betas=[(0.9, 0.999), (0.0, 0.5)], eps=[1e-8], weight_decay=[0, 0.1],
          maximize=BOTH),
    *grid("NAdam", lr=[0.01], betas=[(0.9, 0.999)], eps=[1e-8], momentum_decay=[4e-3, 0.1],
          weight_decay=[0, 0.1], decoupled_weight_decay=BOTH, maximize=[True]),
    *grid("RAdam", lr=[0.01], betas=[(0.9, 0.999), (0.3, 0.9)], eps=[1e-2], weight_decay=[0, 0.1],
          decoupled_weight_decay=BOTH, maximize=BOTH),
    *grid("Rprop", lr=[0.5], etas=[(0.5, 1.2), (0.3, 2.0)], step_sizes=[(1e-6, 50), (1e-3, 0.1)], maximize=BOTH),
    *grid("ASGD", lr=[0.02], lambd=[0.1], alpha=[0.75, 0.2], t0=[1e6, 5], weight_decay=[0.1], maximize=BOTH),
    *grid("Adafactor", lr=[0.01], beta2_decay=[-0.8, -0.3], eps=[(None, 1e-3), (1e-4, 0.1)], d=[1.0, 2.0],
          weight_decay=[0, 0.1], maximize=BOTH),
    *grid("Muon", lr=[0.02], weight_decay=[0.1], momentum=[0.95, 0.5], nesterov=BOTH,
          adjust_lr_fn=[None, "match_rms_adamw"], ns_steps=[5, 3], eps=[1e-7]),
]  # fmt: skip
TYPICAL = [
    pytest.param("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}, id="RMSprop"),
    pytest.param("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.1}, id="Adagrad"),
    pytest.param("Adadelta", {}, id="Adadelta"),
    pytest.param("Adamax", {"lr": 0.01}, id="Adamax"),
    pytest.param("NAdam", {"lr": 0.01}, id="NAdam"),
    pytest.param("RAdam", {"lr": 0.01}, id="RAdam"),
    pytest.param("Rprop", {"lr": 0.01}, id="Rprop"),
    pytest.param("ASGD", {"lr": 0.02, "t0": 3}, id="ASGD"),
    pytest.param("Adafactor", {"lr": 0.1}, id="Adafactor"),
    pytest.param("Muon", {"lr": 0.1}, id="Muon"),
]
MATRICES = [(3, 4), (5, 2), (1, 6), (4, 4)]


def shapes_for(name):
    """Muon takes matrices only, and Adafactor divides by the number of elements."""
    return {"Muon": MATRICES, "Adafactor": [(3, 4), (), (5,), (2, 1, 3)]}.get(name, [(3, 4), (), (5,), (0, 2), (2, 3)])


@pytest.mark.parametrize(("name", "settings"), GRID)
def test_trajectories(name, settings):
    answers = []
    for m in (tg, torch):
        params = start(m, shapes=shapes_for(name))
        optimizer = getattr(m.optim, name)(params, **settings)
        step_through(m, optimizer, params, range(STEPS))
        answers.append((params, optimizer.state_dict()))
    (ours, our_state), (theirs, their_state) = answers
    assert_close(ours, theirs)
    assert_same_state(our_state, their_state)


@pytest.mark.parametrize(("name", "settings"), TYPICAL)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("complex64", 1e-5), ("complex128", 1e-9)])
def test_trajectories_in_other_dtypes(name, settings, dtype, tolerance):
    if name in ("Adafactor", "Muon") and dtype != "float32":
        for m in (tg, torch):
            params = start(m, dtype, MATRICES)
            optimizer = getattr(m.optim, name)(params, **settings)
            with pytest.raises(RuntimeError, match=f"{name} does not support complex parameters"):
                step_through(m, optimizer, params, [0], always, dtype)
        return
    ours, theirs = start(tg, dtype, shapes_for(name)), start(torch, dtype, shapes_for(name))
    for m, params in ((tg, ours), (torch, theirs)):
        step_through(m, getattr(m.optim, name)(params, **settings), params, range(STEPS), always, dtype)
    assert_close(ours, theirs, tolerance)


@pytest.mark.parametrize(("name", "settings"), TYPICAL)
def test_a_tensor_as_learning_rate_and_groups(name, settings):
    answers = []
    for m in (tg, torch):
        a, b, c, d = params = start(m, shapes=MATRICES)
        groups = [{"params": [a, d]}, {"params": b, "lr": 0.05}, {"params": [c]}]
        optimizer = getattr(m.optim, name)(groups, lr=m.tensor(0.03, dtype=m.float64))
        step_through(m, optimizer, params, range(10))
        optimizer.param_groups[1]["lr"] = 0.02
        step_through(m, optimizer, params, range(10, STEPS))
        answers.append(params)
    assert_close(*answers)


@pytest.mark.filterwarnings("ignore::tinygrad_lite.PitfallWarning")
@pytest.mark.parametrize(("name", "settings"), TYPICAL)
@pytest.mark.parametrize("source", [tg, torch], ids=["ours to theirs", "theirs to ours"])
def test_a_state_dict_resumes_in_the_other_library(name, settings, source):
    target = torch if source is tg else tg
    params = start(source, shapes=shapes_for(name))
    optimizer = getattr(source.optim, name)(params, **settings)
    step_through(source, optimizer, params, range(20))
    others = [target.nn.Parameter(target.from_numpy(p.numpy(force=True).copy())) for p in params]
    other = getattr(target.optim, name)(others, lr=9.0)
    other.load_state_dict(converted(copy.deepcopy(optimizer.state_dict()), target))
    step_through(source, optimizer, params, range(20, STEPS))
    step_through(target, other, others, range(20, STEPS))
    ours, theirs = (params, others) if source is tg else (others, params)
    assert_close(ours, theirs, 1e-6 if name in ("NAdam", "ASGD") else 1e-9)  # loading widens their float32 rates
    if source is torch and name not in ("NAdam", "ASGD"):
        assert_same_state(other.state_dict()["state"], optimizer.state_dict()["state"])


# --- L-BFGS -------------------------------------------------------------------------------------------------


def valley(m, x, y):
    """Rosenbrock's function, as a sum over several, with a bowl."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (y**2).sum() * 0.5


def lbfgs(m, settings, calls, dtype="float64", resumed=None):
    random = np.random.default_rng(3)
    params = [m.nn.Parameter(m.from_numpy(drawn(random, shape, dtype) * 0.5)) for shape in [(4,), (2, 2)]]
    optimizer = m.optim.LBFGS(params, **settings)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = valley(m, *params)
        loss.backward()
        return loss

    for k in range(calls):
        losses.append(optimizer.step(closure).item())
        if k == 1 and resumed:
            state = copy.deepcopy(optimizer.state_dict())
            optimizer = m.optim.LBFGS(params, lr=7)
            optimizer.load_state_dict(state)
    return losses, params, optimizer.state_dict()


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": 1e-3, "max_iter": 5}, {"lr": 1e-3, "max_iter": 5, "history_size": 2}, {"lr": 1e-4, "max_eval": 3},
        {"line_search_fn": "strong_wolfe", "max_iter": 3}, {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "history_size": 3}, {"line_search_fn": "strong_wolfe", "lr": 0.01},
        {"line_search_fn": "strong_wolfe", "lr": 30.0, "max_iter": 4}, {"line_search_fn": "strong_wolfe", "max_eval": 2},
        {"line_search_fn": "strong_wolfe", "tolerance_grad": 0.1}, {"line_search_fn": "strong_wolfe", "tolerance_change": 0.5},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("resumed", [False, True])
def test_lbfgs_takes_the_same_path(settings, resumed):
    ours, theirs = (lbfgs(m, settings, 6, resumed=resumed) for m in (tg, torch))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-7, atol=1e-12)
    assert_close(ours[1], theirs[1], 1e-7)
    assert list(ours[2]["state"][0]) == list(theirs[2]["state"][0])
    for name in ("func_evals", "n_iter"):
        assert ours[2]["state"][0][name] == theirs[2]["state"][0][name]
    assert ours[2]["param_groups"] == theirs[2]["param_groups"]


def test_lbfgs_fifty_steps_of_one_iteration():
    ours, theirs = (lbfgs(m, {"lr": 0.01, "max_iter": 1}, 50) for m in (tg, torch))
    assert_close(ours[1], theirs[1])
    for _, _, state in (ours, theirs):
        state["state"][0]["prev_loss"] = round(state["state"][0]["prev_loss"], 9)
    assert_same_state(ours[2], theirs[2])


def test_lbfgs_over_complex_numbers():
    answers = []
    for m in (tg, torch):
        z = m.nn.Parameter(m.tensor([1 + 2j, -0.5 + 0.3j], dtype=m.complex128))
        optimizer = m.optim.LBFGS([z], line_search_fn="strong_wolfe")

        def closure(m=m, z=z, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((z * z - (1 + 1j)).abs() ** 2).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
        answers.append([z])
    assert_close(*answers)


# --- what is refused ----------------------------------------------------------------------------------------

NAN = float("nan")
WRONG = [
    *(("RMSprop", {name: value}) for name in ("lr", "alpha", "eps", "momentum", "weight_decay") for value in (-1, NAN)),
    *(("Adagrad", {name: value}) for name in ("lr", "lr_decay", "eps", "initial_accumulator_value", "weight_decay") for value in (-1, NAN)),
    *(("Adadelta", {name: value}) for name in ("lr", "rho", "eps", "weight_decay") for value in (-1, NAN)),
    ("Adadelta", {"rho": 1.1}),
    *((cls, {name: value}) for cls in ("Adamax", "NAdam", "RAdam") for name in ("lr", "eps", "weight_decay") for value in (-1, NAN)),
    *((cls, {"betas": betas}) for cls in ("Adamax", "NAdam", "RAdam", "SparseAdam") for betas in ((1.0, 0.9), (0.9, 1.0), (NAN, 0.9))),
    ("NAdam", {"momentum_decay": -0.2}), ("Rprop", {"lr": -1.0}), ("Rprop", {"etas": (1.0, 0.5)}), ("Rprop", {"etas": (NAN, 1.5)}),
    ("ASGD", {"lr": -1.0}), ("ASGD", {"weight_decay": NAN}), ("LBFGS", {"lr": -1.0}), ("LBFGS", {"lr": NAN}),
    ("Muon", {"lr": -1.0}), ("Muon", {"momentum": NAN}), ("Muon", {"weight_decay": -1.0}), ("Muon", {"adjust_lr_fn": "other"}),
    ("Adafactor", {"lr": -1.0}), ("Adafactor", {"beta2_decay": 0.8}), ("Adafactor", {"eps": (-1.0, 1.0)}),
    ("Adafactor", {"eps": (None, NAN)}), ("Adafactor", {"d": 0.0}), ("Adafactor", {"weight_decay": NAN}),
    ("SparseAdam", {"lr": 0.0}), ("SparseAdam", {"eps": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), WRONG)
def test_settings_that_make_no_sense_are_refused_in_the_same_words(name, settings):
    messages = []
    for m in (tg, torch):
        with pytest.raises(ValueError) as info:
            getattr(m.optim, name)([m.nn.Parameter(m.ones(2, 2))], **settings)
        messages.append(str(info.value))
    assert messages[0] == messages[1]


def test_what_only_some_optimisers_refuse():
    for m in (tg, torch):
        p, q = m.nn.Parameter(m.ones(2)), m.nn.Parameter(m.ones(2))
        with pytest.raises(ValueError, match=r"Muon only supports 2D parameters .* size: "):
            m.optim.Muon([p])
        with pytest.raises(ValueError, match="per-parameter options"):
            m.optim.LBFGS([{"params": [p]}, {"params": [q]}])
        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            (q * q).sum().backward()
            m.optim.LBFGS([q], line_search_fn="armijo").step(lambda q=q: (q * q).sum())
        with pytest.raises(TypeError):
            m.optim.LBFGS([q]).step()
        with pytest.raises(RuntimeError, match="does not support dense gradients, please consider Adam instead"):
            m.optim.SparseAdam([q]).step()
        with pytest.raises(ValueError, match=r"Complex params at indices \[\[0, 0\]\]"):
            m.optim.SparseAdam([m.nn.Parameter(m.ones(2, dtype=m.complex64))])
        with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
            m.optim.RMSprop([p], lr=m.ones(2))
