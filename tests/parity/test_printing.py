"""`repr` and `str` are PyTorch's, character for character, with the package's own name in them."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lite as tg

INF, NAN = float("inf"), float("nan")

TENSORS = {
    "integers": lambda m: m.tensor([1, -2, 300]),
    "integers of two dimensions": lambda m: m.tensor([[1, -2], [300, 4]]),
    "integers, 0-d": lambda m: m.tensor(-7),
    "int32": lambda m: m.tensor([1, 2], dtype=m.int32),
    "uint8": lambda m: m.tensor([1, 200], dtype=m.uint8),
    "large integers": lambda m: m.tensor([2**62, -1]),
    "truths": lambda m: m.tensor([True, False]),
    "truth": lambda m: m.tensor(True),
    "matrix of truths": lambda m: m.tensor([[True, True], [False, True]]),
    "floats": lambda m: m.tensor([1.5, -2.25, 3.0]),
    "floats that are whole": lambda m: m.tensor([1.0, -2.0, 300.0]),
    "float": lambda m: m.tensor(3.14159265),
    "whole float": lambda m: m.tensor(3.0),
    "zero": lambda m: m.tensor(0.0),
    "minus zero": lambda m: m.tensor(-0.0),
    "zeros": lambda m: m.zeros(2, 2),
    "float64": lambda m: m.tensor([1.5, 2.0], dtype=m.float64),
    "float16": lambda m: m.tensor([1.5, 2.0], dtype=m.float16),
    "float16 that is not exact": lambda m: m.tensor([0.1, 1000.5], dtype=m.float16),
    "small": lambda m: m.tensor([1e-5, 1.0]),
    "smaller than 1e-4": lambda m: m.tensor([1e-5, 2e-5]),
    "just 1e-4": lambda m: m.tensor([1e-4, 2e-4]),
    "large": lambda m: m.tensor([1e9, 1.0]),
    "large and whole": lambda m: m.tensor([1e8, 2e8]),
    "larger and whole": lambda m: m.tensor([1e9, 2e9]),
    "ratio 1000": lambda m: m.tensor([1000.5, 1.0]),
    "ratio above 1000": lambda m: m.tensor([1001.5, 1.0]),
    "whole with a ratio above 1000": lambda m: m.tensor([5000.0, 1.0]),
    "tiny": lambda m: m.tensor([1e-40, 0.0]),
    "huge": lambda m: m.tensor([1e300], dtype=m.float64),
    "a thousand and a half": lambda m: m.tensor([1234.5678, 0.5]),
    "nan": lambda m: m.tensor([NAN, 1.0]),
    "nan and fractions": lambda m: m.tensor([NAN, 1.5, -2.25]),
    "inf": lambda m: m.tensor([INF, -INF, 1.0]),
    "inf and fractions": lambda m: m.tensor([-INF, 0.25]),
    "only nan": lambda m: m.tensor([NAN, NAN]),
    "only inf": lambda m: m.tensor(INF),
    "nan, 0-d": lambda m: m.tensor(NAN),
    "inf and large": lambda m: m.tensor([INF, 1e10]),
    "complex": lambda m: m.tensor([1 + 2j, -1.5 - 0.25j]),
    "whole complex": lambda m: m.tensor([1 + 2j, -3 - 4j]),
    "complex, 0-d": lambda m: m.tensor(1 - 2j),
    "complex128": lambda m: m.tensor([1j], dtype=m.complex128),
    "complex with nan": lambda m: m.tensor([complex(NAN, 1), complex(1, INF)]),
    "complex of two dimensions": lambda m: m.tensor([[1 + 1j, 2], [3, 10.5 - 4j]]),
    "complex, small": lambda m: m.tensor([1e-6 + 1j, 1000000 + 0.5j]),
    "empty": lambda m: m.tensor([]),
    "empty of integers": lambda m: m.tensor([], dtype=m.int64),
    "empty of two dimensions": lambda m: m.zeros(0, 3),
    "empty in the middle": lambda m: m.zeros(2, 0, 3),
    "empty of float64": lambda m: m.zeros(3, 0, dtype=m.float64),
    "empty that requires grad": lambda m: m.zeros(0, requires_grad=True),
    "three dimensions": lambda m: m.arange(24.0).reshape(2, 3, 4) / 7,
    "four dimensions": lambda m: m.arange(16).reshape(2, 2, 2, 2),
    "dimensions of 1": lambda m: m.ones(1, 1, 1),
    "a long vector": lambda m: m.arange(100),
    "a long vector of floats": lambda m: m.arange(40) / 3,
    "a long vector of negative floats": lambda m: -m.arange(40) / 3,
    "just 1000": lambda m: m.arange(1000),
    "1001": lambda m: m.arange(1001),
    "a large matrix": lambda m: m.arange(10000.0).reshape(100, 100),
    "a large matrix of fractions": lambda m: m.arange(10000.0).reshape(100, 100) / 3,
    "a high matrix": lambda m: m.arange(4000).reshape(1000, 4),
    "a wide matrix": lambda m: m.arange(4000).reshape(4, 1000),
    "large with three dimensions": lambda m: m.arange(8000).reshape(20, 20, 20),
    "large with a small dimension": lambda m: m.arange(4000).reshape(2, 1000, 2),
    "large with an outlier that is hidden": lambda m: outlier(m, 500),
    "large with an outlier that is shown": lambda m: outlier(m, 1),
    "large of truths": lambda m: m.arange(2000) > 1000,
    "large of complex": lambda m: m.arange(2000) * 1j,
    "large of another dtype": lambda m: m.arange(2000, dtype=m.float64),
    "large that requires grad": lambda m: m.zeros(50, 50, requires_grad=True),
    "wide rows": lambda m: m.arange(60.0).reshape(2, 30) / 7,
    "a transposed": lambda m: m.arange(6).reshape(2, 3).t(),
    "expanded": lambda m: m.ones(1).expand(2, 2),
    "requires_grad": lambda m: m.tensor([1.0, 2.0], requires_grad=True),
    "requires_grad and dtype": lambda m: m.tensor([1.0, 2.0], dtype=m.float64, requires_grad=True),
    "grad_fn": lambda m: leaf(m) * 2,
    "grad_fn and dtype": lambda m: leaf(m).double() * 2,
    "grad_fn of a matrix": lambda m: leaf(m).reshape(1, 2) * m.ones(2, 1),
    "grad_fn past the end of a line": lambda m: m.ones(14, requires_grad=True) * 2.5,
    "dtype past the end of a line": lambda m: m.arange(18, dtype=m.int32),
    "both past the end of a line": lambda m: m.ones(13, dtype=m.float64, requires_grad=True) * 2.5,
    "detached": lambda m: (leaf(m) * 2).detach(),
    "a gradient": lambda m: gradient(m),
    "a tuple": lambda m: (m.tensor([1, 2]), m.tensor(3.0)),
    "a list": lambda m: [m.ones(2)],
    "a size": lambda m: m.ones(2, 3).shape,
    "an empty size": lambda m: m.ones(()).shape,
    "a slice of a size": lambda m: m.ones(2, 3).shape[1:],
    "a dtype": lambda m: m.float32,
    "a device": lambda m: m.ones(1).device,
    "a device with an index": lambda m: m.device("cpu:0"),
    "a parameter": lambda m: m.nn.Parameter(m.ones(2)),
}
GRAD_FNS = {
    "add": lambda m, x: x + x,
    "sub": lambda m, x: x - 1,
    "mul": lambda m, x: x * x,
    "div": lambda m, x: x / 2,
    "maximum": lambda m, x: m.maximum(x, x),
    "neg": lambda m, x: -x,
    "exp": lambda m, x: x.exp(),
    "log": lambda m, x: x.log(),
    "sin": lambda m, x: x.sin(),
    "tanh": lambda m, x: x.tanh(),
    "sigmoid": lambda m, x: x.sigmoid(),
    "relu": lambda m, x: x.relu(),
    "abs": lambda m, x: x.abs(),
    "sqrt": lambda m, x: x.sqrt(),
    "sum": lambda m, x: x.sum(),
    "mean": lambda m, x: x.mean(),
    "clone": lambda m, x: x.clone(),
    "t": lambda m, x: x.permute(1, 0),
    "cat": lambda m, x: m.cat([x, x]),
    "stack": lambda m, x: m.stack([x, x]),
    "transpose": lambda m, x: x.transpose(0, 1),
    "unsqueeze": lambda m, x: x.unsqueeze(0),
    "expand": lambda m, x: x.expand(2, 2, 2),
    "index": lambda m, x: x[m.tensor([0])],
    "slice": lambda m, x: x[1:],
    "clamp": lambda m, x: x.clamp(0, 1),
    "where": lambda m, x: m.where(x > 0, x, x),
    "prod": lambda m, x: x.prod(),
    "var": lambda m, x: x.var(),
    "softmax": lambda m, x: x.softmax(0),
    "add_": lambda m, x: (x * 1).add_(1),
}


def leaf(m):
    return m.tensor([1.0, 2.5], requires_grad=True)


def outlier(m, place):
    x = m.zeros(2000)
    x[place] = 1e10
    return x


def gradient(m):
    x = leaf(m)
    (x * x).sum().backward()
    return x.grad


def renamed(text):
    return text.replace("torch.", "tinygrad_lite.").replace("tinygrad_lite.Size", "Size")


@pytest.mark.parametrize("name", TENSORS)
def test_repr(name):
    ours, theirs = TENSORS[name](tg), TENSORS[name](torch)
    assert repr(ours) == renamed(repr(theirs))
    assert str(ours) == renamed(str(theirs))


@pytest.mark.parametrize("name", GRAD_FNS)
def test_names_of_operations(name):
    """Where PyTorch numbers its variants (`SumBackward1`), every one is 0 here."""

    def grad_fn(m):
        return GRAD_FNS[name](m, m.ones(2, 2, requires_grad=True)).grad_fn

    assert repr(grad_fn(tg)) == f"<{grad_fn(tg).name()}>"
    theirs = repr(grad_fn(torch)).split(" ")[0].strip("<")
    assert grad_fn(tg).name()[:-1] == theirs[:-1]


OPTIONS = {
    "precision": {"precision": 2},
    "more precision": {"precision": 8},
    "threshold": {"threshold": 5},
    "edgeitems": {"threshold": 5, "edgeitems": 1},
    "linewidth": {"linewidth": 40},
    "scientific": {"sci_mode": True},
    "never scientific": {"sci_mode": False},
    "short": {"profile": "short"},
    "full": {"profile": "full"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name):
    examples = [
        lambda m: m.arange(20.0) / 3,
        lambda m: m.tensor([1e-6, 1e6]),
        lambda m: m.tensor([-1.5, 20.0, NAN]),
        lambda m: m.zeros(3),
        lambda m: m.arange(12).reshape(3, 4),
        lambda m: m.arange(2000),
    ]
    try:
        for m in (tg, torch):
            m.set_printoptions(**OPTIONS[name])
        for example in examples:
            assert repr(example(tg)) == renamed(repr(example(torch)))
    finally:
        for m in (tg, torch):
            m.set_printoptions(profile="default")


@settings(max_examples=300)
@given(
    st.lists(st.floats(width=32), min_size=1, max_size=12)
    | st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=12)
    | st.lists(st.floats(-1000, 1000).map(lambda x: round(x, 3)), min_size=1, max_size=12)
    | st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e-4, 1e-5, 1e8, 1e9, 1000.0, 0.5, INF, NAN]), min_size=1, max_size=6),
    st.sampled_from(["float16", "float32", "float64", "int64"]),
)
def test_any_numbers(numbers, dtype):
    with np.errstate(all="ignore"):
        array = np.nan_to_num(numbers).astype(dtype) if dtype == "int64" else np.array(numbers).astype(dtype)
    ours, theirs = repr(tg.from_numpy(array)), renamed(repr(torch.from_numpy(array)))
    assert on_one_line(ours) == on_one_line(theirs)


def on_one_line(text):
    """Without the line break before the dtype, whose name is longer here."""
    return re.sub(r",\s+dtype", ", dtype", text)
