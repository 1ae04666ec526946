"""Zip archives that may have been made to do harm, read member by member."""

from __future__ import annotations

import zipfile
import zlib

import numpy as np

from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.source import Source

__all__ = ["Archive"]

_LOCAL_HEADER = 30  # bytes before the name
_DESCRIPTOR = 24  # the most bytes that may follow a member, with its sizes
_LOCAL_MAGIC = b"PK\x03\x04"
_BEST_RATIO = 1032  # a deflate stream cannot unpack to more than this many times its size
_ENCRYPTED = 0x1
_CHUNK = 1 << 20


class Archive:
    """The members of a zip file, once they are known to lie within the file and apart from each other.

    Args:
        source: the file.

    Raises:
        LoadError: if the archive is damaged, or its members overlap.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            with zipfile.ZipFile(source.window()) as listing:
                infos, directory = listing.infolist(), listing.start_dir
        except Exception as error:  # zipfile raises a dozen kinds over damaged bytes
            raise LoadError(f"the zip archive is damaged or cut short ({error}); copy the file again") from error
        self.members = {info.filename: info for info in infos}
        if len(self.members) < len(infos):
            raise LoadError("the zip archive has two members of one name: it is damaged, or made to deceive")
        self._starts: dict[str, int] = {}
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            self._check_gap(end, info.header_offset)
            self._starts[info.filename] = start = self._start(info)
            end = start + info.compress_size
        self._check_gap(end, directory)
        self._has_checksums = any(info.CRC for info in infos)  # PyTorch can be told to write zeros for all

    def _check_gap(self, end: int, start: int) -> None:
        """Members follow each other: those that overlap fill the memory, and a gap is one that the directory lacks."""
        if not end <= start <= end + _DESCRIPTOR:
            problem = "overlap" if start < end else "are not all in its directory"
            raise LoadError(
                f"the zip archive is damaged, or made to deceive: its members {problem}; copy the file again"
            )

    def size(self, name: str) -> int:
        """Bytes of a member, unpacked; packed ones are refused if they promise more than packing can."""
        info = self._info(name)
        if info.flag_bits & _ENCRYPTED:
            raise LoadError(f"{name!r} in the zip archive is encrypted")
        packed = info.compress_type == zipfile.ZIP_DEFLATED
        if not packed and (info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size):
            raise LoadError(f"{name!r} in the zip archive is packed in an unknown way, or states two sizes")
        if packed and info.file_size > info.compress_size * _BEST_RATIO:
            raise LoadError(f"{name!r} in the zip archive promises {info.file_size:,} bytes, more than it can hold")
        return info.file_size

    def read(self, name: str) -> bytes:
        """A member's bytes."""
        return self.array(name).tobytes()

    def array(self, name: str, mapped: bool = False) -> np.ndarray:
        """A member's bytes as an array that can be written to.

        Args:
            name: which.
            mapped: read what is not packed only when it is looked at, and without comparing the checksum.
        """
        size, info = self.size(name), self._info(name)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            data = self._unpacked(name, size)
        elif mapped:
            return self.source.mapped(self._starts[name], size)
        else:
            data = self.source.array(self._starts[name], size)
        if self._has_checksums and zlib.crc32(data.data) != info.CRC:
            raise LoadError(f"{name!r} in the zip archive is damaged: its checksum differs; copy the file again")
        return data

    def _unpacked(self, name: str, size: int) -> np.ndarray:
        """In pieces, so that the memory taken is bounded by the size that the archive states."""
        out, done = np.empty(size, np.uint8), 0
        machine = zlib.decompressobj(-zlib.MAX_WBITS)
        packed = self.source.read(self._starts[name], self._info(name).compress_size)
        try:
            while piece := machine.decompress(packed, _CHUNK):
                if done + len(piece) > size:
                    raise LoadError(f"{name!r} in the zip archive unpacks to more than it states")
                out[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
                done += len(piece)
                packed = machine.unconsumed_tail
        except zlib.error as error:
            raise LoadError(f"{name!r} in the zip archive is damaged ({error}); copy the file again") from None
        if done < size or not machine.eof:
            raise LoadError(f"{name!r} in the zip archive is cut short; copy the file again")
        return out

    def _info(self, name: str) -> zipfile.ZipInfo:
        if name not in self.members:
            raise LoadError(f"the zip archive lacks {name!r}: it is damaged, or no checkpoint")
        return self.members[name]

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where a member's bytes begin, once its own header agrees with the directory."""
        header = self.source.read(info.header_offset, _LOCAL_HEADER)
        name_length, extra_length = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        name = self.source.read(info.header_offset + _LOCAL_HEADER, name_length)
        try:
            same = name.decode("utf-8" if info.flag_bits & 0x800 else "cp437") == info.orig_filename
        except UnicodeDecodeError:
            same = False
        if header[:4] != _LOCAL_MAGIC or not same:
            raise LoadError(f"the zip archive is damaged: the header of {info.filename!r} differs from the directory")
        return info.header_offset + _LOCAL_HEADER + name_length + extra_length
