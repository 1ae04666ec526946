"""Safetensors files, which hold tensors by name and nothing that could run; through the `safetensors` library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.source import Source
from tinygrad_lite.serialization.storages import typed
from tinygrad_lite.tensors import make

__all__ = ["looks_like_safetensors", "read_safetensors", "write_safetensors"]

_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8",
    "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool", "C64": "complex64",
}  # fmt: skip
_LENGTH = 8  # bytes of the number that says how long the header is
_LONGEST_HEADER = 100_000_000  # as the library has it


def looks_like_safetensors(start: bytes, size: int) -> bool:
    """Whether a file begins as such a file does: with the length of a header that begins with a brace."""
    return len(start) > _LENGTH and start[_LENGTH] == ord("{") and int.from_bytes(start[:_LENGTH], "little") < size


def read_safetensors(source: Source, mmap: bool) -> dict[str, Any]:
    """The tensors of a file by name.

    Raises:
        LoadError: if the file is damaged.
    """
    length = int.from_bytes(source.read(0, _LENGTH), "little")
    if length > min(_LONGEST_HEADER, source.size - _LENGTH):
        raise LoadError(f"the file is cut short or damaged: its header should have {length:,} bytes")
    header = source.read(_LENGTH, length)
    if source.path is None:
        return _from_bytes(source, header)
    try:
        with safetensors.safe_open(source.path, "numpy"):  # the library judges the header
            pass
    except safetensors.SafetensorError as error:
        raise LoadError(f"the file is damaged, or no safetensors file ({error}); copy it again") from error
    fetch = source.mapped if mmap else source.array
    tensors = {}
    for name, entry in _entries(header).items():
        begin, end = entry["data_offsets"]
        raw = fetch(_LENGTH + length + begin, end - begin)
        tensors[name] = _tensor(name, raw, entry["dtype"], entry["shape"])
    return tensors


def _from_bytes(source: Source, header: bytes) -> dict[str, Any]:
    try:
        found = dict(safetensors.deserialize(source.read(0, source.size)))
    except safetensors.SafetensorError as error:
        raise LoadError(f"the file is damaged, or no safetensors file ({error}); copy it again") from error
    tensors = {}
    for name in _entries(header):
        entry = found.pop(name)
        raw = np.frombuffer(bytearray(entry["data"]), np.uint8)
        tensors[name] = _tensor(name, raw, entry["dtype"], entry["shape"])
    return tensors


def _entries(header: bytes) -> dict[str, Any]:
    """What the header says of each tensor, in its order."""
    entries = json.loads(header, object_pairs_hook=_without_doubles)
    entries.pop("__metadata__", None)
    return entries


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise LoadError("the header of the file has one name twice: it is damaged, or made to deceive")
    return found


def _tensor(name: str, raw: np.ndarray, dtype: str, shape: list[int]) -> Any:
    if dtype not in _DTYPES:
        raise LoadError(f"{name!r} has the dtype {dtype}, which no tensor has here; save it as float32")
    try:
        return make(typed(raw, _DTYPES[dtype]).reshape(shape))
    except ValueError as error:
        raise LoadError(f"{name!r} has the shape {str(shape)[:80]}: {error}") from error


def write_safetensors(tensors: Mapping[str, Any], path: str | None, metadata: Mapping[str, str] | None) -> bytes:
    """Write tensors by name to a path, or return the bytes where there is none.

    Raises:
        ValueError: for a dtype that the format does not have.
        TypeError: for metadata that is no text.
    """
    arrays = {}
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor if isinstance(tensor, np.ndarray) else tensor.array)
        if array.dtype.name not in _DTYPES.values():
            raise ValueError(
                f"safetensors files have no {array.dtype}, which {name!r} is; save to a file that ends in .pt or .npz"
            )
        arrays[name] = array.reshape(np.shape(tensor))
    if metadata is not None:
        texts = [text for pair in metadata.items() for text in pair]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("metadata must be a dict from text to text")
    words = None if metadata is None else dict(metadata)
    if path is None:
        return safetensors.numpy.save(arrays, words)
    safetensors.numpy.save_file(arrays, path, words)
    return b""
