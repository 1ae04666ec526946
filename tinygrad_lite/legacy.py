"""The types of tensors by name, as in old PyTorch programs: `FloatTensor([1, 2])`, `x.type("torch.LongTensor")`.

A `FloatTensor` is a tensor of float32: one class, `Tensor`, has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.functions.creation import tensor, zeros
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "ComplexDoubleTensor", "ComplexFloatTensor", "DoubleTensor",
    "FloatTensor", "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "set_default_tensor_type",
]  # fmt: skip


def made_of(name: str, dtype: dtypes.dtype, args: Sequence[Any], device: Any = None) -> Any:
    """A tensor of this dtype, from sizes, a sequence, an array or a tensor.

    Raises:
        TypeError: for a number that is no size, or a tensor of another dtype.
    """
    if len(args) == 1 and not isinstance(args[0], int):
        (data,) = args
        if isinstance(data, TensorCore):
            if data.array.dtype != dtype.numpy:
                raise TypeError(f"{name}(): expected a tensor of {dtype}, got one of {data.array.dtype}; use .to()")
            return make(data.array)
        if type(data).__name__ == "Size":
            return zeros(data, dtype=dtype, device=device)
        if hasattr(data, "__array__"):
            return make(np.array(data, dtype.numpy))
        if not isinstance(data, Sequence) or isinstance(data, str):
            raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
        if dtype.numpy.kind in "iu":  # fractions are cut off
            return tensor(data, device=device).to(dtype) if len(data) else tensor(data, dtype=dtype, device=device)
        return tensor(data, dtype=dtype, device=device)
    return zeros(*args or (0,), dtype=dtype, device=device)


class _TensorType(type):
    """What `FloatTensor` and its like are: a class that all tensors of its dtype are instances of."""

    dtype: dtypes.dtype
    is_cuda = False

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorCore) and instance.array.dtype == cls.dtype.numpy

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        return made_of(cls.__name__, cls.dtype, args, device)


def _tensor_type(name: str, dtype: dtypes.dtype) -> _TensorType:
    doc = f"""Tensors of {dtype.name}: to make one, and to ask whether a tensor is one.

    Args:
        data: sizes, or a sequence, an array, a tensor of this dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.{name}([0, 1]).dtype, isinstance(tg.zeros(1, dtype=tg.{dtype.name}), tg.{name})
        ({dtype}, True)
    """
    return _TensorType(name, (), {"dtype": dtype, "__doc__": doc, "__module__": "tinygrad_lite"})


HalfTensor = _tensor_type("HalfTensor", dtypes.float16)
FloatTensor = _tensor_type("FloatTensor", dtypes.float32)
DoubleTensor = _tensor_type("DoubleTensor", dtypes.float64)
ComplexFloatTensor = _tensor_type("ComplexFloatTensor", dtypes.complex64)
ComplexDoubleTensor = _tensor_type("ComplexDoubleTensor", dtypes.complex128)
ByteTensor = _tensor_type("ByteTensor", dtypes.uint8)
CharTensor = _tensor_type("CharTensor", dtypes.int8)
ShortTensor = _tensor_type("ShortTensor", dtypes.int16)
IntTensor = _tensor_type("IntTensor", dtypes.int32)
LongTensor = _tensor_type("LongTensor", dtypes.int64)
BoolTensor = _tensor_type("BoolTensor", dtypes.bool_)

TYPES = {kind.__name__: kind.dtype for kind in vars().copy().values() if isinstance(kind, _TensorType)}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def named_dtype(name: Any) -> dtypes.dtype:
    """The dtype that `FloatTensor` or its name stands for, "torch.FloatTensor"; or else what `to_dtype` makes of it.

    Raises:
        ValueError: for a name that is none of a type of tensor.
    """
    if isinstance(name, _TensorType):
        return name.dtype
    if not isinstance(name, str):
        return dtypes.to_dtype(name)
    package, _, kind = name.rpartition(".")
    if package not in ("torch", "tinygrad_lite") or kind not in TYPES:
        raise ValueError(f"invalid type: {name!r}")
    return TYPES[kind]


def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of `t` the default one; PyTorch's older name for `set_default_dtype`, deprecated there.

    Args:
        t: `DoubleTensor`, say, or its name, "torch.DoubleTensor".

    Raises:
        TypeError: if it is no floating-point type.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_default_tensor_type(tg.DoubleTensor); tg.zeros(1).dtype
        tinygrad_lite.float64
        >>> tg.set_default_tensor_type("torch.FloatTensor")
    """
    if isinstance(t, str) and ".cuda." in t:
        raise TypeError(f"type {t} not available: tinygrad_lite computes on the CPU")
    dtypes.set_default_dtype(named_dtype(t))
