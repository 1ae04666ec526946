"""The table, matrices taken apart by elimination; loaded on first use.

The derivatives of L and U are those of de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using
triangular factorization" (2011), also for matrices that are not square.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.kernels import elimination
from tinygrad_lite.op import op
from tinygrad_lite.ops.decompose import HALF, adjoint, solve_triangular


def exchange_matrix(pivots: Any, m: int, dtype: Any) -> Any:
    """The matrices P for which P L U is what was taken apart."""
    order = elimination.permutations(pivots, m)
    rows: Any = np.arange(m)
    return (order[..., None, :] == rows[:, None]).astype(dtype)


def _lu_x(g_lu: Any, g_pivots: Any, lu: Any, pivots: Any, x_shape: tuple[int, ...]) -> Any:
    """From the gradients of L, below the diagonal, and of U, which lie in one matrix as L and U do."""
    m, n = x_shape[-2:]
    k = min(m, n)
    p = exchange_matrix(pivots, m, lu.dtype if isinstance(lu, np.ndarray) else lu.array.dtype)
    square, g = lu[..., :k, :k], g_lu[..., :k, :k]
    lh, uh = adjoint(np.tril(square, -1)), adjoint(np.triu(square))
    below, above = lh @ np.tril(g, -1) + np.tril(g, -1), np.triu(g) @ uh
    if n > k:
        below = below - g_lu[..., k:] @ adjoint(lu[..., k:])
    if m > k:
        above = above - adjoint(lu[..., k:, :]) @ g_lu[..., k:, :]
    inner = solve_triangular(lh, np.tril(below, -1) + np.triu(above), True, True)
    if n > k:
        out = np.concatenate(
            [adjoint(solve_triangular(adjoint(uh), adjoint(inner))), solve_triangular(lh, g_lu[..., k:], True, True)],
            axis=-1,
        )
    else:
        inner = np.concatenate([inner, g_lu[..., k:, :]], axis=-2) if m > k else inner
        out = adjoint(solve_triangular(adjoint(uh), adjoint(inner)))
    return p @ out


def _lu_factor(x: Any) -> Any:
    if x.dtype != HALF:
        return elimination.lu_factor(x)
    packed, pivots = elimination.lu_factor(x.astype(np.float32))
    return packed.astype(HALF), pivots


lu_factor: Any = op(
    "lu_factor",
    _lu_factor,
    outputs=("lu", "pivots"),
    cases=(((3, 3),), ((2, 3, 3),), ((4, 2),), ((2, 4),), ((0, 0),)),
    doc="L and U in one matrix, and the exchanges of rows that elimination made.",
    x=_lu_x,
)
