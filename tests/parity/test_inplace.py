"""Views share memory, and writing in place changes values and history as in PyTorch."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from helpers import LAYOUTS, agree, case, table
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lite as tg

# --- which results share memory with their source --------------------------------------------------------

VIEWS = {
    "[0]": lambda t: t[0],
    "[-1:]": lambda t: t[-1:],
    "[..., 0]": lambda t: t[..., 0],
    "[::2]": lambda t: t[::2],
    "[None]": lambda t: t[None],
    "[:, 1:]": lambda t: t[:, 1:],
    "[...]": lambda t: t[...],
    "transpose": lambda t: t.transpose(0, -1),
    "permute": lambda t: t.permute(tuple(reversed(range(t.dim())))),
    "movedim": lambda t: t.movedim(0, -1),
    "unsqueeze": lambda t: t.unsqueeze(-1),
    "squeeze": lambda t: t.squeeze(),
    "reshape": lambda t: t.reshape(-1),
    "flatten": lambda t: t.flatten(),
    "ravel": lambda t: t.ravel(),
    "view": lambda t: t.view(-1),
    "view of rows": lambda t: t.view(t.shape[0], -1),
    "narrow": lambda t: t.narrow(0, 0, 1),
    "diagonal": lambda t: t.diagonal(0, 0, -1),
    "expand": lambda t: t.expand(2, *t.shape),
    "chunk": lambda t: t.chunk(2)[0],
    "split": lambda t: t.split(1, -1)[-1],
    "unbind": lambda t: t.unbind()[-1],
    "iteration": lambda t: next(iter(t)),
    "detach": lambda t: t.detach(),
    "contiguous": lambda t: t.contiguous(),
    "real": lambda t: t.real,
    "select": lambda t: t.select(-1, 0),
    "unflatten": lambda t: t.unflatten(0, (t.shape[0], 1)),
    "view_as": lambda t: t.view_as(t),
    "mT": lambda t: t.mT,
    "adjoint": lambda t: t.adjoint(),
    "unfold": lambda t: t.unfold(-1, 1, 1),
    "unfold apart": lambda t: t.unfold(0, 2, 2),
    "as_strided": lambda t: t.contiguous().as_strided((2, 2), (2, 1)),
    "as_strided with an offset": lambda t: t.contiguous().as_strided((2,), (1,), 1),
    "expanded and back": lambda t: t.expand(2, *t.shape)[1],
    "tensor_split": lambda t: t.tensor_split(2, -1)[0],
    "hsplit": lambda t: t.hsplit(1)[0],
}
COPIES = {
    "clone": lambda m, t: t.clone(),
    "positions": lambda m, t: t[m.tensor([0, 1])],
    "mask": lambda m, t: t[t > 0],
    "flip": lambda m, t: t.flip(0),
    "roll": lambda m, t: t.roll(1, 0),
    "repeat": lambda m, t: t.repeat(1, 1),
    "cat": lambda m, t: m.cat([t]),
    "tril": lambda m, t: t.tril(),
    "t().contiguous": lambda m, t: t.t().contiguous(),
    "t().reshape": lambda m, t: t.t().reshape(-1),
    "t().flatten": lambda m, t: t.t().flatten(),
    "to": lambda m, t: t.to(m.float64),
    "tensor": lambda m, t: m.tensor(t.numpy()),
    "index_select": lambda m, t: t.index_select(0, m.tensor([0, 1])),
    "diag": lambda m, t: t.diag(),
    "diag_embed": lambda m, t: t.diag_embed(),
    "fliplr": lambda m, t: t.fliplr(),
    "rot90": lambda m, t: t.rot90(),
    "repeat_interleave": lambda m, t: t.repeat_interleave(1),
    "gather": lambda m, t: t.gather(0, m.tensor([[0, 1]])),
    "take": lambda m, t: t.take(m.tensor([0, 1])),
    "stack": lambda m, t: m.stack([t]),
    "scatter": lambda m, t: t.scatter(0, m.tensor([[0]]), t),
    "diagonal_scatter": lambda m, t: t.diagonal_scatter(t[0]),
    "t().clone": lambda m, t: t.t().clone(),
}
MEMORY = {
    "to the same dtype": lambda m, a: m.from_numpy(a).to(m.float64),
    "as_tensor of a tensor": lambda m, a: m.as_tensor(m.from_numpy(a)),
    "as_tensor of an array": lambda m, a: m.as_tensor(a),
    "from_numpy": lambda m, a: m.from_numpy(a),
    "numpy": lambda m, a: m.from_numpy(m.from_numpy(a).numpy()),
    "detach": lambda m, a: m.from_numpy(a).detach(),
    "data": lambda m, a: m.from_numpy(a).data,
    "tensor of an array": lambda m, a: m.tensor(a),
    "Tensor + 0": lambda m, a: m.from_numpy(a) + 0,
}


@pytest.mark.parametrize("name", [name for name in VIEWS if name != "expand"])
def test_views_share_memory(name):
    shared = []
    for m in (torch, tg):
        base = m.ones(2, 2)
        VIEWS[name](base).zero_()
        shared.append(base.tolist())
    assert shared[0] == shared[1] != [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", COPIES)
def test_copies_do_not(name):
    for m in (torch, tg):
        base = m.ones(2, 2)
        COPIES[name](m, base).zero_()
        assert base.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", MEMORY)
def test_memory_shared_with_arrays(name):
    arrays = [np.ones(3), np.ones(3)]
    for m, array in zip((torch, tg), arrays):
        MEMORY[name](m, array).zero_()
    assert arrays[0].tolist() == arrays[1].tolist()


# --- programs that write in place -------------------------------------------------------------------------


def steps(*functions):
    """A program that runs `functions` one after another on a fresh copy of its input."""

    def program(m, x, *more):
        y = x * 1
        for function in functions:
            out = function(m, y, *more)
            y = y if out is None else out
        return y

    return program


def with_view(view, write):
    """Write into a view; the base is the result, and the view too."""

    def program(m, x, *more):
        base = x * 2
        part = view(base)
        write(m, part, *more)
        return base, part

    return program


def views_of_views(m, x):
    base = x * 2
    first, second = base[1:], base.t()
    third = first[:, :2]
    third.mul_(3)
    second[0].add_(1)
    return base, first, second, third


def view_taken_before(m, x):
    base = x * 2
    part = base[0]
    base.mul_(3)
    return base, part, part.exp()


def expanded_before(m, x):
    base = x * 2
    wide = base[:, :1].expand(3, 4)
    base.sin_()
    return wide * x, base


def base_written_then_view(m, x):
    base = x * 2
    part = base[0]
    base.sin_()
    part.mul_(2)
    base.add_(1)
    return base, part


def write_into_constant(m, x):
    buffer = m.zeros(3, 4, dtype=x.dtype)
    buffer[0] = x[0]
    buffer[1:, :2] = x[:2, 2:] * 2
    return buffer


def write_into_view_of_constant(m, x):
    buffer = m.zeros(3, 4, dtype=x.dtype)
    part = buffer[1]
    part.copy_(x[0])
    part.mul_(x[1])
    return buffer, part


def filled_row_by_row(m, x):
    out = m.empty(3, 4, dtype=x.dtype)
    for k in range(3):
        out[k] = x[k] * (k + 1)
    return out


def under_no_grad(m, x):
    y = x * 2
    with m.no_grad():
        y.add_(1)
        y[0].zero_()
    return y * 3


def leaf_under_no_grad(m, x):
    with m.no_grad():
        x.sub_(0.1)
        x[0].zero_()
    return x * x


def through_data(m, x):
    y = x * 2
    y.data.add_(1)
    x.data[0] = 5
    return y * 3


def through_detach(m, x):
    y = x * 2
    y.detach().add_(1)
    return y * 3


def a_loop(m, x):
    y = x * 1
    for _ in range(5):
        y.mul_(x).add_(1)
    return y


PROGRAMS = [
    case("add_", steps(lambda m, y: y.add_(1)), (3, 4)),
    case("a chain", steps(lambda m, y: y.sin_().mul_(2).square_().exp_()), (3, 4)),
    case("mul_ by another", steps(lambda m, y, z: y.mul_(z), lambda m, y, z: y.add_(z)), (3, 4), (4,)),
    case("sigmoid_ saves its output", steps(lambda m, y: y.sigmoid_()), (3, 4)),
    case("add_, clamp_, sqrt_", steps(lambda m, y: y.add_(y.sum()), lambda m, y: y.clamp_(0.5, 2), lambda m, y: y.sqrt_()), (3, 4)),
    case("pow_", steps(lambda m, y: y.pow_(3)), (3, 4)),
    case("div_", steps(lambda m, y, z: y.div_(z)), (3, 4), (3, 4), domain=(0.5, 2.0)),
    case("zero_", steps(lambda m, y: y.zero_(), lambda m, y: y.add_(1)), (3, 4)),
    case("fill_ by a tensor", steps(lambda m, y, z: y.fill_(z)), (3, 4), ()),
    case("copy_", steps(lambda m, y, z: y.copy_(z)), (3, 4), (4,)),
    case("copy_ of another dtype", steps(lambda m, y, z: y.copy_(z)), (2, 3), np.array([1, 2, 3])),
    case("+=, *=", steps(lambda m, y: y.__iadd__(1), lambda m, y: y.__imul__(y.exp())), (3, 4)),
    case("write [0]", with_view(lambda b: b[0], lambda m, v: v.mul_(3)), (3, 4)),
    case("write [:, ::2]", with_view(lambda b: b[:, ::2], lambda m, v: v.exp_()), (3, 4)),
    case("write t()", with_view(lambda b: b.t(), lambda m, v: v.mul_(v.sum())), (3, 4)),
    case("write reshape", with_view(lambda b: b.reshape(2, 6), lambda m, v: v.zero_()), (3, 4)),
    case("write diagonal", with_view(lambda b: b.diagonal(), lambda m, v: v.fill_(7)), (3, 4)),
    case("write detach", with_view(lambda b: b.detach(), lambda m, v: v.fill_(7)), (3, 4)),
    case("write unsqueeze", with_view(lambda b: b.unsqueeze(0), lambda m, v: v.add_(1).mul_(2)), (3, 4)),
    case("write a value with a gradient", with_view(lambda b: b[1], lambda m, v, z: v.copy_(z)), (3, 4), (4,)),
    case("write sin_ of a slice", with_view(lambda b: b[1:], lambda m, v, z: v.sin_().mul_(z)), (3, 4), (4,)),
    case("views of views", views_of_views, (3, 4)),
    case("a view taken before", view_taken_before, (3, 4)),
    case("an expanded view taken before", expanded_before, (3, 4)),
    case("base, view, base", base_written_then_view, (3, 4)),
    case("into a constant", write_into_constant, (3, 4)),
    case("into a view of a constant", write_into_view_of_constant, (3, 4)),
    case("row by row", filled_row_by_row, (3, 4)),
    case("under no_grad", under_no_grad, (3, 4)),
    case("a leaf under no_grad", leaf_under_no_grad, (3, 4)),
    case("through data", through_data, (3, 4)),
    case("through detach", through_detach, (3, 4)),
    case("in a loop", a_loop, (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("line", table(PROGRAMS))
def test_programs_that_write(line, layout):
    agree(line, "float64", layout)


def test_what_is_written_to_may_be_an_operand_too():
    """PyTorch refuses this backward pass; here the operand is kept, and the gradient is right."""
    x = tg.tensor([1.0, -2.0, 3.0], requires_grad=True)
    y = x * 1
    y.mul_(y)
    y.sum().backward()
    assert x.grad.tolist() == [2, -4, 6]


def test_versions_count_writes():
    for m in (torch, tg):
        x = m.ones(3)
        view = x[1:]
        seen = [x._version]
        x.add_(1)
        view.mul_(2)
        view[0] = 5
        x.detach().zero_()
        seen += [x._version, view._version]
        assert seen == [0, 4, 4]


def test_a_view_knows_its_base():
    for m in (torch, tg):
        x = m.ones(3, 4)
        assert x._base is None
        assert x[0]._base is x
        assert x.t()[1].unsqueeze(0)._base is x
        assert x.clone()._base is None


# --- random programs --------------------------------------------------------------------------------------


def first(t):
    """The position 0, as an index."""
    return (t.detach().reshape(-1)[:1] * 0).long()


def turnable(t):
    """Not under `no_grad`, where PyTorch turns the tensor, but then refuses the gradient for its shape."""
    if t.requires_grad and not (t * 1).requires_grad:
        raise RuntimeError("under no_grad")
    return t


WRITES = {
    "add_": lambda t, other: t.add_(other.sum()),
    "mul_": lambda t, other: t.mul_(0.5),
    "div_": lambda t, other: t.div_(other.sum() * 0 + 2),
    "zero_": lambda t, other: t.zero_(),
    "fill_": lambda t, other: t.fill_(0.25),
    "sin_": lambda t, other: t.sin_(),
    "sigmoid_": lambda t, other: t.sigmoid_(),
    "relu_": lambda t, other: t.relu_(),
    "pow_": lambda t, other: t.pow_(2),
    "clamp_": lambda t, other: t.clamp_(-0.5, 0.5),
    "copy_": lambda t, other: t.copy_(other.sum()),
    "masked_fill_": lambda t, other: t.masked_fill_(t > 0.2, 0.1),
    "t[0] = number": lambda t, other: t.__setitem__(0, 2.0),
    "t[..., -1] = tensor": lambda t, other: t.__setitem__((..., -1), other.mean()),
    "t[mask] = number": lambda t, other: t.__setitem__(t > 0, 0.5),
    "t[positions] = tensor": lambda t, other: t.__setitem__([0], other.mean()),
    "scatter_": lambda t, other: t.scatter_(0, first(t).reshape((1,) * t.dim()), 0.7),
    "scatter_add_": lambda t, other: t.scatter_add_(0, (t.detach() * 0).long(), t.exp()),
    "scatter_reduce_": lambda t, other: t.scatter_reduce_(0, (t.detach() * 0).long(), t.exp(), "prod"),
    "index_add_": lambda t, other: t.index_add_(0, first(t), t[:1].cos()),
    "index_copy_": lambda t, other: t.index_copy_(0, first(t), t[:1].cos()),
    "index_fill_": lambda t, other: t.index_fill_(-1, first(t), 0.9),
    "index_put_": lambda t, other: t.index_put_((first(t),), other.mean(), accumulate=True),
    "put_": lambda t, other: t.put_(first(t), other.mean().reshape(1)),
    "masked_scatter_": lambda t, other: t.masked_scatter_(t > 0.3, t.sin().reshape(-1)),
    "tril_": lambda t, other: t.tril_(),
    "fill_diagonal_": lambda t, other: t.fill_diagonal_(0.6),
    "t_": lambda t, other: turnable(t).t_(),
    "transpose_": lambda t, other: turnable(t).transpose_(0, -1),
    "unsqueeze_": lambda t, other: turnable(t).unsqueeze_(0),
    "squeeze_": lambda t, other: turnable(t).squeeze_(),
}
USES = {
    "square": lambda t: t * t,
    "sin": lambda t: t.sin(),
    "tanh": lambda t: t.tanh(),
    "sum": lambda t: t.sum(-1),
    "positions": lambda t: t[[0, 0]],
}
LEFT_OUT = ("expand", "chunk", "split", "tensor_split", "hsplit", "unbind", "iteration", "diagonal")
"""Writing to most of these is refused: see test_errors.py. What is computed of a diagonal lies in another order."""
which = st.integers(0, 7)
step = st.one_of(
    st.tuples(st.just("view"), which, st.sampled_from(sorted(VIEWS.keys() - set(LEFT_OUT)))),
    st.tuples(st.just("write"), which, st.sampled_from(sorted(WRITES)), which, st.sampled_from([False, False, True])),
    st.tuples(st.just("use"), which, st.sampled_from(sorted(USES))),
)


class Run:
    """A random program in one library: the tensors it has made, and what happened at each step."""

    def __init__(self, m, requires_grad):
        self.m = m
        self.leaf = m.from_numpy(np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)).requires_grad_(requires_grad)
        self.tensors = [self.leaf, self.leaf * 1]

    def take(self, step):
        """Run one step; returns whether it was allowed."""
        kind, k, name, *rest = step
        tensor = self.tensors[k % len(self.tensors)]
        try:
            with self.m.no_grad() if rest and rest[-1] and kind == "write" else nullcontext():
                if kind == "view":
                    self.tensors.append(VIEWS[name](tensor))
                elif kind == "use":
                    self.tensors.append(USES[name](tensor))
                else:
                    WRITES[name](tensor, self.tensors[rest[0] % len(self.tensors)])
        except (RuntimeError, IndexError):
            return False
        return True

    def state(self):
        return [(t.requires_grad, t.is_leaf, t._version) for t in self.tensors]

    def values(self):
        return [t.numpy(force=True).copy() for t in self.tensors]

    def gradient(self):
        """The gradient of a weighted sum of all tensors; or the kind of error that asking for it raises."""
        terms = [(t * (k + 1)).sum() for k, t in enumerate(self.tensors) if t.requires_grad]
        try:
            return terms and self.m.autograd.grad(sum(terms), self.leaf, allow_unused=True)[0]
        except RuntimeError as error:
            return type(error)


@settings(max_examples=400)
@given(st.booleans() | st.just(True), st.lists(step, max_size=9))
def test_random_programs(requires_grad, program):
    theirs, ours = Run(torch, requires_grad), Run(tg, requires_grad)
    for k, step in enumerate(program):
        allowed = theirs.take(step)
        assert ours.take(step) is allowed, f"step {k}, {step}: PyTorch {'allows' if allowed else 'refuses'} it"
        assert ours.state() == theirs.state(), f"after step {k}, {step}"
    for a, b in zip(ours.values(), theirs.values(), strict=True):
        np.testing.assert_allclose(a, b, 1e-9, 1e-9)
    gradient, expected = ours.gradient(), theirs.gradient()
    if isinstance(expected, torch.Tensor):
        np.testing.assert_allclose(gradient.numpy(), expected.numpy(), 1e-9, 1e-9)
    else:
        assert gradient == expected
