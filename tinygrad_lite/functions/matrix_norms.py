"""Norms of matrices, distances, condition numbers, least squares, and products of vectors in space."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import to_dtype
from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.factoring import matrix_rank, pinv, svdvals
from tinygrad_lite.functions.reduction import vector_norm
from tinygrad_lite.functions.solving import LinAlgError, inv, is_vector, need_matrices
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise, index, reduce, shape
from tinygrad_lite.ops import linalg as ops
from tinygrad_lite.tensors import bare

__all__ = ["cdist", "cross"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Dim: TypeAlias = int | tuple[int, ...] | list[int] | None


def matrix_norm(
    A: Tensor, ord: float | str = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The norm of a matrix.

    Args:
        A: the matrices.
        ord: "fro" (of all elements as a vector), "nuc" (the sum of the singular values), 2 or -2 (the
            largest, the smallest of them), 1 or -1 (the largest, the smallest sum of sizes in a column),
            inf or -inf (in a row).
        dim: which two dimensions are those of the matrix.
        keepdim: whether they stay, with size 1.
        dtype: what to compute in.

    Raises:
        RuntimeError: for another order, or if `dim` does not name two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([[3.0, 0.0], [4.0, 0.0]])
        >>> tg.linalg.matrix_norm(x), tg.linalg.matrix_norm(x, 1), tg.linalg.matrix_norm(x, "nuc")
        (tensor(5.), tensor(7.), tensor(5.))
    """
    name = "linalg.matrix_norm"
    need_matrices(name, A)
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {dim!r}")
    rows, columns = (one_dim(name, d, A.array.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype)
    if dtype is not None:
        A = cast(A, to_dtype(dtype).numpy)
    if ord == "nuc" or ord in (2, -2):
        rest = [k for k in range(A.array.ndim) if k not in (rows, columns)]
        s = svdvals(shape.permute(A, (*rest, rows, columns)))
        out = reduce.sum(s, -1) if ord == "nuc" else (reduce.amax if ord == 2 else reduce.amin)(s, -1)
        if keepdim:
            out = shape.reshape(out, tuple(1 if k in (rows, columns) else n for k, n in enumerate(A.array.shape)))
        return out
    if ord not in (1, -1, math.inf, -math.inf):
        raise RuntimeError(f"{name}: Order {ord} not supported. Use 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2")
    inner, outer = (columns, rows) if math.isinf(ord) else (rows, columns)
    sums = vector_norm(A, 1, inner, True)
    out = (reduce.amax if ord > 0 else reduce.amin)(sums, outer, True)
    return out if keepdim else shape.squeeze(out, (rows, columns))


def norm(
    A: Tensor, ord: Any = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The norm of a vector or a matrix.

    Args:
        A: a floating-point or complex tensor.
        ord: the order; None is the length of all elements over `dim` as one vector.
        dim: one dimension for `vector_norm`, two for `matrix_norm`; None for all.
        keepdim: whether the dimensions stay, with size 1.
        dtype: what to compute in.

    Raises:
        RuntimeError: if an order is given and `dim`, or the tensor, has neither one nor two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([[3.0, 0.0], [4.0, 0.0]])
        >>> tg.linalg.norm(x), tg.linalg.norm(x, 1), tg.linalg.norm(x, 1, dim=1)
        (tensor(5.), tensor(7.), tensor([3., 4.]))
    """
    need_tensor("linalg.norm", "A", A)
    if dim is not None and ord is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if dim is None and ord is not None and A.array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.array.ndim}D."
        )
    if ord is not None and (A.array.ndim == 2 if dim is None else not isinstance(dim, int) and len(dim) == 2):
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: order {ord!r} is one of matrices, but the input is taken as a vector")
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number: the norm times that of the inverse, in `matrix_norm`'s order `p`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.cond(tg.tensor([[4.0, 0.0], [0.0, 2.0]]))
        tensor(2.)
    """
    need_matrices("linalg.cond", A, square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        s = svdvals(A)
        first, last = s[..., 0], s[..., -1]
        return elementwise.div(last, first) if p == -2 else elementwise.div(first, last)
    try:
        inverse = inv(A)
    except LinAlgError:
        return bare(np.full(A.array.shape[:-2], math.inf, A.array.real.dtype))
    return elementwise.mul(matrix_norm(A, p), matrix_norm(inverse, p))


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X for which |A @ X - B| is least, and of several the shortest.

    Computed, and differentiated, through the pseudo-inverse.

    Args:
        A: the matrices.
        B: the right-hand sides.
        rcond: singular values of at most so much of the largest count as zero.
        driver: the LAPACK routine that PyTorch would call; it decides which of the results are not empty.

    Returns:
        `(solution, residuals, rank, singular_values)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> A, B = tg.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), tg.tensor([[1.0], [3.0], [5.0]])
        >>> tg.linalg.lstsq(A, B).solution
        tensor([[1.0000],
                [2.0000]])
    """
    name = "linalg.lstsq"
    need_matrices(name, A)
    need_tensor(name, "B", B, 2)
    driver = driver or "gelsy"
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of {_DRIVERS}, got {driver!r}")
    vector = is_vector(A, B) and B.array.ndim < A.array.ndim
    right = shape.unsqueeze(B, -1) if vector else B
    if right.array.ndim < 2 or A.array.shape[-2] != right.array.shape[-2]:
        raise RuntimeError(
            f"{name}: input.size(-2) should match other.size(-2), got shapes {list(A.array.shape)} and "
            f"{list(B.array.shape)}"
        )
    if A.array.dtype is not B.array.dtype:
        raise RuntimeError(f"{name}: Expected A and B to have the same dtype, but got {A.dtype} and {B.dtype}")
    m, n = A.array.shape[-2:]
    full = driver == "gels"
    solution = ops.matmul(pinv(A) if full or rcond is None else pinv(A, rcond), right)
    nothing = index.select(shape.reshape(elementwise.abs(solution), (solution.array.size,)), (slice(0),))
    rank = bare(np.zeros(0, np.int64)) if full else matrix_rank(A, rtol=rcond)
    residuals = nothing
    if m > n and driver != "gelsy" and (full or (rank.array == n).all()):
        away = elementwise.abs(elementwise.sub(ops.matmul(A, solution), right))
        residuals = reduce.sum(elementwise.square(away), -2)
    s = bare(np.linalg.svd(A.array, compute_uv=False) if driver in ("gelsd", "gelss") else nothing.array)
    return results.linalg_lstsq(shape.squeeze(solution, -1) if vector else solution, residuals, rank, s)


def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:  # fmt: skip
    """The distance of each row of `x1` from each row of `x2`, in the p-norm.

    Args:
        x1: a batch of rows, (..., P, M).
        x2: a batch of rows, (..., R, M).
        p: the order of the norm, at least 0.
        compute_mode: one of PyTorch's; all give the same here.

    Raises:
        RuntimeError: if the rows differ in length, or p is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cdist(tg.tensor([[0.0, 0.0]]), tg.tensor([[3.0, 4.0], [0.0, 1.0]]))
        tensor([[5., 1.]])
    """
    need_matrices("cdist", x1, "x1")
    need_matrices("cdist", x2, "x2", 2)
    if x1.array.shape[-1] != x2.array.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.array.shape[-1]} X2: {x2.array.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, got {p}")
    return vector_norm(elementwise.sub(shape.unsqueeze(x1, -2), shape.unsqueeze(x2, -3)), p, -1)


def _cross(name: str, input: Tensor, other: Tensor, dim: int) -> Tensor:
    if input.array.ndim != other.array.ndim:
        raise RuntimeError(
            f"{name}: inputs must have the same number of dimensions, got {input.array.ndim} and {other.array.ndim}"
        )
    axis = one_dim(name, dim, input.array.ndim)
    if input.array.shape[axis : axis + 1] != (3,) or other.array.shape[axis] != 3:
        raise RuntimeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {list(input.array.shape)} and "
            f"{list(other.array.shape)}"
        )
    return ops.cross(input, other, axis)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector at right angles to two in space, as long as the area between them.

    Raises:
        RuntimeError: if the dimension does not have size 3.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.cross(tg.tensor([1.0, 0.0, 0.0]), tg.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
    """
    need_tensor("linalg.cross", "input", input)
    need_tensor("linalg.cross", "other", other, 2)
    return _cross("linalg.cross", input, other, dim)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """`linalg.cross` along `dim`, or along the first dimension of size 3.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cross(tg.tensor([1.0, 0.0, 0.0]), tg.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
    """
    need_tensor("cross", "input", input)
    need_tensor("cross", "other", other, 2)
    if dim is None:
        if 3 not in input.array.shape:
            raise RuntimeError(f"cross: no dimension of size 3 in input of shape {list(input.array.shape)}")
        dim = input.array.shape.index(3)
    return _cross("cross", input, other, dim)
