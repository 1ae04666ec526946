"""Smooth activations as functions, under PyTorch's names; those of straight pieces are in `piecewise`."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import elementwise, reduction
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.elementwise import sigmoid, tanh
from tinygrad_lite.inplace import write
from tinygrad_lite.ops import activation as rows
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops.elementwise import where
from tinygrad_lite.random import current_generator
from tinygrad_lite.tensors import make

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "log_softmax", "logsigmoid", "mish", "selu",
    "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus", "softsign", "tanh", "tanhshrink",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def activate(name: str, input: Tensor, inplace: bool, row: Any, *params: Any, kinds: str = "f") -> Tensor:
    """`row(input, *params)` for the kinds of dtype that PyTorch has the activation for."""
    need_tensor(name, "input", input)
    if input.array.dtype.kind not in kinds:
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}')
    return write(input, lambda: row(input, *params), name + "_") if inplace else row(input, *params)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2016).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.elu(tg.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return activate("elu", input, inplace, rows.elu, alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of `elu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 2.0])
        >>> tg.nn.functional.elu_(x) is x, x
        (True, tensor([-0.6321,  2.0000]))
    """
    return elu(input, alpha, inplace=True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha (exp(x / alpha) - 1)`, which has no kink (Barron, 2017).

    Raises:
        RuntimeError: if alpha is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.celu(tg.tensor([-2.0, 2.0]), alpha=2.0)
        tensor([-1.2642,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return activate("celu", input, inplace, rows.elu, alpha, 1.0, 1 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of `celu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-2.0, 2.0])
        >>> tg.nn.functional.celu_(x, alpha=2.0) is x, x
        (True, tensor([-1.2642,  2.0000]))
    """
    return celu(input, alpha, inplace=True)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`scale * elu(x, alpha)`, with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.selu(tg.tensor([-1.0, 1.0]))
        tensor([-1.1113,  1.0507])
    """
    return activate("selu", input, inplace, rows.elu, _SELU_ALPHA, _SELU_SCALE)


def selu_(input: Tensor) -> Tensor:
    """In-place version of `selu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 1.0])
        >>> tg.nn.functional.selu_(x) is x, x
        (True, tensor([-1.1113,  1.0507]))
    """
    return selu(input, inplace=True)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * sigmoid(x)` (Elfwing et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.silu(tg.tensor([0.0, 2.0]))
        tensor([0.0000, 1.7616])
    """
    need_tensor("silu", "input", input)
    if input.array.dtype.kind == "c":
        return write(input, lambda: _complex_silu(input), "silu_") if inplace else _complex_silu(input)
    return activate("silu", input, inplace, rows.silu)


def _complex_silu(x: Tensor) -> Tensor:
    return x / (elementwise.exp(-x) + 1)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * tanh(softplus(x))` (Misra, 2019).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.mish(tg.tensor([0.0, 2.0]))
        tensor([0.0000, 1.9440])
    """
    return activate("mish", input, inplace, rows.mish)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """`x` times the normal distribution function of x (Hendrycks and Gimpel, 2016).

    Args:
        input: a tensor.
        approximate: "none", or "tanh" for 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.gelu(tg.tensor([-1.0, 1.0]))
        tensor([-0.1587,  0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return activate("gelu", input, False, rows.gelu if approximate == "none" else rows.gelu_tanh)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta x)) / beta`; x itself where beta x is above `threshold`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softplus(tg.tensor([0.0, 2.0]))
        tensor([0.6931, 2.1269])
    """
    need_tensor("softplus", "input", input)
    scaled = input if beta == 1 else input * beta
    smooth = activate("softplus", scaled, False, rows.softplus)
    smooth = smooth if beta == 1 else smooth / beta
    return where(scaled.detach() > threshold, input, smooth)


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(x))`, without overflow.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.logsigmoid(tg.tensor([0.0, 2.0]))
        tensor([-0.6931, -0.1269])
    """
    return activate("logsigmoid", input, False, rows.logsigmoid)


def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softsign(tg.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    need_tensor("softsign", "input", input)
    if input.array.dtype.kind == "b":
        raise NotImplementedError("softsign() is not implemented for bool; use input.float()")
    return input / (elementwise.abs(input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """`x - tanh(x)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.tanhshrink(tg.tensor([0.0, 2.0]))
        tensor([0.0000, 1.0360])
    """
    need_tensor("tanhshrink", "input", input)
    if input.array.dtype.kind == "b":
        raise RuntimeError("tanhshrink() is not supported with a bool tensor; use input.float()")
    return input - tanh(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """`a * sigmoid(b)`, where a and b are the two halves of the input along `dim` (Dauphin et al., 2017).

    Raises:
        RuntimeError: if the dimension does not halve.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.glu(tg.tensor([1.0, 2.0, 0.0, 2.0]))
        tensor([0.5000, 1.7616])
    """
    need_tensor("glu", "input", input)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f'"glu" not implemented for {input.dtype}')
    if not input.array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = one_dim("glu", dim, input.array.ndim)
    half, odd = divmod(input.array.shape[axis], 2)
    if odd:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {2 * half + 1}")
    before = (slice(None),) * axis
    return input[(*before, slice(half))] * sigmoid(input[(*before, slice(half, None))])


def _implicit_dim(name: str, ndim: int) -> int:
    """The dimension that PyTorch takes where none is named, with its warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`exp(x) / sum(exp(x))` along `dim`.

    Args:
        input: a tensor.
        dim: the dimension that adds up to 1; leaving it out warns, as in PyTorch.
        _stacklevel: unused, as in PyTorch.
        dtype: convert the input to this first.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softmax(tg.zeros(2), dim=0)
        tensor([0.5000, 0.5000])
    """
    need_tensor("softmax", "input", input)
    return reduction.softmax(input, _implicit_dim("softmax", input.ndim) if dim is None else dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`log(softmax(x))` along `dim`, without overflow. Arguments as for `softmax`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.log_softmax(tg.zeros(2), dim=0)
        tensor([-0.6931, -0.6931])
    """
    need_tensor("log_softmax", "input", input)
    return reduction.log_softmax(input, _implicit_dim("log_softmax", input.ndim) if dim is None else dim, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`softmax(-x)` along `dim`. Arguments as for `softmax`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softmin(tg.tensor([0.0, 1.0]), dim=0)
        tensor([0.7311, 0.2689])
    """
    need_tensor("softmin", "input", input)
    return reduction.softmax(-input, _implicit_dim("softmin", input.ndim) if dim is None else dim, dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random draw from the classes, made differentiable (Jang et al., 2017; Maddison et al., 2017).

    That is softmax((logits + noise) / tau), the noise drawn from the Gumbel distribution.

    Args:
        logits: (..., classes), log-probabilities up to a constant.
        tau: the temperature; the smaller, the closer to a one and zeros.
        hard: return a one and zeros, with the gradient of the soft draw.
        eps: unused, as in PyTorch.
        dim: the dimension of the classes.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.nn.functional.gumbel_softmax(tg.zeros(3), hard=True)
        tensor([0., 0., 1.])
    """
    need_tensor("gumbel_softmax", "logits", logits)
    array = logits.array
    drawn = current_generator().uniform(array.size, np.dtype(np.float64)).reshape(array.shape)
    waiting = (-np.log1p(-drawn)).astype(array.dtype)  # distributed exponentially
    soft = reduction.softmax((logits - make(np.log(waiting))) / tau, dim)
    if not hard:
        return soft
    chosen = np.expand_dims(np.argmax(soft.array, dim), dim)
    ones = index_rows.put(np.ones(chosen.shape, array.dtype), array.shape, index_rows.along(dim, chosen))
    return make(ones) - soft.detach() + soft
