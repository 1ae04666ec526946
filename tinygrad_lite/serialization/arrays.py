"""NumPy's arrays, scalars and dtypes in a pickle, rebuilt without calling NumPy's own functions on unchecked data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.serialization.errors import LoadError

__all__ = ["BUILDERS", "NAMES", "set_state"]

_KINDS = frozenset("?bBhHiIlLqQefdFDSU") | frozenset("biufcSU")


def _reconstruct(_: Any, kind: Any, shape: Any, code: Any) -> np.ndarray:
    if kind is not np.ndarray or shape != (0,):
        raise LoadError("the file is damaged: it has an array of an unknown kind")
    return np.ndarray((0,), np.int8)


def _dtype(_: Any, spec: Any, align: Any = False, copy: Any = True) -> np.dtype[Any]:
    """A dtype of its own, not the one NumPy shares: the pickle sets its byte order afterwards."""
    spec = spec.decode("latin1") if isinstance(spec, bytes) else spec
    if not isinstance(spec, str) or not spec or spec.lstrip("<>=|")[:1] not in _KINDS:
        raise LoadError(f"the file has an array of dtype {str(spec)[:40]!r}; numbers and text can be loaded")
    try:
        made = np.dtype(spec, copy=True)
    except TypeError as error:
        raise LoadError(f"the file has an array of an unknown dtype: {error}") from None
    if made.kind not in "biufcSU" or made.names or made.subdtype or made.itemsize > 1 << 20:
        raise LoadError(f"the file has an array of dtype {spec[:40]!r}; numbers and text can be loaded")
    return made


def _scalar(_: Any, dtype: Any, raw: Any = b"") -> Any:
    data = _bytes(raw)
    if not isinstance(dtype, np.dtype) or len(data) != dtype.itemsize:
        raise LoadError("the file is damaged: a number in it has the wrong size")
    return np.frombuffer(data, dtype)[0] if dtype.itemsize else dtype.type()


def _from_buffer(_: Any, raw: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    data = _bytes(raw)
    _check(shape, dtype, data)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C").copy("K")


def _bytes(raw: Any) -> bytes:
    """What may have been a string of Python 2, read as Latin 1."""
    if isinstance(raw, str):
        return raw.encode("latin1")
    if not isinstance(raw, bytes | bytearray):
        raise LoadError(f"the file is damaged: the data of an array is a {type(raw).__name__}")
    return bytes(raw)


def _check(shape: Any, dtype: Any, data: bytes) -> None:
    fits = (
        isinstance(dtype, np.dtype)
        and isinstance(shape, tuple)
        and len(shape) <= 32
        and all(type(size) is int and 0 <= size < 1 << 62 for size in shape)
        and math.prod(size or 1 for size in shape) * max(dtype.itemsize, 1) < 1 << 62
        and math.prod(shape) * dtype.itemsize == len(data)
    )
    if not fits:
        raise LoadError(f"the file is damaged: an array of shape {str(shape)[:80]} has {len(data):,} bytes of data")


def set_state(instance: Any, state: Any) -> int:
    """Give an array or a dtype its state; returns how many bytes that took."""
    if not isinstance(state, tuple):
        raise LoadError("the file is damaged: an array in it has no state")
    if isinstance(instance, np.dtype):
        _set_byte_order(instance, state)
        return 0
    shape, dtype, fortran, raw = state[-4:] if len(state) in (4, 5) else (None,) * 4
    data = _bytes(raw)
    _check(shape, dtype, data)
    instance.__setstate__((1, shape, dtype, bool(fortran), data))
    return len(data)


def _set_byte_order(dtype: np.dtype[Any], state: tuple[Any, ...]) -> None:
    # (version, byte order, subdtype, names, fields, size and alignment of text, flags)
    order = state[1] if len(state) >= 5 else None
    order = order.decode("latin1") if isinstance(order, bytes) else order
    if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
        raise LoadError("the file has an array of records; arrays of numbers and text can be loaded")
    text = (dtype.itemsize, dtype.alignment) if dtype.kind in "SU" else (-1, -1)
    dtype.__setstate__((3, order, None, None, None, *text, 0))  # type: ignore[attr-defined]


_PLACES = ("numpy.core", "numpy._core")
NAMES: dict[str, Any] = {"numpy.ndarray": np.ndarray, "numpy.dtype": np.dtype}
"""What names in a pickle stand for."""
for _place in _PLACES:
    NAMES |= {
        f"{_place}.multiarray._reconstruct": _reconstruct,
        f"{_place}.multiarray.scalar": _scalar,
        f"{_place}.numeric._frombuffer": _from_buffer,
    }
BUILDERS: dict[Any, Any] = {
    _reconstruct: _reconstruct, _scalar: _scalar, _from_buffer: _from_buffer, np.dtype: _dtype,
}  # fmt: skip
"""What calling them does; the first argument is the policy."""
