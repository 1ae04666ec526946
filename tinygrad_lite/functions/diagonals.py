"""The functions of diagonals and triangles: `diagonal`, `diag_embed`, `tril`, `tril_indices` ..."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import to_dtype
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.shaping import ravel
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.tensors import make

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "tril", "tril_indices", "triu", "triu_indices"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle, zero above the `diagonal`-th diagonal.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tril(tg.ones(2, 2))
        tensor([[1., 0.],
                [1., 1.]])
    """
    return ops.tril(_matrix("tril", input), diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle, zero below the `diagonal`-th diagonal.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.triu(tg.ones(2, 2), diagonal=1)
        tensor([[0., 1.],
                [0., 0.]])
    """
    return ops.triu(_matrix("triu", input), diagonal)


def _matrix(name: str, input: Tensor) -> Tensor:
    need_tensor(name, "input", input)
    if input.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions, got {input.array.ndim}")
    return input


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements whose indices in `dim1` and `dim2` differ by `offset`, as a last dimension; a view.

    Raises:
        RuntimeError: if both dimensions are the same.
        IndexError: if one does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diagonal(tg.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    need_tensor("diagonal", "input", input)
    a, b = one_dim("diagonal", dim1, input.array.ndim), one_dim("diagonal", dim2, input.array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset, a, b)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros, with the last dimension of `input` on the `offset`-th diagonal of two new dimensions.

    Raises:
        RuntimeError: if both dimensions are the same.
        IndexError: if one does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diag_embed(tg.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    need_tensor("diag_embed", "input", input)
    ndim = input.array.ndim + 1
    a, b = one_dim("diag_embed", dim1, ndim), one_dim("diag_embed", dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if not input.array.ndim:
        raise IndexError("diag_embed(): a tensor without dimensions has no last one to lay on a diagonal")
    *shape, n = input.array.shape
    for d in sorted((a, b)):
        shape.insert(d, n + abs(offset))
    return ops.diag_embed(input, tuple(shape), offset, a, b)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector laid on a diagonal of zeros; of a matrix, a copy of its diagonal.

    Raises:
        RuntimeError: for other numbers of dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diag(tg.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    need_tensor("diag", "input", input)
    ndim = input.array.ndim
    if ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return diag_embed(input, diagonal) if ndim == 1 else ops.clone(ops.diagonal(input, diagonal, 0, 1))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements laid on a diagonal of zeros.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diagflat(tg.tensor([[1], [2]]))
        tensor([[1, 0],
                [0, 2]])
    """
    need_tensor("diagflat", "input", input)
    return diag_embed(ravel(input), offset)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, **names: Any) -> Tensor:
    """The row and column numbers of the lower triangle of a matrix, row by row.

    Raises:
        RuntimeError: if a size is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _where("tril_indices", row, col, lambda: ops.below(row, col, offset), dtype, device, names)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, **names: Any) -> Tensor:
    """The row and column numbers of the upper triangle of a matrix, row by row.

    Raises:
        RuntimeError: if a size is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _where("triu_indices", row, col, lambda: ~ops.below(row, col, offset - 1), dtype, device, names)


def _where(name: str, row: int, col: int, mask: Any, dtype: Any, device: Any, names: dict[str, Any]) -> Tensor:
    to_device(device)
    unknown = set(names) - {"layout", "pin_memory"}
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {min(unknown)!r}")
    for what, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name}(): {what} must be non-negative, got {n}")
    return make(np.array(np.nonzero(mask()), to_dtype("int64" if dtype is None else dtype).numpy))
