"""Inverses, systems of linear equations, determinants, and powers of matrices."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.ops import cumulative, elementwise, linalg, shape
from tinygrad_lite.ops import decompose as ops
from tinygrad_lite.tensors import bare

__all__ = ["det", "inverse", "logdet", "matrix_exp", "matrix_power", "slogdet", "triangular_solve"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


class LinAlgError(RuntimeError):
    """What is raised where a matrix does not have what was asked for: singular, not positive-definite ...

    Example:
        >>> import tinygrad_lite as tg
        >>> try:
        ...     tg.linalg.inv(tg.zeros(2, 2))
        ... except tg.linalg.LinAlgError as error:
        ...     print(error)
        linalg.inv: the computation could not be completed because the input matrix is singular
    """


_REASONS = {
    "Singular matrix": "the input matrix is singular",
    "Matrix is not positive definite": "the input is not positive-definite",
}


def computed(name: str, row: Callable[..., Any], *args: Any) -> Any:
    """`row(*args)`, with LAPACK's failures as `LinAlgError`."""
    try:
        return row(*args)
    except RuntimeError as error:
        cause = error.__cause__
        if isinstance(cause, np.linalg.LinAlgError):
            reason = _REASONS.get(str(cause), str(cause))
            raise LinAlgError(f"{name}: the computation could not be completed because {reason}") from None
        raise


def need_matrices(name: str, A: Tensor, argument: str = "A", position: int = 1, *, square: bool = False) -> None:
    """Refuse what is no matrix, or batch of them, of fractions.

    Raises:
        TypeError: if it is no tensor.
        RuntimeError: for fewer than two dimensions, integers, or, where `square`, another shape.
    """
    need_tensor(name, argument, A, position)
    if A.array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {argument} must have at least 2 dimensions, got {A.array.ndim}.")
    if A.array.dtype.kind not in "fc":
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype}; convert it, as in A.float()"
        )
    if square and A.array.shape[-1] != A.array.shape[-2]:
        m, n = A.array.shape[-2:]
        raise RuntimeError(f"{name}: {argument} must be batches of square matrices, but they are {m} by {n} matrices")


def adjoint(x: Tensor) -> Tensor:
    """The conjugate transpose of matrices."""
    swapped = shape.transpose(x, -2, -1)
    return elementwise.conj(swapped) if swapped.is_complex() else swapped


def no_info(A: Tensor) -> Tensor:
    """The `info` of a computation that went well: a zero for each matrix."""
    return bare(np.zeros(A.array.shape[:-2], np.int32))


def inv(A: Tensor) -> Tensor:
    """The inverse of a square matrix, or of each in a batch.

    Raises:
        LinAlgError: if one is singular.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.inv(tg.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    need_matrices("linalg.inv", A, square=True)
    return computed("linalg.inv", ops.inv, A)


def inverse(input: Tensor) -> Tensor:
    """The inverse of a square matrix; see `linalg.inv`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.inverse(tg.tensor([[0.5]]))
        tensor([[2.]])
    """
    return inv(input)


def _common(name: str, A: Tensor, B: Tensor) -> None:
    if A.array.dtype is not B.array.dtype:
        raise RuntimeError(f"{name}: Expected A and B to have the same dtype, but got {A.dtype} and {B.dtype}")


def is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether B is one vector for each matrix in A rather than a matrix."""
    return B.array.ndim == 1 or (A.array.ndim - 1 == B.array.ndim and B.array.shape == A.array.shape[:-1])


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X for which A @ X is B; with `left=False`, X @ A.

    Args:
        A: square matrices.
        B: matrices, or a vector for each; batches broadcast.
        left: on which side of X A stands.

    Raises:
        LinAlgError: if a matrix is singular.
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.solve(tg.tensor([[2.0, 0.0], [0.0, 4.0]]), tg.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    name = "linalg.solve"
    need_matrices(name, A, square=True)
    need_tensor(name, "B", B, 2)
    _common(name, A, B)
    vector = is_vector(A, B)
    if vector and not left:
        raise RuntimeError(f"{name}: Vector broadcasting of the left hand side is not supported for left=False")
    right = shape.unsqueeze(B, -1) if vector else B
    if right.array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions, or be a vector for each A.")
    _need_fit(name, A, right, left)
    if not left:
        swapped = computed(name, ops.solve, shape.transpose(A, -2, -1), shape.transpose(right, -2, -1))
        return shape.transpose(swapped, -2, -1)
    out = computed(name, ops.solve, A, right)
    return shape.squeeze(out, -1) if vector else out


def _need_fit(name: str, A: Tensor, B: Tensor, left: bool) -> None:
    """Refuse a right-hand side that has another number of equations."""
    if A.array.shape[-2] != B.array.shape[-2 if left else -1]:
        sign = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {sign} ({'x'.join(map(str, A.array.shape[-2:]))} "
            f"and {'x'.join(map(str, B.array.shape[-2:]))})"
        )


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:  # fmt: skip
    """The X for which A @ X is B, where A is triangular; with `left=False`, X @ A.

    Args:
        A: square matrices; what is on the other side of the diagonal is not looked at.
        B: matrices; batches broadcast.
        upper: whether A is upper triangular, or lower.
        left: on which side of X A stands.
        unitriangular: whether to take the diagonal of A as ones.

    Raises:
        RuntimeError: if the shapes or dtypes do not fit. A zero on the diagonal gives infinities.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.solve_triangular(tg.tensor([[1.0, 1.0], [0.0, 2.0]]), tg.tensor([[3.0], [2.0]]), upper=True)
        tensor([[2.],
                [1.]])
    """
    name = "linalg.solve_triangular"
    need_matrices(name, A, square=True)
    need_matrices(name, B, "B", 2)
    _common(name, A, B)
    _need_fit(name, A, B, left)
    if left:
        return ops.solve_triangular(A, B, upper, unitriangular)
    swapped = ops.solve_triangular(shape.transpose(A, -2, -1), shape.transpose(B, -2, -1), not upper, unitriangular)
    return shape.transpose(swapped, -2, -1)


def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:  # fmt: skip
    """`linalg.solve_triangular` under PyTorch's older name: `(solution, cloned_coefficient)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.triangular_solve(tg.tensor([[4.0]]), tg.tensor([[2.0]])).solution
        tensor([[2.]])
    """
    need_matrices("triangular_solve", A, "A", 2, square=True)
    matrix = shape.transpose(A, -2, -1) if transpose else A
    solution = solve_triangular(matrix, input, upper=upper != transpose, unitriangular=unitriangular)
    batch = solution.array.shape[:-2]
    return results.triangular_solve(solution, shape.clone(shape.expand(A, (*batch, *A.array.shape[-2:]))))


def det(A: Tensor) -> Tensor:
    """The determinant of a square matrix, or of each in a batch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.det(tg.tensor([[1.0, 2.0], [3.0, 5.0]]))
        tensor(-1.)
    """
    need_matrices("linalg.det", A, square=True)
    return ops.det(A)


def slogdet(A: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its size, as `(sign, logabsdet)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.slogdet(tg.eye(2)).logabsdet
        tensor(0.)
    """
    need_matrices("linalg.slogdet", A, square=True)
    return results.linalg_slogdet(*ops.slogdet(A))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: NaN if that is negative, -inf if it is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logdet(tg.eye(3))
        tensor(0.)
    """
    need_matrices("logdet", input, square=True)
    sign, logabsdet = ops.slogdet(input)
    if input.is_complex():
        return elementwise.add(elementwise.log(sign), logabsdet)
    return elementwise.where(sign.array == -1, math.nan, logabsdet)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """The product of n copies of a square matrix; of its inverse, if n is negative.

    Raises:
        LinAlgError: if n is negative and the matrix is singular.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.matrix_power(tg.tensor([[1.0, 1.0], [0.0, 1.0]]), 10)
        tensor([[ 1., 10.],
                [ 0.,  1.]])
    """
    need_matrices("linalg.matrix_power", input, square=True)
    n = operator.index(n)
    square = inv(input) if n < 0 else input
    if n == 0:
        eye = np.eye(input.array.shape[-1], dtype=input.array.dtype)
        return elementwise.where(np.ones_like(input.array, bool), eye, input)
    out, n = None, abs(n)
    while n:
        if n & 1:
            out = square if out is None else linalg.matmul(out, square)
        n >>= 1
        square = linalg.matmul(square, square) if n else square
    return shape.clone(out) if out is input else out


def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of a square matrix: the sum of A^k / k!.

    Computed by scaling and squaring (Higham, 2005).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.matrix_exp(tg.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    need_matrices("linalg.matrix_exp", input, square=True)
    return ops.matrix_exp(input)


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of the map that `tensordot(A, X, ind)` is.

    Raises:
        RuntimeError: if the first `ind` sizes and the others do not have the same product.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.tensorinv(tg.eye(6).reshape(2, 3, 6), ind=2).shape
        Size([6, 2, 3])
    """
    need_tensor("linalg.tensorinv", "A", A)
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', got {ind}")
    front, back = A.array.shape[:ind], A.array.shape[ind:]
    n = math.prod(front)
    if n != math.prod(back):
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(A.shape[ind:]) == prod(A.shape[:ind]), but got "
            f"{math.prod(back)} != {n}"
        )
    return shape.reshape(inv(shape.reshape(A, (n, n))), (*back, *front))


def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The X for which `tensordot(A, X, X.ndim)` is B, after moving the dimensions `dims` of A to its end.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.tensorsolve(tg.eye(6).reshape(2, 3, 6), tg.ones(2, 3)).shape
        Size([6])
    """
    need_tensor("linalg.tensorsolve", "A", A)
    need_tensor("linalg.tensorsolve", "B", B, 2)
    if dims is not None:
        moved = [d % A.array.ndim for d in dims]
        A = shape.permute(A, tuple(k for k in range(A.array.ndim) if k not in moved) + tuple(moved))
    back = A.array.shape[B.array.ndim :]
    n = math.prod(back)
    if n != B.array.size:
        raise RuntimeError(f"Expected self to satisfy the requirement prod(A.shape[B.ndim:]) == B.numel(), got {n}")
    return shape.reshape(solve(shape.reshape(A, (n, n)), shape.reshape(B, (n,))), back)


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Vandermonde's matrix: the powers 0 to N - 1 of each element, in a row.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.vander(tg.tensor([1.0, 2.0]), N=3)
        tensor([[1., 1., 1.],
                [1., 2., 4.]])
    """
    need_tensor("linalg.vander", "x", x)
    n = (x.array.shape or (1,))[-1] if N is None else N
    if n <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, got {n}")
    x = x if x.array.ndim else shape.reshape(x, (1,))
    powers = shape.expand(shape.unsqueeze(x, -1), (*x.array.shape, n - 1))
    ones = np.ones((*x.array.shape, 1), x.array.dtype)
    return shape.cat([bare(ones), cumulative.cumprod(powers, -1)], -1)
