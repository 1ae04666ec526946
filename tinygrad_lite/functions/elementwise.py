"""The functions that work element by element: `exp`, `add`, `where`, `clamp` ...

Those of one tensor come straight from the op table. Those written out here take more than tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tinygrad_lite.dtypes import common_dtype
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise as ops

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Number: TypeAlias = bool | int | float | complex


def _documentation(row: Callable[..., Any], name: str, about: str) -> str:
    """A docstring with an example, made of the row's sentence, `what it is: inputs -> output`."""
    sentence, _, example = row.op.doc.rpartition(": ")  # type: ignore[attr-defined]
    inputs, _, output = example.partition(" -> ")
    parts = inputs.split(", [")
    tensors = ", ".join(f"tg.tensor({part if part[0] == '[' else '[' + part})" for part in parts)
    if "nan" in tensors or "inf" in tensors:
        tensors = tensors.replace("nan", "tg.nan").replace("inf", "tg.inf")
    return (
        f"{sentence}.\n\n{about}\n\nExample:\n    >>> import tinygrad_lite as tg\n"
        f"    >>> tg.{name}({tensors})\n    tensor({output})\n"
    )


def _kinds(row: Callable[..., Any]) -> str:
    if row.op.kind == "float":  # type: ignore[attr-defined]
        return "of its dtype (integers give the default floating-point dtype)"
    return "of its dtype" if row.op.differentiable else "of truth values or integers"  # type: ignore[attr-defined]


def _unary(row: Callable[..., Any], name: str | None = None) -> Callable[[Tensor], Tensor]:
    """The public function of a row with one input: refuses what is no tensor."""
    called = name or row.op.name  # type: ignore[attr-defined]

    def function(input: Tensor) -> Tensor:
        if not isinstance(input, TensorCore):
            need_tensor(called, "input", input)
        return row(input)

    about = f"Args:\n    input: a tensor of any shape.\n\nReturns:\n    a tensor of the same shape, {_kinds(row)}."
    function.__doc__ = _documentation(row, called, about)
    function.__name__ = function.__qualname__ = called
    return function


def _binary(row: Callable[..., Any], numbers: bool = True) -> Callable[[Tensor, Any], Tensor]:
    """The public function of a row with two inputs, of which the second may be a number if `numbers`."""
    called = row.op.name  # type: ignore[attr-defined]

    def function(input: Tensor, other: Tensor | Number) -> Tensor:
        if not isinstance(input, TensorCore):
            need_tensor(called, "input", input)
        out = row(input, other) if numbers or isinstance(other, TensorCore) else NotImplemented
        if out is NotImplemented:
            need_tensor(called, "other", other, 2)
        return out

    about = (
        f"Args:\n    input: a tensor.\n    other: a tensor that broadcasts with it{', or a number' * numbers}.\n\n"
        "Returns:\n    a tensor of the broadcast shape and the common dtype.\n\n"
        "Raises:\n    RuntimeError: if the shapes do not broadcast."
    )
    function.__doc__ = _documentation(row, called, about)
    function.__name__ = function.__qualname__ = called
    return function


neg = negative = _unary(ops.neg)
abs = absolute = _unary(ops.abs)
square = _unary(ops.square)
sqrt = _unary(ops.sqrt)
rsqrt = _unary(ops.rsqrt)
reciprocal = _unary(ops.reciprocal)
exp = _unary(ops.exp)
exp2 = _unary(ops.exp2)
expm1 = _unary(ops.expm1)
log = _unary(ops.log)
log2 = _unary(ops.log2)
log10 = _unary(ops.log10)
log1p = _unary(ops.log1p)
sin = _unary(ops.sin)
cos = _unary(ops.cos)
tan = _unary(ops.tan)
asin = arcsin = _unary(ops.asin)
acos = arccos = _unary(ops.acos)
atan = arctan = _unary(ops.atan)
sinh = _unary(ops.sinh)
cosh = _unary(ops.cosh)
tanh = _unary(ops.tanh)
asinh = arcsinh = _unary(ops.asinh)
acosh = arccosh = _unary(ops.acosh)
atanh = arctanh = _unary(ops.atanh)
floor = _unary(ops.floor)
ceil = _unary(ops.ceil)
trunc = fix = _unary(ops.trunc)
frac = _unary(ops.frac)
relu = _unary(ops.relu)
sigmoid = _unary(ops.sigmoid)
erf = _unary(ops.erf)
erfc = _unary(ops.erfc)
isnan = _unary(ops.isnan)
isinf = _unary(ops.isinf)
isfinite = _unary(ops.isfinite)
logical_not = _unary(ops.logical_not)
bitwise_not = _unary(ops.bitwise_not)

mul = multiply = _binary(ops.mul)
remainder = _binary(ops.remainder)
fmod = _binary(ops.fmod)
floor_divide = _binary(ops.floor_divide)
maximum = _binary(ops.maximum, numbers=False)
minimum = _binary(ops.minimum, numbers=False)
atan2 = arctan2 = _binary(ops.atan2, numbers=False)
hypot = _binary(ops.hypot, numbers=False)
logaddexp = _binary(ops.logaddexp, numbers=False)
eq = _binary(ops.eq)
ne = not_equal = _binary(ops.ne)
lt = less = _binary(ops.lt)
le = less_equal = _binary(ops.le)
gt = greater = _binary(ops.gt)
ge = greater_equal = _binary(ops.ge)
logical_and = _binary(ops.logical_and, numbers=False)
logical_or = _binary(ops.logical_or, numbers=False)
logical_xor = _binary(ops.logical_xor, numbers=False)
bitwise_and = _binary(ops.bitwise_and)
bitwise_or = _binary(ops.bitwise_or)
bitwise_xor = _binary(ops.bitwise_xor)
bitwise_left_shift = _binary(ops.bitwise_left_shift)
bitwise_right_shift = _binary(ops.bitwise_right_shift)

_plus, _minus, _over, _power = _binary(ops.add), _binary(ops.sub), _binary(ops.div), _binary(ops.pow)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1: the sign of each element; 0 for NaN.

    Raises:
        NotImplementedError: for complex numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sign(tg.tensor([-3.0, 0.0, 2.0]))
        tensor([-1.,  0.,  1.])
    """
    need_tensor("sign", "input", input)
    if input.array.dtype.kind == "c":
        raise NotImplementedError(f"sign(): complex numbers have no sign, but the input is {input.dtype}")
    return ops.sign(input)


def add(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other.

    Args:
        input: a tensor.
        other: a tensor that broadcasts with it, or a number.
        alpha: what `other` is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.add(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]), alpha=10)
        tensor([31., 42.])
    """
    return _plus(input, _scaled("add", input, other, alpha))


def sub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other.

    Args:
        input: a tensor.
        other: a tensor that broadcasts with it, or a number.
        alpha: what `other` is multiplied by.

    Raises:
        RuntimeError: if the shapes do not broadcast.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sub(tg.tensor([1.0, 2.0]), 1)
        tensor([0., 1.])
    """
    return _minus(input, _scaled("sub", input, other, alpha))


def _scaled(name: str, input: Tensor, other: Any, alpha: Number) -> Any:
    """alpha * other, where alpha may have fractions only if the result has."""
    if alpha == 1:
        return other
    if isinstance(alpha, float | complex) and common_dtype([_raw(input), _raw(other)]).kind in "biu":
        raise RuntimeError(f"{name}(): for integers, argument alpha must not be a floating point number, got {alpha}")
    return other * alpha


def _raw(x: Any) -> Any:
    return x.array if isinstance(x, TensorCore) else x


subtract = sub


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
    if rounding_mode != "trunc":
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    quotient = _over(input, other)
    whole = ops.trunc(quotient)
    target = ops.add(input, other).array.dtype
    return whole if whole.array.dtype == target else cast(whole, target)


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
    if isinstance(exponent, TensorCore) and not isinstance(input, TensorCore):
        out = ops.pow(input, exponent)
        return out if out is not NotImplemented else need_tensor("pow", "input", input)
    return _power(input, exponent)


power = pow


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Rounded to `decimals` places, halves to the even neighbour.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.round(tg.tensor([0.5, 1.5, 2.71])), tg.round(tg.tensor([2.718]), decimals=1)
        (tensor([0., 2., 3.]), tensor([2.7000]))
    """
    need_tensor("round", "input", input)
    return ops.round(input, decimals)


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
        from tinygrad_lite.functions.indexing import nonzero

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


def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor itself.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.real(tg.tensor([1 + 2j]))
        tensor([1.])
    """
    need_tensor("real", "input", input)
    return ops.real(input) if input.array.dtype.kind == "c" else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part.

    Raises:
        RuntimeError: for a real tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.imag(tg.tensor([1 + 2j]))
        tensor([2.])
    """
    need_tensor("imag", "input", input)
    if input.array.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return ops.imag(input)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.conj(tg.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    need_tensor("conj", "input", input)
    return ops.conj(input) if input.array.dtype.kind == "c" else input
