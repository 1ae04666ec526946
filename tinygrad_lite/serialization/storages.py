"""Storages: the pieces of memory that tensors of a file look into, and the dtypes of PyTorch that have none here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_lite.device import device, to_device
from tinygrad_lite.dtypes import ALL
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.warn import warn_once

__all__ = ["STORAGE_DTYPES", "WIDENED", "Storage", "StorageType", "itemsize", "placer", "typed"]

STORAGE_DTYPES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}  # fmt: skip
"""PyTorch's names of storages, and the dtypes of what they hold."""

_OWN = {d.name: d.numpy for d in ALL}
WIDENED = {
    "bfloat16": "float32", "float8_e4m3fn": "float32", "float8_e5m2": "float32",
    "uint16": "int32", "uint32": "int64", "uint64": "int64",
}  # fmt: skip
"""The dtypes that no tensor has here, and those that hold their values."""
_RAW = {"bfloat16": "u2", "float8_e4m3fn": "u1", "float8_e5m2": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8"}


class StorageType:
    """What a file means by `torch.FloatStorage` and the like.

    Attributes:
        dtype: the name of the elements' dtype; None for plain bytes.
    """

    def __init__(self, dtype: str | None) -> None:
        self.dtype = dtype


def itemsize(dtype: str) -> int:
    """Bytes per element in a file."""
    return (np.dtype(_RAW[dtype]) if dtype in _RAW else _OWN[dtype]).itemsize


def typed(raw: np.ndarray, dtype: str, byteorder: str = "little") -> np.ndarray:
    """The elements that bytes stand for; where no tensor has their dtype, in a wider one, with a warning.

    Raises:
        LoadError: if a uint64 is too large for an int64.
    """
    stored = np.dtype(_RAW[dtype]) if dtype in _RAW else _OWN[dtype]
    array = raw.view(stored) if raw.ctypes.data % stored.alignment == 0 else raw.copy().view(stored)
    if byteorder != sys.byteorder and stored.itemsize > 1:
        array = array.view(stored.newbyteorder()).astype(stored)
    if dtype not in WIDENED:
        return array
    warn_once(
        "widened_dtype",
        f"the file has {dtype}, which no tensor has here: it is loaded as {WIDENED[dtype]}, with the same values",
    )
    return _WIDEN.get(dtype, _as_integers)(array)


def _as_integers(array: np.ndarray) -> np.ndarray:
    wide = np.int32 if array.itemsize == 2 else np.int64
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise LoadError("the file has a uint64 above 2**63, which no tensor can hold here")
    return array.astype(wide)


def _from_bfloat16(array: np.ndarray) -> np.ndarray:
    wide = array.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def _from_float8(exponent_bits: int, bias: int, finite: bool) -> Callable[[np.ndarray], np.ndarray]:
    """A look-up of all 256 values; `finite` is for the kind without infinities (Micikevicius et al., 2022)."""

    def convert(array: np.ndarray) -> np.ndarray:
        codes = np.arange(256)
        fraction_bits = 7 - exponent_bits
        fraction = (codes & ((1 << fraction_bits) - 1)) / (1 << fraction_bits)
        exponent = (codes >> fraction_bits) & ((1 << exponent_bits) - 1)
        values = np.ldexp(np.where(exponent == 0, fraction, 1 + fraction), np.maximum(exponent, 1) - bias)
        if finite:
            values[codes & 127 == 127] = np.nan
        else:
            values = np.where(exponent == exponent.max(), np.where(fraction == 0, np.inf, np.nan), values)
        return np.where(codes > 127, -values, values).astype(np.float32)[array]

    return convert


_WIDEN = {
    "bfloat16": _from_bfloat16,
    "float8_e4m3fn": _from_float8(4, 7, True),
    "float8_e5m2": _from_float8(5, 15, False),
}


class Storage:
    """One piece of memory, read when the first tensor looks into it. What `map_location` functions are given.

    Args:
        nbytes: its size.
        dtype: of its elements; None where each tensor says its own.
        location: the device it was saved from.
        read: gives the bytes.
        byteorder: `"little"` or `"big"`.
    """

    def __init__(
        self, nbytes: int, dtype: str | None, location: str, read: Callable[[], np.ndarray], byteorder: str = "little"
    ) -> None:
        self._nbytes, self.location, self.dtype = nbytes, location, dtype
        self._read, self._byteorder = read, byteorder
        self._raw: np.ndarray | None = None
        self._typed: dict[str, np.ndarray] = {}

    def elements(self, dtype: str | None = None) -> np.ndarray:
        """All elements, in one dimension; asked again, the same memory."""
        wanted = dtype or self.dtype
        if wanted is None:
            raise LoadError("the file is damaged: a storage in it has no dtype")
        if wanted not in self._typed:
            raw = self._bytes()
            if raw.nbytes % itemsize(wanted):
                raise LoadError(f"the file is damaged: {raw.nbytes} bytes are no whole number of {wanted} elements")
            self._typed[wanted] = typed(raw, wanted, self._byteorder)
        return self._typed[wanted]

    def _bytes(self) -> np.ndarray:
        if self._raw is None:
            self._raw = self._read()
        return self._raw

    def part(self, offset: int, count: int) -> Storage:
        """Some of the elements, in the same memory, as a storage of its own."""
        size = itemsize(self.dtype or "uint8")
        start, stop = offset * size, (offset + count) * size
        if stop > self._nbytes:
            raise LoadError("the file is damaged: a part of a storage lies outside it")
        return Storage(stop - start, self.dtype, self.location, lambda: self._bytes()[start:stop], self._byteorder)

    def nbytes(self) -> int:
        """Bytes in the file."""
        return self._nbytes

    def cpu(self) -> Storage:
        """Itself."""
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Storage:
        """There is no GPU here.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("tinygrad_lite computes on the CPU: there is no cuda device; use map_location='cpu'")


def placer(map_location: Any) -> Callable[[Iterable[Storage]], None]:
    """What `map_location` says, as a function of storages: it only checks, as all are on the CPU.

    Raises:
        RuntimeError: if it asks for a device that does not exist here.
        TypeError: if it is none of what PyTorch accepts, or a function that returns something else than a storage.
    """
    if map_location is None or isinstance(map_location, str | device):
        to_device(map_location)
    elif not isinstance(map_location, Mapping) and not callable(map_location):
        raise TypeError(
            "map_location should be a device, its name, a dict from names to names, or a function of a storage and a "
            f"name, not {type(map_location).__name__}"
        )

    def place(storages: Iterable[Storage]) -> None:
        for storage in storages:
            if isinstance(map_location, Mapping):
                to_device(map_location.get(storage.location, "cpu"))
            elif callable(map_location) and not isinstance(map_location, device):
                answer = map_location(storage, storage.location)
                if answer is not None and answer is not storage:
                    found = type(answer).__name__
                    raise TypeError(
                        f"map_location returned a {found}; it should return the storage it is given, or None"
                    )

    return place
