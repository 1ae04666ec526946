"""The kernels that load on first use: special functions against mpmath, factorisations by what they must satisfy."""

import functools

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.kernels import bessel, elimination, incomplete, tails

random = np.random.default_rng(0)
SPREAD = np.concatenate([10.0 ** random.uniform(-8, 3, 80), random.uniform(0, 40, 60), [1.0, 24.999, 25.0, 600.0]])


def mpmath():
    context = pytest.importorskip("mpmath").mp
    context.dps = 40
    return context


def scaled(function, sign):
    return lambda mp, x: function(mp, x) * mp.exp(sign * x)


def inverse_of_ndtr(mp, p):
    x = mp.mpf(float(tails.ndtri(np.array(float(p)))))
    for _ in range(3):  # Newton's method for the logarithms, so that digits of small p count too
        value = mp.ncdf(x)
        x -= (mp.log(value) - mp.log(p)) * value / mp.npdf(x)
    return x


# name: kernel, function of mpmath, points
RELATIVE = {
    "i0": (bessel.i0, lambda mp, x: mp.besseli(0, x), SPREAD[SPREAD < 700]),
    "i1": (bessel.i1, lambda mp, x: mp.besseli(1, x), SPREAD[SPREAD < 700]),
    "i0e": (bessel.i0e, scaled(lambda mp, x: mp.besseli(0, x), -1), SPREAD),
    "i1e": (bessel.i1e, scaled(lambda mp, x: mp.besseli(1, x), -1), SPREAD),
    "k0": (bessel.k0, lambda mp, x: mp.besselk(0, x), SPREAD[SPREAD < 600][::6]),
    "k1": (bessel.k1, lambda mp, x: mp.besselk(1, x), SPREAD[SPREAD < 600][::6]),
    "k0e": (bessel.k0e, scaled(lambda mp, x: mp.besselk(0, x), 1), SPREAD[::6]),
    "k1e": (bessel.k1e, scaled(lambda mp, x: mp.besselk(1, x), 1), SPREAD[::6]),
    "j1 near 0": (bessel.bessel_j1, lambda mp, x: mp.besselj(1, x), SPREAD[SPREAD < 2]),
    "airy_ai": (bessel.airy_ai, lambda mp, x: mp.airyai(x), np.linspace(-1, 30, 150)),
    "erfcx": (tails.erfcx, lambda mp, x: mp.exp(x * x) * mp.erfc(x), np.linspace(-25, 30, 300)),
    "ndtri": (tails.ndtri, inverse_of_ndtr, np.concatenate([10.0 ** random.uniform(-300, -1, 40), random.random(60)])),
}
SWINGING = {
    "j0": (bessel.bessel_j0, lambda mp, x: mp.besselj(0, x), SPREAD),
    "j1": (bessel.bessel_j1, lambda mp, x: mp.besselj(1, x), SPREAD),
    "y0": (bessel.bessel_y0, lambda mp, x: mp.bessely(0, x), SPREAD),
    "y1": (bessel.bessel_y1, lambda mp, x: mp.bessely(1, x), SPREAD),
    "airy_ai below 0": (bessel.airy_ai, lambda mp, x: mp.airyai(x), np.linspace(-20, 0, 100)),
    "airy_ai's slope": (
        functools.partial(bessel.airy_ai, order=1),
        lambda mp, x: mp.airyai(x, derivative=1),
        np.linspace(-20, 9, 100),
    ),
}


@pytest.mark.parametrize("name", RELATIVE)
def test_all_digits(name):
    kernel, exact, x = RELATIVE[name]
    mp = mpmath()
    expected = np.array([float(exact(mp, mp.mpf(float(v)))) for v in x])
    np.testing.assert_allclose(kernel(x), expected, rtol=4e-14 if name == "airy_ai" else 1e-14)
    inside = (abs(expected) > 1e-36) & (abs(expected) < 1e38) & (abs(x) > 1e-37)
    single = x[inside][::3].astype(np.float32)
    again = np.array([float(exact(mp, mp.mpf(float(v)))) for v in single])
    np.testing.assert_allclose(kernel(single), again, rtol=1e-7)


@pytest.mark.parametrize("name", SWINGING)
def test_all_digits_of_the_size_of_the_waves(name):
    kernel, exact, x = SWINGING[name]
    mp = mpmath()
    expected = np.array([float(exact(mp, mp.mpf(float(v)))) for v in x])
    scale = np.maximum(abs(expected), 1 / np.sqrt(1 + abs(x)))
    assert (abs(kernel(x) - expected) / scale).max() < 5e-14


def test_the_incomplete_gamma_function():
    mp = mpmath()
    a = 10.0 ** random.uniform(-3, 4, 60)
    x = np.maximum(np.where(random.random(60) < 0.6, random.gamma(a), 10.0 ** random.uniform(-5, 3, 60)), 1e-280)
    lower = np.array([float(mp.gammainc(s, 0, t, regularized=True)) for s, t in zip(a, x)])
    upper = np.array([float(mp.gammainc(s, t, mp.inf, regularized=True)) for s, t in zip(a, x)])
    for found, expected in ((incomplete.gammainc(a, x), lower), (incomplete.gammaincc(a, x), upper)):
        seen = expected > 1e-280
        np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-12)


def test_zeta():
    mp = mpmath()
    s, q = 1 + 10.0 ** random.uniform(-4, 2, 60), 10.0 ** random.uniform(-3, 2, 60)
    expected = np.array([float(mp.zeta(mp.mpf(float(a)), mp.mpf(float(b)))) for a, b in zip(s, q)])
    np.testing.assert_allclose(tails.zeta(s, q), expected, rtol=1e-13)


@pytest.mark.parametrize("kernel", [bessel.bessel_y0, bessel.k0, bessel.k1e, bessel.i1, bessel.airy_ai, tails.ndtri])
def test_shapes_and_dtypes_are_kept(kernel):
    for dtype in (np.float16, np.float32, np.float64):
        for shape in ((), (0,), (2, 3)):
            values = kernel(np.full(shape, 0.5, dtype))
            assert values.shape == shape and values.dtype == dtype
    assert np.isnan(kernel(np.array([np.nan]))).all()


@pytest.mark.parametrize("kernel", [bessel.bessel_y0, bessel.bessel_y1, bessel.k0, bessel.k1, bessel.k0e, tails.ndtri])
def test_nothing_below_zero(kernel):
    assert np.isnan(kernel(np.array([-3.0]))).all()


def test_polynomials_are_orthogonal():
    nodes, weights = np.polynomial.legendre.leggauss(20)
    x, n = tg.tensor(nodes), tg.arange(6)[:, None]
    legendre = tg.special.legendre_polynomial_p(x, n).numpy()
    np.testing.assert_allclose((legendre * weights) @ legendre.T, np.diag(2 / (2 * np.arange(6) + 1)), atol=1e-14)
    nodes, weights = np.polynomial.hermite.hermgauss(20)
    hermite = tg.special.hermite_polynomial_h(tg.tensor(nodes), n).numpy()
    norms = np.sqrt(np.pi) * 2.0 ** np.arange(6) * np.array([1, 1, 2, 6, 24, 120])
    np.testing.assert_allclose((hermite * weights) @ hermite.T, np.diag(norms), atol=1e-9)
    angle = tg.linspace(0.1, 3.0, 9, dtype=tg.float64)
    np.testing.assert_allclose(
        tg.special.chebyshev_polynomial_t(angle.cos(), n).numpy(), (n * angle).cos().numpy(), atol=1e-14
    )


def test_polynomials_can_be_differentiated():
    x = tg.tensor([0.3, -0.5], dtype=tg.float64, requires_grad=True)
    tg.special.chebyshev_polynomial_t(x, 5).sum().backward()
    expected = 5 * tg.special.chebyshev_polynomial_u(x.detach(), 4)
    np.testing.assert_allclose(x.grad.numpy(), expected.numpy(), rtol=1e-12)


def test_zeta_has_no_derivative_by_the_exponent():
    s = tg.tensor(2.0, requires_grad=True)
    with pytest.raises(NotImplementedError, match="derivative for 'input'"):
        tg.special.zeta(s, tg.tensor(1.0))


# --- factorisations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (40, 40), (3, 17, 17), (30, 50), (50, 30), (0, 3), (2, 0, 0)])
@pytest.mark.parametrize("dtype", [tg.float64, tg.complex128])
def test_lu(shape, dtype):
    tg.manual_seed(0)
    a = tg.randn(shape, dtype=tg.float64).to(dtype) * (1 + 1j if dtype.is_complex else 1)
    p, low, high = tg.linalg.lu(a)
    np.testing.assert_allclose((p @ low @ high).numpy(), a.numpy(), atol=1e-12)
    assert np.all(np.abs(low.numpy()) <= np.sqrt(2) + 1e-12)
    np.testing.assert_array_equal(np.triu(low.numpy(), 1), 0)
    np.testing.assert_array_equal(np.tril(high.numpy(), -1), 0)


def test_lu_solve_solves():
    tg.manual_seed(0)
    a, b = tg.randn(2, 4, 4, dtype=tg.float64), tg.randn(4, 4, dtype=tg.float64)
    packed = tg.linalg.lu_factor(a)
    for left in (True, False):
        for adjoint in (True, False):
            x = tg.linalg.lu_solve(*packed, b, left=left, adjoint=adjoint)
            matrix = a.mT if adjoint else a
            np.testing.assert_allclose(
                (matrix @ x if left else x @ matrix).numpy(), b.expand(2, 4, 4).numpy(), atol=1e-9
            )


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_ldl_solves(n, hermitian):
    generator = np.random.default_rng(n)
    for trial in range(5):
        a = generator.normal(size=(n, n)) + 1j * generator.normal(size=(n, n))
        if trial % 2 and n > 1:
            np.fill_diagonal(a, 0)  # blocks of two rows are needed
        a = a + (a.conj().T if hermitian else a.T)
        b = generator.normal(size=(n, 2)) + 0j
        ld, pivots, info = elimination.ldl_factor(a, hermitian)
        assert info == 0
        np.testing.assert_allclose(a @ elimination.ldl_solve(ld, pivots, b, hermitian), b, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tg.linalg.lu_factor(tg.zeros(2, 2)), r"U\[1,1\] is zero"),
        (lambda: tg.linalg.lu_factor_ex(tg.zeros(2, 2), check_errors=True), r"U\[1,1\] is zero"),
        (lambda: tg.linalg.lu(tg.eye(2), pivot=False), "LU without pivoting is not implemented on the CPU"),
        (lambda: tg.linalg.lu(tg.ones(2)), "Expected tensor with 2 or more dimensions"),
        (lambda: tg.linalg.ldl_factor(tg.zeros(2, 2)), "the matrix is singular"),
        (lambda: tg.linalg.householder_product(tg.eye(2), tg.ones(3)), "greater than or equal to tau"),
        (lambda: tg.linalg.lu_solve(*tg.linalg.lu_factor(tg.eye(2)), tg.ones(3, 1)), "Incompatible shapes"),
        (lambda: tg.lu_unpack(tg.eye(2), tg.tensor([1, 2])), "int32"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(RuntimeError, match=message):
        call()


def test_reflections_make_orthonormal_columns():
    tg.manual_seed(0)
    a = tg.randn(3, 6, 4, dtype=tg.float64)
    packed, tau = tg.geqrf(a)
    q = tg.linalg.householder_product(packed, tau)
    np.testing.assert_allclose((q.mT @ q).numpy(), np.broadcast_to(np.eye(4), (3, 4, 4)), atol=1e-13)
    np.testing.assert_allclose((q @ packed[..., :4, :].triu()).numpy(), a.numpy(), atol=1e-13)
    np.testing.assert_allclose(tg.ormqr(packed, tau, a, transpose=True)[..., 4:, :].numpy(), 0, atol=1e-13)


def test_low_rank_finds_the_large_singular_values():
    tg.manual_seed(0)
    a = tg.randn(30, 3, dtype=tg.float64) @ tg.randn(3, 20, dtype=tg.float64)
    u, s, v = tg.svd_lowrank(a, q=5)
    np.testing.assert_allclose((u @ tg.diag(s) @ v.mT).numpy(), a.numpy(), atol=1e-10)
    centred = a - a.mean(0)
    np.testing.assert_allclose(tg.pca_lowrank(a, 3)[1].numpy(), tg.linalg.svdvals(centred)[:3].numpy(), rtol=1e-8)
