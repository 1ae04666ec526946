"""Functions of single elements where the op database does not look: NaN, infinities, signs of zero, truth values."""

import numpy as np
import pytest
import torch
from helpers import agree, case, table

import tinygrad_lite as tg

NAN, INF = np.nan, np.inf
EXTREME = np.array([NAN, INF, -INF, 0.0, -0.0, -1.0, 2.5])
OTHERS = np.array([1.0, -2.0, INF, -0.0, NAN, 3.0, -INF])
INTS = np.array([[7, -3, 0], [2, 5, -8]])
MORE = np.array([[2, 2, -3], [4, -1, 3]])
TRUTHS = np.array([[True, False, True], [False, False, True]])
WAVES = np.array([1 + 2j, -3j, 0j, -1 + 0j])
A, B = (3, 4), (4,)


def both(name, *args, **kwargs):
    """As a function and as a method."""
    return lambda m, *xs: [getattr(m, name)(*xs, *args, **kwargs), getattr(xs[0], name)(*xs[1:], *args, **kwargs)]


def function(name, *args, **kwargs):
    return lambda m, *xs: getattr(m, name)(*xs, *args, **kwargs)


def special(name):
    return lambda m, x: getattr(m.special, name)(x)


def in_place(name, *args):
    return lambda m, x, *rest: getattr(x * 1, name + "_")(*rest, *args)


# PyTorch's own digamma and trigamma are good to nine digits only: where they come in, values alone are compared.
GAMMA = "digamma lgamma"
ONE = "erfinv logit sgn rad2deg deg2rad sinc positive angle isreal conj_physical nan_to_num"
TESTS = "signbit isposinf isneginf"
SPECIAL = "entr erf erfc erfinv exp2 expit expm1 log1p logit ndtr round sinc"
TWO = "fmax fmin copysign logaddexp2 xlogy float_power"
WRITERS = "erfinv logit sgn rad2deg deg2rad sinc nan_to_num conj_physical arcsin arctan fix"

LINES = [
    *(case(name, both(name), A, domain=(0.1, 0.9)) for name in ONE.split()),
    *(case(name, both(name), A, domain=(0.1, 4), order=0) for name in GAMMA.split()),
    *(case(f"{name}_", in_place(name), A, domain=(0.1, 4), order=0) for name in GAMMA.split()),
    *(case(f"special.{name}", special(name), A, domain=(0.1, 4), order=0) for name in ["gammaln", "psi", "digamma"]),
    *(case(f"{name} of extremes", both(name), EXTREME, order=0) for name in TESTS.split()),
    *(case(f"special.{name}", special(name), A, domain=(0.1, 0.9)) for name in SPECIAL.split()),
    *(case(name, both(name), A, B, domain=(0.2, 2.0)) for name in TWO.split()),
    *(case(f"{name}_", in_place(name), A, domain=(0.1, 0.9)) for name in WRITERS.split()),
    *(case(f"{name} of extremes", both(name), EXTREME, OTHERS, order=1) for name in ["fmax", "fmin"]),
    case("copysign of extremes", both("copysign"), EXTREME, OTHERS, order=0),
    *(case(f"{name} of integers", both(name), INTS, MORE) for name in ["fmax", "fmin", "gcd", "lcm", "copysign"]),
    *(case(f"{name}_ of two", in_place(name), A, B, domain=(0.2, 2.0)) for name in ["copysign", "xlogy"]),
    *(case(f"{name}_ of integers", in_place(name), INTS, MORE) for name in ["gcd", "lcm"]),
    case("nextafter", lambda m, x, y: m.nextafter(x.detach(), y.detach()), EXTREME, OTHERS, order=0),
    case("nextafter_", lambda m, x, y: x.detach().clone().nextafter_(y.detach()), EXTREME, OTHERS, order=0),
    case("heaviside", lambda m, x, y: [m.heaviside(x.detach(), y.detach()), x.detach().clone().heaviside_(y.detach())],
         EXTREME[1:], OTHERS[1:], order=0),
    case("special.log_ndtr", special("log_ndtr"), A, domain=(-5, 5)),
    case("special.multigammaln", lambda m, x: [m.special.multigammaln(x, 2), x.mvlgamma(3), (x * 1).mvlgamma_(2)], A,
         domain=(1.5, 4), order=0),
    case("special.xlog1py", lambda m, x, y: m.special.xlog1py(x, y), A, B, domain=(0.2, 2.0)),
    case("special.polygamma", lambda m, x: [m.special.polygamma(n, x) for n in (2, 3)], A, domain=(0.5, 4), order=0),
    case("polygamma", lambda m, x: [m.polygamma(2, x), x.polygamma(4), (x * 1).polygamma_(3)], A, domain=(0.5, 4),
         order=0),
    case("special's sums", lambda m, x: [m.special.softmax(x, 1), m.special.log_softmax(x, 0), m.special.logsumexp(x, 1)],
         A),
    case("mvlgamma", both("mvlgamma", 2), A, domain=(1.5, 4), order=0),
    case("xlogy with a number", lambda m, x: [m.xlogy(2, x), m.xlogy(x, 3.0), x.xlogy(2)], A, domain=(0.2, 2)),
    case("xlogy of zeros", function("xlogy"), np.zeros(4), np.array([0.0, 2.0, NAN, INF]), order=0),
    case("entr of extremes", special("entr"), EXTREME, order=0),
    case("logit with eps", both("logit", 0.2), np.array([0.1, 0.2, 0.5, 0.9])),
    case("logit_ with eps", in_place("logit", 0.2), np.array([0.1, 0.2, 0.5, 0.9])),
    case("nan_to_num of extremes", both("nan_to_num", 7.0, 8.0), EXTREME, order=1),
    case("nan_to_num of integers", both("nan_to_num"), INTS),
    case("lerp", lambda m, x, y: [m.lerp(x, y, 0.3), x.lerp(y, 0.7), (x * 1).lerp_(y, 1.0)], A, B),
    case("lerp by a tensor", lambda m, x, y, w: m.lerp(x, y, w), A, B, (3, 1), domain=(0, 1)),
    case("addcmul", lambda m, x, y, z: [m.addcmul(x, y, z, value=2.5), (x * 1).addcmul_(y, z)], A, B, (3, 1)),
    case("addcmul of integers", lambda m, x, y: m.addcmul(x, x, y, value=2), INTS, MORE),
    case("addcdiv", lambda m, x, y, z: [m.addcdiv(x, y, z, value=-1), (x * 1).addcdiv_(y, z)], A, B, (3, 1),
         domain=(0.5, 2)),
    case("rsub", lambda m, x, y: [m.rsub(x, y, alpha=2), m.rsub(x, 3)], A, B),
    case("ldexp", lambda m, x, k: [m.ldexp(x, k), x.ldexp(k), (x * 1).ldexp_(k)], (3,), np.array([1, 0, 5])),
    case("frexp", lambda m, x: tuple(m.frexp(x)), np.array([6.0, -0.25, 0.0, 1e-3])),
    case("isclose", lambda m, x, y: [m.isclose(x, y), m.isclose(x, y, equal_nan=True), x.isclose(x * 1.00001, 1e-4)],
         EXTREME, EXTREME.copy(), order=0),
    case("isclose of integers", both("isclose", 0.5, 1), INTS, MORE),
    case("isin", lambda m, x, y: [m.isin(x, y), m.isin(x, 2), m.isin(x, y, invert=True)], INTS, MORE),
    case("numbers first", lambda m, x: [m.add(2, x), m.sub(2, x, alpha=2), m.mul(2, x), m.div(2, x), m.remainder(2, x.detach())],
         A, domain=(0.5, 2)),
    case("numbers alone", lambda m: [m.add(2, 3), m.mul(2.5, True), m.div(3, 2), m.floor_divide(7, 2)]),
    case("where as a method", lambda m, x, y: x.where(x > y, y), A, B),
    case("shifts in place", lambda m, x: [(x * 1).bitwise_left_shift_(2), (x * 1).bitwise_right_shift_(1)], INTS),
    case("shifts, augmented", lambda m, x: [shifted(x * 1), m.bitwise_left_shift(2, abs(x))], INTS),
    case("truth values as numbers", lambda m, t: [m.square(t), t // 2, t % 2, t**2, t << 1, m.exp2(t)], TRUTHS),
    case("div of large integers", lambda m, x: [m.div(x, 3, rounding_mode=r) for r in ("floor", "trunc")],
         np.array([2**62 + 1, -(2**62) - 1])),
    case("integers to negative powers", lambda m, x: m.pow(x, -abs(x)), np.array([1, -1, 2, -3])),
    case("signs of zero", lambda m, x, y: [m.remainder(x, y), m.fmod(x, y), m.copysign(x, y)], EXTREME, OTHERS, order=0),
    case("complex", lambda m, x, y: [m.complex(x, y), m.polar(x, y)], (3,), (3,), domain=(0.2, 2)),
    case("view_as_complex", lambda m, x: m.view_as_complex(x), (3, 2)),
    case("angle of real numbers", both("angle"), EXTREME, order=1),
    case("other names of in-place forms", lambda m, x: [getattr(x * 0.5, name + "_")() for name in
         ["arccos", "absolute", "negative"]], A, domain=(0.1, 0.9)),
    case("in-place forms without a gradient in PyTorch", lambda m, x: [getattr(x.detach().clone(), name + "_")() for name
         in ["arcsinh", "arccosh", "arctanh"]], np.array([1.0]), order=0),
    case("in-place comparisons", lambda m, x, y: [getattr(x * 1, name + "_")(y) for name in
         ["not_equal", "less", "less_equal", "greater", "greater_equal"]], INTS, MORE),
    case("arctan2_", in_place("arctan2"), A, B),
    case("float_power_", lambda m, x: (x.double() * 1).float_power_(2), A),
]  # fmt: skip


COMPLEX = [
    case("complex parts", lambda m, z: [m.angle(z), m.isreal(z), m.sgn(z), m.view_as_real(z), m.conj_physical(z)], WAVES,
         order=1),
    case("of complex numbers", lambda m, z: [m.sigmoid(z), m.exp2(z), m.expm1(z)],
         WAVES + 0.5),
    case("logaddexp of complex numbers", function("logaddexp"), WAVES, WAVES[::-1] + 1),
]  # fmt: skip


def shifted(x):
    x <<= 2
    x >>= 1
    return x


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("line", table(LINES))
def test_agrees(line, dtype):
    agree(line, dtype)


@pytest.mark.parametrize("line", table(COMPLEX))
def test_agrees_in_complex_numbers(line):
    agree(line, "complex128")


REFUSED = {
    "floor of truth values": lambda m: m.floor(m.tensor([True])),
    "abs of truth values": lambda m: m.abs(m.tensor([True])),
    "neg of truth values": lambda m: -m.tensor([True]),
    "positive of truth values": lambda m: m.positive(m.tensor([True])),
    "frac of integers": lambda m: m.frac(m.tensor([1])),
    "floor division of truth values": lambda m: m.tensor([True]) // m.tensor([True]),
    "remainder of truth values": lambda m: m.tensor([True]) % m.tensor([True]),
    "pow of truth values": lambda m: m.tensor([True]) ** m.tensor([True]),
    "abs_ of complex numbers": lambda m: m.tensor([1j]).abs_(),
    "round to decimals of integers": lambda m: m.round(m.tensor([1]), decimals=1),
    "isclose of two dtypes": lambda m: m.isclose(m.tensor([1]), m.tensor([1.0])),
    "isclose, negative tolerance": lambda m: m.isclose(m.ones(1), m.ones(1), rtol=-1),
    "heaviside of two dtypes": lambda m: m.heaviside(m.tensor([1.0]), m.tensor([1])),
    "lerp of two dtypes": lambda m: m.lerp(m.ones(1), m.ones(1, dtype=m.float64), 0.5),
    "lerp of integers": lambda m: m.lerp(m.tensor([1]), m.tensor([2]), 0.5),
    "addcdiv of integers": lambda m: m.addcdiv(m.tensor([1]), m.tensor([1]), m.tensor([1])),
    "Boolean alpha": lambda m: m.add(m.ones(1), m.ones(1), alpha=True),
    "alpha with a fraction": lambda m: m.add(m.tensor([1]), m.tensor([1]), alpha=0.5),
    "complex alpha": lambda m: m.add(m.ones(1), m.ones(1), alpha=1j),
    "float_power_ of float32": lambda m: m.ones(1).float_power_(2),
    "complex of two dtypes": lambda m: m.complex(m.ones(1), m.ones(1, dtype=m.float64)),
    "imag of real numbers": lambda m: m.imag(m.ones(1)),
    "view_as_real of real numbers": lambda m: m.view_as_real(m.ones(2)),
    "view_as_complex of three": lambda m: m.view_as_complex(m.ones(3)),
    "view_as_complex across": lambda m: m.view_as_complex(m.ones(2, 2).t()),
    "deg2rad of complex numbers": lambda m: m.deg2rad(m.tensor([1j])),
    "signbit of complex numbers": lambda m: m.signbit(m.tensor([1j])),
    "polygamma of negative order": lambda m: m.polygamma(-1, m.ones(1)),
    "mvlgamma of no dimension": lambda m: m.mvlgamma(m.ones(1), 0),
    "frexp of integers": lambda m: m.frexp(m.tensor([1])),
    "fmax with a number": lambda m: m.fmax(m.ones(1), 2),
    "two numbers": lambda m: m.xlogy(2, 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_alike(name):
    with pytest.raises(Exception) as theirs:
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


OLDER_ORDERS = {
    "add": lambda m, x, y: m.add(x, 2, y), "add_": lambda m, x, y: x.clone().add_(3, y),
    "sub_": lambda m, x, y: x.clone().sub_(3, y), "addcmul_": lambda m, x, y: x.clone().addcmul_(0.5, y, y),
    "addcdiv_": lambda m, x, y: x.clone().addcdiv_(-0.5, x, y), "addcmul": lambda m, x, y: m.addcmul(x, 2, x, y),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:This overload of:UserWarning")
@pytest.mark.parametrize("name", OLDER_ORDERS)
def test_the_older_order_of_arguments(name):
    """Optimisers from before PyTorch 1.5 put the factor before the tensors."""
    ours, theirs = (OLDER_ORDERS[name](m, m.tensor([1.0, 2.0]), m.tensor([4.0, 5.0])) for m in (tg, torch))
    assert ours.tolist() == theirs.tolist()
