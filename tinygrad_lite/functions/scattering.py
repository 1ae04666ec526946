"""The functions that return a copy with other elements at some places: `scatter`, `index_add` ...

`scatter` and its like take a position for each element, `index_add` and its like one for each slice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import as_element
from tinygrad_lite.functions import shaping
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.gathering import check_sizes, positions, vector
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import scatter as ops
from tinygrad_lite.ops import shape as shape_ops
from tinygrad_lite.tensors import make

__all__ = ["index_add", "index_copy", "index_fill", "index_reduce", "scatter", "scatter_add", "scatter_reduce"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


# --- a position for each element --------------------------------------------------------------------------


def _prepared(name: str, input: Tensor, dim: int, index: Tensor, src: Any) -> tuple[Tensor, Any, int, np.ndarray]:
    """Input, source, axis and positions as the rows take them; source and positions of one shape."""
    need_tensor(name, "input", input)
    ndim = input.array.ndim
    axis = one_dim(name, dim, ndim)
    where = positions(name, index, ndim, axis)
    check_sizes(name, where, input.array.shape, axis)
    if isinstance(src, TensorCore):
        if src.array.dtype != input.array.dtype:
            raise RuntimeError(
                f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.array.dtype} and {src.array.dtype}"
            )
        src = _cut(name, src, where)
    return input, src, axis, where


def _cut(name: str, src: Tensor, index: np.ndarray) -> Tensor:
    """The part of the source that the index has positions for."""
    own, shape = src.array.shape, index.shape
    if own == shape:
        return src
    if not index.size:
        return shape_ops.reshape(index_ops.select(shaping.reshape(src, -1), (slice(0, 0),)), shape)
    if max(len(own), 1) != max(len(shape), 1) or any(a > b for a, b in zip(shape, own, strict=False)):
        raise RuntimeError(
            f"{name}(): Expected index {list(shape)} to be no larger than src {list(own)}, with as many dimensions"
        )
    if len(own) != len(shape):
        return shaping.reshape(src, shape)
    return index_ops.select(src, tuple(slice(n) for n in shape))


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy in which elements of `src` stand along `dim` at the positions that `index` holds.

    Args:
        input: a tensor.
        dim: the dimension that positions count along.
        index: int64 positions, of as many dimensions as `input`.
        src: what to write: a tensor at least as large as `index`, or a number.
        value: the same, for a number.
        reduce: "add" or "multiply" to combine with what is there.

    Raises:
        RuntimeError: if shapes, dtypes or positions do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.scatter(tg.zeros(2, 3), 1, tg.tensor([[2], [0]]), tg.tensor([[5.0], [6.0]]))
        tensor([[0., 0., 5.],
                [6., 0., 0.]])
    """
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter() missing 1 required argument: 'src'")
    if isinstance(src, TensorCore) and not src.array.ndim and index.array.ndim:
        src = src.array.item()
    input, src, axis, where = _prepared("scatter", input, dim, index, src)
    if not isinstance(src, TensorCore):
        number = as_element(src, input.array.dtype)
        src = number if reduce is None else make(np.full(where.shape, number))
    row = _COMBINE.get(reduce)
    if row is None:
        raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce}")
    return row(input, src, axis, where)


_COMBINE: dict[str | None, Callable[..., Any]] = {
    None: ops.scatter,
    "add": ops.scatter_add,
    "multiply": ops.scatter_prod,
}


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy to which elements of `src` are added along `dim` at the positions that `index` holds.

    Raises:
        RuntimeError: if shapes, dtypes or positions do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.scatter_add(tg.zeros(3), 0, tg.tensor([0, 2, 0]), tg.tensor([1.0, 2.0, 3.0]))
        tensor([4., 0., 2.])
    """
    need_tensor("scatter_add", "src", src, 4)
    return ops.scatter_add(*_prepared("scatter_add", input, dim, index, src))


_LOWEST = {"sum": 0, "mean": 0, "prod": 1, "amax": -math.inf, "amin": math.inf}
_ROWS = {
    "sum": ops.scatter_add,
    "mean": ops.scatter_add,
    "prod": ops.scatter_prod,
    "amax": ops.scatter_amax,
    "amin": ops.scatter_amin,
}


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy in which places along `dim` are combined with the elements of `src` that `index` sends there.

    Args:
        input: a tensor.
        dim: the dimension that positions count along.
        index: int64 positions, of as many dimensions as `input`.
        src: a tensor at least as large as `index`.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether what is there counts too.

    Raises:
        RuntimeError: if shapes, dtypes or positions do not fit, or for another `reduce`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.scatter_reduce(tg.ones(3), 0, tg.tensor([0, 0, 1]), tg.tensor([4.0, 7.0, 5.0]), "mean")
        tensor([4., 3., 1.])
    """
    need_tensor("scatter_reduce", "src", src, 4)
    if reduce not in _ROWS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    return _reduced(*_prepared("scatter_reduce", input, dim, index, src), reduce, include_self)


def _reduced(input: Tensor, src: Tensor, axis: int, index: np.ndarray, reduce: str, include_self: bool) -> Tensor:
    dtype = input.array.dtype
    if dtype.kind == "c" and reduce in ("amax", "amin"):
        raise NotImplementedError(f"reduce={reduce!r} is not implemented for {dtype}, whose numbers have no order")
    if not include_self:
        input = ops.scatter(input, _neutral(dtype, reduce), axis, index)
    out = _ROWS[reduce](input, src, axis, index)
    if reduce != "mean":
        return out
    counts = ops.collect(np.ones(index.shape, np.int64), input.array.shape, axis, index)
    counts = counts + 1 if include_self else counts.clip(1)
    if dtype.kind in "fc":
        return out / make(counts.astype(dtype))
    return make((out.array // counts).astype(dtype))


def _neutral(dtype: np.dtype[Any], reduce: str) -> Any:
    """What combining with changes nothing."""
    number = _LOWEST[reduce]
    if dtype.kind in "iu" and math.isinf(number):
        number = np.iinfo(dtype).max if number > 0 else np.iinfo(dtype).min
    return dtype.type(number > 0 if dtype.kind == "b" else number)


# --- a position for each slice ----------------------------------------------------------------------------


def _sliced(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> tuple[Tensor, Tensor, int, Any]:
    """Input, source, axis and positions, with one dimension at least."""
    need_tensor(name, "input", input)
    need_tensor(name, "source", source, 4)
    shape, other = input.array.shape, source.array.shape
    axis = one_dim(name, dim, len(shape))
    if source.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"{name}(): self and source expected to have the same dtype, but got (self) {input.array.dtype} and "
            f"(source) {source.array.dtype}"
        )
    where = vector(name, index, axis, shape[axis] if shape else 1)
    if not shape:  # a copy, because rows keep it, and it may be what is written to
        input, shape = shaping.reshape(shaping.clone(input), 1), (1,)
    if not other:
        source, other = shaping.reshape(source, 1), (1,)
    if other[:axis] + other[axis + 1 :] != shape[:axis] + shape[axis + 1 :]:
        raise RuntimeError(
            f"{name}(): source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(shape)} source.shape = {list(other)}"
        )
    if other[axis] != where.size:
        raise IndexError(
            f"{name}(): Number of indices ({where.size}) should be equal to source.size(dim) ({other[axis]})"
        )
    return input, source, axis, where


def _back(out: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Without the dimension that a tensor without dimensions was lent."""
    return out if shape else shaping.reshape(out, ())


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy to which the slices of `source` are added along `dim`, where the vector `index` says.

    Args:
        input: a tensor.
        dim: the dimension.
        index: a position for each slice.
        source: the slices, in a tensor of the shape of `input` but for `dim`.
        alpha: what to multiply them by.

    Raises:
        IndexError, RuntimeError: if shapes, dtypes or positions do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_add(tg.zeros(3), 0, tg.tensor([0, 2, 0]), tg.tensor([1.0, 2.0, 3.0]))
        tensor([4., 0., 2.])
    """
    shape = input.array.shape
    if alpha != 1:
        if isinstance(alpha, float) and source.array.dtype.kind not in "fc":
            raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
        source = source * alpha
    input, source, axis, where = _sliced("index_add", input, dim, index, source)
    return _back(ops.index_add(input, source, axis, where), shape)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which slices along `dim` are those of `source`, where the vector `index` says.

    Raises:
        IndexError, RuntimeError: if shapes, dtypes or positions do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_copy(tg.zeros(3), 0, tg.tensor([0, 2]), tg.tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    shape = input.array.shape
    input, source, axis, where = _sliced("index_copy", input, dim, index, source)
    return _back(index_ops.write(input, source, (slice(None),) * axis + (where,)), shape)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy in which the slices along `dim` that the vector `index` names hold one value.

    Raises:
        IndexError: if a position is out of bounds.
        RuntimeError: for a value with dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_fill(tg.zeros(3), 0, tg.tensor([0, 2]), 5)
        tensor([5., 0., 5.])
    """
    need_tensor("index_fill", "input", input)
    need_tensor("index_fill", "index", index, 3)
    if index.array.dtype != np.int64:
        raise IndexError(f"index_fill_(): Expected dtype int64 for index, got {index.dtype}")
    shape = input.array.shape
    axis = one_dim("index_fill", dim, len(shape))
    n = shape[axis] if shape else 1
    counted = np.where(index.array < 0, index.array + n, index.array)
    where = np.unique(vector("index_fill", make(counted), axis, n))
    if isinstance(value, TensorCore):
        if value.array.ndim:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.array.ndim} dimension(s)."
            )
        value = value if value.array.dtype is input.array.dtype else cast(value, input.array.dtype)
    else:
        value = as_element(value, input.array.dtype)
    whole = input if shape else shaping.reshape(input, 1)
    return _back(index_ops.write(whole, value, (slice(None),) * axis + (where,)), shape)


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy in which slices along `dim` are combined with those of `source`, where the vector `index` says.

    Args:
        input: a tensor.
        dim: the dimension.
        index: a position for each slice.
        source: the slices, in a tensor of the shape of `input` but for `dim`.
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether what is there counts too.

    Raises:
        IndexError, RuntimeError: if shapes, dtypes or positions do not fit, or for another `reduce`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_reduce(tg.ones(3), 0, tg.tensor([0, 0]), tg.tensor([4.0, 7.0]), "amax")
        tensor([7., 1., 1.])
    """
    if reduce not in _ROWS or reduce == "sum":
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax, amin, but got {reduce}.")
    shape = input.array.shape
    input, source, axis, where = _sliced("index_reduce", input, dim, index, source)
    spread = np.broadcast_to(where.reshape((-1,) + (1,) * (input.array.ndim - axis - 1)), source.array.shape)
    return _back(_reduced(input, source, axis, spread, reduce, include_self), shape)
