"""Makes the sample files beside it, with PyTorch; the tests that read them need none.

    python tests/data/make.py

PyTorch no longer writes the tar archives that it had before version 0.1.10; that one is put together here, and
checked by having PyTorch read it.
"""

import io
import pickle
import struct
import tarfile
from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent


def sample():
    torch.manual_seed(0)
    shared = torch.arange(12.0).reshape(3, 4)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    return {
        "shared": shared,
        "column": shared[:, 1],
        "transposed": shared.T,
        "parameter": torch.nn.Parameter(torch.tensor([1.0, -2.0])),
        "scalar": torch.tensor(1.5, dtype=torch.float64),
        "empty": torch.empty(0, 3),
        "bool": torch.tensor([True, False]),
        "int": torch.tensor([-1, 2**40]),
        "uint8": torch.tensor([255], dtype=torch.uint8),
        "half": torch.tensor([0.5], dtype=torch.float16),
        "bfloat16": torch.tensor([1.0, -2.5, 3e38]).bfloat16(),
        "conjugate": torch.tensor([1 + 2j]).conj(),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "numbers": [1, 2.5, None, True, 2**70, 1 + 2j, b"bytes", "text"],
        "dtype": torch.float16,
        "size": shared.shape,
        "device": torch.device("cpu"),
    }


def tar_archive():
    """One storage, a view of it, two tensors, in the layout of PyTorch 0.1.9."""

    class FloatStorage:
        def __reduce__(self):
            return "FloatStorage"

    def dump(obj):
        out = io.BytesIO()
        pickler = pickle._Pickler(out, 2)
        pickler.persistent_id = lambda x: x.key if isinstance(x, Key) else None
        pickler.dump(obj)
        return out.getvalue().replace(b"c__main__\nFloatStorage\n", b"ctorch\nFloatStorage\n")

    class Key:
        def __init__(self, key):
            self.key = key

    global_name = b"ctorch\nFloatStorage\nq\x00."
    values = struct.pack("<6f", *range(6))
    storages = (
        dump(1) + b"\x80\x02(K\x07X\x03\x00\x00\x00cpu" + global_name[:-3] + b"t." + struct.pack("<q", 6) + values
    )
    storages += dump([(8, 7, 2, 4)])
    tensor = b"\x80\x02(K%cK%cctorch\nFloatTensor\nt."
    tensors = dump(2)
    tensors += tensor % (9, 7) + struct.pack("<i4x2q2qq", 2, 2, 3, 3, 1, 0)
    tensors += tensor % (10, 8) + struct.pack("<i4x1q1qq", 1, 4, 1, 0)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (
            ("storages", storages), ("tensors", tensors), ("pickle", dump(OrderedDict(a=Key("9"), b=Key("10")))),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


if __name__ == "__main__":
    torch.save(sample(), HERE / "torch-2.13.pt")
    torch.save(sample(), HERE / "torch-legacy.pt", _use_new_zipfile_serialization=False)
    (HERE / "torch-0.1.9.tar").write_bytes(tar_archive())
    print(torch.load(HERE / "torch-0.1.9.tar", weights_only=False))
