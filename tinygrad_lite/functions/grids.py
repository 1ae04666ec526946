"""The functions that lay out all combinations of some elements: `meshgrid`, `cartesian_prod`, `combinations`."""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor, tensors_of
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.functions.shaping import expand, ravel, reshape
from tinygrad_lite.ops import index as index_ops

__all__ = ["cartesian_prod", "combinations", "meshgrid"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Vectors expanded over the grid that they span: result k varies along dimension k only; views.

    Args:
        tensors: vectors, or tensors without dimensions.
        indexing: "ij" (the default), or "xy" to have the first two dimensions swapped.

    Raises:
        RuntimeError: for tensors of more dimensions or of different dtypes, or another `indexing`.

    Example:
        >>> import tinygrad_lite as tg
        >>> a, b = tg.meshgrid(tg.tensor([1, 2]), tg.tensor([3, 4, 5]), indexing="ij")
        >>> a, b
        (tensor([[1, 1, 1],
                [2, 2, 2]]), tensor([[3, 4, 5],
                [3, 4, 5]]))
    """
    parts = tensors_of("meshgrid", tensors)
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for part in parts:
        if part.array.ndim > 1:
            raise RuntimeError(f"meshgrid: Expected 0D or 1D tensor in the tensor list but got: {part.array.shape}")
        if part.array.dtype != parts[0].array.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    along = list(range(len(parts)))  # which dimension each varies along
    if indexing == "xy":
        along[:2] = along[1::-1]
    ndim = len(parts)
    shape = [0] * ndim
    for k, part in zip(along, parts, strict=True):
        shape[k] = part.array.size
    single = [(1,) * k + (-1,) + (1,) * (ndim - k - 1) for k in along]
    return tuple(expand(reshape(part, own), shape) for part, own in zip(parts, single, strict=True))


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each vector, a row for each; a vector alone stays as it is.

    Raises:
        RuntimeError: for tensors that are no vectors.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cartesian_prod(tg.tensor([1, 2]), tg.tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    parts = tensors_of("cartesian_prod", tensors)
    for part in parts:
        if part.array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(part.array.shape)}")
    if len(parts) == 1:
        return parts[0]
    return stack([ravel(part) for part in meshgrid(parts, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose `r` elements of a vector, a row for each, in their order.

    Raises:
        RuntimeError: if it is no vector, or `r` is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.combinations(tg.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    need_tensor("combinations", "input", input)
    if input.array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.array.size), r)) if r else []
    return index_ops.index(input, (np.array(rows, np.int64).reshape(len(rows), r) if r else np.zeros(0, np.int64),))
