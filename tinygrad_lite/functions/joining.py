"""The functions that make one tensor of several, and larger ones of one: `cat`, `stack`, `repeat`, `tile` ...

All make copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor, one_dim, sizes_of, tensor_list
from tinygrad_lite.functions.shaping import atleast_1d, atleast_2d, atleast_3d, ravel, reshape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.tensors import make

__all__ = [
    "cat", "column_stack", "concat", "concatenate", "diff", "dstack", "hstack", "repeat_interleave", "row_stack",
    "stack", "tile", "vstack",
]  # fmt: skip

_SMALL = 1 << 16  # bytes

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def cat(tensors: Sequence[Tensor], dim: int = 0, **names: Any) -> Tensor:
    """Tensors joined along a dimension that they have.

    Raises:
        RuntimeError: if the other dimensions differ, naming the tensor and the sizes.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cat([tg.tensor([1, 2]), tg.tensor([3])])
        tensor([1, 2, 3])
    """
    dim = _axis_name("cat", dim, names)
    if tensors == []:
        raise ValueError("cat(): expected a non-empty list of Tensors")
    parts = tensor_list("cat", tensors)
    shape = parts[0].array.shape
    if any([p.array.shape != shape for p in parts]):  # noqa: C419 - a list is faster
        parts = [p for p in parts if p.array.shape != (0,)]  # PyTorch skips such empty tensors
        dim = _check_joined(parts, dim)
    elif not shape:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated; use stack()")
    elif dim:
        dim = one_dim("cat", dim, len(shape))
    return ops.cat(parts, dim)


concat = concatenate = cat


def _axis_name(function: str, dim: int, names: dict[str, Any]) -> int:
    """`dim`, where it was perhaps passed under NumPy's name."""
    dim = names.pop("axis", dim)
    if names:
        raise TypeError(f"{function}() got an unexpected keyword argument {next(iter(names))!r}")
    return dim


def _check_joined(parts: list[Tensor], dim: int) -> int:
    """The axis to join tensors along whose shapes differ; raises unless they differ there only."""
    for k, part in enumerate(parts):
        if not part.array.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {k}) cannot be concatenated; use stack()")
    shape = parts[0].array.shape
    axis = one_dim("cat", dim, len(shape))
    for k, part in enumerate(parts):
        other = part.array.shape
        if len(other) != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        if other[:axis] != shape[:axis] or other[axis + 1 :] != shape[axis + 1 :]:
            raise RuntimeError(
                f"cat(): Sizes of tensors must match except in dimension {axis}. Expected {list(shape)} but got "
                f"{list(other)} for tensor number {k} in the list."
            )
    return axis


def stack(tensors: Sequence[Tensor], dim: int = 0, **names: Any) -> Tensor:
    """Tensors of one shape joined along a new dimension.

    Raises:
        RuntimeError: if the shapes differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.stack([tg.tensor([1, 2]), tg.tensor([3, 4])], dim=1)
        tensor([[1, 3],
                [2, 4]])
    """
    dim = _axis_name("stack", dim, names)
    parts = tensor_list("stack", tensors)
    arrays = [part.array for part in parts]
    shape = arrays[0].shape
    if [array.shape for array in arrays].count(shape) < len(arrays):
        _refuse_shapes(shape, arrays)
    plain = not dim and [array.dtype for array in arrays].count(arrays[0].dtype) == len(arrays)
    if plain and not any([part.needs_grad for part in parts]):  # noqa: C419 - loaders make many batches
        return make(_stacked(arrays))
    return ops.stack(parts, one_dim("stack", dim, len(shape) + 1) if dim else 0)


def _stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of one shape and dtype behind each other; small ones in a seventh of the time that NumPy takes."""
    first = arrays[0]
    if first.nbytes <= _SMALL:
        try:
            joined = np.frombuffer(bytearray().join(arrays), first.dtype)  # type: ignore[arg-type]
        except (TypeError, ValueError):  # their elements do not lie in a row, or there are none
            pass
        else:
            return joined.reshape(len(arrays), *first.shape)
    return ops.stack(arrays)


def _refuse_shapes(shape: tuple[int, ...], arrays: Sequence[np.ndarray]) -> NoReturn:
    k, other = next((k, array.shape) for k, array in enumerate(arrays) if array.shape != shape)
    raise RuntimeError(
        f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(other)} at entry {k}"
    )


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: vectors end to end, others along their second dimension.

    Raises:
        RuntimeError: if the other dimensions differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hstack([tg.tensor([[1], [2]]), tg.tensor([[3], [4]])])
        tensor([[1, 3],
                [2, 4]])
    """
    parts = [atleast_1d(t) for t in tensor_list("hstack", tensors)]
    return cat(parts, 0 if parts[0].array.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below one another; a vector is a row.

    Raises:
        RuntimeError: if the other dimensions differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.vstack([tg.tensor([1, 2]), tg.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    return cat([atleast_2d(t) for t in tensor_list("vstack", tensors)], 0)


row_stack = vstack


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors behind one another, along a third dimension.

    Raises:
        RuntimeError: if the other dimensions differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.dstack([tg.tensor([1, 2]), tg.tensor([3, 4])])
        tensor([[[1, 3],
                 [2, 4]]])
    """
    return cat([atleast_3d(t) for t in tensor_list("dstack", tensors)], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side; a vector is a column.

    Raises:
        RuntimeError: if the other dimensions differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.column_stack([tg.tensor([1, 2]), tg.tensor([3, 4])])
        tensor([[1, 3],
                [2, 4]])
    """
    parts = tensor_list("column_stack", tensors)
    return cat([p if p.array.ndim > 1 else reshape(p, -1, 1) for p in parts], 1)


def repeat(input: Tensor, *repeats: Any, **names: Any) -> Tensor:
    """Copies laid side by side, `repeats[k]` of them along dimension k.

    Raises:
        RuntimeError: if there are fewer numbers than dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    counts = sizes_of("repeat", repeats, names, "repeats")
    if len(counts) < input.array.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{list(counts)} for shape {input.array.shape}"
        )
    return ops.repeat(input, counts)


def tile(input: Tensor, *dims: Any, **names: Any) -> Tensor:
    """As `repeat`, but missing numbers count as 1 from the left.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tile(tg.tensor([[1], [2]]), (2,))
        tensor([[1, 1],
                [2, 2]])
    """
    need_tensor("tile", "input", input)
    counts = sizes_of("tile", dims, names, "dims")
    return ops.repeat(input, (1,) * (input.array.ndim - len(counts)) + counts)


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice along `dim` several times over; of the flattened tensor if `dim` is None.

    Given counts alone, each position as often as its count says.

    Args:
        input: a tensor; or the counts.
        repeats: how often, for all or for each.
        dim: the dimension to repeat along.
        output_size: accepted as in PyTorch, where it saves looking at the counts.

    Raises:
        RuntimeError: for negative or floating-point counts, or a number of counts that does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.repeat_interleave(tg.tensor([1, 2]), 2), tg.repeat_interleave(tg.tensor([1, 2]), tg.tensor([0, 3]))
        (tensor([1, 1, 2, 2]), tensor([2, 2, 2]))
    """
    need_tensor("repeat_interleave", "input", input)
    if repeats is None:
        counts = _counts(input, None)
        return ops.repeat_each(make(np.arange(counts.size)), counts, 0)
    if dim is None:
        input, axis = ravel(input), 0
    else:
        axis = one_dim("repeat_interleave", dim, input.array.ndim)
        input = input if input.array.ndim else reshape(input, 1)
    n = input.array.shape[axis]
    times = _counts(repeats, n)
    total = n * times if isinstance(times, int) else int(times.sum())
    if output_size is not None and output_size != total:
        raise RuntimeError(f"repeat_interleave: output_size is {output_size}, but the counts add up to {total}")
    return ops.repeat_each(input, times, axis)


def _counts(repeats: Any, n: int | None) -> Any:
    """How often to repeat: an integer, or an array of `n`."""
    if not isinstance(repeats, TensorCore):
        if repeats < 0:
            raise RuntimeError(f"Repeats must be non-negative, got {repeats}")
        return int(repeats)
    counts = repeats.array
    if counts.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"repeats has to be Long or Int tensor, got {counts.dtype}")
    if counts.ndim > 1 or (n is None and counts.ndim == 0):
        raise RuntimeError(f"repeats must be 0-dim or 1-dim tensor, got {counts.ndim} dimensions")
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    if n is not None and counts.size == 1:
        return int(counts.reshape(-1)[0])
    if n is not None and counts.size != n:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size(dim) = {n}"
        )
    return counts


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times; of truth values, whether they differ.

    Args:
        input: a tensor.
        n: how often.
        dim: the dimension.
        prepend: what to put before `input`.
        append: what to put after it.

    Raises:
        RuntimeError: for a tensor without dimensions, or a negative `n`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.diff(tg.tensor([1, 4, 9, 16])), tg.diff(tg.tensor([1, 4, 9, 16]), n=2)
        (tensor([3, 5, 7]), tensor([2, 2]))
    """
    need_tensor("diff", "input", input)
    ndim = input.array.ndim
    if not ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = one_dim("diff", dim, ndim)
    for name, other in (("prepend", prepend), ("append", append)):
        if other is not None and other.array.ndim != ndim:
            raise RuntimeError(
                f"diff expects {name} or append to be the same dimension as input, got {other.array.ndim} and {ndim}"
            )
    if n == 0:
        return ops.clone(input)
    parts = [part for part in (prepend, input, append) if part is not None]
    out = cat(parts, axis) if len(parts) > 1 else input
    lead = (slice(None),) * axis
    for _ in range(min(n, out.array.shape[axis])):
        later, earlier = (index_ops.select(out, (*lead, cut)) for cut in (slice(1, None), slice(None, -1)))
        out = (elementwise.ne if out.array.dtype.kind == "b" else elementwise.sub)(later, earlier)
    return out
