"""Activations as functions, under PyTorch's names."""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeAlias

from tinygrad_lite.functions import elementwise, reduction
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.elementwise import sigmoid, tanh
from tinygrad_lite.inplace import write
from tinygrad_lite.ops import activation as rows
from tinygrad_lite.ops.elementwise import where

__all__ = [
    "elu", "gelu", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "relu", "relu6", "selu", "sigmoid", "silu",
    "softmax", "softplus", "tanh",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def _activate(name: str, input: Tensor, inplace: bool, row: Any, *params: Any, kinds: str = "f") -> Tensor:
    """`row(input, *params)` for the kinds of dtype that PyTorch has the activation for."""
    need_tensor(name, "input", input)
    if input.array.dtype.kind not in kinds:
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}')
    return write(input, lambda: row(input, *params), name + "_") if inplace else row(input, *params)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """`max(x, 0)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.relu(tg.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return input.relu_() if inplace else elementwise.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where positive, else `negative_slope * x`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.leaky_relu(tg.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return _activate("leaky_relu", input, inplace, rows.leaky_relu, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2016).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.elu(tg.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return _activate("elu", input, inplace, rows.elu, alpha)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`scale * elu(x, alpha)`, with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.selu(tg.tensor([-1.0, 1.0]))
        tensor([-1.1113,  1.0507])
    """
    return _activate("selu", input, inplace, rows.elu, _SELU_ALPHA, _SELU_SCALE)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * sigmoid(x)` (Elfwing et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.silu(tg.tensor([0.0, 2.0]))
        tensor([0.0000, 1.7616])
    """
    return _activate("silu", input, inplace, rows.silu, kinds="fc")


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
    return _activate("gelu", input, False, rows.gelu if approximate == "none" else _gelu_by_tanh)


def _gelu_by_tanh(x: Tensor) -> Tensor:
    return x * 0.5 * (tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)) + 1)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta x)) / beta`; x itself where beta x is above `threshold`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softplus(tg.tensor([0.0, 2.0]))
        tensor([0.6931, 2.1269])
    """
    need_tensor("softplus", "input", input)
    scaled = input if beta == 1 else input * beta
    smooth = _activate("softplus", scaled, False, rows.softplus)
    smooth = smooth if beta == 1 else smooth / beta
    return where(scaled.detach() > threshold, input, smooth)


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(x))`, without overflow.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.logsigmoid(tg.tensor([0.0, 2.0]))
        tensor([-0.6931, -0.1269])
    """
    return _activate("logsigmoid", input, False, rows.logsigmoid)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` moved into [min_val, max_val]. The gradient is 0 on the bounds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.hardtanh(tg.tensor([-2.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, got {min_val} and {max_val}")
    return _moved_into("hardtanh", input, min_val, max_val, inplace)


def _moved_into(name: str, input: Tensor, low: float, high: float, inplace: bool) -> Tensor:
    need_tensor(name, "input", input)
    kind = input.array.dtype.kind
    if kind == "b":
        raise RuntimeError(f"Bool inputs not supported for {name}")
    if kind == "u" and low < 0:
        raise RuntimeError(f"cannot do {name} on an unsigned type with negative limits")
    if kind in "iu":
        low, high = int(low), int(high)
    return _activate(name, input, inplace, rows.hardtanh, low, high, kinds="fiu")


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`x` moved into [0, 6].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.relu6(tg.tensor([-1.0, 3.0, 9.0]))
        tensor([0., 3., 6.])
    """
    return _moved_into("relu6", input, 0.0, 6.0, inplace)


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
