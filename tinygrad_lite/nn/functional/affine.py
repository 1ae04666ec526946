"""Weighted sums as functions, under PyTorch's names."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import linalg as rows

__all__ = ["bilinear", "linear"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`.

    Args:
        input: (*, in_features).
        weight: (out_features, in_features).
        bias: (out_features,) or None.

    Returns:
        (*, out_features).

    Raises:
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.linear(tg.ones(1, 2), tg.tensor([[1.0, 2.0]]), tg.tensor([0.5]))
        tensor([[3.5000]])
    """
    if not (isinstance(input, TensorCore) and isinstance(weight, TensorCore)):
        need_tensor("linear", "input", input)
        need_tensor("linear", "weight", weight, 2)
    if bias is not None:
        need_tensor("linear", "bias", bias, 3)
        if bias.array.dtype is not weight.array.dtype:
            raise RuntimeError(
                f"linear(): expected bias and weight to have the same dtype, but got: {bias.dtype} != {weight.dtype}"
            )
    if weight.array.ndim == 2:
        return rows.linear(input, weight, bias)
    if weight.array.ndim != 1 or bias is not None:
        raise RuntimeError(f"linear(): weight must be a matrix, got a {weight.array.ndim}-D tensor")
    return input @ weight


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each k.

    Args:
        input1: (*, in1_features).
        input2: (*, in2_features), with the same leading dimensions.
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,) or None.

    Returns:
        (*, out_features).

    Raises:
        RuntimeError: if the shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.bilinear(tg.tensor([[1.0, 2.0]]), tg.tensor([[3.0]]), tg.ones(1, 2, 1))
        tensor([[9.]])
    """
    for position, (called, tensor) in enumerate({"input1": input1, "input2": input2, "weight": weight}.items(), 1):
        need_tensor("bilinear", called, tensor, position)
    if weight.array.ndim != 3:
        raise RuntimeError(f"bilinear(): weight must be 3-dimensional, got {weight.array.ndim}-D")
    outputs, wide, deep = weight.array.shape
    lead = input1.array.shape[:-1]
    if lead != input2.array.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {list(lead)} and {list(input2.array.shape[:-1])}"
        )
    for called, tensor, size in (("input1", input1, wide), ("input2", input2, deep)):
        if (seen := tensor.array.shape[-1]) != size:
            raise RuntimeError(f"bilinear(): {called} size does not match weight size: got {seen} but expected {size}")
    if bias is not None and bias.array.size != outputs:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.array.size} but expected {outputs}"
        )
    sides = (input2 @ weight.reshape(outputs * wide, deep).mT).reshape(*lead, outputs, wide)
    out = (sides * input1.unsqueeze(-2)).sum(-1, dtype=sides.dtype)
    return out if bias is None else out + bias
