"""NumPy's `.npz` archives, never a pickle in them."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from tinygrad_lite.dtypes import BY_NUMPY
from tinygrad_lite.serialization.archive import Archive
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.tensors import make

__all__ = ["is_npz", "read_array", "read_npz", "write_npz"]

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_LONGEST_HEADER = 1 << 16
_OLD_DATE = (1980, 1, 1, 0, 0, 0)


def is_npz(archive: Archive) -> bool:
    """Whether an archive holds arrays, and nothing else."""
    return all(name.endswith(".npy") for name in archive.members)


def read_npz(archive: Archive) -> dict[str, Any]:
    """The arrays of an archive by name: tensors; NumPy arrays where no tensor has their dtype, such as text.

    Raises:
        LoadError: if an array is damaged, or holds Python objects.
    """
    return {name.removesuffix(".npy"): _as_tensor(read_array(archive, name)) for name in archive.members}


def _as_tensor(array: np.ndarray) -> Any:
    native = array.dtype.newbyteorder("=")
    return make(array.astype(native, copy=False)) if native in BY_NUMPY else array


def read_array(archive: Archive, name: str) -> np.ndarray:
    """The array in a member of an archive.

    Raises:
        LoadError: if it is damaged, or holds Python objects.
    """
    raw = archive.array(name)
    head = io.BytesIO(raw[:_LONGEST_HEADER].tobytes())
    try:
        version = np.lib.format.read_magic(head)
        if version not in _HEADERS:
            seen = ".".join(map(str, version))
            raise LoadError(f"{name} is not a NumPy array of a known kind: .npy version {seen}, expected 1.0 or 2.0")
        shape, fortran, dtype = _HEADERS[version](head)
    except LoadError:
        raise
    except Exception as error:  # NumPy's parser raises several kinds
        raise LoadError(f"{name} is not a NumPy array: {error}") from error
    if dtype.hasobject:
        raise LoadError(
            f"{name} holds Python objects, which are never loaded because that can run any code; save an array of "
            "numbers, all parts of one size"
        )
    data = raw[head.tell() :]
    if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != data.nbytes:
        raise LoadError(
            f"{name} should hold {math.prod(shape) * dtype.itemsize:,} bytes of data, but has {data.nbytes:,}"
        )
    try:
        array = np.ndarray(shape, dtype, data.copy() if data.ctypes.data % dtype.alignment else data)
        return array if not fortran else array.reshape(shape[::-1]).transpose()
    except ValueError as error:
        raise LoadError(f"{name} has the shape {str(shape)[:80]}: {error}") from error


def write_npz(tensors: Mapping[str, Any], file: IO[bytes]) -> None:
    """Write tensors by name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, tensor in tensors.items():
            array = tensor if isinstance(tensor, np.ndarray) else tensor.array
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _OLD_DATE), "w", force_zip64=True) as out:
                np.lib.format.write_array(out, array, allow_pickle=False)
