"""The functions that reduce: `sum`, `mean`, `max`, `norm`, `softmax` ...

`dim` is None (all dimensions), an integer or a tuple of them; with `keepdim` a reduced dimension stays,
at size 1. NumPy's names `axis` and `keepdims` are understood too.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import to_dtype
from tinygrad_lite.functions.arguments import need_tensor, numpy_names, one_dim, to_axis
from tinygrad_lite.functions.elementwise import maximum, minimum
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import index as index_ops
from tinygrad_lite.ops import reduce as ops

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Dim: TypeAlias = int | tuple[int, ...] | list[int] | None


class ValuesAndIndices(NamedTuple):
    """What `max(x, dim)` and its like return."""

    values: Tensor
    indices: Tensor


def _as(input: Tensor, dtype: Any) -> Tensor:
    """`input` in another dtype, where one is asked for."""
    if dtype is None or input.array.dtype == to_dtype(dtype).numpy:
        return input
    return cast(input, to_dtype(dtype).numpy)


def _fractional(name: str, input: Tensor, dtype: Any) -> Tensor:
    """`input` in `dtype`; refused if it then holds integers."""
    need_tensor(name, "input", input)
    input = _as(input, dtype)
    if input.array.dtype.kind not in "fc":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {input.dtype}. Convert it first, as in x.float()."
        )
    return input


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None, **names: Any) -> Tensor:
    """The sum over `dim`; of integers and truth values as int64.

    Raises:
        IndexError: if a dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sum(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        tensor([4., 6.])
    """
    if names:
        dim, keepdim = numpy_names("sum", dim, keepdim, names)
    need_tensor("sum", "input", input)
    return _as(ops.sum(_as(input, dtype), to_axis("sum", dim, input.array.ndim), keepdim), dtype)


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None, **names: Any) -> Tensor:
    """The mean over `dim`.

    Raises:
        RuntimeError: for integers; convert them first, or pass `dtype`.
        IndexError: if a dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.mean(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1, keepdim=True)
        tensor([[1.5000],
                [3.5000]])
    """
    if names:
        dim, keepdim = numpy_names("mean", dim, keepdim, names)
    input = _fractional("mean", input, dtype)
    return ops.mean(input, to_axis("mean", dim, input.array.ndim), keepdim)


def _spread_arguments(
    name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool, names: dict[str, Any]
) -> tuple[Any, float, bool]:
    """The axis, the correction and keepdims of `var` and `std`, which PyTorch spells in many ways."""
    if isinstance(dim, bool):  # var(x, False): the older signature, unbiased first
        dim, unbiased = None, dim
    if "ddof" in names:
        correction = names.pop("ddof")
    dim, keepdim = numpy_names(name, dim, keepdim, names)
    _fractional(name, input, None)
    ddof = 1 if correction is None else correction
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}() takes either unbiased or correction, got both")
    if unbiased is not None:
        ddof = int(unbiased)
    return to_axis(name, dim, input.array.ndim), ddof, keepdim


def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """The variance over `dim`: the mean squared distance from the mean, over n - correction.

    Args:
        input: a floating-point tensor.
        dim: the dimensions to reduce.
        unbiased: True for a correction of 1 (the default), False for 0.
        keepdim: whether reduced dimensions stay.
        correction: what is taken off the number of elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.var(tg.tensor([1.0, 2.0, 3.0])), tg.var(tg.tensor([1.0, 2.0, 3.0]), correction=0)
        (tensor(1.), tensor(0.6667))
    """
    return ops.var(input, *_spread_arguments("var", input, dim, unbiased, correction, keepdim, names))


def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """The standard deviation over `dim`, the square root of `var`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.std(tg.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return ops.std(input, *_spread_arguments("std", input, dim, unbiased, correction, keepdim, names))


def amax(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """The largest element over `dim`; equal ones share the gradient.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.amax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([5., 3.])
    """
    dim, keepdim = numpy_names("amax", dim, keepdim, names)
    need_tensor("amax", "input", input)
    return ops.amax(_not_empty("amax", input, dim), to_axis("amax", dim, input.array.ndim), keepdim)


def amin(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """The smallest element over `dim`; equal ones share the gradient.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.amin(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([1., 2.])
    """
    dim, keepdim = numpy_names("amin", dim, keepdim, names)
    need_tensor("amin", "input", input)
    return ops.amin(_not_empty("amin", input, dim), to_axis("amin", dim, input.array.ndim), keepdim)


def _not_empty(name: str, input: Tensor, dim: Any) -> Tensor:
    """Refuse what has no largest element: nothing at all, and complex numbers."""
    if input.array.dtype.kind == "c":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}: complex numbers have no order")
    shape = input.array.shape
    dims = to_axis(name, dim, len(shape))
    reduced = shape if dims is None else tuple(shape[d] for d in (dims if isinstance(dims, tuple) else (dims,)))
    if 0 in reduced:
        kind = RuntimeError if dim is None and not name.startswith("arg") else IndexError
        raise kind(f"{name}(): Expected reduction dim to have non-zero size, but the input has shape {shape}.")
    return input


def _one_axis(name: str, dim: Any, ndim: int) -> int | None:
    """`dim` as NumPy's `axis`, where only one can be reduced."""
    axis = None if dim is None else one_dim(name, dim, ndim)
    return axis if ndim else None


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool, pick: Any, whole: Any, pair: Any) -> Any:
    """The three meanings of `max` and `min`: of all, along a dimension, of two tensors."""
    need_tensor(name, "input", input)
    if dim is None:
        return whole(_not_empty(name, input, None))
    if isinstance(dim, TensorCore):
        return pair(input, dim)
    axis = one_dim(name, dim, input.array.ndim)
    _not_empty(name, input, axis)
    if not input.array.ndim:
        return ValuesAndIndices(input.clone(), pick(input, None))
    where = pick(input, axis, True)
    values = index_ops.pick(input, index_ops.along(axis, where.array))
    if keepdim:
        return ValuesAndIndices(values, where)
    return ValuesAndIndices(values.squeeze(axis), where.squeeze(axis))


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
    dim, keepdim = numpy_names("max", dim, keepdim, names)
    return _extreme("max", input, dim if other is None else other, keepdim, _argmax, ops.amax, maximum)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, **names: Any) -> Any:
    """The smallest element: of all; with its position along `dim`; or of each pair. See `max`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.min(tg.tensor([3.0, 1.0]))
        tensor(1.)
    """
    dim, keepdim = numpy_names("min", dim, keepdim, names)
    return _extreme("min", input, dim if other is None else other, keepdim, _argmin, ops.amin, minimum)


_argmax, _argmin = ops.argmax, ops.argmin


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Where the largest element is, along `dim` or in the flattened tensor; the first of equal ones.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argmax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
        tensor([1, 0])
    """
    dim, keepdim = numpy_names("argmax", dim, keepdim, names)
    need_tensor("argmax", "input", input)
    return _argmax(_not_empty("argmax", input, dim), _one_axis("argmax", dim, input.array.ndim), keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Where the smallest element is, along `dim` or in the flattened tensor; the first of equal ones.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.argmin(tg.tensor([3.0, 1.0, 2.0]))
        tensor(1)
    """
    dim, keepdim = numpy_names("argmin", dim, keepdim, names)
    need_tensor("argmin", "input", input)
    return _argmin(_not_empty("argmin", input, dim), _one_axis("argmin", dim, input.array.ndim), keepdim)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None, **names: Any) -> Tensor:
    """The product over `dim`; of integers and truth values as int64.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.prod(tg.tensor([2.0, 3.0, 4.0]))
        tensor(24.)
    """
    dim, keepdim = numpy_names("prod", dim, keepdim, names)
    need_tensor("prod", "input", input)
    return _as(ops.prod(_as(input, dtype), _one_axis("prod", dim, input.array.ndim), keepdim), dtype)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Whether no element is zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.all(tg.tensor([1.0, 0.0]) >= 0)
        tensor(True)
    """
    dim, keepdim = numpy_names("all", dim, keepdim, names)
    need_tensor("all", "input", input)
    return ops.all(input, to_axis("all", dim, input.array.ndim), keepdim)


def any(input: Tensor, dim: Dim = None, keepdim: bool = False, **names: Any) -> Tensor:
    """Whether one element is not zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.any(tg.tensor([[True, False], [False, False]]), dim=1)
        tensor([ True, False])
    """
    dim, keepdim = numpy_names("any", dim, keepdim, names)
    need_tensor("any", "input", input)
    return ops.any(input, to_axis("any", dim, input.array.ndim), keepdim)


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None,
    **names: Any,
) -> Tensor:  # fmt: skip
    """The length of the vector of all elements over `dim`: (sum |x|^p)^(1/p).

    Args:
        input: a floating-point or complex tensor.
        p: the order; "fro" and None mean 2, `inf` the largest, `-inf` the smallest, 0 counts non-zeros.
        dim: the dimensions to reduce.
        keepdim: whether reduced dimensions stay.
        dtype: what to compute in.

    The gradient is 0 where the norm is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.norm(tg.tensor([3.0, 4.0])), tg.norm(tg.tensor([3.0, 4.0]), p=1)
        (tensor(5.), tensor(7.))
    """
    dim, keepdim = numpy_names("norm", dim, keepdim, names)
    input = _fractional("norm", input, dtype)
    if isinstance(p, str) and p != "fro":
        raise NotImplementedError(f"norm(): the matrix norm p={p!r} is not implemented; use a number or 'fro'")
    order = 2.0 if p is None or isinstance(p, str) else float(p)
    return ops.norm(input, order, to_axis("norm", dim, input.array.ndim), keepdim)


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False, **names: Any) -> Tensor:
    """log(sum(exp(x))) over `dim`, without overflow.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logsumexp(tg.tensor([1000.0, 1000.0]), dim=0)
        tensor(1000.6932)
    """
    dim, keepdim = numpy_names("logsumexp", dim, keepdim, names)
    need_tensor("logsumexp", "input", input)
    return ops.logsumexp(input, to_axis("logsumexp", dim, input.array.ndim), keepdim)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`: non-negative numbers that sum to 1.

    Raises:
        RuntimeError: for integers, unless `dtype` says what to compute in.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.softmax(tg.tensor([0.0, 1.0]), dim=0)
        tensor([0.2689, 0.7311])
    """
    return _along("softmax", ops.softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """log(softmax(x)) along `dim`, without loss of digits.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.log_softmax(tg.tensor([0.0, 1.0]), dim=0)
        tensor([-1.3133, -0.3133])
    """
    return _along("log_softmax", ops.log_softmax, input, dim, dtype)


def _along(name: str, row: Any, input: Tensor, dim: int, dtype: Any) -> Tensor:
    need_tensor(name, "input", input)
    input = _as(input, dtype)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; pass dtype= or convert it first")
    axis = one_dim(name, dim, input.array.ndim)
    return row(input, axis) if input.array.ndim else row(input.reshape(1), 0).reshape(())


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cumsum(tg.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([1., 3., 6.])
    """
    need_tensor("cumsum", "input", input)
    input = _as(input, dtype)
    axis = one_dim("cumsum", dim, input.array.ndim)
    return _as(ops.cumsum(input, axis) if input.array.ndim else input.clone(), dtype)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |input - other| <= atol + rtol * |other| everywhere.

    Raises:
        RuntimeError: if the dtypes differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.allclose(tg.tensor([1.0]), tg.tensor([1.0 + 1e-7]))
        True
    """
    need_tensor("allclose", "input", input)
    need_tensor("allclose", "other", other, 2)
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}: allclose() compares tensors of one dtype")
    return bool(np.allclose(input.array, other.array, rtol, atol, equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.equal(tg.ones(2), tg.ones(3))
        False
    """
    need_tensor("equal", "input", input)
    need_tensor("equal", "other", other, 2)
    return bool(np.array_equal(input.array, other.array))
