"""Complex numbers and their parts: `real`, `angle`, `polar`, `view_as_real` ..."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.from_rows import Tensor
from tinygrad_lite.ops import elementwise as ops
from tinygrad_lite.tensors import make

__all__ = [
    "angle", "complex", "conj", "conj_physical", "imag", "isreal", "polar", "real", "view_as_complex",
    "view_as_real",
]  # fmt: skip


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


conj_physical = conj


def angle(input: Tensor) -> Tensor:
    """The angle in the complex plane, in radians. For real numbers 0 or pi, with a gradient of 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.angle(tg.tensor([1 + 1j, -1 + 0j]))
        tensor([0.7854, 3.1416])
    """
    need_tensor("angle", "input", input)
    if input.array.dtype.kind == "c":
        return ops.angle(input)
    x = input if input.array.dtype.kind == "f" else ops.mul(input, 1.0)
    flat = ops.mul(ops.sign(x), 0.0)  # sign gives the gradient, which is zero
    return ops.where(ops.lt(x, 0), math.pi, ops.where(ops.isnan(x), math.nan, flat))


def isreal(input: Tensor) -> Tensor:
    """Whether the imaginary part is zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.isreal(tg.tensor([1 + 1j, 2 + 0j]))
        tensor([False,  True])
    """
    need_tensor("isreal", "input", input)
    return make(np.asarray(input.array.imag == 0))


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """The complex numbers with these parts.

    Args:
        real: the real parts, float32 or float64.
        imag: the imaginary parts, of the same dtype.

    Raises:
        RuntimeError: for other dtypes, or different ones.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.complex(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor([1.+3.j, 2.+4.j])
    """
    _need_two_floats("complex", "real", real, "imag", imag)
    return ops.complex_of(real, imag)


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """The complex numbers at this distance from zero and at this angle.

    Args:
        abs: the distances, float32 or float64.
        angle: the angles in radians, of the same dtype.

    Raises:
        RuntimeError: for other dtypes, or different ones.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.polar(tg.tensor([1.0, 2.0]), tg.tensor([0.0, tg.pi / 2]))
        tensor([ 1.0000e+00+0.j, -8.7423e-08+2.j])
    """
    _need_two_floats("polar", "abs", abs, "angle", angle)
    return ops.complex_of(abs * ops.cos(angle), abs * ops.sin(angle))


def _need_two_floats(function: str, first: str, x: Tensor, second: str, y: Tensor) -> None:
    need_tensor(function, first, x)
    need_tensor(function, second, y, 2)
    if x.array.dtype.kind != "f" or x.array.dtype.itemsize < 4 or y.array.dtype != x.array.dtype:
        raise RuntimeError(
            f"{function}() takes two tensors of float32 or of float64, but '{first}' is {x.dtype} and '{second}' "
            f"is {y.dtype}"
        )


def view_as_real(input: Tensor) -> Tensor:
    """The real and imaginary parts as a last dimension of size 2: a view.

    Raises:
        RuntimeError: for a real tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.view_as_real(tg.tensor([1 + 2j, 3 + 4j]))
        tensor([[1., 2.],
                [3., 4.]])
    """
    need_tensor("view_as_real", "input", input)
    if input.array.dtype.kind != "c":
        raise RuntimeError(f"view_as_real is only supported for complex tensors, got {input.dtype}")
    return ops.view_as_real(input)


def view_as_complex(input: Tensor) -> Tensor:
    """The pairs in the last dimension, of size 2, as complex numbers: a view.

    Raises:
        RuntimeError: if the last dimension is not of size 2 and next to each other in memory, or the tensor
            not of float32 or float64.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.view_as_complex(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([1.+2.j, 3.+4.j])
    """
    need_tensor("view_as_complex", "input", input)
    array = input.array
    if array.dtype.kind != "f" or array.itemsize < 4:
        raise RuntimeError(f"view_as_complex is only supported for float32 and float64 tensors, got {input.dtype}")
    if not array.ndim or array.shape[-1] != 2:
        raise RuntimeError(f"view_as_complex: Tensor must have a last dimension of size 2, got shape {array.shape}")
    if array.strides[-1] != array.itemsize:
        raise RuntimeError("view_as_complex: Tensor must have a last dimension with stride 1; use contiguous() first")
    return ops.view_as_complex(input)
