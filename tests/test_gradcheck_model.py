"""`check_model`: which operation of a model is wrong, said in words, as a table and in the picture."""

import pytest

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import GradcheckError, check_model, gradcheck


class Halved(tg.autograd.Function):
    """A product with two, whose backward forgets the factor."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g


class Doubling(tg.nn.Module):
    def forward(self, x):
        return Halved.apply(x)  # the wrong one


def model(wrong):
    tg.manual_seed(0)
    middle = Doubling() if wrong else tg.nn.Tanh()
    return tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.Sequential(tg.nn.ReLU(), middle), tg.nn.Linear(8, 3))


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_a_right_model_passes(dtype):
    net = model(False).to(dtype)
    report = check_model(net, tg.randn(5, 4, dtype=dtype), loss=lambda out: out.exp().mean())
    assert report.ok and bool(report), report
    assert str(report).startswith(f"Sequential: all {len(report.ops)} ops pass")
    assert report.whole[0].ok
    assert not any(node.wrong for node in report.graph().nodes)


def test_the_wrong_operation_is_named_with_module_and_line():
    report = check_model(model(True), tg.randn(5, 4))
    (wrong,) = report.wrong
    assert (wrong.name, wrong.module) == ("Halved", "1.1")
    text = str(report)
    assert f"(op {wrong.number} of {wrong.total}, module `1.1`, " in text
    assert "test_gradcheck_model.py:" in text and "# the wrong one" in text
    assert "(factor 0.5000)" in text
    assert f"all other {wrong.total - 1} ops pass" in text
    assert "color:" in report._repr_html_()


def test_the_verdict_stands_in_the_picture():
    graph = check_model(model(True), tg.randn(5, 4)).graph()
    (node,) = (node for node in graph.nodes if node.wrong)
    assert node.name == "Halved" and node.verdict == "FAIL"
    assert "Halved (FAIL)" in str(graph)
    assert 'class="op wrong"' in graph.dot()


def test_it_raises_if_asked_to():
    with pytest.raises(GradcheckError, match="Halved") as seen:
        check_model(model(True), tg.randn(5, 4), raise_exception=True)
    assert not seen.value.report.ok


def test_a_model_without_gradients_is_refused():
    with pytest.raises(ValueError, match="nothing in it requires grad"):
        check_model(lambda x: x * 2, tg.ones(2))


def test_operations_behind_pieces_of_a_tensor():
    """`chunk` makes several tensors in one operation; a `Function` works on tensors, not arrays."""

    class Twice(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2.001

    def program(x):
        a, b, c = (x * 2).chunk(3)
        return a * b.sin() + Twice.apply(c)

    x = tg.tensor([[0.3, -0.5], [0.7, 1.1], [0.2, 0.9]], dtype=tg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="comes from `Twice`.*factor 1.0005"):
        gradcheck(program, x)
    report = check_model(program, x, progress=False)
    assert [op.name for op in report.ops if any(not f.ok for f in op.findings)] == ["Twice"]
