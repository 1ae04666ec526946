"""The graph of a model that is run to see it: modules, values, gradients, times, and what goes wrong half-way."""

import gc
import json
import weakref

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn, viz
from tinygrad_lite.nn import functional as F


class Block(nn.Module):
    """x + f(x)."""

    def __init__(self, size):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)

    def forward(self, x):
        return x + self.fc2(F.gelu(self.fc1(x)))


class Net(nn.Module):
    """A first layer, blocks, and a head."""

    def __init__(self, blocks=4):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.blocks = nn.ModuleList(Block(4) for _ in range(blocks))
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Norm(nn.Module):
    """Batch norm, with buffers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", tg.zeros(3))
        self.register_buffer("var", tg.ones(3))

    def forward(self, x):
        return F.batch_norm(x, self.mean, self.var, training=True) * F.dropout(tg.ones(3), 0.5) + self.var


def seen(model, *inputs, **options):
    return viz.graph(model, *inputs, **options)


def test_modules_lines_and_names():
    g = seen(Net(), tg.randn(5, 3))
    assert [(m.path, m.type, m.parent) for m in g.modules[:4]] == [
        ("first", "Linear", None), ("blocks", "ModuleList", None), ("blocks.0", "Block", "blocks"),
        ("blocks.0.fc1", "Linear", "blocks.0"),
    ]  # fmt: skip
    assert {n.name for n in g.nodes if n.kind == "input"} == {"x"}
    assert "blocks.2.fc1.weight" in {n.name for n in g.nodes if n.kind == "parameter"}
    gelu = g.find("gelu")[1]
    assert gelu.module == "blocks.1" and gelu.line.endswith("return x + self.fc2(F.gelu(self.fc1(x)))")
    assert "test_viz_model.py:" in gelu.line and " in forward: " in gelu.line
    first = g.modules[0]
    assert (first.detail, first.params, first.trainable) == ("in_features=3, out_features=4, bias=True", 16, 16)
    assert first.macs == 5 * 3 * 4
    assert g.title == "Net" and str(g).startswith("Net: ")


def test_consecutive_equal_modules_are_marked():
    g = seen(Net(), tg.randn(5, 3))
    same = {m.path: m.same_as for m in g.modules}
    assert [same[f"blocks.{k}"] for k in range(4)] == [None, "blocks.0", "blocks.0", "blocks.0"]
    assert same["blocks.1.fc1"] is None and same["head"] is None


def test_values_are_those_that_were_computed():
    model, x = Net(1), tg.randn(5, 3)
    g = seen(model, x)
    hidden = model.first(x).detach()
    np.testing.assert_array_equal(g.ops[0].value.values, hidden.numpy())
    assert g.ops[0].value.norm == pytest.approx(float(np.linalg.norm(hidden.numpy())), rel=1e-5)
    assert all(op.value is not None and op.forward_s > 0 for op in g.ops)
    assert all(n.value is None for n in seen(model, x, values=False).nodes)


def test_gradients_are_those_of_a_backward_pass():
    model, x = Net(2), tg.randn(5, 3)
    g = seen(model, x, loss=lambda out: out.square().mean(), gradients=True)
    assert all(p.grad is None for p in model.parameters()), "graph() touches no .grad"
    x.requires_grad_()
    model(x).square().mean().backward()
    found = {n.name: n.grad for n in g.nodes if n.kind in ("parameter", "input")}
    for name, tensor in [*model.named_parameters(), ("x", x)]:
        np.testing.assert_allclose(found[name].norm, np.linalg.norm(tensor.grad.numpy()), rtol=1e-4)
    assert all(op.grad is not None and op.backward_s >= 0 for op in g.ops)


def test_the_order_of_the_backward_pass_and_what_was_sent():
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(-3.0, requires_grad=True)
    out = (a * b + a).sin()
    g = viz.graph(out, params={"a": a, "b": b}, gradients=True)
    assert [g.nodes[step.node].name for step in g.backward] == ["sin", "add", "mul"]
    sin, add, mul = g.backward
    assert sin.incoming.values == 1.0 and sin.sends[0].equation == "1 × cos((-4)) = -0.6536"
    assert [g.nodes[s.to].name for s in add.sends] == ["mul", "a"]
    assert [s.equation for s in mul.sends] == ["(-0.6536) × (-3) = 1.961", "(-0.6536) × 2 = -1.307"]
    grad = {n.name: float(n.grad.values) for n in g.nodes if n.kind == "parameter"}
    assert grad == pytest.approx({"a": -0.6536436 * -2, "b": -0.6536436 * 2})
    assert a.grad is None
    out.backward()
    assert a.grad.item() == pytest.approx(grad["a"]), "the graph is still there"


def test_where_paths_meet_the_gradient_is_a_sum():
    x = tg.tensor(3.0, requires_grad=True)
    y = x * 2
    step = viz.graph(y * y, gradients=True).backward[1]
    assert step.equation == "6 + 6 = 12"


def test_sums_over_broadcasting_are_what_is_sent():
    x, b = tg.ones(4, 3, requires_grad=True), tg.ones(3, requires_grad=True)
    g = viz.graph((x + b).sum(), gradients=True)
    sent = {s.slot: s.gradient for s in g.backward[1].sends}
    assert sent[1].shape == (3,) and sent[1].values.tolist() == [4.0, 4.0, 4.0]


def test_running_leaves_no_trace():
    model, x = Norm(), tg.randn(4, 3)
    state, before = tg.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    y = (x * 2).requires_grad_()
    kept = (y * 3).sin()
    kept.retain_grad()
    g = seen(model, y, gradients=True)
    viz.graph(kept.sum(), gradients=True)
    assert {n.name for n in g.nodes if n.kind == "buffer"} == {"var"}
    assert kept.grad is None and y.grad is None and x.grad is None
    assert (tg.get_rng_state() == state).all()
    for name, tensor in model.state_dict().items():
        assert (tensor == before[name]).all()


def test_a_model_without_gradients_shows_what_it_does_with_its_input():
    model = Net(1).requires_grad_(False)
    with tg.no_grad():
        g = seen(model, tg.randn(5, 3))
    assert [n.kind for n in g.nodes if n.name == "first.weight"] == ["parameter"]
    assert g.ops[0].name == "linear" and g.saved_bytes == 0, "in training it would keep nothing"


def test_memory_is_that_of_training_without_the_input():
    x, w = tg.ones(4, 3), tg.ones(3, 2, requires_grad=True)
    assert viz.graph(lambda x: x @ w, x).saved_bytes == viz.graph(x @ w).saved_bytes == 48
    x.requires_grad_()
    assert viz.graph(lambda x: x @ w, x).saved_bytes == viz.graph(x @ w).saved_bytes == 48 + 24


def test_functions_nested_inputs_and_outputs_of_several_kinds():
    def halves(pair, *, scale=2.0):
        return {
            "sum": pair[0] + pair["b"] if isinstance(pair, dict) else pair[0] + pair[1],
            "rest": [pair[0] * scale, 7],
        }

    g = viz.graph(halves, [tg.ones(2), tg.ones(2)])
    assert [n.name for n in g.nodes if n.kind == "input"] == ["pair[0]", "pair[1]"]
    assert [n.name for n in g.nodes if n.kind == "output"] == ["output['sum']", "output['rest'][0]"]
    assert g.title == "halves"
    inner = viz.graph(lambda x: nn.Sequential(nn.Linear(2, 2))(x), tg.ones(1, 2))
    assert inner.ops[0].module == "Sequential.0"


def test_whole_numbers_as_input_have_a_box_too():
    weight = nn.Parameter(tg.randn(5, 3))
    g = viz.graph(lambda index: F.embedding(index, weight), tg.tensor([0, 4]))
    (index,) = (n for n in g.nodes if n.kind == "input")
    assert (index.name, index.dtype) == ("index", "int64")
    assert [e.name for e in g.outputs_of(index)] == ["ids"] and g.ops[0].params == {}


def test_shared_weights_are_one_node_with_several_uses():
    layer = nn.Linear(3, 3)
    g = viz.graph(nn.Sequential(layer, nn.ReLU(), layer), tg.randn(2, 3))
    (weight,) = (n for n in g.nodes if n.name == "0.weight")
    assert len(g.outputs_of(weight)) == 2
    calls = [op.scope for op in g.ops if op.name == "linear"]
    assert calls[0][0][0] == calls[1][0][0] == "0" and calls[0] != calls[1]


def test_a_watched_training_step():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    with viz.watch(model):
        loss = model(tg.randn(4, 3)).square().mean()
    g = viz.graph(loss)
    assert [(op.name, op.module) for op in g.ops][:2] == [("linear", "0"), ("tanh", "1")]
    assert {n.name for n in g.nodes if n.kind == "parameter"} == {"0.weight", "0.bias"}
    assert g.ops[1].value.max < 1
    loss.backward()
    after = viz.graph(loss)
    assert after.freed and after.find("0.weight")[0].grad.norm > 0, "what .grad holds"


def test_without_watching_modules_come_from_the_names_of_parameters():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    g = viz.graph(model(tg.ones(1, 3)).sum(), params=model.named_parameters())
    assert [(op.name, op.module) for op in g.ops] == [("linear", "0"), ("tanh", ""), ("linear", "2"), ("sum", "")]
    assert [(m.path, m.params) for m in g.modules] == [("0", 8), ("2", 3)]


def test_several_outputs_of_one_operation_are_one_node():
    x = tg.randn(4, 4, requires_grad=True)
    q, r = tg.linalg.qr(x)
    g = viz.graph((q * 2).sum() + r.sum(), gradients=True)
    assert [op.name for op in g.ops] == ["qr", "mul", "sum", "sum", "add"]
    assert g.ops[0].shape == (4, 4)
    assert [g.nodes[step.node].name for step in g.backward] == ["add", "sum", "sum", "mul", "qr"]
    assert g.ops[0].grad.norm == pytest.approx((16 * 4 + 16) ** 0.5), "of both outputs together"


def test_finding_and_cutting_out():
    g = seen(Net(), tg.randn(5, 3), gradients=True)
    assert {n.module for n in g.find("BLOCKS.1")} == {"blocks.1", "blocks.1.fc1", "blocks.1.fc2"}
    part = g.subgraph("blocks.1")
    assert [op.name for op in part.ops] == ["linear", "gelu", "linear", "add"]
    assert [n.kind for n in part.nodes if n.kind not in ("op", "parameter")] == ["input", "output"]
    assert [n.index for n in part.nodes] == list(range(len(part.nodes)))
    assert all(e.source < e.target for e in part.edges)
    assert {m.path for m in part.modules} == {"blocks.1", "blocks.1.fc1", "blocks.1.fc2"}
    assert [part.nodes[s.node].name for s in part.backward] == ["add", "linear", "gelu", "linear"]
    assert json.loads(part.json())["title"] == "Net: blocks.1" and "fc1: Linear" in str(part)
    with pytest.raises(KeyError, match="no module 'blocks.9'; there are blocks"):
        g.subgraph("blocks.9")


# --- where a NaN comes from --------------------------------------------------------------------------


def test_the_origin_of_a_nan():
    x = tg.tensor([1.0, -1.0], requires_grad=True)
    g = viz.graph(lambda x: (x.sqrt() * 2).exp().sum(), x)
    assert [n.name for n in g.nodes if n.nan_origin] == ["sqrt"]
    given = viz.graph(lambda x: x.exp().sum(), tg.tensor([1.0, float("nan")]))
    assert [n.kind for n in given.nodes if n.nan_origin] == ["input"]
    behind = viz.graph(lambda x: (x * 0).sqrt().sum(), tg.tensor([1.0]), gradients=True)
    assert [n.name for n in behind.nodes if n.nan_origin] == ["mul"], "in the backward pass: 0 * inf"
    assert not any(n.nan_origin for n in viz.graph(lambda x: x.exp().sum(), tg.ones(2)).nodes)
    assert "origin" in g.text(color_by="nan")


# --- a model that raises half-way --------------------------------------------------------------------


class Misfit(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 5), nn.Linear(4, 2)

    def forward(self, x):
        return self.b(self.a(x).relu())


def broken(model, *inputs, **options):
    with pytest.warns(UserWarning, match="The graph shows what ran up to there"):
        return viz.graph(model, *inputs, **options)


def test_a_model_that_raises_half_way_shows_what_ran():
    g = broken(Misfit(), tg.randn(2, 3), gradients=True)
    assert [op.name for op in g.ops] == ["linear", "relu", "linear"]
    last = g.ops[-1]
    assert last.error.startswith("RuntimeError: ") and "cannot be multiplied" in last.error and last.wrong
    assert last.module == "b" and "self.b(self.a(x).relu())" in last.line
    assert [g.nodes[e.source].name for e in g.inputs_of(last)] == ["relu", "b.weight", "b.bias"]
    assert isinstance(g.error, RuntimeError) and "broken off by RuntimeError" in repr(g)
    assert "RAISED" in str(g) and 'class="op wrong"' in g.dot() and ":::wrong" in g.mermaid()
    assert g.data()["nodes"][last.index]["error"] == last.error


def test_a_first_operation_that_raises():
    g = broken(nn.Linear(4, 2), tg.randn(2, 3))
    assert [op.name for op in g.ops] == ["linear"]
    assert {g.nodes[e.source].kind for e in g.inputs_of(g.ops[0])} == {"input", "parameter"}


def test_functions_that_refuse_their_arguments_and_errors_of_the_program():
    g = broken(lambda x: F.cross_entropy(x * 2, tg.tensor([0, 9, 1])), tg.randn(2, 3))
    assert g.ops[-1].name == "cross_entropy" and g.inputs_of(g.ops[-1])

    def raises(x):
        y = x.exp()
        raise ArithmeticError(f"not {y.shape}")

    g = broken(raises, tg.ones(2))
    assert [op.name for op in g.ops] == ["exp", "ArithmeticError"]
    assert g.inputs_of(g.ops[1])[0].source == g.ops[0].index
    g = broken(lambda x: x.exp().matmul(tg.ones(5)), tg.ones(2))
    assert g.ops[-1].name == "matmul"
    g = broken(lambda x: tg.cat([x * 2, tg.ones(3, 3)]), tg.ones(2))
    assert g.ops[-1].name == "cat" and g.ops[-1].error


def test_a_broken_graph_keeps_no_tensor_alive():
    model = Misfit()
    dead = weakref.ref(model.b.weight)
    g = broken(model, tg.randn(2, 3))
    del model
    gc.collect()
    assert dead() is None and g.error is not None


def test_what_cannot_be_run_is_raised():
    with pytest.raises(TypeError, match="positional argument"):
        viz.graph(Net(), tg.ones(2, 3), tg.ones(2))
    with pytest.raises(TypeError, match="positional argument"):
        viz.graph(lambda x: x)
    with pytest.raises(RuntimeError, match="what Net returned has no history|It returned no tensor"):
        viz.graph(lambda x: 3, tg.ones(2))
    with pytest.raises(RuntimeError, match="has no history"):
        viz.graph(lambda x: x + 1, tg.tensor([1, 2]))
    with pytest.raises(KeyboardInterrupt):
        viz.graph(interrupted, tg.ones(2))


def interrupted(x):
    raise KeyboardInterrupt


def test_gradients_of_a_freed_graph():
    loss = tg.ones(2, requires_grad=True).exp().sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="freed by a backward pass: draw it before"):
        viz.graph(loss, gradients=True)


# --- summaries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 1000])
def test_summaries(size):
    values = np.random.default_rng(0).standard_normal(size)
    values[:4] = 0.0, np.nan, np.inf, -np.inf
    found = viz.summaries.summarise(values)
    finite = values[np.isfinite(values)]
    assert (found.min, found.max) == (-np.inf, np.inf)
    np.testing.assert_allclose([found.mean, found.norm], [finite.mean(), np.linalg.norm(finite)])
    np.testing.assert_allclose([found.zeros, found.nans, found.infs], [1 / size, 1 / size, 2 / size])
    data = json.dumps(found.data(), allow_nan=False)
    assert '"min": "-inf"' in data
    assert (found.values is None) == (size > 64) == (found.heat is not None) == (found.histogram is not None)
    if found.histogram:
        low, high, counts = found.histogram
        assert sum(counts) == size - 3 and (low, high) == (finite.min(), finite.max())


@pytest.mark.parametrize("array", [
    np.zeros((0, 3)), np.array(3), np.array(True), np.full((3, 100), np.nan), np.zeros((5, 40), np.float16),
    np.ones((70, 70), bool), np.array([1 + 2j]), np.full(100, 3e38, np.float32), np.zeros((2, 3, 90, 40)),
])  # fmt: skip
def test_summaries_of_odd_arrays(array):
    data = viz.summaries.summarise(array).data()
    json.dumps(data, allow_nan=False)
    assert data["shape"] == list(array.shape)
    if data["heat"]:
        assert len(data["heat"]) <= 32 and len(data["heat"][0]) <= 32


def test_the_data_holds_to_the_contract():
    g = seen(Net(2), tg.randn(5, 3), gradients=True)
    data = json.loads(g.json())
    assert data["version"] == 1 and data["title"] == "Net" and data["color_by"] is None
    keys = {
        "kind", "name", "number", "shape", "dtype", "module", "line", "params", "saved", "macs", "trivial", "forward_s",
        "backward_s", "verdict", "error", "value", "grad", "nan_origin",
    }  # fmt: skip
    assert all(set(node) == keys for node in data["nodes"])
    assert all(set(e) == {"source", "target", "slot", "name", "shape", "dtype"} for e in data["edges"])
    paths = {m["path"] for m in data["modules"]}
    assert all(m["parent"] in {None, *paths} for m in data["modules"])
    assert all(node["module"] in {"", *paths} for node in data["nodes"])
    assert data["rows"]["linear"]["rules"]["bias"] == "g" and data["rows"]["linear"]["doc"]
    assert {step["node"] for step in data["backward"]} == {op.index for op in g.ops}
    with pytest.raises(ValueError, match='use one of "gradient", "time"'):
        g.data(color_by="mood")


def test_what_a_recurrent_layer_keeps_is_counted():
    x = tg.randn(3, 1, 4)
    wanted = viz.graph(nn.LSTM(4, 8), x.clone().requires_grad_()).saved_bytes
    assert viz.graph(nn.LSTM(4, 8), x).saved_bytes == wanted > 1_000, "its rules have all in common"


def test_parameters_of_which_only_the_type_is_known_are_left_out():
    assert "moments" not in viz.graph(nn.LayerNorm(4), tg.randn(2, 3, 4)).text()
