"""The special functions: `erf`, `lgamma`, `logit`, `xlogy` ... `tinygrad_lite.special` has them all."""

from __future__ import annotations

import math

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.from_rows import Tensor, binary, unary
from tinygrad_lite.ops import elementwise, special
from tinygrad_lite.ops.elementwise import add, mul, where

__all__ = ["digamma", "erf", "erfc", "erfinv", "lgamma", "logit", "mvlgamma", "polygamma", "sinc", "xlogy"]

erf = unary(special.erf)
erfc = unary(special.erfc)
erfinv = unary(special.erfinv)
lgamma = unary(special.lgamma)
digamma = unary(special.digamma)
ndtr = unary(special.ndtr, "special.ndtr")
log_ndtr = unary(special.log_ndtr, "special.log_ndtr")
entr = unary(special.entr, "special.entr")
xlogy = binary(special.xlogy, "input, other")
xlog1py = binary(special.xlog1py, "input, other", "special.xlog1py")


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), the inverse of `sigmoid`.

    Args:
        input: a tensor. Outside of [0, 1] the result is NaN.
        eps: move the input into [eps, 1 - eps] first; where that moves it, the gradient is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logit(tg.tensor([0.0, 0.5, 0.9]), eps=0.1)
        tensor([-2.1972,  0.0000,  2.1972])
    """
    need_tensor("logit", "input", input)
    return special.logit(input, eps)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`.

    Args:
        n: the order, from 0 to 170.
        input: a tensor.

    Raises:
        RuntimeError: for a negative order, or one above 170.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.polygamma(1, tg.tensor([1.0, 0.5]))
        tensor([1.6449, 4.9348])
    """
    need_tensor("polygamma", "input", input, 2)
    if not 0 <= n <= 170:
        raise RuntimeError(f"polygamma(n, x) is defined here for 0 <= n <= 170, but got n={n}")
    return special.digamma(input) if n == 0 else special.polygamma(input, n)


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p.

    p (p - 1) / 4 log(pi) + the sum of lgamma(input - j / 2) for j from 0 to p - 1.

    Args:
        input: a tensor of numbers above (p - 1) / 2.
        p: the dimension, at least 1.

    Raises:
        RuntimeError: for p below 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.mvlgamma(tg.tensor([1.0, 2.0]), 2)
        tensor([1.1447, 0.4516])
    """
    need_tensor("mvlgamma", "input", input)
    if p < 1:
        raise RuntimeError(f"mvlgamma(): p has to be greater than or equal to 1, got {p}")
    terms = [special.lgamma(add(input, -j / 2)) for j in range(p)]
    return add(sum(terms[1:], start=terms[0]), p * (p - 1) / 4 * math.log(math.pi))


def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sinc(tg.tensor([0.0, 0.5]))
        tensor([1.0000, 0.6366])
    """
    need_tensor("sinc", "input", input)
    angle = mul(input, math.pi)
    return where(elementwise.eq(input, 0), 1.0, elementwise.sin(angle) / angle)
