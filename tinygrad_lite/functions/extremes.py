"""The functions that find the largest and the smallest: `max`, `amin`, `aminmax`, `argmax` ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.functions import results
from tinygrad_lite.functions.arguments import need_tensor, numpy_names, one_dim, to_axis
from tinygrad_lite.functions.comparing import maximum, minimum
from tinygrad_lite.functions.reduction import Dim, Tensor, one_axis
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import reduce as ops
from tinygrad_lite.ops.sort import arrange
from tinygrad_lite.tensors import bare

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]


def ordered(name: str, input: Tensor, refused: str = "") -> None:
    """Refuse what is no tensor, and complex numbers, which have no order; and other kinds of dtype."""
    if not isinstance(input, TensorCore):
        need_tensor(name, "input", input)
    if input.array.dtype.kind == "c":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}: complex numbers have no order")
    if input.array.dtype.kind in refused:
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}")


def not_empty(name: str, input: Tensor, dim: Any) -> None:
    """Refuse to look for an element where there are none."""
    if input.array.size:
        return
    shape = input.array.shape
    if not ops.count(shape, to_axis(name, dim, len(shape))):
        kind = RuntimeError if dim is None and not name.startswith("arg") else IndexError
        raise kind(f"{name}(): Expected reduction dim to have non-zero size, but the input has shape {shape}.")


def amax(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """The largest element over `dim`; equal ones share the gradient.

    Raises:
        RuntimeError, IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.amax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([5., 3.])
    """
    return _reduced("amax", ops.amax, input, dim, keepdim, names)


def amin(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """The smallest element over `dim`; equal ones share the gradient.

    Raises:
        RuntimeError, IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.amin(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([1., 2.])
    """
    return _reduced("amin", ops.amin, input, dim, keepdim, names)


def _reduced(name: str, row: Any, input: Tensor, dim: Any, keepdim: bool, names: dict[str, Any]) -> Tensor:
    if names:
        dim, keepdim = numpy_names(name, dim, keepdim, names)
    ordered(name, input)
    not_empty(name, input, dim)
    return row(input, to_axis(name, dim, input.array.ndim), keepdim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along `dim`.

    Returns:
        `(min, max)`.

    Raises:
        RuntimeError, IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> low, high = tg.aminmax(tg.tensor([3.0, 1.0, 2.0]))
        >>> low, high
        (tensor(1.), tensor(3.))
    """
    ordered("aminmax", input)
    not_empty("aminmax", input, dim)
    axis = one_axis("aminmax", dim, input.array.ndim)
    return results.aminmax(ops.amin(input, axis, keepdim), ops.amax(input, axis, keepdim))


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, **names: Any) -> Any:
    """The largest element: of all; with its position along `dim`; or of each pair of two tensors.

    Returns:
        `max(x)` a tensor without dimensions; `max(x, dim)` a pair `(values, indices)`; `max(x, y)` what
        `maximum(x, y)` does.

    Raises:
        RuntimeError, IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> values, indices = tg.max(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        >>> values, indices
        (tensor([5., 3.]), tensor([1, 0]))
    """
    if names:
        dim, keepdim = numpy_names("max", dim, keepdim, names)
    return _extreme("max", input, dim if other is None else other, keepdim, ops.argmax, ops.amax, maximum)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, **names: Any) -> Any:
    """The smallest element: of all; with its position along `dim`; or of each pair. See `max`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.min(tg.tensor([3.0, 1.0]))
        tensor(1.)
    """
    if names:
        dim, keepdim = numpy_names("min", dim, keepdim, names)
    return _extreme("min", input, dim if other is None else other, keepdim, ops.argmin, ops.amin, minimum)


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool, pick: Any, whole: Any, pair: Any) -> Any:
    """The three meanings of `max` and `min`: of all, along a dimension, of two tensors."""
    if isinstance(dim, TensorCore):
        return pair(input, dim)
    ordered(name, input)
    not_empty(name, input, dim)
    if dim is None:
        return whole(input)
    axis = one_dim(name, dim, input.array.ndim)
    where = pick(input.array, axis if input.array.ndim else None, True)
    return chosen(name, input, axis, where, keepdim)


def chosen(name: str, input: Tensor, axis: int, where: Any, keepdim: bool) -> Any:
    """The named pair of one element along `axis`, at the positions `where`, and these positions."""
    if not input.array.ndim:
        return getattr(results, name)(input.clone(), bare(np.reshape(where, ())))
    values = arrange(input, axis, where)
    if keepdim:
        return getattr(results, name)(values, bare(where))
    return getattr(results, name)(values.squeeze(axis), bare(where.squeeze(axis)))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Where the largest element is, along `dim` or in the flattened tensor; the first of equal ones.

    Raises:
        IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argmax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([1, 0])
    """
    if names:
        dim, keepdim = numpy_names("argmax", dim, keepdim, names)
    ordered("argmax", input, "b")
    not_empty("argmax", input, dim)
    return ops.argmax(input, one_axis("argmax", dim, input.array.ndim), keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Where the smallest element is, along `dim` or in the flattened tensor; the first of equal ones.

    Raises:
        IndexError: if there is no element, or no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argmin(tg.tensor([3.0, 1.0, 2.0]))
        tensor(1)
    """
    if names:
        dim, keepdim = numpy_names("argmin", dim, keepdim, names)
    ordered("argmin", input, "b")
    not_empty("argmin", input, dim)
    return ops.argmin(input, one_axis("argmin", dim, input.array.ndim), keepdim)
