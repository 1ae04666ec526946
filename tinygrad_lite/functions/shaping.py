"""The functions that arrange elements anew: `reshape`, `permute`, `expand`, `flip` ...

Those whose docstring says "a view" return a tensor that shares memory with its input, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor, one_dim, sizes_of, to_axis
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.views import owner

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _complete(name: str, shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """`shape` with its -1 worked out.

    Raises:
        RuntimeError: if `size` elements cannot have that shape.
    """
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
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
    """The same memory in another shape: `reshape` that never copies.

    Raises:
        RuntimeError: if it would have to copy, or the number of elements does not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(4).view(2, 2)
        tensor([[0, 1],
                [2, 3]])
    """
    out = ops.reshape(input, _complete("view", sizes_of("view", size, names), input.array.size))
    if input.array.size and owner(out.array) is not owner(input.array):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


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


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a view if they lie in memory in order.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ravel(tg.ones(2, 2))
        tensor([1., 1., 1., 1.])
    """
    need_tensor("ravel", "input", input)
    return reshape(input if input.array.flags.c_contiguous else clone(input), -1)


def permute(input: Tensor, *dims: Any, **names: Any) -> Tensor:
    """The dimensions in another order; a view.

    Raises:
        RuntimeError: if `dims` does not name each dimension once.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.permute(tg.zeros(2, 3, 4), (2, 0, 1)).shape
        Size([4, 2, 3])
    """
    need_tensor("permute", "input", input)
    axes = sizes_of("permute", dims, names, "dims")
    ndim = input.array.ndim
    if len(axes) != ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(axes)}"
        )
    to_axis("permute", axes, ndim)
    return ops.permute(input, axes)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped; a view.

    Raises:
        IndexError: if a dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.transpose(tg.zeros(2, 3), 0, 1).shape
        Size([3, 2])
    """
    need_tensor("transpose", "input", input)
    ndim = input.array.ndim
    a, b = one_dim("transpose", dim0, ndim), one_dim("transpose", dim1, ndim)
    return ops.transpose(input, a, b) if ndim else input


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transposed matrix; a view. A vector stays as it is.

    Raises:
        RuntimeError: for more than two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.t(tg.tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    need_tensor("t", "input", input)
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return ops.transpose(input, 0, 1) if input.array.ndim == 2 else input


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places, the rest in order; a view.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.movedim(tg.zeros(2, 3, 4), 0, -1).shape
        Size([3, 4, 2])
    """
    need_tensor("movedim", "input", input)
    ndim = input.array.ndim
    sources = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    if len(sources) != len(targets):
        raise RuntimeError(f"movedim(): source {source} and destination {destination} must have the same length")
    sources = list(to_axis("movedim", sources, ndim) or ())
    targets = list(to_axis("movedim", targets, ndim) or ())
    order = [d for d in range(ndim) if d not in sources]
    for place, d in sorted(zip(targets, sources, strict=True)):
        order.insert(place, d)
    return ops.permute(input, tuple(order))


moveaxis = movedim


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
    if lead < 0 or any(n != -1 and m not in (1, n) for n, m in zip(shape[lead:], own, strict=True)):
        raise RuntimeError(
            f"The expanded size of the tensor {list(shape)} must match the existing size {list(own)} at "
            "non-singleton dimensions, and have at least as many dimensions"
        )
    if -1 in shape[:lead]:
        raise RuntimeError(
            f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension of {list(shape)}"
        )
    full = (*shape[:lead], *(m if n == -1 else n for n, m in zip(shape[lead:], own, strict=True)))
    return ops.expand(input, full)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input` expanded to `size`. See `expand`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.broadcast_to(tg.ones(2), (3, 2)).shape
        Size([3, 2])
    """
    return expand(input, size)


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


def flip(input: Tensor, *dims: Any, **names: Any) -> Tensor:
    """In reverse order along `dims`; a copy.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.flip(tg.tensor([[1, 2], [3, 4]]), (0, 1))
        tensor([[4, 3],
                [2, 1]])
    """
    need_tensor("flip", "input", input)
    axes = to_axis("flip", sizes_of("flip", dims, names, "dims"), input.array.ndim)
    return ops.flip(input, axes or ())


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Shifted along `dims`, what falls off coming back at the other end; flattened if `dims` is None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.roll(tg.tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    need_tensor("roll", "input", input)
    steps = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
    named = () if dims is None else tuple(dims) if isinstance(dims, Sequence) else (dims,)
    axes = tuple(one_dim("roll", d, input.array.ndim) for d in named)
    if not axes and len(steps) == 1:
        return ops.roll(input, steps[0])
    if len(axes) != len(steps):
        raise RuntimeError(f"roll(): shifts and dimensions must align. shifts: {shifts}, dims: {dims}")
    return ops.roll(input, steps, axes) if input.array.ndim else clone(input)


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


def clone(input: Tensor) -> Tensor:
    """A copy that gradients flow through.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clone(tg.ones(2))
        tensor([1., 1.])
    """
    need_tensor("clone", "input", input)
    return ops.clone(input)
