"""The optimisers beside SGD and Adam: their formulas, L-BFGS and its line search, own optimisers, and hooks."""

import copy
import math

import numpy as np
import pytest
from stepping import give_gradients, parameter, steps

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.optim.line_search import Trial, strong_wolfe
from tinygrad_lite.optim.muon import bfloat16, orthogonalized
from tinygrad_lite.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)

# --- the formulas, written out for one number -----------------------------------------------------------------


def rmsprop(p, gradients, lr=0.1, alpha=0.9, eps=1e-8, momentum=0.5):
    v = m = b = 0.0
    for g in gradients:
        v, m = alpha * v + (1 - alpha) * g * g, alpha * m + (1 - alpha) * g
        b = momentum * b + g / (math.sqrt(v - m * m) + eps)
        p -= lr * b
    return p


def adagrad(p, gradients, lr=0.1, lr_decay=0.2, start=0.5, eps=1e-10):
    s = start
    for t, g in enumerate(gradients, 1):
        s += g * g
        p -= lr / (1 + (t - 1) * lr_decay) * g / (math.sqrt(s) + eps)
    return p


def adadelta(p, gradients, lr=0.5, rho=0.8, eps=1e-3):
    v = u = 0.0
    for g in gradients:
        v = rho * v + (1 - rho) * g * g
        d = math.sqrt(u + eps) / math.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d * d
        p -= lr * d
    return p


def adamax(p, gradients, lr=0.1, beta1=0.8, beta2=0.9, eps=1e-8):
    m = u = 0.0
    for t, g in enumerate(gradients, 1):
        m, u = beta1 * m + (1 - beta1) * g, max(beta2 * u, abs(g) + eps)
        p -= lr / (1 - beta1**t) * m / u
    return p


def radam(p, gradients, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-8):
    m = v = 0.0
    top = 2 / (1 - beta2) - 1
    for t, g in enumerate(gradients, 1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        rho = top - 2 * t * beta2**t / (1 - beta2**t)
        step = m / (1 - beta1**t)
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho))
            step *= r * math.sqrt(1 - beta2**t) / (math.sqrt(v) + eps)
        p -= lr * step
    return p


def nadam(p, gradients, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-8, decay=0.004):
    m = v = 0.0
    product = 1.0
    for t, g in enumerate(gradients, 1):
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
        product = float(np.float32(product) * np.float32(mu))  # kept in float32
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        look_ahead = (1 - mu) * g / (1 - product) + mu_next * m / (1 - product * mu_next)
        p -= lr * look_ahead / (math.sqrt(v / (1 - beta2**t)) + eps)
    return p


def rprop(p, gradients, lr=0.1, minus=0.5, plus=1.5, least=1e-6, most=0.2):
    size, before = lr, 0.0
    for g in gradients:
        agree = g * before
        size = min(max(size * (plus if agree > 0 else minus if agree < 0 else 1), least), most)
        g = 0.0 if agree < 0 else g
        p -= np.sign(g) * size
        before = g
    return p


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda ps: optim.RMSprop(ps, 0.1, 0.9, momentum=0.5, centered=True), rmsprop),
        (lambda ps: optim.Adagrad(ps, 0.1, 0.2, 0, 0.5), adagrad),
        (lambda ps: optim.Adadelta(ps, 0.5, 0.8, 1e-3), adadelta),
        (lambda ps: optim.Adamax(ps, 0.1, (0.8, 0.9)), adamax),
        (lambda ps: optim.RAdam(ps, 0.1, (0.8, 0.95)), radam),
        (lambda ps: optim.NAdam(ps, 0.1, (0.8, 0.95)), nadam),
        (lambda ps: optim.Rprop(ps, 0.1, (0.5, 1.5), (1e-6, 0.2)), rprop),
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
    expected = [formula(start[k], gradients[:, k]) for k in range(3)]
    np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-7 if formula is nadam else 1e-12)


def test_asgd_averages_what_it_went_through():
    p, values = parameter([1.0]), []
    optimizer = optim.ASGD([p], lr=0.1, lambd=0, t0=0)
    for k in range(10):
        give_gradients([p], [math.sin(k)])
        optimizer.step()
        values.append(p.item())
    assert optimizer.state[p]["ax"].item() == pytest.approx(np.mean(values[1:]), rel=1e-6)


# --- Muon and Adafactor ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3)])
def test_muon_steps_are_nearly_orthogonal(shape):
    g = np.random.default_rng(0).standard_normal(shape)
    values = np.linalg.svd(orthogonalized(g, (3.4445, -4.775, 2.0315), 5, 1e-7), compute_uv=False)
    assert values.min() > 0.6 and values.max() < 1.3


def test_bfloat16_rounds_to_the_nearest_even():
    step = 2.0**-7
    halves = 1 + step * np.array([0.5, 1.5, 2.5, 0.51, 0.49])
    assert bfloat16(halves).tolist() == (1 + step * np.array([0, 2, 2, 1, 0])).tolist()


def test_adafactor_keeps_a_row_and_a_column():
    p, q = parameter(np.ones((3, 5))), parameter(np.ones(4))
    optimizer = optim.Adafactor([p, q])
    steps(optimizer, [p, q], range(2))
    state = {name: value.shape for name, value in optimizer.state[p].items()}
    assert state == {"step": (), "row_var": (3, 1), "col_var": (1, 5)}
    assert optimizer.state[q]["variance"].shape == (4,)


def test_adafactor_of_a_matrix_of_rank_one_divides_by_the_gradient_itself():
    a, b = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0, -2.0]])
    p = parameter(np.zeros((3, 2)))
    give_gradients([p], a @ b)
    optim.Adafactor([p], lr=1.0, eps=(None, 0.5)).step()
    np.testing.assert_allclose(p.detach(), -0.5 * np.sign(a @ b), rtol=1e-9)


# --- L-BFGS ---------------------------------------------------------------------------------------------------


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize("history", [5, 100])
def test_lbfgs_finds_the_bottom_of_the_valley(history):
    x = parameter([-1.2, 1.0, -0.5, 0.8])
    optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe", history_size=history, max_iter=100)

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    with tg.no_grad():  # the closure records all the same
        first = optimizer.step(closure)
    assert first.item() > 100 and closure().item() < 1e-8
    np.testing.assert_allclose(x.detach(), 1, atol=1e-3)


def test_lbfgs_solves_a_quadratic_in_as_many_iterations_as_it_has_dimensions():
    a = tg.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=tg.float64)
    x = parameter([4.0, -7.0])
    optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe", tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        loss = x @ a @ x / 2 - x.sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(x.detach(), np.linalg.solve(a.numpy(), [1, 1]), atol=1e-7)
    assert optimizer.state[x]["n_iter"] < 12


def test_lbfgs_needs_a_closure_and_one_group():
    with pytest.raises(TypeError, match="needs a closure"):
        optim.LBFGS([parameter([1.0])]).step()
    with pytest.raises(ValueError, match="per-parameter options"):
        optim.LBFGS([{"params": parameter([1.0])}, {"params": parameter([1.0])}])
    with pytest.raises(RuntimeError, match="line_search_fn='armijo'"):
        optim.LBFGS([parameter([1.0])], line_search_fn="armijo").step(lambda: tg.tensor(1.0))


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
        (lambda t: -t * math.exp(-t), lambda t: (t - 1) * math.exp(-t)),
        (lambda t: math.cos(t) + t / 10, lambda t: -math.sin(t) + 0.1),
        (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
    ],
)
@pytest.mark.parametrize("first", [1e-3, 0.3, 1.0, 10.0])
def test_step_lengths_satisfy_the_strong_wolfe_conditions(f, slope, first):
    def trial(t):
        return Trial(t, f(t), np.array([slope(t)]), np.float64(slope(t)))

    start = trial(1e-9 if slope(0) >= 0 else 0.0)
    if start.slope >= 0:
        start = trial(0.2)

    def along(t):
        return trial(start.t + t)._replace(t=t)

    found, _ = strong_wolfe(along, along(0.0), first, 1.0, 1e-12, 50)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)


# --- own optimisers, as programs for PyTorch have them --------------------------------------------------------


class OldStyle(Optimizer):
    """As programs wrote them for years: `.data` everywhere, and a required setting."""

    def __init__(self, params, lr=required, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad, state = p.grad.data, self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = tg.zeros_like(p.data)
                    state["exp_avg_sq"] = tg.zeros_like(p.data)
                exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
                beta1, beta2 = group["betas"]
                state["step"] += 1
                exp_avg.mul_(beta1).add_(grad, alpha=1 - beta1)
                exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                c1, c2 = 1 - beta1 ** state["step"], 1 - beta2 ** state["step"]
                denominator = exp_avg_sq.sqrt().div_(math.sqrt(c2)).add_(group["eps"])
                p.data.addcdiv_(exp_avg, denominator, value=-group["lr"] / c1)
        return loss


def test_an_optimiser_in_the_old_style_is_adam():
    params, others = ([parameter([1.0, 2.0]), parameter([[3.0]])] for _ in range(2))
    old, new = OldStyle(params, lr=0.1), optim.Adam(others, lr=0.1)
    for k in range(4):
        steps(old, params, [k])
        steps(new, others, [k])
    for p, q in zip(params, others):
        np.testing.assert_allclose(p.detach(), q.detach(), rtol=1e-12)
        np.testing.assert_allclose(old.state[p]["exp_avg"], new.state[q]["exp_avg"], rtol=1e-12)
    twin = OldStyle([parameter([1.0, 2.0]), parameter([[3.0]])], lr=1.0)
    twin.load_state_dict(copy.deepcopy(old.state_dict()))
    assert twin.param_groups[0]["lr"] == 0.1 and twin.param_groups[0]["amsgrad"] is False
    assert [state["step"] for state in twin.state.values()] == [4, 4]


def test_required_settings():
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        OldStyle([parameter([1.0])])
    assert repr(required) == "<required parameter>"
    OldStyle([{"params": [parameter([1.0])], "lr": 0.1}])


def test_an_optimiser_around_another_one():
    class SAM(Optimizer):
        """Sharpness-aware minimisation, as it is usually written: it shares its base's groups."""

        def __init__(self, params, base, rho=0.05, **kwargs):
            super().__init__(params, dict(rho=rho, **kwargs))
            self.base = base(self.param_groups, **kwargs)
            self.param_groups = self.base.param_groups
            self.defaults.update(self.base.defaults)

        @tg.no_grad()
        def step(self, closure):
            closure = tg.enable_grad()(closure)
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["old"] = p.data.clone()
                    p.add_(p.grad * group["rho"])
            self.zero_grad()
            closure()
            for group in self.param_groups:
                for p in group["params"]:
                    p.data = self.state[p]["old"]
            self.base.step()

    p = parameter([3.0])
    optimizer = SAM([p], optim.SGD, lr=0.1)

    def closure():
        loss = (p * p).sum()
        loss.backward()
        return loss

    for _ in range(3):
        closure()
        optimizer.step(closure)
        optimizer.zero_grad()
    value = 3.0
    for _ in range(3):
        value -= 0.1 * 2 * (value + 0.05 * 2 * value)
    assert p.item() == pytest.approx(value)


def test_an_optimiser_without_an_init_of_its_base_steps():
    class Lookahead(Optimizer):
        def __init__(self, base):
            self.base, self.param_groups, self.state = base, base.param_groups, base.state

        def step(self, closure=None):
            return self.base.step(closure)

    p = parameter([1.0])
    give_gradients([p], [1.0])
    Lookahead(optim.SGD([p], lr=0.5)).step()
    assert p.item() == 0.5


def test_a_base_that_computes_nothing_says_so():
    p = parameter([1.0])
    give_gradients([p], [1.0])
    with pytest.raises(NotImplementedError, match="Optimizer defines neither step"):
        Optimizer([p], {}).step()


def test_groups_given_as_dicts_are_the_optimiser_s_own():
    group = {"params": [parameter([1.0])], "lr": 0.5}
    optimizer = optim.Adam([group])
    assert optimizer.param_groups[0] is group and group["eps"] == 1e-8


# --- hooks ----------------------------------------------------------------------------------------------------


def test_hooks_run_around_steps_of_one_s_own_and_once_only():
    class Twice(optim.SGD):
        def step(self, closure=None):
            super().step()
            return super().step(closure)

    p, seen = parameter([1.0]), []
    optimizer = Twice([p], lr=0.1)
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    before = register_optimizer_step_pre_hook(lambda *_: seen.append("before all"))
    after = register_optimizer_step_post_hook(lambda *_: seen.append("after all"))
    give_gradients([p], [1.0])
    optimizer.step()
    before.remove()
    after.remove()
    assert seen == ["before all", "before", "after", "after all"] and p.item() == pytest.approx(0.8)
    optimizer.step()
    assert seen[4:] == ["before", "after"]


def test_hooks_around_saving_and_loading():
    p, seen = parameter([1.0]), []
    optimizer = optim.SGD([p], lr=0.5)
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("first"), prepend=True)
    handle = optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    assert optimizer.state_dict()["more"] == 1 and seen == ["first", "second"]
    handle.remove()
    given = optimizer.state_dict()
    optimizer.register_load_state_dict_pre_hook(
        lambda o, state: {**state, "param_groups": [{**state["param_groups"][0], "lr": 0.25}]}
    )
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(given)
    assert seen[-1] == 0.25 and given["param_groups"][0]["lr"] == 0.5


def test_submodules_have_pytorch_s_names():
    from tinygrad_lite.optim.adamw import AdamW
    from tinygrad_lite.optim.lbfgs import LBFGS
    from tinygrad_lite.optim.lr_scheduler import LambdaLR, _LRScheduler
    from tinygrad_lite.optim.rmsprop import RMSprop

    assert AdamW is optim.AdamW and LBFGS is optim.LBFGS and RMSprop is optim.RMSprop
    assert LambdaLR is optim.lr_scheduler.LambdaLR and issubclass(_LRScheduler, optim.lr_scheduler.LRScheduler)
    assert set(optim.__all__) <= set(dir(optim)) and nn.Module
