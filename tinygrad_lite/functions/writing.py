"""The functions that return a copy with other elements where an index, a mask or a view says: `put`, `index_put` ..."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import as_element
from tinygrad_lite.functions import shaping
from tinygrad_lite.functions.arguments import common_shape, need_tensor, one_dim
from tinygrad_lite.functions.gathering import flat_positions
from tinygrad_lite.functions.indexing import to_index
from tinygrad_lite.functions.splitting import strided_params
from tinygrad_lite.inplace import anchored, view_write
from tinygrad_lite.op import cast
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import scatter as ops
from tinygrad_lite.ops import shape as shape_ops

__all__ = [
    "as_strided_scatter", "diagonal_scatter", "index_put", "masked_scatter", "put", "select_scatter",
    "slice_scatter",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy in which `input[indices]` are other values, or have them added.

    Args:
        input: a tensor.
        indices: for each dimension a tensor of positions or of truth values.
        values: what to write, which broadcasts.
        accumulate: whether to add to what is there, as often as a position is named.

    Raises:
        RuntimeError: if dtypes or shapes do not fit.
        IndexError: if a position is out of bounds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_put(tg.zeros(3), (tg.tensor([0, 0]),), tg.tensor([1.0, 2.0]), accumulate=True)
        tensor([3., 0., 0.])
    """
    need_tensor("index_put", "input", input)
    need_tensor("index_put", "values", values, 3)
    if values.array.dtype != input.array.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{input.array.dtype} for the destination and {values.array.dtype} for the source."
        )
    where, _ = to_index(tuple(slice(None) if i is None else i for i in indices))
    if not accumulate:
        return index_ops.write(input, values, where)
    if not input.array.ndim:
        where = tuple(w for w in where if isinstance(w, np.ndarray))
    shape = input.array[where].shape
    return input + index_ops.add_at(shaping.expand(values, shape), input.array.shape, where)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy in which elements at positions in the flattened tensor are others, or have them added.

    Raises:
        IndexError: if a position is out of bounds.
        RuntimeError: if dtypes or sizes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros(2, 2).put(tg.tensor([1, -1]), tg.tensor([5.0, 6.0]))
        tensor([[0., 5.],
                [0., 6.]])
    """
    need_tensor("put", "input", input)
    need_tensor("put", "source", source, 3)
    if source.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {input.array.dtype} and "
            f"source.dtype = {source.array.dtype}"
        )
    where = flat_positions("put_", index, input.array.size)
    if source.array.size != where.size:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.array.size}, index.numel() = {where.size}"
        )
    row = ops.scatter_add if accumulate else ops.scatter
    flat, values = shaping.reshape(input, -1), shaping.reshape(source, -1)
    return shaping.reshape(row(flat, values, 0, where.reshape(-1)), input.array.shape)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy in which the elements where the mask is true are those of `source`, in order.

    Raises:
        RuntimeError: for a mask that is not boolean, or a source with too few elements or another dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.masked_scatter(tg.zeros(3), tg.tensor([True, False, True]), tg.tensor([5.0, 6.0]))
        tensor([5., 0., 6.])
    """
    need_tensor("masked_scatter", "input", input)
    need_tensor("masked_scatter", "mask", mask, 2)
    need_tensor("masked_scatter", "source", source, 3)
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if source.array.dtype != input.array.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input.array.dtype} and {source.array.dtype}"
        )
    shape = common_shape("masked_scatter", input.array.shape, mask.array.shape)
    where = np.broadcast_to(mask.array, shape)
    count = int(np.count_nonzero(where))
    if count > source.array.size:
        raise RuntimeError(
            f"masked_scatter: expected {count} elements in source, one for each place, but it has {source.array.size}"
        )
    values = index_ops.select(shaping.reshape(source, -1), (slice(count),))
    return index_ops.write(shaping.expand(input, shape), values, (where,))


def _written(name: str, input: Tensor, src: Tensor, row: Callable[..., Any], **params: Any) -> Tensor:
    """A copy of `input` in which its view `row(input, **params)` holds `src`."""
    need_tensor(name, "src", src, 2)
    shape = row(input.array, **params).shape
    if src.array.shape != shape:
        raise RuntimeError(
            f"{name}(): expected src to have a size equal to the slice of self. src size = {list(src.array.shape)}, "
            f"slice size = {list(shape)}"
        )
    src = src if src.array.dtype is input.array.dtype else cast(src, input.array.dtype)
    return view_write(input, src, anchored(input.array, ((row, params),)))


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy in which the slice at `index` along `dim` is `src`.

    Raises:
        IndexError: if there is no such slice.
        RuntimeError: if it has another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.select_scatter(tg.zeros(2, 2), tg.ones(2), 0, 1)
        tensor([[0., 0.],
                [1., 1.]])
    """
    need_tensor("select_scatter", "input", input)
    axis = one_dim("select_scatter", dim, input.array.ndim)
    n = input.array.shape[axis]
    if not -n <= index < n:
        raise IndexError(f"select_scatter(): index {index} out of range for dimension {axis} of size {n}")
    return _written("select_scatter", input, src, index_ops.select, index=(slice(None),) * axis + (index,))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy in which the slices `start:end:step` along `dim` are `src`.

    Raises:
        RuntimeError: if they have another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.slice_scatter(tg.zeros(3), tg.ones(2), start=1)
        tensor([0., 1., 1.])
    """
    need_tensor("slice_scatter", "input", input)
    axis = one_dim("slice_scatter", dim, input.array.ndim)
    if step <= 0:
        raise RuntimeError(f"slice_scatter(): slice step must be positive, got {step}")
    cut = (slice(None),) * axis + (slice(start, end, step),)
    return _written("slice_scatter", input, src, index_ops.select, index=cut)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy in which a diagonal, as `diagonal` names it, is `src`.

    Raises:
        RuntimeError: if it has another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diagonal_scatter(tg.zeros(2, 2), tg.tensor([5.0, 6.0]))
        tensor([[5., 0.],
                [0., 6.]])
    """
    need_tensor("diagonal_scatter", "input", input)
    a, b = (one_dim("diagonal_scatter", d, input.array.ndim) for d in (dim1, dim2))
    return _written("diagonal_scatter", input, src, shape_ops.diagonal, offset=offset, axis1=a, axis2=b)


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy in which the elements that `as_strided` names are `src`.

    Raises:
        RuntimeError: if they have another shape, or lie outside of the memory.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.as_strided_scatter(tg.zeros(2, 2), tg.ones(2), (2,), (3,))
        tensor([[1., 0.],
                [0., 1.]])
    """
    need_tensor("as_strided_scatter", "input", input)
    params = strided_params(input, size, stride, storage_offset)
    return _written("as_strided_scatter", input, src, shape_ops.strided, **params)


def fill_diagonal(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """A copy with one value on the main diagonal; the method `fill_diagonal_` is made of it.

    Args:
        input: a tensor of two dimensions, or of more that are all equal.
        fill_value: a number.
        wrap: whether the diagonal of a tall matrix begins anew after each square.

    Raises:
        RuntimeError: for less than two dimensions, or several of different sizes.
    """
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"dimensions must larger than 1, got {len(shape)}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError(f"all dimensions of input must be of equal length, got {list(shape)}")
    mask = np.zeros(shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)
    return index_ops.write(input, as_element(fill_value, input.array.dtype), (mask,))
