"""Writing PyTorch's files: a pickle that names PyTorch's functions, beside the bytes of the storages."""

from __future__ import annotations

import ctypes
import io
import pickle
import struct
import sys
import zipfile
from bisect import bisect_right
from functools import cache
from operator import itemgetter
from typing import IO, Any, ClassVar, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from tinygrad_lite.device import device
from tinygrad_lite.dtypes import bfloat16, dtype
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.nn.parameter import Buffer, Parameter, is_lazy
from tinygrad_lite.serialization.storages import STORAGE_DTYPES
from tinygrad_lite.serialization.torch_files import MAGIC_NUMBER
from tinygrad_lite.size import Size
from tinygrad_lite.tensor import Tensor

__all__ = ["write_legacy", "write_zip"]

_STORAGE_NAMES = {kind: name for name, kind in STORAGE_DTYPES.items()}
_ALIGNMENT = 64
_FOLDER = "archive"
_LOCAL_HEADER = 30
_ZIP64_FIELD = 20
_LARGE = 1 << 31
_OLD_DATE = (1980, 1, 1, 0, 0, 0)


class _Name:
    """A class or function of PyTorch's, which need not be there: it is written by its name."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


@cache
def _name(module: str, name: str) -> _Name:
    return _Name(module, name)


class _Piece(NamedTuple):
    """A stretch of memory that tensors look into."""

    start: int
    stop: int
    dtype: np.dtype[Any]
    key: str

    @property
    def numel(self) -> int:
        """How many elements it has."""
        return (self.stop - self.start) // self.dtype.itemsize


class _Storages:
    """The memory that the tensors of a file look into, in pieces: tensors that share memory share a piece.

    A piece is no larger than what the tensors in it span, so that saving a slice does not save all that it is of.
    """

    def __init__(self) -> None:
        self._seen: list[np.ndarray] = []  # also keeps the memory from being used again before it is written
        self._pieces: list[_Piece] = []
        self._late: list[_Piece] = []
        self._starts: list[int] = []

    def note(self, array: np.ndarray) -> None:
        """Take note of a tensor's memory."""
        if _can_be_described(array):
            self._seen.append(array)

    def divide(self) -> None:
        """Join what overlaps; from here on `place` answers."""
        spans = [(*byte_bounds(array), array.dtype, k) for k, array in enumerate(self._seen) if array.size]
        merged: list[list[Any]] = []
        for start, stop, kind, k in sorted(spans, key=itemgetter(0)):
            if merged and start < merged[-1][1]:
                last = merged[-1]
                if kind != last[2] or (start - last[0]) % kind.itemsize:
                    raise RuntimeError(
                        "Cannot save multiple tensors or storages that view the same data as different types: "
                        f"{last[2]} and {kind}. Save a .clone() of one of them"
                    )
                last[1], last[3] = max(stop, last[1]), min(k, last[3])
            else:
                merged.append([start, stop, kind, k])
        order = {item[3]: str(rank) for rank, item in enumerate(sorted(merged, key=itemgetter(3)))}
        self._pieces = [_Piece(start, stop, kind, order[k]) for start, stop, kind, k in merged]
        self._starts = [piece.start for piece in self._pieces]

    def place(self, array: np.ndarray) -> tuple[_Piece, int, np.ndarray]:
        """The piece that an array looks into, where in it its first element is, and the array or a plain copy."""
        if not _can_be_described(array):
            array = np.array(array, order="C")
        start, stop = byte_bounds(array) if array.size else (0, 0)
        k = bisect_right(self._starts, start) - 1
        if array.size and k >= 0 and stop <= self._pieces[k].stop and array.dtype == self._pieces[k].dtype:
            return self._pieces[k], (start - self._pieces[k].start) // array.itemsize, array
        # Empty; or a copy; or made by the pickling itself, and so not there when the memory was looked through.
        self._seen.append(array)
        self._late.append(_Piece(start, stop, array.dtype, str(len(self._pieces) + len(self._late))))
        return self._late[-1], 0, array

    def written(self) -> list[tuple[_Piece, memoryview]]:
        """Each piece with its bytes."""
        return [(piece, _bytes_at(piece)) for piece in (*self._pieces, *self._late)]


def _can_be_described(array: np.ndarray) -> bool:
    """Whether the strides are what PyTorch has: not negative, and whole numbers of elements."""
    return all(n < 2 or (step >= 0 and not step % array.itemsize) for n, step in zip(array.shape, array.strides))


def _bytes_at(piece: _Piece) -> memoryview:
    size = piece.stop - piece.start
    return memoryview((ctypes.c_ubyte * size).from_address(piece.start)).cast("B") if size else memoryview(b"")


class _Plain(NamedTuple):
    """A tensor to be written as one of no special class, and without attributes."""

    tensor: Any
    requires_grad: bool


class _NoHooks:
    """The empty OrderedDict that PyTorch writes where a tensor's backward hooks might be."""


_HOOKS = _NoHooks()


def _attributes(tensor: Any) -> dict[str, Any]:
    """What a program has set on a tensor, as in `weight.no_decay = True`."""
    return {name: value for name, value in tensor.__dict__.items() if not name.startswith("_")}


def _known_class(kind: type) -> Any:
    if kind in (Parameter, Buffer):
        return _name("torch.nn.parameter", kind.__name__)
    return _name("torch", "Tensor") if kind is Tensor else kind


_PythonPickler: Any = pickle._Pickler  # the one in C has no place to write a name without its object


class _TensorPickler(_PythonPickler):  # type: ignore[misc]
    """Pickles tensors as PyTorch does: as calls of its functions on storages that lie beside the pickle.

    Args:
        file: what to write to.
        protocol: of the pickle.
        storages: the memory that tensors look into.
        looking: whether this is the first run, which only looks which memory there is.
        view_metadata: whether to describe storages with six items, as the old format has it.
    """

    dispatch: ClassVar[dict[type, Any]] = dict(_PythonPickler.dispatch)

    def __init__(self, file: Any, protocol: int, storages: _Storages, looking: bool, view_metadata: bool) -> None:
        super().__init__(file, protocol)
        self._storages, self._looking, self._view_metadata = storages, looking, view_metadata

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """Write one object."""
        if not isinstance(obj, TensorCore) or is_lazy(obj):
            super().save(obj, save_persistent_id)
        elif id(obj) in self.memo:
            self.write(self.get(self.memo[id(obj)][0]))
        elif self._looking:
            self._storages.note(obj.array)
            self.memoize(obj)
            self.save(_attributes(obj))
        else:
            self._save_tensor(obj)
            self.memoize(obj)

    def _save_tensor(self, tensor: Any) -> None:
        kind, attributes = type(tensor), _attributes(tensor)
        plain = _Plain(tensor, tensor.requires_grad and kind is not Parameter)
        if kind is Parameter:
            self.save(_name("torch._utils", "_rebuild_parameter_with_state" if attributes else "_rebuild_parameter"))
            self.write(pickle.MARK)
            self.save(plain)
            self.save(tensor.requires_grad)
            self.save(_HOOKS)
        elif kind is Tensor and not attributes:
            self._save_plain(plain)
            return
        else:
            self.save(_name("torch._tensor", "_rebuild_from_type_v2"))
            self.write(pickle.MARK)
            self.save(_name("torch._utils", "_rebuild_tensor_v2"))
            self.save(_known_class(kind))
            self._arguments(plain)
        if attributes or kind is not Parameter:
            self.save(attributes)
        self.write(pickle.TUPLE + pickle.REDUCE)

    def _save_plain(self, plain: _Plain) -> None:
        self.save(_name("torch._utils", "_rebuild_tensor_v2"))
        self._arguments(plain)
        self.write(pickle.REDUCE)

    def _arguments(self, plain: _Plain) -> None:
        """What `_rebuild_tensor_v2` is called with."""
        piece, offset, array = self._storages.place(plain.tensor.array)
        self.write(pickle.MARK + pickle.MARK)
        self.save("storage")
        self.save(_name("torch", _STORAGE_NAMES[array.dtype.name]))
        self.save(piece.key)
        self.save("cpu")
        self.save(piece.numel)
        if self._view_metadata:
            self.save(None)
        self.write(pickle.TUPLE + pickle.BINPERSID)
        self.save(offset)
        self.save(array.shape)
        self.save(tuple(step // array.itemsize for step in array.strides))
        self.save(plain.requires_grad)
        self.save(_HOOKS)
        self.write(pickle.TUPLE)

    def _save_name(self, obj: _Name) -> None:
        if self.proto >= 4:
            self.save(obj.module)
            self.save(obj.name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def _save_hooks(self, obj: _NoHooks) -> None:
        self.save(_name("collections", "OrderedDict"))
        self.write(pickle.EMPTY_TUPLE + pickle.REDUCE)

    def _save_dtype(self, obj: dtype) -> None:
        self.save(_name("torch", obj.name))

    def _save_size(self, obj: Size) -> None:
        self.save(_name("torch", "Size"))
        self.save(tuple(obj))
        self.write(pickle.TUPLE1 + pickle.REDUCE)
        self.memoize(obj)

    def _save_device(self, obj: device) -> None:
        self.save(_name("torch", "device"))
        self.save((obj.type,) if obj.index is None else (obj.type, obj.index))
        self.write(pickle.REDUCE)
        self.memoize(obj)

    dispatch[_Name] = _save_name
    dispatch[_Plain] = _save_plain
    dispatch[_NoHooks] = _save_hooks
    dispatch[dtype] = dispatch[type(bfloat16)] = _save_dtype
    dispatch[Size] = _save_size
    dispatch[device] = _save_device


class _Nowhere:
    """A file that is not kept."""

    def write(self, data: Any) -> None:
        """Forget it."""


def _pickled(obj: Any, protocol: int, view_metadata: bool) -> tuple[bytes, _Storages]:
    storages = _Storages()
    _TensorPickler(_Nowhere(), protocol, storages, looking=True, view_metadata=view_metadata).dump(obj)
    storages.divide()
    file = io.BytesIO()
    _TensorPickler(file, protocol, storages, looking=False, view_metadata=view_metadata).dump(obj)
    return file.getvalue(), storages


def write_zip(obj: Any, file: IO[bytes], protocol: int) -> None:
    """Write the format of today.

    Raises:
        RuntimeError: if tensors of different dtypes share memory.
        pickle.PicklingError: for what cannot be pickled, such as a lambda.
    """
    data, storages = _pickled(obj, protocol, False)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _write_member(archive, "data.pkl", memoryview(data))
        _write_member(archive, ".format_version", memoryview(b"1"))
        _write_member(archive, ".storage_alignment", memoryview(str(_ALIGNMENT).encode()))
        _write_member(archive, "byteorder", memoryview(sys.byteorder.encode()))
        for piece, view in storages.written():
            _write_member(archive, f"data/{piece.key}", view)
        _write_member(archive, "version", memoryview(b"3\n"))


def _write_member(archive: zipfile.ZipFile, name: str, data: memoryview) -> None:
    """Write a member so that its bytes begin at a multiple of 64 of the file, for those who map it to memory."""
    member = zipfile.ZipInfo(f"{_FOLDER}/{name}", _OLD_DATE)
    large = data.nbytes >= _LARGE
    member.file_size = data.nbytes
    begin = archive.start_dir + _LOCAL_HEADER + len(member.filename) + _ZIP64_FIELD * large
    padding = -(begin + 4) % _ALIGNMENT
    member.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
    with archive.open(member, "w", force_zip64=large) as out:
        out.write(data)


def write_legacy(obj: Any, file: IO[bytes], protocol: int) -> None:
    """Write the format of PyTorch before version 1.6.

    Raises:
        RuntimeError: if tensors of different dtypes share memory.
        pickle.PicklingError: for what cannot be pickled, such as a lambda.
    """
    data, storages = _pickled(obj, protocol, True)
    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": 1001, "little_endian": sys.byteorder == "little", "type_sizes": sizes}
    for head in (MAGIC_NUMBER, 1001, system):
        pickle.dump(head, file, protocol)
    file.write(data)
    written = storages.written()
    pickle.dump([piece.key for piece, _ in written], file, protocol)
    for piece, view in written:
        file.write(struct.pack("<q", piece.numel))
        file.write(view)
