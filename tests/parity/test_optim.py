"""Optimisers: 50 steps over a grid of settings, the structure of their state, and whole training programs."""

import copy
from itertools import product

import numpy as np
import pytest
from draws import same_dropout

import tinygrad_lite as tg
from tinygrad_lite.datasets import digits

torch = pytest.importorskip("torch")

SHAPES = [(3, 4), (), (5,), (0, 2), (2, 1, 3)]
STEPS = 50


def grid(name, **choices):
    """Every combination of settings, as arguments of a test."""
    for values in product(*choices.values()):
        settings = dict(zip(choices, values, strict=True))
        label = " ".join(f"{key}={value}" for key, value in settings.items())
        yield pytest.param(name, settings, id=f"{name} {label}")


def makes_sense(param):
    _, settings = param.values
    return not settings["nesterov"] or (settings["momentum"] and not settings["dampening"])


GRID = [
    *filter(
        makes_sense,
        grid("SGD", lr=[0.1], momentum=[0, 0.9], dampening=[0, 0.3], nesterov=[False, True], weight_decay=[0, 0.1],
             maximize=[False, True]),
    ),
    *grid("Adam", lr=[0.01], betas=[(0.9, 0.999), (0.3, 0.5)], eps=[1e-8, 1e-2], weight_decay=[0, 0.1],
          amsgrad=[False, True], maximize=[False, True]),
    *grid("Adam", lr=[0.01], decoupled_weight_decay=[True], weight_decay=[0, 0.1]),
    *grid("AdamW", lr=[0.3], betas=[(0.9, 0.999), (0.0, 0.5)], weight_decay=[0, 0.01, 0.5], amsgrad=[False, True],
          maximize=[False, True]),
]  # fmt: skip
TYPICAL = [
    pytest.param("SGD", {"lr": 0.1}, id="SGD"),
    pytest.param("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}, id="SGD with momentum"),
    pytest.param("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, id="SGD with Nesterov's momentum"),
    pytest.param("Adam", {"lr": 0.01, "amsgrad": True}, id="Adam with amsgrad"),
    pytest.param("AdamW", {"lr": 0.01}, id="AdamW"),
]


def start(m, dtype="float64", shapes=SHAPES):
    random = np.random.default_rng(0)
    return [m.nn.Parameter(m.from_numpy(drawn(random, shape, dtype))) for shape in shapes]


def drawn(random, shape, dtype):
    values = random.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * random.standard_normal(shape)
    return np.asarray(values, dtype)


def present(step, k):
    """Whether parameter `k` has a gradient: they join one after the other, and each is missing now and then."""
    return step >= 3 * k and (step + k) % 7 != 0


def step_through(m, optimizer, params, steps, presence=present, dtype="float64"):
    for step in steps:
        random = np.random.default_rng(step)
        for k, p in enumerate(params):
            gradient = drawn(random, tuple(p.shape), dtype)
            p.grad = m.from_numpy(gradient) if presence(step, k) else None
        optimizer.step()


def assert_close(ours, theirs, tolerance=1e-9):
    for a, b in zip(ours, theirs, strict=True):
        a, b = a.numpy(force=True), b.numpy(force=True)
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same_state(ours, theirs, tolerance=1e-9):
    """Two state dicts: keys, their order, nesting, numbers and shapes."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_same_state(ours[key], theirs[key], tolerance)
    elif isinstance(theirs, list | tuple):
        assert type(ours) is type(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same_state(a, b, tolerance)
    elif isinstance(theirs, torch.Tensor):
        assert_close([ours], [theirs], tolerance)
    else:
        assert ours == theirs and type(ours) is type(theirs)


def always(step, k):
    return True


# --- trajectories -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "settings"), GRID)
def test_trajectories(name, settings):
    answers = []
    for m in (tg, torch):
        params = start(m)
        optimizer = getattr(m.optim, name)(params, **settings)
        step_through(m, optimizer, params, range(STEPS))
        answers.append((params, optimizer.state_dict()))
    (ours, our_state), (theirs, their_state) = answers
    assert_close(ours, theirs)
    assert_same_state(our_state, their_state)


@pytest.mark.parametrize(("name", "settings"), TYPICAL)
@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [("float64", 1e-9), ("float32", 1e-5), ("float16", 2e-2), ("complex64", 1e-5), ("complex128", 1e-9)],
)
def test_trajectories_with_all_gradients_in_every_dtype(name, settings, dtype, tolerance):
    steps = 5 if dtype == "float16" else STEPS
    if dtype == "float16":
        settings = {**settings, **({} if name == "SGD" else {"eps": 1e-3})}
    ours, theirs = start(tg, dtype), start(torch, dtype)
    for m, params in ((tg, ours), (torch, theirs)):
        step_through(m, getattr(m.optim, name)(params, **settings), params, range(steps), always, dtype)
    assert_close(ours, theirs, tolerance)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_groups_with_settings_of_their_own(name):
    answers = []
    for m in (tg, torch):
        a, b, c, d, e = params = start(m)
        special = {"momentum": 0.9, "nesterov": True} if name == "SGD" else {"betas": (0.5, 0.9), "amsgrad": True}
        groups = [{"params": [a, d]}, {"params": b, "lr": 0.5}, {"params": [c], "weight_decay": 0.3, **special}]
        optimizer = getattr(m.optim, name)(groups, lr=0.05)
        step_through(m, optimizer, params, range(10))
        optimizer.add_param_group({"params": [e], "maximize": True})
        optimizer.param_groups[1]["lr"] = 0.01
        step_through(m, optimizer, params, range(10, STEPS))
        answers.append((params, optimizer.state_dict()))
    (ours, our_state), (theirs, their_state) = answers
    assert_close(ours, theirs)
    assert_same_state(our_state, their_state)


def test_settings_that_change_on_the_way():
    ours, theirs = start(tg), start(torch)
    for m, params in ((tg, ours), (torch, theirs)):
        optimizer = m.optim.SGD(params, lr=0.1)
        step_through(m, optimizer, params, range(5))
        optimizer.param_groups[0]["momentum"] = 0.9
        step_through(m, optimizer, params, range(5, 10))
        optimizer.param_groups[0].update(momentum=0, weight_decay=0.1)
        step_through(m, optimizer, params, range(10, 15))
        optimizer.param_groups[0].update(momentum=0.5, nesterov=True)
        step_through(m, optimizer, params, range(15, 20))
    assert_close(ours, theirs)


@pytest.mark.parametrize(("name", "settings"), TYPICAL)
def test_named_parameters_and_repr(name, settings):
    ours, theirs = (
        getattr(m.optim, name)(m.nn.Linear(2, 3).named_parameters(), **settings) for m in (tg, torch)
    )  # fmt: skip
    assert repr(ours) == repr(theirs)
    assert_same_state(ours.state_dict(), theirs.state_dict())


# --- state dicts from one to the other ----------------------------------------------------------------------


def converted(state, m):
    """A state dict whose tensors are those of library `m`."""
    if isinstance(state, dict):
        return {key: converted(value, m) for key, value in state.items()}
    if isinstance(state, list):
        return [converted(value, m) for value in state]
    return m.from_numpy(state.numpy().copy()) if isinstance(state, tg.Tensor | torch.Tensor) else state


@pytest.mark.filterwarnings("ignore::tinygrad_lite.PitfallWarning")  # one parameter has no gradient, on purpose
@pytest.mark.parametrize(("name", "settings"), TYPICAL)
@pytest.mark.parametrize("source", [tg, torch], ids=["ours to theirs", "theirs to ours"])
def test_a_state_dict_resumes_in_the_other_library(name, settings, source):
    target = torch if source is tg else tg
    params = start(source)
    optimizer = getattr(source.optim, name)(params, **settings)
    step_through(source, optimizer, params, range(20))
    others = [target.nn.Parameter(target.from_numpy(p.numpy(force=True).copy())) for p in params]
    other = getattr(target.optim, name)(others, lr=9.0)
    other.load_state_dict(converted(copy.deepcopy(optimizer.state_dict()), target))
    step_through(source, optimizer, params, range(20, STEPS))
    step_through(target, other, others, range(20, STEPS))
    ours, theirs = (params, others) if source is tg else (others, params)
    assert_close(ours, theirs)


# --- errors -------------------------------------------------------------------------------------------------

WRONG = [
    lambda m, p: m.optim.SGD([p], lr=-1.0), lambda m, p: m.optim.SGD([p], momentum=-1.0),
    lambda m, p: m.optim.SGD([p], weight_decay=-1.0), lambda m, p: m.optim.SGD([p], nesterov=True),
    lambda m, p: m.optim.Adam([p], lr=float("nan")), lambda m, p: m.optim.Adam([p], lr=-1.0),
    lambda m, p: m.optim.Adam([p], eps=-1.0), lambda m, p: m.optim.Adam([p], betas=(1.0, 0.9)),
    lambda m, p: m.optim.Adam([p], betas=(0.9, -0.1)), lambda m, p: m.optim.AdamW([p], weight_decay=-1.0),
    lambda m, p: m.optim.SGD([]), lambda m, p: m.optim.SGD(p), lambda m, p: m.optim.SGD([1.0]),
    lambda m, p: m.optim.SGD([p * 2]), lambda m, p: m.optim.SGD([{"params": [p]}, {"params": [p]}]),
    lambda m, p: m.optim.SGD([{"params": {p}}]), lambda m, p: m.optim.SGD([{"params": [p]}, p]),
    lambda m, p: m.optim.SGD([("a", p), m.nn.Parameter(m.ones(1))]), lambda m, p: m.optim.SGD([{"lr": 0.1}]),
    lambda m, p: m.optim.Adam([p], foreach=True, fused=True), lambda m, p: m.optim.SGD([p], unknown=1),
    lambda m, p: m.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": []}),
    lambda m, p: m.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_use_raises_the_same_type(wrong):
    caught = []
    for m in (tg, torch):
        with pytest.raises(Exception) as info:
            wrong(m, m.nn.Parameter(m.ones(2)))
        caught.append(info.type)
    assert caught[0] is caught[1]


# --- whole programs -----------------------------------------------------------------------------------------


def xor(m, epochs=300):
    """The losses of a small network that learns XOR."""
    m.manual_seed(1)
    x, y = m.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), m.tensor([[0.0], [1], [1], [0]])
    model = m.nn.Sequential(m.nn.Linear(2, 8), m.nn.Tanh(), m.nn.Linear(8, 1))
    loss_of, optimizer = m.nn.BCEWithLogitsLoss(), m.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_xor_is_learned_alike():
    ours, theirs = xor(tg), xor(torch)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert ours[-1] < 0.02


def classify_digits(m, dropout, make_optimizer, steps=60):
    """The losses of a network that learns handwritten digits in batches of 64."""
    images, labels = digits()
    x, y = m.from_numpy(images.reshape(-1, 64).copy()), m.from_numpy(labels.copy())
    m.manual_seed(2)
    nn = m.nn
    body = [nn.Linear(64, 48), nn.ReLU(), nn.Dropout(dropout), nn.Linear(48, 32), nn.GELU()]
    model = nn.Sequential(*body, nn.Linear(32, 10))
    optimizer = make_optimizer(m, model.parameters())
    losses = []
    order = m.randperm(len(x))
    for step in range(steps):
        batch = order[(64 * step) % 1700 :][:64]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch], label_smoothing=0.05)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    accuracy = (model(x).argmax(1) == y).float().mean().item()
    return losses, accuracy


@pytest.mark.parametrize("dropout", [0.0, pytest.param(0.2, marks=same_dropout)])
@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda m, params: m.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=1e-4),
        lambda m, params: m.optim.AdamW(params, lr=1e-2),
    ],
    ids=["SGD", "AdamW"],
)
def test_digits_are_learned_alike(dropout, make_optimizer):
    (ours, our_accuracy), (theirs, their_accuracy) = (classify_digits(m, dropout, make_optimizer) for m in (tg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert our_accuracy > 0.85 and our_accuracy == pytest.approx(their_accuracy, abs=2e-3)
