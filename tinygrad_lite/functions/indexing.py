"""Taking elements out and putting them in: what `x[...]` and `x[...] = v` do, `masked_fill` ..."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import as_element
from tinygrad_lite.functions import shaping
from tinygrad_lite.functions.arguments import common_shape, need_tensor
from tinygrad_lite.graph import TensorCore, mode
from tinygrad_lite.inplace import check_writable, write
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import index as ops
from tinygrad_lite.tensors import bare, make
from tinygrad_lite.views import link, note_write

__all__ = ["fill_", "masked_fill", "masked_select", "zero_"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def to_index(index: Any) -> tuple[tuple[Any, ...], bool]:
    """An index as a person writes it, as NumPy takes it; and whether it names a view.

    Raises:
        IndexError: for what cannot be an index, such as a float tensor.
        ValueError: for a slice that runs backwards, which PyTorch does not have.
    """
    parts = index if isinstance(index, tuple) else (index,)
    out: list[Any] = []
    basic, dotted = True, False
    for part in parts:
        if type(part) is int:
            out.append(part)
        elif isinstance(part, slice):
            out.append(_to_slice(part))
        elif part is None:
            out.append(None)
        elif part is Ellipsis:
            if dotted:  # PyTorch's second one stands for no dimension, and nothing may follow it
                continue
            dotted = True
            out.append(part)
        elif isinstance(part, bool | np.bool_):
            out.append(bool(part))
            basic = False
        elif isinstance(part, int | np.integer):
            out.append(int(part))
        else:
            array = _to_array(part)
            if array.ndim == 0 and array.dtype.kind in "iu":
                out.append(int(array))
            else:
                out.append(array)
                basic = False
    return tuple(out), basic


_PLAIN = (int, type(None))


def _to_slice(part: slice) -> slice:
    start, stop, step = part.start, part.stop, part.step
    if type(start) in _PLAIN and type(stop) in _PLAIN and step is None:
        return part
    start, stop, step = (None if v is None else _to_int(v) for v in (start, stop, step))
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero; flip() reverses a dimension")
    return slice(start, stop, step)


def _to_int(value: Any) -> int:
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"slice indices must be integers or None, not {type(value).__name__}") from None


def _to_array(part: Any) -> np.ndarray:
    if isinstance(part, str):
        raise TypeError("an index cannot be text, got str")
    if isinstance(part, TensorCore):
        array = part.array
    else:
        try:
            array = np.asarray([p.array if isinstance(p, TensorCore) else p for p in part])
        except (TypeError, ValueError):
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long, int, byte or bool Variables are "
                f"valid indices (got {type(part).__name__})"
            ) from None
        if array.size == 0:
            array = array.astype(np.int64)
    if array.dtype == np.uint8:
        return array.astype(bool)  # PyTorch's older masks
    if array.dtype.kind not in "bi":
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, got {array.dtype}")
    return array


def _integers_first(input: Tensor, plain: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
    """Take the integers out of an index that has arrays too: the view they name, and what indexes that.

    NumPy counts integers among the arrays, which decides where the arrays' dimensions come to stand.
    """
    if not any(type(part) is int for part in plain):
        return input, plain
    first: list[Any] = []
    then: list[Any] = []
    for part in plain:
        if type(part) is int:
            first.append(part)
            continue
        then.append(slice(None) if isinstance(part, slice) or part is None else part)
        if isinstance(part, np.ndarray):
            first += [slice(None)] * (part.ndim if part.dtype.kind == "b" else 1)
        elif not isinstance(part, bool):
            first.append(part)
    return ops.select(input, tuple(first)), tuple(then)


def getitem(input: Tensor, index: Any) -> Tensor:
    """`input[index]`: a view for integers and slices, a copy for tensors of positions or truth values."""
    if type(index) is int and (ndim := input.array.ndim):
        if ndim > 1 and not input.needs_grad:
            return _row(input, index)
        return ops.select(input, (index,))
    plain, basic = to_index(index)
    if not basic:
        input, plain = _integers_first(input, plain)
        once = all(part.dtype.kind == "b" for part in plain if isinstance(part, np.ndarray))
        return (ops.pick if once else ops.index)(input, plain)
    if not input.array.ndim and any(isinstance(p, int | slice) for p in plain):
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    return ops.select(input, plain)


def _row(input: Tensor, index: int) -> Tensor:
    """What `select` gives for one integer where nothing is recorded: datasets are read so, a row at a time."""
    try:
        row = bare(input.array[index])
    except IndexError:
        return ops.select(input, (index,))  # which explains it
    link(row, input, ops.select, {"index": (index,)})
    return row


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """`input[index] = value`, recorded as an in-place operation."""
    plain, basic = to_index(index)
    if isinstance(value, np.ndarray | list | tuple):
        value = make(np.asarray(value))
    if basic:
        assign(ops.select(input, plain), value, "setitem")
        return
    input, plain = _integers_first(input, plain)
    masks = all(part.dtype.kind == "b" for part in plain if isinstance(part, np.ndarray))
    if isinstance(value, TensorCore) and value.array.dtype != input.array.dtype:
        if not (masks and value.array.size == 1):
            raise RuntimeError(
                "setitem: Index put requires the source and destination dtypes match, got "
                f"{input.array.dtype} for the destination and {value.array.dtype} for the source"
            )
    value = _to_write(value, input, "setitem")
    check_writable(input, "setitem")
    tracked = isinstance(value, TensorCore) and value.needs_grad
    if mode.grad and (input.requires_grad or tracked):
        write(input, lambda: ops.write(input, value, plain), "setitem")
        return
    try:
        input.array[plain] = value.array if isinstance(value, TensorCore) else value
    except ValueError as error:
        raise RuntimeError(f"setitem: shape mismatch: {error}") from error
    note_write(input, "setitem")


def assign(input: Tensor, value: Any, operation: str) -> Tensor:
    """Write `value`, a tensor that broadcasts or a number, over all of `input`."""
    shape = input.array.shape
    if isinstance(value, TensorCore):
        given = value.array.shape
        while len(given) > len(shape) and given[0] == 1:  # PyTorch drops leading ones in an assignment
            given = given[1:]
        if not _fits(given, shape):
            raise RuntimeError(
                f"{operation}: The expanded size of the tensor {list(shape)} must match the existing size "
                f"{list(value.array.shape)} at non-singleton dimensions"
            )
        if value.array.ndim > len(given):
            value = shaping.reshape(value, given)
    value = _to_write(value, input, operation)
    return write(input, lambda: ops.write(input, value, (...,)), operation)


def zero_(input: Tensor) -> Tensor:
    """Write zeros over all of `input`, which is returned.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zero_(tg.ones(2))
        tensor([0., 0.])
    """
    need_tensor("zero_", "input", input)
    return assign(input, 0, "zero_")


def fill_(input: Tensor, value: Any) -> Tensor:
    """Write one value over all of `input`, which is returned.

    Raises:
        RuntimeError: for a value that has dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fill_(tg.ones(2), 5)
        tensor([5., 5.])
    """
    if isinstance(value, TensorCore) and value.array.ndim:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.array.ndim} dimensions; copy_ takes a tensor"
        )
    return assign(input, value, "fill_")


def _to_write(value: Any, target: Tensor, operation: str) -> Any:
    """A tensor or a number in the dtype of the tensor that it is to be written into."""
    if isinstance(value, TensorCore):
        return to_dtype_of(value, target)
    if not isinstance(value, int | float | complex | np.generic):
        raise TypeError(f"{operation}: can't assign a {type(value).__name__} to a {target.dtype} tensor")
    return as_element(value, target.array.dtype)


def to_dtype_of(value: Tensor, like: Tensor) -> Tensor:
    """`value` in the dtype of `like`."""
    return value if value.array.dtype is like.array.dtype else cast(value, like.array.dtype)


def _fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    pairs = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(a in (1, b) for a, b in pairs)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` where the mask is true, else `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.masked_fill(tg.ones(2), tg.tensor([True, False]), 7)
        tensor([7., 1.])
    """
    need_tensor("masked_fill", "input", input)
    need_tensor("masked_fill", "mask", mask, 2)
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"masked_fill only supports boolean masks, but got mask with dtype {mask.dtype}")
    if isinstance(value, TensorCore):
        if value.array.ndim:
            raise RuntimeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.array.ndim} dimension(s)."
            )
        if value.array.dtype.kind == "c" != input.array.dtype.kind:
            raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow: it is complex")
        value = to_dtype_of(value, input)
    else:
        value = as_element(value, input.array.dtype)
    return elementwise.where(mask, value, input)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, in one dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.masked_select(tg.tensor([1, 2, 3]), tg.tensor([True, False, True]))
        tensor([1, 3])
    """
    need_tensor("masked_select", "input", input)
    need_tensor("masked_select", "mask", mask, 2)
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    shape = common_shape("masked_select", input.array.shape, mask.array.shape)
    if not shape:
        input, shape = shaping.reshape(input, 1), (1,)
    return ops.pick(shaping.expand(input, shape), (np.broadcast_to(mask.array, shape),))
