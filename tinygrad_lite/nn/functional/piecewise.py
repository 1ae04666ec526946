"""Activations made of straight pieces, and their relatives, as functions under PyTorch's names."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import elementwise
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.nn.functional.activation import activate
from tinygrad_lite.ops import activation as rows
from tinygrad_lite.ops.elementwise import mul
from tinygrad_lite.random import current_generator

__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "prelu", "relu",
    "relu6", "relu_", "rrelu", "rrelu_", "softshrink", "threshold", "threshold_",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """`max(x, 0)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.relu(tg.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return input.relu_() if inplace else elementwise.relu(input)


def relu_(input: Tensor) -> Tensor:
    """In-place version of `relu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 2.0])
        >>> tg.nn.functional.relu_(x) is x, x
        (True, tensor([0., 2.]))
    """
    return relu(input, inplace=True)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where positive, else `negative_slope * x`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.leaky_relu(tg.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return activate("leaky_relu", input, inplace, rows.leaky_relu, negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place version of `leaky_relu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 2.0])
        >>> tg.nn.functional.leaky_relu_(x, 0.1) is x, x
        (True, tensor([-0.1000,  2.0000]))
    """
    return leaky_relu(input, negative_slope, inplace=True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` where positive, else `weight * x`: one weight, or one for each channel (He et al., 2015).

    Args:
        input: (N, C, ...) or any shape.
        weight: one number, or (C,).

    Raises:
        RuntimeError: if the number of weights is neither 1 nor C, or the dtypes differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.prelu(tg.tensor([[-1.0, -1.0]]), tg.tensor([0.1, 0.5]))
        tensor([[-0.1000, -0.5000]])
    """
    need_tensor("prelu", "input", input)
    need_tensor("prelu", "weight", weight, 2)
    shape, weights = input.array.shape, weight.array
    if input.array.dtype is not weights.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    if weights.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weights.ndim}")
    if weights.size != 1:
        if not shape:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = shape[1] if len(shape) > 1 else 1
        if weights.size != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weights.size} and "
                f"channel size = {channels}."
            )
    along = tuple(weights.size if k == 1 else 1 for k in range(len(shape)))
    return activate("prelu", input, False, rows.prelu, weight.reshape(along if len(shape) > 1 else (1,) * len(shape)))


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """`x` where positive, else `x` times a number drawn from [lower, upper) (Xu et al., 2015).

    Args:
        input: a tensor.
        lower: the smallest slope.
        upper: the largest slope.
        training: whether to draw; if not, the slope is halfway between.
        inplace: write into the input.

    Raises:
        RuntimeError: if lower is above upper.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.rrelu(tg.tensor([-1.0, 2.0]), 0.1, 0.3)
        tensor([-0.2000,  2.0000])
    """
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    if not training:
        return activate("rrelu", input, inplace, rows.leaky_relu, (lower + upper) / 2)
    need_tensor("rrelu", "input", input)
    below = input.array <= 0
    slopes = np.ones(below.shape, input.array.dtype)
    drawn = current_generator().uniform(int(np.count_nonzero(below)), np.dtype(np.float64))
    slopes[below] = drawn * (upper - lower) + lower
    return activate("rrelu", input, inplace, mul, slopes)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place version of `rrelu`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-1.0, 2.0])
        >>> tg.nn.functional.rrelu_(x, 0.1, 0.3) is x, x
        (True, tensor([-0.2000,  2.0000]))
    """
    return rrelu(input, lower, upper, training, inplace=True)


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


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place version of `hardtanh`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([-2.0, 0.5])
        >>> tg.nn.functional.hardtanh_(x) is x, x
        (True, tensor([-1.0000,  0.5000]))
    """
    return hardtanh(input, min_val, max_val, inplace=True)


def _moved_into(name: str, input: Tensor, low: float, high: float, inplace: bool) -> Tensor:
    need_tensor(name, "input", input)
    kind = input.array.dtype.kind
    if kind == "b":
        raise RuntimeError(f"Bool inputs not supported for {name}")
    if kind == "u" and low < 0:
        raise RuntimeError(f"cannot do {name} on an unsigned type with negative limits")
    if kind in "iu":
        low, high = int(low), int(high)
    return activate(name, input, inplace, rows.hardtanh, low, high, kinds="fiu")


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`x` moved into [0, 6].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.relu6(tg.tensor([-1.0, 3.0, 9.0]))
        tensor([0., 3., 6.])
    """
    return _moved_into("relu6", input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A straight line from 0 at -3 to 1 at 3, flat beyond.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.hardsigmoid(tg.tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    return activate("hardsigmoid", input, inplace, rows.hardsigmoid)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * hardsigmoid(x)` (Howard et al., 2019).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.hardswish(tg.tensor([-4.0, 0.0, 1.5]))
        tensor([-0.0000,  0.0000,  1.1250])
    """
    return activate("hardswish", input, inplace, rows.hardswish)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """`x`, but 0 in [-lambd, lambd].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.hardshrink(tg.tensor([-1.0, 0.2, 0.8]))
        tensor([-1.0000,  0.0000,  0.8000])
    """
    return activate("hardshrink", input, False, rows.hardshrink, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """`x` moved towards 0 by `lambd`, and 0 in [-lambd, lambd].

    Raises:
        RuntimeError: for a negative or infinite `lambd`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.softshrink(tg.tensor([-1.0, 0.2, 0.8]))
        tensor([-0.5000,  0.0000,  0.3000])
    """
    need_tensor("softshrink", "input", input)
    if not 0 <= lambd < math.inf:
        raise RuntimeError(f"lambda must be in the range of 0 to the largest {input.dtype}, but found {lambd}")
    return activate("softshrink", input, False, rows.softshrink, lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """`x` where it is above `threshold`, else `value`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.threshold(tg.tensor([0.5, 2.0]), 1.0, -5.0)
        tensor([-5.,  2.])
    """
    need_tensor("threshold", "input", input)
    if input.array.dtype.kind != "f":
        threshold, value = int(threshold), int(value)
    return activate("threshold", input, inplace, rows.threshold, threshold, value, kinds="fiu")


_threshold = threshold  # by this name where an argument has the function's own


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place version of `threshold`.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([0.5, 2.0])
        >>> tg.nn.functional.threshold_(x, 1.0, -5.0) is x, x
        (True, tensor([-5.,  2.]))
    """
    return _threshold(input, threshold, value, inplace=True)
