"""Linear algebra, einsum and Fourier transforms, where PyTorch's op database does not look."""

import numpy as np
import pytest
import torch
from helpers import agree, case, table

import tinygrad_lite as tg

# --- einsum ------------------------------------------------------------------------------------------------

SQUARE, STACK = (3, 3), (2, 3, 3)
EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("ij,kj", (2, 3), (4, 3)),
    ("ij->ji", (2, 3)),
    ("ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ij->ij", (2, 3)),
    ("ii->i", SQUARE),
    ("ii", SQUARE),
    ("iij->j", (3, 3, 2)),
    ("iijj->ij", (2, 2, 3, 3)),
    ("i,i->", (4,), (4,)),
    ("i,j->ij", (2,), (3,)),
    ("i,j->ji", (2,), (3,)),
    ("i,i->i", (4,), (4,)),
    ("bi,bi->b", (2, 3), (2, 3)),
    ("bi,bj->b", (2, 3), (2, 4)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("bij,bjk->kib", (2, 3, 4), (2, 4, 5)),
    ("bij,jk->bik", (2, 3, 4), (4, 5)),
    ("ij,bj->bi", (3, 4), (2, 4)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
    ("bqhd,bkhd->bhqk", (2, 4, 3, 5), (2, 6, 3, 5)),
    ("bijk,bjkl->bil", (2, 2, 3, 4), (2, 3, 4, 5)),
    ("ijk,jk->i", (2, 3, 4), (3, 4)),
    ("...ij,...jk->...ik", STACK, (3, 2)),
    ("...i->...", (2, 3)),
    ("i...->...i", (2, 3, 4)),
    ("...,...", (2, 3), (3,)),
    ("...ij->ij", (2, 3, 4)),
    ("i...,i...->...", (2, 4), (2, 3, 1)),
    ("ij,ij->j", (1, 3), (2, 3)),
    ("ij,ij->i", (2, 1), (2, 3)),
    ("ij,jk->ik", (2, 1), (3, 4)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("a,b,c->cab", (2,), (3,), (2,)),
    ("a,a,a->a", (3,), (3,), (3,)),
    (" i j , j k -> i k ", (2, 3), (3, 4)),
    (",i->i", (), (3,)),
    ("", ()),
    ("iJ,Jk->ik", (2, 3), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
    ("bij,bjk->bik", (0, 3, 4), (0, 4, 5)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS])
def test_einsum(equation, shapes, dtype):
    agree(case(f"{equation} {shapes}", lambda m, *x: m.einsum(equation, *x), *shapes), dtype)


LISTS = [
    case("lists", lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2], [0, 2]), (2, 3), (3, 4)),
    case("lists without output", lambda m, x, y: m.einsum(x, [5, 1], y, [1, 2]), (2, 3), (3, 4)),
    case("lists with dots", lambda m, x: m.einsum(x, [..., 0, 1], [..., 1, 0]), (2, 3, 4)),
    case("a list of operands", lambda m, x, y: m.einsum("ij,jk", [x, y]), (2, 3), (3, 4)),
    case("tensordot 0", lambda m, x, y: m.tensordot(x, y, 0), (2, 3), (4,)),
    case("tensordot pairs", lambda m, x, y: m.tensordot(x, y, ([0, 2], [1, 0])), (2, 3, 4), (4, 2, 5)),
    case("tensordot stretched", lambda m, x, y: m.tensordot(x, y, ([1], [0])), (2, 1), (3, 4)),
]


@pytest.mark.parametrize("line", table(LISTS))
def test_other_forms(line):
    agree(line)


NOT_EQUATIONS = [
    ("ij,jk->ik", (2, 3)),
    ("ij->ij", (2, 3), (2, 3)),
    ("i!->i", (2,)),
    ("ij->ijk", (2, 3)),
    ("ij->ii", (2, 3)),
    ("ijk->i", (2, 3)),
    ("i->i", (2, 3)),
    ("i...j->ij->", (2, 3)),
    ("......->...", (2, 3)),
    ("ij->......", (2, 3)),
    ("i..->i", (2, 3)),
    ("ij->i->j", (2, 3)),
    ("ij,jk", (2, 3), (4, 5)),
    ("ii->i", (1, 3)),
]


@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in NOT_EQUATIONS])
def test_einsum_refuses(equation, shapes):
    for m in torch, tg:
        with pytest.raises(RuntimeError):
            m.einsum(equation, *(m.ones(*shape) for shape in shapes))


# --- matrices that are special -----------------------------------------------------------------------------

REPEATED = np.diag([2.0, 2.0, 1.0])
SINGULAR = np.diag([2.0, 1.0, 0.0]) @ np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 4.0], [5.0, 6.0, 0.0]])
WIDE = np.arange(6.0).reshape(2, 3)


def hermitian(x):
    return (x + x.mH) / 2


SPECIAL = [
    case("svdvals of repeated", lambda m, x: m.linalg.svdvals(x), REPEATED, order=1),
    case("nuclear norm of the identity", lambda m, x: m.linalg.matrix_norm(x, "nuc"), np.eye(3), order=1),
    case("2-norm of repeated", lambda m, x: m.linalg.matrix_norm(x, 2), REPEATED, order=1),
    case("eigvalsh of repeated", lambda m, x: m.linalg.eigvalsh(hermitian(x)), REPEATED, order=1),
    case("det of rank 1", lambda m, x: m.linalg.det(x), np.ones((3, 3)), order=1),
    case("det of no elements", lambda m, x: m.linalg.det(x), (2, 0, 0)),
    case("inv of no matrices", lambda m, x: m.linalg.inv(x), (0, 3, 3)),
    case("svdvals of no rows", lambda m, x: m.linalg.svdvals(x), (0, 3)),
    case("solve_triangular by zero", lambda m, x, y: m.linalg.solve_triangular(x, y, upper=True),
         np.array([[1.0, 2.0], [0.0, 0.0]]), (2, 2), order=0),
    case("pinv of wide", lambda m, x: m.linalg.pinv(x), WIDE),
    case("qr of wide, its parts", lambda m, x: m.linalg.qr(x), (2, 4)),
    case("matrix_exp of large", lambda m, x: m.matrix_exp(x), (3, 3), domain=(-9.0, 9.0)),
    case("matrix_power of -3", lambda m, x: m.linalg.matrix_power(x, -3), (3, 3)),
]  # fmt: skip


@pytest.mark.parametrize("line", table(SPECIAL))
def test_special_matrices(line):
    agree(line)


COMPLEX = [
    case("svd", lambda m, x: (lambda u, s, vh: (u @ vh, abs(u), s, abs(vh)))(*m.linalg.svd(x, False)), (3, 2), order=1),
    case("eigh", lambda m, x: (lambda w, v: (w, abs(v)))(*m.linalg.eigh(hermitian(x))), (2, 3, 3), order=1),
    case("eig", lambda m, x: (lambda w, v: (w, abs(v)))(*m.linalg.eig(x)), (3, 3), order=1),
    case("cholesky", lambda m, x: m.linalg.cholesky(x @ x.mH + m.eye(3)), (2, 3, 3)),
    case("upper cholesky", lambda m, x: m.linalg.cholesky(x @ x.mH + m.eye(3), upper=True), (2, 3, 3)),
    case("slogdet", lambda m, x: m.linalg.slogdet(x), (2, 3, 3)),
    case("logdet", lambda m, x: m.logdet(x @ x.mH), (3, 3)),
    case("lstsq", lambda m, x, y: m.linalg.lstsq(x, y).solution, (4, 2), (4, 3)),
]


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("line", table(COMPLEX))
def test_factorisations_whatever_the_phase(line, dtype):
    agree(line, dtype)


def test_the_determinant_of_a_singular_matrix():
    """PyTorch says that its gradient is zero; here first and second derivatives are those of Laplace's expansion."""

    def expanded(x):
        (a, b, c), (d, e, f), (g, h, i) = x
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    x = tg.tensor(SINGULAR, dtype=tg.float64)
    for derivative in (tg.autograd.functional.jacobian, tg.autograd.functional.hessian):
        ours, exact = (derivative(f, x).numpy() for f in (tg.linalg.det, expanded))
        assert np.abs(exact).max() > 1
        assert np.allclose(ours, exact)


# --- what cannot be done -----------------------------------------------------------------------------------

FAILING = {
    "inv": lambda m: m.linalg.inv(m.zeros(2, 2)),
    "solve": lambda m: m.linalg.solve(m.ones(2, 2), m.ones(2)),
    "cholesky": lambda m: m.linalg.cholesky(-m.eye(2)),
    "inv_ex": lambda m: m.linalg.inv_ex(m.zeros(2, 2), check_errors=True),
    "matrix_power": lambda m: m.linalg.matrix_power(m.zeros(2, 2), -1),
}


@pytest.mark.parametrize("program", FAILING.values(), ids=FAILING)
def test_failing_raises_linalg_error(program):
    for m in torch, tg:
        with pytest.raises(m.linalg.LinAlgError):
            program(m)


REFUSED = {
    "inv of integers": lambda m: m.linalg.inv(m.ones(2, 2, dtype=m.int64)),
    "inv of a vector": lambda m: m.linalg.inv(m.ones(2)),
    "inv of a rectangle": lambda m: m.linalg.inv(m.ones(2, 3)),
    "solve of other dtypes": lambda m: m.linalg.solve(m.eye(2), m.ones(2, dtype=m.float64)),
    "solve of other sizes": lambda m: m.linalg.solve(m.eye(2), m.ones(3)),
    "matrix_norm of order 3": lambda m: m.linalg.matrix_norm(m.eye(2), 3),
    "matrix_norm over one dimension": lambda m: m.linalg.matrix_norm(m.eye(2), dim=(0,)),
    "norm of a string": lambda m: m.linalg.norm(m.ones(2), "nuc"),
    "eigh with another UPLO": lambda m: m.linalg.eigh(m.eye(2), UPLO="X"),
    "qr in another mode": lambda m: m.linalg.qr(m.eye(2), mode="full"),
    "mm of vectors": lambda m: m.mm(m.ones(2), m.ones(2)),
    "mm of other dtypes": lambda m: m.mm(m.eye(2), m.eye(2, dtype=m.float64)),
    "bmm of other batches": lambda m: m.bmm(m.ones(2, 2, 2), m.ones(3, 2, 2)),
    "addmm that would grow": lambda m: m.addmm(m.ones(3, 2, 2), m.eye(2), m.eye(2)),
    "dot of other sizes": lambda m: m.dot(m.ones(2), m.ones(3)),
    "tensordot of other sizes": lambda m: m.tensordot(m.ones(2, 3), m.ones(4, 2), 1),
    "cross of two elements": lambda m: m.linalg.cross(m.ones(2), m.ones(2)),
    "multi_dot of one": lambda m: m.linalg.multi_dot([m.eye(2)]),
    "cdist of other columns": lambda m: m.cdist(m.ones(2, 3), m.ones(2, 4)),
    "fft in another norm": lambda m: m.fft.fft(m.ones(4), norm="half"),
    "fft of length 0": lambda m: m.fft.fft(m.ones(4), n=0),
    "rfft of complex": lambda m: m.fft.rfft(m.ones(4, dtype=m.complex64)),
    "qr backward of added columns": lambda m: (
        m.linalg.qr(m.ones(3, 2, requires_grad=True), "complete").Q.sum().backward()
    ),
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_refused_by_both(program):
    for m in torch, tg:
        with pytest.raises(RuntimeError):
            program(m)


def test_a_batch_in_which_one_fails():
    x = np.stack([np.eye(2), np.zeros((2, 2))])
    ours, theirs = (m.linalg.inv_ex(m.from_numpy(x)) for m in (tg, torch))
    assert np.array_equal(ours.info.numpy() > 0, theirs.info.numpy() > 0)
    assert np.array_equal(ours.inverse[0].numpy(), np.eye(2))


# --- Fourier transforms ------------------------------------------------------------------------------------

NORMS = [None, "backward", "forward", "ortho"]
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]


@pytest.mark.parametrize("n", [None, 1, 4, 5, 8])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ONE)
def test_lengths_and_norms(name, norm, n):
    for dim in (0, -1):
        agree(case(f"{name} {norm} {n}", lambda m, x: getattr(m.fft, name)(x, n, dim, norm), (5, 6)))


@pytest.mark.parametrize("name", ONE)
def test_several_dimensions(name):
    lines = [
        case(name, lambda m, x: getattr(m.fft, name + "2")(x, norm="forward"), (2, 3, 4)),
        case(name, lambda m, x: getattr(m.fft, name + "n")(x, s=(4, 3), dim=(0, 2)), (2, 3, 4)),
        case(name, lambda m, x: getattr(m.fft, name + "n")(x, s=(5, -1)), (2, 3, 4)),
    ]
    for line in lines:
        agree(line)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_frequencies(n):
    for name in ("fftfreq", "rfftfreq"):
        agree(case(name, lambda m, name=name: getattr(m.fft, name)(n, 0.5)))
    agree(case("shift", lambda m, x: (m.fft.fftshift(x), m.fft.ifftshift(x, 0)), (n, 4)))
