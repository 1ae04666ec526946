"""Every smooth row of one real number against mpmath: within 4 units in the last place, over all of its domain.

The walk is over the op table, so a new row is measured by being there; it needs an exact function here.
"""

import math

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.op import TABLE

mpmath = pytest.importorskip("mpmath")
mp = mpmath.mp.clone()
mp.dps = 40
mpf = mp.mpf
ROOT_HALF = mp.sqrt(mpf(1) / 2)
PI = +mp.pi
WIDTHS = {np.float32: (-45, 38.5), np.float64: (-323.5, 308)}


def erfc(x):
    return mp.erfc(x) if x < 1e4 else mpf(0)


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def ndtr(x):
    return erfc(-x * ROOT_HALF) / 2


def log_ndtr(x):
    if x > 0:
        return mp.log1p(-ndtr(-x))
    return mp.log(ndtr(x)) if x > -1e4 else -x * x / 2 - mp.log(-x) - mp.log(2 * PI) / 2 + mp.log1p(-1 / x**2)


def logaddexp(x, y):
    return max(x, y) + mp.log1p(mp.exp(-abs(x - y)))


def erfinv(x):
    start = mpf(float(tg.erfinv(tg.tensor(float(x), dtype=tg.float64)).item()))
    for _ in range(2):  # Newton's steps
        start -= (mp.erf(start) - x) * mp.sqrt(PI) / 2 * mp.exp(start * start)
    return start


EXACT = {
    "neg": lambda x: -x, "abs": abs, "square": lambda x: x * x, "sqrt": mp.sqrt, "rsqrt": lambda x: 1 / mp.sqrt(x),
    "reciprocal": lambda x: 1 / x, "exp": mp.exp, "exp2": lambda x: mpf(2) ** x, "expm1": mp.expm1, "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2), "log10": mp.log10, "log1p": mp.log1p, "sin": mp.sin, "cos": mp.cos,
    "tan": mp.tan, "asin": mp.asin, "acos": mp.acos, "atan": mp.atan, "sinh": mp.sinh, "cosh": mp.cosh,
    "tanh": mp.tanh, "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh, "frac": lambda x: x - int(x),
    "relu": lambda x: max(x, 0), "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "softplus": softplus,
    "logsigmoid": lambda x: -softplus(-x), "silu": lambda x: x / (1 + mp.exp(-x)), "gelu": lambda x: x * ndtr(x),
    "leaky_relu": lambda x: x if x > 0 else x * mpf(0.01), "elu": lambda x: x if x > 0 else mp.expm1(x),
    "erf": mp.erf, "erfc": erfc, "erfinv": erfinv, "ndtr": ndtr, "log_ndtr": log_ndtr,
    "lgamma": mp.loggamma, "digamma": mp.digamma, "polygamma": lambda x: mp.psi(1, x),
    "logit": lambda x: mp.log(x / (1 - x)), "entr": lambda x: -x * mp.log(x) if x else mpf(0),
    "mish": lambda x: x * mp.tanh(softplus(x)),
}  # fmt: skip
ELSEWHERE = {
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "erfcx", "i0",
    "i0e", "i1", "i1e", "modified_bessel_k0", "modified_bessel_k1", "ndtri",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1",
}  # fmt: skip
"""Measured in test_more_special.py: they lose digits where they oscillate or vanish, so not to 4 units."""
APPROXIMATE = {"gelu_tanh"}  # stands for gelu, and is less exact than that
STEPS = {
    "sign",
    "floor",
    "ceil",
    "trunc",
    "round",
    "nan_to_num",
    "to",
    "scaleb",
}  # exact by nature, or no function of x
POSITIVE = "sqrt rsqrt log log2 log10 entr lgamma digamma polygamma"
UNIT = "asin acos atanh erfinv"
DOMAINS = dict.fromkeys(POSITIVE.split(), (0.0, math.inf)) | dict.fromkeys(UNIT.split(), (-1.0, 1.0))
DOMAINS |= {"log1p": (-1.0, math.inf), "acosh": (1.0, math.inf), "logit": (0.0, 1.0)}
# Points that a function is steep, flat or zero around, beside 0 and the ends of its domain.
CENTRES = {"lgamma": (1.0, 2.0), "digamma": (1.4616321449683623,), "log": (1.0,), "log2": (1.0,), "log10": (1.0,),
           "logit": (0.5, 0.25, 0.75), "sin": (math.pi,), "cos": (math.pi / 2,), "tan": (math.pi / 2,),
           "entr": (1.0,)}  # fmt: skip


def line(random, low, high, count):
    return random.uniform(low, high, count)


def points(name, dtype, count):
    """Numbers of every size in the domain, and ever closer to its ends and to the centres."""
    random = np.random.default_rng(0)
    low, high = DOMAINS.get(name, (-math.inf, math.inf))
    smallest, largest = WIDTHS[dtype]
    sizes = 10.0 ** np.concatenate([line(random, smallest, 0, count), line(random, 0, largest, count)])
    near = 10.0 ** line(random, -17, 0, count)
    around = [c + s * near for c in (*CENTRES.get(name, ()), low, high, 0.5) if math.isfinite(c) for s in (1, -1)]
    common = line(random, max(low, -12), min(high, 12), 3 * count)
    wide = line(random, max(low, -110), min(high, 110), count)
    x = np.unique(np.concatenate([sizes, -sizes, *around, common, wide]).astype(dtype))
    return x[(x > low) & (x < high) & np.isfinite(x)]


def errors(values, exact, dtype):
    """In units in the last place; what overflows counts as right if the exact value does."""
    found = []
    largest = float(np.finfo(dtype).max)
    for value, truth in zip(values.tolist(), exact, strict=True):
        if abs(truth) > largest or math.isinf(value):
            found.append(0.0 if abs(truth) > 0.9999 * largest else math.inf)
        else:
            nearest = dtype(float(truth))
            found.append(abs(float((truth - mpf(value)) / mpf(float(np.spacing(np.abs(nearest)))))))
    return np.array(found)


def assert_accurate(name, values, exact, dtype, inputs):
    found = errors(values, exact, dtype)
    worst = int(np.argmax(found))
    assert found[worst] <= 4, f"{name}: {found[worst]:.3g} units at {[float(x[worst]) for x in inputs]}"


def unary_rows():
    for row in TABLE.values():
        one = row.differentiable and len(row.inputs) == 1 and row.kind is not None
        if (
            (one or row.name in EXACT)
            and not (row.variadic or row.numbers == "complex")
            and row.name not in STEPS | APPROXIMATE | ELSEWHERE
        ):
            yield row


def test_every_row_has_an_exact_function():
    missing = [row.name for row in unary_rows() if row.name not in EXACT and not row.params]
    assert not missing


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("name", sorted(row.name for row in unary_rows() if row.name in EXACT))
def test_within_four_units_in_the_last_place(name, dtype):
    slow = name in ("lgamma", "digamma", "polygamma", "erfinv", "log_ndtr", "ndtr", "gelu", "erfc")
    x = points(name, dtype, 30 if slow else 60)
    if name == "polygamma":
        x = x[x > 1e-30]  # before, its square overflows
    values = TABLE[name].record(tg.tensor(x)).numpy()
    assert values.dtype == dtype
    assert_accurate(name, values, [EXACT[name](mpf(v)) for v in x.tolist()], dtype, [x])
    few = np.linspace(0, len(x) - 1, 25).astype(int)
    alone = np.concatenate([TABLE[name].record(tg.tensor(x[k : k + 1])).numpy() for k in few])
    assert_accurate(name, alone, [EXACT[name](mpf(v)) for v in x[few].tolist()], dtype, [x[few]])


PAIRS = {
    "logaddexp": (tg.logaddexp, logaddexp, (-110, 110), (-110, 110)),
    "xlogy": (tg.xlogy, lambda x, y: x * mp.log(y), (-1e3, 1e3), (0, 3)),
    "xlog1py": (tg.special.xlog1py, lambda x, y: x * mp.log1p(y), (-1e3, 1e3), (-1, 3)),
    "hypot": (tg.hypot, mp.hypot, (-1e3, 1e3), (-1e3, 1e3)),
    "atan2": (tg.atan2, mp.atan2, (-10, 10), (-10, 10)),
    "pow": (tg.pow, lambda x, y: x**y, (0, 30), (-20, 20)),
}


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("name", PAIRS)
def test_of_two_numbers(name, dtype):
    function, exact, first, second = PAIRS[name]
    random = np.random.default_rng(0)
    x, y = (np.concatenate([line(random, *bounds, 400), line(random, 0.1, 1, 200)]).astype(dtype)
            for bounds in (first, second))  # fmt: skip
    if name == "logaddexp":
        x[:300] = y[:300] + (10.0 ** line(random, -8, 2, 300)).astype(dtype)
    values = function(tg.tensor(x), tg.tensor(y)).numpy()
    truth = [exact(mpf(a), mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert_accurate(name, values, truth, dtype, [x, y])


@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0.5, 1, 2, 3])
@pytest.mark.parametrize("dtype", WIDTHS)
def test_exponents_with_a_way_of_their_own(exponent, dtype):
    x = np.random.default_rng(0).uniform(0.01, 30, 500).astype(dtype)
    values = (tg.tensor(x) ** exponent).numpy()
    assert_accurate(f"pow {exponent}", values, [mpf(v) ** mpf(exponent) for v in x.tolist()], dtype, [x])
