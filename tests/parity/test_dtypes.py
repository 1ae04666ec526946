"""Which dtype a result has: for every dtype, every pair of dtypes, and for numbers beside tensors.

Where PyTorch has a result, it is compared in dtype and values. What PyTorch refuses is in `test_errors.py`.
"""

import operator

import numpy as np
import pytest
import torch

import tinygrad_lite as tg

DTYPES = (
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "bool",
)
FLOATS = DTYPES[:3]
NUMBERS = {"True": True, "2": 2, "1.5": 1.5, "1+2j": 1 + 2j, "300": 300, "-1": -1}

pytestmark = [
    pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental"),
    pytest.mark.filterwarnings("ignore:Casting complex values to real discards the imaginary part"),
]

BINARY = {
    **{
        name: getattr(operator, name)
        for name in [
            "add",
            "sub",
            "mul",
            "truediv",
            "floordiv",
            "mod",
            "pow",
            "eq",
            "lt",
            "and_",
            "or_",
            "xor",
            "lshift",
        ]
    },
    "reflected sub": lambda x, y: y - x,
    "reflected div": lambda x, y: y / x,
    "reflected pow": lambda x, y: y**x,
    "clamp": lambda x, y: x.clamp(min=y),
    "fmod": lambda x, y: x.fmod(y),
}
OF_TENSORS = {
    "maximum": lambda m, x, y: m.maximum(x, y),
    "atan2": lambda m, x, y: m.atan2(x, y),
    "logical_and": lambda m, x, y: m.logical_and(x, y),
    "where": lambda m, x, y: m.where(m.tensor([True, False, True]), x, y),
    "cat": lambda m, x, y: m.cat([x, y]),
    "stack": lambda m, x, y: m.stack([x, y]),
    "cast": lambda m, x, y: x.to(y.dtype),
    "assignment": lambda m, x, y: assigned(x, y),
    "promote_types": lambda m, x, y: m.zeros(1, dtype=m.promote_types(x.dtype, y.dtype)),
    "can_cast": lambda m, x, y: m.tensor(m.can_cast(x.dtype, y.dtype)),
}
UNARY = [
    "abs",
    "neg",
    "sign",
    "square",
    "floor",
    "ceil",
    "trunc",
    "round",
    "frac",
    "relu",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "atanh",
    "sigmoid",
    "erf",
    "erfc",
    "isnan",
    "isinf",
    "isfinite",
    "logical_not",
    "bitwise_not",
    "conj",
    "real",
    "clone",
    "sum",
    "mean",
    "prod",
    "std",
    "var",
    "amax",
    "amin",
    "max",
    "min",
    "argmax",
    "argmin",
    "all",
    "any",
    "norm",
    "nonzero",
    "tril",
    "t",
    "flatten",
]
ALONG = [
    "sum",
    "mean",
    "prod",
    "std",
    "var",
    "amax",
    "amin",
    "argmax",
    "all",
    "any",
    "norm",
    "logsumexp",
    "softmax",
    "log_softmax",
    "cumsum",
]
IN_PLACE = [
    "add_",
    "sub_",
    "mul_",
    "div_",
    "floor_divide_",
    "remainder_",
    "pow_",
    "eq_",
    "lt_",
    "logical_and_",
    "bitwise_or_",
    "copy_",
    "clamp_",
]
CREATED = {
    "tensor": lambda m: m.tensor([1.0, 2.0]),
    "tensor of complex": lambda m: m.tensor([1j]),
    "tensor of integers": lambda m: m.tensor([1, 2]),
    "Tensor": lambda m: m.Tensor([1, 2]),
    "zeros": lambda m: m.zeros(2),
    "full": lambda m: m.full((2,), 0.5),
    "arange": lambda m: m.arange(0.0, 2.0),
    "linspace": lambda m: m.linspace(0, 1, 3),
    "eye": lambda m: m.eye(2),
    "rand": lambda m: m.rand(2),
    "integers / integers": lambda m: m.tensor([1, 2]) / m.tensor([2, 3]),
    "sqrt of integers": lambda m: m.tensor([1, 2]).sqrt(),
    "integers * 1.5": lambda m: m.tensor([1, 2]) * 1.5,
    "integers * 1j": lambda m: m.tensor([1, 2]) * 1j,
    "bool + 1": lambda m: m.tensor([True]) + 1,
    "float64 array": lambda m: m.tensor(np.ones(2)),
    "NumPy number": lambda m: m.tensor([1, 2]) * np.float32(1.5),
    "NumPy number first": lambda m: m.tensor([1.0, 2.0]) * np.float64(1.5),
}


def assigned(x, y):
    x[:] = y
    return x


def outcome(call):
    """The dtype and the values that `call` gives; or the error that it raises."""
    try:
        out = call()
    except (RuntimeError, TypeError) as error:
        return error
    if out.dtype == torch.complex32:  # which NumPy does not have
        out = out.to(torch.complex64)
    return str(out.dtype).split(".")[1], out.numpy(force=True)


def assert_outcomes(cases, run):
    """`run(m, case)` has the same outcome with `m` either library, in every case that PyTorch allows."""
    wrong = {}
    for case in cases:
        theirs, ours = outcome(lambda: run(torch, case)), outcome(lambda: run(tg, case))
        if isinstance(theirs, Exception):
            continue
        if isinstance(ours, Exception) or ours[0] != theirs[0] or not np.allclose(ours[1], theirs[1], 4e-3, 4e-3, True):
            wrong[case] = f"{ours!r}, PyTorch has {theirs}"
    assert not wrong


def vector(m, dtype, values=(1, 2, 1)):
    return m.tensor(values, dtype=getattr(m, dtype))


def scalar(m, dtype):
    return m.tensor(2, dtype=getattr(m, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
class TestOperators:
    """A tensor of `dtype` beside a tensor of any dtype, one without dimensions, and a number of any kind."""

    def test_tensor_and_tensor(self, name, dtype):
        assert_outcomes(DTYPES, lambda m, other: BINARY[name](vector(m, dtype), vector(m, other, (2, 1, 1))))

    def test_tensor_and_0d_tensor(self, name, dtype):
        assert_outcomes(DTYPES, lambda m, other: BINARY[name](vector(m, dtype), scalar(m, other)))

    def test_0d_tensor_and_0d_tensor(self, name, dtype):
        assert_outcomes(DTYPES, lambda m, other: BINARY[name](scalar(m, dtype), scalar(m, other)))

    def test_tensor_and_number(self, name, dtype):
        numbers = set(NUMBERS) - ({"True"} if (name, dtype) == ("pow", "bool") else set())
        assert_outcomes(numbers, lambda m, number: BINARY[name](vector(m, dtype), NUMBERS[number]))

    def test_0d_tensor_and_number(self, name, dtype):
        numbers = set(NUMBERS) - ({"True"} if (name, dtype) == ("pow", "bool") else set())
        assert_outcomes(numbers, lambda m, number: BINARY[name](scalar(m, dtype), NUMBERS[number]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_TENSORS)
def test_two_tensors(name, dtype):
    assert_outcomes(DTYPES, lambda m, other: OF_TENSORS[name](m, vector(m, dtype), vector(m, other, (2, 1, 1))))


@pytest.mark.parametrize("name", UNARY)
def test_one_tensor(name):
    left_out = {"square": ["bool"], "sigmoid": ["complex64", "complex128"]}.get(name, [])
    assert_outcomes(
        [d for d in DTYPES if d not in left_out], lambda m, dtype: getattr(vector(m, dtype, [[1, 0, 2]]), name)()
    )


@pytest.mark.parametrize("name", ALONG)
def test_along_a_dimension(name):
    assert_outcomes(DTYPES, lambda m, dtype: getattr(vector(m, dtype, [[1, 0, 2]]), name)(dim=1))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "cumsum", "softmax"])
@pytest.mark.parametrize("asked", DTYPES)
def test_in_the_dtype_asked_for(name, asked):
    assert_outcomes(DTYPES, lambda m, dtype: getattr(vector(m, dtype), name)(dim=0, dtype=getattr(m, asked)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name, dtype):
    assert_outcomes(DTYPES, lambda m, other: getattr(vector(m, dtype), name)(vector(m, other, (2, 1, 1))))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_casts_to_a_lower_kind_are_refused(name, dtype):
    """A float result is not written into integers: refused here where it is refused there."""
    for other in DTYPES:
        theirs, ours = (outcome(lambda: getattr(vector(m, dtype), name)(vector(m, other))) for m in (torch, tg))
        if isinstance(theirs, RuntimeError) and "can't be cast to the desired output type" in str(theirs):
            assert isinstance(ours, RuntimeError) and name.rstrip("_") in str(ours), f"{dtype} and {other}: {ours!r}"


@pytest.mark.parametrize("default", FLOATS)
def test_created(default):
    def run(m, case):
        m.set_default_dtype(getattr(m, default))
        m.manual_seed(0)
        return CREATED[case](m)

    try:
        assert_outcomes(CREATED, run)
        assert tg.get_default_dtype() is getattr(tg, default)
    finally:
        tg.set_default_dtype(tg.float32)
        torch.set_default_dtype(torch.float32)


def test_names_and_kinds_of_dtypes():
    aliases = "half float double cfloat cdouble short int long"
    for name in (*DTYPES, *aliases.split()):
        ours, theirs = getattr(tg, name), getattr(torch, name)
        assert str(ours) == str(theirs).replace("torch", "tinygrad_lite")
        assert (ours.is_floating_point, ours.is_complex, ours.is_signed, ours.itemsize) == (
            theirs.is_floating_point, theirs.is_complex, theirs.is_signed, theirs.itemsize
        )  # fmt: skip
        assert str(ours.to_real()).split(".")[1] == str(theirs.to_real()).split(".")[1] or theirs == torch.cfloat
