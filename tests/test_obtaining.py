"""Data sets by name: found where they may lie, read or refused, and stood in for where they are missing."""

import gzip
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_lite.cli import main
from tinygrad_lite.datasets import Obtained, Vocabulary, obtain, write_idx
from tinygrad_lite.datasets.catalogue import CATALOGUE, entry
from tinygrad_lite.datasets.finding import cache, is_public, places
from tinygrad_lite.datasets.standins import stand_in

DATA = os.environ.get("TINYGRAD_LITE_DATA")  # before a fixture takes it away


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """Nothing is found but what a test puts somewhere."""
    monkeypatch.delenv("TINYGRAD_LITE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def images(folder, count=6, side=28):
    folder.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(0)
    for part, many in (("train", count), ("t10k", 2)):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", draws.integers(0, 256, (many, side, side), np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte", draws.integers(0, 10, many, np.uint8))
    return folder


def table(rows, columns, classes):
    lines = [",".join([*(f"{r + c / 10}" for c in range(columns)), str(r % classes)]) for r in range(rows)]
    return "\n".join([f"{rows},{columns},a,b,c", *lines]) + "\n"


FILES = {
    "tinyshakespeare": ("text/tinyshakespeare.txt", "To be, or not to be\n"),
    "names": ("text/names.txt", "ada\n\nmax\n"),
    "rotten_tomatoes": ("text/rotten_tomatoes.csv", 'text,label\n"good , ""very"" good",1\nnull,0\ngood,1\n'),
    "sunspots": ("timeseries/sunspots.csv", '"YEAR","SUNACTIVITY"\n1700,5\n1701,11.5\n'),
    "co2": ("timeseries/co2.csv", "date,co2\n19580329,316.1\n19580405,\n"),
    "wine": ("tabular/wine_data.csv", table(9, 13, 3)),
    "iris": ("tabular/iris.csv", table(6, 4, 3)),
    "breast_cancer": ("tabular/breast_cancer.csv", table(4, 30, 2)),
    "boston": ("tabular/boston_house_prices.csv", "a,b,medv\n0.5,1,24\n0.25,2,21.6\n"),
}


def place(folder, name):
    if name in ("mnist", "fashion"):
        return images(folder / name)
    if name == "cifar10":
        (folder / name).mkdir(parents=True)
        arrays = {"x_train": np.zeros((4, 32, 32, 3), np.uint8), "y_train": np.arange(4)}
        np.savez(
            folder / name / "cifar10_subset.npz", **arrays, x_test=arrays["x_train"][:1], y_test=arrays["y_train"][:1]
        )
        return folder / name
    inner, text = FILES[name]
    path = folder / inner
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.parent


def form(data):
    """The types, dtypes and dimensions of what a data set is made of, without its sizes."""
    if isinstance(data, tuple):
        return type(data).__name__, *(form(part) for part in data)
    if isinstance(data, list):
        return "list", *sorted({type(part).__name__ for part in data})
    return (data.dtype, data.ndim) if isinstance(data, np.ndarray) else type(data).__name__


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_stand_in_has_the_form_of_what_is_missing(name, tmp_path):
    found = obtain(name, place(tmp_path / "data", name).parent)
    made = obtain(name)
    assert isinstance(found, Obtained) and found.note == "" and made.note
    assert form(found.data) == form(made.data)
    assert str(tmp_path / "data") in found.source and entry(name).title in found.source
    assert entry(name).title in made.source and "digits" in made.source


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_stand_in_is_the_same_each_time(name):
    one, two = stand_in(name).data, stand_in(name).data
    for a, b in zip(*((x if isinstance(x, tuple) else (x,)) for x in (one, two)), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_note_says_what_is_missing_where_it_was_looked_for_and_what_to_do(name, monkeypatch, tmp_path):
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path / "elsewhere"))
    note = obtain(name).note
    assert note.startswith(f"{name} (")
    assert str(tmp_path / "elsewhere") in note and str(tmp_path / "cache") in note
    assert (f"tinygrad-lite data fetch {name}" in note) == bool(entry(name).public)
    assert "In its place: " in note
    with pytest.raises(FileNotFoundError) as caught:
        obtain(name, tmp_path / "here")
    for part in (tmp_path / "here", tmp_path / "elsewhere", tmp_path / "cache"):
        assert str(part) in str(caught.value)
    for file in entry(name).public:
        assert file.name in str(caught.value) and file.checksum in str(caught.value)


@pytest.mark.parametrize("name", CATALOGUE)
def test_where_a_data_set_may_lie(name, monkeypatch, tmp_path):
    lies = place(tmp_path / "a", name)
    assert obtain(name, tmp_path / "a").note == ""
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path / "a"))
    assert obtain(name).note == ""
    assert obtain(name, tmp_path / "b").note == ""  # not there, but the variable says where it is
    monkeypatch.delenv("TINYGRAD_LITE_DATA")
    if name != "fashion":  # whose files have MNIST's names
        assert obtain(name, lies).note == ""
    cache().parent.mkdir()
    (tmp_path / "a").rename(cache())
    assert obtain(name).note == ""


def test_the_folder_comes_first_then_the_variable_then_the_cache(monkeypatch, tmp_path):
    for folder, text in (("a", "ada"), ("b", "bob")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "names.txt").write_text(text)
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path / "b"))
    assert places(tmp_path / "a") == [tmp_path / "a", tmp_path / "b", tmp_path / "cache" / "tinygrad_lite"]
    assert obtain("names", tmp_path / "a").data == ["ada"]
    assert obtain("names").data == ["bob"]


def test_values():
    made = {name: obtain(name).data for name in ("sunspots", "co2", "rotten_tomatoes", "wine", "names")}
    years, numbers = made["sunspots"]
    assert years[0] == 1700 and years[-1] == 2008 and len(numbers) == 309 and numbers.min() >= 0
    dates, values = made["co2"]
    assert dates[:2].tolist() == [19580329, 19580405] and len(dates) == len(values)
    rows, classes = made["wine"]
    assert rows.shape == (178, 13) and set(classes.tolist()) == {0, 1, 2}
    texts, labels = made["rotten_tomatoes"]
    assert len(texts) == len(labels) == 1797 and set(labels.tolist()) == {0, 1}
    assert all(name.isalpha() and name.islower() for name in made["names"]) and len(set(map(len, made["names"]))) > 4
    assert len(set(made["names"])) == len(made["names"]) > 4000


def test_own_files_are_read_as_they_are(tmp_path):
    read = {name: obtain(name, place(tmp_path, name)).data for name in FILES}
    assert read["tinyshakespeare"] == "To be, or not to be\n"
    assert read["names"] == ["ada", "max"]
    texts, labels = read["rotten_tomatoes"]
    assert texts == ['good , "very" good', "null", "good"] and labels.tolist() == [1, 0, 1]
    years, numbers = read["sunspots"]
    assert years.tolist() == [1700, 1701] and numbers.tolist() == [5, 11.5]
    assert np.isnan(read["co2"][1]).tolist() == [False, True]
    assert read["wine"][0].shape == (9, 13) and read["wine"][1].tolist() == [0, 1, 2] * 3
    assert read["boston"][0].tolist() == [[0.5, 1], [0.25, 2]] and read["boston"][1].tolist() == [24, 21.6]


def test_own_files_are_told_from_the_public_ones(monkeypatch, tmp_path):
    path = place(tmp_path, "names") / "names.txt"
    assert "checksum of names.txt differs" in obtain("names", tmp_path).source
    assert is_public(path, ("md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + "0" * 64)) is False
    own = entry("names")._replace(forms=((entry("names").forms[0][0]._replace(checksums=(digest(path),)),),))
    monkeypatch.setitem(CATALOGUE, "names", own)
    assert "differs" not in obtain("names", tmp_path).source
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert is_public(packed, (digest(path),))  # what is packed counts, however it is packed
    packed.write_bytes(packed.read_bytes()[:-9])
    assert not is_public(packed, (digest(path),))


def digest(path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


DAMAGED = {
    "a cut archive": ("mnist", "train-images-idx3-ubyte.gz", lambda data: data[:-100], "cut short|damaged"),
    "a web page for images": ("mnist", "t10k-labels-idx1-ubyte", lambda _: b"<!DOCTYPE html>", "web page"),
    "another count": ("mnist", "t10k-labels-idx1-ubyte", lambda _: b"\0\0\x08\x01\0\0\0\1\5", "1 labels"),
    "a cut npz": ("cifar10", "cifar10_subset.npz", lambda data: data[: len(data) // 2], "npz"),
    "no text": ("tinyshakespeare", "tinyshakespeare.txt", lambda _: b"", "0 bytes"),
    "no utf-8": ("names", "names.txt", lambda data: data + b"\xff", "UTF-8"),
    "a web page": ("names", "names.txt", lambda _: b"\n<html>404", "web page"),
    "no such columns": ("rotten_tomatoes", "rotten_tomatoes.csv", lambda _: b"a,b\nx,1\n", "column"),
    "no label": ("rotten_tomatoes", "rotten_tomatoes.csv", lambda data: data + b'"a",b\n', "line 5, column 'label'"),
    "a number too few": ("sunspots", "sunspots.csv", lambda data: data + b"1702", "line 4"),
    "words for numbers": ("sunspots", "sunspots.csv", lambda _: b"year,number\n1700,few\n1701,many\n", "two, of times"),
    "a web page for a table": ("wine", "wine_data.csv", lambda _: b"<html>", "web page"),
    "rows missing": ("wine", "wine_data.csv", lambda data: data[: data.rindex(b"\n", 0, -1) + 1], "8 rows .* promises"),
    "half a row": ("iris", "iris.csv", lambda data: data[:-8], "line 7"),
    "a value missing": ("iris", "iris.csv", lambda data: data.replace(b"1.0,", b","), "missing"),
    "no counts": ("iris", "iris.csv", lambda data: data.split(b"\n", 1)[1], "first line"),
    "no classes": ("iris", "iris.csv", lambda data: data.replace(b",1\n", b",0.5\n"), "expected classes"),
    "empty": ("boston", "boston_house_prices.csv", lambda _: b"", "empty"),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("given", [True, False], ids=["folder", "variable"])
def test_a_damaged_file_is_an_error_wherever_it_is(case, given, monkeypatch, tmp_path):
    name, file, damage, problem = DAMAGED[case]
    path = place(tmp_path / "data", name) / file
    path.write_bytes(damage(path.read_bytes()))
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path / "data"))
    with pytest.raises(ValueError, match=problem) as caught:
        obtain(name, tmp_path / "data" if given else None)
    message = str(caught.value)
    assert str(path) in message
    for public in entry(name).public:
        assert public.checksum in message
    assert "move the damaged file away" in message
    assert (f"data fetch {name} --folder" in message) == bool(entry(name).public)


def test_some_of_the_files_are_not_enough(tmp_path):
    (images(tmp_path / "mnist") / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="which has only train-images-idx3-ubyte.gz, train-labels"):
        obtain("mnist", tmp_path)


def test_there_is_no_such_name():
    with pytest.raises(ValueError, match="no data set 'nmist'; the names are mnist, fashion"):
        obtain("nmist")


def accuracy(features, labels):
    """Of a linear classifier by least squares, on every fifth row, held out."""
    features = np.column_stack([features, np.ones(len(features))])
    held_out = np.arange(len(labels)) % 5 == 4
    goal = np.eye(labels.max() + 1)[labels[~held_out]]
    weights = np.linalg.lstsq(features[~held_out], goal, rcond=1e-6)[0]
    return float(((features[held_out] @ weights).argmax(1) == labels[held_out]).mean())


def test_stand_ins_can_be_learnt():
    digits, made = obtain("mnist").data, obtain("cifar10").data
    assert digits.train_images.shape[1:] == (28, 28) and made.train_images.shape[1:] == (32, 32, 3)
    assert len(digits.train_images) == 1438 and len(digits.test_images) == 359
    assert digits.train_images.max() > 250 and not digits.train_images[:, 0].any()
    small = digits.train_images[:, 2:-2, 2:-2].reshape(-1, 8, 3, 8, 3).mean((2, 4)).reshape(-1, 64)
    assert accuracy(small, digits.train_labels) > 0.9
    texts, labels = obtain("rotten_tomatoes").data
    words = Vocabulary.of(" ".join(texts), words=True)
    bags = np.zeros((len(texts), len(words)))
    for bag, text in zip(bags, texts, strict=True):
        bag[words.encode(text).numpy()] = 1
    assert accuracy(bags, labels) > 0.85
    assert accuracy(*obtain("wine").data) > 0.9
    assert accuracy(*obtain("breast_cancer").data) > 0.95


def test_the_drawn_digits():
    text = obtain("tinyshakespeare").data
    lines = text.splitlines()
    assert lines[0] == "0:" and lines[9] == "1:" and {len(line) for line in lines} == {2, 8}
    assert set(text) == set(" .:-=+*#%@0123456789\n") | {":"}


def test_the_command_lists_what_is_there(tmp_path, capsys):
    path = place(tmp_path, "names")
    assert main(["data", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert all(f"{name:16} {found.title}" in out for name, found in CATALOGUE.items())
    assert str(path / "names.txt") in out
    assert out.count("not found; can be fetched") == len(CATALOGUE) - 2


def test_obtaining_needs_no_pooch(tmp_path):
    code = (
        "import sys; sys.modules['pooch'] = None\n"
        "from tinygrad_lite.datasets import obtain, fetch\n"
        "obtain('iris')\n"
        "try: fetch('iris', sys.argv[1] + '/new')\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert "pip install 'tinygrad_lite[fetch]'" in done.stdout, done.stderr
    assert not list(tmp_path.iterdir())


SIZES = {
    "mnist": "60,000 training and 10,000 test images of 28 × 28",
    "cifar10": "test images of 32 × 32 × 3",
    "tinyshakespeare": "1,115,394 characters",
    "names": "32,033 lines",
    "rotten_tomatoes": "8,530 sentences",
    "sunspots": "309 values",
    "co2": "2,284 values",
    "wine": "178 rows of 13 numbers",
    "iris": "150 rows of 4 numbers",
    "breast_cancer": "569 rows of 30 numbers",
    "boston": "506 rows of 13 numbers",
}


@pytest.mark.skipif(not DATA, reason="no TINYGRAD_LITE_DATA names a folder of data sets")
@pytest.mark.parametrize("name", SIZES)
def test_the_public_data_sets_at_hand(name, monkeypatch):
    monkeypatch.setenv("TINYGRAD_LITE_DATA", DATA)
    found = obtain(name)
    if found.note:
        pytest.skip(f"{name} is not in TINYGRAD_LITE_DATA")
    assert SIZES[name] in found.source
    assert "differs" not in found.source
