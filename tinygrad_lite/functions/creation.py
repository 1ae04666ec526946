"""The functions that make tensors: `tensor`, `zeros`, `arange`, `eye` ..."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import as_element, get_default_dtype, scalar_dtype, to_dtype
from tinygrad_lite.functions.arguments import need_tensor, sizes_of, to_shape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _plain(data: Any) -> Any:
    """Nested lists with tensors in them as nested lists of arrays."""
    if isinstance(data, TensorCore):
        return data.array
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return data


def _number(value: Any) -> Any:
    """A tensor with one element as a Python number; what is a number already, as it is."""
    return value.array.item() if isinstance(value, TensorCore) else value


def _has_array(data: Any) -> bool:
    """Whether an array or NumPy number is what nested lists hold."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, np.ndarray | np.generic)


def _array(data: Any, dtype: Any, copy: bool) -> np.ndarray:
    """The array that `data` stands for, with PyTorch's defaults for Python numbers."""
    target = None if dtype is None else to_dtype(dtype).numpy
    plain = _plain(data)
    try:
        found = np.array(plain, dtype=target) if copy else np.asarray(plain, dtype=target)
    except (ValueError, TypeError, OverflowError) as error:
        found = _one_by_one(plain, target, error)
    if target is None and not isinstance(data, TensorCore | np.ndarray | np.generic) and not _has_array(plain):
        if found.dtype.kind == "f" or not found.size:
            found = found.astype(get_default_dtype().numpy)
        elif found.dtype.kind == "c":
            found = found.astype(get_default_dtype().to_complex().numpy)
        elif found.dtype.kind == "u":
            raise ValueError("Overflow when unpacking long long: an integer does not fit in 64 bits")
    if found.dtype.kind in "OUS":
        raise _no_numbers(data, found)
    return found


def _one_by_one(plain: Any, target: np.dtype[Any] | None, error: Exception) -> np.ndarray:
    """Numbers brought to a dtype where NumPy would not; raises what PyTorch does where that cannot be."""
    try:
        numbers = np.array(plain)
    except ValueError:
        raise ValueError(f"expected numbers in nested sequences of equal length: {error}") from error
    if target is None or numbers.dtype.kind in "OUS":
        return numbers
    return np.array([as_element(n, target) for n in numbers.reshape(-1)], target).reshape(numbers.shape)


def _no_numbers(data: Any, found: np.ndarray) -> Exception:
    """What is wrong with data that are no numbers, as PyTorch says it."""
    first = found.reshape(-1)[0] if found.size else None
    if isinstance(first, str | bytes):
        return ValueError("too many dimensions 'str'") if found.ndim else TypeError("new(): invalid data type 'str'")
    if isinstance(first, int):
        return ValueError("Overflow when unpacking long long: an integer does not fit in 64 bits")
    return RuntimeError(f"Could not infer dtype of {type(first).__name__}")


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of `data`.

    Args:
        data: numbers, nested lists of numbers, an array, a tensor.
        dtype: of the elements; by default that of an array, else float32, int64, bool or complex64.
        device: only "cpu".
        requires_grad: whether gradients are wanted.
        pin_memory: accepted as in PyTorch; memory is never pinned.

    Raises:
        ValueError: if the lists are not of equal length.
        TypeError: for elements that are no numbers.
        RuntimeError: if gradients are wanted of integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tensor([[1, 2], [3, 4]]), tg.tensor([0.5, 1])
        (tensor([[1, 2],
                [3, 4]]), tensor([0.5000, 1.0000]))
    """
    to_device(device)
    return make(_array(data, dtype, copy=True), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where possible: a tensor itself, an array without a copy.

    Example:
        >>> import tinygrad_lite as tg, numpy as np
        >>> a = np.zeros(2)
        >>> x = tg.as_tensor(a); a[0] = 5; x
        tensor([5., 0.], dtype=tinygrad_lite.float64)
    """
    to_device(device)
    if isinstance(data, TensorCore):
        return data if dtype is None else data.to(dtype)  # type: ignore[attr-defined]
    return make(_array(data, dtype, copy=False))


asarray = as_tensor


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor on the memory of an array: writing to one is seen in the other.

    Raises:
        TypeError: for what is no array, or an array of a dtype that no tensor has.

    Example:
        >>> import tinygrad_lite as tg, numpy as np
        >>> tg.from_numpy(np.arange(3))
        tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return make(ndarray)


def _filled(shape: tuple[int, ...], value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    to_device(device)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    target = get_default_dtype().numpy if dtype is None else to_dtype(dtype).numpy
    array = np.zeros(shape, target) if value == 0 else np.full(shape, as_element(value, target), target)
    return make(array, requires_grad)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """Zeros, of a shape given as `zeros(2, 3)` or `zeros((2, 3))`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return _filled(sizes_of("zeros", size, names), 0, dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """Ones, of a shape given as `ones(2, 3)` or `ones((2, 3))`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(3)
        tensor([1., 1., 1.])
    """
    return _filled(sizes_of("ones", size, names), 1, dtype, device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """A tensor whose elements are still to be written. They are zeros, so that two runs agree.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.empty(2, 3).shape
        Size([2, 3])
    """
    names.pop("pin_memory", None), names.pop("memory_format", None)
    return _filled(sizes_of("empty", size, names), 0, dtype, device, requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of one value; its dtype is the value's unless `dtype` says otherwise.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.full((2,), 7), tg.full((2,), 0.5)
        (tensor([7, 7]), tensor([0.5000, 0.5000]))
    """
    value = _number(fill_value)
    own = scalar_dtype(value) if dtype is None else dtype
    return _filled(to_shape("full", (size,)), value, own, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an n × m matrix, zeros elsewhere.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    to_device(device)
    columns = n if m is None else m
    if n < 0 or columns < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n} and {m}")
    target = get_default_dtype() if dtype is None else to_dtype(dtype)
    return make(np.eye(n, columns, dtype=target.numpy), requires_grad)


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
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
    to_device(device)
    if end is None:
        start, end = None, start
    if end is None:
        raise TypeError("arange() received no 'end'")
    start = 0 if start is None else start
    start, end, step = _number(start), _number(end), _number(step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start} -> {end} by {step}")
    if dtype is None:
        whole = all(isinstance(v, int | np.integer) for v in (start, end, step))
        target = np.dtype(np.int64) if whole else get_default_dtype().numpy
    else:
        target = to_dtype(dtype).numpy
    count = math.ceil((end - start) / step)
    wide = np.int64 if all(isinstance(v, int) for v in (start, end, step)) else np.float64
    return make((np.arange(count, dtype=wide) * step + start).astype(target), requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, equally far apart.

    Raises:
        RuntimeError: if `steps` is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    to_device(device)
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, got {steps}")
    start, end = _number(start), _number(end)
    is_complex = isinstance(start, complex) or isinstance(end, complex)
    default = get_default_dtype().to_complex() if is_complex else get_default_dtype()
    target = default.numpy if dtype is None else to_dtype(dtype).numpy
    return make(np.linspace(start, end, steps).astype(target), requires_grad)


def _like(input: Tensor, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    return _filled(input.array.shape, value, input.array.dtype if dtype is None else dtype, device, requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros_like(tg.tensor([1, 2]))
        tensor([0, 0])
    """
    need_tensor("zeros_like", "input", input)
    return _like(input, 0, dtype, device, requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones_like(tg.tensor([5.0, 6.0]))
        tensor([1., 1.])
    """
    need_tensor("ones_like", "input", input)
    return _like(input, 1, dtype, device, requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.full_like(tg.zeros(2), 7)
        tensor([7., 7.])
    """
    need_tensor("full_like", "input", input)
    return _like(input, fill_value, dtype, device, requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor still to be written, in the shape and dtype of `input`; zeros, so that two runs agree.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.empty_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    return zeros_like(input, dtype=dtype, device=device, requires_grad=requires_grad)
