"""The functions that say what a tensor is: `numel`, `is_tensor`, `result_type` ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.dtypes import BY_NUMPY, common_dtype, dtype
from tinygrad_lite.functions.arguments import common_shape, need_tensor, to_shape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.size import Size

__all__ = ["broadcast_shapes", "is_complex", "is_floating_point", "is_nonzero", "is_tensor", "numel", "result_type"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def numel(input: Tensor) -> int:
    """The number of elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.numel(tg.zeros(2, 3))
        6
    """
    need_tensor("numel", "input", input)
    return int(input.array.size)


def is_tensor(obj: Any) -> bool:
    """Whether something is a tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_tensor(tg.ones(1)), tg.is_tensor(1)
        (True, False)
    """
    return isinstance(obj, TensorCore)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are real numbers with fractions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_floating_point(tg.ones(1))
        True
    """
    need_tensor("is_floating_point", "input", input)
    return input.array.dtype.kind == "f"


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_complex(tg.ones(1))
        False
    """
    need_tensor("is_complex", "input", input)
    return input.array.dtype.kind == "c"


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero.

    Raises:
        RuntimeError: if there is not exactly one.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_nonzero(tg.tensor([0.5]))
        True
    """
    need_tensor("is_nonzero", "input", input)
    if input.array.size != 1:
        kind = "more than one value" if input.array.size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {kind} is ambiguous: its shape is {input.array.shape}")
    return bool(input.array)


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype that two tensors or numbers compute in together.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.result_type(tg.tensor([1, 2]), 1.0)
        tinygrad_lite.float32
    """
    return BY_NUMPY[common_dtype([x.array if isinstance(x, TensorCore) else x for x in (tensor1, tensor2)])]


def broadcast_shapes(*shapes: int | Sequence[int]) -> Size:
    """The shape that tensors of these shapes broadcast to.

    Raises:
        RuntimeError: if there is none.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.broadcast_shapes((2, 1), (3,))
        Size([2, 3])
    """
    return Size(common_shape("broadcast_shapes", *(to_shape("broadcast_shapes", (shape,)) for shape in shapes)))
