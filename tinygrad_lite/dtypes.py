"""Data types: their names, how they combine, and the default for floating-point values.

The names and the promotion rules are PyTorch's. They differ from NumPy's in three ways: an integer
tensor times a float32 tensor is float32 (NumPy: float64); a tensor with no dimensions does not widen
one that has some; a Python number only decides the *kind* of the result (integer, real, complex).
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = [
    "bfloat16", "bool", "can_cast", "cdouble", "cfloat", "chalf", "complex32", "complex64", "complex128", "double",
    "dtype", "finfo", "float", "float8_e4m3fn", "float8_e5m2", "float16", "float32", "float64", "get_default_dtype",
    "half", "iinfo", "int", "int8", "int16", "int32", "int64", "long", "promote_types", "set_default_dtype", "short",
    "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip


class dtype:  # noqa: N801 - PyTorch's name
    """The type of a tensor's elements, such as `tinygrad_lite.float32`.

    NumPy accepts it wherever it accepts one of its own: `np.zeros(3, tg.float32)`.

    Attributes:
        name: the name without the package, `"float32"`.
        numpy: the NumPy dtype.
        itemsize: bytes per element.
        is_floating_point, is_complex, is_signed: what kind of number it holds.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.float32, tg.float32.itemsize, tg.int64.is_floating_point
        (tinygrad_lite.float32, 4, False)
    """

    __slots__ = ("dtype", "is_complex", "is_floating_point", "is_signed", "itemsize", "name", "numpy")

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.dtype = self.numpy  # what NumPy looks for on a foreign object
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_complex = self.numpy.kind == "c"
        self.is_signed = self.numpy.kind in "ifc"

    def __repr__(self) -> str:
        return f"tinygrad_lite.{self.name}"

    def __reduce__(self) -> str:
        return self.name  # pickles and copies to the one object of that name

    def to_real(self) -> dtype:
        """The real type of the same precision: complex64 gives float32."""
        return BY_NUMPY[np.finfo(self.numpy).dtype] if self.is_complex else self

    def to_complex(self) -> dtype:
        """The complex type of the same precision: float32 gives complex64."""
        return self if self.is_complex else BY_NUMPY[np.result_type(self.numpy, np.complex64)]


class _Unheld(dtype):
    """A type that PyTorch has and NumPy has not: it can be named and compared, but no tensor is of it."""

    __slots__ = ()

    def __init__(self, name: str, itemsize: builtins.int, kind: str, instead: str) -> None:
        self.name, self.itemsize = name, itemsize
        self.is_floating_point, self.is_complex, self.is_signed = kind == "f", kind == "c", kind != "u"
        _INSTEAD[name] = instead

    @property
    def numpy(self) -> np.dtype[Any]:  # type: ignore[override]
        """Nothing.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"no tensor can be of {self.name} here: the elements are held by NumPy, which has no such type. "
            f"Use {_INSTEAD[self.name]}."
        )

    dtype = numpy


_INSTEAD: dict[str, str] = {}

float16 = half = dtype("float16")
float32 = dtype("float32")
float64 = double = dtype("float64")
complex64 = cfloat = dtype("complex64")
complex128 = cdouble = dtype("complex128")
uint8 = dtype("uint8")
int8 = dtype("int8")
int16 = short = dtype("int16")
int32 = dtype("int32")
int64 = long = dtype("int64")
bool_ = dtype("bool")

bfloat16 = _Unheld("bfloat16", 2, "f", "float16 or float32")
float8_e4m3fn = _Unheld("float8_e4m3fn", 1, "f", "float16 or float32")
float8_e5m2 = _Unheld("float8_e5m2", 1, "f", "float16 or float32")
complex32 = chalf = _Unheld("complex32", 4, "c", "complex64")
uint16 = _Unheld("uint16", 2, "u", "int32")
uint32 = _Unheld("uint32", 4, "u", "int64")
uint64 = _Unheld("uint64", 8, "u", "int64")

ALL = (float16, float32, float64, complex64, complex128, uint8, int8, int16, int32, int64, bool_)
BY_NUMPY: dict[np.dtype[Any], dtype] = {d.numpy: d for d in ALL}

FLOAT32, FLOAT64, INT64, BOOL = float32.numpy, float64.numpy, int64.numpy, bool_.numpy
_KIND = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
_default = [float32]


def to_dtype(value: Any) -> dtype:
    """What the user means by a dtype: ours, NumPy's, or Python's `float` (float64), `int`, `bool`, `complex`.

    Raises:
        TypeError: if it names no type that a tensor can have.
    """
    if isinstance(value, dtype):
        return value
    try:
        return BY_NUMPY[np.dtype(value)]
    except (TypeError, KeyError):
        known = ", ".join(d.name for d in ALL)
        raise TypeError(f"{value!r} is not a data type a tensor can have; the types are: {known}") from None


def get_default_dtype() -> dtype:
    """The floating-point type of new tensors: float32 unless `set_default_dtype` changed it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_default_dtype()
        tinygrad_lite.float32
    """
    return _default[0]


def set_default_dtype(d: Any) -> None:
    """Make `d` the type that `tensor([1.0])`, `zeros(3)` and integer division give.

    Raises:
        TypeError: if `d` is not a floating-point type.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_default_dtype(tg.float64); tg.zeros(2).dtype
        tinygrad_lite.float64
        >>> tg.set_default_dtype(tg.float32)
    """
    new = to_dtype(d)
    if not new.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {new}")
    _default[0] = new


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The NumPy dtype two dimensioned tensors of these dtypes compute in."""
    if a is b:
        return a
    low, high = sorted((a, b), key=lambda d: _KIND[d.kind])
    if _KIND[high.kind] >= 2 and _KIND[low.kind] <= 1:
        return high
    return np.promote_types(a, b)


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that both convert to, as PyTorch has it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.promote_types(tg.int64, tg.float16)
        tinygrad_lite.float16
    """
    return BY_NUMPY[promote(to_dtype(type1).numpy, to_dtype(type2).numpy)]


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether PyTorch casts between the types without being asked to: never to a lower kind.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.can_cast(tg.float64, tg.float32), tg.can_cast(tg.float32, tg.int64)
        (True, False)
    """
    source, target = to_dtype(from_).numpy, to_dtype(to).numpy
    return _KIND[source.kind] <= _KIND[target.kind]


def scalar_dtype(value: Any) -> np.dtype[Any]:
    """The dtype a Python number stands for when nothing else decides."""
    if isinstance(value, builtins.bool | np.bool_):
        return BOOL
    if isinstance(value, builtins.int | np.integer):
        return INT64
    if isinstance(value, builtins.float | np.floating):
        return _default[0].numpy
    if isinstance(value, builtins.complex | np.complexfloating):
        return _default[0].to_complex().numpy
    raise TypeError(f"{type(value).__name__} is not a number")


def as_element(value: Any, target: np.dtype[Any]) -> np.generic:
    """A Python number as an element of a dtype: its fraction may be cut off, nothing else is lost.

    Raises:
        RuntimeError: if the dtype cannot hold the number.
    """
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, builtins.complex) and target.kind != "c" and number.imag == 0:
        number = number.real
    fits = target.kind == "c" or not isinstance(number, builtins.complex)
    if fits and target.kind in "iu":
        limits = np.iinfo(target)
        low = limits.min or -limits.max  # negative numbers wrap round in uint8, as in PyTorch
        fits = math.isfinite(number) and low <= builtins.int(number) <= limits.max
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {target} without overflow: {value}")
    if target.kind in "iu":
        return np.int64(number).astype(target)
    return target.type(number)


def common_dtype(operands: Iterable[Any]) -> np.dtype[Any]:
    """The dtype that arrays and Python numbers compute in together.

    Arrays with dimensions decide; arrays without, then Python numbers, only where they are of a
    higher kind (bool < integer < real < complex).
    """
    ranks: list[np.dtype[Any] | None] = [None, None, None]
    for x in operands:
        is_array = isinstance(x, np.ndarray)
        rank = (0 if x.ndim else 1) if is_array else 2
        own = x.dtype if is_array else scalar_dtype(x)
        seen = ranks[rank]
        ranks[rank] = own if seen is None else promote(seen, own)
    result: np.dtype[Any] | None = None
    for lower in ranks:
        if lower is None:
            continue
        if result is None:
            result = lower
        elif result.kind == "f" and lower.kind == "c":
            result = BY_NUMPY[result].to_complex().numpy
        elif _KIND[lower.kind] > _KIND[result.kind]:
            result = promote(result, lower)
    if result is None:
        raise ValueError("common_dtype() needs at least one operand")
    return result


def floating(d: np.dtype[Any]) -> np.dtype[Any]:
    """`d` itself where it can hold fractions, else the default dtype."""
    return d if d.kind in "fc" else _default[0].numpy


def finfo(type: Any = None) -> np.finfo[Any]:
    """Limits of a floating-point type: `eps`, `max`, `min`, `tiny`, `smallest_normal`, `bits`.

    Example:
        >>> import tinygrad_lite as tg
        >>> print(tg.finfo(tg.float32).max)
        3.4028235e+38
    """
    return np.finfo(to_dtype(_default[0] if type is None else type).numpy)


def iinfo(type: Any) -> np.iinfo[Any]:
    """Limits of an integer type: `max`, `min`, `bits`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.iinfo(tg.int8).max
        127
    """
    return np.iinfo(to_dtype(type).numpy)


# PyTorch's names that hide Python's: bound last, so that the functions above still see Python's.
bool = bool_
int = int32
float = float32
