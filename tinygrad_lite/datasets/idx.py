"""The IDX file format, in which MNIST and its relatives are published.

A file holds one array: two zero bytes, a byte for the type of the numbers, a byte for the number of
dimensions, each dimension as a big-endian 32-bit number, then the numbers themselves, big-endian,
the last dimension running fastest. Described by Y. LeCun at http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import errno
import gzip
import io
import math
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinygrad_lite.files import atomic_write

__all__ = ["read_idx", "write_idx"]

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
_CODES = {name: code for code, name in _TYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BEST_RATIO = 1032  # a deflate stream cannot unpack to more than this many times its size
_CHUNK = 1 << 20
_MOST_DIMENSIONS = 64  # NumPy's limit
_LOOKALIKES = {
    b"<": "a web page: the download failed",
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"\x93NUM": "a NumPy .npy file: use numpy.load",
    _GZIP_MAGIC: "gzip within gzip: unpack it once",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\xfd7zX": "an xz archive: unpack it first",
    b"\x89PNG": "a PNG image",
}


class _Header(NamedTuple):
    dtype: np.dtype[Any]  # big-endian
    shape: tuple[int, ...]

    @property
    def data_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        sizes = " × ".join(map(str, self.shape)) or "one"
        return f"{sizes} numbers of type {self.dtype.name} ({self.data_bytes:,} bytes)"


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read the array in an IDX file, gzip-packed or not (told by its content, not by its name).

    The memory used is bounded by what the file really holds, whatever its header promises.

    Args:
        path: the file.

    Returns:
        An array of the shape the file states, in native byte order: uint8, int8, int16, int32,
        float32 or float64. It is yours to change.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file cannot be read.
        ValueError: the file is not IDX, is cut short, has bytes left over, or its gzip packing is
            damaged. The message says what was seen, what was expected and what to do.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "grid.idx.gz")
        ...     write_idx(path, np.array([[1, 2], [3, 4]], dtype=np.int16))
        ...     read_idx(path)
        array([[1, 2],
               [3, 4]], dtype=int16)
    """
    path = Path(path)
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if file.peek(2)[:2] != _GZIP_MAGIC:
            return _read(file, path, room=size)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(cast(IO[bytes], unpacked), path, room=size * _GZIP_BEST_RATIO)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: the gzip packing is damaged ({error}); fetch or copy the file again") from None


def write_idx(path: str | os.PathLike[str], array: ArrayLike) -> None:
    """Write an array as an IDX file, which appears at `path` only when complete.

    Args:
        path: the file; a name that ends in `.gz` makes it gzip-packed.
        array: uint8, int8, int16, int32, float32 or float64, of any shape and byte order.

    Raises:
        OSError: the file cannot be written, as in `tinygrad_lite.files.atomic_write`.
        ValueError: IDX has no code for the array's dtype, or a dimension exceeds 2**32 - 1.

    Example:
        >>> write_idx("bits.idx", [True])
        Traceback (most recent call last):
        ...
        ValueError: bits.idx: IDX cannot hold bool; convert to one of uint8, int8, int16, int32, \
float32, float64 with array.astype
    """
    array = np.asarray(array)
    code = _CODES.get(array.dtype.str[1:])
    if code is None:
        known = ", ".join(np.dtype(name).name for name in _TYPES.values())
        raise ValueError(f"{path}: IDX cannot hold {array.dtype}; convert to one of {known} with array.astype")
    if max(array.shape, default=0) >= 1 << 32:
        raise ValueError(f"{path}: an IDX dimension is at most 2**32 - 1, not {max(array.shape)}")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    data = array.astype(array.dtype.newbyteorder(">")).tobytes()
    with atomic_write(path) as file:
        if Path(path).suffix != ".gz":
            file.write(header + data)
            return
        # No name and no time inside: the same array always makes the same file.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            packed.write(header + data)


def _open(path: Path) -> io.BufferedReader:
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        kind = IsADirectoryError if path.is_dir() else OSError
        number = errno.EISDIR if path.is_dir() else errno.EINVAL
        raise kind(number, f"this is {what}; give the name of an IDX file", str(path))
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        problem = "there is no such IDX file; check the name and the folder"
        raise FileNotFoundError(error.errno, problem, str(path)) from None


def _read(file: IO[bytes], path: Path, room: int) -> NDArray[Any]:
    """Read header and data; `room` is the most bytes that the file could hold."""
    header = _read_header(file, path)
    if header.data_bytes > room:
        raise ValueError(
            f"{path}: the data is cut short: expected {header}, but a file of this size holds "
            f"at most {room:,} bytes; fetch or copy the file again"
        )
    data = _read_at_most(file, header.data_bytes + 1)
    if len(data) < header.data_bytes:
        raise ValueError(
            f"{path}: the data is cut short: expected {header}, found {len(data):,} bytes; fetch or copy the file again"
        )
    if len(data) > header.data_bytes:
        raise ValueError(
            f"{path}: there are extra bytes after the data: expected {header}, found more; fetch or copy the file again"
        )
    array: NDArray[Any] = np.ndarray(header.shape, header.dtype, buffer=data)
    if not array.dtype.isnative:
        array = array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))
    return array


def _read_header(file: IO[bytes], path: Path) -> _Header:
    magic = file.read(4)
    code, count = magic[2:3], magic[3:4]
    if magic[:2] != bytes(2)[: len(magic)] or (code and code[0] not in _TYPES):
        raise ValueError(_not_idx(path, magic))
    if count and count[0] > _MOST_DIMENSIONS:
        raise ValueError(
            f"{path}: the header states {count[0]} dimensions, but NumPy arrays have at most "
            f"{_MOST_DIMENSIONS}; the file is damaged: fetch or copy it again"
        )
    wanted = 4 * count[0] if count else 0
    sizes = file.read(wanted)
    if not count or len(sizes) < wanted:
        expected = f"{4 + wanted}" if count else "at least 4"
        raise ValueError(
            f"{path}: the header is cut short: expected {expected} bytes, found "
            f"{len(magic) + len(sizes)}; fetch or copy the file again"
        )
    header = _Header(np.dtype(">" + _TYPES[code[0]]), struct.unpack(f">{count[0]}I", sizes))
    if math.prod(size or 1 for size in header.shape) * header.dtype.itemsize > sys.maxsize:
        raise ValueError(
            f"{path}: the header promises {header}, more than any computer holds; "
            "the file is damaged: fetch or copy it again"
        )
    return header


def _not_idx(path: Path, magic: bytes) -> str:
    looks = [what for start, what in _LOOKALIKES.items() if magic.startswith(start)]
    hint = f"it looks like {looks[0]}" if looks else "check that it is the right file"
    codes = ", ".join(f"{code:02x}" for code in _TYPES)
    return (
        f"{path}: not an IDX file: it begins with the bytes {magic.hex(' ')}, expected 00 00, "
        f"a type code ({codes}) and the number of dimensions; {hint}"
    )


def _read_at_most(file: IO[bytes], limit: int) -> bytearray:
    """Read in pieces, so that the memory taken grows only with what is really there."""
    data = bytearray()
    while len(data) < limit and (chunk := file.read(min(_CHUNK, limit - len(data)))):
        data += chunk
    return data
