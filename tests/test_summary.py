"""The table of a model: shapes, parameters, multiply-adds and memory against what they are by hand."""

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn


def table(model, input, **options):
    return tg.summary(model, input, show=False, **options)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh())
        self.unused = nn.Linear(2, 2)

    def forward(self, x, scale=None):
        x = self.inner(self.inner(x))
        return {"out": x if scale is None else x * scale, "rows": [x[0], x[1]]}


def test_numbers_by_hand():
    found = table(Twice(), (3, 4))
    assert [row.path for row in found.rows] == ["", "inner", "inner.0", "inner.1", "unused"]
    assert [row.depth for row in found.rows] == [0, 1, 2, 2, 1] and found["inner.1"].kind == "Tanh"
    assert found[""].shapes == [(3, 4), (4,), (4,)] and found["unused"].shapes == [] and found["inner"].calls == 2
    assert found["inner.0"].multiply_adds == found.multiply_adds == 2 * 3 * 4 * 4
    assert found["inner"].parameters == 16 and found.parameters == found.trainable == 16 + 6
    # The input, and what the first pass through tanh gives, which tanh keeps and the second linear too; and the last.
    assert found.saved_bytes == 3 * (3 * 4 * 4) and found["inner"].saved_bytes == found.saved_bytes
    assert found.parameter_bytes == 4 * 22 and found.input_shapes == [(3, 4)]
    with pytest.raises(KeyError):
        found["outer"]


def saved_by_the_graph(model, x):
    """Bytes that the graph behind the output keeps, beside parameters and the input."""
    from tinygrad_lite.graph import ancestors
    from tinygrad_lite.views import owner

    out = model(x)
    known = {id(owner(p.array)) for p in model.parameters()}
    memory = {}
    for node in ancestors(out):
        for array in node.saved or ():
            if isinstance(array, np.ndarray) and id(owner(array)) not in known:
                memory[id(owner(array))] = min(array.nbytes, owner(array).nbytes)
    return sum(memory.values())


def test_memory_is_that_of_the_graph():
    model = nn.Sequential(nn.Linear(5, 8), nn.Sigmoid(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    x = tg.randn(7, 5)
    found = table(model, x)
    assert found.saved_bytes == saved_by_the_graph(model, x)
    assert found.saved_bytes == sum(row.saved_bytes for row in found.rows[1:])


PRODUCTS = [
    (nn.Linear(3, 5), (2, 4, 3), 2 * 4 * 3 * 5),
    (nn.Bilinear(3, 4, 2), [(6, 3), (6, 4)], None),
    (nn.Conv2d(4, 6, (3, 2), groups=2, padding=1), (2, 4, 5, 5), 2 * 6 * 5 * 6 * (2 * 3 * 2)),
    (nn.Conv1d(2, 3, 4), (5, 2, 9), 5 * 3 * 6 * (2 * 4)),
    (nn.ConvTranspose1d(2, 3, 4), (5, 2, 9), 5 * 2 * 9 * (3 * 4)),
    (nn.LSTM(3, 5, num_layers=2), (7, 2, 3), 7 * 2 * (4 * 5 * (3 + 5) + 4 * 5 * (5 + 5))),
    (nn.GRU(3, 5), (7, 2, 3), 7 * 2 * 3 * 5 * (3 + 5)),
    (nn.RNN(3, 5), (7, 2, 3), 7 * 2 * 5 * (3 + 5)),
    (nn.ReLU(), (3, 3), 0),
]


@pytest.mark.parametrize(("model", "shape", "count"), PRODUCTS, ids=lambda p: type(p).__name__)
def test_multiply_adds(model, shape, count):
    found = table(model, shape).multiply_adds
    assert found == count if count is not None else found > 0


def test_frozen_parameters_are_counted_but_keep_nothing():
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    all_of_it = table(model, (3, 4))
    for p in model[0].parameters():
        p.requires_grad_(False)
    found = table(model, (3, 4))
    assert found.multiply_adds == all_of_it.multiply_adds and found.parameters == all_of_it.parameters
    assert found.trainable == 10 and found["0"].trainable == 0 and found.saved_bytes == 3 * 4 * 4
    assert not model[0].weight.requires_grad
    model.requires_grad_(False)
    assert table(model, (3, 4)).multiply_adds == all_of_it.multiply_adds


def test_shared_parameters_are_counted_once():
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight
    found = table(model, (2, 3))
    assert found.parameters == 9 and found["1"].parameters == 9


def test_nothing_is_left_behind():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    before, drawn = {k: v.clone() for k, v in model.state_dict().items()}, tg.get_rng_state()
    table(model, (5, 3))
    assert all((v == before[k]).all() for k, v in model.state_dict().items())
    assert (tg.get_rng_state() == drawn).all() and all(p.grad is None for p in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules()) and model.training


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_lazy_modules_get_their_shapes():
    model = nn.Sequential(nn.LazyLinear(4), nn.ReLU())
    found = table(model, (2, 3))
    assert found.parameters == 16 and found.saved_bytes == table(model, (2, 3)).saved_bytes


@pytest.mark.parametrize(
    ("input", "shapes"),
    [
        (tg.ones(3, 4), [(3, 4)]),
        ((3, 4), [(3, 4)]),
        ([3, 4], [(3, 4)]),
        (tg.Size([3, 4]), [(3, 4)]),
        ([(3, 4), tg.ones(4)], [(3, 4), (4,)]),
        ({"x": (3, 4), "scale": tg.ones(4)}, [(3, 4), (4,)]),
        ([(3, 4), None], [(3, 4)]),
    ],
)
def test_inputs_of_every_form(input, shapes):
    assert table(Twice(), input).input_shapes == shapes


def test_dtypes_of_zeros():
    assert table(nn.Linear(2, 2).double(), (1, 2)).parameter_bytes == 48
    assert table(nn.Embedding(5, 2), (3,), dtype=tg.int64)[""].shapes == [(3, 2)]


def test_what_makes_no_sense():
    with pytest.raises(TypeError, match=r"nn.Module, not function"):
        table(lambda x: x, (1,))
    with pytest.raises(TypeError, match="a tensor, a shape"):
        table(nn.Linear(1, 1), 3)
    with pytest.raises(RuntimeError, match="0"):
        table(nn.Sequential(nn.Linear(4, 4)), (3, 5))


def test_it_prints_and_shows(capsys):
    model = nn.Sequential(nn.Linear(2, 1000), nn.Sequential(nn.Tanh()))
    found = tg.summary(model, (1, 2))
    printed = capsys.readouterr().out
    assert printed == str(found) + "\n" and repr(found) == str(found)
    assert "0: Linear" in printed and "3,000" in printed and "    0: Tanh" in printed
    assert "    0: Tanh" not in str(table(model, (1, 2), depth=1)) and capsys.readouterr().out == ""
    html = found._repr_html_()
    assert html.count("<tr>") == 5 and "parameters: 3,000" in html


def test_names_do_no_harm_in_a_page():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module("<b>&", nn.ReLU())

        def forward(self, x):
            return getattr(self, "<b>&")(x)

    assert "<b>" not in table(Odd(), (1,))._repr_html_()


def test_it_is_imported_when_it_is_used():
    code = "import sys, tinygrad_lite as tg; assert 'summary' in dir(tg); print('tinygrad_lite.viz' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
