"""How numbers are spread: `var`, `std`, `quantile`, `cov` ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.functions import creation, diagonals, linalg
from tinygrad_lite.functions.arguments import need_tensor, numpy_names, one_dim, to_axis
from tinygrad_lite.functions.comparing import clamp
from tinygrad_lite.functions.reduction import Dim, Tensor, fractional, mean, sum
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import reduce as ops
from tinygrad_lite.ops.scatter import gather
from tinygrad_lite.ops.sort import argsort

__all__ = ["corrcoef", "cov", "nanquantile", "quantile", "std", "std_mean", "var", "var_mean"]


def _spread_arguments(
    name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool, names: dict[str, Any]
) -> tuple[Any, float, bool]:
    """The axis, the correction and keepdims of `var` and its like, which PyTorch spells in many ways."""
    if isinstance(dim, bool):  # var(x, False): the older signature, unbiased first
        dim, unbiased = None, dim
    if names:
        if "ddof" in names:
            correction = names.pop("ddof")
        dim, keepdim = numpy_names(name, dim, keepdim, names)
    fractional(name, input)
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}() takes either unbiased or correction, got both")
    ddof = int(unbiased) if unbiased is not None else 1 if correction is None else correction
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
    """The standard deviation over `dim`, the square root of `var`. The gradient is 0 where it is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.std(tg.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return ops.std(input, *_spread_arguments("std", input, dim, unbiased, correction, keepdim, names))


def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance over `dim`, and the mean. See `var`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.var_mean(tg.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    axis, ddof, keepdim = _spread_arguments("var_mean", input, dim, unbiased, correction, keepdim, {})
    return ops.var(input, axis, ddof, keepdim), ops.mean(input, axis, keepdim)


def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation over `dim`, and the mean. See `std`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.std_mean(tg.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    axis, ddof, keepdim = _spread_arguments("std_mean", input, dim, unbiased, correction, keepdim, {})
    return ops.std(input, axis, ddof, keepdim), ops.mean(input, axis, keepdim)


def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """What a fraction `q` of the elements lies below; NaN if one is NaN.

    Args:
        input: a float32 or float64 tensor.
        q: a number in [0, 1], or a tensor of some of the input's dtype, which the result then has as first
            dimension. It is differentiable too.
        dim: the dimension to look along; by default all elements.
        keepdim: whether reduced dimensions stay.
        interpolation: where the place falls between two elements: "linear" between them in proportion,
            "lower", "higher", "nearest", or "midpoint".

    Raises:
        RuntimeError: for other dtypes, an empty tensor, q outside of [0, 1], or another interpolation.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.quantile(tg.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
        tensor(2.5000)
        >>> tg.quantile(tg.tensor([1.0, 2.0, 3.0, 4.0]), tg.tensor([0.0, 0.5]), interpolation="lower")
        tensor([1., 2.])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The quantile of the elements that are not NaN; NaN if there are none. See `quantile`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nanquantile(tg.tensor([1.0, tg.nan, 3.0]), 0.5)
        tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


_BETWEEN = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    need_tensor(name, "input", input)
    ndim = input.array.ndim
    axis = None if dim is None else one_dim(name, dim, ndim)
    q = _fractions(name, input, q, interpolation)
    # As rows, one for each result, to look along the last dimension.
    rows = input.reshape(-1) if axis is None else input.reshape(1) if not ndim else input.movedim(axis, -1)
    x = rows.array
    n = x.shape[-1]
    unknown = np.isnan(x)
    if name == "quantile":
        last = np.full((*x.shape[:-1], 1), n - 1.0)
        rank = elementwise.where(unknown.any(-1, keepdims=True), last.astype(x.dtype), q * (n - 1))  # NaN comes last
    else:
        rank = q * np.maximum(n - 1 - unknown.sum(-1, keepdims=True), 0).astype(x.dtype)
    out = _at_rank(rows, rank, interpolation)
    shape = out.array.shape[:-1]
    if keepdim:
        shape = (1,) * ndim if axis is None else (*shape[:axis], 1, *shape[axis:]) if ndim else ()
    many = q.array.shape if isinstance(q, TensorCore) else ()
    return out.movedim(-1, 0).reshape((*many, *shape))


def _fractions(name: str, input: Tensor, q: Any, interpolation: str) -> Any:
    """`q`, a tensor or a number, if all is in order."""
    kind = input.array.dtype
    if kind not in (np.float32, np.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, got {input.dtype}")
    if not input.array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty, got shape {tuple(input.array.shape)}")
    if interpolation not in _BETWEEN:
        raise RuntimeError(f"{name}() interpolation must be one of {', '.join(_BETWEEN)}, but got {interpolation}")
    values = q.array if isinstance(q, TensorCore) else np.asarray(q, kind)
    if values.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor, got {values.ndim} dimensions")
    if values.dtype != kind:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor, got {q.dtype}")
    if not ((values >= 0) & (values <= 1)).all():
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {values}")
    return q if isinstance(q, TensorCore) else float(values)


def _at_rank(rows: Tensor, rank: Any, interpolation: str) -> Tensor:
    """The elements of sorted rows at a rank, which may lie between two."""
    shape = np.broadcast_shapes((*rows.array.shape[:-1], 1), rank.shape)
    order = argsort(rows.array)
    places = getattr(rank, "array", rank)
    if interpolation == "nearest":
        places = np.round(places)
    elif interpolation == "higher":
        places = np.ceil(places)
    below = np.floor(places)

    def at(place: Any) -> Tensor:
        where = np.broadcast_to(place, shape).astype(np.int64)
        return gather(rows, rows.array.ndim - 1, np.take_along_axis(order, where, -1))

    low = at(below)
    if interpolation not in ("linear", "midpoint"):
        return low
    high = at(np.ceil(places))
    return low + (high - low) * (0.5 if interpolation == "midpoint" else rank - below)


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:  # fmt: skip
    """The covariance matrix of variables, a row each, that were observed together, a column each.

    Args:
        input: a tensor of at most two dimensions; of one, it is one variable.
        correction: what is taken off the number of observations; 0 for their plain mean.
        fweights: how often each observation was made, integers.
        aweights: how much each observation counts, floating-point numbers.

    Raises:
        RuntimeError: for more dimensions, or weights that are negative, of another length or dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cov(tg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    need_tensor("cov", "input", input)
    if input.array.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got {input.array.ndim}")
    if input.array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if input.array.ndim == 2 else input.reshape(1, -1)
    n = x.array.shape[1]
    _check_weights("fweights", fweights, n, "iu", "integral")
    _check_weights("aweights", aweights, n, "f", "floating point")
    if x.array.dtype.kind not in "fc":
        x = cast(x, creation.empty(0).array.dtype)
    given = [w for w in (fweights, aweights) if w is not None]
    weights = given[0] if len(given) == 1 else given[0] * given[1] if given else None
    away = x - (mean(x, 1, True) if weights is None else _weighted_mean(x, weights))
    total: Any = n if weights is None else sum(weights)
    taken: Any = correction * (1 if aweights is None else sum(weights * aweights) / total)
    left = total - taken
    left = max(left, 0) if isinstance(left, int) else clamp(left, min=0)
    weighted = away if weights is None else away * weights
    return (linalg.matmul(away, weighted.transpose(0, 1).conj()) / left).squeeze()


def _weighted_mean(x: Tensor, weights: Tensor) -> Tensor:
    return sum(x * weights, 1, True) / sum(weights)


def _check_weights(name: str, weights: Tensor | None, n: int, kinds: str, wanted: str) -> None:
    if weights is None:
        return
    need_tensor("cov", name, weights)
    if weights.array.ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {weights.array.ndim}")
    if weights.array.dtype.kind not in kinds:
        raise RuntimeError(f"cov(): expected {name} to have {wanted} dtype but got {weights.dtype}")
    if weights.array.size != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations, but got {weights.array.size} "
            f"for {n}"
        )
    if weights.array.size and weights.array.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, a row each: their covariances over the product of their deviations.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.corrcoef(tg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    need_tensor("corrcoef", "input", input)
    if input.array.ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got {input.array.ndim}")
    together = cov(input)
    if not together.array.ndim:
        return together / together
    deviation = elementwise.sqrt(diagonals.diagonal(together).real)
    out = together / deviation.unsqueeze(1) / deviation.unsqueeze(0)
    return out if out.array.dtype.kind == "c" else clamp(out, -1, 1)
