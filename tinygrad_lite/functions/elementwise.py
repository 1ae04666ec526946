"""The functions that compute element by element: `exp`, `add`, `pow`, `round` ...

Those of one or two tensors come straight from the op table. Those written out here take more.
Comparisons and choices are in `comparing`, the parts of complex numbers in `complexes`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lite.dtypes import common_dtype
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.from_rows import Number, Tensor, binary, unary
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import activation
from tinygrad_lite.ops import elementwise as ops
from tinygrad_lite.tensors import make

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "addcdiv",
    "addcmul",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "div",
    "divide",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "float_power",
    "floor",
    "floor_divide",
    "fmod",
    "frac",
    "frexp",
    "gcd",
    "hypot",
    "lcm",
    "ldexp",
    "lerp",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "mul",
    "multiply",
    "nan_to_num",
    "neg",
    "negative",
    "nextafter",
    "positive",
    "pow",
    "rad2deg",
    "reciprocal",
    "relu",
    "remainder",
    "round",
    "rsqrt",
    "rsub",
    "sgn",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "sub",
    "subtract",
    "tan",
    "tanh",
    "true_divide",
    "trunc",
]  # fmt: skip


class Frexp(NamedTuple):
    """What `frexp` returns."""

    mantissa: Any
    exponent: Any


neg = negative = unary(ops.neg)
sgn = unary(ops.sign, "sgn")
sqrt = unary(ops.sqrt)
rsqrt = unary(ops.rsqrt)
reciprocal = unary(ops.reciprocal)
exp = unary(ops.exp)
exp2 = unary(ops.exp2)
expm1 = unary(ops.expm1)
log = unary(ops.log)
log2 = unary(ops.log2)
log10 = unary(ops.log10)
log1p = unary(ops.log1p)
sin = unary(ops.sin)
cos = unary(ops.cos)
tan = unary(ops.tan)
asin = arcsin = unary(ops.asin)
acos = arccos = unary(ops.acos)
atan = arctan = unary(ops.atan)
sinh = unary(ops.sinh)
cosh = unary(ops.cosh)
tanh = unary(ops.tanh)
asinh = arcsinh = unary(ops.asinh)
acosh = arccosh = unary(ops.acosh)
atanh = arctanh = unary(ops.atanh)
floor = unary(ops.floor)
ceil = unary(ops.ceil)
trunc = fix = unary(ops.trunc)
frac = unary(ops.frac)
abs = absolute = unary(ops.abs)
relu = unary(activation.relu)
sigmoid = unary(activation.sigmoid)

mul = multiply = binary(ops.mul, "both")
remainder = binary(ops.remainder, "input, other")
fmod = binary(ops.fmod)
floor_divide = binary(ops.floor_divide, "both")
atan2 = arctan2 = binary(ops.atan2, "")
hypot = binary(ops.hypot, "")
logaddexp = binary(ops.logaddexp, "")
logaddexp2 = binary(ops.logaddexp2, "")
copysign = binary(ops.copysign)
nextafter = binary(ops.nextafter, "")
gcd = binary(ops.gcd, "")
lcm = binary(ops.lcm, "")

_plus, _minus, _over = binary(ops.add, "both"), binary(ops.sub, "both"), binary(ops.div, "both")
_divide_towards_zero, _power = binary(ops.trunc_divide, "both", "div"), binary(ops.pow, "input, other")


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1: the sign of each element; 0 for NaN.

    Raises:
        NotImplementedError: for complex numbers, for which there is `sgn`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sign(tg.tensor([-3.0, 0.0, 2.0]))
        tensor([-1.,  0.,  1.])
    """
    need_tensor("sign", "input", input)
    if input.array.dtype.kind == "c":
        raise NotImplementedError(f"sign(): complex numbers have no sign, but the input is {input.dtype}")
    return ops.sign(input)


def square(input: Tensor) -> Tensor:
    """input * input; truth values count as integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.square(tg.tensor([1.0, -2.0]))
        tensor([1., 4.])
    """
    need_tensor("square", "input", input)
    return ops.square(input) if input.array.dtype.kind != "b" else ops.pow(input, 2)


def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    Raises:
        RuntimeError: for truth values, which have no sign.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.positive(tg.tensor([1.0, -2.0]))
        tensor([ 1., -2.])
    """
    need_tensor("positive", "input", input)
    if input.array.dtype.kind == "b":
        raise RuntimeError("positive(): The `+` operator, on a bool tensor is not supported.")
    return input


def add(input: Tensor, other: Tensor | Number, last: Tensor | None = None, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other.

    Args:
        input: a tensor.
        other: a tensor that broadcasts with it, or a number.
        last: with it the order is PyTorch's older one, (input, alpha, other).
        alpha: what `other` is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.add(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]), alpha=10)
        tensor([31., 42.])
    """
    if last is not None:
        alpha, other = other, last
    return _plus(input, _scaled("add", input, other, alpha))


def sub(input: Tensor, other: Tensor | Number, last: Tensor | None = None, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other.

    Args:
        input: a tensor.
        other: a tensor that broadcasts with it, or a number.
        last: with it the order is PyTorch's older one, (input, alpha, other).
        alpha: what `other` is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sub(tg.tensor([1.0, 2.0]), 1)
        tensor([0., 1.])
    """
    if last is not None:
        alpha, other = other, last
    return _minus(input, _scaled("sub", input, other, alpha))


subtract = sub


def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """other - alpha * input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rsub(tg.tensor([1.0, 2.0]), 5)
        tensor([4., 3.])
    """
    need_tensor("rsub", "input", input)
    out = ops.sub(other, _scaled("rsub", other, input, alpha))
    return out if out is not NotImplemented else need_tensor("rsub", "other", other, 2)


def _scaled(name: str, input: Tensor, other: Any, alpha: Number) -> Any:
    """alpha * other, in the dtype of the result, where alpha may have fractions only if the result has."""
    if alpha == 1 and not isinstance(alpha, bool):
        return other
    target = common_dtype([_raw(input), _raw(other)])
    if isinstance(alpha, bool) and target.kind != "b":
        raise RuntimeError(f"{name}(): Boolean alpha only supported for Boolean results, got {target}")
    if isinstance(alpha, float | complex) and target.kind in "biu":
        raise RuntimeError(f"{name}(): for integers, argument alpha must not be a floating point number, got {alpha}")
    if isinstance(alpha, complex) and target.kind != "c":
        raise RuntimeError(f"{name}(): for real numbers, argument alpha must not be a complex number, got {alpha}")
    if isinstance(other, TensorCore):
        other = other if other.array.dtype == target else cast(other, target)
    return ops.mul(other, alpha if target.kind != "b" else bool(alpha))


def _raw(x: Any) -> Any:
    return x.array if isinstance(x, TensorCore) else x


def div(input: Tensor, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; with `rounding_mode` "floor" or "trunc" rounded down or towards zero.

    Args:
        input: a tensor. Integers are divided as the default floating-point dtype, unless rounded.
        other: a tensor that broadcasts with it, or a number.
        rounding_mode: None, "floor" or "trunc".

    Raises:
        RuntimeError: if the shapes do not broadcast, or for another rounding mode.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.div(tg.tensor([7, -7]), 2), tg.div(tg.tensor([7, -7]), 2, rounding_mode="trunc")
        (tensor([ 3.5000, -3.5000]), tensor([ 3, -3]))
    """
    if rounding_mode is None:
        return _over(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return _divide_towards_zero(input, other)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}")


divide = true_divide = div


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power exponent. The gradient of x**0 is 0, also at x = 0.

    Args:
        input: a tensor, or a number if the exponent is a tensor.
        exponent: a tensor that broadcasts with it, or a number.

    Raises:
        RuntimeError: for integers to a negative integer power; if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.pow(tg.tensor([1.0, 2.0, 3.0]), 2), tg.pow(2.0, tg.tensor([1.0, 2.0]))
        (tensor([1., 4., 9.]), tensor([2., 4.]))
    """
    if isinstance(exponent, int) and exponent < 0 and isinstance(input, TensorCore) and input.array.dtype.kind in "iu":
        raise RuntimeError(f"pow(): Integers to negative integer powers are not allowed, got the exponent {exponent}")
    return _power(input, exponent)


def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power exponent, computed in float64, or in complex128 if one is complex.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.float_power(tg.tensor([1, 2, 3]), -1)
        tensor([1.0000, 0.5000, 0.3333], dtype=tinygrad_lite.float64)
    """
    if not isinstance(exponent, TensorCore):
        need_tensor("float_power", "input", input)
    wide = np.dtype("complex128" if common_dtype([_raw(input), _raw(exponent)]).kind == "c" else "float64")

    def widened(x: Any) -> Any:
        if not isinstance(x, TensorCore):
            return make(np.asarray(x, wide))
        return x if x.array.dtype == wide else cast(x, wide)

    return _power(widened(input), widened(exponent))


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2**other.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ldexp(tg.tensor([1.0, 3.0]), tg.tensor([2, -1]))
        tensor([4.0000, 1.5000])
    """
    need_tensor("ldexp", "input", input)
    need_tensor("ldexp", "other", other, 2)
    return ops.mul(input, ops.pow(2.0, other))


def frexp(input: Tensor) -> Frexp:
    """Mantissa and exponent: input = mantissa * 2**exponent, with the mantissa in [0.5, 1) or zero.

    Raises:
        RuntimeError: for anything but floating-point numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.frexp(tg.tensor([6.0, 0.25])).mantissa
        tensor([0.7500, 0.5000])
    """
    need_tensor("frexp", "input", input)
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"frexp() only supports floating-point dtypes, got {input.dtype}")
    exponent = np.asarray(np.frexp(input.array)[1], np.int32)
    return Frexp(ops.scaleb(input, -exponent), make(exponent))


def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """input + weight * (end - input).

    Args:
        input: where a weight of 0 leads.
        end: where a weight of 1 leads, of the same dtype.
        weight: a number, or a tensor of the same dtype. All broadcast.

    Raises:
        RuntimeError: if the dtypes differ, or the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.lerp(tg.tensor([0.0, 2.0]), tg.tensor([4.0, 4.0]), 0.5)
        tensor([2., 3.])
    """
    need_tensor("lerp", "input", input)
    need_tensor("lerp", "end", end, 2)
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, TensorCore) and x.array.dtype != input.array.dtype:
            raise RuntimeError(f"lerp(): expected dtype {input.array.dtype} for `{name}` but got dtype {x.array.dtype}")
    if input.array.dtype.kind not in "fc":
        raise NotImplementedError(f"lerp() is not implemented for {input.dtype}")
    return ops.lerp(input, end, weight)


def addcmul(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, last: Tensor | None = None, *, value: Number = 1
) -> Tensor:
    """input + value * tensor1 * tensor2.

    Args:
        input: a tensor.
        tensor1: a tensor that broadcasts with it.
        tensor2: likewise.
        last: with it the order is PyTorch's older one, (input, value, tensor1, tensor2).
        value: what the product is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast, or for a value with fractions among integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addcmul(tg.ones(2), tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]), value=10)
        tensor([31., 81.])
    """
    if last is not None:
        value, tensor1, tensor2 = tensor1, tensor2, last
    need_tensor("addcmul", "input", input)
    need_tensor("addcmul", "tensor1", tensor1, 2)
    need_tensor("addcmul", "tensor2", tensor2, 3)
    return add(input, ops.mul(tensor1, tensor2), alpha=+value)  # True counts as 1


def addcdiv(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, last: Tensor | None = None, *, value: Number = 1
) -> Tensor:
    """input + value * tensor1 / tensor2.

    Args:
        input: a tensor.
        tensor1: a tensor that broadcasts with it.
        tensor2: likewise.
        last: with it the order is PyTorch's older one, (input, value, tensor1, tensor2).
        value: what the quotient is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast, or both tensors hold integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addcdiv(tg.ones(2), tg.tensor([1.0, 2.0]), tg.tensor([2.0, 4.0]), value=10)
        tensor([6., 6.])
    """
    if last is not None:
        value, tensor1, tensor2 = tensor1, tensor2, last
    need_tensor("addcdiv", "input", input)
    need_tensor("addcdiv", "tensor1", tensor1, 2)
    need_tensor("addcdiv", "tensor2", tensor2, 3)
    if tensor1.array.dtype.kind in "biu" and tensor2.array.dtype.kind in "biu":
        raise RuntimeError(
            f"addcdiv(): integer division is not supported, got {tensor1.dtype} and {tensor2.dtype}; write "
            "input + value * (tensor1 / tensor2)"
        )
    return add(input, ops.div(tensor1, tensor2), alpha=+value)  # True counts as 1


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """`input` with numbers in the place of NaN and the infinities. Their gradient is 0.

    Args:
        input: a tensor.
        nan: in the place of NaN; 0 if None.
        posinf: in the place of infinity; the largest number of the dtype if None.
        neginf: in the place of minus infinity; the smallest number of the dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nan_to_num(tg.tensor([1.0, tg.nan, tg.inf]), posinf=9.0)
        tensor([1., 0., 9.])
    """
    need_tensor("nan_to_num", "input", input)
    return ops.nan_to_num(input, nan, posinf, neginf)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Rounded to `decimals` places, halves to the even neighbour.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.round(tg.tensor([0.5, 1.5, 2.71])), tg.round(tg.tensor([2.718]), decimals=1)
        (tensor([0., 2., 3.]), tensor([2.7000]))
    """
    need_tensor("round", "input", input)
    if input.array.dtype.kind in "biu" and (decimals or input.array.dtype.kind == "b"):
        raise NotImplementedError(f"round() with decimals={decimals} is not implemented for {input.dtype}")
    return ops.round(input, decimals)


def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.deg2rad(tg.tensor([180.0, 90.0]))
        tensor([3.1416, 1.5708])
    """
    return _turned("deg2rad", input, math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rad2deg(tg.tensor([tg.pi, tg.pi / 2]))
        tensor([180.,  90.])
    """
    return _turned("rad2deg", input, 180 / math.pi)


def _turned(name: str, input: Tensor, factor: float) -> Tensor:
    need_tensor(name, "input", input)
    if input.array.dtype.kind == "c":
        raise RuntimeError(f"{name} is not supported for complex tensors, got {input.dtype}")
    return ops.mul(input, factor)
