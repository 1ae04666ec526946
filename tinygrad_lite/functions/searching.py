"""The functions that say where elements are: `nonzero`, `searchsorted`, `bucketize` ..."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor, to_shape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

__all__ = ["argwhere", "bucketize", "nonzero", "searchsorted", "unravel_index"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements that are not zero are: a row of indices for each, or one tensor per dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nonzero(tg.tensor([0, 3, 5]))
        tensor([[1],
                [2]])
    """
    need_tensor("nonzero", "input", input)
    array = input.array
    found = np.nonzero(array if array.ndim else array.reshape(1))
    if as_tuple:
        return tuple(make(f) for f in found)
    rows = np.empty((found[0].size, array.ndim), np.int64)
    for d in range(array.ndim):
        rows[:, d] = found[d]
    return make(rows)


def argwhere(input: Tensor) -> Tensor:
    """Where the elements that are not zero are, a row of indices for each.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argwhere(tg.tensor([[0, 1], [2, 0]]))
        tensor([[0, 1],
                [1, 0]])
    """
    need_tensor("argwhere", "input", input)
    return nonzero(input)


def _side(name: str, right: bool, side: str | None) -> Any:
    if side not in (None, "left", "right"):
        raise RuntimeError(f"{name}(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError(f"{name}(): side and right can't be set to opposites, got side of left while right was True")
    return "right" if right or side == "right" else "left"


def _values(name: str, value: Any, like: Tensor) -> np.ndarray:
    """What is looked for: the array of a tensor, or a number."""
    if not isinstance(value, TensorCore):
        return np.asarray(value)
    if value.array.dtype != like.array.dtype:
        raise RuntimeError(
            f"{name}(): boundary tensor and input value tensor should have same dtype, but got boundary tensor's "
            f"dtype {like.dtype} and input value tensor's dtype {value.dtype}"  # type: ignore[attr-defined]
        )
    return value.array


def _no_complex(name: str, *tensors: Any) -> None:
    for tensor in tensors:
        if isinstance(tensor, TensorCore) and tensor.array.dtype.kind in "cb":
            raise NotImplementedError(f"{name}() is not implemented for {tensor.array.dtype}, which has no order")


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where to put values into sorted sequences so that they stay sorted.

    Args:
        sorted_sequence: one sequence, or several along the last dimension.
        input: the values, a tensor (for several sequences, of the same leading dimensions) or a number.
        out_int32: whether the positions are to be int32 instead of int64.
        right: whether a value goes after the elements equal to it, and not before.
        side: the same, as "left" or "right".
        sorter: the order in which the sequence is sorted, as `argsort` gives it, if it is not.

    Raises:
        RuntimeError: if shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> odd = tg.tensor([1, 3, 5])
        >>> tg.searchsorted(odd, tg.tensor([3, 6])), tg.searchsorted(odd, 3, right=True)
        (tensor([1, 3]), tensor(2))
    """
    need_tensor("searchsorted", "sorted_sequence", sorted_sequence)
    _no_complex("searchsorted", sorted_sequence, input)
    where = _side("searchsorted", right, side)
    values, sequence = _values("searchsorted", input, sorted_sequence), sorted_sequence.array
    if not sequence.ndim:
        raise RuntimeError("searchsorted(): sorted_sequence must have one dimension at least, got a 0-d tensor")
    if values.ndim == 0 and sequence.ndim > 1:
        raise RuntimeError(
            "searchsorted(): input value can be a scalar only when boundary tensor dimension is 1, but we got "
            f"boundary tensor dim({sequence.ndim})"
        )
    if sequence.ndim > 1 and values.shape[:-1] != sequence.shape[:-1]:
        raise RuntimeError(
            "searchsorted(): boundary tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got boundary tensor {list(sequence.shape)} and input value "
            f"tensor {list(values.shape)}"
        )
    if sorter is not None:
        sequence = np.take_along_axis(sequence, _sorter(sorter, sequence), -1)
    out = np.empty(values.shape, np.int32 if out_int32 else np.int64)
    if sequence.ndim == 1:
        out[...] = sequence.searchsorted(values, where)
    else:
        for place in np.ndindex(sequence.shape[:-1]):
            out[place] = sequence[place].searchsorted(values[place], where)
    return make(out)


def _sorter(sorter: Tensor, sequence: np.ndarray) -> np.ndarray:
    order: np.ndarray = sorter.array
    if order.dtype != np.int64:
        raise RuntimeError(f"searchsorted(): sorter must be a tensor of long dtype but got dtype {order.dtype}")
    if order.shape != sequence.shape:
        raise RuntimeError(
            "searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(sequence.shape)} and got sorter tensor {list(order.shape)}"
        )
    if order.size and (order.min() < 0 or order.max() >= sequence.shape[-1]):
        raise RuntimeError("searchsorted(): sorter index out of range")
    return order


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """For each value the number of the bucket that it falls into, between sorted boundaries.

    Args:
        input: values, a tensor or a number.
        boundaries: a sorted vector.
        out_int32: whether the numbers are to be int32 instead of int64.
        right: whether a value equal to a boundary belongs to the bucket after it.

    Raises:
        RuntimeError: if the boundaries are no vector, or dtypes differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bucketize(tg.tensor([3, 6, 9]), tg.tensor([1, 3, 5, 7, 9]))
        tensor([1, 3, 4])
    """
    need_tensor("bucketize", "boundaries", boundaries, 2)
    if boundaries.array.ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The indices in each dimension of a tensor of `shape`, for positions in it as flattened.

    Raises:
        TypeError: for positions that are no integers.
        ValueError: for one that is out of bounds, or a negative size.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unravel_index(tg.tensor([5, 1]), (2, 3))
        (tensor([1, 0]), tensor([2, 1]))
    """
    need_tensor("unravel_index", "indices", indices)
    if indices.array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    flat = indices.array.astype(np.int64)
    sizes = to_shape("unravel_index", (shape,)) if not isinstance(shape, int) else (shape,)
    if min(sizes, default=0) < 0:
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    out = []
    after = math.prod(sizes)
    for n in sizes:
        after //= max(n, 1)
        out.append(make(flat // max(after, 1) % max(n, 1)))
    return tuple(out)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A row of zeros with a one at the class, for each class number. `tinygrad_lite.nn.functional` has it.

    Args:
        tensor: int64 class numbers, of any shape.
        num_classes: the length of the rows; -1 for one more than the largest class.

    Raises:
        RuntimeError: for other dtypes, or a class that is negative or too large.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.one_hot(tg.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    need_tensor("one_hot", "tensor", tensor)
    classes = tensor.array
    if classes.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type int64, got {tensor.dtype}")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(classes.max()) + 1
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError(f"Class values must be smaller than num_classes ({num_classes}), got {classes.max()}.")
    return make((classes[..., None] == np.arange(num_classes)).astype(np.int64))
