"""The table, linear algebra: inverses, determinants and factorisations of matrices.

Everything works on the last two dimensions, over any batch before them. Where a row has several outputs,
only the terms of those whose gradient arrived are formed: the gradient of eigenvalues alone divides by no
difference of eigenvalues, and so is right where they repeat.

The formulas are those of Giles, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation" (2008), extended to complex numbers; that of the pseudo-inverse
is Golub and Pereyra's (1973), that of the exponential Najfeld and Havel's (1995).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops.slopes import over

HALF = np.dtype(np.float16)


def _lapack(compute: Callable[..., Any]) -> Callable[..., Any]:
    """`compute`, with float16 taken through float32: LAPACK has no routines for it."""

    def wide(a: Any) -> Any:
        return a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == HALF else a

    @wraps(compute)
    def forward(x: Any, *rest: Any, **params: Any) -> Any:
        if x.dtype != HALF:
            return compute(x, *rest, **params)
        out = compute(wide(x), *map(wide, rest), **params)
        return tuple(a.astype(HALF) for a in out) if isinstance(out, tuple) else out.astype(HALF)

    return forward


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return x.mT.conjugate()


def _complex(x: Any) -> bool:
    return bool(np.iscomplexobj(getattr(x, "array", x)))


def _eye(x: Any) -> Any:
    """Where the diagonal of the matrices `x` is."""
    return np.eye(x.shape[-2], x.shape[-1], dtype=bool)


def _scaled(u: Any, s: Any) -> Any:
    """`u @ diag(s)`."""
    return u * s[..., None, :]


def _diagonal(x: Any) -> Any:
    return np.diagonal(x, 0, -2, -1)


# --- systems of equations -----------------------------------------------------------------------------


def _solve_triangular(x: Any, y: Any, upper: bool = True, unit: bool = False) -> Any:
    """x^-1 y of a triangular x; what lies on the other side of its diagonal is not looked at.

    An upper triangle is its own LU decomposition, so the general solver does back substitution; a lower
    one becomes upper with rows and columns reversed.
    """
    a = np.triu(x) if upper else np.tril(x)[..., ::-1, ::-1]
    if unit:
        a = np.where(_eye(a), np.ones((), a.dtype), a)
    b = y if upper else y[..., ::-1, :]
    try:
        out = np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        out = _substitute(a, b)
    return out if upper else out[..., ::-1, :]


def _substitute(a: Any, b: Any) -> Any:
    """a^-1 b of an upper triangle by back substitution, which divides by whatever is on the diagonal."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in reversed(range(a.shape[-1])):
            out[..., k, :] /= a[..., k, k, None]
            out[..., :k, :] -= a[..., :k, k, None] * out[..., k, None, :]
    return out


def _solve_triangular_x(g: Any, x: Any, out: Any, upper: bool, unit: bool) -> Any:
    d = -solve_triangular(adjoint(x), g, not upper, unit) @ adjoint(out)
    return np.triu(d, int(unit)) if upper else np.tril(d, -int(unit))


# --- determinants -------------------------------------------------------------------------------------


def _cofactors(x: Any, out: Any) -> Any:
    """The derivative of the determinant by each element: det(x) x^-T, and the cofactors of singular ones.

    Those come from the singular value decomposition: each direction counts with the product of the other
    singular values, which is not zero for all of them if only one of them is.
    """
    if (getattr(out, "array", out) != 0).all():
        return out[..., None, None] * inv(x).mT
    u, s, vh = svd(x)
    n = s.shape[-1]
    others = np.prod(np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :]), axis=-1)
    turn = det(u) * det(vh)
    return turn[..., None, None] * (_scaled(u.conjugate(), others) @ vh.conjugate())


def _slogdet_x(g_sign: Any, g_logabsdet: Any, x: Any, sign: Any) -> Any:
    """log|det| moves with the real part of tr(x^-1 dx), the angle of a complex det with the imaginary one."""
    g = g_logabsdet
    if g_sign is not None and _complex(x):
        turn = np.imag(g_sign.conjugate() * sign) * -1j
        g = turn if g is None else g + turn
    return np.zeros_like(x) if g is None else g[..., None, None] * adjoint(inv(x))


# --- factorisations -----------------------------------------------------------------------------------


def _cholesky_x(g: Any, out: Any) -> Any:
    upper = adjoint(out)
    product = np.tril(upper @ g)
    product = np.where(_eye(product), product / 2, product)
    half = solve_triangular(upper, (product + adjoint(product)) / 2, True)
    return adjoint(solve_triangular(upper, adjoint(half), True))


def _qr_x(g_q: Any, g_r: Any, q: Any, r: Any, complete: bool) -> Any:
    if complete and q.shape[-1] > r.shape[-1]:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols: the added columns "
            "of Q are arbitrary. Use mode='reduced'."
        )
    inner = 0 if g_r is None else g_r @ adjoint(r)
    inner = np.triu(inner if g_q is None else inner - adjoint(q) @ g_q)
    both = inner + adjoint(inner)
    outer = q @ np.where(_eye(both), both / 2, both)
    return adjoint(solve_triangular(r, adjoint(outer if g_q is None else outer + g_q), True))


def _gaps(s: Any) -> Any:
    """s_j - s_i in row i and column j, with ones on the diagonal."""
    n = s.shape[-1]
    return np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :] - s[..., :, None])


def _eigh_x(g_w: Any, g_v: Any, w: Any, v: Any) -> Any:
    if g_v is None:
        return _scaled(v, g_w) @ adjoint(v)
    across = adjoint(v) @ g_v
    here = _eye(across)
    inner = over(np.where(here, 0.0, across), _gaps(w))
    inner = inner if g_w is None else np.where(here, g_w[..., None, :], inner)
    return v @ inner @ adjoint(v)


def _eig_x(g_w: Any, g_v: Any, w: Any, v: Any) -> Any:
    vh = adjoint(v)
    if g_v is None:
        return solve(vh, g_w[..., :, None] * vh)
    across = vh @ g_v
    across = across - _scaled(vh @ v, np.real(_diagonal(across)))  # vectors keep their length
    here = _eye(across)
    inner = over(np.where(here, 0.0, across), _gaps(w).conjugate())
    inner = inner if g_w is None else np.where(here, g_w[..., None, :], inner)
    return solve(vh, inner @ vh)


def _eig(x: Any) -> Any:
    """Of a complex x; one that holds real numbers gets LAPACK's order for those, conjugates side by side."""
    w, v = np.linalg.eig(x if x.imag.any() else x.real)
    return w.astype(x.dtype), v.astype(x.dtype)


def _svd_x(g_u: Any, g_s: Any, g_vh: Any, u: Any, s: Any, vh: Any) -> Any:
    """The columns of a full u or vh beyond the singular values are arbitrary: their gradient is not used."""
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    if g_u is None and g_vh is None:
        return _scaled(u, g_s) @ vh
    v = adjoint(vh)
    column, row = s[..., :, None], s[..., None, :]
    here = np.eye(k, dtype=bool)
    gaps = np.where(here, 1.0, (row - column) * (row + column))
    inner = outside = None
    if g_u is not None:
        g_u = g_u[..., :k]
        across = adjoint(u) @ g_u
        turn = across - adjoint(across)
        inner = over(turn, gaps) * row
        if _complex(u):  # the phase of a column is only fixed against that of its row in vh
            inner = np.where(here, over(turn, 2 * row), inner)
        if u.shape[-2] > k:
            outside = over(g_u - u @ across, row) @ vh
    if g_vh is not None:
        g_v = adjoint(g_vh[..., :k, :])
        across = vh @ g_v
        turned = column * over(np.where(here, 0.0, across - adjoint(across)), gaps)
        inner = turned if inner is None else inner + turned
        if vh.shape[-1] > k:
            beyond = u @ adjoint(over(g_v - v @ across, row))
            outside = beyond if outside is None else outside + beyond
    inner = inner if g_s is None else inner + np.where(here, g_s[..., None, :], 0.0)
    inside = u @ inner @ vh
    return inside if outside is None else inside + outside


# --- functions of a matrix ----------------------------------------------------------------------------


def _pinv(x: Any, atol: Any = 0.0, rtol: Any = 0.0, hermitian: bool = False) -> Any:
    """The pseudo-inverse: singular values of at most max(atol, rtol * the largest) count as zero."""
    if not x.size:
        return x.mT.copy()
    if hermitian:
        s, u = np.linalg.eigh(x)
        vh = adjoint(u)
    else:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
    size = np.absolute(s)
    bound = np.maximum(np.asarray(rtol) * size.max(-1), atol)[..., None]
    kept = size > bound
    inverse = np.where(kept, 1 / np.where(kept, s, np.ones((), s.dtype)), np.zeros((), s.dtype))
    return _scaled(adjoint(vh), inverse) @ adjoint(u)


def _pinv_x(g: Any, x: Any, out: Any) -> Any:
    ph, gh = adjoint(out), adjoint(g)
    left, right = (gh @ out) @ ph, ph @ (out @ gh)
    return left - x @ (out @ left) + right - (right @ out) @ x - ph @ g @ ph


_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip


def _matrix_exp(x: Any) -> Any:
    """Higham's scaling and squaring (2005) with the Padé approximant of degree 13.

    In double precision always: rounding errors are squared along.
    """
    if not x.size:
        return x.copy()
    norm = float(np.absolute(x).sum(-2).max())
    halvings = max(0, math.ceil(math.log2(norm / 5.4))) if 0 < norm < math.inf else 0
    a = x.astype(np.result_type(x, np.float64)) / 2.0**halvings
    one = np.eye(a.shape[-1], dtype=a.dtype)
    b = [c / _PADE[0] for c in _PADE]
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    out = np.linalg.solve(even - odd, even + odd)
    for _ in range(halvings):
        out = out @ out
    return out.astype(x.dtype)


def _matrix_exp_x(g: Any, x: Any) -> Any:
    """The upper right block of exp([[x^H, g], [0, x^H]])."""
    n, xh = x.shape[-1], adjoint(x)
    top, bottom = np.concatenate([xh, g], axis=-1), np.concatenate([np.zeros_like(g), xh], axis=-1)
    return matrix_exp(np.concatenate([top, bottom], axis=-2))[..., :n, n:]


# fmt: off
_SQUARE: tuple[Any, ...] = (((3, 3),), ((2, 3, 3),), ((0, 0),))
_BOTH_WAYS: tuple[Any, ...] = (((3, 3),), ((4, 2),), ((2, 2, 4),))
_ONE: tuple[Any, ...] = (((1, 1),), ((2, 1, 1),))  # what is drawn at random is Hermitian, if of one element

inv: Any = op(
    "inv", _lapack(np.linalg.inv), cases=_SQUARE, doc="The inverse of a matrix.",
    x=lambda g, out: -(adjoint(out) @ g @ adjoint(out)),
)
solve: Any = op(
    "solve", _lapack(np.linalg.solve), broadcasts=True,
    cases=(((3, 3), (3, 2)), ((2, 3, 3), (3, 1)), ((3, 3), (2, 3, 2))), doc="The z for which x @ z is y.",
    x=lambda g, x, out: -solve(adjoint(x), g) @ adjoint(out),
    y=lambda g, x: solve(adjoint(x), g),
)
solve_triangular: Any = op(
    "solve_triangular", _lapack(_solve_triangular), broadcasts=True, domain=(0.5, 2.0),
    cases=(((3, 3), (3, 2)), ((2, 3, 3), (3, 1), {"upper": False}), ((3, 3), (2, 3, 2), {"unit": True})),
    doc="The z for which x @ z is y, where x is triangular.",
    x=_solve_triangular_x,
    y=lambda g, x, upper, unit: solve_triangular(adjoint(x), g, not upper, unit),
)
det: Any = op(
    "det", _lapack(np.linalg.det), cases=_SQUARE, doc="The determinant.",
    x=lambda g, x, out: g[..., None, None] * _cofactors(x, out).conjugate(),
)
slogdet: Any = op(
    "slogdet", _lapack(lambda x: tuple(np.linalg.slogdet(x))), outputs=("sign", "logabsdet"), cases=_SQUARE,
    doc="The determinant as its sign and the logarithm of its size.",
    x=_slogdet_x,
)
cholesky: Any = op(
    "cholesky", _lapack(lambda x: np.linalg.cholesky(x)), domain=(0.5, 3.0), cases=_ONE,
    doc="The lower triangle which, times its adjoint, is x; only the lower triangle of x is read.",
    x=_cholesky_x,
)
qr: Any = op(
    "qr", _lapack(lambda x, complete=False: tuple(np.linalg.qr(x, "complete" if complete else "reduced"))),
    outputs=("q", "r"), cases=(((3, 3),), ((4, 2),), ((2, 3, 3), {"complete": True})),
    doc="Orthonormal columns and an upper triangle whose product is x, which is at least as tall as wide.",
    x=_qr_x,
)
eigh: Any = op(
    "eigh", _lapack(lambda x: tuple(np.linalg.eigh(x))), outputs=("w", "v"), cases=_ONE,
    doc="The eigenvalues, rising, and eigenvectors of a Hermitian x; only the lower triangle is read.",
    x=_eigh_x,
)
eig: Any = op(
    "eig", _eig, outputs=("w", "v"), numbers="complex", cases=_ONE,
    doc="The eigenvalues and eigenvectors of a complex x.",
    x=_eig_x,
)
svd: Any = op(
    "svd", _lapack(lambda x, full=False: tuple(np.linalg.svd(x, full))), outputs=("u", "s", "vh"), cases=_BOTH_WAYS,
    numbers="real",  # complex ones too, but the vectors are only defined up to a phase, which differences would see
    doc="Orthonormal columns, singular values, falling, and orthonormal rows whose product is x.",
    x=_svd_x,
)
pinv: Any = op(
    "pinv", _lapack(_pinv), cases=_BOTH_WAYS, doc="The pseudo-inverse.",
    x=_pinv_x,
)
matrix_exp: Any = op(
    "matrix_exp", _matrix_exp, cases=_SQUARE, domain=(-1.0, 1.0), doc="The exponential of a matrix.",
    x=_matrix_exp_x,
)
