"""What holds for any shape and dtype: broadcast, 0-d, empty, non-contiguous, tied inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_lite as tg
from tinygrad_lite.tensors import make

SIDES = st.integers(0, 4)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
FLOATS = st.sampled_from([np.float16, np.float32, np.float64])
BINARY = [tg.add, tg.sub, tg.mul, tg.maximum, tg.minimum, tg.div, tg.hypot]
UNARY = [tg.exp, tg.sin, tg.tanh, tg.sigmoid, tg.relu, tg.abs, tg.square, tg.erf, tg.floor]


def values(shape, dtype=np.float64, few=False):
    """Numbers of both signs; `few` different ones, so that there are ties."""
    numbers = st.integers(-2, 2) if few else st.floats(-3, 3, width=16)
    return hnp.arrays(np.float64, shape, elements=numbers).map(lambda a: a.astype(dtype))


def leaf(array):
    return make(array.copy(), requires_grad=True)


def inner(a, b):
    return float((a.astype(np.float64) * b.astype(np.float64)).sum())


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@settings(max_examples=60)
@given(data=st.data(), shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3), dtype=FLOATS)
def test_broadcasting_keeps_shapes_and_dtypes(function, data, shapes, dtype):
    arrays = [data.draw(values(shape, dtype)) for shape in shapes.input_shapes]
    x, y = (leaf(a) for a in arrays)
    out = function(x, y)
    assert out.shape == shapes.result_shape
    assert out.array.dtype == dtype
    out.backward(tg.ones_like(out))
    for given_, array in zip((x, y), arrays, strict=True):
        assert given_.grad.shape == array.shape
        assert given_.grad.array.dtype == dtype


@settings(max_examples=100)
@given(data=st.data(), shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3))
def test_the_gradient_of_a_broadcast_product_is_the_other_factor_summed(data, shapes):
    a, b = (data.draw(values(shape)) for shape in shapes.input_shapes)
    cotangent = data.draw(values(shapes.result_shape))
    x, y = leaf(a), leaf(b)
    (x * y).backward(make(cotangent))
    # <x, dx> = <y, dy> = <x y, cotangent>: the product is linear in each
    total = inner(np.multiply(a, b), cotangent)
    assert inner(a, x.grad.array) == pytest.approx(total, abs=1e-9)
    assert inner(b, y.grad.array) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
@settings(max_examples=60)
@given(data=st.data(), dtype=FLOATS)
def test_the_layout_in_memory_does_not_matter(function, data, dtype):
    array = data.draw(SHAPES.flatmap(lambda shape: values(shape, dtype)))
    axes = data.draw(st.permutations(range(array.ndim)))
    steps = tuple(slice(None, None, data.draw(st.integers(1, 2))) for _ in range(array.ndim))
    base = leaf(array)
    strided = base.permute(axes)[steps] if array.ndim else base
    plain = leaf(np.ascontiguousarray(array.transpose(axes)[steps]).reshape(strided.shape))
    one, two = function(strided), function(plain)
    assert one.array.tobytes() == two.array.tobytes()
    (g,) = tg.autograd.grad(one.sum(), base)
    (h,) = tg.autograd.grad(two.sum(), plain)
    back = g.permute(axes)[steps] if array.ndim else g
    assert np.array_equal(back.array, h.array)
    assert g.shape == array.shape


@settings(max_examples=150)
@given(data=st.data(), keepdim=st.booleans(), dtype=FLOATS)
def test_sums_over_any_dimensions(data, keepdim, dtype):
    array = data.draw(SHAPES.flatmap(lambda shape: values(shape, dtype)))
    dims = tuple(data.draw(st.sets(st.integers(0, array.ndim - 1)))) if array.ndim else ()
    x = leaf(array)
    out = x.sum(dims, keepdim) if dims else x.sum()
    expected = array.astype(np.float64).sum(dims or None, keepdims=keepdim and bool(dims))
    assert out.shape == expected.shape
    np.testing.assert_allclose(out.array, expected, rtol=1e-2 if dtype == np.float16 else 1e-5, atol=1e-2)
    out.backward(tg.ones_like(out))
    assert np.array_equal(x.grad.array, np.ones_like(array))


@settings(max_examples=100)
@given(data=st.data())
def test_tied_extremes_share_the_gradient(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    x = leaf(data.draw(values(shape, few=True)))
    dim = data.draw(st.integers(0, len(shape) - 1))
    out = x.amax(dim)
    cotangent = data.draw(values(out.shape))
    out.backward(make(cotangent))
    top = x.array == x.array.max(dim, keepdims=True)
    assert not x.grad.array[~top].any()
    np.testing.assert_allclose(x.grad.array.sum(dim), cotangent, atol=1e-12)
    share = np.where(top, x.grad.array, np.nan)
    spread = np.nanmax(share, axis=dim) - np.nanmin(share, axis=dim)
    np.testing.assert_allclose(spread, 0, atol=1e-12)  # equal shares


@settings(max_examples=100)
@given(data=st.data())
def test_taking_out_and_adding_in_are_each_others_derivative(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    a = data.draw(values(shape))
    index = data.draw(hnp.basic_indices(shape) | hnp.integer_array_indices(shape))
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return
    x = leaf(a)
    out = x[index]
    assert np.array_equal(out.array, a[index])
    cotangent = data.draw(values(out.shape))
    out.backward(make(cotangent))
    assert inner(x.grad.array, a) == pytest.approx(inner(np.asarray(a[index]), cotangent), abs=1e-9)


@settings(max_examples=100)
@given(data=st.data(), dtype=FLOATS)
def test_softmax_is_a_distribution_and_its_gradient_has_no_sum(data, dtype):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5))
    x = leaf(data.draw(values(shape, dtype)))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    out = x.softmax(dim)
    tolerance = 5e-3 if dtype == np.float16 else 1e-5
    np.testing.assert_allclose(out.array.sum(dim, dtype=np.float64), 1, atol=tolerance)
    out.backward(make(data.draw(values(shape, dtype))))
    np.testing.assert_allclose(x.grad.array.sum(dim, dtype=np.float64), 0, atol=4 * tolerance)


@settings(max_examples=100)
@given(data=st.data())
def test_joining_what_was_cut_gives_it_back(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5))
    x = leaf(data.draw(values(shape)))
    dim = data.draw(st.integers(0, len(shape) - 1))
    out = tg.cat(x.split(data.draw(st.integers(1, 5)), dim), dim)
    assert tg.equal(out, x)
    cotangent = data.draw(values(shape))
    out.backward(make(cotangent))
    assert np.array_equal(x.grad.array, cotangent)


@settings(max_examples=100)
@given(data=st.data(), n=SIDES, k=SIDES, m=SIDES)
def test_products_of_any_size_even_empty(data, n, k, m):
    a, b = data.draw(values((n, k))), data.draw(values((k, m)))
    x, y = leaf(a), leaf(b)
    cotangent = data.draw(values((n, m)))
    (x @ y).backward(make(cotangent))
    np.testing.assert_allclose(x.grad.array, cotangent @ b.T, atol=1e-12)
    np.testing.assert_allclose(y.grad.array, a.T @ cotangent, atol=1e-12)
