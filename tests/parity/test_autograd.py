"""Asking for gradients: what `backward`, `grad`, hooks and modes do, step by step as in PyTorch.

A program returns whatever it wants compared: tensors, numbers, truth values, what hooks have seen.
"""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from helpers import assert_same, see

import tinygrad_lite as tg


def leaf(m, values=(1.0, 2.0, 3.0)):
    return m.tensor(values, dtype=m.float64, requires_grad=True)


# --- backward ---------------------------------------------------------------------------------------------


def gradients_add_up(m):
    x = leaf(m)
    (x * 2).sum().backward()
    first = x.grad.clone()
    (x * x).sum().backward()
    return first, x.grad


def grad_is_one_object(m):
    """The second backward pass adds into the tensor that the first one made."""
    x = leaf(m)
    (x * 2).sum().backward()
    before = x.grad
    (x * 2).sum().backward()
    return before is x.grad, before


def grad_set_to_none(m):
    x = leaf(m)
    (x * 2).sum().backward()
    x.grad = None
    (x * x).sum().backward()
    return x.grad


def grad_assigned(m):
    x = leaf(m)
    x.grad = m.ones(3, dtype=m.float64)
    (x * 2).sum().backward()
    return x.grad


def grad_zeroed_in_place(m):
    x = leaf(m)
    (x * 2).sum().backward()
    x.grad.zero_()
    (x * x).sum().backward()
    return x.grad, x.grad.requires_grad


def with_a_gradient(m):
    x = leaf(m)
    (x * x).backward(m.tensor([1.0, 0.0, -1.0], dtype=m.float64))
    return x.grad


def with_a_gradient_of_another_dtype(m):
    x = leaf(m)
    (x * x).backward(m.tensor([1.0, 0.0, -1.0]))
    return x.grad


def of_one_element(m):
    x = leaf(m, (2.0,))
    (x * x).reshape(1, 1).backward()
    return x.grad


def of_a_leaf(m):
    x = leaf(m, 2.0)
    x.backward()
    return x.grad


def through_a_diamond(m):
    x = leaf(m)
    a = x * 2
    b, c = a.sin(), a.exp()
    ((b * c) + a).sum().backward()
    return x.grad


def used_many_times(m):
    x = leaf(m)
    y = x
    for _ in range(10):
        y = y * x + x
    y.sum().backward()
    return x.grad


def retained_graph(m):
    x = leaf(m)
    y = (x**3).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def graph_shared_by_two(m):
    x = leaf(m)
    y = x.exp()
    y.sum().backward(retain_graph=True)
    (y * y).sum().backward()
    return x.grad


def second_time_where_nothing_was_saved(m):
    x = leaf(m)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def only_inputs(m):
    x, w = leaf(m), leaf(m)
    (x * w).sum().backward(inputs=[w])
    return x.grad, w.grad


def inputs_on_the_way(m):
    x = leaf(m)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward(inputs=[x, y])
    return x.grad, y.grad


def of_several(m):
    x = leaf(m)
    m.autograd.backward([(x * 2).sum(), x * x], [None, m.ones(3, dtype=m.float64)])
    return x.grad


def create_graph(m):
    x = leaf(m)
    (x**3).sum().backward(create_graph=True)
    first = x.grad.clone()
    x.grad = None
    first.sum().backward()
    return first, x.grad


def to_a_broadcast_leaf(m):
    x, w = leaf(m), m.ones(2, 3, dtype=m.float64, requires_grad=True)
    (x * w).sum().backward()
    return x.grad, w.grad


def to_leaves_of_two_dtypes(m):
    x, w = leaf(m), m.ones(3, requires_grad=True)
    (x * w).sum().backward()
    return x.grad, w.grad


def to_one_of_two(m):
    x, w = leaf(m), m.ones(3, dtype=m.float64)
    (x * w).sum().backward()
    return x.grad, w.grad


def past_a_detached(m):
    x = leaf(m)
    (x * (x * 2).detach()).sum().backward()
    return x.grad


def with_a_frozen_part(m):
    x, w = leaf(m), leaf(m)
    w.requires_grad_(False)
    y = x * w
    w.requires_grad = True
    y.sum().backward()
    return x.grad, w.grad


def a_small_network(m):
    x = m.linspace(-1, 1, 12, dtype=m.float64).reshape(4, 3)
    w = m.linspace(-1, 1, 15, dtype=m.float64).reshape(3, 5).requires_grad_()
    b = m.zeros(5, dtype=m.float64, requires_grad=True)
    v = m.linspace(1, -1, 5, dtype=m.float64).requires_grad_()
    losses = []
    for _ in range(5):
        loss = (((x @ w + b).tanh() @ v - x.sum(1)) ** 2).mean()
        loss.backward()
        with m.no_grad():
            for p in (w, b, v):
                p -= 0.1 * p.grad
                p.grad = None
        losses.append(loss.item())
    return losses, w, b, v


# --- autograd.grad ----------------------------------------------------------------------------------------


def grad_of_one(m):
    x = leaf(m)
    return m.autograd.grad((x**2).sum(), x), x.grad


def grad_of_many(m):
    x, w = leaf(m), leaf(m)
    return m.autograd.grad([(x * w).sum(), w.sum()], [x, w])


def grad_by_a_result(m):
    x = leaf(m)
    y = x * 2
    return m.autograd.grad((y * y).sum(), [y, x])


def grad_unused(m):
    x, w = leaf(m), leaf(m)
    return m.autograd.grad((x * 2).sum(), [x, w], allow_unused=True)


def grad_materialized(m):
    x, w = leaf(m), leaf(m)
    return m.autograd.grad((x * 2).sum(), [x, w], materialize_grads=True)


def grad_by_itself(m):
    x = leaf(m, 3.0)
    return m.autograd.grad(x, x)


def grad_by_a_view(m):
    x = leaf(m)
    part = x[1:]
    return m.autograd.grad((part * part).sum(), part)


def three_orders(m):
    x = leaf(m, 0.7)
    y = x.sin() * x.exp()
    found = []
    for _ in range(4):
        (y,) = m.autograd.grad(y, x, create_graph=True)
        found.append(y)
    return found


def hessian_times_vector(m):
    x = leaf(m)
    v = m.tensor([1.0, -1.0, 0.5], dtype=m.float64)
    (g,) = m.autograd.grad((x.prod() + (x**3).sum()), x, create_graph=True)
    return m.autograd.grad(g, x, v)


def gradient_penalty(m):
    x = leaf(m)
    (g,) = m.autograd.grad((x.tanh() * x).sum(), x, create_graph=True)
    ((g.norm() - 1) ** 2).backward()
    return x.grad


def double_backward_trick(m):
    """Forward mode, from two backward passes: linear in a dummy."""
    x, dummy = leaf(m), m.ones(3, dtype=m.float64, requires_grad=True)
    (g,) = m.autograd.grad(x.exp(), x, dummy, create_graph=True)
    return m.autograd.grad(g, dummy, m.tensor([1.0, 2.0, 3.0], dtype=m.float64))


# --- hooks ------------------------------------------------------------------------------------------------


def hook_on_a_leaf(m):
    x, seen = leaf(m), []
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * x).sum().backward()
    return seen, x.grad


def hook_that_replaces(m):
    x = leaf(m)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward()
    return x.grad


def hooks_in_order(m):
    x, seen = leaf(m), []
    x.register_hook(lambda g: seen.append(1) or g * 2)
    x.register_hook(lambda g: seen.append(2) or g + 1)
    x.sum().backward()
    return seen, x.grad


def hook_removed(m):
    x = leaf(m)
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()
    x.sum().backward()
    return x.grad


def hook_on_a_sum_of_paths(m):
    x, seen = leaf(m), []
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * 2 + x * 3).sum().backward()
    return seen


def hook_after_accumulation(m):
    x, seen = leaf(m), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.clone()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return seen


def hook_with_grad(m):
    x = leaf(m)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    return m.autograd.grad(y.sum(), x)


def hook_with_create_graph(m):
    x = leaf(m)
    y = x * x
    y.register_hook(lambda g: g * 2)
    (g,) = m.autograd.grad((y * y).sum(), x, create_graph=True)
    return g, m.autograd.grad(g.sum(), x)


def hook_on_what_was_computed(m):
    x, seen = leaf(m), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.clone()))
    (y * y).sum().backward()
    return seen


def retained_gradients(m):
    x = leaf(m)
    y = x * 2
    z = y * y
    y.retain_grad()
    y.retain_grad()
    z.retain_grad()
    z.sum().backward()
    return y.grad, z.grad, y.retains_grad, x.retains_grad


def retained_and_hooked(m):
    x = leaf(m)
    y = x * 2
    y.register_hook(lambda g: g * 5)
    y.retain_grad()
    y.sum().backward()
    return y.grad, x.grad


# --- modes ------------------------------------------------------------------------------------------------


def no_grad(m):
    x = leaf(m)
    with m.no_grad():
        y = x * 2
        inside = m.is_grad_enabled()
        z = m.ones(2, requires_grad=True)
    return y, inside, m.is_grad_enabled(), z.requires_grad, (x * y).requires_grad


def no_grad_as_decorator(m):
    @m.no_grad()
    def double(x):
        return x * 2

    @m.no_grad
    def triple(x):
        return x * 3

    x = leaf(m)
    return double(x), triple(x), double.__name__, m.is_grad_enabled()


def nested_modes(m):
    x, seen = leaf(m), []
    with m.no_grad():
        with m.enable_grad():
            seen.append((x * 2).requires_grad)
            with m.set_grad_enabled(False):
                seen.append((x * 2).requires_grad)
            seen.append((x * 2).requires_grad)
        seen.append((x * 2).requires_grad)
    return seen


def modes_after_an_error(m):
    try:
        with m.no_grad():
            raise ValueError
    except ValueError:
        pass
    return m.is_grad_enabled()


def set_grad_enabled_as_function(m):
    seen = []
    m.set_grad_enabled(False)
    seen.append(m.is_grad_enabled())
    m.set_grad_enabled(True)
    seen.append(m.is_grad_enabled())
    return seen


def set_grad_enabled_as_decorator(m):
    @m.set_grad_enabled(False)
    def inside():
        return m.is_grad_enabled()

    return inside(), m.is_grad_enabled()


def inference_mode(m):
    x = leaf(m)
    with m.inference_mode():
        y = x * 2
        inside = m.is_grad_enabled(), m.is_inference_mode_enabled()
    with m.inference_mode(False):
        off = m.is_grad_enabled(), m.is_inference_mode_enabled()
    return y.requires_grad, inside, off, m.is_inference_mode_enabled()


def inference_mode_as_decorator(m):
    @m.inference_mode()
    def double(x):
        return x * 2

    return double(leaf(m)).requires_grad, m.is_grad_enabled()


def backward_under_no_grad(m):
    x = leaf(m)
    y = (x * x).sum()
    with m.no_grad():
        y.backward()
    return x.grad


def generator_under_no_grad(m):
    """The mode of a decorated generator holds while it runs, and not between."""
    seen = []

    @m.no_grad()
    def numbers():
        for k in range(2):
            seen.append(m.is_grad_enabled())
            yield k

    for _ in numbers():
        seen.append(m.is_grad_enabled())
    return seen


# --- the tensor -------------------------------------------------------------------------------------------


def what_is_a_leaf(m):
    x = leaf(m)
    tensors = [x, x * 2, x.detach(), m.ones(2), m.ones(2) * 2, x.clone(), (x * 2).detach().requires_grad_()]
    return [(t.is_leaf, t.requires_grad, t.grad_fn is None) for t in tensors]


def requires_grad_spreads(m):
    x, c = leaf(m), m.ones(3, dtype=m.float64)
    return [
        t.requires_grad for t in (x + c, c + c, x > c, x.argmax(), x.detach() + c, m.stack([c, x]), x.long(), x.sign())
    ]


def copied_deeply(m):
    x = leaf(m)
    (x * x).sum().backward()
    y = copy.deepcopy(x)
    x.grad.zero_()
    return y, y.grad, y.requires_grad, y.is_leaf, y is x


def copied(m):
    x = leaf(m)
    y = copy.copy(x)
    return y, y.requires_grad, y.data_ptr() == x.data_ptr()


def copied_within_a_list(m):
    x = leaf(m)
    a, b = copy.deepcopy([x, x])
    return a is b, a


def pickled(m):
    x = leaf(m)
    (x * x).sum().backward()
    y = pickle.loads(pickle.dumps(x))
    return y, y.requires_grad, y.grad


def pickled_in_several_dtypes(m):
    dtypes = [m.float16, m.float32, m.int8, m.int64, m.bool, m.complex64]
    return pickle.loads(pickle.dumps([m.ones(2, dtype=d).t() for d in dtypes])), pickle.loads(pickle.dumps(dtypes))


def as_a_key(m):
    x, y = leaf(m), leaf(m)
    table = {x: 1, y: 2}
    return table[x], table[y], len({x, y, x}), x in table


def data(m):
    x = leaf(m)
    x.data = x.data * 2
    x.data[0] = 7
    (x * x).sum().backward()
    return x, x.grad, x.data.requires_grad


def detach_in_place(m):
    x = leaf(m)
    y = x * 2
    y.detach_()
    return y.requires_grad, y.is_leaf, (y * x).requires_grad


PROGRAMS = [
    gradients_add_up, grad_is_one_object, grad_set_to_none, grad_assigned, grad_zeroed_in_place, with_a_gradient,
    with_a_gradient_of_another_dtype, of_one_element, of_a_leaf, through_a_diamond, used_many_times, retained_graph,
    graph_shared_by_two, second_time_where_nothing_was_saved, only_inputs, inputs_on_the_way, of_several, create_graph,
    to_a_broadcast_leaf, to_leaves_of_two_dtypes, to_one_of_two, past_a_detached, with_a_frozen_part, a_small_network,
    grad_of_one, grad_of_many, grad_by_a_result, grad_unused, grad_materialized, grad_by_itself, grad_by_a_view, three_orders,
    hessian_times_vector, gradient_penalty, double_backward_trick, hook_on_a_leaf, hook_that_replaces, hooks_in_order,
    hook_removed, hook_on_a_sum_of_paths, hook_after_accumulation, hook_with_grad, hook_with_create_graph, hook_on_what_was_computed,
    retained_gradients, retained_and_hooked, no_grad, no_grad_as_decorator, nested_modes, modes_after_an_error, set_grad_enabled_as_function, set_grad_enabled_as_decorator, inference_mode,
    inference_mode_as_decorator, backward_under_no_grad, generator_under_no_grad, what_is_a_leaf, requires_grad_spreads,
    copied_deeply, copied, copied_within_a_list, pickled, pickled_in_several_dtypes, as_a_key, data, detach_in_place,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings(
    "ignore:Using backward\\(\\) with create_graph=True will create a reference cycle:UserWarning"
)
def test_same_answer(program):
    assert_same(see(program(tg)), see(program(torch)))


def test_the_graph_has_the_same_nodes():
    """Walking `grad_fn.next_functions` shows the same names, in the same places."""

    def names(node):
        if node is None:
            return None
        return [node.name().split("::")[-1], *(names(following) for following, _ in node.next_functions)]

    def graph(m):
        x, w = leaf(m), m.ones(3, dtype=m.float64)
        return names(((x * w + x.exp()) / 2).sum().grad_fn)

    assert graph(tg) == graph(torch)


def test_numpy_and_torch_agree_on_shared_values():
    """A tensor goes to PyTorch and back without its values being copied."""
    x = tg.arange(6.0).reshape(2, 3)
    there = torch.from_dlpack(x)
    there.zero_()
    assert x.sum().item() == 0
    assert torch.utils.dlpack.from_dlpack(x[1]).shape == (3,)
    back = tg.from_numpy(there.numpy())
    back.add_(1)
    assert there.sum().item() == 6
    assert np.shares_memory(x.numpy(), back.numpy())
    assert np.from_dlpack(x).shape == (2, 3)


def test_saved_by_pickle_into_a_stream():
    stream = io.BytesIO()
    pickle.dump({"w": tg.ones(2, requires_grad=True)}, stream)
    stream.seek(0)
    assert pickle.load(stream)["w"].requires_grad
