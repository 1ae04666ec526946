"""Factorisations of matrices, and what is computed by them: eigenvalues, ranks, least squares."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.solving import adjoint, computed, need_matrices
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import decompose as ops
from tinygrad_lite.ops import linalg, shape
from tinygrad_lite.tensors import bare

__all__ = ["cholesky_inverse", "cholesky_solve", "pinverse"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


# --- Cholesky ----------------------------------------------------------------------------------------------


def _cholesky(name: str, A: Tensor, upper: bool) -> Tensor:
    need_matrices(name, A, square=True)
    lower = computed(name, ops.cholesky, adjoint(A) if upper else A)
    return adjoint(lower) if upper else lower


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangle L for which L @ L^H is A, Hermitian and positive-definite.

    Args:
        A: the matrices, of which only the lower triangle is read.
        upper: whether to return L^H, and read the upper triangle.

    Raises:
        LinAlgError: if A is not positive-definite.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.cholesky(tg.tensor([[4.0, 2.0], [2.0, 5.0]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    return _cholesky("linalg.cholesky", A, upper)


def old_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """`linalg.cholesky` under PyTorch's older name.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cholesky(tg.tensor([[9.0]]))
        tensor([[3.]])
    """
    return _cholesky("cholesky", input, upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The X for which A @ X is B, from the Cholesky factor L of A.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cholesky_solve(tg.tensor([[4.0]]), tg.tensor([[2.0]]))
        tensor([[1.]])
    """
    need_matrices("cholesky_solve", B, "B")
    need_matrices("cholesky_solve", L, "L", 2, square=True)
    if B.array.shape[-2] != L.array.shape[-1]:
        raise RuntimeError(
            f"cholesky_solve: Incompatible matrix sizes for B and L: {list(B.array.shape)} and {list(L.array.shape)}"
        )
    high, low = (L, adjoint(L)) if upper else (adjoint(L), L)
    return ops.solve_triangular(high, ops.solve_triangular(low, B, False), True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of a matrix from its Cholesky factor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cholesky_inverse(tg.tensor([[2.0]]))
        tensor([[0.2500]])
    """
    need_matrices("cholesky_inverse", L, "L", square=True)
    one = np.broadcast_to(np.eye(L.array.shape[-1], dtype=L.array.dtype), L.array.shape)
    return cholesky_solve(bare(one), L, upper)


# --- QR ----------------------------------------------------------------------------------------------------


def _qr(name: str, A: Tensor, complete: bool) -> tuple[Tensor, Tensor]:
    """Q and R. Of a wide matrix the first columns decide Q, and the others are turned by it."""
    need_matrices(name, A)
    m, n = A.array.shape[-2:]
    if m >= n:
        return ops.qr(A, complete)
    columns = (..., slice(None), slice(m)), (..., slice(None), slice(m, None))
    q, r = ops.qr(A[columns[0]], complete)
    return q, shape.cat([r, linalg.matmul(adjoint(q), A[columns[1]])], -1)


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Orthonormal columns Q and an upper triangle R whose product is A.

    Args:
        A: the matrices.
        mode: "reduced", "complete" (Q is square) or "r" (only R; Q is empty).

    Raises:
        RuntimeError: for another mode, and at backward in mode "complete" for more rows than columns.

    Example:
        >>> import tinygrad_lite as tg
        >>> Q, R = tg.linalg.qr(tg.tensor([[3.0, 1.0], [4.0, 2.0]]))
        >>> tg.allclose(Q @ R, tg.tensor([[3.0, 1.0], [4.0, 2.0]]))
        True
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    q, r = _qr("linalg.qr", A, mode == "complete")
    return results.linalg_qr(bare(np.empty(0, A.array.dtype)) if mode == "r" else q, r)


def old_qr(input: Tensor, some: bool = True) -> Any:
    """`linalg.qr` under PyTorch's older name.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.qr(tg.ones(3, 2), some=False).Q.shape
        Size([3, 3])
    """
    return results.qr(*_qr("qr", input, not some))


# --- eigenvalues -------------------------------------------------------------------------------------------


def _hermitian(name: str, A: Tensor, UPLO: str) -> Tensor:
    """What has in its lower triangle the triangle of A that is to be read."""
    need_matrices(name, A, square=True)
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"{name}: Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return adjoint(A) if UPLO.upper() == "U" else A


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues, rising, and the eigenvectors, in columns, of a Hermitian matrix.

    Args:
        A: the matrices.
        UPLO: which triangle is read, "L" or "U".

    The gradient through eigenvectors is infinite where eigenvalues repeat.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.eigh(tg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    return results.linalg_eigh(*computed("linalg.eigh", ops.eigh, _hermitian("linalg.eigh", A, UPLO)))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a Hermitian matrix, rising.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.eigvalsh(tg.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([1., 2.])
    """
    return computed("linalg.eigvalsh", ops.eigh, _hermitian("linalg.eigvalsh", A, UPLO))[0]


def _eig(name: str, A: Tensor) -> tuple[Tensor, Tensor]:
    need_matrices(name, A, square=True)
    if not np.isfinite(A.array).all():
        raise RuntimeError(f"{name}: input tensor should not contain infs or NaNs.")
    full = cast(A, np.result_type(A.array.dtype, np.complex64))
    return computed(name, ops.eig, full)


def eig(A: Tensor) -> Any:
    """The eigenvalues and the eigenvectors, in columns, of a square matrix; always complex.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.eig(tg.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
        tensor([0.+1.j, 0.-1.j])
    """
    return results.linalg_eig(*_eig("linalg.eig", A))


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix; always complex.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.eigvals(tg.tensor([[3.0]]))
        tensor([3.+0.j])
    """
    return _eig("linalg.eigvals", A)[0]


# --- singular values ---------------------------------------------------------------------------------------


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """Orthonormal columns U, singular values S, falling, and rows Vh: A is U @ diag(S) @ Vh.

    Args:
        A: the matrices.
        full_matrices: whether U and Vh are square; what is added to them has no gradient.
        driver: only PyTorch's CUDA backend has a choice.

    The gradient through U and Vh is infinite where singular values repeat.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.svd(tg.tensor([[3.0, 0.0], [0.0, 2.0]])).S
        tensor([3., 2.])
    """
    return results.linalg_svd(*_svd("linalg.svd", A, full_matrices, driver))


def _svd(name: str, A: Tensor, full: bool, driver: str | None = None) -> tuple[Tensor, Tensor, Tensor]:
    need_matrices(name, A)
    if driver is not None:
        raise RuntimeError(f"{name}: keyword argument `driver=` is only supported on CUDA inputs")
    return computed(name, ops.svd, A, full)


def old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """`linalg.svd` under PyTorch's older name, with V in place of its adjoint.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.svd(tg.ones(3, 2)).V.shape
        Size([2, 2])
    """
    u, s, vh = _svd("svd", input, compute_uv and not some)
    if compute_uv:
        return results.svd(u, s, adjoint(vh))
    m, n = input.array.shape[-2:]
    zeros = (bare(np.zeros((*input.array.shape[:-2], k, k), input.array.dtype)) for k in (m, n))
    return results.svd(next(zeros), s, next(zeros))


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, falling. Their gradient is right also where they repeat.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.svdvals(tg.tensor([[3.0, 0.0], [0.0, 2.0]]))
        tensor([3., 2.])
    """
    return _svd("linalg.svdvals", A, False, driver)[1]


def _bounds(A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """The tolerances under which singular values count as zero, as arrays or numbers."""
    atol, rtol = (t.array if isinstance(t, TensorCore) else t for t in (atol, rtol))
    if rtol is None:
        given = atol is not None and np.any(np.asarray(atol) > 0)
        eps = float(np.finfo(A.array.dtype).eps) * max(A.array.shape[-2:])
        rtol = np.where(np.asarray(atol) > 0, 0.0, eps) if given else eps
    return 0.0 if atol is None else atol, rtol


def pinv(
    A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:  # fmt: skip
    """The pseudo-inverse (Moore and Penrose's).

    Args:
        A: the matrices.
        rcond: the older name of `rtol`.
        hermitian: whether A is Hermitian, which is then not checked.
        atol, rtol: singular values of at most max(atol, rtol * the largest) count as zero; without
            either, rtol is the larger side times the distance from 1 to the next number.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.pinv(tg.tensor([[2.0], [0.0]]))
        tensor([[0.5000, 0.0000]])
    """
    need_matrices("linalg.pinv", A, square=hermitian)
    atol, rtol = _bounds(A, atol, rcond if rtol is None else rtol)
    return computed("linalg.pinv", ops.pinv, A, atol, rtol, hermitian)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverse; see `linalg.pinv`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.pinverse(tg.tensor([[4.0]]))
        tensor([[0.2500]])
    """
    return pinv(input, rcond)


def matrix_rank(
    A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:  # fmt: skip
    """How many singular values are above max(atol, rtol * the largest); see `linalg.pinv`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.matrix_rank(tg.ones(3, 3))
        tensor(1)
    """
    need_matrices("linalg.matrix_rank", A, square=hermitian)
    atol, rtol = (tol, 0.0) if tol is not None else (atol, rtol)
    atol, rtol = _bounds(A, atol, rtol)
    s = np.absolute(np.linalg.eigvalsh(A.array)) if hermitian else np.linalg.svd(A.array, compute_uv=False)
    bound = np.maximum(np.asarray(rtol) * s.max(-1, initial=0), atol)
    return bare(np.asarray((s > bound[..., None]).sum(-1)))
