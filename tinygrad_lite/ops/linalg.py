"""The table, linear algebra: products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.op import op

HALF = np.dtype(np.float16)


def product(a: Any, b: Any) -> Any:
    """`a @ b`. Two plain matrices go through `dot`, which NumPy calls at a third of the cost; a batch of rows too."""
    if type(a) is np.ndarray and type(b) is np.ndarray and b.ndim == 2:
        if a.ndim == 2:
            return a.dot(b)
        if a.ndim > 2 and a.size:
            return a.reshape(-1, a.shape[-1]).dot(b).reshape(*a.shape[:-1], b.shape[-1])
    return a @ b


def _matmul(x: Any, y: Any) -> Any:
    """`np.matmul`, by one large product instead of many small ones where y is a matrix.

    Raises:
        RuntimeError: if the dtypes differ; products do not promote, as in PyTorch.
    """
    if x.dtype is not y.dtype:
        raise RuntimeError(f"expected both operands to have the same dtype, but got: {x.dtype} != {y.dtype}")
    if x.dtype is HALF:  # NumPy multiplies float16 in a loop; BLAS takes float32
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(HALF)
    if y.ndim == 2 and x.ndim > 2 and x.size:
        return np.matmul(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[-1])
    return product(x, y)


def _matmul_x(g: Any, x_shape: tuple[int, ...], y: Any) -> Any:
    """g @ y^H, with the dimensions put back that a vector operand leaves out."""
    y = y.conjugate()
    if y.ndim == 1:
        return g[..., None] * y
    if len(x_shape) == 1:
        return (g[..., None, :] @ y.mT)[..., 0, :]
    return product(g, y.mT)


def _matmul_y(g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    """x^H @ g, likewise; batches that shared one matrix are summed inside the product."""
    x = x.conjugate()
    if x.ndim == 1:
        return x * g[..., None] if len(y_shape) == 1 else x[:, None] * g[..., None, :]
    if len(y_shape) == 1:
        return (x.mT @ g[..., None])[..., 0]
    if len(y_shape) == 2 and x.ndim > 2:
        return _rows(x).mT @ _rows(g)
    return product(x.mT, g)


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    plain = x.ndim == 2 and x.dtype is weight.dtype and x.dtype is not HALF
    out = x.dot(weight.T) if plain else _matmul(x, weight.T)
    if bias is not None:
        out += bias
    return out


def _rows(x: Any) -> Any:
    """All leading dimensions as one."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _cross(x: Any, y: Any, axis: int = -1) -> Any:
    a, b = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), np.result_type(x, y))
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        out[k] = a[i] * b[j] - a[j] * b[i]
    return np.moveaxis(out, 0, axis)


# fmt: off
matmul = op(
    "matmul", _matmul, broadcasts=True,
    cases=(((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
           ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))),
    doc="The matrix product, over any leading batch dimensions.",
    x=_matmul_x,
    y=_matmul_y,
)
linear = op(
    "linear", _linear, broadcasts=True,
    cases=(((5, 3), (4, 3), (4,)), ((3,), (4, 3), (4,)), ((2, 5, 3), (4, 3), (4,))),
    doc="x @ weight.T + bias.",
    x=lambda g, weight: product(g, weight.conjugate()),
    weight=lambda g, x: product(_rows(g).mT, _rows(x.conjugate())),
    bias=lambda g: g,
)
outer = op(
    "outer", lambda x, y: x[:, None] * y, "promote", cases=(((3,), (4,)),),
    doc="Each element of x times each element of y.",
    x=lambda g, y: g @ y.conjugate(),
    y=lambda g, x: x.conjugate() @ g,
)
cross: Any = op(
    "cross", _cross, "promote", broadcasts=True, cases=(((2, 3), (2, 3)), ((3, 2), (3, 1), {"axis": -2})),
    doc="The vector at right angles to x and y, as long as the area between them.",
    x=lambda g, y, axis: cross(y.conjugate(), g, axis),
    y=lambda g, x, axis: cross(g, x.conjugate(), axis),
)
