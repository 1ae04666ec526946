"""The largest singular values and their vectors, by random products."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.drawing import randn
from tinygrad_lite.functions.factoring import qr, svd
from tinygrad_lite.functions.linalg import matmul
from tinygrad_lite.functions.shaping import expand
from tinygrad_lite.functions.solving import adjoint, need_matrices
from tinygrad_lite.ops import reduce

__all__ = ["pca_lowrank", "svd_lowrank"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Any:
    """The largest singular values and their vectors, as `(U, S, V)`, from random products (Halko and others, 2011).

    Args:
        A: the matrices.
        q: how many; a few more than are needed.
        niter: how often to multiply by A and its adjoint, for accuracy.
        M: what is subtracted from A first.

    Example:
        >>> import tinygrad_lite as tg
        >>> U, S, V = tg.svd_lowrank(tg.diag(tg.tensor([3.0, 2.0, 1.0])), q=3)
        >>> S
        tensor([3., 2., 1.])
    """
    need_matrices("svd_lowrank", A)
    count = 6 if q is None else q
    A = A if M is None else A - expand(M, A.array.shape)
    wide = A.array.shape[-2] < A.array.shape[-1]
    A = adjoint(A) if wide else A
    basis = qr(matmul(A, randn(A.array.shape[-1], count, dtype=A.dtype))).Q
    for _ in range(2 if niter is None else niter):
        basis = qr(matmul(adjoint(A), basis)).Q
        basis = qr(matmul(A, basis)).Q
    u, s, vh = svd(matmul(adjoint(basis), A), full_matrices=False)
    u, v = matmul(basis, u), adjoint(vh)
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """The main directions of the rows of a matrix, by `svd_lowrank`: `(U, S, V)`, V with a direction in each column.

    Args:
        A: matrices with an observation in each row.
        q: how many directions; 6, or fewer for a small matrix, by default.
        center: whether to subtract the mean of the rows.
        niter: see `svd_lowrank`.

    Raises:
        ValueError: if `q` or `niter` is negative, or `q` too large.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.pca_lowrank(tg.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), q=1)[1]
        tensor([2.])
    """
    need_matrices("pca_lowrank", A)
    most = min(A.array.shape[-2:])
    count = min(6, most) if q is None else q
    if not 0 <= count <= most:
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={most}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - reduce.mean(A, -2, True) if center else A, count, niter)
