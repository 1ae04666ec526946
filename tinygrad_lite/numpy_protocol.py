"""NumPy's functions on tensors: `np.exp(t)`, `np.sum(t, axis=0)`, `np.concatenate([t, u])`.

They record like any other operation. Here stands which function means which operation, under NumPy's
own argument names. The derivative rules of the op table are written in these functions, which is why
they run on arrays and on tensors alike. A function that is not in the table is refused rather than
computed without its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.functions import (
    axes,
    comparing,
    complexes,
    counting,
    creation,
    diagonals,
    elementwise,
    extremes,
    joining,
    reduction,
    searching,
    shaping,
    splitting,
    statistics,
    turning,
)
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import TABLE
from tinygrad_lite.ops import cumulative as cumulative_rows
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.tensors import make

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    entry.forward: entry.record for entry in TABLE.values() if isinstance(entry.forward, np.ufunc)
}
UFUNCS[np.matmul] = lambda x, y: _tensor(x) @ _tensor(y)
UFUNCS[np.power] = UFUNCS[np.float_power] = rows.pow
UFUNCS[np.floor_divide], UFUNCS[np.remainder], UFUNCS[np.fmod] = rows.floor_divide, rows.remainder, rows.fmod
UFUNCS[np.sign], UFUNCS[np.exp2], UFUNCS[np.signbit] = rows.sign, rows.exp2, rows.signbit
UFUNCS[np.logaddexp] = rows.logaddexp
UFUNCS[np.positive] = lambda x: x
REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: reduction.sum,
    np.multiply: reduction.prod,
    np.maximum: extremes.amax,
    np.minimum: extremes.amin,
    np.logical_and: counting.all,
    np.logical_or: counting.any,
}


def _tensor(x: Any) -> Any:
    return x if isinstance(x, TensorCore) else make(np.asarray(x))


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """`np.var` and `np.std` divide by n, PyTorch's functions by n - 1."""

    def call(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
        return function(a, axis, correction=ddof, keepdim=keepdims)

    return call


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(a, axis, keepdims)

    return call


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors. Over two dimensions NumPy's other orders are norms of matrices."""
    dims = x.ndim if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if dims > 1 and ord not in (None, "fro"):
        raise TypeError(f"np.linalg.norm with ord={ord!r} over {dims} dimensions is not defined for tensors")
    return reduction.norm(x, 2 if ord is None else ord, axis, keepdims)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Into so many equal parts, or at those positions; PyTorch's `split` takes sizes instead."""
    n = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections:
            raise ValueError(f"array split does not result in an equal division: {n} into {indices_or_sections}")
        return list(splitting.split(ary, n // indices_or_sections, axis))
    bounds = [0, *(min(int(k), n) for k in indices_or_sections), n]
    return list(splitting.split(ary, [b - a for a, b in zip(bounds, bounds[1:], strict=False)], axis))


def _dot(a: Any, b: Any) -> Any:
    """The matrix product; with a number, that multiple."""
    a, b = _tensor(a), _tensor(b)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        raise TypeError(f"np.dot with {b.ndim} dimensions is not defined for tensors; np.matmul multiplies batches")
    return a @ b


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _reduced(reduction.sum),
    np.mean: _reduced(reduction.mean),
    np.prod: _reduced(reduction.prod),
    np.max: _reduced(extremes.amax),
    np.min: _reduced(extremes.amin),
    np.amax: _reduced(extremes.amax),
    np.amin: _reduced(extremes.amin),
    np.argmax: _reduced(extremes.argmax),
    np.argmin: _reduced(extremes.argmin),
    np.all: _reduced(counting.all),
    np.any: _reduced(counting.any),
    np.var: _spread(statistics.var),
    np.std: _spread(statistics.std),
    np.cumsum: lambda a, axis=None: cumulative_rows.cumsum(a.reshape(-1) if axis is None else a, axis or 0),
    np.linalg.norm: _norm,
    np.reshape: lambda a, shape: shaping.reshape(a, shape),
    np.ravel: shaping.ravel,
    np.transpose: lambda a, axes=None: a.permute(axes or tuple(reversed(range(a.ndim)))),
    np.swapaxes: axes.transpose,
    np.moveaxis: axes.movedim,
    np.expand_dims: lambda a, axis: shaping.unsqueeze(a, axis),
    np.squeeze: lambda a, axis=None: shaping.squeeze(a, axis),
    np.broadcast_to: lambda array, shape: shaping.expand(array, shape),
    np.concatenate: lambda arrays, axis=0: joining.cat(
        [shaping.ravel(_tensor(a)) if axis is None else _tensor(a) for a in arrays], axis or 0
    ),
    np.stack: lambda arrays, axis=0: joining.stack([_tensor(a) for a in arrays], axis),
    np.split: _split,
    np.flip: lambda m, axis=None: turning.flip(m, tuple(range(m.ndim)) if axis is None else axis),
    np.roll: lambda a, shift, axis=None: turning.roll(
        a, (shift,) * len(axis) if isinstance(axis, tuple) and isinstance(shift, int) else shift, axis
    ),
    np.tile: lambda A, reps: joining.tile(A, reps),
    np.tril: lambda m, k=0: diagonals.tril(m, k),
    np.triu: lambda m, k=0: diagonals.triu(m, k),
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: diagonals.diagonal(a, offset, axis1, axis2),
    np.copy: lambda a: shaping.clone(a),
    np.astype: lambda x, dtype, copy=True: x.to(dtype, copy=copy),
    np.where: lambda condition, *xy: rows.where(condition, *xy) if xy else searching.nonzero(condition, as_tuple=True),
    np.clip: lambda a, a_min=None, a_max=None, min=None, max=None: comparing.clamp(
        a, min if a_min is None else a_min, max if a_max is None else a_max
    ),
    np.round: lambda a, decimals=0: elementwise.round(a, decimals=decimals),
    np.real: complexes.real,
    np.imag: complexes.imag,
    np.dot: _dot,
    np.zeros_like: lambda a, dtype=None: creation.zeros_like(a, dtype=dtype),
    np.ones_like: lambda a, dtype=None: creation.ones_like(a, dtype=dtype),
    np.full_like: lambda a, fill_value, dtype=None: creation.full_like(a, fill_value, dtype=dtype),
    np.empty_like: lambda a, dtype=None: creation.empty_like(a, dtype=dtype),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.numel() if axis is None else a.shape[axis],
    np.allclose: lambda a, b, rtol=1e-05, atol=1e-08, equal_nan=False: np.allclose(
        _values(a), _values(b), rtol, atol, equal_nan
    ),
    np.array_equal: lambda a, b: bool(np.array_equal(_values(a), _values(b))),
    np.array_repr: lambda a, *rest: repr(a),
    np.array_str: lambda a, *rest: str(a),
}


def _values(x: Any) -> Any:
    return x.array if isinstance(x, TensorCore) else x


def array_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What NumPy calls for `np.exp(tensor)` and `array * tensor`."""
    out = kwargs.pop("out", None)
    if method == "__call__" and ufunc in UFUNCS and not kwargs:
        result = UFUNCS[ufunc](*inputs)
    elif method == "reduce" and ufunc in REDUCTIONS:
        result = REDUCTIONS[ufunc](*inputs, axis=kwargs.pop("axis", 0), **kwargs)
    else:
        what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        extra = f" with {', '.join(kwargs)}" if kwargs and ufunc in UFUNCS else ""
        raise TypeError(
            f"{what}{extra} is not defined for tensors; take the values with tensor.detach().numpy(), which leaves "
            "the gradient behind"
        )
    return result if out is None or result is NotImplemented else _into(out[0], result, ufunc)


def _into(out: Any, result: Any, ufunc: np.ufunc) -> Any:
    """`out=`, as in `array += tensor`."""
    if isinstance(out, TensorCore):
        return out.copy_(result)  # type: ignore[attr-defined]
    if result.requires_grad:
        raise RuntimeError(
            f"np.{ufunc.__name__}: a tensor that requires grad cannot be written into an array, which would lose the "
            "gradient. Use the out-of-place operation, or detach() the tensor."
        )
    out[...] = result.array
    return out


def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What NumPy calls for `np.sum(tensor)` and its like."""
    known = FUNCTIONS.get(function)
    if known is None:
        name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
        raise TypeError(
            f"{name} is not defined for tensors; take the values with tensor.detach().numpy(), which leaves the "
            "gradient behind"
        )
    return known(*args, **{k: v for k, v in kwargs.items() if v is not np._NoValue and (v is not None or k == "axis")})
