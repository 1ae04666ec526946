"""Every function and method, called with the same arguments: value, shape, dtype, gradient, second derivative."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import LAYOUTS, agree, case, table

import tinygrad_lite as tg

A, B, C = (3, 4), (4,), (2, 3, 4)  # the shapes that most lines use
INTS = np.array([[7, -3, 0], [2, 5, -8]])
MORE = np.array([[2, 2, -3], [4, -1, 3]])
BYTES = np.array([0, 1, 200, 255], np.uint8)
TRUTHS = np.array([[True, False, True], [False, False, True]])
TIES = np.array([[1.0, 3.0, 3.0, -1.0], [2.0, 2.0, 2.0, 2.0], [0.0, -0.0, 0.0, -5.0]])
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0])
EXTREME = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0])
WHOLE = np.array([1, 2, 3, 4])


def each(names, program, *inputs, **more):
    """One line for each of `names`; the program takes the name first."""
    written = "_" if program is in_place else ""
    what = " ".join(map(str, inputs)) if all(isinstance(spec, tuple) for spec in inputs) else "of values"

    def called(name):
        return lambda m, *xs: program(name, m, *xs)

    return [case(f"{name}{written} {what}", called(name), *inputs, **more) for name in names.split()]


def both_ways(name, m, x, *rest):
    """As a function and as a method."""
    return getattr(m, name)(x, *rest), getattr(x, name)(*rest)


def only_function(name, m, *xs):
    return getattr(m, name)(*xs)


def in_place(name, m, x, *rest):
    """As a method that writes, on something computed."""
    return getattr(x * 1, name + "_")(*rest)


# --- element by element -----------------------------------------------------------------------------------

SMOOTH = (
    "exp exp2 expm1 sin cos sinh cosh tanh asinh atan arctan sigmoid erf erfc square neg negative relu abs absolute"
)
STEPS = "sign floor ceil trunc fix round frac"
OF_POSITIVE = "log log2 log10 log1p sqrt rsqrt reciprocal"
OF_SMALL = "asin acos atanh tan arcsin arccos arctanh"
OF_LARGE = "acosh arccosh"
TRUTH_OF_ONE = "isnan isinf isfinite logical_not"
WRITERS = (
    "exp exp2 expm1 sin cos sinh cosh tanh atan sigmoid erf erfc square neg negative relu abs absolute sign floor "
    "ceil trunc round frac"
)

UNARY = [
    *each(SMOOTH + " " + STEPS, both_ways, A),
    *each(SMOOTH + " " + STEPS, both_ways, ()),
    *each(SMOOTH + " " + STEPS, both_ways, (0, 3)),
    *each(SMOOTH + " arcsinh", only_function, EXTREME),
    *each(OF_POSITIVE, both_ways, A, domain=(0.2, 4.0)),
    *each(OF_POSITIVE, only_function, EXTREME),
    *each(OF_SMALL, both_ways, A, domain=(-0.9, 0.9)),
    *each(OF_LARGE, both_ways, A, domain=(1.1, 4.0)),
    *each(STEPS, only_function, HALVES),
    *each(TRUTH_OF_ONE, both_ways, EXTREME),
    *each(WRITERS, in_place, A),
    *each("log log2 log10 log1p sqrt rsqrt reciprocal", in_place, (2, 3), domain=(0.2, 4.0)),
    *each("asin acos tan", in_place, (2, 3), domain=(-0.9, 0.9)),
    *each("asinh acosh atanh", in_place, (2, 3), domain=(0.1, 4.0), order=0),
    case("abs at 0", lambda m, x: m.abs(x), HALVES),
    case("relu at 0", lambda m, x: m.relu(x), HALVES),
    case("sqrt at 0", lambda m, x: m.sqrt(x), np.array([0.0, 4.0]), order=1),
    case("abs()", lambda m, x: abs(x), A),
    case("-x, +x", lambda m, x: [-x, +x], A),
    case("round to decimals", lambda m, x: [m.round(x, decimals=2), x.round(decimals=-1)], A, domain=(-30, 30)),
    case("logical_not of integers", lambda m, x: m.logical_not(x), INTS),
    case("bitwise_not", lambda m, x, t: [m.bitwise_not(x), ~x, x.bitwise_not(), ~t], INTS, TRUTHS),
    case("abs, sign, neg, square of integers", lambda m, x: [x.abs(), x.sign(), -x, x.square()], INTS),
    case("floor, ceil, trunc, round of integers", lambda m, x: [x.floor(), x.ceil(), x.trunc(), x.round()], INTS),
    case("relu of integers", lambda m, x: m.relu(x), INTS),
    case("sqrt, exp, sin of integers", lambda m, x: [m.sqrt(x), m.exp(x), m.sin(x)], MORE),
    case("sigmoid, erf, reciprocal of integers", lambda m, x: [x.sigmoid(), x.erf(), x.reciprocal(), x.rsqrt()], WHOLE),
    case("isnan of integers", lambda m, x: [m.isnan(x), m.isinf(x), m.isfinite(x)], INTS),
    case("neg of bytes", lambda m, x: [-x, ~x, x + 100, x * 2], BYTES),
]

TWO = "add sub subtract mul multiply div divide true_divide maximum minimum atan2 arctan2 hypot logaddexp"
STEPPED = "remainder fmod"
COMPARE = "eq ne not_equal lt less le less_equal gt greater ge greater_equal logical_and logical_or logical_xor"

BINARY = [
    *each(TWO + " " + STEPPED, both_ways, A, A),
    *each(TWO + " " + STEPPED, both_ways, A, B),
    *each(TWO, both_ways, B, A),
    *each(TWO, both_ways, (3, 1), (1, 4)),
    *each(TWO, both_ways, A, ()),
    *each(TWO, both_ways, (), ()),
    *each(TWO, both_ways, (0, 4), (1, 4)),
    *each("maximum minimum hypot atan2 mul div remainder fmod", only_function, HALVES, -HALVES, order=1),
    *each("maximum minimum", only_function, EXTREME, EXTREME[::-1], order=1),
    *each("floor_divide", both_ways, A, B, order=0),
    *each("pow", both_ways, A, B, domain=(0.2, 2.0)),
    *each("pow", both_ways, (), A, domain=(0.2, 2.0)),
    *each(COMPARE, both_ways, INTS, MORE),
    *each(COMPARE, both_ways, TIES, TIES[0]),
    *each("add sub mul div remainder fmod floor_divide maximum minimum", both_ways, INTS, MORE),
    *each("add mul maximum minimum eq logical_and", both_ways, TRUTHS, TRUTHS[:1]),
    *each("bitwise_and bitwise_or bitwise_xor", both_ways, INTS, MORE),
    *each("bitwise_and bitwise_or bitwise_xor", both_ways, TRUTHS, TRUTHS[:1]),
    *each("bitwise_left_shift bitwise_right_shift", both_ways, INTS, np.array([1, 2, 3])),
    *each("add sub subtract mul multiply div divide true_divide atan2 hypot remainder fmod pow", in_place, A, B,
          domain=(0.2, 2.0)),
    *each("eq ne lt le gt ge logical_and logical_or logical_xor", in_place, INTS, INTS[0]),
    *each("bitwise_and bitwise_or bitwise_xor", in_place, INTS, MORE),
    case("add alpha", lambda m, x, y: [m.add(x, y, alpha=3), x.add(y, alpha=0.5), x.add(2, alpha=3)], A, B),
    case("sub alpha", lambda m, x, y: [m.sub(x, y, alpha=3), x.sub(y, alpha=0.5), x.sub(2, alpha=3)], A, B),
    case("add_ alpha", lambda m, x, y: [(x * 1).add_(y, alpha=3), (x * 1).sub_(y, alpha=2)], A, B),
    case("div trunc", lambda m, x, y: [m.div(x, y, rounding_mode="trunc"), x.div(2, rounding_mode="trunc")], A, B),
    case("div floor", lambda m, x, y: [m.div(x, y, rounding_mode="floor"), x.div(2, rounding_mode="floor")], A, B),
    case("div modes of integers", lambda m, x, y: [m.div(x, y, rounding_mode=r) for r in ("trunc", "floor", None)], INTS, MORE),
    case("operators", lambda m, x, y: [x + y, x - y, x * y, x / y, x % y, x**y], A, B, domain=(0.2, 2.0)),
    case("operators with a number", lambda m, x: [x + 2, x - 2.5, x * 3, x / 4, x % 0.7, x**3, x**0.5], A,
         domain=(0.2, 2.0)),
    case("reflected operators", lambda m, x: [2 + x, 2.5 - x, 3 * x, 4 / x, 2**x], A, domain=(0.2, 2.0)),
    case("floor division", lambda m, x, y: [x // y, x // 0.3, 5 // x, (x * 1).floor_divide_(y), 7 % x], A, B, order=0),
    case("reflected operators of integers", lambda m, x: [2 + x, 2.5 - x, 3 * x, 4 / x, 5 // x, 7 % x, 2 ** abs(x)], MORE),
    case("bit operators", lambda m, x, y: [x & y, x | y, x ^ y, x << 2, x >> 1, x << abs(y), 6 & x, 6 | x, 6 ^ x], INTS, MORE),
    case("comparison operators", lambda m, x, y: [x == y, x != y, x < y, x <= y, x > y, x >= y, x > 1, x == 0], TIES, TIES[0]),
    case("comparison with what is no number", lambda m, x: [x == "a", x != None, x in [None]], A),  # noqa: E711
    case("augmented operators", lambda m, x, y: augmented(x * 1, y), A, B),
    case("augmented operators of integers", lambda m, x, y: augmented_bits(x + 0, y), INTS, MORE),
    case("x * x", lambda m, x: x * x, A),
    case("x ** 2, x ** 0, x ** 1", lambda m, x: [x**2, x**0, x**1, x**-1, x**-2.0], A, domain=(0.3, 2.0)),
    case("0 ** n", lambda m, x: [x**2, x**0, x**1, x**3], np.array([0.0, -1.0, 2.0])),
    case("negative ** n", lambda m, x: [x**2, x**3, x**-3, m.pow(x, 2)], A, domain=(-2.0, -0.3)),
    case("x ** tensor with 0", lambda m, x, y: x**y, np.array([0.0, 0.0, 2.0, 2.0]), np.array([0.0, 2.0, 0.0, -1.0]), order=1),
    case("number ** tensor", lambda m, x: [m.pow(2, x), m.pow(0.5, x)], A),
    case("0 ** tensor", lambda m, x: [0**x, m.pow(0.0, x)], HALVES, order=1),
    case("integers ** integers", lambda m, x: [x**2, x**3, m.pow(x, abs(x) % 4), x**0, x**0.5], MORE),
    case("max, min of two", lambda m, x, y: [m.max(x, y), x.min(y), m.max(x, other=y)], A, A),
    case("clamp", lambda m, x: [m.clamp(x, -1, 0.5), x.clamp(-1, 1), x.clip(min=0), m.clip(x, max=0)], A),
    case("clamp at the bounds", lambda m, x: [x.clamp(-1.5, 1.5), x.clamp(min=0.5), x.clamp(max=0.5)], HALVES),
    case("clamp with crossed bounds", lambda m, x: x.clamp(1, -1), HALVES),
    case("clamp by tensors", lambda m, x, a, b: [m.clamp(x, a, b), m.clamp(x, min=a), m.clamp(x, max=b)], A, B, B),
    case("clamp_min, clamp_max", lambda m, x: [m.clamp_min(x, 0.5), x.clamp_max(0.5), x.clamp_min(-1)], A),
    case("clamp of integers", lambda m, x: [x.clamp(-1, 3), x.clamp(min=1), x.clamp(max=2)], INTS),
    case("clamp of nan", lambda m, x: x.clamp(-1, 1), EXTREME, order=1),
    case("clamp_, clip_", lambda m, x: [(x * 1).clamp_(-1, 1), (x * 1).clip_(0), (x * 1).clamp_min_(0), (x * 1).clamp_max_(0)], A),
    case("where", lambda m, x, y: [m.where(x > y, x, y), m.where(x > 0, x, 0.0), m.where(x > 0, 1.0, x)], A, A),
    case("where broadcasts", lambda m, x, y: m.where(y > 0, x, y), (3, 1), B),
    case("where of numbers", lambda m, t: [m.where(t, 1, 0), m.where(t, 1.0, 0), m.where(t, True, False)], TRUTHS),
    case("where hides infinite slopes", lambda m, x: m.where(x > 0, x.clamp(min=0.1).log(), x), HALVES),
    case("where of the condition", lambda m, t: m.where(t), TRUTHS),
    case("masked_fill", lambda m, x: [m.masked_fill(x, x > 0, 7), x.masked_fill(x < 0, -1.5)], A),
    case("masked_fill by a tensor", lambda m, x, v: x.masked_fill(x > 0, v), A, ()),
    case("masked_fill broadcasts", lambda m, x, t: x.masked_fill(t, 0), (2, 2, 3), TRUTHS),
    case("masked_fill of integers", lambda m, x, t: x.masked_fill(t, 9), INTS, TRUTHS),
    case("masked_fill_", lambda m, x, t: (x * 1).masked_fill_(t, 9), (2, 3), TRUTHS),
]  # fmt: skip


def augmented(x, y):
    x += y
    x *= y
    x -= 2
    x /= 4
    x **= 2
    x %= 2
    return x


def augmented_bits(x, y):
    x |= y
    x &= 6
    x ^= y
    x *= 3
    x -= y
    return x


# --- reductions -------------------------------------------------------------------------------------------

MANY = "sum mean amax amin"  # over any dimensions
ONE = "prod argmax argmin"  # over one
TRUTH = "all any"

REDUCTIONS = [
    *each(MANY + " prod std var max min argmax argmin all any", both_ways, C),
    *each("sum mean prod amax amin max min argmax argmin all any norm", both_ways, ()),
    *each("std var", both_ways, (), order=1),
    *each("sum mean prod all any std var norm", both_ways, (0,), order=1),
    *each("sum mean prod all any norm", both_ways, (1,)),
    *each("sum prod all any max min amax amin argmax argmin", both_ways, INTS),
    *each("sum prod all any max min amax amin", both_ways, TRUTHS),
    *each("sum prod all any max min amax amin", both_ways, BYTES),
    *each("max min amax amin argmax argmin sum mean prod norm", both_ways, TIES),
    *each("amax amin", both_ways, EXTREME, order=0),
    *each("max min argmax argmin sum mean prod all any norm std var", both_ways, EXTREME, order=1),
    *(
        case(f"{name} {dim} {keepdim}", lambda m, x, name=name, dim=dim, keepdim=keepdim: [
            getattr(m, name)(x, dim=dim, keepdim=keepdim), getattr(x, name)(dim, keepdim)], C)
        for name in (MANY + " logsumexp " + TRUTH).split()
        for dim in (0, -1, (0, 2), [1], (-1, 0, 1))
        for keepdim in (False, True)
    ),
    *(
        case(f"{name} {dim} {keepdim}", lambda m, x, name=name, dim=dim, keepdim=keepdim: [
            getattr(m, name)(x, dim=dim, keepdim=keepdim), getattr(x, name)(dim, keepdim)], C)
        for name in (ONE + " max min").split()
        for dim in (0, 1, -1)
        for keepdim in (False, True)
    ),
    *(
        case(f"{name} {more}", lambda m, x, name=name, more=more: [getattr(m, name)(x, **more), getattr(x, name)(**more)], C)
        for name in ("std", "var")
        for more in ({"dim": 1}, {"dim": (0, 2), "keepdim": True}, {"unbiased": False}, {"dim": 0, "unbiased": True},
                     {"correction": 0}, {"correction": 2, "dim": -1}, {"correction": 0.5}, {"dim": None, "keepdim": True},
                     {"dim": [0, 1], "correction": 0, "keepdim": True})
    ),
    *(
        case(f"norm {p} {dim}", lambda m, x, p=p, dim=dim: [m.norm(x, p, dim), x.norm(p=p, dim=dim, keepdim=True)], C)
        for p in (2, 1, 3, 2.5, 0, 0.5, float("inf"), float("-inf"), "fro", None)
        for dim in (None, 1, (0, 2))
        if dim is not None or p not in ("fro", None)
    ),
    *each("max min amax amin argmax argmin logsumexp sum mean prod norm cumsum softmax log_softmax all any",
          lambda name, m, x: getattr(x, name)(dim=1), TIES, order=1),
    *each("max min amax amin argmax argmin logsumexp sum mean prod norm all any cumsum softmax log_softmax",
          lambda name, m, x: getattr(x, name)(dim=0), ()),
    *each("sum mean logsumexp prod all any norm std var softmax log_softmax cumsum max min amax amin argmax argmin",
          lambda name, m, x: getattr(x, name)(dim=1), (0, 3), order=1),
    *each("sum mean prod all any norm", lambda name, m, x: getattr(x, name)(dim=1), (3, 0), order=1),
    *each("logsumexp softmax log_softmax", lambda name, m, x: getattr(m, name)(x * 500, dim=-1), A),
    *each("logsumexp softmax log_softmax", lambda name, m, x: getattr(m, name)(x, 0), EXTREME[1:], order=0),
    *each("softmax log_softmax", lambda name, m, x: [getattr(m, name)(x, dim) for dim in (0, 1, -1)], C),
    *each("softmax log_softmax", lambda name, m, x: getattr(m, name)(x, 1, dtype=m.float64), INTS),
    case("sum of nothing and all", lambda m, x: [x.sum(()), x.sum([]), x.sum(None), m.sum(x, dim=None)], C),
    case("mean of nothing and all", lambda m, x: [x.mean(()), x.mean([]), x.mean(None)], C),
    case("amax of all", lambda m, x: [x.amax(()), m.amin(x)], C),
    case("sum with NumPy's names", lambda m, x: [m.sum(x, axis=1), m.sum(x, axis=(0, 2), keepdims=True), x.mean(axis=0)], C),
    case("max with NumPy's names", lambda m, x: [m.max(x, axis=1), x.amax(axis=0), x.argmax(axis=1), x.std(axis=1)], C),
    case("sum to another dtype", lambda m, x: [x.sum(dtype=m.float64), m.sum(x, 0, dtype=m.float64)], A),
    case("sum of integers to floats", lambda m, x: [x.sum(dtype=m.float32), m.mean(x, dtype=m.float64), x.prod(dtype=m.float32)], INTS),
    case("prod with one zero", lambda m, x: [x.prod(), x.prod(0), x.prod(1, keepdim=True)], np.array([[1.0, 0.0, 2.0], [3.0, 4.0, 5.0]])),
    case("prod with two zeros", lambda m, x: [x.prod(), x.prod(0), x.prod(1)], np.array([[1.0, 0.0, 0.0], [3.0, 4.0, 5.0]])),
    case("norm of zeros", lambda m, x: [x.norm(), x.norm(1), x.norm(3), m.norm(x, float("inf"))], np.zeros((2, 3)), order=1),
    case("norm with zeros", lambda m, x: [x.norm(), x.norm(1), x.norm(1.5), x.norm(3)], np.array([0.0, 3.0, -4.0]), order=1),
    case("std of equal ones", lambda m, x: [x.std(), x.var()], np.ones(4), order=1),
    case("var of one", lambda m, x: [x.var(), x.std(), x.var(correction=0)], (1,), order=1),
    case("cumsum", lambda m, x: [m.cumsum(x, 0), x.cumsum(-1), x.cumsum(dim=1)], C),
    case("cumsum of integers", lambda m, x, t: [x.cumsum(0), t.cumsum(1), x.cumsum(0, dtype=m.float32)], INTS, TRUTHS),
    case("cumsum_", lambda m, x: (x * 1).cumsum_(0), A),
    case("max unpacked", lambda m, x: max_unpacked(m, x), C),
    case("allclose, equal", lambda m, x: [m.allclose(x, x + 1e-9), x.allclose(x + 1), m.equal(x, x), x.equal(x[0])], A),
    case("allclose with tolerances", lambda m, x: [m.allclose(x, x + 0.1, rtol=0, atol=0.2), x.allclose(x, equal_nan=True)], EXTREME),
]  # fmt: skip


def max_unpacked(m, x):
    values, indices = m.max(x, dim=1)
    named = x.min(1)
    return [values, indices, named.values, named.indices, named[0]]


# --- shapes -----------------------------------------------------------------------------------------------

SHAPES = [
    case("reshape", lambda m, x: [m.reshape(x, (4, 3)), x.reshape(2, 6), x.reshape(-1), x.reshape((2, -1)), x.reshape([12])], A),
    case("reshape of 0-d and empty", lambda m, x, y: [x.reshape(1, 1), x.reshape(-1), y.reshape(3, 0), y.reshape(0)], (), (0, 3)),
    case("view", lambda m, x: [x.contiguous().view(4, 3), x.contiguous().view(-1), x.contiguous().view((2, 2, 3)), x.contiguous().view_as(x)], A),
    case("reshape_as", lambda m, x, y: x.reshape_as(y), A, (2, 6)),
    case("flatten", lambda m, x: [m.flatten(x), x.flatten(1), x.flatten(0, 1), m.flatten(x, start_dim=-2, end_dim=-1)], C),
    case("flatten of 0-d", lambda m, x: [x.flatten(), x.ravel(), m.ravel(x)], ()),
    case("ravel", lambda m, x: [m.ravel(x), x.ravel()], A),
    case("permute", lambda m, x: [m.permute(x, (2, 0, 1)), x.permute(1, 0, 2), x.permute(-1, 0, 1), x.permute([0, 1, 2])], C),
    case("transpose", lambda m, x: [m.transpose(x, 0, 1), x.transpose(-1, 0), x.swapaxes(1, 2), x.swapdims(0, 1), m.swapaxes(x, 0, 2), m.swapdims(x, 0, 2)], C),
    case("t, T, mT", lambda m, x, y: [m.t(x), x.t(), x.T, x.mT, y.mT, m.t(x[0])], A, C),
    case("transpose of 0-d", lambda m, x: [x.transpose(0, 0), x.t(), x.permute(())], ()),
    case("movedim", lambda m, x: [m.movedim(x, 0, 2), x.movedim(-1, 0), x.moveaxis((0, 1), (1, 2)), m.moveaxis(x, [0, 2], [2, 0])], C),
    case("expand", lambda m, x: [x.expand(2, 3, 4), x.expand(-1, 4), x.expand((3, 4)), x.expand(3, -1), m.broadcast_to(x, (2, 3, 4))], (3, 1)),
    case("expand_as", lambda m, x, y: [x.expand_as(y), x.broadcast_to((2, 3, 4))], (3, 1), C),
    case("expand of 0-d", lambda m, x: [x.expand(2, 3), x.expand(0)], ()),
    case("squeeze", lambda m, x: [m.squeeze(x), x.squeeze(0), x.squeeze(1), x.squeeze((0, 2)), x.squeeze(-1), x.squeeze([0, 1])], (1, 3, 1)),
    case("squeeze of 0-d", lambda m, x: [x.squeeze(), x.squeeze(0), x.squeeze(-1)], ()),
    case("unsqueeze", lambda m, x: [m.unsqueeze(x, 0), x.unsqueeze(1), x.unsqueeze(-1), x.unsqueeze(-3)], A),
    case("unsqueeze of 0-d", lambda m, x: [x.unsqueeze(0), x.unsqueeze(-1)], ()),
    case("cat", lambda m, x, y: [m.cat([x, y]), m.cat((x, x, y), dim=0), m.cat([x, x], 1), m.cat([x, x], dim=-1), m.cat([y, x], axis=0)], A, (2, 4)),
    case("concat", lambda m, x, y: [m.concat([x, y]), m.concatenate([x, y], dim=0)], A, (2, 4)),
    case("cat of one, of empty", lambda m, x, y: [m.cat([x]), m.cat([y, x]), m.cat([x, y]), m.cat([x[:0], x])], A, (0,)),
    case("cat of mixed dtypes", lambda m, x, y: [m.cat([x, y]), m.cat([y, y > 0])], (2, 3), INTS),
    case("stack", lambda m, x, y: [m.stack([x, y]), m.stack((x, y), dim=1), m.stack([x, y, x], -1)], A, A),
    case("cat and stack of transposed", lambda m, x: [m.stack([x.T]).view(-1), m.cat([x.T, x.T]).view(-1), m.stack([x.T, x.T], -1).is_contiguous()], A),
    case("stack of 0-d", lambda m, x, y: [m.stack([x, y]), m.stack([x])], (), ()),
    case("split", lambda m, x: [m.split(x, 2), x.split(3, dim=1), x.split([1, 2]), m.split(x, (1, 0, 3), dim=-1), x.split(5)], A),
    case("chunk", lambda m, x: [m.chunk(x, 2), x.chunk(3, dim=1), x.chunk(3, -1), x.chunk(7)], (5, 4)),
    case("split of empty", lambda m, x: [x.split(2), x.chunk(2), x.chunk(2, 1)], (0, 3), order=1),
    case("unbind", lambda m, x: [m.unbind(x), x.unbind(1), x.unbind(-1)], A),
    case("iteration", lambda m, x: [list(x), [row.sum() for row in x], len(x)], A),
    case("unpacking", lambda m, x: (lambda a, b, c: a * b + c)(*x), A),
    case("narrow", lambda m, x: [m.narrow(x, 0, 1, 2), x.narrow(1, 0, 3), x.narrow(-1, -2, 2), x.narrow(0, 3, 0)], A),
    case("repeat", lambda m, x: [x.repeat(2, 1), x.repeat(2, 1, 3), x.repeat((1, 2)), x.repeat(0, 1)], (2, 3)),
    case("repeat of 0-d", lambda m, x: [x.repeat(3), x.repeat(2, 2)], ()),
    case("tile", lambda m, x: [m.tile(x, (2,)), x.tile(2, 1), x.tile((2, 1, 3)), m.tile(x, (1, 1))], (2, 3)),
    case("flip", lambda m, x: [m.flip(x, (0,)), x.flip(1), x.flip(0, -1), x.flip([0, 1])], A),
    case("roll", lambda m, x: [m.roll(x, 1), x.roll(-1, 0), x.roll((1, 2), (0, 1)), x.roll(5, dims=1), x.roll([1], [-1])], A),
    case("roll of 0-d and empty", lambda m, x, y: [x.roll(1), y.roll(1, 0)], (), (0, 3)),
    case("tril, triu", lambda m, x: [m.tril(x), x.triu(), x.tril(-1), m.triu(x, diagonal=1), x.tril(1), x.triu(-2)], (2, 3, 4)),
    case("tril_, triu_", lambda m, x: [(x * 1).tril_(), (x * 1).triu_(1)], A),
    case("diagonal", lambda m, x: [m.diagonal(x), x.diagonal(1), x.diagonal(-1, 1, 2), x.diagonal(offset=0, dim1=-1, dim2=0)], (3, 3, 4)),
    case("diagonal out of range", lambda m, x: [x.diagonal(9), x.diagonal(-9)], A),
    case("clone, contiguous", lambda m, x: [m.clone(x), x.clone(), x.t().contiguous(), x.contiguous()], A),
    case("detach", lambda m, x: [x.detach(), (x * 2).detach() * x], A),
]  # fmt: skip

# --- indexing ---------------------------------------------------------------------------------------------

ROWS, COLUMNS = np.array([2, 0, 2]), np.array([[0, 3], [1, -1]])


def taken(name, index, shape=(3, 4, 2), **more):
    """A line that reads `x[index]`, where `index` may be a function of the library."""
    return case(f"x[{name}]", lambda m, x: x[index(m) if callable(index) else index], shape, **more)


def put(name, index, value, shape=(3, 4, 2)):
    """A line that writes `value`, a number or a tensor of the given shape, at `x[index]`."""

    def program(m, x, *v):
        x = x * 1
        x[index(m) if callable(index) else index] = v[0] if v else value
        return x

    return case(f"x[{name}] = {value}", program, shape, *([value] if isinstance(value, tuple) else []))


def long(values):
    return lambda m: m.tensor(values)


INDEXING = [
    taken("0", 0),
    taken("-1", -1),
    taken("1:3", slice(1, 3)),
    taken("::2", slice(None, None, 2)),
    taken("1:", slice(1, None)),
    taken("5:9", slice(5, 9)),
    taken("-2:-1", slice(-2, -1)),
    taken("0, 1", (0, 1)),
    taken("0, 1, 1", (0, 1, 1)),
    taken(":, 1", (slice(None), 1)),
    taken("..., 0", (..., 0)),
    taken("...", ...),
    taken("1, ..., 0", (1, ..., 0)),
    taken("None", None),
    taken(":, None, 0", (slice(None), None, 0)),
    taken("..., None", (..., None)),
    taken("()", ()),
    taken("0-d tensor", long(1)),
    taken("list", [2, 0, 0]),
    taken("rows", long([2, 0, 2])),
    taken("negative rows", long([-1, -3])),
    taken("rows, columns", lambda m: (m.tensor([2, 0, 2]), m.tensor([1, 1, -1]))),
    taken("rows, list", lambda m: (m.tensor([2, 0]), [1, 3])),
    taken("rows, :, columns", lambda m: (m.tensor([2, 0]), slice(None), m.tensor([1, 1]))),
    taken("matrix of rows", long([[0, 1], [2, 0]])),
    taken("broadcast", lambda m: (m.tensor([[0], [2]]), m.tensor([1, 3, 3]))),
    taken("rows, 1:3", lambda m: (m.tensor([2, 0]), slice(1, 3))),
    taken(":, rows", lambda m: (slice(None), m.tensor([3, 0, 3]))),
    taken("0, rows", lambda m: (0, m.tensor([3, 0]))),
    taken("0, :, rows", lambda m: (0, slice(None), m.tensor([1, 0, 0]))),
    taken("rows, 0", lambda m: (m.tensor([2, 0]), 0)),
    taken("rows, None", lambda m: (m.tensor([2, 0]), None)),
    taken("..., rows", lambda m: (..., m.tensor([1, 0, 0]))),
    taken("rows, ..., rows", lambda m: (m.tensor([1, 0]), ..., m.tensor([1, 0]))),
    taken("1:, rows, None", lambda m: (slice(1, None), m.tensor([1, 0]), None)),
    taken("mask", lambda m: m.tensor([True, False, True])),
    taken("mask of two", lambda m: m.tensor([[True, False, False, True]] * 3)),
    taken("mask, 1", lambda m: (m.tensor([True, False, True]), 1)),
    taken("mask, rows", lambda m: (m.tensor([True, False, True]), m.tensor([1, 3]))),
    taken(":, mask", lambda m: (slice(None), m.tensor([True, False, True, True]))),
    taken("list of truths", [True, False, True]),
    taken("True", True),
    taken("False", False, order=1),
    taken("empty list", [], order=1),
    taken("no rows", lambda m: m.tensor([], dtype=m.int64), order=1),
    taken("int32 rows", lambda m: m.tensor([1, 0], dtype=m.int32)),
    taken("NumPy array", np.array([1, 0])),
    taken("range", lambda m: list(range(2))),
    case("x[x > 0]", lambda m, x: x[x > 0], A),
    case("0-d x[None], x[...], x[()]", lambda m, x: [x[None], x[...], x[()]], ()),
    case("0-d x[True]", lambda m, x: [x[m.tensor(True)], x[m.tensor(False)]], (), order=1),
    case("indexing twice", lambda m, x: [x[1:][0], x[0][1:3][::2], x[m.tensor([0, 1])][1]], C),
    case("integers", lambda m, x: [x[0], x[:, 1], x[m.tensor([1, 0])], x[x > 0]], INTS),
    put("0", 0, 7),
    put("0", 0, (4, 2)),
    put("0", 0, (2,)),
    put("0", 0, ()),
    put("1:3", slice(1, 3), (2, 4, 2)),
    put("1:3", slice(1, 3), (1, 4, 1)),
    put("...", ..., 0),
    put("..., 0", (..., 0), (3, 4)),
    put("..., 0", (..., 0), (1, 1, 3, 4)),
    put("None, 0", (None, 0), (1, 4, 2)),
    put("rows", long([2, 0]), (2, 4, 2)),
    put("rows", long([2, 0]), (2,)),
    put("rows", long([2, 0]), -1.5),
    put("rows, columns", lambda m: (m.tensor([2, 0]), m.tensor([1, 1])), (2, 2)),
    put(":, rows", lambda m: (slice(None), m.tensor([1, 3])), (3, 2, 2)),
    put("mask", lambda m: m.tensor([True, False, True]), 3),
    put("mask", lambda m: m.tensor([True, False, True]), (2, 4, 2)),
    put("list", [1, 2], (4, 2)),
    case("x[x > 0] = 0", lambda m, x: setitem(x * 1, x > 0, 0), A),
    case("x[x > 0] = y[x > 0]", lambda m, x, y: setitem(x * 1, x > 0, y[x > 0]), A, A),
    case("x[0] += 1", lambda m, x: add_to_first(x * 1), A),
    case("x[i] = integers", lambda m, x, y: setitem(x * 1, 0, y), (2, 3), np.array([1, 2, 3])),
    case("integers[i] = 2.7", lambda m, x: setitem(x + 0, 0, 2.7), INTS),
    case("integers[rows] = 2.7", lambda m, x: setitem(x + 0, m.tensor([0]), 2), INTS),
    case("bool[i] = 2", lambda m, x: setitem(x.clone(), 0, 2), TRUTHS),
    case("nonzero", lambda m, x: [m.nonzero(x), x.nonzero(), m.nonzero(x, as_tuple=True)], INTS),
    case("nonzero of 0-d and empty", lambda m, x, y: [m.nonzero(x), m.nonzero(x, as_tuple=True), y.nonzero()], np.array(3), INTS[:0]),
    case("gather", lambda m, x: [m.gather(x, 0, m.tensor([[0, 2, 1, 1], [2, 2, 0, 0]])), x.gather(1, m.tensor([[0, 0], [3, 1]]))], A),
    case("gather of 0-d", lambda m, x: x.gather(0, m.tensor(0)), ()),
    case("index_select", lambda m, x: [m.index_select(x, 0, m.tensor([2, 0, 2])), x.index_select(-1, m.tensor([1, 1])), x.index_select(1, m.tensor(2))], A),
    case("masked_select", lambda m, x: [m.masked_select(x, x > 0), x.masked_select(m.tensor([True, False, True, False]))], A),
    case("masked_select broadcasts", lambda m, x: x.masked_select(m.tensor([[True], [False], [True]])), B),
]  # fmt: skip


def setitem(x, index, value):
    x[index] = value
    return x


def add_to_first(x):
    x[0] += 1
    x[:, 1] *= 2
    return x


# --- products ---------------------------------------------------------------------------------------------

RANKS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (5, 3, 1)),
    ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((2, 3), (3, 0)), ((0,), (0,)), ((5, 2, 0), (0, 4)), ((0, 2, 3), (3, 4)),
]  # fmt: skip

PRODUCTS = [
    *(case(f"matmul {a} {b}", lambda m, x, y: [m.matmul(x, y), x @ y, x.matmul(y)], a, b) for a, b in RANKS),
    case("mm", lambda m, x, y: [m.mm(x, y), x.mm(y)], (2, 3), (3, 4)),
    case("mm of a transposed", lambda m, x, y: [m.mm(x, y.t()), x.t() @ x, x.T.mm(x)], (2, 3), (4, 3)),
    case("bmm", lambda m, x, y: [m.bmm(x, y), x.bmm(y)], (5, 2, 3), (5, 3, 4)),
    case("mv", lambda m, x, y: [m.mv(x, y), x.mv(y)], (2, 3), (3,)),
    case("dot", lambda m, x, y: [m.dot(x, y), x.dot(y)], (3,), (3,)),
    case("outer", lambda m, x, y: [m.outer(x, y), x.outer(y)], (3,), (4,)),
    case("addmm", lambda m, b, x, y: [m.addmm(b, x, y), b.addmm(x, y), m.addmm(b, x, y, beta=2, alpha=0.5)], B, (2, 3), (3, 4)),
    case("matmul of integers", lambda m, x, y: [x @ y.T, m.matmul(x, y[0]), m.dot(x[0], y[0])], INTS, MORE),
    case("x @ x", lambda m, x: [x @ x, x @ x.T], (3, 3)),
    case("@=", lambda m, x, y: matmul_assigned(x, y), (3, 3), (3, 3)),
]  # fmt: skip


def matmul_assigned(x, y):
    x = x * 1
    x @= y
    return x


# --- making tensors ---------------------------------------------------------------------------------------

CREATION = [
    case("tensor of numbers", lambda m: [m.tensor(1), m.tensor(1.5), m.tensor(True), m.tensor(1 + 2j)]),
    case("tensor of lists", lambda m: [m.tensor([1, 2]), m.tensor([[1.0], [2]]), m.tensor([True]), m.tensor([1, 2j]), m.tensor((1, (2,)[0]))]),
    case("tensor of nothing", lambda m: [m.tensor([]), m.tensor([[]]), m.tensor([[], []])]),
    case("tensor of mixed numbers", lambda m: [m.tensor([True, 2]), m.tensor([True, 2.5]), m.tensor([1, 2.5])]),
    case("tensor of arrays", lambda m: [m.tensor(np.arange(3)), m.tensor(np.ones(2)), m.tensor(np.float32(1)), m.tensor(np.array([True]))]),
    case("tensor of a list of NumPy numbers", lambda m: [m.tensor([np.float64(1), np.float64(2)]), m.tensor([np.int32(1)])]),
    case("tensor of a list of tensors", lambda m: [m.tensor([m.tensor(1.0), m.tensor(2.0)]), m.tensor([m.tensor(3)])]),
    case("tensor with a dtype", lambda m: [m.tensor([1, 2], dtype=m.float64), m.tensor([1.7, -2.7], dtype=m.int32), m.tensor([0.0, 2.0], dtype=m.bool)]),
    case("tensor with Python's dtypes", lambda m: [m.tensor([1], dtype=float), m.tensor([1.5], dtype=int), m.tensor([2], dtype=bool)]),
    case("tensor that requires grad", lambda m: m.tensor([1.0, 2.0], requires_grad=True)),
    case("as_tensor, asarray", lambda m, x: [m.as_tensor([1, 2]), m.as_tensor(x), m.as_tensor(1.5, dtype=m.float64), m.asarray([1.0])], A),
    case("from_numpy", lambda m: [m.from_numpy(np.arange(3)), m.from_numpy(np.ones((2, 2), np.float16))]),
    case("zeros, ones, empty", lambda m: [m.zeros(2, 3), m.ones((2, 3)), m.zeros([2]), m.ones(()), m.zeros(0), m.zeros(3, dtype=m.int64), m.empty(0, 2)]),
    case("zeros by name", lambda m: [m.zeros(size=(2, 3)), m.ones(size=(2,), dtype=m.bool), m.zeros(2, requires_grad=True)]),
    case("full", lambda m: [m.full((2,), 7), m.full((2, 2), 0.5), m.full((), True), m.full((2,), 1, dtype=m.float64), m.full([1], 1j)]),
    case("eye", lambda m: [m.eye(3), m.eye(2, 3), m.eye(2, dtype=m.int64), m.eye(0)]),
    case("arange", lambda m: [m.arange(3), m.arange(1, 4), m.arange(1, 2, 0.3), m.arange(5, 0, -2), m.arange(3.0), m.arange(0)]),
    case("arange with a dtype", lambda m: [m.arange(3, dtype=m.float32), m.arange(0.5, 3, dtype=m.int64), m.arange(end=3), m.arange(start=1, end=5, step=2)]),
    case("linspace", lambda m: [m.linspace(0, 1, 5), m.linspace(1, -1, 4), m.linspace(0, 1, 1), m.linspace(0, 1, 0), m.linspace(0, 10, steps=3, dtype=m.float64)]),
    case("zeros_like", lambda m, x, n: [m.zeros_like(x), m.ones_like(n), m.full_like(x, 3), m.full_like(n, 2.7), m.empty_like(n[:0])], A, INTS),
    case("zeros_like with a dtype", lambda m, x: [m.zeros_like(x, dtype=m.int64), m.ones_like(x, requires_grad=True), m.full_like(x, 2, dtype=m.int32)], A),
    case("new_*", lambda m, x: [x.new_zeros(2), x.new_ones((2, 3)), x.new_full((2,), 7), x.new_tensor([1, 2]), x.new_empty(0), x.new_zeros(2, dtype=m.int64)], A),
    case("Tensor()", lambda m: [m.Tensor([1, 2]), m.Tensor(), m.Tensor([[1.5]])]),
    case("to dtypes", lambda m, x: [x.to(m.float64), x.to(dtype=m.float32), x.to("cpu"), x.to(x), x.type_as(x), x.to("cpu", m.float64), x.type(m.float64)], A),
    case("conversions", lambda m, x: [x.float(), x.double(), x.half(), x.int(), x.long(), x.short(), x.char(), x.bool()], A),
    case("conversions of integers", lambda m, x: [x.float(), x.double(), x.bool(), x.byte(), x.char(), x.int(), x.cfloat(), x.cdouble()], INTS),
    case("conversion to complex", lambda m, x: [x.cfloat().real, x.cdouble().imag], A),
    case("dtype of what is converted", lambda m, x: [m.ones(2).to(x).dtype, x.half().dtype, x.dtype.is_floating_point], A),
    case("promote_types", lambda m: [m.promote_types(m.int32, m.float16), m.promote_types(m.uint8, m.int8), m.can_cast(m.float32, m.int8)]),
    case("finfo", lambda m: [float(getattr(m.finfo(m.float32), n)) for n in ("eps", "max", "min", "tiny", "bits")]),
    case("iinfo", lambda m: [int(getattr(m.iinfo(m.int16), n)) for n in ("max", "min", "bits")]),
]  # fmt: skip

# --- what a tensor says of itself -------------------------------------------------------------------------

FACTS = [
    case("shape, size", lambda m, x: [tuple(x.shape), tuple(x.size()), x.size(0), x.size(-1), x.shape.numel(), tuple(x.shape[1:])], C),
    case("counts", lambda m, x: [x.dim(), x.ndim, x.ndimension(), x.numel(), x.nelement(), x.element_size(), x.nbytes, x.itemsize], C),
    case("kinds", lambda m, x: [x.is_floating_point(), x.is_complex(), x.is_contiguous(), x.t().is_contiguous(), x.is_leaf, (x * 1).is_leaf], A),
    case("strides", lambda m, x: [(x * 1).stride(), (x * 1).stride(0), (x * 1).t().stride(), (x * 1)[::2].stride()], A),
    case("item, tolist", lambda m, x: [x.sum().item(), x.tolist(), x[0, 0].tolist(), int(x.argmax()), float(x[0, 0]), complex(x[0, 0])], A),
    case("item of integers", lambda m, x: [x[0, 0].item(), x.tolist(), int(x[0, 1]), float(x[0, 2]), bool(x[0, 2]), [10, 20, 30][x[1, 0]]], INTS),
    case("truth", lambda m, x: [bool(x[0] > 0), bool(m.tensor([[1]])), not m.tensor(0.0), 7 in x, 9 in x], WHOLE),
    case("formatting", lambda m, x: [f"{x[0]:.3f}", f"{x.sum():8.2e}", f"{x.argmax()}", f"{x.argmax():d}"], np.array([0.25, 1.5])),
    case("device", lambda m, x: [str(x.device), x.cpu(), x.is_cuda, x.is_mps, x.is_meta, x.is_sparse, x.is_quantized], A),
    case("grad_fn", lambda m, x: [x.grad_fn, x.grad, (x * 1).grad_fn is None, x.detach().requires_grad], A),
    case("numpy", lambda m, x: [x.detach().numpy().tolist(), x.numpy(force=True).tolist(), np.asarray(x.detach()).tolist()], A),
    case("clone keeps the history", lambda m, x: [x.clone().is_leaf, x.detach().is_leaf, x.requires_grad_().is_leaf], A),
    case("conj, real of real", lambda m, x: [x.conj(), m.conj(x), x.real, m.real(x)], A),
]  # fmt: skip

# --- the names of arguments -------------------------------------------------------------------------------

KEYWORDS = [
    case("of one tensor", lambda m, x: [m.exp(input=x), m.relu(input=x), m.sum(input=x, dim=0), m.clone(input=x)], A),
    case("of two tensors", lambda m, x, y: [m.mul(x, other=y), m.add(input=x, other=y, alpha=2), m.maximum(x, other=y), x.eq(other=y)], A, A),
    case("pow, clamp, where", lambda m, x: [m.pow(x, exponent=2), m.clamp(input=x, min=0, max=1), m.where(condition=x > 0, input=x, other=-x)], A),
    case("reshape", lambda m, x: [x.reshape(shape=(4, 3)), m.reshape(input=x, shape=(2, 6)), x.contiguous().view(size=(12,))], A),
    case("permute", lambda m, x: [x.permute(dims=(1, 0)), m.permute(x, dims=(1, 0)), x.transpose(dim0=0, dim1=1), m.movedim(x, source=0, destination=1)], A),
    case("flip, roll, tile", lambda m, x: [x.flip(dims=(0,)), m.flip(x, dims=[0, 1]), m.roll(x, shifts=1, dims=0), m.tile(x, dims=(2,)), x.repeat(repeats=(2, 1))], A),
    case("expand, squeeze", lambda m, x: [x.expand(size=(2, 3, 4)), m.broadcast_to(x, size=(2, 3, 4)), x.unsqueeze(dim=1).squeeze(dim=1), x.narrow(dim=0, start=1, length=1)], A),
    case("cat, split", lambda m, x: [m.cat(tensors=[x, x], dim=1), m.stack(tensors=[x, x], dim=1), m.split(x, split_size_or_sections=2, dim=0), x.split(split_size=2), m.chunk(x, chunks=2, dim=1)], A),
    case("indexing", lambda m, x: [m.gather(x, dim=0, index=m.tensor([[0, 1, 2, 0]])), x.index_select(dim=0, index=m.tensor([1])), m.masked_fill(x, mask=x > 0, value=2), m.masked_select(x, mask=x > 0)], A),
    case("reductions", lambda m, x: [x.mean(dim=0, keepdim=True), m.std(x, dim=1, correction=0), m.norm(x, p=1, dim=0), m.max(x, dim=0, keepdim=True), x.argmax(dim=1), m.cumsum(x, dim=0), x.softmax(dim=-1)], A),
    case("products", lambda m, x, y: [m.matmul(x, other=y), m.mm(input=x, mat2=y), m.addmm(input=x @ y, mat1=x, mat2=y, beta=2), m.outer(x[0], vec2=x[1])], (3, 3), (3, 3)),
    case("creation", lambda m: [m.zeros(size=(2,)), m.full(size=(2,), fill_value=3), m.eye(n=2, m=3), m.arange(start=0, end=3, step=2), m.linspace(start=0, end=1, steps=3), m.tensor(data=[1])]),
    case("drawing", lambda m: [tuple(m.rand(size=(2,)).shape), tuple(m.randint(low=0, high=3, size=(2,)).shape), tuple(m.randint(high=3, size=(2,)).shape), tuple(m.normal(mean=0.0, std=1.0, size=(2,)).shape)]),
]  # fmt: skip

# --- complex numbers --------------------------------------------------------------------------------------

COMPLEX = [
    *each("exp sin cos sinh cosh tanh square neg reciprocal sqrt log sum mean prod abs conj asinh atan", both_ways, A),
    *each("log2 log10 log1p rsqrt expm1 tan asin acos acosh atanh exp2", both_ways, A),
    *each("add sub mul div pow", both_ways, A, B),
    *each("abs exp log sqrt", both_ways, ()),
    *each("eq ne", both_ways, A, A),
    *each("isnan isinf isfinite logical_not", both_ways, A),
    case("real, imag", lambda m, z: [m.real(z), m.imag(z), z.real * z.imag, z.conj() * z], A),
    case("with numbers", lambda m, z: [z * 2, z + 1j, 1j * z, z / 2j, z**2, 2 - z, z**-1], A),
    case("with real tensors", lambda m, z, x: [z * x, z + x, x / z], A, INTS[:1, :1]),
    case("shapes", lambda m, z: [z.T, z[0], z.reshape(-1), z[m.tensor([0, 0])], m.cat([z, z]), z.expand(2, 3, 4), z.tril()], A),
    case("exponentials", lambda m, z: [z.exp2(), z.expm1(), z.logsumexp(0), m.logsumexp(z, (0, 1))], A),
    case("sums", lambda m, z: [z.sum(0), z.mean(1), z.cumsum(0), z.var(0), z.std(1), z.norm(), z.norm(1), z.prod(1)], A),
    case("products", lambda m, z, w: [z @ w, m.dot(z[0], w[:, 0]), m.outer(z[0], w[0])], (3, 3), (3, 3)),
    case("abs at 0", lambda m, z: z.abs(), np.array([0j, 3 + 4j]), order=1),
    case("where", lambda m, z: [m.where(z.real > 0, z, 0), z.masked_fill(z.imag > 0, 1j)], A),
    case("in place", lambda m, z: [(z * 1).mul_(1j), (z * 1).add_(z.conj())], A),
    case("item", lambda m, z: [z[0, 0].item(), z.tolist(), z.is_complex(), complex(z[0, 0])], A),
    case("to real and back", lambda m, z: [z.abs().to(z.dtype), z.cfloat(), z.to(m.complex64)], A),
]  # fmt: skip

TABLES = (UNARY, BINARY, REDUCTIONS, SHAPES, INDEXING, PRODUCTS, KEYWORDS, CREATION, FACTS)


pytestmark = [
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0:UserWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar:UserWarning"),
]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("line", table(*TABLES))
def test_agrees(line, dtype):
    agree(line, dtype)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "contiguous"])
@pytest.mark.parametrize("line", table(*(lines for lines in TABLES if lines not in (CREATION, FACTS))))
def test_agrees_whatever_the_layout(line, layout):
    agree(line, "float64", layout)


@pytest.mark.parametrize("line", table(COMPLEX, SHAPES, PRODUCTS))
def test_agrees_in_complex_numbers(line):
    agree(line, "complex128")


def test_chain_matmul_and_ger():
    def run(m, x, y):
        return m.chain_matmul(x, y, x), m.ger(x[0], y[0]), m.view_as_real(m.complex(x, y))

    x, y = np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3)[::-1].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that chain_matmul is old
        ours, theirs = (run(m, m.from_numpy(x), m.from_numpy(y)) for m in (tg, torch))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy())


def test_nothing_is_forgotten():
    """Every public function, and every method and attribute of Tensor, stands in a test of this folder."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    words = set(re.findall(r"\w+", text))
    public = {name for name, value in vars(tg).items() if callable(value) and hasattr(torch, name)}
    methods = {name for name in vars(tg.Tensor) if hasattr(torch.Tensor, name)}
    in_place = {name for name in methods if name.endswith("_") and name[:-1] in words}
    forgotten = {name for name in (public | methods) - in_place - words if not name.startswith("_")}
    assert forgotten <= {"cuda", "new", "Any", "get_num_threads", "set_num_threads"}
