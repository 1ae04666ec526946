"""The special functions and factorisations that load on first use, over PyTorch's op database; and random streams."""

import numpy as np
import pytest
import torch

import tinygrad_lite as tg

from . import opdb

NAMES = [
    "igamma",
    "igammac",
    "i0",
    "special.i0e",
    "special.i1",
    "special.i1e",
    "special.erfcx",
    "special.ndtri",
    "special.zeta",
    "special.modified_bessel_i0",
    "special.modified_bessel_i1",
    "special.modified_bessel_k0",
    "special.modified_bessel_k1",
    "special.scaled_modified_bessel_k0",
    "special.scaled_modified_bessel_k1",
    "special.spherical_bessel_j0",
    "special.chebyshev_polynomial_t",
    "special.chebyshev_polynomial_u",
    "special.chebyshev_polynomial_v",
    "special.chebyshev_polynomial_w",
    "special.hermite_polynomial_h",
    "special.laguerre_polynomial_l",
    "special.legendre_polynomial_p",
    "special.shifted_chebyshev_polynomial_t",
    "special.shifted_chebyshev_polynomial_u",
    "special.shifted_chebyshev_polynomial_v",
    "special.shifted_chebyshev_polynomial_w",
    "geqrf",
    "lu_unpack",
    "lu_solve",
    "ormqr",
    "linalg.ldl_factor",
    "linalg.ldl_factor_ex",
    "linalg.ldl_solve",
    "linalg.lu_factor",
    "linalg.lu_factor_ex",
    "linalg.lu",
    "linalg.lu_solve",
]


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_pytorch(name):
    report = opdb.check(name, 6)
    assert report.agrees, str(report)
    assert report.samples


@pytest.mark.parametrize(
    "name", ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "airy_ai", "hermite_polynomial_he"]
)
def test_agrees_with_pytorch_as_far_as_that_is_accurate(name):
    """PyTorch's Bessel functions are right to 7 digits only, also in float64."""
    x = np.linspace(-8.0 if "y" not in name[:8] else 0.1, 30.0, 200)
    more = (3,) if "hermite" in name else ()
    ours = getattr(tg.special, name)(tg.from_numpy(x), *more).numpy()
    theirs = getattr(torch.special, name)(torch.from_numpy(x), *more).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=3e-6)


@pytest.mark.parametrize(
    "name", ["bessel_j0", "bessel_j1", "i0e", "i1e", "erfcx", "ndtri", "modified_bessel_k0", "modified_bessel_k1"]
)
def test_edges(name):
    x = np.array([0.0, -0.0, 1.0, np.nan, -np.inf if name in ("i0e", "i1e") else 2.0, 0.5])
    ours, theirs = getattr(tg.special, name)(tg.from_numpy(x)), getattr(torch.special, name)(torch.from_numpy(x))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("upper", [False, True])
def test_edges_of_the_incomplete_gamma_function(upper):
    values = np.array([0.0, 0.5, 1.0, 3.0, 50.0, np.inf, -1.0])
    a, x = (grid.ravel() for grid in np.meshgrid(values, values))
    name = "gammaincc" if upper else "gammainc"
    ours = getattr(tg.special, name)(tg.from_numpy(a), tg.from_numpy(x))
    theirs = getattr(torch.special, name)(torch.from_numpy(a), torch.from_numpy(x))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-8, atol=1e-300)


def test_edges_of_zeta():
    s = np.array([2.0, 2.5, 3.0, 1.0, 0.5, 2.0, 3.0, 3.0, np.inf, np.inf, 2.0, np.nan])
    q = np.array([-1.5, -1.5, -1.5, 2.0, 2.0, -2.0, 0.0, -0.5, 1.0, 0.5, np.nan, 1.0])
    ours, theirs = (
        tg.special.zeta(tg.from_numpy(s), tg.from_numpy(q)),
        torch.special.zeta(*map(torch.from_numpy, (s, q))),
    )
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-10)


# --- random numbers from one seed -------------------------------------------------------------------------

DRAWN = {
    "exponential_": lambda m, n, d: m.empty(n, dtype=d).exponential_(2.5),
    "geometric_": lambda m, n, d: m.empty(n, dtype=d).geometric_(0.3),
    "geometric_ of integers": lambda m, n, d: m.empty(n, dtype=m.int64).geometric_(0.3),
    "cauchy_": lambda m, n, d: m.empty(n, dtype=d).cauchy_(1.0, 2.0),
    "log_normal_": lambda m, n, d: m.empty(n, dtype=d).log_normal_(0.5, 0.25),
    "bernoulli_ of tensors": lambda m, n, d: m.empty(2, n, dtype=d).bernoulli_(m.linspace(0, 1, n, dtype=d)),
    "multinomial of one": lambda m, n, d: m.multinomial(m.linspace(0.1, 1, n, dtype=d), 1),
    "multinomial": lambda m, n, d: m.multinomial(m.linspace(0.1, 1, 2 * n, dtype=d).reshape(2, n), n),
    "multinomial with replacement": lambda m, n, d: m.multinomial(m.linspace(0.1, 1, n, dtype=d), 3 * n, True),
    "poisson": lambda m, n, d: m.poisson(m.linspace(0, 40, n, dtype=d)),
    "binomial": lambda m, n, d: m.binomial(m.full((n,), 31.0, dtype=d), m.linspace(0, 1, n, dtype=d)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DRAWN)
def test_same_numbers_from_one_seed(name, dtype):
    for n in (1, 2, 15, 16, 200):
        seen = []
        for m in (tg, torch):
            m.manual_seed(n)
            drawn = DRAWN[name](m, n, getattr(m, dtype))
            seen.append([drawn.numpy(), m.rand(2).numpy(), m.randn(3).numpy()])
        for ours, theirs in zip(*seen):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
