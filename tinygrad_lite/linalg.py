"""Linear algebra, under the names of `torch.linalg`. All work on batches: on the last two dimensions.

>>> import tinygrad_lite as tg
>>> tg.linalg.solve(tg.tensor([[2.0, 1.0], [1.0, 3.0]]), tg.tensor([3.0, 4.0]))
tensor([1., 1.])
"""

from tinygrad_lite.functions.eliminating import ldl_factor, ldl_factor_ex, ldl_solve, lu_factor, lu_factor_ex
from tinygrad_lite.functions.eliminating import linalg_lu as lu
from tinygrad_lite.functions.eliminating import linalg_lu_solve as lu_solve
from tinygrad_lite.functions.factoring import (
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    matrix_rank,
    pinv,
    qr,
    svd,
    svdvals,
)  # fmt: skip
from tinygrad_lite.functions.linalg import diagonal, matmul, multi_dot, vecdot
from tinygrad_lite.functions.matrix_norms import cond, lstsq, matrix_norm, norm
from tinygrad_lite.functions.matrix_norms import linalg_cross as cross
from tinygrad_lite.functions.reduction import vector_norm
from tinygrad_lite.functions.reflecting import householder_product
from tinygrad_lite.functions.solving import (
    LinAlgError,
    det,
    inv,
    matrix_exp,
    matrix_power,
    slogdet,
    solve,
    solve_triangular,
    tensorinv,
    tensorsolve,
    vander,
)
from tinygrad_lite.functions.unchecked import cholesky_ex, inv_ex, solve_ex

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu",
    "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank",
    "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals",
    "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
