"""The functions that cut a tensor into pieces, or a piece out of it: `split`, `chunk`, `narrow`, `unfold` ...

All pieces are views.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor, one_dim, to_shape
from tinygrad_lite.graph import TensorCore, mode
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.recorders import node_of, output_tensors
from tinygrad_lite.views import link, owner

__all__ = [
    "as_strided", "chunk", "dsplit", "hsplit", "narrow", "select", "split", "split_with_sizes", "tensor_split",
    "unbind", "vsplit",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _pieces(input: Tensor, sizes: Sequence[int], axis: int, origin: str) -> tuple[Tensor, ...]:
    """Neighbouring slices of the given sizes; views that know they came together."""
    lead = (slice(None),) * axis
    stops = list(itertools.accumulate(sizes))
    cuts = [(*lead, slice(stop - n, stop)) for n, stop in zip(sizes, stops, strict=True)]
    return _siblings(input, cuts, axis, tuple(sizes), origin)


def _siblings(
    input: Tensor, cuts: Sequence[tuple[Any, ...]], axis: int, sizes: tuple[int, ...] | None, origin: str
) -> tuple[Tensor, ...]:
    """The views that `cuts` name, which know that they came together.

    Together they are one operation, so that their gradients are joined once. As operations of their own each
    would send back a gradient as large as `input`, zero but for its own piece: for n pieces, n times the work.
    """
    if not (input.needs_grad and mode.grad and len(cuts) > 1):
        out = tuple(index_ops.select(input, cut) for cut in cuts)
    else:
        array = input.array
        node = node_of(ops.split, (input.node or input,), (), (array,), {"axis": axis, "sizes": sizes})
        out = output_tensors(node, [array[cut] if array.ndim > 1 else array[(*cut, ...)] for cut in cuts], (array,))
        for piece, cut in zip(out, cuts, strict=True):
            link(piece, input, index_ops.select, {"index": cut})
    for piece in out:
        if piece.extra is not None:
            piece.extra.siblings = origin
    return out


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int] | None = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Cut along `dim` into pieces of one size (the last may be smaller) or of the sizes listed; views.

    Args:
        tensor: what to cut.
        split_size_or_sections: the size of the pieces, or the size of each.
        dim: where to cut along.
        split_size: the same, under the name that PyTorch's method has for it.

    Raises:
        RuntimeError: if the sizes listed do not add up, or the size is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.split(tg.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    need_tensor("split", "tensor", tensor)
    size = split_size_or_sections if split_size is None else split_size
    if size is None:
        raise TypeError("split() missing 1 required argument: 'split_size'")
    if not isinstance(size, int):
        return split_with_sizes(tensor, size, dim)
    if not tensor.array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = one_dim("split", dim, tensor.array.ndim)
    n = tensor.array.shape[axis]
    if size < 0 or (size == 0 and n):
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    sizes = [min(size, n - start) for start in range(0, n, size)] if n else [0]
    return _pieces(tensor, sizes, axis, "split")


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into pieces of the sizes listed; views.

    Raises:
        RuntimeError: if the sizes do not add up, or one is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.split_with_sizes(tg.arange(5), [1, 4])
        (tensor([0]), tensor([1, 2, 3, 4]))
    """
    need_tensor("split_with_sizes", "input", input)
    if not input.array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = one_dim("split_with_sizes", dim, input.array.ndim)
    sizes = to_shape("split_with_sizes", (split_sizes,))
    n = input.array.shape[axis]
    if sum(sizes) != n or min(sizes, default=0) < 0:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
            f"{axis}), but got split_sizes={list(sizes)}"
        )
    return _pieces(input, sizes, axis, "split_with_sizes")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` pieces of equal size, the last perhaps smaller; views.

    Raises:
        RuntimeError: if `chunks` is not positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.chunk(tg.arange(5), 2)
        (tensor([0, 1, 2]), tensor([3, 4]))
    """
    need_tensor("chunk", "input", input)
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not input.array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    n = input.array.shape[one_dim("chunk", dim, input.array.ndim)]
    return split(input, -(-n // chunks) if n else [0] * chunks, dim)


def tensor_split(input: Tensor, indices_or_sections: Any = None, dim: int = 0, **names: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` at the places listed, or into a number of pieces whose sizes differ by one at most; views.

    Raises:
        RuntimeError: for a tensor without dimensions, or a number that is not positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tensor_split(tg.arange(5), 2), tg.tensor_split(tg.arange(5), (1, 2))
        ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1]), tensor([2, 3, 4])))
    """
    need_tensor("tensor_split", "input", input)
    for name in ("indices", "sections", "tensor_indices_or_sections"):
        indices_or_sections = names.pop(name, indices_or_sections)
    if names:
        raise TypeError(f"tensor_split() got an unexpected keyword argument {next(iter(names))!r}")
    if not input.array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    axis = one_dim("tensor_split", dim, input.array.ndim)
    n = input.array.shape[axis]
    cuts = indices_or_sections
    if isinstance(cuts, TensorCore):
        if cuts.array.dtype != np.int64 or cuts.array.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of long and at most one dimension, "
                f"got {cuts.array.dtype} and {cuts.array.ndim}"
            )
        cuts = cuts.array.tolist()
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        small, more = divmod(n, cuts)
        return _pieces(input, [small + 1] * more + [small] * (cuts - more), axis, "tensor_split")
    bounds = [0, *to_shape("tensor_split", (cuts,)), n]
    sizes = [stop - start for start, stop in itertools.pairwise(bounds)]
    if min(sizes) >= 0:
        return _pieces(input, sizes, axis, "tensor_split")
    lead = (slice(None),) * axis  # pieces that overlap, or reach past the end: each for itself
    return tuple(index_ops.select(input, (*lead, slice(*cut))) for cut in itertools.pairwise(bounds))


def _split_along(name: str, input: Tensor, cuts: Any, least: int, dim: int) -> tuple[Tensor, ...]:
    """`hsplit` and its like: equal pieces, or cut at the places listed."""
    need_tensor(name, "input", input)
    shape = input.array.shape
    if len(shape) < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor "
            f"with {len(shape)} dimensions!"
        )
    if isinstance(cuts, int) and (cuts <= 0 or shape[dim] % cuts):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {shape[dim]} is "
            f"not divisible by the split_size {cuts}!"
        )
    return tensor_split(input, cuts, dim)


def _cuts(name: str, indices_or_sections: Any, names: dict[str, Any]) -> Any:
    for other in ("indices", "sections"):
        indices_or_sections = names.pop(other, indices_or_sections)
    if names or indices_or_sections is None:
        raise TypeError(f"{name}() takes either indices or sections, got {indices_or_sections} and {names}")
    return indices_or_sections


def hsplit(input: Tensor, indices_or_sections: Any = None, **names: Any) -> tuple[Tensor, ...]:
    """Cut side from side: a vector along its one dimension, others along the second; views.

    Raises:
        RuntimeError: for a tensor without dimensions, or pieces that would not be equal.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hsplit(tg.arange(4), 2)
        (tensor([0, 1]), tensor([2, 3]))
    """
    cuts = _cuts("hsplit", indices_or_sections, names)
    return _split_along("hsplit", input, cuts, 1, 0 if getattr(input, "ndim", 2) == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: Any = None, **names: Any) -> tuple[Tensor, ...]:
    """Cut into groups of rows; views.

    Raises:
        RuntimeError: for less than two dimensions, or pieces that would not be equal.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.vsplit(tg.tensor([[1, 2], [3, 4]]), 2)
        (tensor([[1, 2]]), tensor([[3, 4]]))
    """
    return _split_along("vsplit", input, _cuts("vsplit", indices_or_sections, names), 2, 0)


def dsplit(input: Tensor, indices_or_sections: Any = None, **names: Any) -> tuple[Tensor, ...]:
    """Cut along the third dimension; views.

    Raises:
        RuntimeError: for less than three dimensions, or pieces that would not be equal.

    Example:
        >>> import tinygrad_lite as tg
        >>> [piece.shape for piece in tg.dsplit(tg.zeros(1, 2, 4), 2)]
        [Size([1, 2, 2]), Size([1, 2, 2])]
    """
    return _split_along("dsplit", input, _cuts("dsplit", indices_or_sections, names), 3, 2)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that dimension; views.

    Raises:
        IndexError: if the dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unbind(tg.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    need_tensor("unbind", "input", input)
    axis = one_dim("unbind", dim, input.array.ndim)
    if not input.array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    lead = (slice(None),) * axis
    return _siblings(input, [(*lead, k) for k in range(input.array.shape[axis])], axis, None, "unbind")


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` along `dim`, without that dimension; a view.

    Raises:
        IndexError: if the dimension or the index does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.select(tg.tensor([[1, 2], [3, 4]]), 1, -1)
        tensor([2, 4])
    """
    need_tensor("select", "input", input)
    if not input.array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = one_dim("select", dim, input.array.ndim)
    n = input.array.shape[axis]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.array.shape)} at dimension {axis}"
        )
    return index_ops.select(input, (slice(None),) * axis + (int(index),))


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` slices along `dim` from `start` on; a view.

    Raises:
        RuntimeError: if they reach past the end.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.narrow(tg.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    need_tensor("narrow", "input", input)
    if not input.array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, TensorCore):
        if start.array.ndim or start.array.dtype.kind not in "iu":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start.array)
    axis = one_dim("narrow", dim, input.array.ndim)
    n = input.array.shape[axis]
    if length < 0:
        raise RuntimeError(f"narrow(): length must be non-negative, got {length}.")
    if not -n <= start <= n:
        raise IndexError(f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    first = start + n if start < 0 else start
    if first + length > n:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return index_ops.select(input, (slice(None),) * axis + (slice(first, first + length),))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements along a dimension, `step` apart; the elements of each as a last dimension.

    A view: windows that overlap share memory.

    Raises:
        RuntimeError: if the size is larger than the dimension, or the step is not positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(5).unfold(0, 3, 1)
        tensor([[0, 1, 2],
                [1, 2, 3],
                [2, 3, 4]])
    """
    need_tensor("unfold", "input", input)
    axis = one_dim("unfold", dimension, input.array.ndim)
    n = input.array.shape[axis] if input.array.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return ops.unfold(input, axis, size, step)


def storage_offset(input: Tensor) -> int:
    """How many elements of the memory that the tensor lies in come before its first."""
    array = input.array
    start: int = array.__array_interface__["data"][0] - owner(array).__array_interface__["data"][0]
    return start // array.itemsize


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The memory that `input` lies in, seen with another shape and other strides; a view.

    Args:
        input: a tensor.
        size: the shape.
        stride: how many elements to go on in memory, for each dimension.
        storage_offset: where to begin, counted from the beginning of the memory; by default where `input` does.

    Raises:
        RuntimeError: if that reaches outside of the memory, or the lengths differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.as_strided(tg.arange(9), (2, 2), (1, 3), 1)
        tensor([[1, 4],
                [2, 5]])
    """
    need_tensor("as_strided", "input", input)
    return ops.strided(input, **strided_params(input, size, stride, storage_offset))


def strided_params(input: Tensor, size: Any, stride: Any, offset: int | None) -> dict[str, Any]:
    """What the row takes, checked."""
    shape, steps = to_shape("as_strided", (size,)), to_shape("as_strided", (stride,))
    if len(shape) != len(steps):
        raise RuntimeError(f"mismatch in length of strides and shape: size {list(shape)}, stride {list(steps)}")
    if min(steps, default=0) < 0:
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(steps)}")
    if offset is not None and offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    begin = storage_offset(input)
    start = begin if offset is None else offset
    last = start + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    room = owner(input.array).nbytes // input.array.itemsize
    if 0 not in shape and last >= room:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, storage offset {start} require {last + 1} "
            f"elements, which are out of bounds for storage of {room}"
        )
    inner = tuple(step // input.array.itemsize for step in input.array.strides)
    return {"shape": shape, "steps": steps, "start": start - begin, "inner": inner}
