"""CIFAR-10, CSV tables and plain text from files of one's own: what is read, and what damage is told as."""

import gzip
import io
import pickle
import random
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.datasets import (
    CIFAR10,
    MNIST,
    FashionMNIST,
    LabelledImages,
    Table,
    Text,
    Vocabulary,
    cifar10,
    read_csv,
    write_idx,
)
from tinygrad_lite.utils.data import DataLoader

SHARED = Path(__file__).parents[2] / "shared" / "data"
NAMES = [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]


# --- CIFAR-10 --------------------------------------------------------------------------------------------


class Python2(pickle._Pickler):
    """Writes as the Python 2 did that the batches were made with: all text as bytes of its kind of string."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_text(self, obj):
        raw = obj.encode() if isinstance(obj, str) else obj
        short = len(raw) < 256
        self.write((b"U" + bytes([len(raw)]) if short else b"T" + len(raw).to_bytes(4, "little")) + raw)
        self.memoize(obj)

    dispatch[str] = dispatch[bytes] = save_text


def dumped(obj):
    file = io.BytesIO()
    Python2(file, 2).dump(obj)
    return file.getvalue()


def batch(k, count=4):
    rng = np.random.default_rng(k)
    return rng.integers(0, 256, (count, 3072), np.uint8), rng.integers(0, 10, count).tolist()


def as_binary(pixels, labels):
    return b"".join(bytes([label]) + row.tobytes() for row, label in zip(pixels, labels, strict=True))


def as_python(pixels, labels):
    return dumped({"batch_label": "x", "labels": labels, "data": pixels, "filenames": ["a.png"] * len(labels)})


def written(folder, form):
    folder.mkdir(parents=True)
    for k, name in enumerate(NAMES):
        data = as_binary(*batch(k)) if form == "bin" else as_python(*batch(k))
        (folder / (name + (".bin" if form == "bin" else ""))).write_bytes(data)
    return folder


@pytest.mark.parametrize("form", ["bin", "py"])
@pytest.mark.parametrize("inner", [True, False])
def test_cifar10(form, inner, tmp_path):
    folder = written(tmp_path / f"cifar-10-batches-{form}", form)
    data = cifar10(tmp_path if inner else folder)
    assert data.train_images.shape == (20, 32, 32, 3) and data.test_images.shape == (4, 32, 32, 3)
    pixels, labels = batch(1)
    assert data.train_labels[4:8].tolist() == labels and data.test_labels.tolist() == batch(5)[1]
    for colour in range(3):
        assert (data.train_images[4:8, :, :, colour].reshape(4, -1) == pixels.reshape(4, 3, -1)[:, colour]).all()


def test_pickles_of_python_3_are_read_too(tmp_path):
    folder = written(tmp_path / "c", "py")
    pixels, labels = batch(0)
    (folder / NAMES[0]).write_bytes(pickle.dumps({"data": pixels, "labels": labels}))
    assert (cifar10(folder).train_images[:4] == cifar10(written(tmp_path / "d", "bin")).train_images[:4]).all()


def harmful():
    pixels, labels = batch(0)

    class Evil:
        def __reduce__(self):
            return print, ("run",)

    yield "code", "py", pickle.dumps(Evil()), "asks for builtins.print"
    yield "no dict", "py", dumped([1]), "found a list"
    yield "other keys", "py", dumped({"a": 1}), "found the keys a"
    yield "too few labels", "py", as_python(pixels, labels[1:]), "'labels', a list of 4 numbers"
    yield "a wrong label", "py", as_python(pixels, [0, 1, 17, 3]), "image 2 has the label 10"
    yield "floats", "py", as_python(pixels.astype("f4"), labels), "uint8 of shape"
    yield "cut short", "py", as_python(pixels, labels)[:-3000], "cut short"
    yield "empty", "py", b"", "cut short"
    yield "cut short", "bin", as_binary(pixels, labels)[:-1], "12,291 bytes are no whole number of images"
    yield "empty", "bin", b"", "0 bytes"
    yield "a wrong label", "bin", as_binary(pixels, [0, 12, 1, 2]), "image 1 has the label 12"


@pytest.mark.parametrize(("name", "form", "data", "message"), list(harmful()))
def test_damaged_cifar10(name, form, data, message, tmp_path, capsys):
    folder = written(tmp_path / "c", form)
    path = folder / (NAMES[2] + (".bin" if form == "bin" else ""))
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        cifar10(folder)
    assert str(path) in str(caught.value) and capsys.readouterr().out == ""


def test_mutants_of_a_pickled_batch_are_refused_or_read(tmp_path):
    folder = written(tmp_path / "c", "py")
    good, rng = (folder / NAMES[0]).read_bytes(), random.Random(0)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(200) * rng.choice((1, -1))] = rng.randrange(256)
        (folder / NAMES[0]).write_bytes(bytes(data))
        try:
            assert cifar10(folder).train_images.dtype == np.uint8
        except ValueError as error:
            assert NAMES[0] in str(error)


def test_files_that_are_not_there(tmp_path):
    folder = written(tmp_path / "c", "bin")
    (folder / "test_batch.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"found data_batch_1.bin, .*unpack the .tar.gz"):
        cifar10(folder)
    with pytest.raises(FileNotFoundError, match="found none of them"):
        cifar10(tmp_path)


# --- as datasets -------------------------------------------------------------------------------------------


def test_images_as_datasets(tmp_path):
    root = written(tmp_path / "cifar-10-batches-py", "py").parent
    train, test = CIFAR10(root), CIFAR10(root, train=False, transform=lambda x: x.float() / 255, target_transform=str)
    assert len(train) == 20 and train.data.shape == (20, 32, 32, 3) and train.classes[0] == "airplane"
    image, label = train[3]
    assert image.dtype is tg.uint8 and type(label) is int and label == train.targets[3]
    image, label = test[0]
    assert image.dtype is tg.float32 and label == str(test.targets[0])
    (x, y) = next(iter(DataLoader(train, batch_size=20)))
    assert (x.numpy() == train.data).all() and y.tolist() == train.targets.tolist()
    x, y = next(iter(DataLoader(test, batch_size=4)))
    assert x.shape == (4, 32, 32, 3) and y == tuple(map(str, test.targets))
    assert len(CIFAR10(root, download=True)) == 20  # it is there: nothing to download


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_mnist_where_torchvision_puts_it(kind, tmp_path):
    raw = tmp_path / kind.__name__ / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 5), ("t10k", 3)):
        write_idx(raw / f"{part}-images-idx3-ubyte", np.full((count, 28, 28), count, np.uint8))
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.arange(count, dtype=np.uint8))
    assert len(kind(tmp_path)) == 5 and len(kind(raw, train=False)) == 3
    assert kind(tmp_path)[4][1] == 4 and kind(tmp_path)[4][0][0, 0] == 5


def test_a_subclass_has_samples_of_its_own():
    class Doubled(LabelledImages):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return image, 2 * label

    data = Doubled(np.zeros((3, 2, 2), np.uint8), np.arange(3))
    assert next(iter(DataLoader(data, batch_size=3)))[1].tolist() == [0, 2, 4]
    with pytest.raises(ValueError, match="3 images, but 2 labels"):
        LabelledImages(np.zeros((3, 2, 2), np.uint8), np.arange(2))


# --- tables --------------------------------------------------------------------------------------------------

PETS = 'name,legs,weight,"a ""note"""\ncat,4,3.5,x\nbird,2,NA,"y, z"\n\n  dog ,4,30,"two\nlines"\ncat,4,?,\n'


def table(tmp_path, text=PETS, name="t.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(path, **options)


def test_columns_are_told_apart(tmp_path):
    found = table(tmp_path)
    assert found.names == ["name", "legs", "weight", 'a "note"']
    assert found.values["name"].tolist() == [1, 0, 2, 1] and found.categories["name"] == ["bird", "cat", "dog"]
    assert found.values["legs"].tolist() == [4, 2, 4, 4] and found.values["legs"].dtype == np.int64
    weight = found.values["weight"]
    assert weight.dtype == np.float64 and weight[[0, 2]].tolist() == [3.5, 30] and np.isnan(weight[[1, 3]]).all()
    assert found.categories['a "note"'] == ["two\nlines", "x", "y, z"] and found.values['a "note"'].tolist() == [
        1,
        2,
        0,
        -1,
    ]


def test_missing_values(tmp_path):
    found = table(tmp_path, on_missing="drop")
    assert found.values["weight"].tolist() == [3.5, 30.0] and found.categories["name"] == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"t.csv, line 3, column 'weight': a value is missing"):
        table(tmp_path, on_missing="error")
    with pytest.raises(ValueError, match="'nan', 'drop' or 'error'"):
        table(tmp_path, on_missing="zero")
    assert table(tmp_path, "a\n1\n-9\n", missing=["-9"]).values["a"][0] == 1


def test_headers_names_and_delimiters(tmp_path):
    assert table(tmp_path, "1,2\n3,4\n").names == ["column 0", "column 1"]
    assert table(tmp_path, "a,b\nc,d\n", header=False).values["column 0"].tolist() == [0, 1]
    assert table(tmp_path, "1;2\n3;4\n", delimiter=";", header=True).names == ["1", "2"]
    assert table(tmp_path, "# a comment\n\na\t b\n1\t2\n", delimiter="\t", skip=2).names == ["a", "b"]
    assert table(tmp_path, "a,b\n1,2\n", names=["x", "y"]).names == ["x", "y"]
    assert table(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n").names == ["a", "b"]
    assert table(tmp_path, gzip.compress(PETS.encode()), "t.csv.gz").names == table(tmp_path).names
    assert table(tmp_path, "a,b\n").values["a"].tolist() == []
    assert table(tmp_path, "a\ncaf\xe9\n".encode("latin1"), encoding="latin1").categories["a"] == ["café"]


def test_dtypes_that_are_asked_for(tmp_path):
    found = table(tmp_path, dtypes={"legs": str, "weight": float})
    assert found.categories["legs"] == ["2", "4"] and found.values["legs"].tolist() == [1, 0, 1, 1]
    assert table(tmp_path, dtypes={"legs": float}).values["legs"].dtype == np.float64
    assert table(tmp_path, "a\n1\n2\n", dtypes={"a": int}).values["a"].dtype == np.int64
    assert table(tmp_path, "a\n99999999999999999999\n").values["a"].tolist() == [1e20]


WRONG = [
    ("a,b\n1,2\n3\n", {}, "line 3: 1 values, but there are 2 columns"),
    ("a,b\n1,2\n\n3,4,5\n", {}, "line 4: 3 values, but there are 2 columns"),
    ("a\n1\n2\nthree\n4\n", {}, "line 4, column 'a': 'three' is no number"),
    ("a\n1\n2\n1_000\n4\n", {}, "line 4, column 'a': '1_000' is no number"),
    ("a\nx\n1\n", {"dtypes": {"a": float}}, "line 2, column 'a': 'x' is no number"),
    ("a\n1\n1.5\n", {"dtypes": {"a": int}}, "line 3, column 'a': '1.5' is no whole number"),
    ("a\n1\n\nNA\n", {"dtypes": {"a": int}}, "line 4, column 'a': 'NA' is no whole number"),
    ("a\n99999999999999999999\n", {"dtypes": {"a": int}}, "column 'a': '99999999999999999999' is no whole number"),
    ("a\n1\n", {"dtypes": {"b": int}}, "dtypes has the column 'b'; the columns are 'a'"),
    ("a\n1\n", {"dtypes": {"a": list}}, "use int, float or str"),
    ("a,a\n1,2\n", {}, "two columns have one name"),
    ("a,b\n1,2\n", {"names": ["x"]}, "1 names for 2 columns"),
    ("", {}, "the table is empty"),
    ("a\nb\n", {"skip": 5}, "the table is empty"),
    ('a\n"b\n', {}, "line 2: unexpected end of data"),
    ('a\n"b" c\n', {}, "line 2: .*expected after"),
    (b"a\n\xff\xfe\n", {}, "no utf-8-sig text"),
    (b"\x1f\x8b\x08garbage", {}, "gzip packing is damaged"),
    (gzip.compress(b"a\n1\n" * 99, mtime=0)[:-9], {}, "gzip packing is damaged"),
    ("a\n" + "x" * 200_000 + "\n", {}, "line 2: field larger than"),
]


@pytest.mark.parametrize(("text", "options", "message"), WRONG)
def test_a_wrong_table_says_where(text, options, message, tmp_path):
    with pytest.raises(ValueError, match=f"t.csv.*{message}"):
        table(tmp_path, text, **options)


def test_a_table_as_a_dataset(tmp_path):
    (tmp_path / "t.csv").write_text(PETS)
    pets = Table(tmp_path / "t.csv", "name", on_missing="drop", features=["legs", 2])
    assert pets.feature_names == ["legs", "weight"] and len(pets) == 2
    assert pets[1][0].tolist() == [4, 30] and pets[1][0].dtype is tg.float32 and pets[1][1] == 1
    x, y = next(iter(DataLoader(pets, batch_size=2)))
    assert x.shape == (2, 2) and y.dtype is tg.int64
    weight = Table(tmp_path / "t.csv", target=2, on_missing="drop")
    assert weight.targets.dtype is tg.float32 and weight.targets.tolist() == [3.5, 30]
    assert Table(tmp_path / "t.csv").targets is None and len(Table(tmp_path / "t.csv")[0]) == 1
    for options, message in (
        ({"target": "age"}, "no column 'age'; the columns are 'name', 'legs'"),
        ({"target": 9}, "no column 9"),
        ({"target": "weight"}, "row 1 has no target"),
        ({"target": 3}, "row 3 has no target"),
        ({"target": "name", "features": ["name"]}, "no column is left"),
    ):
        with pytest.raises(ValueError, match=message):
            Table(tmp_path / "t.csv", **options)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of public data is not here")
def test_public_tables():
    iris = Table(SHARED / "tabular" / "iris.csv", target=-1, skip=1)
    assert iris.features.shape == (150, 4) and iris.targets.bincount().tolist() == [50, 50, 50]
    films = Table(SHARED / "text" / "rotten_tomatoes.csv.gz", target="label")
    assert len(films) == 8530 and set(films.targets.tolist()) == {0, 1}


# --- text ----------------------------------------------------------------------------------------------------


def test_windows_of_characters(tmp_path):
    (tmp_path / "t.txt").write_text("hello world", encoding="utf-8")
    data = Text(tmp_path / "t.txt", 4, stride=3)
    assert len(data) == 3 and len(data.vocabulary) == 8
    assert ["".join(map(data.vocabulary.decode, pair)) for pair in data] == ["hellello", "lo wo wo", "worlorld"]
    x, y = next(iter(DataLoader(data, batch_size=3)))
    assert x.shape == y.shape == (3, 4) and (x[:, 1:] == y[:, :-1]).all() and x.dtype is tg.int64
    again = Text("low", 2, vocabulary=data.vocabulary, text=True)
    assert again.vocabulary is data.vocabulary and again[0][0].tolist() == data.vocabulary.encode("lo").tolist()


@pytest.mark.parametrize("length", [1, 3, 10])
@pytest.mark.parametrize("stride", [1, 2, 7])
def test_windows_reach_to_the_end_and_no_further(length, stride):
    text = "abcdefghijklmno"
    data = Text(text, length, stride=stride, text=True)
    starts = range(0, len(text) - length, stride)
    assert [data.vocabulary.decode(y) for _, y in data] == [text[k + 1 : k + 1 + length] for k in starts]


def test_words():
    text = "To be, or not to be: that's the question.\nTo die"
    words = Vocabulary.of(text.lower(), words=True)
    assert words.tokens[:2] == ["be", "to"] or words.tokens[:2] == ["to", "be"]
    assert "that's" in words and words.decode(words.encode(text.lower())) == text.lower()
    assert words.encode(["be", "to"]).tolist() == [words.tokens.index("be"), words.tokens.index("to")]
    common = Vocabulary.of(text.lower(), words=True, at_least=2, unknown="<unk>")
    assert common.tokens == ["<unk>", "to", "be"] and common.decode(common.encode("to die")) == "to <unk>"
    assert Vocabulary.of("aabbc", most=2).tokens == ["a", "b"] and len(Vocabulary.of("aab")) == 2
    assert Text("A b a", 1, words=True, lower=True, text=True).vocabulary.tokens == ["a", "b"]
    assert words.decode(0) == words.tokens[0] and "words" in repr(words)


def test_text_that_makes_no_sense(tmp_path):
    letters = Vocabulary.of("abc")
    with pytest.raises(KeyError, match="'x' is not in the vocabulary"):
        letters.encode("axb")
    with pytest.raises(IndexError, match="no token 3; the vocabulary has 3"):
        letters.decode(tg.tensor([0, 3]))
    with pytest.raises(ValueError, match="'a' comes twice"):
        Vocabulary("abca")
    with pytest.raises(ValueError, match="unknown='x'"):
        Vocabulary("abc", unknown="x")
    with pytest.raises(ValueError, match="3 tokens; a window of 3 .* need 4"):
        Text("abc", 3, text=True)
    for name in ("length", "stride"):
        with pytest.raises(ValueError, match=f"{name} should be a positive integer"):
            Text("abc", **{"length": 1, name: 0}, text=True)
    (tmp_path / "t.txt").write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(ValueError, match=r"line 2 is no utf-8 text.*encoding='latin1'"):
        Text(tmp_path / "t.txt", 2)
    assert len(Text(tmp_path / "t.txt", 2, encoding="latin1")) == 8
    with pytest.raises(FileNotFoundError):
        Text(tmp_path / "none.txt", 2)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of public data is not here")
def test_public_text():
    data = Text(SHARED / "text" / "tinyshakespeare.txt", 64)
    assert len(data.vocabulary) == 65 and data.vocabulary.decode(data[0][0]).startswith("First Citizen:")
