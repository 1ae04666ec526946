"""`save` and `load`: which format is meant, and where to."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from tinygrad_lite.files import atomic_write
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.serialization.archive import Archive
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.npz import is_npz, read_npz, write_npz
from tinygrad_lite.serialization.pickler import write_legacy, write_zip
from tinygrad_lite.serialization.source import Source, opened
from tinygrad_lite.serialization.storages import placer
from tinygrad_lite.serialization.torch_files import LEGACY_MAGIC, How, read_legacy, read_tar, read_zip, torch_pickle

__all__ = ["load", "save"]

_START = 512


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Save a state dict, a checkpoint of any nesting, or a whole model.

    The end of the name says the format:

    - `.safetensors`, and no ending at all: safetensors, for a flat dict from names to tensors. A dict of anything else
      goes to PyTorch's format where there is no ending.
    - `.npz`: NumPy's archive, for a flat dict as well.
    - anything else, such as `.pt`, `.pth`, `.bin`, `.ckpt` and `.tar`, and every file object: PyTorch's zip format,
      which `torch.load` reads. It keeps what tensors share memory, whether they require grad, and everything that
      Python can pickle.

    A file appears at its path only when it is whole; until then what was there before stays.

    Args:
        obj: what to save.
        f: a path, or a file object to write to.
        pickle_module: accepted where it is Python's `pickle`.
        pickle_protocol: of the pickle in PyTorch's format.
        _use_new_zipfile_serialization: False writes what PyTorch wrote before version 1.6.
        _disable_byteorder_record: accepted as in PyTorch.
        metadata: texts by name, for the header of a safetensors file.

    Raises:
        TypeError: if the format holds flat dicts of tensors only and `obj` is none, or `f` is no file.
        ValueError: for a dtype that safetensors files cannot have, or `metadata` in another format.
        RuntimeError: if tensors of different dtypes share memory.
        pickle.PicklingError: for what cannot be pickled, such as a lambda.
        OSError: if the file cannot be written.

    Example:
        >>> import io
        >>> import tinygrad_lite as tg
        >>> file = io.BytesIO()
        >>> tg.save({"epoch": 3, "weight": tg.ones(2)}, file)
        >>> _ = file.seek(0)
        >>> tg.load(file)
        {'epoch': 3, 'weight': tensor([1., 1.])}
    """
    _check_pickle(pickle_module)
    if not isinstance(f, str | os.PathLike):
        if not hasattr(f, "write"):
            raise TypeError(
                f"expected 'f' to be string, path, or a file-like object with a 'write' attribute, not {f!r}"
            )
        _need_no_metadata(metadata)
        _write_torch(obj, f, pickle_protocol, _use_new_zipfile_serialization)
        return
    ending = Path(os.fspath(f)).suffix.lower()
    if ending == ".safetensors" or (not ending and _misfit(obj) is None):
        _save_safetensors(_flat(obj, "safetensors"), f, metadata)
        return
    _need_no_metadata(metadata)
    flat = _flat(obj, ".npz") if ending == ".npz" else None
    with atomic_write(f) as file:
        if flat is not None:
            write_npz(flat, file)
        else:
            _write_torch(obj, file, pickle_protocol, _use_new_zipfile_serialization)


def _write_torch(obj: Any, file: IO[bytes], protocol: int, zipped: bool) -> None:
    (write_zip if zipped else write_legacy)(obj, file, protocol)


def _save_safetensors(flat: Mapping[str, Any], f: Any, metadata: Mapping[str, str] | None) -> None:
    from tinygrad_lite.serialization.safetensors_files import write_safetensors

    with atomic_write(f) as file:
        write_safetensors(flat, file.name, metadata)


def _need_no_metadata(metadata: Any) -> None:
    if metadata is not None:
        raise ValueError("metadata belongs into safetensors files; in others, make it a part of what is saved")


def _misfit(obj: Any) -> str | None:
    """Why an object is no flat dict of tensors; None if it is one."""
    if not isinstance(obj, Mapping):
        return f"a {type(obj).__name__}"
    for name, value in obj.items():
        if not isinstance(name, str):
            return f"a dict with the key {name!r}"
        if not isinstance(value, TensorCore | np.ndarray):
            return f"a dict in which {name!r} is a {type(value).__name__}"
    return None


def _flat(obj: Any, kind: str) -> Mapping[str, Any]:
    misfit = _misfit(obj)
    if misfit is not None:
        raise TypeError(
            f"{kind} files hold a flat dict from names to tensors, such as model.state_dict(), not {misfit}; a name "
            "that ends in .pt saves any object"
        )
    return obj


def _check_pickle(module: Any) -> None:
    if module is not None and module is not pickle:
        raise NotImplementedError(
            f"pickle_module: {getattr(module, '__name__', module)!r} is not used; files are written and read by "
            "tinygrad_lite itself"
        )


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what `save` or `torch.save` wrote, a safetensors file, or an `.npz` archive; told by its content.

    With `weights_only` no code of the file is run: it may hold tensors, parameters, dicts, lists, tuples, sets, text,
    numbers, NumPy arrays, and what `safe_globals` allows. Tensors that shared memory share it again. A
    file that is damaged, or was made to do harm, is refused; the memory taken is bounded by the size of the file.

    Args:
        f: a path, or a file object, read from where it stands.
        map_location: accepted as in PyTorch: a device, its name, a dict or a function. Everything is loaded to the
            CPU, whatever device it was saved from.
        pickle_module: accepted where it is Python's `pickle`.
        weights_only: False loads whole models and other objects as well, which can run any code: only for files
            that you trust.
        mmap: read the tensors of a file on the disk only when they are looked at, without comparing checksums.
        pickle_load_args: `encoding` of text that Python 2 wrote, such as `"latin1"`.

    Raises:
        LoadError: if the file is damaged, of no known format, or asks for what is not allowed. It is a
            `pickle.UnpicklingError` and a `RuntimeError`.
        RuntimeError: if `map_location` asks for a device that does not exist here.
        OSError: if the file cannot be read.

    Example:
        >>> import io
        >>> import tinygrad_lite as tg
        >>> file = io.BytesIO()
        >>> tg.save([tg.arange(3)], file)
        >>> _ = file.seek(0)
        >>> tg.load(file, map_location="cpu")
        [tensor([0, 1, 2])]
    """
    _check_pickle(pickle_module)
    encoding = pickle_load_args.pop("encoding", "utf-8")
    if pickle_load_args:
        raise TypeError(f"load() got an unexpected keyword argument {min(pickle_load_args)!r}")
    if mmap and not isinstance(f, str | os.PathLike):
        raise ValueError("f must be a string or os.PathLike object in order to use mmap argument")
    how = How(weights_only is None or bool(weights_only), encoding, placer(map_location), bool(mmap))
    with opened(f) as source:
        return _load(source, how)


def _load(source: Source, how: How) -> Any:
    start = source.read(0, min(_START, source.size))
    if start[:2] == b"PK":
        archive = Archive(source)
        name = torch_pickle(archive)
        if name is not None:
            return read_zip(archive, name, how)
        if is_npz(archive):
            return read_npz(archive)
        raise LoadError("the zip archive is no checkpoint: it has neither PyTorch's data.pkl nor .npy files only")
    if start[:1] == b"\x80" and LEGACY_MAGIC in start[:32]:
        return read_legacy(source, how)
    if start[257:262] == b"ustar":
        return read_tar(source, how)

    from tinygrad_lite.serialization.safetensors_files import looks_like_safetensors, read_safetensors

    if looks_like_safetensors(start, source.size):
        return read_safetensors(source, how.mmap)
    seen = f"it begins with the bytes {start[:8].hex(' ')}" if start else "it is empty"
    raise LoadError(
        f"not a checkpoint: {seen}; expected safetensors, an .npz archive, or what torch.save or tinygrad_lite.save "
        "writes"
    )
