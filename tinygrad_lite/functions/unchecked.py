"""Factorisations that say which matrices they failed for instead of raising: `inv_ex` and its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.factoring import cholesky
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.functions.solving import LinAlgError, inv, solve
from tinygrad_lite.ops import elementwise
from tinygrad_lite.tensors import bare

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _checked(compute: Callable[..., Tensor], A: Tensor, check_errors: bool) -> tuple[Tensor, Tensor]:
    """`compute(A)` and an `info` for each matrix: 0, or 1 and a result of NaN where it failed."""
    batch = A.array.shape[:-2]
    info = bare(np.zeros(batch, np.int32))
    try:
        return compute(A), info
    except LinAlgError:
        if check_errors:
            raise
    if not batch:
        return bare(np.full_like(A.array, np.nan)), bare(np.ones((), np.int32))
    parts = [_checked(compute, A[k], False) for k in range(batch[0])]
    return stack([part for part, _ in parts]), stack([failed for _, failed in parts])


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and where it failed, as `(inverse, info)`.

    Args:
        A: the matrices.
        check_errors: whether to raise where a matrix is singular; else its inverse is NaN and its info 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.inv_ex(tg.zeros(2, 2)).info.item()
        1
    """
    return results.linalg_inv_ex(*_checked(inv, A, check_errors))


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor, and where it failed, as `(L, info)`; see `linalg.cholesky` and `linalg.inv_ex`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.cholesky_ex(tg.eye(2)).info.item()
        0
    """
    return results.linalg_cholesky_ex(*_checked(lambda a: cholesky(a, upper=upper), A, check_errors))


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """The solution of `linalg.solve`, and where it failed, as `(result, info)`; see `linalg.inv_ex`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.solve_ex(tg.eye(2), tg.ones(2)).info.item()
        0
    """
    info = _checked(inv, A, check_errors)[1]
    failed = info.array[..., None, None] != 0
    if not failed.any():
        return results.linalg_solve_ex(solve(A, B, left=left), info)
    one = np.eye(A.array.shape[-1], dtype=A.array.dtype)
    solution = solve(elementwise.where(failed, one, A), B, left=left)
    return results.linalg_solve_ex(
        elementwise.where(failed if solution.ndim > 1 else failed[0], np.nan, solution), info
    )
