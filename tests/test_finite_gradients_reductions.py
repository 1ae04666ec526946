"""Gradients of reductions where plain arithmetic answers NaN: at zeros, at infinities, in rows that are masked away.

What is finite stays finite in first and second derivatives, and `nan_gradients` brings the NaN back.
"""

import math

import numpy as np
import pytest

import tinygrad_lite as tg

INF = math.inf
ORDERS = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, INF, -INF, -1, -2, -0.5]


def gradients(function, x):
    """The first gradient of the sum of `function`, and the gradient of a weighted sum of that."""
    x = tg.tensor(x, dtype=None if np.iscomplexobj(x) else tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad(function(x).sum(), x, create_graph=True)
    if not first.requires_grad:
        return first.numpy(), np.zeros(x.shape)
    weights = tg.arange(1.0, x.numel() + 1, dtype=tg.float64).reshape(x.shape)
    total = (first * weights).sum()
    (second,) = tg.autograd.grad(total.real if total.is_complex() else total, x)
    return first.detach().numpy(), second.numpy()


def by_differences(function, x, step=1e-5):
    """The same two, from differences of `function` and of its first gradient."""
    x = np.asarray(x, float)
    weights = np.arange(1.0, x.size + 1).reshape(x.shape)

    def slope(f):
        found = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            away = np.zeros(x.shape)
            away[place] = step
            found[place] = (f(x + away) - f(x - away)) / (2 * step)
        return found

    return (
        slope(lambda v: float(function(tg.tensor(v)).sum())),
        slope(lambda v: float((gradients(function, v)[0] * weights).sum())),
    )


# --- norms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_norm_has_gradient_zero_where_it_is_zero(order, dtype):
    first, second = gradients(lambda x: tg.linalg.vector_norm(x, order, dim=1), np.zeros((2, 3), dtype))
    assert np.array_equal(first, np.zeros((2, 3)))
    assert np.isfinite(second).all()


@pytest.mark.parametrize("order", [1.5, 2, 3])
def test_a_row_of_zeros_does_not_disturb_the_others(order):
    whole = np.array([[0.0, 0.0], [3.0, 4.0]])
    first, second = gradients(lambda x: tg.linalg.vector_norm(x, order, dim=1), whole)
    alone = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = gradients(lambda x: tg.linalg.vector_norm(x, order, dim=1), alone)
    assert np.allclose(first[1], expected[0][1])
    assert np.allclose(second[1], expected[1][1])
    assert np.array_equal(first[0], [0, 0])
    assert np.array_equal(second[0], [0, 0])


@pytest.mark.parametrize("order", [0.5, 1, 2, 3, -1])
def test_a_zero_among_the_elements_of_a_norm(order):
    first, _ = gradients(lambda x: tg.linalg.vector_norm(x, order), [0.0, 3.0])
    assert np.isfinite(first).all()


def test_the_distance_of_a_point_from_itself():
    point = tg.tensor([1.0, 2.0], requires_grad=True)
    tg.dist(point, tg.tensor([1.0, 2.0])).backward()
    assert point.grad.tolist() == [0.0, 0.0]


# --- rows that are masked away ------------------------------------------------------------------------------

MASKED = [[-INF, -INF, -INF], [1.0, -INF, 2.0], [0.5, 1.5, -1.0]]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_row_that_is_masked_away_has_gradient_zero(name):
    def weighted(x):
        out = getattr(tg, name)(x, -1)
        return tg.where(tg.isfinite(out), out, 0.0) * tg.tensor([1.0, 2.0, 4.0])

    values = getattr(tg, name)(tg.tensor(MASKED), -1)
    assert values[0].isnan().all()
    first, second = gradients(weighted, MASKED)
    assert np.array_equal(first[0], [0, 0, 0])
    assert np.array_equal(second[0], [0, 0, 0])
    assert np.isfinite(first).all()
    assert np.isfinite(second).all()
    alone = gradients(weighted, MASKED[2:])
    assert np.allclose(first[2], alone[0][0])


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_also_when_a_gradient_arrives_there(name):
    first, second = gradients(lambda x: getattr(tg, name)(x, -1) ** 2, MASKED[:1] + MASKED[2:])
    assert np.array_equal(first[0], [0, 0, 0])
    assert np.isfinite(second).all()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_with_nan_gradients_it_is_nan(name):
    with tg.autograd.nan_gradients():
        first, _ = gradients(lambda x: getattr(tg, name)(x, -1), MASKED)
    assert np.isnan(first[0]).all()
    assert np.isfinite(first[2]).all()


def test_infinities_share_the_gradient_of_their_logsumexp():
    x = [[INF, 1.0, INF], [-INF, -INF, -INF], [-INF, 0.0, 0.0], [INF, 0.0, -INF]]
    first, second = gradients(lambda x: tg.logsumexp(x, 1), x)
    assert np.allclose(first, [[0.5, 0, 0.5], [0, 0, 0], [0, 0.5, 0.5], [1, 0, 0]])
    assert np.isfinite(second).all()
    alone = gradients(lambda x: tg.logsumexp(x, 1), [[-INF, 0.0, 0.0]])
    assert np.allclose(first[2], alone[0][0])


def test_with_nan_gradients_logsumexp_answers_nan():
    with tg.autograd.nan_gradients():
        first, _ = gradients(lambda x: tg.logsumexp(x, 1), [[INF, 1.0], [-INF, -INF]])
    assert np.array_equal(np.isnan(first), [[True, False], [True, True]])


def test_running_logsumexp_of_what_is_masked_away():
    first, second = gradients(lambda x: tg.logcumsumexp(x, 0), [-INF, -INF, 1.0, 2.0])
    alone = gradients(lambda x: tg.logcumsumexp(x, 0), [1.0, 2.0])
    assert np.allclose(first, [0, 0, *alone[0]])
    assert np.isfinite(second).all()


# --- spread -------------------------------------------------------------------------------------------------


def test_a_flat_input_has_no_slope_of_its_deviation():
    first, second = gradients(lambda x: tg.std(x, 1), [[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
    assert np.array_equal(first[0], [0, 0, 0])
    assert np.isfinite(second).all()


@pytest.mark.parametrize("name", ["std", "var"])
def test_one_element_has_no_spread(name):
    assert math.isnan(getattr(tg, name)(tg.tensor([1.0])))
    first, _ = gradients(getattr(tg, name), [1.0])
    assert np.isnan(first).all()


@pytest.mark.parametrize("name", ["std", "var"])
def test_unless_it_is_masked_away(name):
    def masked(x):
        spread = getattr(tg, name)(x)
        return tg.where(spread.isnan(), 0.0, spread)

    first, _ = gradients(masked, [1.0])
    assert np.array_equal(first, [0.0])
    with tg.autograd.nan_gradients():
        assert np.isnan(gradients(masked, [1.0])[0]).all()


# --- products with zeros ------------------------------------------------------------------------------------

WITH_ZEROS = [[2.0, 0.0, 3.0, -1.5], [0.0, 0.0, 5.0, 2.0], [1.5, 2.0, -0.5, 0.0], [0.0, 0.0, 0.0, 0.0], [1, 2, 3, 4]]


@pytest.mark.parametrize("name", ["prod", "cumprod"])
@pytest.mark.parametrize("dim", [0, 1])
def test_products_with_zeros_to_the_second_order(name, dim):
    def function(x):
        out = getattr(tg, name)(x, dim)
        return out * tg.linspace(0.5, 2.0, out.numel(), dtype=out.dtype).reshape(out.shape)

    for ours, expected in zip(gradients(function, WITH_ZEROS), by_differences(function, WITH_ZEROS), strict=True):
        assert np.allclose(ours, expected, atol=1e-5)


def test_products_with_zeros_to_the_third_order():
    x = tg.tensor([0.0, 0.0, 0.0], dtype=tg.float64, requires_grad=True)
    g = tg.cumprod(x, 0)[-1]
    for k in range(3):  # d3/dx0 dx1 dx2 of x0 x1 x2 is 1
        (g,) = tg.autograd.grad(g, x, create_graph=True)
        g = g[k]
    assert float(g) == 1.0
