"""What the functions a person calls have in common: reading their arguments, saying what is wrong."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.graph import TensorCore


def need_tensor(function: str, name: str, value: Any, position: int = 1) -> None:
    """Raise PyTorch's TypeError unless `value` is a tensor."""
    if not isinstance(value, TensorCore):
        hint = ""
        if isinstance(value, np.ndarray | list | tuple | int | float | complex):
            hint = "; tg.tensor(...) makes one of it"
        raise TypeError(
            f"{function}(): argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}{hint}"
        )


def numpy_names(function: str, dim: Any, keepdim: bool, names: dict[str, Any]) -> tuple[Any, bool]:
    """`dim` and `keepdim` where they were passed under NumPy's names, `axis` and `keepdims`."""
    if "axis" in names:
        dim = names.pop("axis")
    if "keepdims" in names:
        keepdim = names.pop("keepdims")
    if names:
        raise TypeError(f"{function}() got an unexpected keyword argument {next(iter(names))!r}")
    return dim, keepdim


def to_axis(function: str, dim: Any, ndim: int) -> Any:
    """`dim` as NumPy's `axis`: None, an integer, or a tuple of different ones.

    Raises:
        IndexError: if a dimension does not exist.
        RuntimeError: if one is named twice.
        TypeError: if it is no integer.
    """
    if dim is None:
        return None
    if isinstance(dim, Sequence) and not isinstance(dim, str):
        dims = tuple(one_dim(function, d, ndim) for d in dim)
        for d in dims:
            if dims.count(d) > 1:
                raise RuntimeError(f"{function}(): dim {d} appears multiple times in the list of dims {list(dim)}")
        return (dims if ndim else None) or None
    axis = one_dim(function, dim, ndim)
    return axis if ndim else None


def one_dim(function: str, dim: Any, ndim: int) -> int:
    """`dim` counted from the front. A tensor without dimensions is treated as having one.

    Raises:
        IndexError: if the dimension does not exist.
        TypeError: if it is no integer.
    """
    try:
        d = operator.index(dim)
    except TypeError:
        raise TypeError(f"{function}(): argument 'dim' must be int, not {type(dim).__name__}") from None
    top = max(ndim, 1)
    if not -top <= d < top:
        raise IndexError(
            f"{function}(): Dimension out of range (expected to be in range of [{-top}, {top - 1}], but got {d})"
        )
    return d % top


def to_shape(function: str, sizes: Sequence[Any]) -> tuple[int, ...]:
    """A shape that was passed as `f(2, 3)` or as `f((2, 3))`.

    Raises:
        TypeError: if it holds something else than integers.
    """
    if len(sizes) == 1 and type(sizes[0]) is not int and isinstance(sizes[0], Sequence | np.ndarray):
        sizes = tuple(sizes[0])
    try:
        return tuple(map(operator.index, sizes))
    except TypeError:
        raise TypeError(f"{function}(): a shape must be integers, got {tuple(sizes)!r}") from None


def sizes_of(name: str, size: tuple[Any, ...], names: dict[str, Any], keyword: str = "size") -> tuple[int, ...]:
    """The shape that `zeros` and its like were given: as numbers, as one sequence, or by its keyword."""
    size = (names.pop(keyword),) if keyword in names else size
    if names:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(names))!r}")
    return to_shape(name, size)


def tensor_list(function: str, tensors: Any) -> list[Any]:
    """A sequence of tensors, at least one.

    Raises:
        TypeError: if it is no sequence, or holds something else.
        RuntimeError: if it is empty.
    """
    if type(tensors) not in (list, tuple) and (isinstance(tensors, TensorCore) or not isinstance(tensors, Sequence)):
        raise TypeError(f"{function}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    for k, tensor in enumerate(tensors):
        if not isinstance(tensor, TensorCore):
            raise TypeError(
                f"{function}(): expected Tensor as element {k} in argument 0, but got {type(tensor).__name__}"
            )
    if not tensors:
        raise RuntimeError(f"{function}(): expected a non-empty list of Tensors")
    return list(tensors)


def tensors_of(function: str, tensors: tuple[Any, ...]) -> list[Any]:
    """Tensors that were passed as `f(a, b)` or as `f([a, b])`."""
    alone = len(tensors) == 1 and isinstance(tensors[0], Sequence)
    return tensor_list(function, tensors[0] if alone else tensors)


def common_shape(function: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that these broadcast to.

    Raises:
        RuntimeError: if there is none.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        seen = " and ".join(map(str, map(list, shapes)))
        raise RuntimeError(f"{function}(): shapes {seen} cannot be broadcast to a single shape") from None
