"""Matrices taken apart by elimination: P L U, and L D L^T of symmetric ones; and systems solved with the parts."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import common_shape, need_tensor
from tinygrad_lite.functions.linalg import matmul
from tinygrad_lite.functions.out import written
from tinygrad_lite.functions.solving import LinAlgError, adjoint, need_matrices
from tinygrad_lite.functions.solving import solve_triangular as triangular
from tinygrad_lite.kernels import elimination
from tinygrad_lite.ops import elementwise, factor, shape
from tinygrad_lite.tensors import bare

__all__ = ["lu", "lu_solve", "lu_unpack"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer

_HALF = np.dtype(np.float16)


def _need_fractions(name: str, A: Tensor) -> None:
    need_tensor(name, "A", A)
    if A.array.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.array.shape)} instead"
        )
    if A.array.dtype.kind not in "fc" or A.array.dtype == _HALF:
        raise NotImplementedError(f"{name}() is not implemented for {A.dtype}; use float32 or float64")


# --- L U ------------------------------------------------------------------------------------------------


def _factored(name: str, A: Tensor, pivot: bool) -> tuple[Tensor, Tensor]:
    _need_fractions(name, A)
    if not pivot:
        raise RuntimeError(f"{name}: LU without pivoting is not implemented on the CPU")
    packed, pivots = factor.lu_factor(A)
    return packed, pivots


def _failures(packed: Tensor) -> np.ndarray:
    """For each matrix the number of the first zero on the diagonal of U, from 1 on, or 0."""
    zero = np.diagonal(packed.array, 0, -2, -1) == 0
    if not zero.shape[-1]:
        return np.zeros(zero.shape[:-1], np.int32)
    first: np.ndarray = np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)
    return first


def _check_failures(name: str, info: np.ndarray) -> None:
    if info.any():
        place = "" if not info.ndim else f"(Batch element {int(np.flatnonzero(info)[0])}): "
        k = int(info.reshape(-1)[np.flatnonzero(info)[0]])
        raise LinAlgError(
            f"{name}: {place}U[{k},{k}] is zero and using it on lu_solve would result in a division by zero. If you "
            "still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """L and U of A = P L U in one matrix, and the exchanges of rows, as `(LU, pivots)`; for `lu_solve`.

    Args:
        A: the matrices.
        pivot: whether to exchange rows; it cannot be left out here.
        out: where to write the result.

    Raises:
        LinAlgError: if a matrix is singular.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.lu_factor(tg.tensor([[1.0, 2.0], [4.0, 4.0]])).pivots
        tensor([2, 2], dtype=tinygrad_lite.int32)
    """
    packed, pivots = _factored("linalg.lu_factor", A, pivot)
    _check_failures("linalg.lu_factor", _failures(packed))
    return written("linalg.lu_factor", results.linalg_lu_factor(packed, pivots), out)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """`lu_factor` that says which matrices are singular instead of raising, as `(LU, pivots, info)`.

    Args:
        A: the matrices.
        pivot: whether to exchange rows; it cannot be left out here.
        check_errors: whether to raise all the same.
        out: where to write the result.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.lu_factor_ex(tg.zeros(2, 2)).info.item()
        1
    """
    packed, pivots = _factored("linalg.lu_factor_ex", A, pivot)
    info = _failures(packed)
    if check_errors:
        _check_failures("linalg.lu_factor_ex", info)
    return written("linalg.lu_factor_ex", results.linalg_lu_factor_ex(packed, pivots, bare(info)), out)


def _triangles(packed: Tensor) -> tuple[Tensor, Tensor]:
    """L and U of a packed matrix."""
    k = min(packed.array.shape[-2:])
    lower = shape.tril(packed[..., :k], -1)
    one = np.eye(*lower.array.shape[-2:], dtype=packed.array.dtype)
    return elementwise.add(lower, one), shape.triu(packed[..., :k, :])


def linalg_lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """P, L and U with A = P L U: exchanges of rows, a lower triangle with ones on its diagonal, and an upper one.

    Args:
        A: the matrices.
        pivot: whether to exchange rows; it cannot be left out here.
        out: where to write the result.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.lu(tg.tensor([[1.0, 2.0], [4.0, 4.0]])).U
        tensor([[4., 4.],
                [0., 1.]])
    """
    packed, pivots = _factored("linalg.lu", A, pivot)
    exchange = bare(factor.exchange_matrix(pivots.array, A.array.shape[-2], A.array.dtype))
    return written("linalg.lu", results.linalg_lu(exchange, *_triangles(packed)), out)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """`linalg.lu_factor` under PyTorch's older name.

    Args:
        A: the matrices.
        pivot: whether to exchange rows; it cannot be left out here.
        get_infos: whether to return which matrices are singular too, instead of raising.
        out: where to write the result.

    Example:
        >>> import tinygrad_lite as tg
        >>> packed, pivots = tg.lu(tg.tensor([[2.0]]))
        >>> packed
        tensor([[2.]])
    """
    packed, pivots = _factored("linalg.lu_factor", A, pivot)
    info = _failures(packed)
    if get_infos:
        return written("lu", results.lu_with_info(packed, pivots, bare(info)), out)
    _check_failures("linalg.lu_factor", info)
    return written("lu", (packed, pivots), out)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *, out: Any = None
) -> Any:
    """P, L and U of what `linalg.lu_factor` returns.

    Args:
        LU_data: the packed matrices.
        LU_pivots: the exchanges, int32.
        unpack_data: whether to return L and U; empty tensors otherwise.
        unpack_pivots: whether to return P; an empty tensor otherwise.
        out: where to write the result.

    Raises:
        RuntimeError: for exchanges of another dtype, or of rows that do not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.lu_unpack(*tg.linalg.lu_factor(tg.tensor([[2.0]]))).L
        tensor([[1.]])
    """
    need_tensor("lu_unpack", "LU_data", LU_data)
    need_tensor("lu_unpack", "LU_pivots", LU_pivots, 2)
    m, exchanges = LU_data.array.shape[-2], LU_pivots.array
    empty = bare(np.empty(0, LU_data.array.dtype))
    p, low, high = empty, empty, empty
    if unpack_pivots:
        if exchanges.dtype != np.int32:
            raise RuntimeError(
                f"torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, got "
                f"{LU_pivots.dtype}"
            )
        if exchanges.size and (exchanges.min() < 1 or exchanges.max() > m):
            raise RuntimeError(f"lu_unpack: LU_pivots must be numbers of rows from 1 to {m}, got {LU_pivots}")
        p = bare(factor.exchange_matrix(exchanges, m, LU_data.array.dtype))
    if unpack_data:
        low, high = _triangles(LU_data)
    return written("lu_unpack", results.lu_unpack(p, low, high), out)


def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Any = None
) -> Tensor:
    """The X for which A @ X is B, where `lu_factor` has taken A apart.

    Args:
        LU: the packed square matrices.
        pivots: the exchanges.
        B: matrices; batches broadcast.
        left: on which side of X A stands.
        adjoint: whether to take the adjoint of A instead.
        out: where to write the result.

    Raises:
        RuntimeError: if shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> packed, pivots = tg.linalg.lu_factor(tg.tensor([[1.0, 1.0], [2.0, 4.0]]))
        >>> tg.linalg.lu_solve(packed, pivots, tg.tensor([[2.0], [6.0]]))
        tensor([[1.],
                [1.]])
    """
    name = "linalg.lu_solve"
    need_matrices(name, LU, "LU", square=True)
    need_matrices(name, B, "B", 3)
    need_tensor(name, "pivots", pivots, 2)
    if LU.array.dtype is not B.array.dtype:
        raise RuntimeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type {LU.dtype} and B of type "
            f"{B.dtype} instead"
        )
    if pivots.array.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32, got {pivots.dtype}")
    n, size = LU.array.shape[-1], B.array.shape[-2 if left else -1]
    if n != size:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({n}x{n} and {'x'.join(map(str, B.array.shape[-2:]))})"
        )
    if pivots.array.shape != LU.array.shape[:-1]:
        raise RuntimeError(
            f"{name}: Number of pivots per batch should be same as the dimension of the matrix, got shapes "
            f"{list(pivots.array.shape)} and {list(LU.array.shape)}"
        )
    if not left:
        swapped = linalg_lu_solve(LU, pivots, _adjoint(B), adjoint=not adjoint)
        return written(name, _adjoint(swapped), out)
    p = bare(factor.exchange_matrix(pivots.array, n, B.array.dtype))
    if adjoint:
        turned = _adjoint(LU)
        x = triangular(turned, B, upper=False)
        result = matmul(p, triangular(turned, x, upper=True, unitriangular=True))
    else:
        x = triangular(LU, matmul(shape.transpose(p, -2, -1), B), upper=False, unitriangular=True)
        result = triangular(LU, x, upper=True)
    return written(name, result, out)


_adjoint = adjoint


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
    """`linalg.lu_solve` under PyTorch's older name, with the right-hand side first.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.lu_solve(tg.tensor([[6.0]]), *tg.linalg.lu_factor(tg.tensor([[2.0]])))
        tensor([[3.]])
    """
    return linalg_lu_solve(LU_data, LU_pivots, b, out=out)


# --- L D L^T --------------------------------------------------------------------------------------------


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """`ldl_factor` that says which matrices are singular, as `(LD, pivots, info)`. Not differentiable.

    Args:
        A: symmetric matrices, of which the lower triangle is read.
        hermitian: whether they are Hermitian instead.
        check_errors: whether to raise for singular ones.
        out: where to write the result.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.ldl_factor_ex(tg.eye(2)).info.item()
        0
    """
    name = "linalg.ldl_factor_ex"
    need_matrices(name, A, square=True)
    batch, n = A.array.shape[:-2], A.array.shape[-1]
    packed, pivots = np.empty(A.array.shape, A.array.dtype), np.empty((*batch, n), np.int32)
    info = np.zeros(batch, np.int32)
    for place in np.ndindex(batch):
        packed[place], pivots[place], info[place] = elimination.ldl_factor(A.array[place], hermitian)
    if check_errors and info.any():
        raise LinAlgError(f"{name}: the factorization has a zero on the diagonal of D: the matrix is singular")
    return written(name, results.linalg_ldl_factor_ex(bare(packed), bare(pivots), bare(info)), out)


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """L and D of A = L D L^T in one matrix, and exchanges, as `(LD, pivots)`; for `ldl_solve`. Not differentiable.

    D has blocks of one or two rows (Bunch and Kaufman, 1977), so A need not be positive-definite.

    Args:
        A: symmetric matrices, of which the lower triangle is read.
        hermitian: whether they are Hermitian instead.
        out: where to write the result.

    Raises:
        LinAlgError: if a matrix is singular.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.ldl_factor(tg.tensor([[2.0, 1.0], [1.0, 3.0]])).LD
        tensor([[2.0000, 0.0000],
                [0.5000, 2.5000]])
    """
    found = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    return written("linalg.ldl_factor", results.linalg_ldl_factor(found.LD, found.pivots), out)


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Any = None) -> Tensor:
    """The X for which A @ X is B, where `ldl_factor` has taken A apart. Not differentiable.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.ldl_solve(*tg.linalg.ldl_factor(tg.tensor([[2.0]])), tg.tensor([[6.0]]))
        tensor([[3.]])
    """
    name = "linalg.ldl_solve"
    need_matrices(name, LD, "LD", square=True)
    need_matrices(name, B, "B", 3)
    if LD.array.dtype is not B.array.dtype:
        raise RuntimeError(f"{name}: LD and B must have the same dtype, got {LD.dtype} and {B.dtype}")
    if pivots.array.dtype.kind not in "iu" or pivots.array.shape != LD.array.shape[:-1]:
        raise RuntimeError(
            f"{name}: expected integer pivots of shape {list(LD.array.shape[:-1])}, got {pivots.dtype} of shape "
            f"{list(pivots.array.shape)}"
        )
    if LD.array.shape[-1] != B.array.shape[-2]:
        raise RuntimeError(
            f"{name}: Incompatible matrix sizes: each LD matrix is {LD.array.shape[-1]} by {LD.array.shape[-1]} but "
            f"each B matrix is {B.array.shape[-2]} by {B.array.shape[-1]}"
        )
    batch = common_shape(name, LD.array.shape[:-2], B.array.shape[:-2])
    packed = np.broadcast_to(LD.array, (*batch, *LD.array.shape[-2:]))
    exchanges = np.broadcast_to(pivots.array, (*batch, pivots.array.shape[-1]))
    right = np.broadcast_to(B.array, (*batch, *B.array.shape[-2:]))
    result = np.empty(right.shape, right.dtype)
    for place in np.ndindex(batch):
        result[place] = elimination.ldl_solve(packed[place], exchanges[place], right[place], hermitian)
    return written(name, bare(result), out)
