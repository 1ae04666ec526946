"""The functions that take elements out where integers say: `gather`, `index_select`, `take` ..."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import shaping
from tinygrad_lite.functions.arguments import common_shape, need_tensor, one_dim
from tinygrad_lite.ops import index as ops
from tinygrad_lite.ops import scatter as scatter_ops
from tinygrad_lite.tensors import make

__all__ = ["gather", "index_select", "take", "take_along_dim"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def positions(function: str, index: Tensor, ndim: int, axis: int) -> np.ndarray:
    """The array of an index that points along `axis` of a tensor of `ndim` dimensions.

    Raises:
        RuntimeError: if its dtype or its number of dimensions is another.
    """
    need_tensor(function, "index", index, 3)
    array: np.ndarray = index.array
    if array.dtype not in _INTEGERS and array.size:
        raise RuntimeError(f"{function}(): Expected dtype int32/int64 for index, got {index.dtype}")
    if max(array.ndim, 1) != max(ndim, 1) and array.size:
        raise RuntimeError(
            f"{function}(): Index tensor must have the same number of dimensions as input tensor, got {array.ndim} "
            f"for {ndim}"
        )
    return array.astype(np.int64, copy=False)


_INTEGERS = (np.dtype(np.int64), np.dtype(np.int32))
_UNSIGNED = {4: np.uint32, 8: np.uint64}


def outside(index: np.ndarray, size: int) -> bool:
    """Whether an element is negative or not less than `size`; as unsigned numbers, negative ones are large."""
    return bool(index.size) and int(index.view(_UNSIGNED[index.itemsize]).max()) >= size


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Elements along `dim` at the positions that `index` holds.

    Args:
        input: a tensor.
        dim: the dimension that positions count along.
        index: integers; as many dimensions as `input`, no other one larger than there.
        sparse_grad: accepted as in PyTorch; gradients are never sparse.

    Raises:
        RuntimeError: if dtypes, shapes or positions do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.gather(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([[0], [1]]))
        tensor([[1],
                [4]])
    """
    need_tensor("gather", "input", input)
    size = input.array.shape
    axis = one_dim("gather", dim, len(size))
    where = positions("gather", index, len(size), axis)
    check_sizes("gather", where, size, axis)
    return scatter_ops.gather(input, axis, where)


def check_sizes(function: str, index: np.ndarray, size: tuple[int, ...], axis: int) -> None:
    """Raise unless `index` points into a tensor of `size`, and is no larger in the other dimensions."""
    shape = index.shape
    if not index.size:
        return
    if shape != size and any(a > b for d, (a, b) in enumerate(zip(shape, size, strict=False)) if d != axis):
        raise RuntimeError(
            f"{function}(): Size does not match at dimension: expected index {list(shape)} to be no larger than self "
            f"{list(size)} apart from dimension {axis}"
        )
    n = size[axis] if size else 1
    if outside(index, n):
        raise RuntimeError(f"{function}(): an index is out of bounds for dimension {axis} with size {n}")


def vector(function: str, index: Tensor, axis: int, size: int) -> np.ndarray:
    """The array of an index that is a vector of positions in a dimension of that size.

    Raises:
        IndexError: if it has more dimensions, or a position is out of bounds.
        RuntimeError: if it holds something else than integers.
    """
    need_tensor(function, "index", index, 3)
    array: np.ndarray = index.array
    if array.ndim > 1:
        raise IndexError(f"{function}(): Index is supposed to be a vector, got {array.ndim} dimensions")
    if array.dtype not in _INTEGERS:
        raise RuntimeError(f"{function}(): Expected dtype int32 or int64 for index, got {index.dtype}")
    if outside(array, size):
        raise IndexError(f"{function}(): index out of range for dimension {axis} with size {size}")
    return array if array.ndim else array.reshape(1)


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` at the positions that the vector `index` holds.

    Raises:
        IndexError: if it is no vector, or a position is out of bounds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_select(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([1]))
        tensor([[2],
                [4]])
    """
    need_tensor("index_select", "input", input)
    shape = input.array.shape
    axis = one_dim("index_select", dim, len(shape))
    where = vector("index_select", index, axis, shape[axis] if shape else 1)
    if not shape:
        return shaping.reshape(ops.choose(shaping.reshape(input, 1), where), ()) if where.size == 1 else input
    return ops.choose(input, where, axis)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions in the flattened tensor, in the shape of `index`.

    Raises:
        IndexError: if a position is out of bounds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.take(tg.tensor([[4, 3], [5, 8]]), tg.tensor([0, -1]))
        tensor([4, 8])
    """
    need_tensor("take", "input", input)
    return scatter_ops.gather(shaping.reshape(input, -1), 0, flat_positions("take", index, input.array.size))


def flat_positions(function: str, index: Tensor, size: int) -> np.ndarray:
    """Positions in a flattened tensor of that size, negative ones counted from its end."""
    need_tensor(function, "index", index, 2)
    if index.array.dtype != np.int64:
        raise RuntimeError(f"{function}(): Expected a long tensor for index, but got {index.dtype}")
    where: np.ndarray = np.where(index.array < 0, index.array + size, index.array)
    if outside(where, size):
        raise IndexError(f"{function}(): index out of range: the tensor has {size} elements")
    return where


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Elements along `dim` at the positions that `indices` holds; both broadcast in the other dimensions.

    Args:
        input: a tensor.
        indices: int64 positions.
        dim: the dimension; None for positions in the flattened tensor.

    Raises:
        RuntimeError: if dtypes or shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([[10, 30, 20]])
        >>> tg.take_along_dim(x, tg.tensor([[1], [0]]), 1)
        tensor([[30],
                [10]])
    """
    need_tensor("take_along_dim", "input", input)
    need_tensor("take_along_dim", "indices", indices, 2)
    if indices.array.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}")
    if dim is None:
        return gather(shaping.reshape(input, -1), 0, shaping.reshape(indices, -1))
    ndim = input.array.ndim
    axis = one_dim("take_along_dim", dim, ndim)
    if indices.array.ndim != ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{ndim} dimensions for input, and {indices.array.ndim} dimensions for indices"
        )
    own, other = list(input.array.shape), list(indices.array.shape)
    if ndim:
        n, m = own[axis], other[axis]
        own[axis] = other[axis] = 1
        full = list(common_shape("take_along_dim", tuple(own), tuple(other)))
        own, other = full.copy(), full
        own[axis], other[axis] = n, m
    where = np.broadcast_to(indices.array, other)
    where = np.where(where < 0, where + (own[axis] if ndim else 1), where)
    return gather(shaping.expand(input, own), dim, make(where))
