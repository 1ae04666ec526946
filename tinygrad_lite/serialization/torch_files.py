"""PyTorch's own files: zip archives; before version 1.6, a row of pickles; before 0.1.10, tar archives."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lite.serialization.archive import Archive
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.machine import Buffer, Machine
from tinygrad_lite.serialization.policy import Free, Strict
from tinygrad_lite.serialization.rebuild import rebuild_tensor, storage_type
from tinygrad_lite.serialization.source import Source
from tinygrad_lite.serialization.storages import Storage, StorageType, itemsize

__all__ = ["LEGACY_MAGIC", "How", "read_legacy", "read_tar", "read_zip", "torch_pickle"]

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
LEGACY_MAGIC = b"\x8a\x0a" + MAGIC_NUMBER.to_bytes(10, "little")
"""What the first pickle of the old format holds, which begins with its protocol."""
_LEGACY_PROTOCOL = 1001
_PICKLE = "/data.pkl"
_COUNT = struct.Struct("<q")


class How(NamedTuple):
    """How to load.

    Attributes:
        weights_only: whether to allow tensors and plain containers only.
        encoding: of the strings that Python 2 wrote.
        place: what `map_location` says, called with the storages.
        mmap: whether to read storages only when they are looked at.
    """

    weights_only: bool
    encoding: str
    place: Callable[[Iterable[Storage]], None]
    mmap: bool

    def policy(self, size: int, persistent: Callable[[Any], Any] | None = None) -> Strict:
        """What the pickles of a file of this size may do."""
        return (Strict if self.weights_only else Free)(size, persistent)


def torch_pickle(archive: Archive) -> str | None:
    """The name of the pickle in an archive that PyTorch wrote; None in any other."""
    names = [name for name in archive.members if name.endswith(_PICKLE) and name.count("/") == 1]
    return names[0] if len(names) == 1 else None


def read_zip(archive: Archive, pickle: str, how: How) -> Any:
    """The object in a zip archive.

    Raises:
        LoadError: if it is damaged, or has what may not be loaded.
    """
    folder = pickle.removesuffix(_PICKLE)
    if f"{folder}/constants.pkl" in archive.members:
        raise LoadError(
            "this is a TorchScript archive, which holds a program; where it was made, save model.state_dict()"
        )
    order = (
        archive.read(f"{folder}/byteorder").decode("latin1") if f"{folder}/byteorder" in archive.members else "little"
    )
    if order not in ("little", "big"):
        raise LoadError(f"the file is damaged: its byte order is {order[:20]!r}")
    storages: dict[str, Storage] = {}

    def persistent(pid: Any) -> Storage:
        dtype, key, location, nbytes = _storage_named(pid)
        if key not in storages:
            name = f"{folder}/data/{key}"
            if archive.size(name) != nbytes:
                raise LoadError(f"the file is damaged: storage {key!r} should have {nbytes:,} bytes")
            read = lambda: archive.array(name, mapped=how.mmap)  # noqa: E731
            storages[key] = Storage(nbytes, dtype, location, read, order)
        return _same(storages[key], pid)

    made, _ = _next(archive.read(pickle), 0, how.policy(archive.source.size, persistent), how)
    how.place(storages.values())
    return made


def read_legacy(source: Source, how: How) -> Any:
    """The object in a file of PyTorch before version 1.6: pickles, then the storages' bytes.

    Raises:
        LoadError: if it is damaged, or has what may not be loaded.
    """
    if how.mmap:
        raise RuntimeError("mmap can only be used with files of the zip format, and this one is older; load it without")
    data = source.buffer()
    storages: dict[str, Storage] = {}
    arrays: dict[str, np.ndarray] = {}

    def persistent(pid: Any) -> Any:
        if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module":  # a class, with its source
            return pid[1]
        dtype, key, location, nbytes = _storage_named(pid)
        if key not in storages:
            storages[key] = Storage(nbytes, dtype, location, lambda: arrays[key])
        return _same(storages[key], pid)

    plain = Strict(source.size)
    magic, at = _next(data, 0, plain, how)
    version, at = _next(data, at, plain, how)
    _, at = _next(data, at, plain, how)  # of the system that wrote it
    if magic != MAGIC_NUMBER or version != _LEGACY_PROTOCOL:
        raise LoadError(f"the file is damaged, or of an unknown version ({str(version)[:20]})")
    # The bytes come after the pickle that needs them: it is gone through once to learn which there are.
    sizing = _Sizing(data, _OnlyStorages(source.size, persistent), at, how.encoding)
    sizing.run()
    keys, position = _next(data, sizing.position, plain, how)
    if not isinstance(keys, list) or set(map(type, keys)) - {str} or sorted(keys) != sorted(storages):
        raise LoadError("the file is damaged: the storages it lists are not those it uses")
    for key in keys:
        (count,) = _COUNT.unpack(source.read(position, _COUNT.size))
        nbytes = storages[key].nbytes()
        if count * itemsize(storages[key].dtype or "uint8") != nbytes:
            raise LoadError(f"the file is damaged: storage {key!r} should have {nbytes:,} bytes")
        arrays[key] = source.array(position + _COUNT.size, nbytes)
        position += _COUNT.size + nbytes
    made, _ = _next(data, at, how.policy(source.size, persistent), how)
    source.file.seek(source.start + position)
    how.place(storages.values())
    return made


def read_tar(source: Source, how: How) -> Any:
    """The object in a file of PyTorch before version 0.1.10: a tar archive of storages, tensors and a pickle.

    Raises:
        LoadError: if it is damaged, or has what may not be loaded.
    """
    parts = _tar_parts(source)
    plain = Strict(source.size)
    storages = _tar_storages(parts["storages"], plain, how)
    tensors: dict[Any, Any] = {}
    data = parts["tensors"]
    count, at = _next(data, 0, plain, how)
    for _ in range(_counted(count, data)):
        (key, storage, _kind), at = _triple(data, at, plain, how)
        (ndim,) = struct.unpack("<i4x", _slice(data, at, 8))
        if not 0 <= ndim <= 64:
            raise LoadError(f"the file is damaged: a tensor has {ndim} dimensions")
        numbers = struct.unpack(f"<{2 * ndim + 1}q", _slice(data, at + 8, 8 * (2 * ndim + 1)))
        at += 8 + 8 * (2 * ndim + 1)
        size, stride, offset = numbers[:ndim], numbers[ndim : 2 * ndim], numbers[-1]
        tensors[key] = plain.call(rebuild_tensor, (storages.get(storage), offset, size, stride))

    def persistent(pid: Any) -> Any:
        if isinstance(pid, tuple) and len(pid) == 3:  # a class, with its source
            return pid[0]
        key = int(pid) if isinstance(pid, str) and pid.isdigit() else pid
        if type(key) is not int or (key not in tensors and key not in storages):
            raise LoadError("the file is damaged: it lacks a tensor that it uses")
        return tensors.get(key) if key in tensors else storages[key]

    made, _ = _next(parts["pickle"], 0, how.policy(source.size, persistent), how)
    how.place(storages.values())
    return made


def _tar_parts(source: Source) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=source.window(), mode="r:") as tar:
            for member in tar:
                if member.name not in ("storages", "tensors", "pickle") or not member.isreg() or member.issparse():
                    continue
                if member.name in parts or member.size > source.size:
                    raise LoadError("the tar archive is damaged, or made to deceive")
                parts[member.name] = tar.extractfile(member).read()  # type: ignore[union-attr]
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise LoadError(f"the tar archive is damaged ({error}); copy the file again") from error
    if len(parts) < 3:
        raise LoadError("the tar archive is no checkpoint of PyTorch: it lacks storages, tensors or pickle")
    return parts


def _tar_storages(data: bytes, plain: Strict, how: How) -> dict[Any, Storage]:
    storages: dict[Any, Storage] = {}
    count, at = _next(data, 0, plain, how)
    for _ in range(_counted(count, data)):
        (key, location, kind), at = _triple(data, at, plain, how)
        if not isinstance(kind, StorageType) or kind.dtype is None or not isinstance(location, str):
            raise LoadError("the file is damaged: a storage in it has no type")
        (numel,) = _COUNT.unpack(_slice(data, at, 8))
        raw = _slice(data, at + 8, numel * itemsize(kind.dtype))
        at += 8 + len(raw)
        storages[key] = _in_memory(raw, kind.dtype, location)
    views, _ = _next(data, at, plain, how)
    for view in views if isinstance(views, list) else ():
        if not isinstance(view, tuple) or len(view) != 4 or not all(type(n) is int and n >= 0 for n in view):
            raise LoadError("the file is damaged: a view of a storage in it is none")
        key, root, offset, numel = view
        if root not in storages:
            raise LoadError("the file is damaged: it lacks a storage that it uses")
        storages[key] = storages[root].part(offset, numel)
    return storages


def _in_memory(raw: bytes, dtype: str, location: str) -> Storage:
    return Storage(len(raw), dtype, location, lambda: np.frombuffer(raw, np.uint8).copy())


def _counted(count: Any, data: bytes) -> int:
    if type(count) is not int or not 0 <= count <= len(data):
        raise LoadError("the file is damaged: it states how many parts it has, wrongly")
    return count


def _triple(data: bytes, at: int, plain: Strict, how: How) -> tuple[tuple[Any, Any, Any], int]:
    items, end = _next(data, at, plain, how)
    if not isinstance(items, tuple) or len(items) != 3 or type(items[0]) is not int:
        raise LoadError("the file is damaged: a part of it is described wrongly")
    return items, end


def _slice(data: bytes, at: int, count: int) -> bytes:
    if count < 0 or at + count > len(data):
        raise LoadError("the file is cut short, or damaged")
    return data[at : at + count]


def _next(data: Buffer, at: int, policy: Strict, how: How) -> tuple[Any, int]:
    """The object of the pickle that starts at `at`, and where it ends."""
    machine = Machine(data, policy, at, how.encoding)
    made = machine.run()
    return made, machine.position


def _storage_named(pid: Any) -> tuple[str | None, str, str, int]:
    """What a pickle says of a storage: its dtype, its name, its device, its bytes."""
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] not in ("storage", b"storage"):
        raise LoadError("the file is damaged: it refers to something that is no storage")
    _, kind, key, location, numel = pid[:5]
    key, location = (text.decode("latin1") if isinstance(text, bytes) else text for text in (key, location))
    fits = isinstance(kind, StorageType) and isinstance(key, str) and isinstance(location, str)
    if not fits or type(numel) is not int or not 0 <= numel < 1 << 60:
        raise LoadError(f"the file is damaged: it refers to the storage {str(pid[2:])[:80]}")
    return kind.dtype, key, location, numel * itemsize(kind.dtype or "uint8")


def _same(storage: Storage, pid: Any) -> Storage:
    """A storage, or the part of it that is meant, once it is known to be as described again."""
    dtype, key, _, nbytes = _storage_named(pid)
    if storage.dtype != dtype or storage.nbytes() != nbytes:
        raise LoadError(f"the file is damaged: it describes storage {key!r} in two ways")
    if len(pid) == 5 or pid[5] is None:
        return storage
    view = pid[5]
    if not isinstance(view, tuple) or len(view) != 3 or not all(type(n) is int and n >= 0 for n in view[1:]):
        raise LoadError(f"the file is damaged: it describes a part of storage {key!r} wrongly")
    return storage.part(view[1], view[2])


class _OnlyStorages(Strict):
    """Makes nothing; what remains is which storages are referred to."""

    def find(self, module: str, name: str) -> Any:
        """The type of a storage, or nothing."""
        return storage_type(module, name)

    def call(self, function: Any, args: Any) -> Any:
        """Nothing."""

    def new(self, cls: Any, args: Any, kwargs: Any) -> Any:
        """Nothing."""

    def build(self, instance: Any, state: Any) -> Any:
        """Nothing."""


class _Sizing(Machine):
    """Goes through a pickle without filling containers."""

    def put_items(self, target: Any, items: list[Any]) -> None:
        """Leave it."""

    def extend(self, target: Any, items: list[Any]) -> None:
        """Leave it."""

    def add(self, target: Any, items: list[Any]) -> None:
        """Leave it."""
