"""The functions that turn a tensor round: `flip`, `roll`, `rot90` ... All make copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor, one_dim, sizes_of, to_axis
from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.shaping import clone
from tinygrad_lite.ops import shape as ops

__all__ = ["flip", "fliplr", "flipud", "roll", "rot90"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


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


def fliplr(input: Tensor) -> Tensor:
    """Each row in reverse order; a copy.

    Raises:
        RuntimeError: for less than two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fliplr(tg.tensor([[1, 2], [3, 4]]))
        tensor([[2, 1],
                [4, 3]])
    """
    need_tensor("fliplr", "input", input)
    if input.array.ndim < 2:
        raise RuntimeError(f"Input must be >= 2-d, got {input.array.ndim} dimensions")
    return ops.flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """The rows in reverse order; a copy.

    Raises:
        RuntimeError: for a tensor without dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.flipud(tg.tensor([[1, 2], [3, 4]]))
        tensor([[3, 4],
                [1, 2]])
    """
    need_tensor("flipud", "input", input)
    if not input.array.ndim:
        raise RuntimeError("Input must be >= 1-d, got a tensor without dimensions")
    return ops.flip(input, (0,))


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by `k` quarters, from the first of `dims` towards the second; a copy.

    Raises:
        RuntimeError: if `dims` are not two different dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rot90(tg.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    need_tensor("rot90", "input", input)
    ndim = input.array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    a, b = (one_dim("rot90", d, ndim) for d in dims)
    quarters = k % 4
    if quarters == 0:
        return clone(input)
    if quarters == 2:
        return ops.flip(input, (a, b))
    return transpose(ops.flip(input, (b if quarters == 1 else a,)), a, b)


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Shifted along `dims`, what falls off coming back at the other end; flattened if `dims` is None.

    Raises:
        RuntimeError: if there are not as many shifts as dimensions.
        IndexError: if a dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.roll(tg.tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    need_tensor("roll", "input", input)
    steps = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
    named = () if dims is None else tuple(dims) if isinstance(dims, Sequence) else (dims,)
    if not steps:
        raise RuntimeError("roll(): `shifts` required")
    if named and not input.array.ndim:
        raise IndexError("roll(): Dimension specified as 0 but tensor has no dimensions")
    axes = tuple(one_dim("roll", d, input.array.ndim) for d in named)
    if not axes and len(steps) == 1:
        return ops.roll(input, steps[0])
    if len(axes) != len(steps):
        raise RuntimeError(f"roll(): shifts and dimensions must align. shifts: {shifts}, dims: {dims}")
    return ops.roll(input, steps, axes)
