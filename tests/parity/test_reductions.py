"""Reductions, running results and orders, where the op database does not look: NaN, ties, infinities, nothing."""

import re

import numpy as np
import pytest
import torch
from helpers import agree, case, table

import tinygrad_lite as tg

NAN, INF = np.nan, np.inf
TIES = np.array([[1.0, 3.0, 3.0, -1.0], [2.0, 2.0, 2.0, 2.0], [0.0, -0.0, 0.0, -5.0]])
EXTREME = np.array([[NAN, 1.0, INF, -INF, 2.0], [3.0, -1.0, NAN, NAN, 0.0], [NAN] * 5])
REPEATED = np.array([3, 1, 3, 2, 1, 3])
WIDE = np.random.default_rng(0).integers(-50, 50, 3000)
FRACTIONS = np.random.default_rng(1).permutation(3000).reshape(3, 1000) / 7.0
FACTORS = np.array([[2.0, 0.0, 3.0, -1.5], [0.0, 0.0, 5.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
LEVELS = np.array([0.0, 0.3, 1.0])
EMPTY = np.zeros((3, 0))


def both(name, *args, **kwargs):
    """As a function and as a method."""
    return lambda m, x: [getattr(m, name)(x, *args, **kwargs), getattr(x, name)(*args, **kwargs)]


def values_of(name, *args, **kwargs):
    """Only the values: which of equal elements is named may differ."""
    return lambda m, x: getattr(m, name)(x, *args, **kwargs).values


RUNNING = [
    *(case(f"{name} with zeros, {d}", both(name, d), FACTORS) for name in ("prod", "cumprod") for d in (0, 1)),
    *(case(f"{name} of ties", both(name, 1), TIES) for name in ("cummax", "cummin")),
    *(case(f"{name} of NaN", both(name, 1), EXTREME, order=0) for name in ("cummax", "cummin", "cumsum", "cumprod")),
    *(case(f"{name} of integers", both(name, 0), REPEATED) for name in ("cumsum", "cumprod", "cummax", "cummin")),
    *(case(f"{name} of nothing", both(name, d), EMPTY) for name in ("cumsum", "cumprod") for d in (0, 1)),
    *(case(f"{name} of many", both(name, d), (300, 300), order=1) for name in ("cumsum", "cumprod") for d in (0, 1)),
    case("logcumsumexp", both("logcumsumexp", -1), (3, 5)),
    case(
        "areas",
        lambda m, y, x: [m.trapezoid(y, x), m.trapz(y, dx=0.5), m.cumulative_trapezoid(y, x, dim=0)],
        (4, 4),
        (4,),
    ),
]
ORDER = [
    *(case(f"sort {d} {down}", both("sort", d, down), (3, 4)) for d in (0, 1, -1) for down in (False, True)),
    *(case(f"sort ties {down}", both("sort", 1, down), TIES) for down in (False, True)),
    *(case(f"sort NaN {down}", both("sort", 1, down), EXTREME) for down in (False, True)),
    *(
        case(f"sort many {down}", lambda m, x, down=down: m.sort(x, stable=True, descending=down), WIDE)
        for down in (False, True)
    ),
    *(case(f"sort many fractions {down}", both("sort", -1, down), FRACTIONS, order=1) for down in (False, True)),
    case("argsort", lambda m, x: [x.argsort(), m.argsort(x, 0, True), m.msort(x)], (3, 4)),
    case("topk", lambda m, x: [x.topk(2), m.topk(x, 3, 0, False), x.topk(0)], (3, 4)),
    case("topk of many", lambda m, x: [x.topk(20), m.topk(x, 5, -1, False), x.topk(1)], FRACTIONS, order=1),
    case("topk of NaN", values_of("topk", 3), EXTREME, order=0),
    case("kthvalue", lambda m, x: [x.kthvalue(2), m.kthvalue(x, 3, 0, True)], (3, 4)),
    case("median", lambda m, x: [x.median(), x.median(0), m.median(x, 1, True)], (3, 4)),
    case("median of ties", lambda m, x: x.median(), TIES),
    case(
        "median of NaN", lambda m, x: [x.median(), x.median(1), x.nanmedian(), m.nanmedian(x[:2], 1)], EXTREME, order=1
    ),
    case("median of nothing", lambda m, x: [x.median(), x.nanmedian(), x.long().median()], EMPTY, order=0),
    case("mode", both("mode"), REPEATED),
    case("mode of rows", both("mode", 1, True), TIES),
]
SPREAD = [
    *(
        case(
            f"{name} {between} {d}",
            lambda m, x, q, name=name, between=between, d=d: getattr(m, name)(x, q, d, interpolation=between),
            (3, 5),
            LEVELS,
            order=1,
        )
        for name in ("quantile", "nanquantile")
        for between in ("linear", "lower", "higher", "nearest", "midpoint")
        for d in (None, 0, 1)
    ),
    case(
        "quantile of NaN",
        lambda m, x: [m.quantile(x, 0.3, 1), m.nanquantile(x, 0.3, 1, True)],
        EXTREME[:2, [0, 1, 4]],
        order=1,
    ),
    case(
        "var_mean",
        lambda m, x: [m.var_mean(x), m.std_mean(x, 0), m.var_mean(x, 1, True, True), m.std_mean(x, correction=0)],
        (3, 4),
    ),
    case("cov", lambda m, x: [x.cov(), m.cov(x, correction=0), x.corrcoef(), m.cov(x[0])], (3, 4)),
    case(
        "norms", lambda m, x: [m.linalg.vector_norm(x, p, 1) for p in (0, 0.5, 1, 2, 3, INF, -INF, -1)], (3, 4), order=1
    ),
    case("renorm", lambda m, x: [x.renorm(2, 0, 0.5), m.renorm(x, 1, 1, 3.0), (x * 1).renorm_(2, 0, 1.0)], (3, 4)),
    case("dist", lambda m, x, y: [m.dist(x, y), x.dist(y, 1), x.dist(y, INF)], (3, 4), (4,)),
    case(
        "nansum, nanmean",
        lambda m, x: [x.nansum(), x.nansum(1), m.nanmean(x, 0), x.nanmean(1, True)],
        EXTREME[:2],
        order=1,
    ),
    case("trace", lambda m, x: [m.trace(x), x.trace()], (3, 4)),
    case("aminmax", lambda m, x: [m.aminmax(x), x.aminmax(dim=1), x.aminmax(dim=0, keepdim=True)], TIES),
]
COUNTS = [
    case("unique", lambda m, x: [x.unique(), m.unique(x, return_inverse=True, return_counts=True)], REPEATED),
    case("unique of many", lambda m, x: [x.unique(), m.unique(x, return_inverse=True, return_counts=True)], WIDE),
    case("unique of NaN", lambda m, x: m.unique(x.detach(), return_counts=True), EXTREME, order=0),
    case("unique rows", lambda m, x: m.unique(x.detach(), dim=0, return_inverse=True, return_counts=True), TIES[[0, 1, 0, 2]]),
    case("unique_consecutive", lambda m, x: m.unique_consecutive(x, True, True), np.array([1, 1, 2, 2, 1])),
    case("bincount", lambda m, x, w: [x.bincount(), m.bincount(x, minlength=9), m.bincount(x, w.detach())], REPEATED, (6,)),
    case("count_nonzero", lambda m, x: [m.count_nonzero(x), x.count_nonzero(dim=(0, 1))], TIES, order=0),
    case("all, any of no dimension", lambda m, x: [x.all(()), m.any(x, dim=())], TIES),
    case("histc", lambda m, x: [m.histc(x.detach(), 4), x.detach().histc(3, 0, 3)], TIES),
    case("histogram", lambda m, x: m.histogram(x.detach(), 4, range=(-1.0, 3.0), density=True), TIES),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("line", table(RUNNING, ORDER, SPREAD, COUNTS))
def test_agrees(line, dtype):
    agree(line, dtype)


UNDEFINED = [
    *(
        case(f"{name} of infinities", both(name, 1), EXTREME, order=1)
        for name in ("softmax", "log_softmax", "logsumexp")
    ),
    *(case(f"{name} of one", both(name), (1,), order=1) for name in ("std", "var")),
    *(case(f"{name} of zeros", both(name, 0), np.zeros((2, 3)), order=1) for name in ("std", "norm")),
]


@pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0:UserWarning")
@pytest.mark.parametrize("line", table(UNDEFINED))
def test_agrees_where_plain_arithmetic_is_wanted(line):
    with tg.autograd.nan_gradients():
        agree(line)


NAMED = ["max", "min", "median", "nanmedian", "cummax", "cummin", "sort", "mode"]


@pytest.mark.parametrize("name", NAMED)
def test_named_results_print_as_in_pytorch(name):
    def text(m):
        x = m.tensor([[1.0, 5.0], [3.0, 2.0]])
        return repr(getattr(m, name)(x, dim=1))

    assert text(tg) == text(torch).replace("torch.", "tinygrad_lite.")


def test_named_results_are_tuples():
    out = tg.max(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
    values, indices = out
    assert values is out.values is out[0]
    assert indices is out.indices is out[1]
    assert isinstance(out, tg.return_types.max)


WRONG = {
    "topk, too many": lambda m: m.topk(m.ones(3), 4),
    "topk of truths": lambda m: m.topk(m.ones(3) > 0, 1),
    "kthvalue, too many": lambda m: m.kthvalue(m.ones(2, 2), 3),
    "kthvalue of nothing": lambda m: m.kthvalue(m.ones(0), 1),
    "median of nothing along a dimension": lambda m: m.median(m.ones(0), 0),
    "median of truths": lambda m: m.median(m.ones(3) > 0),
    "argmax of truths": lambda m: m.argmax(m.ones(3) > 0),
    "sort of complex": lambda m: m.sort(m.ones(2, dtype=m.complex64)),
    "sort of no dimension": lambda m: m.sort(m.ones(2), 2),
    "quantile above 1": lambda m: m.quantile(m.ones(3), 1.5),
    "quantile of another dtype": lambda m: m.quantile(m.ones(3), m.ones(1, dtype=m.float64)),
    "quantile of integers": lambda m: m.quantile(m.ones(3).long(), 0.5),
    "quantile of nothing": lambda m: m.quantile(m.ones(0), 0.5),
    "quantile, no such interpolation": lambda m: m.quantile(m.ones(3), 0.5, interpolation="cubic"),
    "bincount of negatives": lambda m: m.bincount(m.tensor([-1, 2])),
    "bincount of fractions": lambda m: m.bincount(m.ones(3)),
    "bincount, other weights": lambda m: m.bincount(m.tensor([1, 2]), m.ones(3)),
    "unique slices of nothing": lambda m: m.unique(m.ones(0, 3), dim=1),
    "vector_norm of nothing": lambda m: m.linalg.vector_norm(m.ones(0), -1),
    "vector_norm in a narrower dtype": lambda m: m.linalg.vector_norm(m.ones(2, dtype=m.float64), dtype=m.float32),
    "norm of integers": lambda m: m.norm(m.ones(2).long()),
    "norm of an unknown name": lambda m: m.norm(m.ones(2, 2), "abc"),
    "trapezoid, too few x": lambda m: m.trapezoid(m.ones(3, 4), m.ones(2)),
    "renorm of a vector": lambda m: m.renorm(m.ones(3), 2, 0, 1.0),
    "logcumsumexp of integers": lambda m: m.logcumsumexp(m.ones(3).long(), 0),
    "histc, ends exchanged": lambda m: m.histc(m.ones(3), min=2, max=1),
    "histc, not finite": lambda m: m.histc(m.tensor([1.0, float("nan")])),
    "nansum of complex": lambda m: m.nansum(m.ones(2, dtype=m.complex64)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_pytorch_refuses_is_refused(name):
    with pytest.raises(Exception, match=".") as theirs:
        WRONG[name](torch)
    with pytest.raises(theirs.type) as ours:
        WRONG[name](tg)
    assert re.search(r"\w+\(\)|\w+:", str(ours.value)), "the message names the function"
