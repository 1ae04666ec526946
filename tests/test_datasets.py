"""Data sets: what they hold, every way a file can be wrong, and that a bad file costs no memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import struct
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from tinygrad_lite.datasets import Images, digits, load_arrays, mnist, read_idx, write_idx

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_mnist = pytest.mark.skipif(not (DATA / "mnist").is_dir(), reason=f"the real MNIST is not in {DATA / 'mnist'}")
needs_cifar = pytest.mark.skipif(
    not (DATA / "cifar10").is_dir(), reason=f"the real CIFAR-10 is not in {DATA / 'cifar10'}"
)
DTYPES = ("u1", "i1", "i2", "i4", "f4", "f8")
IMAGES = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8)
FEW, FEW_LABELS = IMAGES[:2] + 100, LABELS[:2]


@contextlib.contextmanager
def memory_below(megabytes: float) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1e6, f"{peak / 1e6:.1f} MB were taken"


def idx_bytes(code: int, shape: tuple[int, ...], data: bytes) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape) + data


def written(folder: Path, content: bytes, name: str = "file.idx") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


# digits


def test_digits() -> None:
    data = digits()
    assert data.images.shape == (1797, 8, 8)
    assert data.images.dtype == np.float32
    assert data.labels.shape == (1797,)
    assert data.labels.dtype == np.int64
    assert (data.images.min(), data.images.max()) == (0, 1)
    assert list(data.labels[:10]) == list(range(10))
    # Published with the data set: how often each digit occurs.
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (data.images[0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_digits_are_fresh_each_time() -> None:
    images, labels = digits()
    images[:], labels[:] = 0, 0
    assert digits().images.max() == 1
    assert digits().labels.max() == 9


def test_digits_are_the_file_that_came_with_its_licence() -> None:
    folder = Path(__file__).parents[1] / "tinygrad_lite" / "datasets" / "data"
    assert "CC BY 4.0" in (folder / "README.md").read_text(encoding="utf-8")
    original = DATA / "tabular" / "digits.csv.gz"
    if not original.exists():
        pytest.skip(f"the original is not at {original}")
    assert (folder / "digits.csv.gz").read_bytes() == original.read_bytes()


# IDX: what is right


def test_idx_layout_is_the_published_one(tmp_path: Path) -> None:
    write_idx(tmp_path / "file", np.array([[1, 2, 3], [4, 5, -6]], dtype=np.int16))
    expected = "00000b02 00000002 00000003 0001 0002 0003 0004 0005 fffa"
    assert (tmp_path / "file").read_bytes() == bytes.fromhex(expected)


@pytest.mark.parametrize(
    ("code", "data", "dtype", "value"),
    [
        (0x08, "ff", "uint8", 255),
        (0x09, "ff", "int8", -1),
        (0x0B, "0102", "int16", 258),
        (0x0C, "01020304", "int32", 16909060),
        (0x0D, "3fc00000", "float32", 1.5),
        (0x0E, "3ff8000000000000", "float64", 1.5),
    ],
)
def test_every_type_code(tmp_path: Path, code: int, data: str, dtype: str, value: float) -> None:
    array = read_idx(written(tmp_path, idx_bytes(code, (1,), bytes.fromhex(data))))
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    assert array.tolist() == [value]


arrays = npst.arrays(
    dtype=st.sampled_from([np.dtype(order + name) for name in DTYPES for order in "<>"]),
    shape=npst.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=5),
)


@settings(deadline=None, max_examples=200)
@given(array=arrays, suffix=st.sampled_from(["", ".gz"]), order=st.sampled_from("CF"))
def test_idx_round_trip(array: NDArray[Any], suffix: str, order: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"file.idx{suffix}")
        write_idx(path, np.asarray(array, order=order))
        assert (path.read_bytes()[:2] == b"\x1f\x8b") == (suffix == ".gz")
        back = read_idx(path)
    assert back.dtype == array.dtype.newbyteorder("=")
    assert back.dtype.isnative
    assert back.shape == array.shape
    assert back.tobytes() == array.astype(back.dtype).tobytes()  # NaN and -0.0 bit for bit
    assert back.flags.writeable


def test_many_dimensions(tmp_path: Path) -> None:
    array = np.arange(2, dtype=np.uint8).reshape((1,) * 63 + (2,))
    write_idx(tmp_path / "file", array)
    assert read_idx(tmp_path / "file").shape == array.shape


def test_gzip_is_told_by_content(tmp_path: Path) -> None:
    plain = idx_bytes(0x08, (2,), b"ab")
    assert read_idx(written(tmp_path, gzip.compress(plain), "packed")).tolist() == [97, 98]
    assert read_idx(written(tmp_path, plain, "plain.gz")).tolist() == [97, 98]
    two_members = gzip.compress(plain[:5]) + gzip.compress(plain[5:])
    assert read_idx(written(tmp_path, two_members)).tolist() == [97, 98]


def test_same_array_makes_the_same_packed_file(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", IMAGES)
    write_idx(str(tmp_path / "b.gz"), IMAGES)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


# IDX: what is wrong


@pytest.mark.parametrize("dtype", ["int64", "uint16", "float16", "bool", "complex64", "U3", "O"])
def test_types_without_a_code_are_not_written(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(ValueError, match="IDX cannot hold .* convert to one of uint8, int8"):
        write_idx(tmp_path / "file", np.zeros(2, dtype))
    assert not list(tmp_path.iterdir())


def test_too_long_a_dimension_is_not_written(tmp_path: Path) -> None:
    long = np.broadcast_to(np.uint8(0), (1 << 32,))
    with pytest.raises(ValueError, match=r"at most 2\*\*32 - 1, not 4294967296"):
        write_idx(tmp_path / "file", long)


def test_writing_to_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="create it first"):
        write_idx(tmp_path / "none" / "file", IMAGES)


GOOD = idx_bytes(0x08, (2, 3), b"abcdef")
WRONG = {
    "empty": (b"", "header is cut short: expected at least 4 bytes, found 0"),
    "two bytes": (b"\0\0", "header is cut short: expected at least 4 bytes, found 2"),
    "three bytes": (b"\0\0\x08", "header is cut short: expected at least 4 bytes, found 3"),
    "half header": (GOOD[:9], "header is cut short: expected 12 bytes, found 9"),
    "no data": (GOOD[:12], "data is cut short: expected 2 × 3 .* uint8 .6 bytes., found 0 bytes"),
    "half data": (GOOD[:15], "data is cut short: expected 2 × 3 .* .6 bytes., found 3 bytes"),
    "extra": (GOOD + b"x", r"extra bytes after the data: expected 2 × 3 .*6 bytes"),
    "text": (b"hello, world", "not an IDX file: .* 68 65 6c 6c, expected 00 00, a type code"),
    "one letter": (b"h", "not an IDX file"),
    "web page": (b"<!DOCTYPE html>", "it looks like a web page: the download failed"),
    "zip": (b"PK\x03\x04....", "it looks like a zip archive"),
    "npy": (b"\x93NUMPY", "it looks like a NumPy .npy file: use numpy.load"),
    "packed twice": (gzip.compress(gzip.compress(GOOD)), "gzip within gzip: unpack it once"),
    "type code": (b"\0\0\x0a\x01\0\0\0\0", "not an IDX file: .* 00 00 0a 01"),
    "little-endian": (b"\x03\x08\0\0", "not an IDX file"),
    "dimensions": (b"\0\0\x08\xff" + b"\0" * 1020, "255 dimensions, but NumPy arrays have at most"),
    "huge": (idx_bytes(0x0E, (2**32 - 1,) * 2, b"abc"), "more than any computer holds"),
    "empty but huge": (idx_bytes(0x08, (0,) + (2**32 - 1,) * 3, b""), "more than any computer"),
    "large": (idx_bytes(0x08, (10**6, 28, 28), b"abc"), "data is cut short: expected 1000000 × 28"),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_idx_says_what_and_where(tmp_path: Path, case: str, packed: bool) -> None:
    content, message = WRONG[case]
    path = written(tmp_path, gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=message) as caught, memory_below(4):
        read_idx(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],
        lambda packed: packed[:12],
        lambda packed: packed[:2],
        lambda packed: packed[:-8] + b"\0" * 8,  # checksum
        lambda packed: packed[:30] + bytes([packed[30] ^ 255]) + packed[31:],
        lambda packed: packed + b"rubbish",
    ],
)
def test_damaged_gzip_says_so(tmp_path: Path, damage: Any) -> None:
    whole = gzip.compress(idx_bytes(0x08, (200,), bytes(range(200))))
    path = written(tmp_path, damage(whole))
    with pytest.raises(ValueError, match="the gzip packing is damaged .*again") as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_missing_idx_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such IDX file") as caught:
        read_idx(tmp_path / "none")
    assert str(tmp_path / "none") in str(caught.value)


def test_folder_is_no_idx_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        read_idx(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")
def test_pipe_is_no_idx_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="a device or a pipe"):
        read_idx(tmp_path / "pipe")


def test_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(idx_bytes(0x08, (10,), bytes(64_000_000)), compresslevel=1)
    path = written(tmp_path, bomb)
    with pytest.raises(ValueError, match="extra bytes"), memory_below(2):
        read_idx(path)


def test_lying_header_of_a_packed_file_costs_no_memory(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(1_000_000)
    path = written(tmp_path, gzip.compress(idx_bytes(0x08, (900, 1000, 1000), noise)))
    with pytest.raises(ValueError, match="found 1,000,000 bytes"), memory_below(8):
        read_idx(path)


def idx_file(packed: bool) -> bytes:
    data = np.random.default_rng(0).integers(0, 9, 3 * 4 * 5, dtype=np.uint8)
    plain = idx_bytes(0x08, (3, 4, 5), data.tobytes())
    return gzip.compress(plain, mtime=0) if packed else plain


@settings(deadline=None, max_examples=400)
@given(
    packed=st.booleans(),
    keep=st.integers(0, 200),
    flips=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 255)), max_size=4),
    extra=st.binary(max_size=3),
)
def test_any_damage_is_found_or_harmless(packed: bool, keep: int, flips: list[tuple[int, int]], extra: bytes) -> None:
    content = bytearray(idx_file(packed)[:keep] + extra)
    for place, mask in flips:
        if place < len(content):
            content[place] ^= mask
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), bytes(content))
        with memory_below(4):
            try:
                array = read_idx(path)
            except (ValueError, OSError) as error:
                assert str(path) in str(error)
                return
    plain = bytes(content)
    if content[:2] == b"\x1f\x8b":
        plain = gzip.decompress(plain)
    assert list(array.shape) == list(struct.unpack_from(f">{plain[3]}I", plain, 4))
    assert array.nbytes == len(plain) - 4 - 4 * plain[3]


# MNIST


def write_mnist(folder: Path, pattern: str = "{}-{}-idx{}-ubyte") -> Path:
    write_idx(folder / pattern.format("train", "images", 3), IMAGES)
    write_idx(folder / pattern.format("train", "labels", 1), LABELS)
    write_idx(folder / pattern.format("t10k", "images", 3), FEW)
    write_idx(folder / pattern.format("t10k", "labels", 1), FEW_LABELS)
    return folder


def assert_is_small_mnist(data: Images) -> None:
    assert isinstance(data, Images)
    np.testing.assert_array_equal(data.train_images, IMAGES)
    np.testing.assert_array_equal(data.train_labels, LABELS)
    np.testing.assert_array_equal(data.test_images, FEW)
    np.testing.assert_array_equal(data.test_labels, FEW_LABELS)
    assert data.train_images.dtype == data.test_images.dtype == np.uint8
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64


@pytest.mark.parametrize(
    "pattern",
    ["{}-{}-idx{}-ubyte", "{}-{}-idx{}-ubyte.gz", "{}-{}.idx{}-ubyte", "{}-{}.idx{}-ubyte.gz"],
)
def test_mnist_spellings(tmp_path: Path, pattern: str) -> None:
    write_mnist(tmp_path, pattern)
    assert_is_small_mnist(mnist(tmp_path))
    assert_is_small_mnist(load_arrays(str(tmp_path)))


def test_mnist_prefers_the_plain_file(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    written(tmp_path, b"rubbish", "train-images-idx3-ubyte.gz")
    assert_is_small_mnist(mnist(tmp_path))


@needs_mnist
def test_real_mnist() -> None:
    data = mnist(DATA / "mnist")
    assert data.train_images.shape == (60_000, 28, 28)
    assert data.test_images.shape == (10_000, 28, 28)
    assert (data.train_labels.shape, data.test_labels.shape) == ((60_000,), (10_000,))
    assert data.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # Published by many: the mean and spread of the training pixels.
    assert data.train_images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert data.train_images.std() / 255 == pytest.approx(0.3081, abs=1e-4)


def test_mnist_lists_the_missing_files(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        mnist(tmp_path)
    message = str(caught.value)
    assert "missing train-labels-idx1-ubyte (each may be plain or end in .gz)" in message
    assert "found train-images-idx3-ubyte, t10k-images-idx3-ubyte, t10k-labels" in message
    assert str(tmp_path) in message


def test_mnist_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="found none of the four"):
        mnist(tmp_path)


def test_mnist_in_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        mnist(tmp_path / "none")
    with pytest.raises(NotADirectoryError, match="this is a file; give the folder"):
        mnist(written(tmp_path, b"", "file"))


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte", LABELS[:5], "5 labels, but 6 images in .*train-images"),
        ("t10k-labels-idx1-ubyte", LABELS[:3], "3 labels, but 2 images in .*t10k-images"),
        ("train-labels-idx1-ubyte", LABELS.astype("f4"), "labels of float32; expected whole"),
        ("train-labels-idx1-ubyte", -LABELS.astype("i1"), "label 1 is -1; expected class numbers"),
        ("train-labels-idx1-ubyte", LABELS.reshape(2, 3), r"labels of shape \(2, 3\)"),
        ("train-images-idx3-ubyte", IMAGES.astype("f8"), "images of float64; expected uint8"),
        ("train-images-idx3-ubyte", IMAGES.astype("i2") - 9, "pixels from -9 to 110"),
        ("train-images-idx3-ubyte", IMAGES[0], r"images of shape \(4, 5\); expected"),
        ("train-images-idx3-ubyte", IMAGES[:0], "no images, the shape is"),
        ("t10k-images-idx3-ubyte", FEW[:, 1:], r"training images of shape \(4, 5\) but test"),
    ],
)
def test_mnist_with_a_wrong_array(tmp_path: Path, name: str, array: NDArray[Any], message: str) -> None:
    write_mnist(tmp_path)
    write_idx(tmp_path / name, array)
    with pytest.raises(ValueError, match=message) as caught:
        mnist(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_mnist_names_the_damaged_file(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    path = written(tmp_path, b"<html>", "t10k-images-idx3-ubyte")
    with pytest.raises(ValueError, match="web page") as caught:
        mnist(tmp_path)
    assert str(path) in str(caught.value)


# .npz archives


def archive(folder: Path, name: str = "data.npz", /, **arrays: Any) -> Path:
    with open(folder / name, "wb") as file:
        np.savez_compressed(file, **arrays)
    return folder / name


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
@pytest.mark.parametrize("name", ["data.npz", "no suffix"])
def test_npz_with_both_parts(tmp_path: Path, keys: tuple[str, ...], name: str) -> None:
    values: dict[str, Any] = dict(zip(keys, (IMAGES, LABELS, FEW, FEW_LABELS), strict=True))
    assert_is_small_mnist(load_arrays(archive(tmp_path, name, **values, more=np.zeros(3))))


@pytest.mark.parametrize("keys", [("images", "labels"), ("x", "y")])
@pytest.mark.parametrize("count", [2, 5, 9, 10, 100])
def test_npz_without_parts_is_split(tmp_path: Path, keys: tuple[str, str], count: int) -> None:
    labels = np.arange(count)
    images = np.broadcast_to(labels.astype(np.uint8)[:, None, None], (count, 3, 3))
    path = archive(tmp_path, **dict(zip(keys, (images, labels), strict=True)))
    data = load_arrays(path)
    assert len(data.test_labels) == max(1, count // 5)
    assert sorted([*data.train_labels, *data.test_labels]) == list(range(count))
    np.testing.assert_array_equal(data.train_images[:, 0, 0], data.train_labels)
    np.testing.assert_array_equal(data.test_images[:, 2, 2], data.test_labels)
    again = load_arrays(path)
    np.testing.assert_array_equal(again.test_labels, data.test_labels)
    if count == 100:
        assert data.test_labels.tolist() != list(range(80, 100))
        assert load_arrays(path, seed=1).test_labels.tolist() != data.test_labels.tolist()


def test_npz_of_wider_whole_numbers(tmp_path: Path) -> None:
    data = load_arrays(archive(tmp_path, x=IMAGES.astype(">i4"), y=LABELS.astype("u8")))
    assert data.train_images.dtype == np.uint8
    assert data.train_labels.dtype == np.int64


def test_npz_stored_in_fortran_order(tmp_path: Path) -> None:
    data = load_arrays(
        archive(
            tmp_path,
            x_train=np.asfortranarray(IMAGES),
            y_train=LABELS,
            x_test=FEW,
            y_test=FEW_LABELS,
        )
    )
    assert_is_small_mnist(data)


@needs_cifar
def test_real_cifar_has_colours() -> None:
    data = load_arrays(DATA / "cifar10" / "cifar10_subset.npz")
    assert data.train_images.shape == (10_000, 32, 32, 3)
    assert data.test_labels.shape == (2_000,)


def test_npz_without_the_keys_lists_those_there(tmp_path: Path) -> None:
    path = archive(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=FEW, other=FEW)
    with pytest.raises(ValueError) as caught:
        load_arrays(path)
    message = str(caught.value)
    assert "found other, x_test, x_train, y_train; expected x_train y_train x_test y_test" in message
    assert str(path) in message


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, LABELS[:4], "y: 4 labels, but 6 images in .*x;"),
        (IMAGES / np.float32(255), LABELS, "images of float32; .*save .images . 255"),
        (np.full((6, 2, 2), np.nan), LABELS, "images of float64 with NaN among them"),
        (IMAGES > 3, LABELS, "images of bool"),
        (IMAGES.astype("i4") * 9, LABELS, "pixels from 0 to 1071"),
        (IMAGES.reshape(6, 20), LABELS, r"images of shape \(6, 20\); expected .*channels"),
        (IMAGES[..., None, None], LABELS, "images of shape"),
        (np.uint8(3), np.uint8(3), r"images of shape \(\)"),
        (IMAGES[:, :0], LABELS, "no images, the shape is"),
        (IMAGES[:1], LABELS[:1], "one image cannot be split"),
        (IMAGES, LABELS.astype("f4"), "labels of float32; expected whole numbers"),
        (IMAGES, LABELS.astype("U1"), "labels of <U1; expected whole numbers"),
        (IMAGES, LABELS.astype("i8") - 1, "label 0 is -1; expected class numbers"),
        (IMAGES, np.eye(6, dtype=int), r"labels of shape \(6, 6\); .*argmax"),
        (IMAGES, LABELS[:, None], r"labels of shape \(6, 1\); .*reshape"),
        (IMAGES, np.array([None] * 6), "Python objects, which are never loaded"),
    ],
)
def test_npz_with_a_wrong_array(tmp_path: Path, images: NDArray[Any], labels: NDArray[Any], message: str) -> None:
    path = archive(tmp_path, x=images, y=labels)
    with pytest.raises(ValueError, match=message) as caught:
        load_arrays(path)
    assert str(path) in str(caught.value)


class Trap:
    """Would leave a trace if it were ever unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("sprung",)


def test_npz_never_unpickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path, x=np.array([Trap()] * 6, dtype=object), y=LABELS)
    with pytest.raises(ValueError, match="never loaded"):
        load_arrays(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00", GOOD])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content, "data.npz")
    with pytest.raises(ValueError, match="neither a folder of IDX files nor a complete .npz"):
        load_arrays(path)


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        load_arrays(tmp_path / "none.npz")


def zipped(folder: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return folder / "data.npz"


def npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_npz_member_with_a_lying_header_costs_no_memory(tmp_path: Path) -> None:
    lie = npy(IMAGES).replace(b"(6, 4, 5), }         ", b"(900000000, 4, 5), } ")
    path = zipped(tmp_path, x=lie, y=npy(LABELS))
    with pytest.raises(ValueError, match="should hold 18,000,000,000 bytes of data, but has 120"), memory_below(4):
        load_arrays(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"rubbish", "x.npy is not a NumPy array"),
        (b"", "x.npy is not a NumPy array"),
        (b"\x93NUMPY\x09\x00", "x.npy is not a NumPy array"),
        (npy(IMAGES)[:-1], "x.npy should hold 120 bytes of data, but has 119"),
        (npy(IMAGES) + b"x", "x.npy should hold 120 bytes of data, but has 121"),
    ],
)
def test_npz_with_a_damaged_member(tmp_path: Path, content: bytes, message: str) -> None:
    path = zipped(tmp_path, x=content, y=npy(LABELS))
    with pytest.raises(ValueError, match=message) as caught:
        load_arrays(path)
    assert str(path) in str(caught.value)


def npz_file() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, x=IMAGES, y=LABELS)
    return stream.getvalue()


NPZ = npz_file()


@settings(deadline=None, max_examples=400)
@given(
    keep=st.one_of(st.just(len(NPZ)), st.integers(0, len(NPZ))),
    flips=st.lists(st.tuples(st.integers(0, len(NPZ)), st.integers(1, 255)), max_size=4),
)
def test_any_damage_to_an_archive_is_found_or_harmless(keep: int, flips: list[tuple[int, int]]) -> None:
    content = bytearray(NPZ[:keep])
    for place, mask in flips:
        if place < len(content):
            content[place] ^= mask
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), bytes(content), "data.npz")
        with memory_below(8):
            try:
                data = load_arrays(path)
            except (ValueError, OSError) as error:
                assert str(path) in str(error)
                return
    assert data.train_images.shape == (5, 4, 5)
    assert data.test_images.shape == (1, 4, 5)
