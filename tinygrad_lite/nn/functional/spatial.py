"""What the functions of images and signals have in common: sizes for each dimension, batches of one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | Sequence[int]


def each(function: str, name: str, value: Any, dims: int) -> tuple[int, ...]:
    """One integer for each dimension, of one for all or of a sequence.

    Raises:
        RuntimeError: if the sequence has another length.
        TypeError: if it holds something else than integers.
    """
    if type(value) is int:
        return (value,) * dims
    try:
        found = tuple(operator.index(v) for v in (value if isinstance(value, Sequence) else (value,)))
    except TypeError:
        raise TypeError(f"{function}(): {name} must be an int or a tuple of ints, got {value!r}") from None
    if len(found) not in (1, dims):
        raise RuntimeError(f"{function}(): {name} must be one int or a tuple of {dims} ints, got {value!r}")
    return found * dims if len(found) == 1 else found


def batched(function: str, input: Tensor, dims: int) -> tuple[Tensor, bool]:
    """The input with a batch dimension, and whether it had one.

    Raises:
        RuntimeError: if it has neither as many dimensions as one image nor as a batch of them.
    """
    ndim = input.array.ndim
    if ndim == dims + 2:
        return input, True
    if ndim != dims + 1:
        raise RuntimeError(
            f"{function}(): Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {function}, but got "
            f"input of size: {list(input.array.shape)}"
        )
    return input.unsqueeze(0), False
