"""How many multiply-adds an operation takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["multiply_adds"]

Shape = tuple[int, ...]


def multiply_adds(name: str, inputs: Sequence[Shape], output: Shape) -> int | None:
    """The multiply-adds of an operation: of products of matrices and convolutions, where nearly all time goes.

    Args:
        name: of the operation.
        inputs: the shapes of its inputs.
        output: the shape of its result.

    Returns:
        their number; None for any other operation.

    Example:
        >>> multiply_adds("linear", [(32, 784), (128, 784), (128,)], (32, 128))
        3211264
        >>> multiply_adds("relu", [(32, 128)], (32, 128))
    """
    size = math.prod(output)
    match name:
        case "matmul" | "linear":
            return size * inputs[0][-1]
        case "outer":
            return size
        case "conv":  # weight: output channels, input channels of a group, the window
            return size * math.prod(inputs[1][1:])
        case "conv_transpose":  # weight: input channels, output channels of a group, the window
            return math.prod(inputs[0]) * math.prod(inputs[1][1:])
    return None
