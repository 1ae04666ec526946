"""Functions that few programs call: older names, other forms of methods, memory of other objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.functions import matrix_norms, reduction, searching, shaping, solving, splitting, turning
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.creation import plain_names
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.legacy import NAMES
from tinygrad_lite.tensors import make

__all__ = [
    "detach", "detach_", "fill", "frobenius_norm", "frombuffer", "get_device", "is_conj", "is_distributed",
    "is_inference", "is_neg", "is_same_size", "is_signed", "narrow_copy", "nonzero_static", "norm_except_dim",
    "nuclear_norm", "range", "resolve_conj", "resolve_neg", "typename", "unsafe_chunk", "unsafe_split",
    "unsafe_split_with_sizes", "vander",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer

_METHODS = {
    "detach": ("The same memory without the history: gradients stop here.", "requires_grad\n    False"),
    "detach_": ("Forget the history of this tensor itself.", "requires_grad\n    False"),
    "get_device": ("-1, the number of the CPU among the GPUs.", "\n    -1"),
    "is_conj": ("False: conjugates are computed at once.", "\n    False"),
    "is_distributed": ("False.", "\n    False"),
    "is_inference": ("False: tensors made in `inference_mode` are like others here.", "\n    False"),
    "is_neg": ("False: negatives are computed at once.", "\n    False"),
    "is_signed": ("Whether the elements may be negative.", "\n    True"),
    "resolve_conj": ("The tensor itself: conjugates are computed at once.", "\n    tensor([1.])"),
    "resolve_neg": ("The tensor itself: negatives are computed at once.", "\n    tensor([1.])"),
}


def _method(name: str, about: str, example: str) -> Any:
    """The function that calls a method."""

    def function(input: Tensor) -> Any:
        need_tensor(name, "input", input)
        return getattr(input, name)()

    function.__name__ = function.__qualname__ = name
    attribute, _, output = example.rpartition("\n")
    call = f"tg.{name}(tg.ones(1))" + f".{attribute}" * bool(attribute)
    function.__doc__ = f"{about}\n\nExample:\n    >>> import tinygrad_lite as tg\n    >>> {call}\n{output}\n"
    return function


detach = _method("detach", *_METHODS["detach"])
detach_ = _method("detach_", *_METHODS["detach_"])
get_device = _method("get_device", *_METHODS["get_device"])
is_conj = _method("is_conj", *_METHODS["is_conj"])
is_distributed = _method("is_distributed", *_METHODS["is_distributed"])
is_inference = _method("is_inference", *_METHODS["is_inference"])
is_neg = _method("is_neg", *_METHODS["is_neg"])
is_signed = _method("is_signed", *_METHODS["is_signed"])
resolve_conj = _method("resolve_conj", *_METHODS["resolve_conj"])
resolve_neg = _method("resolve_neg", *_METHODS["resolve_neg"])


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_same_size(tg.ones(2), tg.ones(3))
        False
    """
    need_tensor("is_same_size", "input", input)
    need_tensor("is_same_size", "other", other, 2)
    return input.array.shape == other.array.shape


def typename(obj: Any) -> str:
    """The name of an object's type; that of a tensor by its dtype, as PyTorch has it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.typename(tg.ones(1)), tg.typename(tg.nn.Linear(1, 1)), tg.typename(1)
        ('torch.FloatTensor', 'tinygrad_lite.nn.modules.linear.Linear', 'int')
    """
    if isinstance(obj, TensorCore):
        return f"torch.{NAMES[obj.dtype]}"  # type: ignore[attr-defined]
    kind = obj if isinstance(obj, type) or hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None)
    return kind.__qualname__ if module in (None, "builtins") else f"{module}.{kind.__qualname__}"


def _assert(condition: Any, message: str) -> None:
    """`assert condition, message` as a function.

    Raises:
        AssertionError: if the condition does not hold.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg._assert(tg.ones(1).ndim == 1, "a vector is needed")
    """
    assert condition, message


def fill(input: Tensor, value: Any) -> Tensor:
    """One value, a number or a tensor without dimensions, in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.fill(tg.zeros(2), 3)
        tensor([3., 3.])
    """
    need_tensor("fill", "input", input)
    return input.clone().fill_(value)


def range(
    start: float, end: float | None = None, step: float = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Numbers from `start` to `end`, which belongs to them, at a distance of `step`; older than `arange`.

    Raises:
        RuntimeError: if no step leads from `start` to `end`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.range(1, 4)
        tensor([1., 2., 3., 4.])
    """
    plain_names("range", names)
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start}, {end}, {step}")
    target = get_default_dtype() if dtype is None else to_dtype(dtype)
    count = math.floor((end - start) / step) + 1
    return make((start + np.arange(count) * step).astype(target.numpy), requires_grad)


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor on the memory of a `bytes`, `bytearray`, `array.array` or the like.

    Args:
        buffer: what holds the memory; what is read-only can be read only.
        dtype: of the elements.
        count: how many, -1 for as many as there are.
        offset: how many bytes to leave out first.
        requires_grad: whether gradients are wanted.

    Raises:
        ValueError: if the memory is too short, or not of whole elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.frombuffer(bytearray([1, 0, 2, 0]), dtype=tg.int16)
        tensor([1, 2], dtype=tinygrad_lite.int16)
    """
    return make(np.frombuffer(buffer, to_dtype(dtype).numpy, count, offset), requires_grad)


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`narrow`, in memory of its own.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.narrow_copy(tg.arange(5), 0, 1, 2)
        tensor([1, 2])
    """
    return shaping.clone(splitting.narrow(input, dim, start, length))


def _slices(name: str, input: Tensor, sizes: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    axis, start, pieces = one_dim(name, dim, input.array.ndim), 0, []
    for size in sizes:
        pieces.append(splitting.narrow(input, axis, start, size))
        start += size
    return tuple(pieces)


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`, where the pieces may be written to.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unsafe_split(tg.arange(3), 2)
        (tensor([0, 1]), tensor([2]))
    """
    sizes = [piece.array.shape[dim] for piece in splitting.split(tensor, split_size, dim)]
    return _slices("unsafe_split", tensor, sizes, dim)


def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, where the pieces may be written to.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unsafe_split_with_sizes(tg.arange(3), [1, 2])
        (tensor([0]), tensor([1, 2]))
    """
    splitting.split_with_sizes(input, split_sizes, dim)
    return _slices("unsafe_split_with_sizes", input, split_sizes, dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`, where the pieces may be written to.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.unsafe_chunk(tg.arange(4), 2)
        (tensor([0, 1]), tensor([2, 3]))
    """
    sizes = [piece.array.shape[dim] for piece in splitting.chunk(input, chunks, dim)]
    return _slices("unsafe_chunk", input, sizes, dim)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """`nonzero`, cut off or filled up to `size` rows.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nonzero_static(tg.tensor([0, 5]), size=2)
        tensor([[ 1],
                [-1]])
    """
    found = searching.nonzero(input).array[:size]
    rest = np.full((size - len(found), found.shape[1]), fill_value, found.dtype)
    return make(np.concatenate([found, rest]))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Vandermonde's matrix: the powers of each element in a row, from N - 1 down to 0, or up.

    Raises:
        RuntimeError: if `x` is no vector, or N is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.vander(tg.tensor([2.0, 3.0]), 3)
        tensor([[4., 2., 1.],
                [9., 3., 1.]])
    """
    need_tensor("vander", "x", x)
    if x.array.ndim != 1:
        raise RuntimeError(f"x must be a one-dimensional tensor, got shape {list(x.array.shape)}")
    n = len(x.array) if N is None else N
    if n < 0:
        raise RuntimeError(f"N must be non-negative, got {n}")
    powers = solving.vander(x, N=max(n, 2))[:, :n]
    return powers if increasing else turning.flip(powers, [1])


def frobenius_norm(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The root of the sum of squares, over all dimensions or some.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.frobenius_norm(tg.tensor([3.0, 4.0]))
        tensor(5.)
    """
    return reduction.vector_norm(input, 2, None if isinstance(dim, tuple | list) and not dim else dim, keepdim)


def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum of the singular values of matrices.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nuclear_norm(tg.eye(3))
        tensor(3.)
    """
    return matrix_norms.matrix_norm(input, "nuc", (0, 1) if dim is None else dim, keepdim)


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, which stay as dimensions of size 1; over all for `dim=-1`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.norm_except_dim(tg.tensor([[3.0, 4.0], [6.0, 8.0]]))
        tensor([[ 5.],
                [10.]])
    """
    need_tensor("norm_except_dim", "v", v)
    if dim == -1:
        return reduction.vector_norm(v, pow)
    kept = one_dim("norm_except_dim", dim, v.array.ndim)
    others = tuple(k for k in np.arange(v.array.ndim).tolist() if k != kept)
    return reduction.vector_norm(v, pow, others, True)
