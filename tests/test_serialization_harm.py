"""Checkpoints that were made to do harm: to run code, to fill the memory, to take for ever, to deceive."""

import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from watching import MOST_BYTES, Watched

import tinygrad_lite as tg
from tinygrad_lite.serialization import LoadError

touched = []


def touch(*args):
    touched.append(args)


def zipped(data, members=(), **info):
    """A zip archive like PyTorch's, with this pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", data)
        for name, content in members:
            archive.writestr(f"a/{name}", content)
    return file.getvalue()


class Runs:
    """What runs a function when it is unpickled."""

    def __init__(self, function, *args):
        self.how = function, args

    def __reduce__(self):
        return self.how


def key_bomb(fill):
    """Tuples within tuples: 2**60 leaves to hash."""
    return b"\x80\x02" + b"}" * (fill == b"s") + b"\x8f(" * (fill == b"\x90") + b")" + b"2\x86" * 60 + fill


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"


def tensor_pickle(offset=b"K\x00", size=b"K\x04\x85", stride=b"K\x01\x85", storage=STORAGE, grad=b"\x89"):
    rest = grad + b"ccollections\nOrderedDict\n)RtR."
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + size + stride + rest


def long(number):
    return b"\x8a\x08" + number.to_bytes(8, "little", signed=True)


FOUR = [("data/0", np.arange(4, dtype=np.float32).tobytes())]

HARMFUL_PICKLES = {
    "os.system": pickle.dumps(Runs(os.system, "exit 1"), 2),
    "eval": pickle.dumps(Runs(eval, "1"), 4),
    "our own function": pickle.dumps(Runs(touch, 1), 4),
    "getattr": pickle.dumps(Runs(getattr, "a", "upper"), 2),
    "a module": b"\x80\x02cos\nsystem\n.",
    "a nested name": b"\x80\x04\x8c\x02tg\x8c\x0bTensor.data\x93.",
    "numpy's frombuffer": b"\x80\x02cnumpy\nfrombuffer\nC\x01a\x85R.",
    "a class of ours": b"\x80\x02ctinygrad_lite.nn\nLinear\nK\x02K\x02\x86R.",
    "a new object": b"\x80\x02ccollections\nOrderedDict\n)\x81.",
    "state of a list": b"\x80\x02]}b.",
    "state that hides a method": b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.",
    "a factory": b"\x80\x02ccollections\ndefaultdict\ncos\nsystem\n\x85R.",
    "an unknown factory": b"\x80\x02ccollections\ndefaultdict\nctorch\nTensor\n\x85R.",
    "int of text": b"\x80\x02cbuiltins\nint\nX\x01\x00\x00\x001\x85R.",
    "list of a list": b"\x80\x02cbuiltins\nlist\n]\x85R.",
    "a bytearray of a size": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "bytes of a size": b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.",
    "a set of text": b"\x80\x02cbuiltins\nset\nX\x03\x00\x00\x00abc\x85R.",
    "complex of text": b"\x80\x02cbuiltins\ncomplex\nX\x01\x00\x00\x001\x85R.",
    "an instance": b"\x80\x02(cos\nsystem\no.",
    "an old instance": b"\x80\x02(ios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a buffer from outside": b"\x80\x05\x97.",
    "a long text": b"\x80\x02X\xff\xff\xff\xffa.",
    "a very long text": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.",
    "very long bytes": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fa.",
    "a very long bytearray": b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7fa.",
    "a long number": b"\x80\x02\x8b\xff\xff\xff\x7fa.",
    "a number of negative length": b"\x80\x02\x8b\xff\xff\xff\xff.",
    "a number in decimals": b"\x80\x02L" + b"9" * 100_000 + b"L\n.",
    "a memo that is not there": b"\x80\x02h\x07.",
    "a far memo": b"\x80\x02K\x01r\xff\xff\xff\x7fj\xfe\xff\xff\x7f.",
    "an empty stack": b"\x80\x020.",
    "no mark": b"\x80\x02t.",
    "no end": b"\x80\x02]",
    "nothing": b"",
    "parts left over": b"\x80\x02]].",
    "a protocol of the future": b"\x80\x09N.",
    "items for a list": b"\x80\x02]K\x01K\x02s.",
    "elements for a dict": b"\x80\x02}K\x01a.",
    "an odd number of items": b"\x80\x02}(K\x01K\x02K\x03u.",
    "a list as a key": b"\x80\x02}]K\x01s.",
    "tuples of tuples as a key": key_bomb(b"s") [:-1] + b"Ns.",
    "tuples of tuples in a set": b"\x80\x04\x8f(" + b")" + b"2\x86" * 60 + b"\x90.",
    "tuples of tuples in a frozenset": b"\x80\x04()" + b"2\x86" * 60 + b"\x91.",
    "a long number as a key": b"\x80\x02}\x8b\x00\x10\x00\x00" + b"\x01" * 4096 + b"Ns.",
    "a number that no dict takes": b"\x80\x02}cbuiltins\ncomplex\nK\x01K\x01\x86RNs.",
    "a list copied again and again": b"\x80\x02(" + b"K\x01" * 60_000 + b"lq\x00" + b"0cbuiltins\nset\nq\x010("
    + b"h\x01h\x00\x85R" * 10_000 + b"t.",
    "text encoded again and again": b"\x80\x02X\x00\x00\x01\x00" + b"a" * 65536 + b"q\x000X\x06\x00\x00\x00latin1q\x02"
    b"0c_codecs\nencode\nq\x010(" + b"h\x01h\x00h\x02\x86R" * 10_000 + b"t.",
    "no storage": tensor_pickle(storage=b"N"),
    "a storage that is not there": tensor_pickle(storage=STORAGE.replace(b"\x000X", b"\x007X")),
    "a path as a storage": tensor_pickle(storage=STORAGE.replace(b"\x01\x00\x00\x000X", b"\x08\x00\x00\x00../dataX")),
    "a storage of another size": tensor_pickle(storage=STORAGE.replace(b"K\x04tQ", b"K\x05tQ")),
    "a storage of a huge size": tensor_pickle(storage=STORAGE.replace(b"K\x04tQ", long(2**60) + b"tQ")),
    "a storage of a negative size": tensor_pickle(storage=STORAGE.replace(b"K\x04tQ", long(-4) + b"tQ")),
    "a storage of another kind": tensor_pickle(storage=STORAGE.replace(b"FloatStorage", b"LongStorage")),
    "a storage of no kind": tensor_pickle(storage=STORAGE.replace(b"ctorch\nFloatStorage\n", b"N")),
    "quantized": tensor_pickle(storage=STORAGE.replace(b"FloatStorage", b"QInt8Storage")),
    "sparse": b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n.",
    "an offset outside": tensor_pickle(offset=b"K\x01"),
    "a negative offset": tensor_pickle(offset=long(-1)),
    "a huge offset": tensor_pickle(offset=long(2**62)),
    "an offset that is no number": tensor_pickle(offset=b"G" + struct.pack(">d", 0.0)),
    "a size outside": tensor_pickle(size=b"K\x05\x85"),
    "a negative size": tensor_pickle(size=long(-4) + b"\x85"),
    "a huge size": tensor_pickle(size=long(2**62) + b"\x85"),
    "sizes that overflow": tensor_pickle(size=(long(2**33)) * 2 + b"\x86", stride=b"K\x00K\x00\x86"),
    "an empty shape too large": tensor_pickle(size=long(0) + long(2**47) * 2 + b"\x87", stride=b"K\x01" * 3 + b"\x87"),
    "sizes that are truth": tensor_pickle(size=b"\x88\x85"),
    "a negative stride": tensor_pickle(stride=long(-1) + b"\x85"),
    "a stride outside": tensor_pickle(stride=b"K\x02\x85"),
    "more strides than sizes": tensor_pickle(stride=b"K\x01K\x01\x86"),
    "sizes in text": tensor_pickle(size=b"X\x01\x00\x00\x004"),
    "100 dimensions": tensor_pickle(size=b"(" + b"K\x01" * 100 + b"t", stride=b"(" + b"K\x01" * 100 + b"t"),
    "integers with a gradient": tensor_pickle(
        storage=STORAGE.replace(b"FloatStorage", b"IntStorage"), grad=b"\x88"
    ),
    "a parameter of nothing": b"\x80\x02ctorch._utils\n_rebuild_parameter\nN\x88N\x87R.",
    "a subclass": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncbuiltins\nset\n"
    + tensor_pickle()[len(b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n") : -2] + b"}tR.",
    "an array of objects": pickle.dumps(np.array([None]), 2),
    "an array of records": pickle.dumps(np.zeros(2, "i4,f4"), 2),
    "an array of dates": pickle.dumps(np.array(["2020"], "M8[D]"), 2),
    "an array of wrong length": pickle.dumps(np.arange(4), 2).replace(b"K\x04\x85", b"K\x05\x85"),
    "an array of negative length": pickle.dumps(np.arange(4), 2).replace(b"K\x04\x85", b"J\xfc\xff\xff\xff\x85"),
    "an array of another class": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncbuiltins\nset\nK\x00\x85N\x87R.",
    "a dtype of a size": b"\x80\x02cnumpy\ndtype\nX\x0b\x00\x00\x00U1000000000\x85R.",
    "a dtype of Python's": b"\x80\x02cnumpy\ndtype\nX\x01\x00\x00\x00O\x85R.",
    "a dtype of nothing": b"\x80\x02cnumpy\ndtype\nN\x85R.",
    "a number of wrong size": b"\x80\x02cnumpy.core.multiarray\nscalar\n"
    b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85RC\x01a\x86R.",
}  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL_PICKLES)
def test_a_harmful_pickle_is_refused(name):
    legacy = b"".join(pickle.dumps(head, 2) for head in (0x1950A86A20F9469CFC6C, 1001, {}))
    with Watched() as watched:
        for data in (zipped(HARMFUL_PICKLES[name], FOUR), legacy + HARMFUL_PICKLES[name] + pickle.dumps(["0"], 2)):
            most = MOST_BYTES + 100 * len(HARMFUL_PICKLES[name])
            assert isinstance(watched.load(data, most), LoadError)
    assert not touched


def test_the_harmless_twin_of_those_is_loaded():
    """So that those are refused for what is wrong with them."""
    loaded = tg.load(io.BytesIO(zipped(tensor_pickle(), FOUR)))
    assert loaded.tolist() == [0, 1, 2, 3]
    assert tg.load(io.BytesIO(zipped(b"\x80\x02}(K\x01K\x02\x86Nu."))) == {(1, 2): None}


def test_what_is_expanded_stays_small():
    with Watched() as watched:
        made = watched.load(zipped(tensor_pickle(size=long(2**40) + b"\x85", stride=b"K\x00\x85"), FOUR))
    assert made.shape == (2**40,) and made.stride() == (0,)


def test_an_int_that_requires_a_gradient_by_v3():
    with Watched() as watched:
        assert isinstance(watched.load(zipped(b"\x80\x02ctorch._utils\n_rebuild_tensor_v3\n(NNNNNNNtR.")), LoadError)


def directory(data):
    """Where the directory of a zip archive begins."""
    (start,) = struct.unpack("<I", data[-6:-2])
    return start


def with_directory(data, **fields):
    """The archive with fields of its last entry set."""
    places = {"method": (10, "<H"), "crc": (16, "<I"), "packed": (20, "<I"), "size": (24, "<I"), "start": (42, "<I")}
    at = data.rindex(b"PK\x01\x02")
    out = bytearray(data)
    for name, value in fields.items():
        offset, form = places[name]
        out[at + offset : at + offset + struct.calcsize(form)] = struct.pack(form, value)
    return bytes(out)


def harmful_archives():
    good = zipped(tensor_pickle(), FOUR)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", tensor_pickle())
        archive.writestr("a/data/0", b"\0" * 16)
    double = io.BytesIO()
    with zipfile.ZipFile(double, "w") as archive:
        archive.writestr("a/data.pkl", tensor_pickle())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/data.pkl", b"\x80\x02N.")
    script = zipped(tensor_pickle(), [*FOUR, ("constants.pkl", b""), ("code/a.py", b"")])
    return {
        "sizes that lie": with_directory(good, size=2**31, packed=2**31),
        "one size that lies": with_directory(good, size=2**31),
        "a packed size that lies": with_directory(packed.getvalue(), size=2**31),
        "a start outside": with_directory(good, start=2**31),
        "a start on another": with_directory(good, start=0),
        "a wrong checksum": with_directory(good, crc=1),
        "no checksum, the others have one": with_directory(good, crc=0),
        "an unknown packing": with_directory(good, method=12),
        "a member twice": double.getvalue(),
        "a program": script,
        "a byte order that is none": zipped(tensor_pickle(), [*FOUR, ("byteorder", b"middle")]),
        "no pickle": zipped(tensor_pickle(), FOUR).replace(b"data.pkl", b"data.pxl"),
        "no archive": b"PK\x03\x04" + bytes(100),
        "a directory that is too long": good[:-10] + struct.pack("<I", 2**31) + good[-6:],
    }


@pytest.mark.parametrize("name", list(harmful_archives()))
def test_a_harmful_archive_is_refused(name):
    with Watched() as watched:
        assert isinstance(watched.load(harmful_archives()[name]), LoadError)


def test_members_that_share_their_bytes_are_refused():
    """A directory of a thousand members over one run of bytes: a file of 100 KB that holds 100 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", bytes(100_000))
    data = file.getvalue()
    start = directory(data)
    entry = data[start : data.rindex(b"PK\x05\x06")]
    entries = b"".join(entry.replace(b"x.npy", b"%05d" % k) for k in range(1000))
    end = data[-22:-10] + struct.pack("<II", len(entries), start) + data[-2:]
    with Watched() as watched:
        assert isinstance(watched.load(data[:start] + entries + end), LoadError)


def test_an_archive_whose_checksums_are_all_zero_has_none():
    """PyTorch's set_crc32_options(False) writes such files."""
    data = zipped(tensor_pickle(), FOUR)
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data = data[: at + 16] + bytes(4) + data[at + 20 :]
    assert tg.load(io.BytesIO(data)).tolist() == [0, 1, 2, 3]


def safe(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else repr(header).replace("'", '"').encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype="F32", shape=(2,), begin=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


HARMFUL_SAFETENSORS = {
    "outside the file": safe({"a": entry(end=800)}, bytes(8)),
    "before the file": safe({"a": entry(begin=-8, end=0)}, bytes(8)),
    "offsets the wrong way round": safe({"a": entry(begin=8, end=0)}, bytes(8)),
    "another size": safe({"a": entry(shape=(3,))}, bytes(8)),
    "sizes that overflow": safe({"a": entry(shape=(2**32, 2**32, 2))}, bytes(8)),
    "a negative size": safe({"a": entry(shape=(-2, -1))}, bytes(8)),
    "one place for two": safe({"a": entry(), "b": entry()}, bytes(8)),
    "bytes left over": safe({"a": entry()}, bytes(16)),
    "a hole": safe({"a": entry(begin=8, end=16)}, bytes(16)),
    "a name twice": safe(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
                         b'"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}', bytes(16)),
    "an unknown dtype": safe({"a": entry(dtype="F31")}, bytes(8)),
    "a dtype that no tensor has": safe({"a": entry(dtype="F8_E8M0", shape=(8,))}, bytes(8)),
    "a header that is too long": safe({"a": entry()}, bytes(8), length=2**62),
    "a header longer than the file": safe({"a": entry()}, bytes(8), length=500),
    "a header cut short": safe({"a": entry()}, bytes(8), length=20),
    "a header that is no JSON": safe(b"{oh no}"),
    "a header that is a list": safe(b"[1, 2]"),
    "a deep header": safe(b'{"a":' + b"[" * 100_000),
    "metadata that is no text": safe(b'{"__metadata__":{"a":1}}'),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL_SAFETENSORS)
def test_a_harmful_safetensors_file_is_refused(name, tmp_path):
    path = tmp_path / "t.safetensors"
    path.write_bytes(HARMFUL_SAFETENSORS[name])
    with Watched() as watched:
        assert isinstance(watched.load(HARMFUL_SAFETENSORS[name]), LoadError)
    with pytest.raises(LoadError):
        tg.load(path)


def npz(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(header, data=b"", version=b"\x01\x00"):
    text = repr(header).encode() if isinstance(header, dict) else header
    return b"\x93NUMPY" + version + struct.pack("<H", len(text) + 1) + text + b"\n" + data


def pickled_npy():
    file = io.BytesIO()
    np.save(file, np.array([None, {}]), allow_pickle=True)
    return file.getvalue()


FLOATS = {"descr": "<f4", "fortran_order": False, "shape": (2,)}
HARMFUL_NPZ = {
    "objects": npz(a=pickled_npy()),
    "too little": npz(a=npy(FLOATS, bytes(4))),
    "too much": npz(a=npy(FLOATS, bytes(12))),
    "far too much": npz(a=npy({**FLOATS, "shape": (2**40,)}, bytes(8))),
    "sizes that overflow": npz(a=npy({**FLOATS, "shape": (2**40, 2**40)}, bytes(8))),
    "an empty shape too large": npz(a=npy({**FLOATS, "shape": (0, 2**40, 2**40)})),
    "a negative size": npz(a=npy({**FLOATS, "shape": (-2, -1)}, bytes(8))),
    "code for a header": npz(a=npy(b"__import__('os').system('exit 1')")),
    "a deep header": npz(a=npy(b"(" * 5000)),
    "no header": npz(a=b"\x93NUMPY\x01\x00\xff\xff"),
    "an unknown version": npz(a=npy(FLOATS, bytes(8), b"\x09\x00")),
    "no array": npz(a=b"hello"),
}


@pytest.mark.parametrize("name", HARMFUL_NPZ)
def test_a_harmful_npz_archive_is_refused(name):
    with Watched() as watched:
        assert isinstance(watched.load(HARMFUL_NPZ[name]), LoadError)


def test_a_zip_bomb_takes_no_more_than_it_states():
    """Packing holds up to 1032 times its size: what is allowed is what the archive states, and no more."""
    data = npz(a=npy({**FLOATS, "shape": (250_000,)}, bytes(1_000_000)))
    with Watched() as watched:
        assert len(data) < 2000 and watched.load(data, 8 << 20)["a"].shape == (250_000,)
        assert isinstance(watched.load(with_directory(data, size=20_000)), LoadError)
        assert isinstance(watched.load(with_directory(data, size=2**31 - 1)), LoadError)
