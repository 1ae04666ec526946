"""Orthogonal polynomials, under the names of `torch.special`, all by their recurrences.

Each takes x and the degree n, tensors or numbers that broadcast, at least one of them a tensor. For negative degrees
they are 0. Unlike PyTorch's they can be differentiated by x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.dtypes import common_dtype, floating
from tinygrad_lite.functions.arguments import common_shape, need_tensor
from tinygrad_lite.functions.from_rows import Number, Tensor
from tinygrad_lite.functions.out import written
from tinygrad_lite.functions.shaping import expand
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise
from tinygrad_lite.tensors import bare, make

__all__ = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]  # fmt: skip

First = Callable[[Any], Any]
Step = Callable[[int, Any, Any, Any], Any]


def _polynomial(name: str, about: str, example: str, first: First, step: Step, shifted: bool = False) -> Any:
    """The function that starts with 1 and `first(x)` and goes on with `step(k, x, p[k], p[k - 1])` = p[k + 1]."""

    def function(input: Tensor | Number, n: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
        x, degrees = _arguments(f"special.{name}", input, n)
        x = 2 * x - 1 if shifted else x
        below, here = make(np.ones(x.array.shape, x.array.dtype)), first(x)
        result = elementwise.where(degrees == 0, below, 0.0)
        for k in range(1, 1 + int(max(degrees.max(initial=0), 0))):
            result = elementwise.where(degrees == k, here, result)
            below, here = here, step(k, x, here, below)
        result = elementwise.where(np.isnan(degrees), np.nan, result)
        return written(f"special.{name}", result, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{about}\n\nArgs:\n    input: x, a tensor or a number.\n    n: the degree, likewise; fractions are cut off.\n"
        "    out: where to write the result.\n\nExample:\n    >>> import tinygrad_lite as tg\n"
        f"    >>> tg.special.{name}(tg.tensor([0.5]), tg.tensor([0, 1, 2]))\n    tensor({example})\n"
    )
    return function


def _arguments(name: str, x: Any, n: Any) -> tuple[Tensor, np.ndarray]:
    """x in the dtype that the two have in common, and the whole degrees, both of the shape they broadcast to."""
    if not isinstance(x, TensorCore) and not isinstance(n, TensorCore):
        need_tensor(name, "input", x)
    raw = [v.array if isinstance(v, TensorCore) else v for v in (x, n)]
    dtype = floating(common_dtype(raw))
    if dtype.kind == "c":
        raise NotImplementedError(f"{name}() is not implemented for {dtype}")
    tensor = x if isinstance(x, TensorCore) else bare(np.asarray(x, dtype))
    tensor = tensor if tensor.array.dtype is dtype else cast(tensor, dtype)
    degrees = np.trunc(np.asarray(raw[1], np.float64))
    shape = common_shape(name, tensor.array.shape, degrees.shape)
    return expand(tensor, shape), np.broadcast_to(degrees, shape)


def _doubling(k: int, x: Any, here: Any, below: Any) -> Any:
    return 2 * x * here - below


_CHEBYSHEV: Any = {
    "t": ("Chebyshev's polynomial of the first kind: cos(n t) for x = cos(t).", lambda x: x),
    "u": ("Chebyshev's polynomial of the second kind: sin((n + 1) t) / sin(t) for x = cos(t).", lambda x: 2 * x),
    "v": ("Chebyshev's polynomial of the third kind: cos((n + 1/2) t) / cos(t / 2).", lambda x: 2 * x - 1),
    "w": ("Chebyshev's polynomial of the fourth kind: sin((n + 1/2) t) / sin(t / 2).", lambda x: 2 * x + 1),
}


def _chebyshev(kind: str, example: str, shifted: bool = False) -> Any:
    about, first = _CHEBYSHEV[kind]
    name = f"chebyshev_polynomial_{kind}"
    if shifted:
        name, about = f"shifted_{name}", f"{about[:-1]}, of 2 x - 1."
    return _polynomial(name, about, example, first, _doubling, shifted)


chebyshev_polynomial_t = _chebyshev("t", "[ 1.0000,  0.5000, -0.5000]")
chebyshev_polynomial_u = _chebyshev("u", "[1., 1., 0.]")
chebyshev_polynomial_v = _chebyshev("v", "[ 1.,  0., -1.]")
chebyshev_polynomial_w = _chebyshev("w", "[1., 2., 1.]")
shifted_chebyshev_polynomial_t = _chebyshev("t", "[ 1.,  0., -1.]", True)
shifted_chebyshev_polynomial_u = _chebyshev("u", "[ 1.,  0., -1.]", True)
shifted_chebyshev_polynomial_v = _chebyshev("v", "[ 1., -1., -1.]", True)
shifted_chebyshev_polynomial_w = _chebyshev("w", "[ 1.,  1., -1.]", True)
hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h", "Hermite's polynomial, orthogonal for the weight exp(-x²).", "[ 1.,  1., -1.]",
    lambda x: 2 * x, lambda k, x, here, below: 2 * x * here - 2 * k * below,
)  # fmt: skip
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he", "Hermite's polynomial, orthogonal for the weight exp(-x² / 2).",
    "[ 1.0000,  0.5000, -0.7500]", lambda x: x, lambda k, x, here, below: x * here - k * below,
)  # fmt: skip
laguerre_polynomial_l = _polynomial(
    "laguerre_polynomial_l", "Laguerre's polynomial.", "[1.0000, 0.5000, 0.1250]",
    lambda x: 1 - x, lambda k, x, here, below: ((2 * k + 1 - x) * here - k * below) / (k + 1),
)  # fmt: skip
legendre_polynomial_p = _polynomial(
    "legendre_polynomial_p", "Legendre's polynomial.", "[ 1.0000,  0.5000, -0.1250]",
    lambda x: x, lambda k, x, here, below: ((2 * k + 1) * x * here - k * below) / (k + 1),
)  # fmt: skip
