"""Gradients at the points where a slope is infinite or undefined: a gradient of zero stays zero there.

The numbers of plain arithmetic, which `nan_gradients` brings back, are those that PyTorch answers.
"""

import math

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.op import TABLE

INF, NAN = math.inf, math.nan


def leaf(value, dtype=None):
    return tg.tensor(value, dtype=dtype or tg.float64, requires_grad=True)


def grad(out, *inputs, **options):
    return tg.autograd.grad(out.sum(), inputs, **options)


# Where each function is defined, its slope is finite or not, it returns something else: a mask picks the constant.
SPOILED = {
    "sqrt": (tg.sqrt, [0.0, -1.0]),
    "rsqrt": (tg.rsqrt, [0.0, -1.0]),
    "reciprocal": (tg.reciprocal, [0.0]),
    "exp": (tg.exp, [1000.0]),
    "exp2": (tg.exp2, [2000.0]),
    "expm1": (tg.expm1, [1000.0]),
    "sinh": (tg.sinh, [1000.0]),
    "cosh": (tg.cosh, [1000.0]),
    "log": (tg.log, [0.0]),
    "log2": (tg.log2, [0.0]),
    "log10": (tg.log10, [0.0]),
    "log1p": (tg.log1p, [-1.0]),
    "asin": (tg.asin, [1.0, -1.0, 2.0]),
    "acos": (tg.acos, [1.0, -1.0, 2.0]),
    "acosh": (tg.acosh, [1.0, 0.0]),
    "atanh": (tg.atanh, [1.0, -1.0]),
    "pow, exponent 0.5": (lambda x: x**0.5, [0.0, -1.0]),
    "pow, exponent -1": (lambda x: x**-1, [0.0]),
    "pow, tensor exponent": (lambda x: x ** tg.tensor(0.5, dtype=tg.float64), [0.0, -1.0]),
    "pow of a tensor": (lambda x: tg.tensor(-2.0, dtype=tg.float64) ** x, [1.5]),
    "pow of a number": (lambda x: (-2.0) ** x, [1.5]),
    "number / x": (lambda x: 1 / x, [0.0]),
    "x / x": (lambda x: x / x, [0.0]),
    "remainder": (lambda x: tg.remainder(tg.ones_like(x), x), [0.0]),
    "fmod": (lambda x: tg.fmod(tg.ones_like(x), x), [0.0]),
    "atan2": (lambda x: tg.atan2(x, x), [INF]),
    "hypot": (lambda x: tg.hypot(x, x), [INF]),
    "logit": (tg.logit, [0.0, 1.0, 2.0]),
    "erfinv": (tg.erfinv, [1.0, -1.0]),
    "lgamma": (tg.lgamma, [0.0, -1.0]),
    "digamma": (tg.digamma, [0.0, -1.0]),
    "polygamma": (lambda x: tg.polygamma(2, x), [0.0, -1.0]),
    "xlogy": (lambda x: tg.xlogy(tg.ones_like(x), x), [0.0]),
    "xlogy, by x": (lambda x: tg.xlogy(x, tg.zeros_like(x)), [1.0]),
    "xlog1py": (lambda x: tg.special.xlog1py(tg.ones_like(x), x), [-1.0]),
    "entr": (tg.special.entr, [0.0, -1.0]),
}
CASES = [(name, x) for name, (_, points) in SPOILED.items() for x in points]


@pytest.mark.parametrize(("name", "point"), CASES)
@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_a_mask_wins(name, point, dtype):
    function = SPOILED[name][0]
    x = leaf([point], dtype)
    out = tg.where(x == x, 3 * x, function(x))
    (first,) = grad(out, x, create_graph=True)
    assert first.dtype == dtype
    assert first.tolist() == [3.0]
    (second,) = grad(first * first, x, allow_unused=True) if first.requires_grad else (None,)
    assert second is None or second.tolist() == [0.0]


@pytest.mark.parametrize(("name", "point"), CASES)
def test_plain_arithmetic_on_request(name, point):
    function = SPOILED[name][0]
    x = leaf([point])
    with tg.autograd.nan_gradients():
        (g,) = grad(tg.where(x == x, 3 * x, function(x)), x)
    assert not tg.isfinite(g).item()


def test_what_the_issue_names():
    x = leaf(1.0)
    assert grad(tg.where(x >= 0, x, tg.sqrt(-x)), x)[0].item() == 1
    with tg.autograd.nan_gradients():
        assert math.isnan(grad(tg.where(x >= 0, x, tg.sqrt(-x)), x)[0].item())
    assert grad(tg.where(x >= 0, x, tg.sqrt(-x)), x)[0].item() == 1


def test_pow_of_zero_to_zero():
    x, y = leaf(0.0), leaf(0.0)
    assert [g.item() for g in grad(x**y, x, y)] == [0, 0]
    assert grad(x**0, x)[0].item() == 0
    assert grad(0.0**y, y)[0].item() == 0


def test_sqrt_of_zero_times_zero():
    x = leaf(0.0)
    assert grad(tg.sqrt(x) * 0, x)[0].item() == 0
    with tg.autograd.nan_gradients():
        assert math.isnan(grad(tg.sqrt(x) * 0, x)[0].item())
    assert grad(tg.sqrt(x), x)[0].item() == INF  # nothing masks it: the slope is what it is


def test_the_origin_has_no_direction():
    for function in (tg.atan2, tg.hypot):
        x, y = leaf(0.0), leaf(0.0)
        first = grad(function(x, y), x, y, create_graph=True)
        assert [g.item() for g in first] == [0, 0]
        with tg.autograd.nan_gradients():  # PyTorch leaves out the origin in atan2, but not in hypot
            plain = [math.isnan(g.item()) for g in grad(function(x, y), x, y)]
        assert plain == [function is tg.hypot] * 2


def test_x_log_x_at_zero():
    x = leaf([0.0, 1.0])
    assert grad(tg.xlogy(x, x), x)[0].tolist() == [0, 1]
    y = leaf(0.0)
    assert [g.item() for g in grad(tg.xlogy(leaf(0.0), y), y)] == [0]


def test_logaddexp_of_equal_infinities():
    for value in (INF, -INF):
        x, y = leaf(value), leaf(value)
        assert [g.item() for g in grad(tg.logaddexp(x, y), x, y)] == [0.5, 0.5]
        with tg.autograd.nan_gradients():
            assert all(math.isnan(g.item()) for g in grad(tg.logaddexp(x, y), x, y))


def test_softplus_written_by_hand():
    x = leaf([-1.0, 0.0, 1000.0])
    (g,) = grad(tg.where(x > 20, x, tg.log1p(tg.exp(x))), x)
    assert np.allclose(g.numpy(), [0.26894142, 0.5, 1.0])


def test_complex_numbers():
    z = tg.tensor([0j, 1 + 1j], requires_grad=True)
    masked = tg.where(z == 0, z, tg.sqrt(z) / z)
    (g,) = grad(tg.view_as_real(masked), z)
    assert tg.isfinite(tg.view_as_real(g)).all()


def test_second_order_at_the_mask():
    x = leaf([0.0, 4.0])
    out = tg.where(x > 0, tg.sqrt(x), x * x)
    (first,) = grad(out, x, create_graph=True)
    assert first.tolist() == [0.0, 0.25]
    (second,) = grad(first, x)
    assert np.allclose(second.tolist(), [2.0, -1 / 32])


def test_the_switch_is_one_of_this_thread_and_nests():
    from tinygrad_lite.ops.slopes import arithmetic

    with tg.autograd.nan_gradients():
        with tg.autograd.nan_gradients(False):
            assert not arithmetic.plain
        assert arithmetic.plain
    assert not arithmetic.plain


def test_every_row_with_an_infinite_slope_is_safe():
    """A walk over the table: where the gradient from above is zero, so is every gradient, whatever the input."""
    values = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 1e4, -1e4])
    for row in TABLE.values():
        simple = len(row.inputs) == 1 and not (row.params or row.variadic or row.outputs)
        if not (simple and row.differentiable and row.kind) or row.numbers in ("complex", "integer"):
            continue
        x = leaf(values)
        (g,) = grad(row.record(x) * 0.0, x)
        assert tg.isfinite(g).all(), f"{row.name}: {g}"
