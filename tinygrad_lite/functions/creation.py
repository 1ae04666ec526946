"""The functions that make tensors: `tensor`, `zeros`, `arange`, `eye` ..."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import as_element, get_default_dtype, scalar_dtype, to_dtype
from tinygrad_lite.functions.arguments import need_tensor, sizes_of, to_shape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.layout import contiguous_format, order_of, preserve_format, strided, zeros_in
from tinygrad_lite.tensors import make

__all__ = [
    "as_tensor", "asarray", "empty", "empty_like", "empty_strided", "eye", "from_numpy", "full", "full_like", "ones",
    "ones_like", "resize_as_", "scalar_tensor", "tensor", "zeros", "zeros_like",
]  # fmt: skip

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


def _filled(
    shape: tuple[int, ...], value: Any, dtype: Any, device: Any, requires_grad: bool, order: Any = None
) -> Tensor:
    if device is not None:
        to_device(device)
    if shape and min(shape) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    target = get_default_dtype().numpy if dtype is None else to_dtype(dtype).numpy
    array = np.zeros(shape, target) if order is None else zeros_in(shape, target, order)
    if value != 0:
        array.fill(value if target.kind == "f" and type(value) in (int, float) else as_element(value, target))
    return make(array, requires_grad)


def plain_names(function: str, names: dict[str, Any], *keywords: str) -> dict[str, Any]:
    """What is left of the keywords without `layout` and `pin_memory`, which change nothing here."""
    if not names:
        return names
    if names.pop("layout", None) not in (None, strided):
        raise NotImplementedError(f"{function}(): tensors are strided here; sparse layouts do not exist")
    names.pop("pin_memory", None)
    unknown = set(names) - set(keywords)
    if unknown:
        raise TypeError(f"{function}() got an unexpected keyword argument {min(unknown)!r}")
    return names


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """Zeros, of a shape given as `zeros(2, 3)` or `zeros((2, 3))`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return _filled(sizes_of("zeros", size, plain_names("zeros", names, "size")), 0, dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """Ones, of a shape given as `ones(2, 3)` or `ones((2, 3))`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(3)
        tensor([1., 1., 1.])
    """
    return _filled(sizes_of("ones", size, plain_names("ones", names, "size")), 1, dtype, device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any) -> Tensor:
    """A tensor whose elements are still to be written. They are zeros, so that two runs agree.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.empty(2, 3).shape
        Size([2, 3])
    """
    format = names.pop("memory_format", None)
    shape = sizes_of("empty", size, plain_names("empty", names, "size"))
    if format is preserve_format:
        raise RuntimeError("empty(): preserve_format has nothing to preserve here; empty_like() has")
    return _filled(shape, 0, dtype, device, requires_grad, order_of(format, len(shape)))


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A tensor still to be written, with strides given in elements; zeros, so that two runs agree.

    Raises:
        RuntimeError: if there are not as many strides as sizes, or one is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    plain_names("empty_strided", names)
    shape, steps = to_shape("empty_strided", (size,)), to_shape("empty_strided", (stride,))
    if len(shape) != len(steps):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(steps)})"
        )
    if min(shape + steps, default=0) < 0:
        raise RuntimeError(f"sizes and strides must not be negative, got {list(shape)} and {list(steps)}")
    room = 1 + sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) if 0 not in shape else 0
    memory = _filled((room,), 0, dtype, device, False).array
    strides = tuple(step * memory.itemsize for step in steps)
    return make(np.ndarray(shape, memory.dtype, memory, 0, strides), requires_grad)


def full(
    size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A tensor of one value; its dtype is the value's unless `dtype` says otherwise.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.full((2,), 7), tg.full((2,), 0.5)
        (tensor([7, 7]), tensor([0.5000, 0.5000]))
    """
    plain_names("full", names)
    value = _number(fill_value)
    own = scalar_dtype(value) if dtype is None else dtype
    return _filled(to_shape("full", (size,)), value, own, device, requires_grad)


def scalar_tensor(
    s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A number as a tensor without dimensions, of the default dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.scalar_tensor(2)
        tensor(2.)
    """
    plain_names("scalar_tensor", names)
    return _filled((), _number(s), dtype, device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """Ones on the diagonal of an n × m matrix, zeros elsewhere.

    Raises:
        RuntimeError: if a size is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    to_device(device)
    plain_names("eye", names)
    columns = n if m is None else m
    if n < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n}")
    if columns < 0:
        raise RuntimeError(f"m must be greater or equal to 0, got {m}")
    target = get_default_dtype() if dtype is None else to_dtype(dtype)
    return make(np.eye(n, columns, dtype=target.numpy), requires_grad)


def _like(name: str, input: Tensor, value: Any, names: dict[str, Any]) -> Tensor:
    """One value in the shape, dtype and layout of `input`, unless keywords say otherwise."""
    need_tensor(name, "input", input)
    array = input.array
    if not names:
        return make(_filled_as(array, value))
    plain_names(name, names, "dtype", "device", "requires_grad", "memory_format")
    order = order_of(names.get("memory_format") or preserve_format, array.ndim, array)
    dtype = array.dtype if names.get("dtype") is None else names["dtype"]
    return _filled(array.shape, value, dtype, names.get("device"), names.get("requires_grad", False), order)


def _filled_as(array: np.ndarray, value: Any) -> np.ndarray:
    out = zeros_in(array.shape, array.dtype, order_of(preserve_format, array.ndim, array))
    if value:
        out[...] = as_element(value, array.dtype)
    return out


def zeros_like(input: Tensor, **names: Any) -> Tensor:
    """Zeros in the shape and dtype of `input`.

    Args:
        input: a tensor.
        names: `dtype`, `device`, `requires_grad`, `memory_format` (as `input` lies, by default).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros_like(tg.tensor([1, 2]))
        tensor([0, 0])
    """
    return _like("zeros_like", input, 0, names)


def ones_like(input: Tensor, **names: Any) -> Tensor:
    """Ones in the shape and dtype of `input`. See `zeros_like`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones_like(tg.tensor([5.0, 6.0]))
        tensor([1., 1.])
    """
    return _like("ones_like", input, 1, names)


def full_like(input: Tensor, fill_value: Any, **names: Any) -> Tensor:
    """One value in the shape and dtype of `input`. See `zeros_like`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.full_like(tg.zeros(2), 7)
        tensor([7., 7.])
    """
    return _like("full_like", input, _number(fill_value), names)


def empty_like(input: Tensor, **names: Any) -> Tensor:
    """A tensor still to be written, in the shape and dtype of `input`; zeros, so that two runs agree.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.empty_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    return _like("empty_like", input, 0, names)


def resize_(input: Tensor, *sizes: Any, memory_format: Any = contiguous_format) -> Tensor:
    """Give `input` itself another shape and as many elements as that takes, the first ones kept.

    Raises:
        RuntimeError: if it requires grad, or a size is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.arange(4).resize_(1, 3)
        tensor([[0, 1, 2]])
    """
    shape = to_shape("resize_", sizes)
    if input.needs_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if min(shape, default=0) < 0:
        raise RuntimeError(f"resize_: sizes must not be negative, got {list(shape)}")
    old = input.array
    if shape == old.shape and memory_format in (contiguous_format, preserve_format):
        return input
    out = zeros_in(shape, old.dtype, order_of(memory_format, len(shape), old))
    kept = min(out.size, old.size)
    out.reshape(-1)[:kept] = old.reshape(-1)[:kept]
    input.array = out
    return input


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = contiguous_format) -> Tensor:
    """`resize_` to the shape of another tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.resize_as_(tg.arange(4), tg.zeros(1, 3))
        tensor([[0, 1, 2]])
    """
    need_tensor("resize_as_", "the_template", the_template, 2)
    return resize_(input, the_template.array.shape, memory_format=memory_format)
