"""A gradient as the sum over paths; and what two graphs do not have in common."""

import numpy as np
import pytest
from test_viz import drawn, needs_dot
from test_viz_model import Net

import tinygrad_lite as tg
from tinygrad_lite import nn, viz


def scalars():
    return tg.tensor(2.0, requires_grad=True), tg.tensor(-3.0, requires_grad=True)


def test_every_path_with_its_numbers():
    a, b = scalars()
    out = (a * b + a) * a
    found = viz.explain(out, a, params={"a": a, "b": b})
    assert str(found).splitlines() == [
        "d mul 2 / d a = -8, the sum over 3 paths",
        "  mul 2 ← add ← mul 1 ← a   2 · 1 · (-3) = -6",
        "  mul 2 ← add ← a           2 · 1 = 2",
        "  mul 2 ← a                 (-4)",
        "  sum                       -6 + 2 - 4 = -8",
    ]
    assert [len(path.factors) for path in found.paths] == [3, 2, 1]
    assert "<table>" in found._repr_html_()
    assert a.grad is None
    out.backward()
    assert found.gradient == pytest.approx(a.grad.item())


def test_x_times_x_has_two_paths():
    x = tg.tensor(3.0, requires_grad=True)
    assert [path.product for path in viz.explain(x * x, x).paths] == [3.0, 3.0]


@pytest.mark.parametrize("seed", range(3))
def test_tensors_number_by_number(seed):
    tg.manual_seed(seed)
    model, x = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), tg.randn(2, 2, requires_grad=True)
    loss = (model(x).softmax(dim=0) ** 2).sum()
    weight = model[0].weight
    found = {at: viz.explain(loss, weight, index=at).gradient for at in np.ndindex(3, 2)}
    inner = viz.explain(loss, x, index=(1, -1)).gradient
    loss.backward()
    for at, gradient in found.items():
        assert gradient == pytest.approx(float(weight.grad[at].item()), rel=1e-3, abs=1e-6)
    assert inner == pytest.approx(x.grad[1, 1].item(), rel=1e-3, abs=1e-6)


def test_by_every_leaf_and_by_what_is_on_the_way():
    a, b = scalars()
    half = a * b
    every = viz.explain(half.exp(), params={"a": a, "b": b})
    assert [e.name for e in every] == ["a", "b"] and str(every).count("d exp / d") == 2
    assert every._repr_html_().count("<table>") == 2
    assert viz.explain(half * half, half).gradient == pytest.approx(-12.0)


def test_broadcasting_is_summed():
    x, b = tg.ones(4, 3, requires_grad=True), tg.ones(3, requires_grad=True)
    assert len(viz.explain((x + b).sum(), b, index=1).paths) == 4


def test_no_path():
    a, b = scalars()
    assert "no path" in str(viz.explain(a * 2, b))
    assert "no path" in str(viz.explain((-a).relu(), a)), "the slope is 0"


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda a, x: viz.explain(3.0), TypeError, "expected a Tensor, got float"),
        (lambda a, x: viz.explain(a), RuntimeError, "a leaf: pass what was computed from it"),
        (lambda a, x: viz.explain(x * 2, x), ValueError, r"has shape \(3,\); explain one number"),
        (lambda a, x: viz.explain(x.sum(), x), ValueError, r"index=\(0, ...\)"),
        (lambda a, x: viz.explain(x.sum(), x, index=7), ValueError, r"no number \(7,\) in a tensor of shape \(3,\)"),
        (lambda a, x: viz.explain(x.sum(), "x"), TypeError, "is a str"),
        (lambda a, x: viz.explain(x.sum(), index=1), ValueError, "name that too"),
        (lambda a, x: viz.explain(x.expand(900, 3).exp().sum(), x, index=0), ValueError, "2,000 is the limit"),
        (lambda a, x: viz.explain(doubled(a, 12), a), ValueError, "more than 1,000 paths"),
    ],
)
def test_what_cannot_be_explained(make, error, says):
    with pytest.raises(error, match=says):
        make(tg.tensor(2.0, requires_grad=True), tg.ones(3, requires_grad=True))


def doubled(x, times):
    for _ in range(times):
        x = x + x
    return x


def test_a_freed_graph_cannot_be_explained():
    a, _ = scalars()
    out = a.exp()
    out.backward()
    with pytest.raises(RuntimeError, match="freed by a backward pass"):
        viz.explain(out, a)


# --- differences -------------------------------------------------------------------------------------


def test_equal_graphs_do_not_differ():
    model, x = Net(2), tg.randn(4, 3)
    found = viz.diff(viz.graph(model, x, gradients=True), viz.graph(model, x, gradients=True))
    assert not found and str(found) == "no difference: 10 operations in both"


def test_added_removed_and_reshaped():
    tg.manual_seed(0)
    x = tg.randn(4, 3)
    first = viz.graph(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)), x)
    second = viz.graph(nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)), x)
    found = viz.diff(first, second)
    assert [n.name for n in found.removed] == ["relu"] and [n.name for n in found.added] == ["tanh"]
    assert [(a.name, a.shape, b.shape) for a, b in found.reshaped if a.kind == "op"] == [("linear", (4, 8), (4, 16))]
    assert "- #2 relu (4, 8) in 1" in str(found) and "~ 0.weight (8, 3) became (16, 3)\n" in str(found)
    dot = found.dot("right")
    assert dot.count('class="added"') == dot.count('class="removed"') == 1 and 'class="changed"' in dot
    assert "<pre>" in found._repr_html_()


@needs_dot
def test_dot_draws_the_difference():
    x = tg.ones(2, requires_grad=True)
    svg = drawn(viz.diff(viz.graph((x.exp() * 2).sum()), viz.graph((x.sin() * 2).sum())).dot()).decode()
    assert svg.count('class="node removed"') == svg.count('class="node added"') == 1
    assert svg.count("<path") > 4 and svg.count('class="edge"') == 6


def test_gradients_that_differ():
    x = tg.ones(3, requires_grad=True)
    first, second = (viz.graph((x * scale).sum(), params={"x": x}, gradients=True) for scale in (2.0, 2.2))
    found = viz.diff(first, second)
    assert [a.name for a, _, _ in found.gradients] == ["x"]
    assert found.gradients[0][2] == pytest.approx(0.2 / 2.2, rel=1e-4)
    assert "≠ gradient of x (3,): by 9.09%" in str(found)
    assert not viz.diff(first, second, tolerance=0.1)


def test_nan_on_one_side_differs_and_on_both_does_not():
    graphs = [viz.graph(lambda x: x.sqrt(), tg.tensor([value, 1.0])) for value in (-1.0, -1.0, 4.0)]
    assert not viz.diff(graphs[0], graphs[1])
    assert "NaN or infinities" in str(viz.diff(graphs[0], graphs[2]))
    large = [viz.graph(lambda x: x * 1, tg.full((100,), value)) for value in (float("nan"), 1.0)]
    assert viz.diff(*large) and not viz.diff(large[0], large[0])


def test_long_graphs():
    def chain(length, odd):
        y = tg.ones(1, requires_grad=True)
        for k in range(length):
            y = y.sin() if k == odd else y * 1.0
        return viz.graph(y)

    found = viz.diff(chain(5_000, 5), chain(5_000, 4_900))
    assert len(found.added) + len(found.removed) <= 2


def test_what_is_no_graph():
    with pytest.raises(TypeError, match="expected two graphs"):
        viz.diff(tg.ones(2), viz.graph(tg.ones(2, requires_grad=True)))
