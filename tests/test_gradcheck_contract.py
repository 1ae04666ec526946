"""The contract of operations: every row of the op table keeps it, and what breaks a clause is told which."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import GradcheckError, gradcheck, op_contract, strategies
from tinygrad_lite.op import TABLE

CASES = {"copy_slices": [((4, 3), (2, 3), {"steps": ((TABLE["slice"].record, {"index": (slice(1, 3),)}),)})]}
SINGULAR = ("qr", "svd", "pinv", "lu_factor")  # no derivative where columns are equal


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.differentiable], ids=lambda row: row.name)
def test_every_row_keeps_the_contract(row):
    report = op_contract(row, CASES.get(row.name), ties=row.name not in SINGULAR)
    assert report.ok
    assert report["first order"].verdict == "pass"


class Cube(tg.autograd.Function):
    """Right, whatever comes."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class Times(tg.autograd.Function):
    """Of two inputs, and with `setup_context`."""

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x


def test_functions_of_all_kinds_keep_it():
    assert op_contract(Cube, reference=lambda x: x**3).ok
    times = op_contract(Times, reference=np.multiply)
    assert times["broadcasting"].verdict == "pass"
    assert op_contract(lambda x: x * tg.sigmoid(x)).ok
    assert op_contract(tg.exp, [((2, 2),)]).ok
    assert op_contract(TABLE["mul"].record).ok
    mixed = op_contract(lambda x, k: x[k], [((4, 2), np.array([3, 0]))])
    assert mixed["broadcasting"].verdict == "skipped"
    assert op_contract(tg.log, [((3,),)], domain=(0.5, 2.0)).ok
    assert op_contract(lambda x, dim: tg.logsumexp(x, dim), [((3, 2), {"dim": 1})]).ok


def broken(backward, forward=lambda x: x**3):
    """A `Function` with another backward."""

    class Broken(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return backward(g, x)

    return Broken


def doubled(x):
    x.detach().mul_(2)
    return x * 1


BROKEN = [
    ("first order", broken(lambda g, x: g * 3.003 * x**2), {}),
    ("second order", broken(lambda g, x: g * 3 * (x**2).detach()), {}),
    ("second order", lambda x: x.detach() ** 2 * x, {}),
    ("aliasing", broken(lambda g, x: x, lambda x: x**2 / 2), {}),
    ("aliasing", broken(lambda g, x: g.mul_(3 * x**2)), {}),
    ("aliasing", doubled, {}),
    ("dtype", broken(lambda g, x: (g * 3 * x**2).double()), {}),
    ("dtype", lambda x: (x * 1.5).double(), {}),
    ("values", tg.sin, {"cases": [((3,),)], "reference": np.cos}),
    ("values", lambda x: x * 2 if x.requires_grad and tg.is_grad_enabled() else x, {}),
    ("ties", broken(lambda g, x: g * tg.where(x > 0, 1.0, tg.where(x < 0, 0.0, 5.0)).to(x.dtype), tg.relu), {}),
    ("layout", lambda x: x if x.is_contiguous() else x * 2, {"cases": [((2, 3),)]}),
    ("edges", lambda x: x / x.numel() if x.dim() else x.detach() * x * 2, {}),
    ("float32", broken(lambda g, x: g * (3 if x.dtype is tg.float64 else 3.01) * x**2), {}),
]


@pytest.mark.parametrize(
    ("clause", "op", "options"), BROKEN, ids=[f"{name}-{k}" for k, (name, *_) in enumerate(BROKEN)]
)
def test_the_clause_that_is_broken_is_named(clause, op, options):
    with pytest.raises(GradcheckError) as caught:
        op_contract(op, **options)
    report = caught.value.report
    assert clause in [c.name for c in report.failures]
    assert clause in str(caught.value).splitlines()[0]
    assert "of inputs of shape" in report[clause].note
    assert not op_contract(op, raise_exception=False, **options)


def test_a_row_that_does_not_reduce_what_it_broadcast():
    class Sum(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.same = x.shape == y.shape
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g if ctx.same else g * 2

    report = op_contract(Sum, raise_exception=False)
    assert [c.name for c in report.failures] == ["broadcasting"]


def test_clauses_can_be_left_out_and_the_report_prints():
    report = op_contract(broken(lambda g, x: g * 3 * (x**2).detach()), second=False)
    assert report["second order"].verdict == "skipped"
    assert "keeps the contract" in str(report)
    assert "<table>" in report._repr_html_()


def test_what_is_no_operation():
    with pytest.raises(TypeError, match="takes a row, a Function or a function of tensors, got int"):
        op_contract(3)
    with pytest.raises(ValueError, match="say how to call copy_slices"):
        op_contract(TABLE["copy_slices"])
    with pytest.raises(ValueError, match="its inputs cannot be told"):
        op_contract(lambda *xs: xs[0])


# --- strategies ---------------------------------------------------------------------------------------


def test_arrays_come_in_all_the_forms_that_operations_go_wrong_on():
    seen = set()

    @settings(max_examples=400, database=None)
    @given(strategies.arrays())
    def look(a):
        zero, tiny = a == 0, np.finfo(a.dtype).tiny
        forms = {
            a.dtype.name: True,
            "0-d": a.ndim == 0,
            "empty": a.size == 0,
            "not contiguous": not a.flags.c_contiguous,
            "reversed": any(stride < 0 for stride in a.strides),
            "zero": (zero & ~np.signbit(a)).any(),
            "negative zero": (zero & np.signbit(a)).any(),
            "subnormal": (~zero & (abs(a) < tiny)).any(),
            "ties": np.unique(a).size < a.size,
        }
        seen.update(name for name, there in forms.items() if there)
        assert (abs(a) <= 3).all()

    look()
    assert len(seen) == 3 + 8, seen


@settings(max_examples=30)
@given(strategies.arrays((3,), "complex64", low=1.0, high=2.0))
def test_arrays_keep_to_what_is_asked(a):
    assert a.dtype == np.complex64
    assert a.shape == (3,)
    assert (a.real >= 1).all() and (a.imag <= 2).all()


@settings(max_examples=60)
@given(strategies.broadcastable_tensors(2, strategies.dtypes(["float32", "float64"]), max_side=3, special=False))
def test_a_right_gradient_passes_on_whatever_broadcasts(pair):
    assert gradcheck(tg.mul, pair)
    assert gradcheck(tg.maximum, pair)


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis.strategies", None)
    with pytest.raises(ImportError, match=r"needs hypothesis: pip install 'tinygrad_lite\[test\]'"):
        strategies.shapes()
