"""Taking elements out and putting them in: what `x[...]` and `x[...] = v` do, `nonzero`, `one_hot` ..."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import as_element
from tinygrad_lite.functions import shaping
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.graph import TensorCore, mode
from tinygrad_lite.inplace import check_writable, write
from tinygrad_lite.op import cast
from tinygrad_lite.ops import elementwise
from tinygrad_lite.ops import index as ops
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def to_index(index: Any) -> tuple[tuple[Any, ...], bool]:
    """An index as a person writes it, as NumPy takes it; and whether it names a view.

    Raises:
        IndexError: for what cannot be an index, such as a float tensor.
        ValueError: for a slice that runs backwards, which PyTorch does not have.
    """
    parts = index if isinstance(index, tuple) else (index,)
    out: list[Any] = []
    basic = True
    for part in parts:
        if isinstance(part, bool | np.bool_):
            out.append(bool(part))
            basic = False
        elif isinstance(part, int | np.integer):
            out.append(int(part))
        elif part is None or part is Ellipsis:
            out.append(part)
        elif isinstance(part, slice):
            out.append(_to_slice(part))
        else:
            array = _to_array(part)
            if array.ndim == 0 and array.dtype.kind in "iu":
                out.append(int(array))
            else:
                out.append(array)
                basic = False
    return tuple(out), basic


def _to_slice(part: slice) -> slice:
    start, stop, step = (None if v is None else _to_int(v) for v in (part.start, part.stop, part.step))
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
    plain, basic = to_index(index)
    if not basic:
        return ops.index(*_integers_first(input, plain))
    if not input.array.ndim and any(isinstance(p, int | slice) for p in plain):
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    return ops.select(input, plain)


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


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements that are not zero are: a row of indices for each, or one tensor per dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nonzero(tg.tensor([0, 3, 5]))
        tensor([[1],
                [2]])
    """
    need_tensor("nonzero", "input", input)
    found = np.nonzero(np.atleast_1d(input.array))
    if as_tuple:
        return tuple(make(f) for f in found)
    return make(np.stack(found, axis=-1)[:, : input.array.ndim])


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Elements along `dim` at the positions that `index` holds.

    Args:
        input: a tensor.
        dim: the dimension that positions count along.
        index: integers; as many dimensions as `input`, no other one larger than there.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.gather(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([[0], [1]]))
        tensor([[1],
                [4]])
    """
    need_tensor("gather", "input", input)
    need_tensor("gather", "index", index, 3)
    if index.array.dtype != np.int64:
        raise RuntimeError(f"gather(): Expected dtype int64 for index, got {index.dtype}")
    axis = one_dim("gather", dim, input.array.ndim)
    if not input.array.ndim:
        return gather(input.reshape(1), 0, index.reshape(-1)).reshape(index.array.shape)
    if index.array.ndim != input.array.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    shape, size = index.array.shape, input.array.shape
    if any(a > b for d, (a, b) in enumerate(zip(shape, size, strict=True)) if d != axis):
        raise RuntimeError(
            f"Size does not match at dimension expected index {list(shape)} to be no larger than self "
            f"{list(size)} apart from dimension {axis}"
        )
    if index.array.size and (index.array.min() < 0 or index.array.max() >= size[axis]):
        raise RuntimeError(f"gather(): an index is out of bounds for dimension {axis} with size {size[axis]}")
    return ops.index(input, ops.along(axis, index.array))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` at the positions that the vector `index` holds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.index_select(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([1]))
        tensor([[2],
                [4]])
    """
    need_tensor("index_select", "input", input)
    need_tensor("index_select", "index", index, 3)
    if index.array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.array.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"index_select(): Expected dtype int32 or int64 for index, got {index.dtype}")
    axis = one_dim("index_select", dim, input.array.ndim)
    size = input.array.shape[axis] if input.array.ndim else 1
    if index.array.size and (index.array.min() < 0 or index.array.max() >= size):
        raise IndexError(f"index_select(): index out of range for dimension {axis} with size {size}")
    return ops.index(input, (slice(None),) * axis + (np.atleast_1d(index.array),))


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
    try:
        shape = np.broadcast_shapes(input.array.shape, mask.array.shape)
    except ValueError as error:
        raise RuntimeError(f"masked_select(): {error}") from error
    return ops.index(input.expand(shape), (np.broadcast_to(mask.array, shape),))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A row of zeros with a one at the class, for each class number. `tinygrad_lite.nn.functional` has it.

    Args:
        tensor: int64 class numbers, of any shape.
        num_classes: the length of the rows; -1 for one more than the largest class.

    Raises:
        RuntimeError: for other dtypes, or a class that is negative or too large.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.one_hot(tg.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    need_tensor("one_hot", "tensor", tensor)
    classes = tensor.array
    if classes.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type int64, got {tensor.dtype}")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(classes.max()) + 1
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError(f"Class values must be smaller than num_classes ({num_classes}), got {classes.max()}.")
    return make((classes[..., None] == np.arange(num_classes)).astype(np.int64))
