"""`choose` is `np.where`, to the last bit, whatever it is given."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite.kernels.choosing import choose

KINDS = ["float16", "float32", "float64", "int8", "int64", "uint8", "bool", "complex64", "complex128"]


def same_bits(a, b):
    return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@settings(deadline=None, max_examples=60)
@given(
    size=st.sampled_from([0, 5, 8192, 8193, 40_000, 65_536]), kind=st.sampled_from(KINDS),
    zero=st.sampled_from(["x", "y", "neither", "negative"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_it_is_where(size, kind, zero, seed):
    random = np.random.default_rng(seed)
    x, y = (random.integers(0, 256, size * np.dtype(kind).itemsize, np.uint8).view(kind) for _ in range(2))
    if kind == "bool":
        x, y = random.random(size) < 0.5, random.random(size) < 0.5
    condition = random.random(size) < 0.5
    none = 0.0 if np.dtype(kind).kind in "fc" else 0
    sides = {"x": (none, y), "y": (x, none), "neither": (x, y), "negative": (x, -0.0)}[zero]
    assert same_bits(choose(condition, *sides), np.where(condition, *sides))


@pytest.mark.parametrize("shape", [(100, 200), (3, 50, 200)])
def test_shapes_layouts_and_broadcasts(shape):
    random = np.random.default_rng(0)
    x, y = random.normal(size=shape), random.normal(size=shape)
    condition = x > 0
    for c, a, b in [
        (condition, x, y), (condition, x.T.copy().T, y), (condition.T, x.T, y.T), (condition, x[..., :1], y),
        (condition, x.astype("f"), y), (condition[..., ::-1], x, 0.0), (condition, 2.0, y), (condition, 0.0, 0.0),
        (condition.astype(int), x, y), (condition, x, np.float64(0)),
    ]:  # fmt: skip
        got, wanted = choose(c, a, b), np.where(c, a, b)
        assert got.dtype == wanted.dtype and np.array_equal(got, wanted)


def test_tensors_stay_in_the_graph():
    x = tg.randn(10_000, requires_grad=True)
    choose(x > 0, x, 0.0).sum().backward()
    assert tg.equal(x.grad, (x > 0).float())
