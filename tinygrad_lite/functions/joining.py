"""The functions that make one tensor of several, or several of one: `cat`, `stack`, `split`, `repeat` ...

What is cut is a view; what is joined is a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor, one_dim, sizes_of
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import shape as ops

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _tensors(name: str, tensors: Any) -> list[Tensor]:
    if isinstance(tensors, TensorCore) or not isinstance(tensors, Sequence):
        raise TypeError(f"{name}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    for k, tensor in enumerate(tensors):
        if not isinstance(tensor, TensorCore):
            raise TypeError(f"{name}(): expected Tensor as element {k} in argument 0, but got {type(tensor).__name__}")
    if not tensors:
        kind = ValueError if name == "cat" else RuntimeError
        raise kind(f"{name}(): expected a non-empty list of Tensors")
    return list(tensors)


def cat(tensors: Sequence[Tensor], dim: int = 0, **names: Any) -> Tensor:
    """Tensors joined along a dimension that they have.

    Raises:
        RuntimeError: if the other dimensions differ, naming the tensor and the sizes.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cat([tg.tensor([1, 2]), tg.tensor([3])])
        tensor([1, 2, 3])
    """
    dim = names.pop("axis", dim)
    parts = _tensors("cat", tensors)
    parts = [p for p in parts if p.array.shape != (0,)] or parts[:1]  # PyTorch skips such empty tensors
    shape = parts[0].array.shape
    if not shape:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated; use stack()")
    axis = one_dim("cat", dim, len(shape))
    for k, part in enumerate(parts):
        other = part.array.shape
        if len(other) != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        if any(a != b for d, (a, b) in enumerate(zip(shape, other, strict=True)) if d != axis):
            raise RuntimeError(
                f"cat(): Sizes of tensors must match except in dimension {axis}. Expected {list(shape)} but got "
                f"{list(other)} for tensor number {k} in the list."
            )
    return ops.cat(parts, axis)


concat = concatenate = cat


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
    dim = names.pop("axis", dim)
    parts = _tensors("stack", tensors)
    shape = parts[0].array.shape
    for k, part in enumerate(parts):
        if part.array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(part.array.shape)} at entry {k}"
            )
    return ops.stack(parts, one_dim("stack", dim, len(shape) + 1))


def _pieces(input: Tensor, sizes: Sequence[int], axis: int, origin: str) -> tuple[Tensor, ...]:
    """Neighbouring slices of the given sizes; views that know they came together."""
    out, start = [], 0
    for size in sizes:
        piece = index_ops.select(input, (slice(None),) * axis + (slice(start, start + size),))
        if piece.extra is not None:
            piece.extra.siblings = origin
        out.append(piece)
        start += size
    return tuple(out)


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
    if not tensor.array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = one_dim("split", dim, tensor.array.ndim)
    n = tensor.array.shape[axis]
    size = split_size_or_sections if split_size is None else split_size
    if size is None:
        raise TypeError("split() missing 1 required argument: 'split_size'")
    if isinstance(size, int):
        if size < 0 or (size == 0 and n):
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        sizes = [min(size, n - start) for start in range(0, n, size)] if n else [0]
    else:
        sizes = list(size)
        if sum(sizes) != n or min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
                f"{axis}), but got split_sizes={sizes}"
            )
    return _pieces(tensor, sizes, axis, "split")


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


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that dimension; views.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unbind(tg.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    need_tensor("unbind", "input", input)
    if not input.array.ndim:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    axis = one_dim("unbind", dim, input.array.ndim)
    out = tuple(index_ops.select(input, (slice(None),) * axis + (k,)) for k in range(input.array.shape[axis]))
    for piece in out:
        if piece.extra is not None:
            piece.extra.siblings = "unbind"
    return out


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
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
    axis = one_dim("narrow", dim, input.array.ndim)
    n = input.array.shape[axis]
    first = start + n if start < 0 else start
    if length < 0 or first < 0 or first + length > n:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return index_ops.select(input, (slice(None),) * axis + (slice(first, first + length),))


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
