"""Discrete Fourier transforms.

`n` or `s` is the length of the signal, which is cut or filled with zeros to it; `dim` is where it lies;
`norm` says where the factor 1/n is: "backward" (in the inverse), "forward", "ortho" (its root in both).
Transforms of real signals have half of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import floating, get_default_dtype, to_dtype
from tinygrad_lite.functions.arguments import need_tensor, to_axis
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise, index, shape, window
from tinygrad_lite.ops import fft as ops
from tinygrad_lite.tensors import make

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Dims: TypeAlias = Sequence[int] | int | None

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


# --- arguments ---------------------------------------------------------------------------------------------


def _norm(name: str, norm: str | None) -> str:
    norm = norm or "backward"
    if norm not in ops.OTHER_SIDE:
        raise RuntimeError(f"{name}: Invalid normalization mode: {norm!r}; use 'backward', 'forward' or 'ortho'")
    return norm


def _signal(name: str, input: Tensor, real: bool) -> Tensor:
    """`input` in the dtype to compute in."""
    need_tensor(name, "input", input)
    kind = input.array.dtype
    if real and kind.kind == "c":
        raise RuntimeError(f"{name} expects a real input tensor, but got {input.dtype}")
    if kind == np.float16:
        raise RuntimeError(f"{name}: Unsupported dtype {input.dtype}; convert it, as in x.float()")
    kind = floating(kind)
    kind = kind if real else np.result_type(kind, np.complex64)
    return input if input.array.dtype == kind else cast(input, kind)


def _resized(name: str, x: Tensor, length: int, axis: int) -> Tensor:
    """`x` cut, or filled with zeros, to a length along a dimension."""
    if length < 1:
        raise RuntimeError(f"{name}: Invalid number of data points ({length}) specified")
    now, ndim = x.array.shape[axis], x.array.ndim
    if length < now:
        return index.select(x, tuple(slice(length) if k == axis else slice(None) for k in range(ndim)))
    if length > now:
        return window.pad(x, tuple((0, length - now) if k == axis else (0, 0) for k in range(ndim)))
    return x


def _sizes(name: str, x: Tensor, s: Dims, dim: Dims) -> tuple[list[int | None], list[int]]:
    """The length and the dimension of each transform; None for the length there is."""
    ndim = x.array.ndim
    s = [s] if isinstance(s, int) else s
    if dim is None:
        count = ndim if s is None else len(s)
        if count > ndim:
            raise RuntimeError(f"{name}: Got shape with {count} values but input tensor only has {ndim} dimensions.")
        dims = list(range(ndim - count, ndim))
    else:
        if not ndim:
            raise IndexError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")
        found = to_axis(name, [dim] if isinstance(dim, int) else dim, ndim)
        dims = list(found or ())
    if s is not None and len(s) != len(dims):
        raise RuntimeError(f"{name}: When given, dim and shape arguments must have the same length, got {s} and {dim}")
    return [None if n == -1 else n for n in s] if s is not None else [None] * len(dims), dims


def _fitted(name: str, x: Tensor, lengths: Sequence[int | None], dims: Sequence[int]) -> Tensor:
    for n, d in zip(lengths, dims, strict=True):
        x = _resized(name, x, x.array.shape[d] if n is None else n, d)
    return x


# --- transforms of any number of dimensions ------------------------------------------------------------------


def _to_complex(name: str, input: Tensor, s: Dims, dim: Dims, norm: str | None, row: Any) -> Tensor:
    x = _signal(name, input, real=False)
    lengths, dims = _sizes(name, x, s, dim)
    norm = _norm(name, norm)
    x = _fitted(name, x, lengths, dims)
    return row(x, tuple(dims), norm) if dims else x


def _from_real(name: str, input: Tensor, s: Dims, dim: Dims, norm: str | None, row: Any) -> Tensor:
    """Along the last dimension of a real signal, then along the others."""
    x = _signal(name, input, real=True)
    lengths, dims = _sizes(name, x, s, dim)
    norm = _norm(name, norm)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    x = _fitted(name, x, lengths, dims)
    backward = row is ops.ifft  # its conjugate, with the factor on the other side, is the inverse
    x = ops.rfft(x, dims[-1], ops.OTHER_SIDE[norm] if backward else norm)
    x = elementwise.conj(x) if backward else x
    return row(x, tuple(dims[:-1]), norm) if len(dims) > 1 else x


def _to_real(name: str, input: Tensor, s: Dims, dim: Dims, norm: str | None, row: Any) -> Tensor:
    """Along all dimensions but the last, then along that to a real signal."""
    x = _signal(name, input, real=False)
    lengths, dims = _sizes(name, x, s, dim)
    norm = _norm(name, norm)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = lengths[-1]
    length = 2 * (x.array.shape[dims[-1]] - 1) if last is None else last
    if length < 1:
        raise RuntimeError(f"{name}: Invalid number of data points ({length}) specified")
    x = _fitted(name, x, [*lengths[:-1], length // 2 + 1], dims)
    x = row(x, tuple(dims[:-1]), norm) if len(dims) > 1 else x
    forward = row is ops.fft
    x = elementwise.conj(x) if forward else x
    return ops.irfft(x, length, dims[-1], ops.OTHER_SIDE[norm] if forward else norm)


def _transform(name: str, kind: Any, row: Any, about: str, example: str) -> Callable[..., Tensor]:
    """The function `fft.<name>`: of one dimension, or by the end of its name of two, or of any number."""

    def along_one(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
        return kind(f"fft.{name}", input, n, dim, norm, row)

    def along_two(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None) -> Tensor:
        return kind(f"fft.{name}", input, s, dim, norm, row)

    def along_any(input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None) -> Tensor:
        return kind(f"fft.{name}", input, s, dim, norm, row)

    function: Any = along_two if name.endswith("2") else along_any if name.endswith("n") else along_one
    function.__name__ = function.__qualname__ = name
    call, _, answer = example.partition(" -> ")
    function.__doc__ = (
        f"{about}\n\nRaises:\n    RuntimeError: for a length below 1, another `norm`, or a dtype it is not for.\n"
        f"    IndexError: if a dimension does not exist.\n\nExample:\n    >>> import tinygrad_lite as tg\n"
        f"    >>> tg.fft.{name}({call}\n    {answer}\n"
    )
    return function


_OVER_TWO, _OVER_ANY = " over the last two dimensions.", " over any dimensions, all if `dim` does not say."
# fmt: off
fft = _transform("fft", _to_complex, ops.fft, "The discrete Fourier transform.",
    "tg.tensor([1.0, 0.0, 0.0, 0.0])) -> tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])")
fft2 = _transform("fft2", _to_complex, ops.fft, "`fft`" + _OVER_TWO, "tg.ones(5, 2, 4)).shape -> Size([5, 2, 4])")
fftn = _transform("fftn", _to_complex, ops.fft, "`fft`" + _OVER_ANY, "tg.ones(2, 4), s=(8,)).shape -> Size([2, 8])")
ifft = _transform("ifft", _to_complex, ops.ifft, "The inverse of `fft`.",
    "tg.tensor([4.0, 0.0, 0.0, 0.0])) -> tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])")
ifft2 = _transform("ifft2", _to_complex, ops.ifft, "`ifft`" + _OVER_TWO, "tg.ones(5, 2, 4)).shape -> Size([5, 2, 4])")
ifftn = _transform("ifftn", _to_complex, ops.ifft, "`ifft`" + _OVER_ANY, "tg.ones(2, 4)).shape -> Size([2, 4])")
rfft = _transform("rfft", _from_real, ops.fft, "`fft` of a real signal: the first half, which the other mirrors.",
    "tg.tensor([1.0, 0.0, 0.0, 0.0])) -> tensor([1.+0.j, 1.+0.j, 1.+0.j])")
rfft2 = _transform("rfft2", _from_real, ops.fft, "`rfft`" + _OVER_TWO, "tg.ones(5, 2, 4)).shape -> Size([5, 2, 3])")
rfftn = _transform("rfftn", _from_real, ops.fft, "`rfft`" + _OVER_ANY, "tg.ones(2, 4)).shape -> Size([2, 3])")
irfft = _transform("irfft", _to_real, ops.ifft, "The inverse of `rfft`; without `n` the signal's length is even.",
    "tg.tensor([1.0, 1.0, 1.0])) -> tensor([1., 0., 0., 0.])")
irfft2 = _transform("irfft2", _to_real, ops.ifft, "`irfft`" + _OVER_TWO, "tg.ones(5, 2, 3)).shape -> Size([5, 2, 4])")
irfftn = _transform("irfftn", _to_real, ops.ifft, "`irfft`" + _OVER_ANY, "tg.ones(2, 3)).shape -> Size([2, 4])")
hfft = _transform("hfft", _to_real, ops.fft, "`fft` of a signal whose second half mirrors the first, conjugated.",
    "tg.tensor([1.0, 1.0, 1.0])) -> tensor([4., 0., 0., 0.])")
hfft2 = _transform("hfft2", _to_real, ops.fft, "`hfft`" + _OVER_TWO, "tg.ones(5, 2, 3)).shape -> Size([5, 2, 4])")
hfftn = _transform("hfftn", _to_real, ops.fft, "`hfft`" + _OVER_ANY, "tg.ones(2, 3)).shape -> Size([2, 4])")
ihfft = _transform("ihfft", _from_real, ops.ifft, "The inverse of `hfft`.", "tg.ones(4)).shape -> Size([3])")
ihfft2 = _transform("ihfft2", _from_real, ops.ifft, "`ihfft`" + _OVER_TWO, "tg.ones(5, 2, 4)).shape -> Size([5, 2, 3])")
ihfftn = _transform("ihfftn", _from_real, ops.ifft, "`ihfft`" + _OVER_ANY, "tg.ones(2, 4)).shape -> Size([2, 3])")
# fmt: on


# --- frequencies -------------------------------------------------------------------------------------------


def _shifted(name: str, input: Tensor, dim: Dims, back: bool) -> Tensor:
    need_tensor(name, "input", input)
    _, dims = _sizes(name, input, None, dim)
    halves = [input.array.shape[d] // 2 for d in dims]
    shifts = tuple(-n if back else n for n in halves)
    return shape.roll(input, shifts, tuple(dims)) if dims else shape.clone(input)


def fftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The frequencies in rising order, zero in the middle.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fft.fftshift(tg.fft.fftfreq(4))
        tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shifted("fft.fftshift", input, dim, False)


def ifftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The inverse of `fftshift`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fft.ifftshift(tg.tensor([-2, -1, 0, 1]))
        tensor([ 0,  1, -2, -1])
    """
    return _shifted("fft.ifftshift", input, dim, True)


def _frequencies(numbers: Any, dtype: Any, requires_grad: bool) -> Tensor:
    return make(numbers.astype(to_dtype(dtype or get_default_dtype()).numpy), requires_grad)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequency that each number in the result of `fft` belongs to.

    Args:
        n: the length of the signal.
        d: the time between two samples.
        dtype: the default floating-point type if None.
        requires_grad: whether gradients flow to it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies(np.fft.fftfreq(n, d), dtype, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequency that each number in the result of `rfft` belongs to; see `fftfreq`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fft.rfftfreq(4)
        tensor([0.0000, 0.2500, 0.5000])
    """
    return _frequencies(np.fft.rfftfreq(n, d), dtype, requires_grad)
