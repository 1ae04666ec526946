"""Products of reflections, which is how LAPACK keeps the Q of a decomposition Q R."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.linalg import matmul
from tinygrad_lite.functions.out import written
from tinygrad_lite.functions.solving import adjoint, need_matrices
from tinygrad_lite.ops import elementwise
from tinygrad_lite.tensors import bare, make

__all__ = ["geqrf", "orgqr", "ormqr"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """The reflections that make an upper triangle of a matrix, and it, packed as LAPACK does: `(a, tau)`.

    Not differentiable; `linalg.qr` is.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.geqrf(tg.tensor([[3.0], [4.0]])).a
        tensor([[-5.0000],
                [ 0.5000]])
    """
    need_matrices("geqrf", input, "input")
    packed, tau = np.linalg.qr(input.array, mode="raw")
    return written("geqrf", results.geqrf(bare(np.ascontiguousarray(packed.mT)), bare(tau)), out)


def _reflected(A: Tensor, tau: Tensor, other: Tensor, last_first: bool, conjugate: bool) -> Tensor:
    """`other` after the reflections 1 - tau v v^H of the columns v of A."""
    rows = np.arange(A.array.shape[-2])
    steps = range(tau.array.shape[-1])
    if not steps:
        return elementwise.where(True, other, A[..., : other.array.shape[-2], :1])
    for k in reversed(steps) if last_first else steps:
        column = elementwise.where(rows < k, 0.0, elementwise.where(rows == k, 1.0, A[..., k]))[..., None]
        factor_ = tau[..., k, None, None]
        factor_ = elementwise.conj(factor_) if conjugate and factor_.is_complex() else factor_
        other = other - matmul(factor_ * column, matmul(adjoint(column), other))
    return other


def householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """The first columns of a product of reflections 1 - tau v v^H, where each v is below the diagonal of A.

    Args:
        A: matrices, at least as tall as wide.
        tau: a factor for each reflection, at most as many as A has columns.
        out: where to write the result.

    Raises:
        RuntimeError: for other shapes, or different dtypes.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.householder_product(*tg.geqrf(tg.tensor([[3.0], [4.0]])))
        tensor([[-0.6000],
                [-0.8000]])
    """
    name = "torch.linalg.householder_product"
    need_tensor(name, "A", A)
    need_tensor(name, "tau", tau, 2)
    if A.array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions, got {A.array.ndim}.")
    m, n = A.array.shape[-2:]
    if m < n:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1], got {m} and {n}")
    if n < (tau.array.shape or (0,))[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tau.array.ndim != A.array.ndim - 1 or tau.array.shape[:-1] != A.array.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.array.shape)} and {list(A.array.shape)}"
        )
    if A.array.dtype is not tau.array.dtype:
        raise RuntimeError(f"{name}: tau dtype {tau.dtype} does not match input dtype {A.dtype}")
    one = make(np.broadcast_to(np.eye(m, n, dtype=A.array.dtype), A.array.shape).copy())
    return written(name, _reflected(A, tau, one, last_first=True, conjugate=False), out)


def orgqr(input: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """`linalg.householder_product` under LAPACK's name.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.orgqr(*tg.geqrf(tg.tensor([[2.0]])))
        tensor([[1.]])
    """
    return householder_product(input, tau, out=out)


def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *, out: Any = None
) -> Tensor:
    """The product of all the columns of reflections Q, which `geqrf` gives, with a matrix.

    Args:
        input: matrices with the reflections, as `householder_product` takes them.
        tau: a factor for each.
        other: what they are multiplied with.
        left: whether Q stands left of it.
        transpose: whether to take the adjoint of Q.
        out: where to write the result.

    Raises:
        RuntimeError: if the shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ormqr(*tg.geqrf(tg.tensor([[3.0], [4.0]])), tg.tensor([[3.0], [4.0]]), transpose=True)
        tensor([[-5.],
                [ 0.]])
    """
    for position, (argument, value) in enumerate({"input": input, "tau": tau, "other": other}.items(), 1):
        need_tensor("ormqr", argument, value, position)
    if input.array.ndim < 2 or other.array.ndim < 2:
        raise RuntimeError("torch.ormqr: input and other must have at least 2 dimensions.")
    m, k = input.array.shape[-2], (tau.array.shape or (0,))[-1]
    size = other.array.shape[-2 if left else -1]
    if size < k or size != m:
        raise RuntimeError(
            f"torch.ormqr: other.shape[{-2 if left else -1}] must be equal to input.shape[-2] and at least "
            f"tau.shape[-1], got {size}, {m} and {k}"
        )
    if input.array.shape[-1] < k:
        raise RuntimeError("torch.ormqr: tau.shape[-1] must be less than or equal to input.shape[-1]")
    if input.array.shape[:-2] != tau.array.shape[:-1] or input.array.shape[:-2] != other.array.shape[:-2]:
        raise RuntimeError(
            "torch.ormqr: batch dimensions of input, tau and other must be equal, got shapes "
            f"{list(input.array.shape)}, {list(tau.array.shape)} and {list(other.array.shape)}"
        )
    if not input.array.dtype is tau.array.dtype is other.array.dtype:
        raise RuntimeError(
            f"torch.ormqr: input, tau and other must have the same dtype, got {input.dtype}, {tau.dtype}, {other.dtype}"
        )
    if left:
        result = _reflected(input, tau, other, last_first=not transpose, conjugate=transpose)
    else:
        result = adjoint(_reflected(input, tau, adjoint(other), last_first=transpose, conjugate=not transpose))
    return written("ormqr", result, out)
