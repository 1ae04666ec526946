"""The named tuples that functions with several results return: `tg.max(x, dim=1).values`.

Under PyTorch's names and printed its way; `tinygrad_lite.return_types` is this module.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def named(name: str, fields: str) -> Any:
    """A named tuple that prints as PyTorch's do: each field on a line of its own.

    Example:
        >>> print(named("pair", "first second")(1, 2))
        tinygrad_lite.return_types.pair(
        first=1,
        second=2)
    """
    made = namedtuple(name, fields, module=__name__)  # type: ignore[misc]
    made.__repr__ = _text  # type: ignore[method-assign]
    made.__doc__ = f"What `{name.replace('linalg_', 'linalg.')}` returns: {fields.replace(' ', ', ')}."
    return made


def _text(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"tinygrad_lite.return_types.{type(self).__name__}(\n{fields})"


aminmax = named("aminmax", "min max")
cummax = named("cummax", "values indices")
cummin = named("cummin", "values indices")
histogram = named("histogram", "hist bin_edges")
kthvalue = named("kthvalue", "values indices")
max = named("max", "values indices")
median = named("median", "values indices")
min = named("min", "values indices")
mode = named("mode", "values indices")
nanmedian = named("nanmedian", "values indices")
sort = named("sort", "values indices")
topk = named("topk", "values indices")
linalg_cholesky_ex = named("linalg_cholesky_ex", "L info")
linalg_eig = named("linalg_eig", "eigenvalues eigenvectors")
linalg_eigh = named("linalg_eigh", "eigenvalues eigenvectors")
geqrf = named("geqrf", "a tau")
linalg_ldl_factor = named("linalg_ldl_factor", "LD pivots")
linalg_ldl_factor_ex = named("linalg_ldl_factor_ex", "LD pivots info")
linalg_lu = named("linalg_lu", "P L U")
linalg_lu_factor = named("linalg_lu_factor", "LU pivots")
linalg_lu_factor_ex = named("linalg_lu_factor_ex", "LU pivots info")
lu_with_info = named("_lu_with_info", "LU pivots info")
lu_unpack = named("lu_unpack", "P L U")
linalg_inv_ex = named("linalg_inv_ex", "inverse info")
linalg_lstsq = named("linalg_lstsq", "solution residuals rank singular_values")
linalg_qr = named("linalg_qr", "Q R")
linalg_slogdet = named("linalg_slogdet", "sign logabsdet")
linalg_solve_ex = named("linalg_solve_ex", "result info")
linalg_svd = named("linalg_svd", "U S Vh")
qr = named("qr", "Q R")
svd = named("svd", "U S V")
triangular_solve = named("triangular_solve", "solution cloned_coefficient")
