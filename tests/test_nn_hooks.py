"""Hooks of `nn.Module`: around the forward, and on the gradients of the backward."""

from collections import namedtuple

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn


class Sum(nn.Module):
    def forward(self, a, b=0.0, *, times=1):
        return (a + b) * times


def test_forward_hooks_see_and_replace():
    module, seen = Sum(), []
    module.register_forward_pre_hook(lambda m, args: seen.append(("before", m, args)))
    after = module.register_forward_hook(lambda m, args, out: seen.append(("after", args, out)))
    assert module(2, 3) == 5
    assert seen == [("before", module, (2, 3)), ("after", (2, 3), 5)]
    after.remove()
    after.remove()
    module.register_forward_pre_hook(lambda m, args: args[0] * 10)
    module.register_forward_hook(lambda m, args, out: out + 0.5)
    assert module(2, 3) == 20.5, "one value stands for a tuple of one argument"
    assert len(seen) == 3


def test_hooks_with_keywords():
    module, seen = Sum(), []
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {**kwargs, "times": 2}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: seen.append((args, kwargs, out)), with_kwargs=True)
    assert module(2, b=3) == 10
    assert seen == [((2,), {"b": 3, "times": 2}, 10)]
    module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        module(2)


def test_hooks_run_in_order_and_may_come_first():
    module, seen = Sum(), []
    for name, prepend in (("first", False), ("second", False), ("zeroth", True)):
        module.register_forward_hook(lambda m, args, out, name=name: seen.append(name), prepend=prepend)
    module(1)
    assert seen == ["zeroth", "first", "second"]


def test_a_backward_hook_is_called_once_with_all_gradients():
    module, seen = Sum(), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append((m, grad_input, grad_output)))
    a, b = tg.ones(2, requires_grad=True), tg.ones(2, 1, requires_grad=True)
    module(a, b, times=3).sum().backward()
    [(m, (grad_a, grad_b), (grad_out,))] = seen
    assert m is module and grad_out.tolist() == [[1, 1], [1, 1]]
    assert grad_a.tolist() == a.grad.tolist() == [6, 6] and grad_b.tolist() == b.grad.tolist() == [[6], [6]]


def test_backward_hooks_replace_gradients():
    module = Sum()
    module.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 10,))
    module.register_full_backward_hook(lambda m, grad_input, grad_output: tuple(g + 1 for g in grad_input))
    a, b = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True).double()
    module(a, b).sum().backward()
    assert a.grad.tolist() == [11, 11] and a.grad.dtype == tg.float32
    handle = module.register_full_backward_hook(lambda m, grad_input, grad_output: grad_input[:1])
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 1, but expected 2"):
        module(a, b).sum().backward()
    handle.remove()


def test_backward_hooks_with_several_outputs():
    Pair = namedtuple("Pair", "left right")

    class Split(nn.Module):
        def forward(self, x, label):
            return Pair(x[:2], x[2:])

    module, seen = Split(), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = tg.ones(5, requires_grad=True)
    out = module(x, "a label")
    assert isinstance(out, Pair)
    (out.left.sum() + 2 * out.right.sum()).backward()
    [((grad_x, nothing), (left, right))] = seen
    assert nothing is None and left.tolist() == [1, 1] and right.tolist() == [2, 2, 2]
    assert grad_x.tolist() == x.grad.tolist() == [1, 1, 2, 2, 2]


def test_a_backward_hook_where_no_input_asks_for_gradients():
    module, seen = nn.Linear(2, 1), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append((grad_input, grad_output)))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        module(tg.ones(1, 2)).sum().backward()
    [(grad_input, (grad_out,))] = seen
    assert grad_input == (None,) and grad_out.tolist() == [[1.0]]


def test_backward_hooks_in_a_second_derivative():
    module = nn.Tanh()
    module.register_full_backward_hook(lambda m, grad_input, grad_output: (grad_input[0] * 2,))
    x = tg.tensor([0.5], dtype=tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad(module(x).sum(), x, create_graph=True)
    (second,) = tg.autograd.grad(first.sum(), x)
    t = np.tanh(0.5)
    np.testing.assert_allclose([first.item(), second.item()], [2 * (1 - t**2), -4 * t * (1 - t**2)])
