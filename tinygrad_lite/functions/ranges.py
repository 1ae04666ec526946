"""The functions that make numbers at equal distances: `arange`, `linspace`, `logspace`."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.functions.creation import plain_names
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

__all__ = ["arange", "linspace", "logspace"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _number(name: str, value: Any) -> Any:
    """A tensor without dimensions as a Python number; what is a number already, as it is."""
    if not isinstance(value, TensorCore):
        return value
    if value.array.size != 1 or (value.array.ndim and name != "arange"):
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got shape {list(value.array.shape)}"
        )
    return value.array.item()


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Numbers from `start` (0 if only one is given) up to, not including, `end`, `step` apart.

    Raises:
        RuntimeError: if the step is zero or leads away from the end.
        TypeError: without an end.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(3), tg.arange(1, 2, 0.5)
        (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    if device is not None:
        to_device(device)
    plain_names("arange", names)
    if end is None:
        start, end = 0, start
    if end is None:
        raise TypeError("arange() received no 'end'")
    start = _number("arange", 0 if start is None else start)
    end, step = _number("arange", end), _number("arange", step)
    whole = isinstance(start, int) and isinstance(end, int) and isinstance(step, int)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start} -> {end} by {step}")
    if whole and dtype is None:
        return make(np.arange(start, end, step, dtype=np.int64), requires_grad)
    if dtype is None:
        target = get_default_dtype().numpy
    else:
        target = to_dtype(dtype).numpy
    if target == np.int64:
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise RuntimeError("step must be nonzero, but as an integer it is zero")
    count = math.ceil((end - start) / step)
    if target.kind in "iu":
        start, step = int(start), int(step)
    return make((np.arange(count) * step + start).astype(target), requires_grad)


def _spaced(name: str, start: Any, end: Any, steps: int, dtype: Any) -> tuple[np.ndarray, np.dtype[Any]]:
    """Equal steps, counted from the nearer end; and the dtype that they are to have."""
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, got {steps}")
    start, end = _number(name, start), _number(name, end)
    is_complex = isinstance(start, complex) or isinstance(end, complex)
    default = get_default_dtype().to_complex() if is_complex else get_default_dtype()
    target = default.numpy if dtype is None else to_dtype(dtype).numpy
    if is_complex and target.kind != "c":
        raise RuntimeError(f"{name}(): inferred dtype {default} can't be safely cast to passed dtype {target}")
    if target.kind in "iu":
        start, end = int(start), int(end)
    step = (end - start) / max(steps - 1, 1)
    values = np.arange(steps) * step
    half = steps // 2
    values[half:] = (end - values[: steps - half])[::-1] if steps > 1 else start
    values[:half] += start
    return values, target


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **names: Any,
) -> Tensor:  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, equally far apart.

    Raises:
        RuntimeError: if `steps` is negative, or an end is a tensor with dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    to_device(device)
    plain_names("linspace", names)
    values, target = _spaced("linspace", start, end, steps, dtype)
    return make(values.astype(target), requires_grad)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """`base` to the power of `steps` numbers from `start` to `end`, equally far apart.

    Raises:
        RuntimeError: if `steps` is negative, or an end is a tensor with dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    to_device(device)
    plain_names("logspace", names)
    powers, target = _spaced("logspace", start, end, steps, dtype)
    with np.errstate(all="ignore"):
        return make(np.power(base, powers).astype(target), requires_grad)
