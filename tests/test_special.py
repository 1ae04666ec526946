"""The kernels of the special functions: accuracy against mpmath, edges as in PyTorch, arrays of every kind."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_lite import kernels
from tinygrad_lite.kernels.blocks import BLOCK_BYTES

Array = np.ndarray[Any, Any]
INF, NAN = math.inf, math.nan

FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "erf": kernels.erf,
    "erfc": kernels.erfc,
    "ndtr": kernels.ndtr,
    "gelu_erf": kernels.gelu_erf,
    "erfinv": kernels.erfinv,
    "sigmoid": kernels.sigmoid,
    "softplus": kernels.softplus,
    "log_sigmoid": kernels.log_sigmoid,
    "log_ndtr": kernels.log_ndtr,
    "logit": kernels.logit,
    "silu": kernels.silu,
    "mish": kernels.mish,
    "lgamma": kernels.lgamma,
    "digamma": kernels.digamma,
    "trigamma": kernels.trigamma,
    "polygamma(2)": lambda x: kernels.polygamma(2, x),
    "polygamma(5)": lambda x: kernels.polygamma(5, x),
    "polygamma(40)": lambda x: kernels.polygamma(40, x),
}


# --- accuracy -----------------------------------------------------------------------------------


def line(low: float, high: float, count: int) -> Array:
    """Points between the bounds, close to evenly spaced but with all their bits in use."""
    steps = np.arange(count) + np.random.default_rng(0).random(count)
    return low + (high - low) * steps / count


def powers(low: float, high: float, count: int) -> Array:
    """Points from 10^low to 10^high."""
    return 10.0 ** line(low, high, count)


def around(centre: float, count: int) -> Array:
    """Points ever closer to the centre, from both sides."""
    distance = powers(-16, -1, count // 2)
    return np.concatenate([centre - distance, [centre], centre + distance])


def regions(name: str, dtype: type[np.floating[Any]]) -> list[Array]:
    """Where a function is tested: every region of its formulas, and the ends of its range."""
    single = dtype == np.float32
    tiny, huge = (-45, 38.5) if single else (-323.5, 308)
    gauss, logistic = (10.1, 104) if single else (27.3, 745.2)
    smallest = powers(tiny, 0, 300)
    if name.startswith("polygamma"):
        return [line(0, 12, 150), line(12, 60, 100), powers(-2, 3, 100), powers(3, huge - 1, 50)]
    return {
        "erf": [line(-6.5, 6.5, 1400), smallest, -smallest],
        "erfc": [line(-6.5, gauss, 1200), line(-1, 1, 400), line(0.94 * gauss, gauss, 400)],
        "ndtr": [
            line(-1.415 * gauss, 8.5, 1200),
            line(-1, 1, 400),
            line(-1.415, -1.3, 400) * gauss,
        ],
        "gelu_erf": [
            line(-1.425 * gauss, 8.5, 1000),
            *(line(-1, 1, 300), line(-1.425, -1.25, 400) * gauss),
            *(smallest, -smallest, powers(1, huge, 50)),
        ],
        "erfinv": [line(-1, 1, 1200), 1 - powers(-16, -0.5, 500), around(0.85, 100), smallest],
        "sigmoid": [line(-logistic, 40, 800), line(-4, 4, 800), line(-1, -0.94, 400) * logistic],
        "softplus": [line(-logistic, 40, 800), line(-4, 4, 800), line(-1, -0.94, 400) * logistic],
        "log_sigmoid": [line(-40, logistic, 800), line(-4, 4, 800), line(0.94, 1, 400) * logistic],
        "log_ndtr": [line(-60, 8, 600), line(-1, 1, 200), -powers(1, huge / 2 - 1, 100)],
        "logit": [line(0, 1, 600), smallest, 1 - powers(-16, -0.5, 200), around(0.5, 200), around(0.25, 50)],
        "silu": [line(-logistic, 40, 600), line(-4, 4, 400), line(-1, -0.94, 400) * logistic],
        "mish": [line(-logistic, 40, 600), line(-4, 4, 400), line(-1, -0.94, 400) * logistic],
        "lgamma": [
            *(line(0, 12, 1000), smallest, powers(0, huge - 3, 400)),
            *(around(1, 200), around(2, 200), around(0.5, 50), around(3.5, 50)),
        ],
        "digamma": [
            *(line(0, 12, 1000), smallest[smallest > 10.0 ** (tiny + 16)], powers(0, huge, 400)),
            *(around(1.4616321449683623, 400), around(0.5, 50), around(2, 50)),
        ],
        "trigamma": [line(0, 12, 1000), powers(tiny / 2 + 4, huge, 700), around(2, 50)],
    }[name]


def points(name: str, dtype: type[np.floating[Any]]) -> Array:
    return np.unique(np.concatenate(regions(name, dtype)).astype(dtype))


def mpmath() -> Any:
    context = pytest.importorskip("mpmath").mp
    context.dps = 40
    return context


def reference(name: str) -> Callable[[Any], Any]:
    """The function in mpmath."""
    mp = mpmath()
    root_half, half_root_pi = mp.sqrt(0.5), mp.sqrt(mp.pi) / 2

    def softplus(x: Any) -> Any:
        return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))

    def erfinv(x: Any) -> Any:
        start = mp.mpf(float(kernels.erfinv(np.array(float(x)))))
        # A step of Newton's method doubles its digits.
        return start - (mp.erf(start) - x) * half_root_pi * mp.exp(start * start)

    def lgamma(x: Any) -> Any:
        return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))

    def log_ndtr(x: Any) -> Any:
        if x > -1e4:
            return mp.log(mp.erfc(-x * root_half) / 2)
        return -x * x / 2 - mp.log(-x) - mp.log(2 * mp.pi) / 2 + mp.log1p(-1 / x**2)

    if name.startswith("polygamma"):
        n = int(name[10:-1])
        return lambda x: mp.psi(n, x)
    return {
        "erf": mp.erf,
        "erfc": mp.erfc,
        "ndtr": lambda x: mp.erfc(-x * root_half) / 2,
        "gelu_erf": lambda x: x * mp.erfc(-x * root_half) / 2,
        "erfinv": erfinv,
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "softplus": softplus,
        "log_sigmoid": lambda x: -softplus(-x),
        "log_ndtr": lambda x: mp.log1p(-mp.erfc(x * root_half) / 2) if x > 0 else log_ndtr(x),
        "logit": lambda x: mp.log(x / (1 - x)),
        "silu": lambda x: x / (1 + mp.exp(-x)),
        "mish": lambda x: x * mp.tanh(softplus(x)),
        "lgamma": lgamma,
        "digamma": mp.digamma,
        "trigamma": lambda x: mp.psi(1, x),
    }[name]


def worst_error(
    name: str,
    x: Array,
    unit: Callable[[float], float] = lambda x: 0.0,
) -> tuple[float, float]:
    """The largest error, in units in the last place or in `unit(x)` where it is more; and where."""
    exact, mpf = reference(name), mpmath().mpf
    errors = []
    for argument, value in zip(x.tolist(), FUNCTIONS[name](x).tolist()):
        expected = exact(mpf(argument))
        last_place = float(np.spacing(np.abs(x.dtype.type(float(expected)))))
        errors.append(float(abs(expected - value)) / max(last_place, unit(argument)))
    worst = int(np.argmax(errors))
    return errors[worst], float(x[worst])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_four_units_in_the_last_place(name: str, dtype: type[np.floating[Any]]) -> None:
    x = points(name, dtype)
    x = x[np.isfinite(FUNCTIONS[name](x))]  # where the result overflows, see the test of the edges
    error, where = worst_error(name, x)
    assert error <= 4, f"{error} units at {where!r}"


def negative_points(dtype: type[np.floating[Any]]) -> Array:
    near_poles = [around(-k, 30) for k in range(1, 32)]
    x = np.concatenate([line(-12, 0, 500), line(-45, -12, 300), *near_poles]).astype(dtype)
    return np.unique(x[x != np.rint(x)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["lgamma", "digamma", "trigamma", "polygamma(2)", "polygamma(5)"])
def test_negative_arguments(name: str, dtype: type[np.floating[Any]]) -> None:
    """Next to a zero the error may be four units of 1.0, or of the largest term that cancels."""
    epsilon = float(np.finfo(dtype).eps)

    def unit(x: float) -> float:
        n = int(name[10:-1]) if name.startswith("polygamma") else 1
        largest_term = {
            "lgamma": 1.0,
            "digamma": max(1.0, math.log(-x)),
            "trigamma": 0.0,
        }.get(name, math.factorial(n) / abs(x - round(x)) ** (n + 1))
        return epsilon * largest_term

    x = negative_points(dtype)
    if name.startswith("polygamma"):
        x = x[(x > -12) & (np.abs(x - np.rint(x)) > 1e-4)][::3]
    error, where = worst_error(name, x, unit)
    assert error <= 4, f"{error} units at {where!r}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float16_is_rounded_once(name: str) -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x) & (x > -12)]
    values, exact = FUNCTIONS[name](x), FUNCTIONS[name](x.astype(np.float64))
    finite = np.isfinite(values) & np.isfinite(exact)
    assert values.dtype == np.float16
    size = np.abs(values[finite])
    unit = np.maximum(size - np.nextafter(size, np.float16(0)), 2.0**-24)  # below a power of 2
    assert (np.abs(values[finite] - exact[finite]) / unit).max() <= 1.01
    beyond = ~finite & ~np.isnan(values)
    assert (np.abs(exact[beyond]) > 65519).all()


def test_erf_stays_between_its_limits() -> None:
    for dtype in (np.float32, np.float64):
        assert np.abs(kernels.erf(line(3, 7, 10000).astype(dtype))).max() == 1


# --- edges --------------------------------------------------------------------------------------

EDGES: dict[str, list[tuple[float, float]]] = {
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (1e30, 1.0), (-1e30, -1.0)],
    "erfc": [(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 2.0), (1e30, 0.0), (-1e30, 2.0)],
    "ndtr": [(0.0, 0.5), (INF, 1.0), (-INF, 0.0), (1e30, 1.0), (-1e30, 0.0)],
    "gelu_erf": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, NAN), (1e30, 1e30), (-1e30, -0.0)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (-INF, NAN)],
    "sigmoid": [(0.0, 0.5), (INF, 1.0), (-INF, 0.0), (1e30, 1.0), (-1e30, 0.0)],
    "softplus": [(0.0, math.log(2)), (INF, INF), (-INF, 0.0), (1e30, 1e30), (-1e30, 0.0)],
    "log_sigmoid": [(0.0, -math.log(2)), (INF, 0.0), (-INF, -INF), (1e30, 0.0), (-1e30, -1e30)],
    "log_ndtr": [(0.0, -math.log(2)), (INF, -0.0), (-INF, -INF), (1e30, -0.0)],
    "logit": [(0.0, -INF), (0.5, 0.0), (1.0, INF), (1.5, NAN), (-1e30, NAN), (INF, NAN)],
    "silu": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, NAN), (1e30, 1e30), (-1e30, -0.0)],
    "mish": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, NAN), (1e30, 1e30), (-1e30, -0.0)],
    "lgamma": [
        *((0.0, INF), (-0.0, INF), (1.0, 0.0), (2.0, 0.0), (INF, INF), (-INF, INF)),
        *((-1.0, INF), (-30.0, INF), (-31.0, INF), (-1e30, INF)),
    ],
    "digamma": [
        *((0.0, -INF), (-0.0, INF), (INF, INF), (-INF, NAN)),
        *((-1.0, NAN), (-30.0, NAN), (-1e30, NAN)),
    ],
    "trigamma": [(0.0, INF), (-0.0, INF), (INF, 0.0), (-INF, NAN), (-1.0, INF), (-1e30, INF)],
    "polygamma(2)": [(0.0, -INF), (-0.0, -INF), (INF, -0.0), (-INF, NAN), (-1.0, -INF)],
    "polygamma(5)": [(0.0, INF), (-0.0, INF), (INF, 0.0), (-INF, NAN), (-1.0, INF)],
    "polygamma(40)": [(0.0, -INF), (-0.0, -INF), (INF, -0.0), (-INF, NAN), (-1.0, -INF)],
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_edges(name: str, dtype: type[np.floating[Any]]) -> None:
    edges = [*EDGES[name], (NAN, NAN)]
    if dtype == np.float16:
        edges = [(x, y) for x, y in edges if abs(x) != 1e30]
    x, expected = np.array(edges).astype(dtype).T
    values = FUNCTIONS[name](x)
    np.testing.assert_array_equal(values, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(values)[numbers], np.signbit(expected)[numbers])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "polygamma(40)"])
def test_poles_and_infinities_as_in_pytorch(name: str, dtype: type[np.floating[Any]]) -> None:
    torch = pytest.importorskip("torch")
    function = {
        "gelu_erf": torch.nn.functional.gelu,
        "log_sigmoid": torch.nn.functional.logsigmoid,
        "softplus": torch.nn.functional.softplus,
        "silu": torch.nn.functional.silu,
        "mish": torch.nn.functional.mish,
        "sigmoid": torch.sigmoid,
        "trigamma": lambda x: torch.polygamma(1, x),
    }.get(name) or getattr(torch.special, name.replace("lgamma", "gammaln"), None)
    if function is None:
        n = int(name[10:-1])
        function = lambda x: torch.polygamma(n, x)
    x = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1e30, INF, -1e30, -INF, NAN], dtype)
    if name == "trigamma":
        x = x[~((x < 0) & (x == np.rint(x)))]  # PyTorch: large numbers instead of infinity
    elif name.startswith("polygamma"):
        x = x[(np.abs(x) < 3) | np.isnan(x)]  # PyTorch: NaN at infinity, slow for x far below 0
    expected = function(torch.from_numpy(x)).numpy()
    rtol = 3e-5 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(FUNCTIONS[name](x), expected, rtol=rtol)


# --- arrays -------------------------------------------------------------------------------------

SHAPES = [(), (1,), (0,), (3, 0), (2, 3, 4)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_of_every_kind(name: str, dtype: type[np.floating[Any]]) -> None:
    function = FUNCTIONS[name]
    for shape in SHAPES:
        x = np.full(shape, 0.25, dtype)
        x.flags.writeable = False
        values = function(x)
        assert isinstance(values, np.ndarray)
        assert (values.shape, values.dtype) == (shape, dtype)
        assert values.flags.writeable and not np.shares_memory(x, values)

    grid = np.linspace(-0.9, 0.9, 60, dtype=dtype).reshape(5, 12)
    before = grid.copy()
    values = function(grid)
    np.testing.assert_array_equal(grid, before)
    views: list[Callable[[Array], Array]] = [
        lambda a: a.T,
        lambda a: a[::2, ::-3],
        lambda a: np.broadcast_to(a[:, :1], (5, 7)),
        np.asfortranarray,
    ]
    for view in views:
        np.testing.assert_array_max_ulp(function(view(grid)), view(values), 2)


@pytest.mark.parametrize("dtype", [np.int64, np.complex128, np.bool_])
def test_only_floats(dtype: type[np.generic]) -> None:
    with pytest.raises(TypeError, match="arrays of floats"):
        kernels.erf(np.ones(3, dtype))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_blocks_meet(name: str) -> None:
    """An array longer than one block, all regions mixed: every element as if it stood alone."""
    x = np.tile(np.linspace(0.01, 0.99, 101), BLOCK_BYTES // 8 // 101 + 50)
    if name not in ("erfinv", "logit"):
        x[::7] *= 40
    picks = [0, 14, BLOCK_BYTES // 8 - 1, BLOCK_BYTES // 8, x.size - 1]
    values = FUNCTIONS[name](x)
    alone = [FUNCTIONS[name](x[pick : pick + 1]).item() for pick in picks]
    np.testing.assert_allclose(values[picks], alone, rtol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_warnings(name: str) -> None:
    x = np.array([0, 1, 2, 0.5, 1e-310, 1e300, INF, NAN, 30, 100, 37.5, 800, 1e-30, 3e4])
    with np.errstate(all="ignore"):
        arrays = [x.astype(size) for x in (x, -x) for size in ("f2", "f4", "f8")]
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for array in arrays:
            FUNCTIONS[name](array)
        assert np.geterr()["divide"] == "raise"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_few_elements(name: str) -> None:
    """They may go a way of their own; it leads to the same place."""
    for dtype in (np.float16, np.float32, np.float64):
        x = np.concatenate([line(-10, 10, 40), [0, -0.0, INF, -INF, NAN, 0.5, 1, -1, -45, -110, 110, -720, 720]])
        x = x.astype(dtype)
        alone = np.concatenate([FUNCTIONS[name](x[k : k + 1]) for k in range(x.size)])
        together = FUNCTIONS[name](np.tile(x, 6))[: x.size]
        assert alone.dtype == dtype
        np.testing.assert_allclose(alone, together, rtol=8 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).tiny)
        numbers = ~np.isnan(together)
        np.testing.assert_array_equal(np.signbit(alone)[numbers], np.signbit(together)[numbers])


# --- polygamma ----------------------------------------------------------------------------------


def test_polygamma_begins_with_digamma_and_trigamma() -> None:
    x = line(-5, 20, 500)
    np.testing.assert_array_equal(kernels.polygamma(0, x), kernels.digamma(x))
    np.testing.assert_array_equal(kernels.polygamma(1, x), kernels.trigamma(x))


@pytest.mark.parametrize("n", [-1, 171])
def test_polygamma_refuses_other_orders(n: int) -> None:
    with pytest.raises(ValueError, match=f"got {n}"):
        kernels.polygamma(n, np.ones(3))


def test_polygamma_of_high_order_reaches_small_numbers() -> None:
    """150! is 6e262, and 1e4^-151 far below the smallest float64; their product is a number."""
    mp = mpmath()
    value = kernels.polygamma(150, np.array([1e4]))
    assert value == pytest.approx(float(mp.psi(150, 1e4)), rel=1e-14)
