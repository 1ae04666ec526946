"""The functions that reduce: `sum`, `mean`, `prod`, `norm`, `logsumexp` ..., and `softmax`.

`dim` is None (all dimensions), an integer or a tuple of them; with `keepdim` a reduced dimension stays,
at size 1. NumPy's names `axis` and `keepdims` are understood too.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import to_dtype
from tinygrad_lite.functions.arguments import need_tensor, numpy_names, one_dim, to_axis
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import reduce as ops

__all__ = [
    "dist", "log_softmax", "logsumexp", "mean", "nanmean", "nansum", "norm", "prod", "renorm", "softmax", "sum",
    "trace",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Dim: TypeAlias = int | tuple[int, ...] | list[int] | None


def in_dtype(input: Tensor, dtype: Any) -> Tensor:
    """`input` in another dtype, where one is asked for."""
    if dtype is None or input.array.dtype == to_dtype(dtype).numpy:
        return input
    return cast(input, to_dtype(dtype).numpy)


def fractional(name: str, input: Tensor, dtype: Any = None) -> Tensor:
    """`input` in `dtype`; refused if it then holds integers."""
    if not isinstance(input, TensorCore):
        need_tensor(name, "input", input)
    if dtype is not None:
        input = in_dtype(input, dtype)
    if input.array.dtype.kind not in "fc":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {input.dtype}. Convert it first, as in x.float()."
        )
    return input


def one_axis(name: str, dim: Any, ndim: int) -> int | None:
    """`dim` as NumPy's `axis`, where only one can be reduced."""
    axis = None if dim is None else one_dim(name, dim, ndim)
    return axis if ndim else None


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
    return in_dtype(ops.sum(in_dtype(input, dtype), to_axis("sum", dim, input.array.ndim), keepdim), dtype)


def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of the elements that are not NaN.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nansum(tg.tensor([1.0, tg.nan, 3.0]))
        tensor(4.)
    """
    need_tensor("nansum", "input", input)
    if input.array.dtype.kind == "c":
        raise RuntimeError(f"nansum(): complex inputs are not supported, got {input.dtype}")
    if input.array.dtype.kind == "f":
        input = elementwise.where(np.isnan(input.array), 0.0, input)
    return sum(input, dim, keepdim, dtype=dtype)


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
    input = fractional("mean", input, dtype)
    return ops.mean(input, to_axis("mean", dim, input.array.ndim), keepdim)


def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of the elements that are not NaN; NaN if there are none.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nanmean(tg.tensor([1.0, tg.nan, 3.0]))
        tensor(2.)
    """
    input = fractional("nanmean", input, dtype)
    known = np.sum(~np.isnan(input.array), axis=to_axis("nanmean", dim, input.array.ndim), keepdims=keepdim)
    return nansum(input, dim, keepdim) / np.asarray(known, input.array.dtype)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None, **names: Any) -> Tensor:
    """The product over `dim`; of integers and truth values as int64.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.prod(tg.tensor([2.0, 3.0, 4.0]))
        tensor(24.)
    """
    dim, keepdim = numpy_names("prod", dim, keepdim, names)
    need_tensor("prod", "input", input)
    return in_dtype(ops.prod(in_dtype(input, dtype), one_axis("prod", dim, input.array.ndim), keepdim), dtype)


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix.

    Raises:
        RuntimeError: if the input is no matrix.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.trace(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor(5.)
    """
    need_tensor("trace", "input", input)
    if input.array.ndim != 2:
        raise RuntimeError(f"trace(): expected a matrix, but got a tensor with {input.array.ndim} dimension(s)")
    if input.array.dtype.kind == "b":
        raise NotImplementedError("trace() is not implemented for bool")
    return ops.sum(input.diagonal())


def vector_norm(
    x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """The length of vectors: (sum |x|^ord)^(1/ord) over `dim`. The gradient is 0 where it is 0.

    Args:
        x: a floating-point or complex tensor.
        ord: a number; `inf` for the largest, `-inf` for the smallest, 0 for how many are not zero.
        dim: the dimensions to reduce; by default all.
        keepdim: whether reduced dimensions stay.
        dtype: what to compute in; not narrower than that of `x`.

    Raises:
        RuntimeError: for integers; for a dtype that is narrower or of another kind; for an order that no
            elements have no norm of.
        TypeError: if `ord` is no number.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.vector_norm(tg.tensor([3.0, 4.0])), tg.linalg.vector_norm(tg.tensor([3.0, 4.0]), 1)
        (tensor(5.), tensor(7.))
    """
    input = fractional("linalg.vector_norm", x)
    if not isinstance(ord, int | float):
        raise TypeError(f"linalg.vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    if dtype is not None:
        input = in_dtype(input, _wider(input, to_dtype(dtype)))
    axis = to_axis("linalg.vector_norm", dim, input.array.ndim)
    if (ord < 0 or ord == math.inf) and not ops.count(input.array.shape, axis):
        raise RuntimeError(
            f"linalg.vector_norm(): cannot compute the {ord} norm on an empty tensor because the operation does not "
            f"have an identity (the input has shape {tuple(input.array.shape)})"
        )
    return ops.norm(input, float(ord), axis, keepdim)


def _wider(input: Tensor, dtype: Any) -> Any:
    """The dtype that a norm is asked for in, unless the input's numbers do not fit there."""
    given, asked = input.array.dtype, dtype.numpy
    if asked.kind != given.kind or np.promote_types(given, asked) != asked:
        raise RuntimeError(
            f"linalg.vector_norm(): dtype must be of the kind of the input and hold its numbers, but the input is "
            f"{input.dtype} and dtype={dtype}"
        )
    return dtype


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None,
    **names: Any,
) -> Tensor:  # fmt: skip
    """The length of the vector of all elements over `dim`, (sum |x|^p)^(1/p); or a norm of matrices.

    Args:
        input: a floating-point or complex tensor.
        p: the order; "fro" and None mean 2, `inf` the largest, `-inf` the smallest, 0 counts non-zeros;
            "nuc" means the sum of the singular values.
        dim: the dimensions to reduce.
        keepdim: whether reduced dimensions stay.
        dtype: what to compute in.

    The gradient is 0 where the norm is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.norm(tg.tensor([3.0, 4.0])), tg.norm(tg.tensor([3.0, 4.0]), p=1)
        (tensor(5.), tensor(7.))
    """
    if names:
        dim, keepdim = numpy_names("norm", dim, keepdim, names)
    if p is None or not isinstance(p, str):
        return vector_norm(input, 2 if p is None else p, dim, keepdim, dtype=dtype)
    if p == "fro" and (dim is None or isinstance(dim, int) or len(dim) <= 2):
        return vector_norm(input, 2, dim, keepdim, dtype=dtype)
    from tinygrad_lite.functions.matrix_norms import matrix_norm  # which uses this module

    need_tensor("norm", "input", input)
    return matrix_norm(input, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The distance of two tensors, which broadcast: the norm of their difference.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.dist(tg.tensor([1.0, 2.0]), tg.tensor([4.0, 6.0]))
        tensor(5.)
    """
    need_tensor("dist", "input", input)
    need_tensor("dist", "other", other, 2)
    return vector_norm(input - other, p)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along `dim`, scaled down to length `maxnorm` where they are longer.

    Args:
        input: a tensor of at least two dimensions.
        p: the order of the norm.
        dim: the dimension to slice along.
        maxnorm: the largest length.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.renorm(tg.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    input = fractional("renorm", input)
    ndim = input.array.ndim
    if ndim < 2:
        raise RuntimeError(f"renorm(): input needs at least 2 dimensions, got {ndim} dimensions")
    if p <= 0:
        raise RuntimeError(f"renorm(): p must be positive, got {p}")
    if maxnorm < 0:
        raise RuntimeError(f"renorm(): expected maxnorm to be >= 0 but got {maxnorm}")
    axis = one_dim("renorm", dim, ndim)
    lengths = vector_norm(input, p, tuple(d for d in range(ndim) if d != axis), keepdim=True)
    longer = lengths.array > maxnorm
    safe = elementwise.where(longer, lengths, 1.0)
    return input * elementwise.where(longer, maxnorm / (safe + 1e-7), 1.0)  # 1e-7 as in PyTorch


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False, **names: Any) -> Tensor:
    """log(sum(exp(x))) over `dim`, without overflow.

    The gradient is finite at infinities: elements of +inf share that of their sum, and where all are -inf
    it is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logsumexp(tg.tensor([1000.0, 1000.0]), dim=0)
        tensor(1000.6932)
    """
    if names:
        dim, keepdim = numpy_names("logsumexp", dim, keepdim, names)
    need_tensor("logsumexp", "input", input)
    return ops.logsumexp(input, to_axis("logsumexp", dim, input.array.ndim), keepdim)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`: non-negative numbers that sum to 1.

    A row of nothing but -inf gives NaN; its gradient is 0.

    Raises:
        NotImplementedError: for integers, unless `dtype` says what to compute in.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.softmax(tg.tensor([0.0, 1.0]), dim=0)
        tensor([0.2689, 0.7311])
    """
    return _along("softmax", ops.softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """log(softmax(x)) along `dim`, without loss of digits.

    A row of nothing but -inf gives NaN; its gradient is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.log_softmax(tg.tensor([0.0, 1.0]), dim=0)
        tensor([-1.3133, -0.3133])
    """
    return _along("log_softmax", ops.log_softmax, input, dim, dtype)


def _along(name: str, row: Any, input: Tensor, dim: int, dtype: Any) -> Tensor:
    need_tensor(name, "input", input)
    if dtype is not None:
        input = in_dtype(input, dtype)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {input.dtype}; pass dtype= or convert it first")
    axis = one_dim(name, dim, input.array.ndim)
    return row(input, axis) if input.array.ndim else row(input.reshape(1), 0).reshape(())
