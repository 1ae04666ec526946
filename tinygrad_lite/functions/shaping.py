"""The functions that give the same elements another shape: `reshape`, `permute`, `expand`, `squeeze` ...

Those whose docstring says "a view" return a tensor that shares memory with its input, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import dtype, to_dtype
from tinygrad_lite.functions.arguments import (
    common_shape,
    need_tensor,
    one_dim,
    sizes_of,
    tensors_of,
    to_axis,
    to_shape,
)
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.layout import contiguous_format, lies_as, order_of, preserve_format
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.ops.reduce import sum as add_up
from tinygrad_lite.views import owner

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "broadcast_to", "clone", "flatten", "ravel",
    "reshape", "squeeze", "unflatten", "unsqueeze",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Ints: TypeAlias = tuple[int, ...]


def _complete(name: str, shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """`shape` with its -1 worked out.

    Raises:
        RuntimeError: if `size` elements cannot have that shape.
    """
    known = math.prod(shape)
    if known == size and min(shape, default=0) >= 0:
        return shape
    if -1 in shape:
        known = -known
    if shape.count(-1) > 1:
        raise RuntimeError(f"{name}(): only one dimension can be inferred, but the shape is {list(shape)}")
    if min(shape, default=0) < -1:
        raise RuntimeError(f"{name}(): invalid shape dimension {min(shape)} in {list(shape)}")
    if -1 in shape and known == 0:
        raise RuntimeError(
            f"{name}(): cannot reshape tensor of {size} elements into shape {list(shape)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    if size % max(known, 1) if -1 in shape else size != known:
        raise RuntimeError(f"{name}(): shape '{list(shape)}' is invalid for input of size {size}")
    return tuple(size // known if n == -1 else n for n in shape)


def reshape(input: Tensor, *shape: Any, **names: Any) -> Tensor:
    """The same elements in another shape; a view where possible. One size may be -1.

    Raises:
        RuntimeError: if the number of elements does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.reshape(tg.arange(6), (2, -1))
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    need_tensor("reshape", "input", input)
    return ops.reshape(input, _complete("reshape", sizes_of("reshape", shape, names, "shape"), input.array.size))


def view(input: Tensor, *size: Any, **names: Any) -> Tensor:
    """The same memory in another shape, which never copies; or, given a dtype, the same bytes as that.

    Raises:
        RuntimeError: if it would have to copy, or the number of elements does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(4).view(2, 2)
        tensor([[0, 1],
                [2, 3]])
        >>> tg.tensor([1.0]).view(tg.int32)
        tensor([1065353216], dtype=tinygrad_lite.int32)
    """
    if names.keys() == {"dtype"}:
        size = (names.pop("dtype"),)
    if len(size) == 1 and isinstance(size[0], dtype | type):
        return _view_dtype(input, to_dtype(size[0]).numpy)
    out = ops.reshape(input, _complete("view", sizes_of("view", size, names), input.array.size))
    if input.array.size and owner(out.array) is not owner(input.array):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def _view_dtype(input: Tensor, target: np.dtype[Any]) -> Tensor:
    array = input.array
    own, wanted = array.itemsize, target.itemsize
    if target is array.dtype:
        return ops.reshape(input, array.shape)
    if own != wanted:
        if not array.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 to view {array.dtype} as {target} (different element sizes)")
        if array.strides[-1] != own and array.shape[-1] > 1:
            raise RuntimeError(f"self.stride(-1) must be 1 to view {array.dtype} as {target} (different element sizes)")
        if array.shape[-1] * own % wanted:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {wanted // own} to view {array.dtype} as {target} (different "
                f"element sizes), but got {array.shape[-1]}"
            )
    return ops.view_dtype(input, target)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """Viewed in the shape of `other`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(4).view_as(tg.zeros(2, 2)).shape
        Size([2, 2])
    """
    need_tensor("view_as", "other", other)
    return view(input, other.array.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """Reshaped to the shape of `other`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(4).reshape_as(tg.zeros(2, 2)).shape
        Size([2, 2])
    """
    need_tensor("reshape_as", "other", other)
    return reshape(input, other.array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` made one; a view where possible.

    Raises:
        RuntimeError: if `start_dim` comes after `end_dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.flatten(tg.zeros(2, 3, 4), start_dim=1).shape
        Size([2, 12])
    """
    need_tensor("flatten", "input", input)
    shape = input.array.shape
    first, last = one_dim("flatten", start_dim, len(shape)), one_dim("flatten", end_dim, len(shape))
    if first > last:
        raise RuntimeError(f"flatten() has invalid args: start_dim {start_dim} cannot come after end_dim {end_dim}")
    size = int(np.prod(shape[first : last + 1], dtype=np.int64))
    return ops.reshape(input, (*shape[:first], size, *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` made several, of the given sizes; one of them may be -1. A view where possible.

    Raises:
        RuntimeError: if the sizes do not multiply to the dimension's.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unflatten(tg.zeros(2, 12), 1, (3, -1)).shape
        Size([2, 3, 4])
    """
    need_tensor("unflatten", "input", input)
    shape = input.array.shape
    axis = one_dim("unflatten", dim, len(shape))
    parts = to_shape("unflatten", (sizes,))
    if not parts:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if not shape:
        raise RuntimeError("unflatten: a tensor without dimensions has none to unflatten")
    if parts.count(-1) > 1 or min(parts) < -1 or (-1 not in parts and math.prod(parts) != shape[axis]):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {dim} ({shape[axis]}) in "
            "the input tensor"
        )
    return ops.reshape(input, (*shape[:axis], *_complete("unflatten", parts, shape[axis]), *shape[axis + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a view if they lie in memory in order.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ravel(tg.ones(2, 2))
        tensor([1., 1., 1., 1.])
    """
    need_tensor("ravel", "input", input)
    return ops.reshape(contiguous(input), (input.array.size,))


def expand(input: Tensor, *size: Any, **names: Any) -> Tensor:
    """Dimensions of size 1 repeated without copying; -1 leaves a dimension as it is. A read-only view.

    Raises:
        RuntimeError: if a dimension that is not 1 would change.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tensor([[1], [2]]).expand(2, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
    """
    need_tensor("expand", "input", input)
    shape = sizes_of("expand", size, names)
    own = input.array.shape
    lead = len(shape) - len(own)
    fits, full = lead >= 0, list(shape)
    for k, n in enumerate(own, lead) if fits else ():
        if full[k] == -1:
            full[k] = n
        elif n != 1 and full[k] != n:
            fits = False
    if not fits:
        raise RuntimeError(
            f"The expanded size of the tensor {list(shape)} must match the existing size {list(own)} at "
            "non-singleton dimensions, and have at least as many dimensions"
        )
    if -1 in full:
        raise RuntimeError(
            f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension of {list(shape)}"
        )
    return ops.expand(input, tuple(full))


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input` expanded to `size`. See `expand`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.broadcast_to(tg.ones(2), (3, 2)).shape
        Size([3, 2])
    """
    return expand(input, size)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to the shape of `other`. See `expand`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(2).expand_as(tg.zeros(3, 2)).shape
        Size([3, 2])
    """
    need_tensor("expand_as", "other", other)
    return expand(input, other.array.shape)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Tensors expanded to the one shape that they broadcast to; views.

    Raises:
        RuntimeError: if there is no such shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> a, b = tg.broadcast_tensors(tg.ones(2, 1), tg.ones(3))
        >>> a.shape, b.shape
        (Size([2, 3]), Size([2, 3]))
    """
    parts = tensors_of("broadcast_tensors", tensors)
    shape = common_shape("broadcast_tensors", *(p.array.shape for p in parts))
    return tuple(ops.expand(p, shape) for p in parts)


def sum_to_size(input: Tensor, *size: Any, **names: Any) -> Tensor:
    """The sum over the dimensions in which a tensor of `size` would be broadcast to the shape of `input`.

    Raises:
        RuntimeError: if `size` does not broadcast to that shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(2, 3).sum_to_size(2, 1)
        tensor([[3.],
                [3.]])
    """
    shape, own = sizes_of("sum_to_size", size, names), input.array.shape
    lead = len(own) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, own[lead:], strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(own)}}}.")
    axes = (*range(lead), *(d + lead for d, n in enumerate(shape) if n != own[d + lead]))
    if not shape:
        return add_up(input)
    return ops.reshape(add_up(input, axes, True), shape) if axes else input


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without dimensions of size 1: all of them, or those named that are; a view.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.squeeze(tg.zeros(1, 2, 1), dim=0).shape
        Size([2, 1])
    """
    need_tensor("squeeze", "input", input)
    shape = input.array.shape
    if dim is None:
        drop = tuple(k for k, n in enumerate(shape) if n == 1)
    else:
        found = to_axis("squeeze", dim, len(shape))
        named = (found,) if isinstance(found, int) else found or ()
        drop = tuple(k for k in named if shape[k] == 1)
    return ops.squeeze(input, drop)


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`; a view.

    Raises:
        IndexError: if there is no such place.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unsqueeze(tg.zeros(2, 3), 1).shape
        Size([2, 1, 3])
    """
    need_tensor("unsqueeze", "input", input)
    return ops.unsqueeze(input, one_dim("unsqueeze", dim, input.array.ndim + 1))


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with one dimension at least; several come back as a tuple.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.atleast_1d(tg.tensor(5))
        tensor([5])
    """
    return _at_least("atleast_1d", tensors, lambda shape: shape or (1,))


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with two dimensions at least: a vector becomes a row.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.atleast_2d(tg.tensor([5, 6]))
        tensor([[5, 6]])
    """
    return _at_least("atleast_2d", tensors, lambda shape: (1,) * (2 - len(shape)) + shape)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with three dimensions at least; what is missing is added before a vector, and after both.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.atleast_3d(tg.zeros(5)).shape, tg.atleast_3d(tg.zeros(5, 6)).shape
        (Size([1, 5, 1]), Size([5, 6, 1]))
    """
    missing = {0: ((1,), (1, 1)), 1: ((1,), (1,)), 2: ((), (1,))}
    none: tuple[Ints, Ints] = ((), ())

    def widened(shape: Ints) -> Ints:
        before, after = missing.get(len(shape), none)
        return before + shape + after

    return _at_least("atleast_3d", tensors, widened)


def _at_least(name: str, tensors: tuple[Any, ...], widened: Callable[[Ints], Ints]) -> Any:
    parts = tensors_of(name, tensors)
    out = tuple(ops.reshape(p, w) if (w := widened(p.array.shape)) != p.array.shape else p for p in parts)
    return out[0] if len(tensors) == 1 and isinstance(tensors[0], TensorCore) else out


def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """A copy that gradients flow through.

    Args:
        input: a tensor.
        memory_format: how the copy lies in memory; as `input` does, by default.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clone(tg.ones(2))
        tensor([1., 1.])
    """
    need_tensor("clone", "input", input)
    if memory_format is preserve_format or memory_format is None:
        return ops.clone(input)
    order = order_of(memory_format, input.array.ndim)
    if order is None:
        return ops.clone(input, "C")
    return ops.permute(ops.clone(ops.permute(input, order), "C"), tuple(order.index(d) for d in range(len(order))))


def contiguous(input: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """Itself if its elements lie in memory in order, else a copy whose elements do.

    Args:
        input: a tensor.
        memory_format: what order that is.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros(2, 3).t().contiguous().stride()
        (2, 1)
    """
    need_tensor("contiguous", "input", input)
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return input if lies_as(input.array, memory_format) else clone(input, memory_format=memory_format)
