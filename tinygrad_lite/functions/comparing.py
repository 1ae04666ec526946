"""Comparisons, logic and choices, element by element: `eq`, `isclose`, `where`, `maximum`, `clamp` ..."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.from_rows import Number, Tensor, binary, unary
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import elementwise as ops
from tinygrad_lite.tensors import make

__all__ = [
    "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "clamp",
    "clamp_max", "clamp_min", "clip", "eq", "fmax", "fmin", "ge", "greater", "greater_equal", "gt", "heaviside",
    "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "le", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum", "minimum", "ne", "not_equal",
    "signbit", "where",
]  # fmt: skip

isnan = unary(ops.isnan)
isinf = unary(ops.isinf)
isfinite = unary(ops.isfinite)
signbit = unary(ops.signbit)
logical_not = unary(ops.logical_not)
bitwise_not = unary(ops.bitwise_not)

eq = binary(ops.eq)
ne = not_equal = binary(ops.ne)
lt = less = binary(ops.lt)
le = less_equal = binary(ops.le)
gt = greater = binary(ops.gt)
ge = greater_equal = binary(ops.ge)
maximum = binary(ops.maximum, "")
minimum = binary(ops.minimum, "")
fmax = binary(ops.fmax, "")
fmin = binary(ops.fmin, "")
logical_and = binary(ops.logical_and, "")
logical_or = binary(ops.logical_or, "")
logical_xor = binary(ops.logical_xor, "")
bitwise_and = binary(ops.bitwise_and, "input, other")
bitwise_or = binary(ops.bitwise_or, "input, other")
bitwise_xor = binary(ops.bitwise_xor, "input, other")
bitwise_left_shift = binary(ops.bitwise_left_shift, "input, other")
bitwise_right_shift = binary(ops.bitwise_right_shift, "input, other")


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other|; infinities are close to themselves.

    Args:
        input: a tensor.
        other: a tensor of the same dtype that broadcasts with it.
        rtol: the tolerance relative to `other`.
        atol: the absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Raises:
        RuntimeError: if the dtypes differ, or a tolerance is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.isclose(tg.tensor([1.0, 1.1]), tg.tensor([1.0 + 1e-7, 1.0]))
        tensor([ True, False])
    """
    need_tensor("isclose", "input", input)
    need_tensor("isclose", "other", other, 2)
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"isclose(): {input.dtype} did not match {other.dtype}")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise RuntimeError(f"isclose(): {name} must be greater than or equal to zero, but got {tolerance}")
    a, b = input.array, other.array
    close = np.asarray(ops.eq(input, other).array)
    if equal_nan:
        close = close | (np.isnan(a) & np.isnan(b))
    if rtol or atol:
        if a.dtype.kind in "biu":
            a, b = a.astype(np.float64), b.astype(np.float64)
        away = np.absolute(a - b)
        close = close | (np.isfinite(away) & (away <= atol + np.absolute(rtol * b)))
    return make(close)


def isin(
    elements: Tensor | Number, test_elements: Tensor | Number, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each of `elements` is one of `test_elements`.

    Args:
        elements: a tensor, or a number.
        test_elements: a tensor, or a number if `elements` is a tensor.
        assume_unique: that no element comes twice in either, which may be faster.
        invert: say whether it is none of them.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.isin(tg.tensor([1, 2, 3]), tg.tensor([3, 1]))
        tensor([ True, False,  True])
    """
    if not isinstance(test_elements, TensorCore):
        need_tensor("isin", "elements", elements)
    a, b = (x.array if isinstance(x, TensorCore) else x for x in (elements, test_elements))
    return make(np.isin(a, b, assume_unique=assume_unique, invert=invert))


def isposinf(input: Tensor) -> Tensor:
    """Whether each element is plus infinity.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.isposinf(tg.tensor([tg.inf, -tg.inf, 0.0]))
        tensor([ True, False, False])
    """
    return _is_infinity("isposinf", input, math.inf)


def isneginf(input: Tensor) -> Tensor:
    """Whether each element is minus infinity.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.isneginf(tg.tensor([tg.inf, -tg.inf, 0.0]))
        tensor([False,  True, False])
    """
    return _is_infinity("isneginf", input, -math.inf)


def _is_infinity(name: str, input: Tensor, infinity: float) -> Tensor:
    need_tensor(name, "input", input)
    if input.array.dtype.kind == "c":
        raise RuntimeError(f"{name} does not support complex inputs, got {input.dtype}")
    return ops.eq(input, infinity)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """The step function: 0 below zero, 1 above, `values` at zero.

    Args:
        input: a tensor.
        values: a tensor of the same dtype that broadcasts with it.

    Raises:
        RuntimeError: if the dtypes differ, or are complex.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.heaviside(tg.tensor([-1.0, 0.0, 2.0]), tg.tensor(0.5))
        tensor([0.0000, 0.5000, 1.0000])
    """
    need_tensor("heaviside", "input", input)
    need_tensor("heaviside", "values", values, 2)
    if input.array.dtype != values.array.dtype or input.array.dtype.kind == "c":
        raise RuntimeError(f"heaviside() takes two tensors of one real dtype, but got {input.dtype} and {values.dtype}")
    return ops.heaviside(input, values)


def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None) -> Any:
    """`input` where the condition holds, else `other`; with the condition alone, where it holds.

    Args:
        condition: a tensor of truth values.
        input: a tensor or number; all three broadcast.
        other: a tensor or number.

    Returns:
        a tensor of the broadcast shape; or, of the condition alone, a tuple of index tensors.

    Raises:
        RuntimeError: if the condition is not of truth values, or the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 2.0])
        >>> tg.where(x > 0, x, 0.0)
        tensor([0., 2.])
    """
    need_tensor("where", "condition", condition)
    if input is None and other is None:
        from tinygrad_lite.functions.searching import nonzero

        return nonzero(condition, as_tuple=True)
    if condition.array.dtype.kind not in "bu" or condition.array.dtype.itemsize != 1:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype}"
        )
    return ops.where(condition if condition.array.dtype.kind == "b" else condition != 0, input, other)


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """`input` moved into [min, max]. The gradient is 1 inside and on the bounds, 0 outside.

    Args:
        input: a tensor.
        min: the lower bound, a number or a tensor that broadcasts; None for no bound.
        max: the upper bound, likewise. Where min > max, the result is max.

    Raises:
        RuntimeError: if both bounds are None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clamp(tg.tensor([-2.0, 0.5, 2.0]), -1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    need_tensor("clamp", "input", input)
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return ops.clamp(input, min, max)


clip = clamp


def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """`input`, but at least `min`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clamp_min(tg.tensor([-2.0, 2.0]), 0)
        tensor([0., 2.])
    """
    return clamp(input, min=min)


def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """`input`, but at most `max`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clamp_max(tg.tensor([-2.0, 2.0]), 0)
        tensor([-2.,  0.])
    """
    return clamp(input, max=max)
