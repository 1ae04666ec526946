"""Optimisers: their formulas step by step, gradients that are missing, groups, hooks, and what they refuse."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from stepping import assert_equal, every_optimizer, give_gradients, parameter, random_gradients, snapshot, steps

import tinygrad_lite as tg
from tinygrad_lite import nn, optim

# --- the formulas, written out ------------------------------------------------------------------------------


def sgd(p, gradients, lr, momentum=0.0, dampening=0.0, decay=0.0, nesterov=False, sign=1):
    buffer = None
    for g in gradients:
        g = sign * g + decay * p
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p = p - lr * g
    return p


def adam(p, gradients, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, decoupled=False, amsgrad=False, sign=1):
    mean = square = largest = 0.0 * p
    for t, g in enumerate(gradients, 1):
        g = sign * g + (0 if decoupled else decay * p)
        p = p - lr * decay * p if decoupled else p
        mean = beta1 * mean + (1 - beta1) * g
        square = beta2 * square + (1 - beta2) * g**2
        largest = np.maximum(largest, square) if amsgrad else square
        p = p - lr * (mean / (1 - beta1**t)) / (np.sqrt(largest / (1 - beta2**t)) + eps)
    return p


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda ps: optim.SGD(ps), lambda p, g: sgd(p, g, 0.001)),
        (lambda ps: optim.SGD(ps, 0.1, 0.9), lambda p, g: sgd(p, g, 0.1, 0.9)),
        (lambda ps: optim.SGD(ps, 0.1, 0.9, 0.5, 0.2), lambda p, g: sgd(p, g, 0.1, 0.9, 0.5, 0.2)),
        (lambda ps: optim.SGD(ps, 0.1, 0.9, nesterov=True), lambda p, g: sgd(p, g, 0.1, 0.9, nesterov=True)),
        (lambda ps: optim.SGD(ps, 0.1, maximize=True), lambda p, g: sgd(p, g, 0.1, sign=-1)),
        (lambda ps: optim.Adam(ps), lambda p, g: adam(p, g, 0.001)),
        (lambda ps: optim.Adam(ps, 0.1, (0.5, 0.7), 1e-3), lambda p, g: adam(p, g, 0.1, 0.5, 0.7, 1e-3)),
        (lambda ps: optim.Adam(ps, 0.1, weight_decay=0.2), lambda p, g: adam(p, g, 0.1, decay=0.2)),
        (lambda ps: optim.Adam(ps, 0.1, amsgrad=True), lambda p, g: adam(p, g, 0.1, amsgrad=True)),
        (lambda ps: optim.Adam(ps, 0.1, maximize=True), lambda p, g: adam(p, g, 0.1, sign=-1)),
        (lambda ps: optim.AdamW(ps, 0.1), lambda p, g: adam(p, g, 0.1, decay=0.01, decoupled=True)),
        (lambda ps: optim.AdamW(ps, 0.1, weight_decay=0.2), lambda p, g: adam(p, g, 0.1, decay=0.2, decoupled=True)),
    ],
)
def test_steps_follow_the_formula(make, formula):
    start = np.array([1.0, -2.0, 0.5])
    gradients = np.random.default_rng(0).standard_normal((20, 3))
    p = parameter(start)
    optimizer = make([p])
    for g in gradients:
        give_gradients([p], g)
        assert optimizer.step() is None
        assert p.grad.tolist() == g.tolist(), "the gradient is not written to"
    np.testing.assert_allclose(p.detach().numpy(), formula(start, gradients), rtol=1e-12)


@every_optimizer
@given(shapes=st.lists(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), min_size=1, max_size=6))
def test_many_parameters_step_as_each_alone(make, shapes):
    random = np.random.default_rng(0)
    together = [parameter(random.standard_normal(shape)) for shape in shapes]
    alone = copy.deepcopy(together)
    steps(make(together), together, range(3))
    everyone = [(p, make([p])) for p in alone]
    for seed in range(3):
        random_gradients(alone, seed)
        for _, optimizer in everyone:
            optimizer.step()
    assert_equal(snapshot(together), snapshot(alone))


@every_optimizer
def test_more_elements_than_fit_one_block(make):
    large, small = parameter(np.ones(100_003)), parameter(np.ones(3))
    optimizer = make([large, small])
    for _ in range(2):
        give_gradients([large, small], np.full(100_003, 0.5), np.full(3, 0.5))
        optimizer.step()
    assert (large == small[0]).all()


@every_optimizer
def test_parameters_that_are_not_contiguous(make):
    base = tg.randn(4, 6, dtype=tg.float64)
    strided, plain = nn.Parameter(base.T[::2]), nn.Parameter(base.T[::2].clone())
    for p in (strided, plain):
        steps(make([p]), [p], range(3))
    assert not strided.is_contiguous()
    assert_equal(snapshot([strided]), snapshot([plain]))
    assert_equal([base.T.numpy()[::2]], snapshot([plain]))


@every_optimizer
def test_complex_numbers_are_two_real_ones(make):
    z = nn.Parameter(tg.tensor([1 + 2j, -3 + 0.5j]))
    pair = parameter([[1.0, 2.0], [-3.0, 0.5]], tg.float32)
    one, two = make([z]), make([pair])
    for seed in range(3):
        random_gradients([pair], seed)
        z.grad = tg.tensor(pair.grad.numpy().copy().view(np.complex64)[:, 0])
        one.step()
        two.step()
    assert_equal([z.detach().numpy().view(np.float32).reshape(2, 2)], snapshot([pair]))


@every_optimizer
def test_dtypes_do_not_mix(make):
    dtypes = [tg.float16, tg.float32, tg.float64, tg.complex64]
    params = [parameter([1.0, 2.0], dtype) for dtype in dtypes]
    optimizer = make(params)
    for gradient in ([0.5, -1.0], [0.25, 2.0]):
        give_gradients(params, *[gradient] * 4)
        optimizer.step()
    assert [p.dtype for p in params] == dtypes
    for p in params:
        np.testing.assert_allclose(p.tolist(), params[2].tolist(), rtol=5e-3)
        assert all(value.dtype == p.dtype for value in optimizer.state[p].values() if value.ndim)


def test_a_model_converted_after_some_steps_goes_on():
    p = parameter([1.0, 2.0], tg.float32)
    optimizer = optim.Adam([p])
    steps(optimizer, [p], [0])
    p.data = p.data.double()
    p.grad = None
    steps(optimizer, [p], [1])
    assert optimizer.state[p]["exp_avg"].dtype == tg.float64 and optimizer.state[p]["step"].item() == 2


# --- gradients that are not there ---------------------------------------------------------------------------


@every_optimizer
def test_without_a_gradient_nothing_happens(make):
    params = [parameter([1.0]), parameter([2.0])]
    optimizer = make(params)
    optimizer.step()
    give_gradients(params, [1.0], None)
    optimizer.step()
    assert params[0].item() != 1 and params[1].item() == 2
    assert set(optimizer.state) <= {params[0]} or isinstance(optimizer, optim.Adagrad)  # its state is there at once


@pytest.mark.filterwarnings("ignore::tinygrad_lite.PitfallWarning")  # at the first step some have no gradient
@every_optimizer
def test_parameters_join_and_leave(make):
    params = [parameter([1.0, 2.0]), parameter(3.0), parameter([[4.0]])]
    alone = [parameter(p.tolist()) for p in params]
    optimizer, separate = make(params), [make([p]) for p in alone]
    for k, present in enumerate([(0,), (0, 1), (1, 2), (), (2, 0), (0, 1, 2), (0, 1, 2)]):
        random_gradients(params, k)
        random_gradients(alone, k)
        for group in (params, alone):
            give_gradients(group, *(p.grad.tolist() if j in present else None for j, p in enumerate(group)))
        optimizer.step()
        for other in separate:
            other.step()
        assert_equal(snapshot(params), snapshot(alone))
    for p, q, other in zip(params, alone, separate):
        for name, value in other.state[q].items():
            np.testing.assert_array_equal(optimizer.state[p][name], value, strict=True)


def test_zero_grad_forgets_or_writes_zeros():
    p = parameter([1.0, 2.0])
    optimizer = optim.SGD([p])
    give_gradients([p], [3.0, 4.0])
    gradient = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is gradient and gradient.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


# --- groups -------------------------------------------------------------------------------------------------


def test_groups_have_settings_of_their_own():
    a, b, c = parameter([1.0]), parameter([1.0]), parameter([1.0])
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 0.25, "momentum": 0.9})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.25]
    give_gradients([a, b, c], [1.0], [1.0], [1.0])
    optimizer.step()
    assert (a.item(), b.item(), c.item()) == (0.9, 0.5, 0.75)
    optimizer.param_groups[0]["lr"] = 0.2
    optimizer.step()
    assert a.item() == pytest.approx(0.7) and c.item() == pytest.approx(0.75 - 0.25 * 1.9)


def test_settings_may_change_on_the_way():
    p = parameter([1.0])
    optimizer = optim.SGD([p], lr=0.1)
    give_gradients([p], [1.0])
    optimizer.step()
    optimizer.param_groups[0]["momentum"] = 0.5
    optimizer.step()
    optimizer.step()
    assert p.item() == pytest.approx(1 - 0.1 - 0.1 - 0.15), "the momentum starts with the first gradient it sees"


def test_a_learning_rate_may_be_a_tensor():
    p, q = parameter([1.0]), parameter([1.0], tg.float32)
    for optimizer in (optim.SGD([p, q], lr=tg.tensor(0.5)), optim.Adam([p, q], lr=tg.tensor(0.5))):
        give_gradients([p, q], [1.0], [1.0])
        optimizer.step()
    assert p.item() == pytest.approx(0, abs=1e-6) and q.item() == pytest.approx(0, abs=1e-6)
    assert (p.dtype, q.dtype) == (tg.float64, tg.float32)


def test_named_parameters():
    layer = nn.Linear(2, 1)
    optimizer = optim.Adam(layer.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    layer(tg.ones(1, 2)).sum().backward()
    optimizer.step()
    assert set(optimizer.state) == set(layer.parameters())


def test_repr_lists_the_settings():
    text = repr(optim.SGD([parameter([1.0])], lr=0.25))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n") and "    lr: 0.25\n" in text


# --- closures and hooks -------------------------------------------------------------------------------------


def test_a_closure_is_called_with_gradients_on():
    p = parameter([2.0])
    optimizer = optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert optimizer.step(closure).item() == 4
    assert p.item() == 1


def test_step_hooks():
    p, seen = parameter([2.0]), []
    optimizer = optim.SGD([p])
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", o, args, kwargs)))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", o, args, kwargs)))
    optimizer.step()
    assert seen == [("before", optimizer, (optimizer,), {}), ("after", optimizer, (optimizer,), {})]
    handle.remove()
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "another loss"), kwargs))
    assert optimizer.step(lambda: "a loss") == "another loss" and len(seen) == 3
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="None or a tuple of"):
        optimizer.step()


def test_an_optimiser_of_one_s_own():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def slots(self, group):
            return ()

        def update(self, block, group):
            return np.sign(block.gradient) * group["lr"]

    p = parameter([1.0, 2.0])
    give_gradients([p], [-3.0, 0.1])
    Sign([p], 0.5).step()
    assert p.tolist() == [1.5, 1.5]


def test_an_optimiser_written_as_for_pytorch():
    class Lion(optim.Optimizer):
        """Only PyTorch's habits: groups, state by parameter, and a loop over them."""

        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @tg.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    mean = self.state[p].setdefault("exp_avg", tg.zeros_like(p))
                    p.add_((mean * 0.9 + p.grad * 0.1).sign() * -group["lr"])
                    mean.mul_(0.99).add_(p.grad * 0.01)

    p, q = parameter([1.0, 2.0]), parameter([3.0])
    optimizer = Lion([p, q])
    for _ in range(2):
        give_gradients([p, q], [3.0, -0.5], None)
        optimizer.step()
    np.testing.assert_allclose(p.tolist(), [0.8, 2.2])
    np.testing.assert_allclose(optimizer.state_dict()["state"][0]["exp_avg"], [0.0597, -0.00995])
    assert q.item() == 3 and list(optimizer.state_dict()["state"]) == [0]
    copy.deepcopy(optimizer).load_state_dict(optimizer.state_dict())


# --- what is refused ----------------------------------------------------------------------------------------

P = parameter([1.0])
NAN = float("nan")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: optim.SGD([P], lr=NAN), "Invalid learning rate: nan"),
        (lambda: optim.SGD([P], lr=-1), "Invalid learning rate: -1"),
        (lambda: optim.Adam([P], lr=NAN), "Invalid learning rate: nan"),
        (lambda: optim.AdamW([P], lr=-0.1), "Invalid learning rate: -0.1"),
        (lambda: optim.SGD([P], momentum=-0.1), "Invalid momentum value: -0.1"),
        (lambda: optim.SGD([P], weight_decay=NAN), "Invalid weight_decay value: nan"),
        (lambda: optim.SGD([P], nesterov=True), "requires a momentum and zero dampening"),
        (lambda: optim.SGD([P], momentum=0.9, dampening=0.1, nesterov=True), "requires a momentum and zero dampening"),
        (lambda: optim.Adam([P], betas=(1.0, 0.9)), "Invalid beta parameter at index 0: 1.0"),
        (lambda: optim.Adam([P], betas=(0.9, NAN)), "Invalid beta parameter at index 1: nan"),
        (lambda: optim.Adam([P], eps=-1e-8), "Invalid epsilon value"),
        (lambda: optim.AdamW([P], weight_decay=-1), "Invalid weight_decay value: -1"),
        (lambda: optim.SGD([{"params": [P], "lr": NAN}]), "Invalid learning rate: nan"),
        (lambda: optim.SGD([]), "empty parameter list"),
        (lambda: optim.SGD([{"params": [P]}, {"params": [P]}]), "more than one parameter group"),
        (lambda: optim.SGD([P * 2]), "non-leaf"),
        (lambda: optim.SGD([("a", P), parameter([1.0])]), "with/without names"),
        (lambda: optim.SGD([{"params": [("a", P)]}, {"params": [parameter([1.0])]}]), "with/without names"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: optim.SGD(P), "iterable of Tensors or dicts, but got Parameter"),
        (lambda: optim.SGD([1.0]), "can only optimize Tensors, but one of the params is float"),
        (lambda: optim.SGD([{"params": {P}}]), "ordered collections"),
        (lambda: optim.SGD([{"params": [P]}, P]), "param_group must be a dict, but got Parameter"),
    ],
)
def test_what_is_no_parameter_is_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        wrong()


def test_a_parameter_that_is_there_twice_moves_twice():
    p, q, once = parameter([1.0]), parameter([2.0]), parameter([1.0])
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = optim.Adam([p, q, p], lr=0.1)
    alone = optim.Adam([once], lr=0.1)
    for k in range(3):
        give_gradients([p, q, once], [1.0 + k], [1.0], [1.0 + k])
        optimizer.step()
        alone.step()
        alone.step()
    assert p.item() == once.item()
    assert optimizer.state[p]["step"].item() == 6 and optimizer.state[q]["step"].item() == 3


def test_modes_that_do_not_exist_here_are_refused():
    with pytest.raises(NotImplementedError, match="differentiable=True"):
        optim.SGD([P], differentiable=True)
    with pytest.raises(NotImplementedError, match="capturable=True"):
        optim.Adam([P], capturable=True)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        optim.Adam([P], foreach=True, fused=True)


def test_a_step_spoils_what_a_graph_saved():
    p = parameter([2.0])
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optim.SGD([p]).step()
    with pytest.raises(RuntimeError, match=r"Optimizer\.step wrote into its memory"):
        loss.backward()
