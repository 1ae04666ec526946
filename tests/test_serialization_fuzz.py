"""Files that are damaged, or made to do harm: refused with one kind of error, in bounded memory and time."""

import io
import random
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from watching import Watched

import tinygrad_lite as tg
from tinygrad_lite.serialization import LoadError

DATA = Path(__file__).parent / "data"
MUTANTS = 1000  # of each kind of file


def checkpoint():
    shared = tg.arange(12.0).reshape(3, 4)
    return OrderedDict(
        weight=tg.nn.Parameter(shared),
        column=shared[:, 1],
        counts=tg.tensor([3, 1, 2]),
        flags=tg.tensor([True, False]),
        scalar=tg.tensor(1.5, dtype=tg.float64),
        history=[0.5, 0.25, (1, "two", None)],
        options={"lr": 0.1, "betas": (0.9, 0.999), "names": {"a", "b"}},
        shape=shared.shape,
        kind=tg.float32,
        array=np.arange(3, dtype=np.int16),
    )


def tensors():
    return {"weight": tg.arange(12.0).reshape(3, 4), "counts": tg.tensor([3, 1, 2]), "empty": tg.zeros(0, 2)}


def written(obj, **options):
    file = io.BytesIO()
    tg.save(obj, file, **options)
    return file.getvalue()


def in_a_file(obj, name, folder):
    path = folder / name
    tg.save(obj, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return {
        "zip": written(checkpoint()),
        "zip of protocol 4": written(checkpoint(), pickle_protocol=4),
        "legacy": written(checkpoint(), _use_new_zipfile_serialization=False),
        "safetensors": in_a_file(tensors(), "t.safetensors", folder),
        "npz": in_a_file(tensors(), "t.npz", folder),
        "tar": (DATA / "torch-0.1.9.tar").read_bytes(),
        "torch zip": (DATA / "torch-2.13.pt").read_bytes(),
    }


KINDS = ["zip", "zip of protocol 4", "legacy", "safetensors", "npz", "tar", "torch zip"]
CHECKED = {"zip", "zip of protocol 4", "npz", "torch zip"}  # have checksums


def mutant(data, other, rng):
    """Damaged as files are, or as somebody would who knows a little."""
    data = bytearray(data)
    match rng.randrange(9):
        case 0:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 1:
            for _ in range(rng.randrange(1, 9)):
                data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        case 2:
            del data[rng.randrange(len(data)) :]
        case 3:
            at = rng.randrange(len(data))
            del data[at : at + rng.randrange(1, 65)]
        case 4:
            at = rng.randrange(len(data))
            data[at:at] = rng.randbytes(rng.randrange(1, 33))
        case 5:  # a number that is far too large, or negative
            at, form = rng.randrange(len(data) - 8), rng.choice(("<I", "<Q", "<H", "<q"))
            limit = {"<I": 2**32 - 1, "<Q": 2**64 - 1, "<H": 2**16 - 1, "<q": 2**63 - 1}[form]
            data[at : at + struct.calcsize(form)] = struct.pack(form, rng.choice((limit, limit // 2 + 1, limit // 16)))
        case 6:
            start, stop = sorted(rng.randrange(len(data)) for _ in range(2))
            data[start:stop] = data[start:stop] * 2
        case 7:
            at = rng.randrange(min(len(data), len(other)))
            data[at:] = other[at:]
        case 8:  # a run of one instruction
            at = rng.randrange(len(data))
            data[at:at] = rng.choice((b"(", b"]", b"}", b")", b"0", b"2", b"R", b"b", b"h\x00", b"\x86")) * 200
    return bytes(data)


def same(a, b):
    if isinstance(a, tg.Tensor):
        return isinstance(b, tg.Tensor) and a.dtype is b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_mutants_are_refused_or_harmless(kind, files):
    rng = random.Random(kind)
    right = [tg.load(io.BytesIO(data)) for data in files.values()]  # a mutant may become another file
    refused = 0
    with Watched() as watched:
        for _ in range(MUTANTS):
            found = watched.load(mutant(files[kind], files[rng.choice(KINDS)], rng))
            refused += isinstance(found, LoadError)
            if kind in CHECKED and not isinstance(found, LoadError):
                assert any(same(found, other) for other in right)
    assert refused > MUTANTS // 5  # much of a tar archive is padding


@pytest.mark.parametrize("kind", ["zip", "safetensors", "npz"])
def test_a_file_on_the_disk_is_as_safe(kind, files, tmp_path):
    rng = random.Random(kind)
    path = tmp_path / "file"
    for mmap in (False, True):
        for _ in range(100):
            path.write_bytes(mutant(files[kind], files["npz"], rng))
            try:
                tg.load(path, mmap=mmap)
            except LoadError as error:
                assert str(path) in str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_is_refused(kind, files):
    data = files[kind]
    last = len(data) if kind != "tar" else data.rindex(b"ustar")  # what follows is padding
    for length in range(0, last, max(1, last // 150)):
        with pytest.raises(LoadError):
            tg.load(io.BytesIO(data[:length]))
