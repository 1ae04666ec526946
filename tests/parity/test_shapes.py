"""Shapes, indices and creation: what the op database does not ask."""

import numpy as np
import pytest
import torch
from helpers import LAYOUTS, agree, assert_same, case, see, table

import tinygrad_lite as tg

pytestmark = pytest.mark.filterwarnings("ignore:index_reduce", "ignore:torch.searchsorted")

ROW = np.array([2, 0, 2])
GRID = np.array([[0, 2, 1, 1], [1, 1, 0, 2]])

LINES = [
    case("mH, H, adjoint", lambda m, x: (x.mH, x.H, m.adjoint(x)), (3, 4)),
    case("unflatten", lambda m, x: (m.unflatten(x, 1, (2, -1)), x.unflatten(-1, (4, 1))), (3, 4)),
    case("view a dtype", lambda m, x: x.detach().view(m.int64), (3, 4)),
    case("atleast", lambda m, x: (m.atleast_1d(x), m.atleast_2d(x, x), m.atleast_3d([x])), (3,)),
    case("broadcast_tensors", lambda m, x, y: m.broadcast_tensors(x, y), (3, 1), (4,)),
    case("sum_to_size", lambda m, x: x.sum_to_size(3, 1), (2, 3, 4)),
    case("take", lambda m, x: m.take(x, m.tensor([[0, -1], [5, 5]])), (3, 4)),
    case("take_along_dim", lambda m, x: m.take_along_dim(x, m.from_numpy(GRID)[:, :1], 1), (1, 3)),
    case("gather twice", lambda m, x: x.gather(0, m.from_numpy(GRID)), (3, 4)),
    case("index_select", lambda m, x: m.index_select(x, 1, m.from_numpy(ROW)), (2, 3, 4)),
    case("index_add", lambda m, x, y: m.index_add(x, 0, m.from_numpy(ROW), y, alpha=0.5), (3, 4), (3, 4)),
    case("index_add of wide rows", lambda m, x, y: m.index_add(x, 0, m.from_numpy(ROW), y), (3, 600), (3, 600)),
    case("rows of a wide matrix", lambda m, x: x[m.from_numpy(ROW)], (3, 600)),
    case("rows from the end", lambda m, x: x[m.from_numpy(ROW) - 3], (3, 600)),
    case("columns", lambda m, x: x[:, m.from_numpy(ROW), None], (2, 3, 4)),
    case("index_copy", lambda m, x, y: m.index_copy(x, 1, m.tensor([2, 0]), y), (2, 3), (2, 2)),
    case("index_fill", lambda m, x, v: m.index_fill(x, 1, m.from_numpy(ROW), v), (2, 3), ()),
    case("index_put", lambda m, x, y: m.index_put(x, (m.from_numpy(ROW),), y, accumulate=True), (3, 4), (4,)),
    case("index_reduce", lambda m, x, y: m.index_reduce(x, 0, m.from_numpy(ROW), y, "amax"), (3, 4), (3, 4)),
    case("put", lambda m, x, y: x.put(m.tensor([1, -1]), y, accumulate=True), (3, 4), (2,)),
    case("masked_scatter", lambda m, x, y: m.masked_scatter(x, x > 0, y), (3, 4), (3, 5)),
    case("scatter, reduced", lambda m, x: m.scatter(x, 1, m.from_numpy(GRID), 2.0, reduce="multiply"), (2, 4), order=0),
    case("scatter_add", lambda m, x, y: m.scatter_add(x, 0, m.from_numpy(GRID), y), (3, 4), (2, 4)),
    case("scatter_reduce", lambda m, x, y: m.scatter_reduce(x, 0, m.from_numpy(GRID), y, "mean"), (3, 4), (2, 4)),
    case("select_scatter", lambda m, x, y: m.select_scatter(x, y, 1, -1), (3, 4), (3,)),
    case("slice_scatter", lambda m, x, y: m.slice_scatter(x, y, 1, 1, None, 2), (3, 4), (3, 2)),
    case("diagonal_scatter", lambda m, x, y: m.diagonal_scatter(x, y, 1), (3, 4), (3,)),
    case("as_strided_scatter", lambda m, x, y: m.as_strided_scatter(x.detach().contiguous(), y, (2,), (5,), 1), (3, 4), (2,), order=0),
    case("hsplit, vsplit, dsplit", lambda m, x: (m.hsplit(x, 3), m.vsplit(x, [1]), m.dsplit(x, 2)), (2, 3, 4)),
    case("tensor_split", lambda m, x: m.tensor_split(x, (2, 1, 9)), (4, 3)),
    case("split_with_sizes", lambda m, x: m.split_with_sizes(x, [1, 0, 3])[2], (4, 3)),
    case("some pieces of many", lambda m, x: x.unbind()[1] * x.chunk(2)[0].sum(), (4, 3)),
    case("narrow, select", lambda m, x: (m.narrow(x, 1, -2, 2), m.select(x, 0, -1)), (3, 4)),
    case("stacks", lambda m, x, y: [f([x, y]) for f in (m.hstack, m.vstack, m.row_stack, m.column_stack)], (3,), (3,)),
    case("dstack", lambda m, x, y: m.dstack([x, y]), (3,), (3,)),
    case("repeat_interleave", lambda m, x: m.repeat_interleave(x, m.tensor([2, 0, 1]), dim=1), (2, 3)),
    case("diff", lambda m, x, y: m.diff(x, 2, prepend=y), (2, 5), (2, 1)),
    case("fliplr, flipud, rot90", lambda m, x: (m.fliplr(x), m.flipud(x), m.rot90(x, 3)), (3, 4)),
    case("diagonals", lambda m, x: (m.diag(x), m.diag_embed(x, -1, 0), m.diagflat(x, 1)), (3,)),
    case("unfold", lambda m, x: x.unfold(0, 3, 2).unfold(1, 2, 1), (7, 3)),
    case("meshgrid", lambda m, x, y: m.meshgrid(x, y, indexing="xy"), (3,), (2,)),
    case("cartesian_prod", lambda m, x, y: m.cartesian_prod(x, y), (3,), (2,)),
    case("combinations", lambda m, x: m.combinations(x, 3, with_replacement=True), (3,)),
    case("argwhere, nonzero", lambda m, x: (m.argwhere(x > 0), m.nonzero(x > 0)), (3, 4)),
    case("searchsorted", lambda m, x: m.searchsorted(x.detach().sort().values, x.detach(), side="right"), (3, 4)),
    case("bucketize", lambda m, x: m.bucketize(x.detach(), m.linspace(-1, 1, 5, dtype=x.dtype), right=True), (3, 4)),
    case("fill_, zero_", lambda m, x: (m.fill_(x * 1, 2), m.zero_(x * 1)), (3,)),
    case("a second Ellipsis", lambda m, x: (x[..., ...], x[0, ..., ...]), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("line", table(LINES))
def test_agrees(line, layout):
    agree(line, "float64", layout)


ANSWERS = {
    "tril_indices": lambda m: (m.tril_indices(3, 4, -1), m.triu_indices(3, 4, 1, dtype=m.int32)),
    "unravel_index": lambda m: m.unravel_index(m.tensor([[5, 11], [0, 7]]), (3, 4)),
    "logspace": lambda m: (m.logspace(0, 2, 5), m.linspace(0, 10, 4, dtype=m.int64), m.arange(-1.5, 2, 0.5)),
    "scalar_tensor": lambda m: (m.scalar_tensor(2), m.scalar_tensor(True, dtype=m.bool)),
    "numel": lambda m: (m.numel(m.ones(2, 3)), m.is_tensor(1), m.is_nonzero(m.ones(1)), m.is_complex(m.ones(1))),
    "is_floating_point": lambda m: m.is_floating_point(m.tensor(1)),
    "result_type": lambda m: m.result_type(m.tensor([1]), 2.0) == m.float32,
    "broadcast_shapes": lambda m: tuple(m.broadcast_shapes((2, 1), 3, (1, 1, 1))),
    "resize_as_": lambda m: m.resize_as_(m.arange(6), m.zeros(2, 2)),
    "resize_": lambda m: m.arange(6).resize_(2, 2),
    "storage_offset": lambda m: m.arange(12).reshape(3, 4)[1:, 2].storage_offset(),
    "multinomial": lambda m: m.multinomial(m.tensor([[0.0, 1, 0], [0, 0, 2]]), 4, replacement=True),
    "empty_strided": lambda m: m.empty_strided((2, 3), (1, 2)).stride(),
    "as_strided of a part": lambda m: m.arange(12.0)[4:8].as_strided((2, 2), (1, 3), 0),
    "as_strided further on": lambda m: m.arange(12.0)[:3].as_strided((2,), (5,), 6),
    "randint_like": lambda m: m.manual_seed(3) and m.randint_like(m.zeros(2, 3), 2, 9),
    "random_": lambda m: m.manual_seed(3) and m.zeros(4).random_(3, 9),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_alike(name):
    assert_same(see(ANSWERS[name](tg)), see(ANSWERS[name](torch)), "float32")


def test_as_strided_sees_the_memory_of_the_base():
    """Its gradient goes to what it sees, and writing into it writes there."""
    seen = []
    for m in (torch, tg):
        x = m.arange(6.0).requires_grad_()
        y = (x * 2).reshape(2, 3)
        wide = y[1].as_strided((2, 2), (3, 1), 1)
        (wide * wide).sum().backward()
        z = m.zeros(6)
        z[4:].as_strided((2,), (3,), 0).fill_(7)
        seen.append((x.grad.tolist(), wide.tolist(), z.tolist()))
    assert seen[0] == seen[1]


LIKE = {
    "clone": lambda m, x: x.clone(),
    "clone, contiguous": lambda m, x: x.clone(memory_format=m.contiguous_format),
    "clone, channels_last": lambda m, x: x.clone(memory_format=m.channels_last),
    "contiguous": lambda m, x: x.contiguous(),
    "contiguous, channels_last": lambda m, x: x.contiguous(memory_format=m.channels_last),
    "zeros_like": lambda m, x: m.zeros_like(x),
    "ones_like": lambda m, x: m.ones_like(x, memory_format=m.preserve_format),
    "full_like": lambda m, x: m.full_like(x, 3, memory_format=m.channels_last),
    "empty_like": lambda m, x: m.empty_like(x, dtype=m.int64),
    "x * 2": lambda m, x: x * 2,
}  # fmt: skip
SOURCES = {
    "plain": lambda x: x,
    "transposed": lambda x: x.transpose(1, 3),
    "permuted": lambda x: x.permute(2, 0, 3, 1),
    "with gaps": lambda x: x[..., ::2],
    "expanded": lambda x: x[:1].expand(5, 3, 4, 6),
    "a row": lambda x: x[0, 1:2].unsqueeze(0),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", LIKE)
def test_what_is_made_lies_in_memory_as_in_pytorch(name, source):
    made = [LIKE[name](m, SOURCES[source](m.ones(2, 3, 4, 6))) for m in (torch, tg)]
    assert made[1].stride() == made[0].stride()
    for format in ("contiguous_format", "channels_last", "channels_last_3d"):
        ours, theirs = (x.is_contiguous(memory_format=getattr(m, format)) for m, x in zip((torch, tg), made))
        assert ours == theirs


def test_constants():
    assert tg.zeros(1).layout is tg.strided
    assert isinstance(tg.strided, tg.layout) and isinstance(tg.channels_last_3d, tg.memory_format)
    assert str(torch.preserve_format).split(".")[1] == str(tg.preserve_format).split(".")[1] == "preserve_format"


def test_a_slice_of_an_expanded_tensor_is_writable_but_not_the_whole():
    for m in (torch, tg):
        base = m.zeros(3)
        wide = base.expand(2, 3)
        wide[0].add_(1)
        assert base.tolist() == [1, 1, 1]
        with pytest.raises(RuntimeError, match="single memory location"):
            wide.add_(1)


TURNS = {
    "t_": lambda t: t.t_(),
    "transpose_": lambda t: t.transpose_(0, 1),
    "swapaxes_": lambda t: t.swapaxes_(0, 1),
    "swapdims_": lambda t: t.swapdims_(0, 1),
    "unsqueeze_": lambda t: t.unsqueeze_(1),
    "squeeze_": lambda t: t.unsqueeze_(0).squeeze_(0),
}


@pytest.mark.parametrize("name", TURNS)
def test_a_tensor_turned_in_place_keeps_its_views_and_its_history(name):
    seen = []
    for m in (torch, tg):
        x = m.arange(1.0, 7.0).reshape(2, 3).requires_grad_()
        y = x * x
        view = y[1]
        before = y._version
        assert TURNS[name](y) is y
        y.mul_(3)
        view.add_(1)
        (y.sum() + (view * view).sum()).backward()
        seen.append((y.tolist(), tuple(y.shape), view.tolist(), x.grad.tolist(), y._version - before, view._base is y))
    assert seen[0] == seen[1]


def test_as_strided_in_place():
    for m in (torch, tg):
        x = m.arange(6.0)
        assert x.as_strided_((2, 2), (1, 3), 1) is x
        assert x.tolist() == [[1, 4], [2, 5]]


def test_draws_have_the_distribution_they_are_named_for():
    tg.manual_seed(0)
    n = 20_000
    assert abs(tg.zeros(n).exponential_(2.0).mean().item() - 0.5) < 0.02
    assert abs(tg.zeros(n).geometric_(0.25).mean().item() - 4) < 0.1
    assert abs(tg.zeros(n).log_normal_(0.0, 0.5).log().std().item() - 0.5) < 0.02
    assert abs(tg.zeros(n).cauchy_(1.0, 2.0).median().item() - 1) < 0.1
    draws = tg.multinomial(tg.tensor([1.0, 0.0, 3.0]), n, replacement=True)
    assert abs((draws == 2).float().mean().item() - 0.75) < 0.02
    without = np.sort(tg.multinomial(tg.ones(50, 5), 5).numpy(), axis=1)
    assert (without == np.arange(5)).all()
