"""The functional interfaces: `autograd.functional`, `func`, `Function`, checkpoints and hooks, beside PyTorch's."""

import numpy as np
import pytest
import torch
from helpers import assert_same, see

import tinygrad_lite as tg

LIBRARIES = (tg, torch)


def numbers(*shape, seed=0, kind="float64"):
    random = np.random.default_rng(seed)
    x = random.uniform(-1.5, 1.5, shape)
    return (x + 1j * random.uniform(-1.5, 1.5, shape) if kind == "complex128" else x).astype(kind)


X, Y, T, U = (numbers(3, 3, seed=k) for k in range(4))


def mixed(m, x, y):
    """One number, in which everything depends on everything."""
    a = m.exp(x) * y + m.sin(x @ y)
    return (m.softmax(a, 1).cumsum(0) * x).sum() + a.std()


def two(m, x, y):
    """Two outputs; the second does not depend on y."""
    return m.tanh(x @ y), (x * x).sum(1)


def both(run, *arrays):
    """What `run(m, *tensors)` gives in either library."""
    answers = [see(run(m, *(m.from_numpy(a.copy()) for a in arrays))) for m in LIBRARIES]
    assert_same(*answers)


PRODUCTS = {
    "vjp": lambda m, x, y, t, u: m.autograd.functional.vjp(lambda x, y: two(m, x, y), (x, y), (t, t[0])),
    "vjp of one": lambda m, x, y, t, u: m.autograd.functional.vjp(lambda x: mixed(m, x, y), x),
    "jvp": lambda m, x, y, t, u: m.autograd.functional.jvp(lambda x, y: two(m, x, y), (x, y), (t, u)),
    "jvp of one": lambda m, x, y, t, u: m.autograd.functional.jvp(lambda x: x @ y, x, t),
    "vhp": lambda m, x, y, t, u: m.autograd.functional.vhp(lambda x, y: mixed(m, x, y), (x, y), (t, u)),
    "hvp": lambda m, x, y, t, u: m.autograd.functional.hvp(lambda x, y: mixed(m, x, y), (x, y), (t, u)),
    "hvp of one": lambda m, x, y, t, u: m.autograd.functional.hvp(lambda x: mixed(m, x, y), x, t),
    "jacobian": lambda m, x, y, t, u: m.autograd.functional.jacobian(lambda x, y: two(m, x, y), (x, y)),
    "jacobian of one": lambda m, x, y, t, u: m.autograd.functional.jacobian(lambda x: x @ y, x),
    "jacobian by columns": lambda m, x, y, t, u: m.autograd.functional.jacobian(
        lambda x, y: two(m, x, y), (x, y), vectorize=True, strategy="forward-mode"
    ),
    "hessian": lambda m, x, y, t, u: m.autograd.functional.hessian(lambda x, y: mixed(m, x, y), (x, y)),
    "hessian of one": lambda m, x, y, t, u: m.autograd.functional.hessian(lambda x: mixed(m, x, y), x),
    "with create_graph": lambda m, x, y, t, u: m.autograd.functional.vjp(
        lambda x: (x * x).sum(), x.requires_grad_(), create_graph=True
    ),
    "jvp with create_graph": lambda m, x, y, t, u: m.autograd.grad(
        m.autograd.functional.jvp(lambda x: x**3, x.requires_grad_(), t, create_graph=True)[1].sum(), x
    ),
}


@pytest.mark.parametrize("run", PRODUCTS.values(), ids=PRODUCTS)
def test_products_with_derivatives(run):
    both(run, X, Y, T, U)


TRANSFORMS = {
    "grad": lambda m, x, y, t: m.func.grad(lambda x, y: mixed(m, x, y))(x, y),
    "grad by two": lambda m, x, y, t: m.func.grad(lambda x, y: mixed(m, x, y), (0, 1))(x, y),
    "grad by the last": lambda m, x, y, t: m.func.grad(lambda x, y: mixed(m, x, y), -1)(x, y),
    "grad of a dict": lambda m, x, y, t: list(
        m.func.grad(lambda d: mixed(m, d["x"], d["y"]))({"x": x, "y": y}).values()
    ),
    "grad with aux": lambda m, x, y, t: m.func.grad(lambda x: (mixed(m, x, y), x * 2), has_aux=True)(x),
    "grad of grad": lambda m, x, y, t: m.func.grad(lambda x: m.func.grad(lambda x: (x**4).sum())(x).sum())(x),
    "grad and value": lambda m, x, y, t: m.func.grad_and_value(lambda x: mixed(m, x, y))(x),
    "vjp": lambda m, x, y, t: (lambda pair: (pair[0], pair[1](t)))(m.func.vjp(lambda x, y: x @ y, x, y)),
    "jvp": lambda m, x, y, t: m.func.jvp(lambda x, y: two(m, x, y), (x, y), (t, t)),
    "jvp of grad": lambda m, x, y, t: m.func.jvp(m.func.grad(lambda x: mixed(m, x, y)), (x,), (t,)),
    "grad of jvp": lambda m, x, y, t: m.func.grad(lambda x: m.func.jvp(lambda z: mixed(m, z, y), (x,), (t,))[1])(x),
    "jvp of jvp": lambda m, x, y, t: m.func.jvp(lambda x: m.func.jvp(m.sin, (x,), (t,))[1], (x,), (y,)),
    "jacrev": lambda m, x, y, t: m.func.jacrev(lambda x, y: two(m, x, y), (0, 1))(x, y),
    "jacfwd": lambda m, x, y, t: m.func.jacfwd(lambda x, y: two(m, x, y), (0, 1))(x, y),
    "hessian": lambda m, x, y, t: m.func.hessian(lambda x: mixed(m, x, y))(x),
    "vmap": lambda m, x, y, t: m.func.vmap(lambda a, b: (m.dot(a, b), a * 2))(x, y),
    "vmap over columns": lambda m, x, y, t: m.func.vmap(lambda a, b: a * b, in_dims=(1, None), out_dims=1)(x, y[0]),
    "vmap of vmap": lambda m, x, y, t: m.func.vmap(m.func.vmap(lambda a, b: a * b), in_dims=(0, 1))(x, y),
    "vmap of grad": lambda m, x, y, t: m.func.vmap(m.func.grad(lambda a: (a**3).sum()))(x),
    "grad of vmap": lambda m, x, y, t: m.func.grad(lambda x: m.func.vmap(lambda a: (a**3).sum())(x).sum())(x),
    "vmap of a tree": lambda m, x, y, t: m.func.vmap(lambda d: d["a"] + d["b"][0], in_dims=({"a": 0, "b": (1,)},))(
        {"a": x, "b": (y,)}
    ),
}


@pytest.mark.parametrize("run", TRANSFORMS.values(), ids=TRANSFORMS)
def test_functions_of_functions(run):
    both(run, X, Y, T)


def test_value_and_grad_is_grad_and_value_in_its_own_order():
    x = tg.from_numpy(X)
    value, gradient = tg.func.value_and_grad(lambda x: (x**2).sum())(x)
    assert value.item() == pytest.approx((X**2).sum())
    assert np.allclose(gradient.numpy(), 2 * X)


def test_linearize_is_jvp():
    x, t = tg.from_numpy(X), tg.from_numpy(T)
    output, push = tg.func.linearize(tg.sin, x)
    assert np.allclose(output.numpy(), np.sin(X))
    assert np.allclose(push(t).numpy(), np.cos(X) * T)


@pytest.mark.parametrize("m", LIBRARIES)
def test_results_do_not_require_grad_unless_something_outside_does(m):
    x, w = m.ones(2), m.ones(2, requires_grad=True)
    assert not m.func.grad(lambda x: (x**2).sum())(x).requires_grad
    assert not m.func.jvp(m.sin, (x,), (x,))[1].requires_grad
    assert m.func.grad(lambda x: (x**2 * w).sum())(x).requires_grad


ERRORS = {
    "grad of a vector": lambda m, x: m.func.grad(lambda x: x)(x),
    "grad by an integer": lambda m, x: m.func.grad(lambda x: x.sum())(x.long()),
    "grad by what is not there": lambda m, x: m.func.grad(lambda x: x.sum(), argnums=3)(x),
    "vmap without a dimension": lambda m, x: m.func.vmap(lambda x: x)(x.sum()),
    "vmap of two sizes": lambda m, x: m.func.vmap(lambda x, y: x)(x, x[:1]),
    "vmap of nothing": lambda m, x: m.func.vmap(lambda x: x, in_dims=None)(x),
    "vmap returns no tensor": lambda m, x: m.func.vmap(lambda x: 3)(x),
    "vmap with random numbers": lambda m, x: m.func.vmap(lambda x: x + m.rand(3))(x),
    "vmap with another randomness": lambda m, x: m.func.vmap(lambda x: x, randomness="no")(x),
    "vmap with other in_dims": lambda m, x: m.func.vmap(lambda x: x, in_dims=(0, 0))(x),
    "jvp of other tangents": lambda m, x: m.func.jvp(m.sin, (x,), (x[0],)),
    "jvp of a list": lambda m, x: m.func.jvp(m.sin, [x], [x]),
    "vjp without v": lambda m, x: m.autograd.functional.vjp(m.sin, x),
    "vjp of another shape": lambda m, x: m.autograd.functional.vjp(m.sin, x, x[0]),
    "hvp of a vector": lambda m, x: m.autograd.functional.hvp(m.sin, x, x),
    "strict vjp": lambda m, x: m.autograd.functional.vjp(lambda a: m.ones(()), x, strict=True),
    "strict jacobian": lambda m, x: m.autograd.functional.jacobian(lambda a, b: a.sum(), (x, x), strict=True),
    "jacobian of numbers": lambda m, x: m.autograd.functional.jacobian(m.sin, 3.0),
}


@pytest.mark.parametrize("run", ERRORS.values(), ids=ERRORS)
def test_errors_are_of_pytorchs_type(run):
    with pytest.raises(Exception) as theirs:
        run(torch, torch.from_numpy(X))
    with pytest.raises(Exception) as ours:
        run(tg, tg.from_numpy(X))
    assert issubclass(ours.type, theirs.type) or issubclass(theirs.type, ours.type)
    assert str(ours.value)


# --- operations of one's own ----------------------------------------------------------------------------


def products(m):
    """A `Function` with two outputs, an argument that is no tensor, and saved outputs."""

    class Products(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, n):
            out = x * y * n
            ctx.save_for_backward(x, y, out)
            assert ctx.needs_input_grad == (True, True, False)
            return out, x + y

        @staticmethod
        def backward(ctx, g, h):
            x, y, out = ctx.saved_tensors
            return g * out / x + h, g * out / y + h, None

    return Products


def halves(m):
    """A `Function` in the newer form, with an output that has no gradient."""

    class Halves(m.autograd.Function):
        @staticmethod
        def forward(x):
            return x / 2, (x > 0).long()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.mark_non_differentiable(output[1])
            ctx.set_materialize_grads(False)

        @staticmethod
        def backward(ctx, g, h):
            assert h is None
            return g / 2

    return Halves


def doubled(m):
    """A `Function` that writes into its input."""

    class Doubled(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Doubled


def grads(m, total, xs, order=1):
    found = m.autograd.grad(total, xs, create_graph=order > 1)
    return found if order == 1 else (*found, *m.autograd.grad(sum((g * g).sum() for g in found), xs))


FUNCTIONS = {
    "two outputs": lambda m, x, y: grads(m, sum(products(m).apply(x, y, 3)).sum(), [x, y]),
    "one of two outputs": lambda m, x, y: grads(m, products(m).apply(x, y, 3)[1].sum(), [x, y]),
    "second order": lambda m, x, y: grads(m, (products(m).apply(x, y, 3)[0] * x).sum(), [x, y], 2),
    "the newer form": lambda m, x, y: (*halves(m).apply(x * y), *grads(m, halves(m).apply(x)[0].sum(), [x])),
    "in place": lambda m, x, y: (lambda z: (doubled(m).apply(z), z, *grads(m, (z * z).sum(), [x])))(x * y),
    "of a view": lambda m, x, y: (lambda z: (doubled(m).apply(z[0]), z, *grads(m, (z * z).sum(), [x])))(x * y),
    "under no_grad": lambda m, x, y: m.no_grad()(lambda: halves(m).apply(x)[0])(),
}


@pytest.mark.parametrize("run", FUNCTIONS.values(), ids=FUNCTIONS)
def test_operations_of_ones_own(run):
    both(lambda m, x, y: run(m, x.requires_grad_(), y.requires_grad_()), X, Y)


def wrong(m, answer, once=False):
    """A `Function` whose backward gives `answer(g)`."""
    decorate = m.autograd.function.once_differentiable if once else lambda f: f

    class Wrong(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        @decorate
        def backward(ctx, g):
            return answer(g)

    return Wrong


MISTAKES = {
    "too few gradients": lambda m, x, y: wrong(m, lambda g: g).apply(x, y).sum().backward(),
    "too many gradients": lambda m, x, y: wrong(m, lambda g: (g, g, g)).apply(x, y).sum().backward(),
    "another shape": lambda m, x, y: wrong(m, lambda g: (g[0, :2], g)).apply(x, y).sum().backward(),
    "no tensor": lambda m, x, y: wrong(m, lambda g: (3.0, g)).apply(x, y).sum().backward(),
    "twice through once": lambda m, x, y: grads(m, wrong(m, lambda g: (g, g), True).apply(x, y).sum(), [x, y], 2),
    "no backward": lambda m, x, y: (
        type("F", (m.autograd.Function,), {"forward": staticmethod(lambda c, x: x * 1)}).apply(x).sum().backward()
    ),
    "no forward": lambda m, x, y: type("F", (m.autograd.Function,), {}).apply(x),
    "a number saved": lambda m, x, y: type(
        "F", (m.autograd.Function,), {"forward": staticmethod(lambda c, x: c.save_for_backward(3) or x)}
    ).apply(x),
}


@pytest.mark.parametrize("run", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_operations_of_ones_own(run):
    for m in LIBRARIES:
        with pytest.raises((RuntimeError, TypeError, NotImplementedError)) as seen:
            run(m, m.from_numpy(X.copy()).requires_grad_(), m.from_numpy(Y.copy()).requires_grad_())
        assert str(seen.value)


# --- what is saved, and what is watched -----------------------------------------------------------------


def through_hooks(m, x):
    seen = []

    def pack(t):
        seen.append(tuple(t.shape))
        return t.detach().numpy().copy()

    with m.autograd.graph.saved_tensors_hooks(pack, m.from_numpy):
        out = (x.exp() * x).sum()
    out.backward()
    return x.grad, len(seen) > 0


def checkpointed(m, x, **options):
    layer = lambda x: (m.nn.functional.dropout(m.tanh(x @ x), 0.5) * x).exp()
    m.manual_seed(3)
    out = m.utils.checkpoint.checkpoint(layer, x, use_reentrant=False, **options)
    first = m.autograd.grad(out.sum(), x, create_graph=True)
    return out, *first, *m.autograd.grad((first[0] ** 2).sum(), x), m.rand(2)


def in_segments(m, x):
    layers = [m.sin, m.cos, m.exp, m.tanh, m.sin]
    out = m.utils.checkpoint.checkpoint_sequential(layers, 2, x, use_reentrant=False)
    return out, *m.autograd.grad(out.sum(), x)


def node_hooks(m, x):
    seen = []
    out = x * 3
    out.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2, *inputs[1:]))
    out.grad_fn.register_prehook(lambda outputs: (outputs[0] + 1,))
    out.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].clone(), outputs[0].clone())))
    return *m.autograd.grad(out.sum(), x), seen


WATCHED = {
    "saved tensors": through_hooks, "checkpoint": checkpointed, "segments": in_segments, "hooks of a node": node_hooks,
}  # fmt: skip


@pytest.mark.parametrize("run", WATCHED.values(), ids=WATCHED)
def test_what_watches_the_graph(run):

    both(lambda m, x: run(m, x.requires_grad_()), X)


def test_a_checkpoint_that_does_something_else_the_second_time_is_refused():
    calls = []

    def changing(x):
        calls.append(x)
        return x.exp() * x.sin() if len(calls) == 1 else x.exp()

    x = tg.ones(2, requires_grad=True)
    out = tg.utils.checkpoint.checkpoint(changing, x).sum()
    with pytest.raises(tg.utils.checkpoint.CheckpointError, match="different number of tensors"):
        out.backward()


@pytest.mark.parametrize("m", LIBRARIES)
def test_anomaly_mode_names_the_function(m):
    x = m.tensor([0.0], requires_grad=True)
    heard = pytest.warns() if m is torch else m.enable_grad()
    message = "Function 'DivBackward0' returned nan values in its 1th output"
    with pytest.raises(RuntimeError, match=message), heard, m.autograd.detect_anomaly():
        ((x * 1) / x).sum().backward()


def test_anomaly_mode_names_the_line():
    x = tg.tensor([0.0], requires_grad=True)
    with (
        pytest.raises(RuntimeError, match=r"test_derivatives.py.*out = x / x  # this line"),
        tg.autograd.detect_anomaly(),
    ):
        out = x / x  # this line
        out.sum().backward()


def test_anomaly_mode_names_both_lines_of_a_spoiled_write():
    x = tg.tensor([1.0], requires_grad=True)
    with tg.autograd.detect_anomaly():
        y = x * 1
        out = y.exp().sin()  # saved here
        y = out * 1
        z = y * y  # the product
        y.add_(1)  # the write
        with pytest.raises(RuntimeError, match=r"z = y \* y  # the product(.|\n)*y.add_\(1\)  # the write"):
            z.sum().backward()


@pytest.mark.parametrize("m", LIBRARIES)
def test_dual_numbers(m):
    fw = m.autograd.forward_ad
    x, t = m.tensor([1.0, 2.0]), m.tensor([1.0, -1.0])
    with fw.dual_level():
        out = fw.unpack_dual(m.sin(fw.make_dual(x, t)) * x)
        assert np.allclose(out.tangent.numpy(force=True), np.cos([1.0, 2.0]) * [1, -1] * [1, 2])
    with pytest.raises(RuntimeError):
        fw.make_dual(x, t)


def test_functional_call():
    def run(m, w, b):
        layer = m.nn.Linear(3, 3).double()
        before = layer.weight
        out = m.func.functional_call(layer, {"weight": w, "bias": b[0]}, (b,))
        assert layer.weight is before
        return out, m.func.functional_call(m.nn.Sequential(layer), [{"0.weight": w}, {"0.bias": b[1]}], b)

    both(run, X, Y)
    for m in LIBRARIES:
        with pytest.raises(RuntimeError):
            m.func.functional_call(m.nn.Linear(1, 1), {"weight": m.ones(1, 1)}, m.ones(1), strict=True)
