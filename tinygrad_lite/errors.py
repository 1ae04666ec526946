"""NumPy's errors said again in PyTorch's types and words, naming the operation and what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tinygrad_lite.op import Op

_NO_SUCH_DTYPE = ("ufunc ", "numpy boolean ", "The numpy boolean ")
"""How the TypeErrors of NumPy begin that mean: not defined for this dtype. They have no class of their own."""


def explain(entry: Op, error: Exception, arrays: Sequence[Any], params: dict[str, Any]) -> Exception:
    """The exception to raise in place of `error`, which calling `entry.forward` raised."""
    if type(error) is NotImplementedError:  # said by the forward itself
        return error
    seen = describe(entry.inputs, arrays)
    if isinstance(error, np.exceptions.AxisError):
        return IndexError(f"{entry.name}(): {axis_message(error)} (given {seen})")
    if _complex_where_real(entry, arrays) or (isinstance(error, TypeError) and str(error).startswith(_NO_SUCH_DTYPE)):
        kinds = ", ".join(sorted({str(a.dtype) for a in arrays if isinstance(a, np.ndarray)}))
        return NotImplementedError(f"{entry.name}() is not implemented for {kinds} (given {seen})")
    if isinstance(error, IndexError):
        return IndexError(f"{entry.name}(): {error} (given {seen})")
    shapes = [np.shape(a) for a in arrays]
    if entry.name in ("matmul", "linear"):
        if not all(isinstance(a, np.ndarray) for a in arrays[:2]):
            return TypeError(f"{entry.name}(): both operands must be Tensors (given {seen})")
        if found := product_mismatch(arrays):
            return RuntimeError(f"{entry.name}(): {found} (given {seen})")
        shapes = [shape[:-2] for shape in shapes]  # what is left to broadcast
    if isinstance(error, ValueError | RuntimeError):
        mismatch = broadcast_mismatch(shapes) if entry.broadcasts else None
        return RuntimeError(f"{entry.name}(): {mismatch or error} (given {seen})")
    return error


def _complex_where_real(entry: Op, arrays: Sequence[Any]) -> bool:
    return entry.numbers == "real" and any(np.iscomplexobj(a) for a in arrays)


def axis_message(error: np.exceptions.AxisError) -> str:
    """PyTorch's sentence for a dimension that does not exist."""
    if error.ndim is None:
        return str(error)
    top = max(error.ndim, 1)
    return f"Dimension out of range (expected to be in range of [{-top}, {top - 1}], but got {error.axis})"


def describe(names: Sequence[str], arrays: Sequence[Any]) -> str:
    """What was passed, in words: `x: float32 (2, 3), y: 2.0`."""
    if len(names) != len(arrays):  # one name for a sequence of arrays
        names = [f"{names[0]}[{k}]" for k in range(len(arrays))]
    return ", ".join(
        f"{name}: {a.dtype} {a.shape}" if isinstance(a, np.ndarray) else f"{name}: {a!r}"
        for name, a in zip(names, arrays, strict=True)
    )


def broadcast_mismatch(shapes: Sequence[tuple[int, ...]]) -> str | None:
    """PyTorch's sentence for the first pair of shapes that do not broadcast; None if all do."""
    letters = "abcdefgh"
    for k, late in enumerate(shapes):
        for j, early in enumerate(shapes[:k]):
            ndim = max(len(early), len(late))
            for dim in reversed(range(ndim)):
                a = early[dim - ndim + len(early)] if dim - ndim + len(early) >= 0 else 1
                b = late[dim - ndim + len(late)] if dim - ndim + len(late) >= 0 else 1
                if a != b and 1 not in (a, b):
                    return (
                        f"The size of tensor {letters[j]} ({a}) must match the size of tensor "
                        f"{letters[k]} ({b}) at non-singleton dimension {dim}"
                    )
    return None


def product_mismatch(arrays: Sequence[Any]) -> str | None:
    """PyTorch's sentence for two operands that cannot be multiplied as matrices."""
    a, b = np.shape(arrays[0]), np.shape(arrays[1])
    if not a or not b:
        return f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D"
    if len(arrays) > 2:
        b = b[::-1]  # linear() multiplies by the transposed weight
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] == inner:
        return None
    said = f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, a))} and {'x'.join(map(str, b))}): "
    if len(arrays) > 2:
        return said + f"expected last dimension {inner}, got {a[-1]}"
    return said + f"the last dimension of the first is {a[-1]}, that of the second which it meets is {inner}"
