"""The special functions that few programs need: Bessel's, Airy's, zeta; `tinygrad_lite.special` has all."""

from __future__ import annotations

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.from_rows import Number, Tensor, binary, unary
from tinygrad_lite.functions.out import written
from tinygrad_lite.graph import TensorCore, mode
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import more_special as ops
from tinygrad_lite.tensors import make

__all__ = ["i0", "igamma", "igammac"]

i0 = unary(ops.i0)
i0e = unary(ops.i0e, "special.i0e")
i1 = unary(ops.i1, "special.i1")
i1e = unary(ops.i1e, "special.i1e")
bessel_j0 = unary(ops.bessel_j0, "special.bessel_j0")
bessel_j1 = unary(ops.bessel_j1, "special.bessel_j1")
bessel_y0 = unary(ops.bessel_y0, "special.bessel_y0")
bessel_y1 = unary(ops.bessel_y1, "special.bessel_y1")
modified_bessel_i0 = unary(ops.i0, "special.modified_bessel_i0")
modified_bessel_i1 = unary(ops.i1, "special.modified_bessel_i1")
modified_bessel_k0 = unary(ops.modified_bessel_k0, "special.modified_bessel_k0")
modified_bessel_k1 = unary(ops.modified_bessel_k1, "special.modified_bessel_k1")
scaled_modified_bessel_k0 = unary(ops.scaled_modified_bessel_k0, "special.scaled_modified_bessel_k0")
scaled_modified_bessel_k1 = unary(ops.scaled_modified_bessel_k1, "special.scaled_modified_bessel_k1")
airy_ai = unary(ops.airy_ai, "special.airy_ai")
erfcx = unary(ops.erfcx, "special.erfcx")
ndtri = unary(ops.ndtri, "special.ndtri")
igamma = binary(ops.gammainc, "", "igamma")
igammac = binary(ops.gammaincc, "", "igammac")
gammainc = binary(ops.gammainc, "", "special.gammainc")
gammaincc = binary(ops.gammaincc, "", "special.gammaincc")


def spherical_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The spherical Bessel function of order 0: sin(x) / x, and 1 at 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.special.spherical_bessel_j0(tg.tensor([0.0, 1.0]))
        tensor([1.0000, 0.8415])
    """
    need_tensor("special.spherical_bessel_j0", "input", input)
    zero = elementwise.eq(input, 0)
    safe = elementwise.where(zero, 1.0, input)
    at_infinity = np.isinf(safe.array)
    quotient = elementwise.where(at_infinity, 0.0, elementwise.sin(safe) / safe)
    result = elementwise.where(zero, 1.0, quotient)
    return written("special.spherical_bessel_j0", result, out)


def zeta(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Hurwitz's zeta function: the sum of (other + k)^-input for k = 0, 1, ...; Riemann's where `other` is 1.

    Args:
        input: the exponents, a tensor or a number.
        other: what is summed from, a tensor or a number; at least one of the two is a tensor.
        out: where to write the result.

    Raises:
        NotImplementedError: where a gradient for `input` would be needed; there is one for `other`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.special.zeta(tg.tensor([2.0, 4.0]), 1)
        tensor([1.6449, 1.0823])
    """
    if not isinstance(input, TensorCore) and not isinstance(other, TensorCore):
        need_tensor("special.zeta", "input", input)
    if isinstance(input, TensorCore) and input.needs_grad and mode.grad:
        raise NotImplementedError("the derivative for 'input' of special.zeta is not implemented; detach() it")
    exponents = input.array if isinstance(input, TensorCore) else np.asarray(input)
    if not isinstance(other, TensorCore):
        like = exponents.dtype if exponents.dtype.kind == "f" else None
        other = make(np.asarray(other, like))
    elif isinstance(input, TensorCore) and exponents.dtype.kind == "f":
        other = elementwise.where(True, other, make(np.zeros((), exponents.dtype)))
    result = ops.zeta(other, exponents)
    return written("special.zeta", result, out)
