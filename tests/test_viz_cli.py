"""`tinygrad-lite graph` as a person runs it."""

import json

import pytest

from tinygrad_lite.cli import main

CODE = """
import tinygrad_lite as tg
from tinygrad_lite import nn

def build_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Parameter(tg.randn(5, 3))
        self.head = nn.Linear(3, 2)

    def forward(self, index, scale):
        return self.head(nn.functional.embedding(index, self.words)) * scale

def curve(x, y):
    return (x * y).sin()

def loss():
    return tg.ones(3, requires_grad=True).exp().sum()

def misfit():
    return nn.Sequential(nn.Linear(784, 16), nn.Linear(17, 10))

def nothing():
    return 3

def bad():
    raise ValueError("no data")
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    (tmp_path / "my_file.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return main(["graph", *arguments])


def test_a_model_as_text(file, capsys):
    assert run("my_file.py:build_model", "--input", "1x28x28") == 0
    out = capsys.readouterr().out
    assert "1: Linear" in out and "input (1, 28, 28)" in out and "(1, 16)" in out
    assert run("my_file.py:build_model", "--input", "1x28x28", "--color-by", "gradient", "--depth", "0") == 0
    assert "█" in capsys.readouterr().out


@pytest.mark.parametrize("ending", [".html", ".dot", ".json", ".mmd"])
def test_files(file, ending, capsys):
    assert run("my_file.py:build_model", "--input", "1x28x28", "--gradients", "-o", f"net{ending}") == 0
    assert capsys.readouterr().out == f"net{ending}\n"
    text = (file / f"net{ending}").read_text()
    assert "Linear" in text
    if ending == ".json":
        assert json.loads(text)["backward"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Net", "--input", "4:int64", "--input", "scalar"], "embedding"),
        (["curve", "--input", "2x3", "--input", "3", "--dtype", "float64"], "float64"),
        (["loss"], "exp"),
    ],
)
def test_modules_functions_and_tensors(file, arguments, says, capsys):
    assert run("my_file.py:" + arguments[0], *arguments[1:]) == 0
    assert says in capsys.readouterr().out


def test_a_model_that_raises_is_drawn_all_the_same_and_ends_with_1(file, capsys):
    assert run("my_file.py:misfit", "--input", "1x784", "-o", "net.dot") == 1
    told = capsys.readouterr()
    assert "cannot be multiplied" in told.err and told.out == "net.dot\n"
    assert 'class="op wrong"' in (file / "net.dot").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.py:f"], "there is no file none.py"),
        (["my_file.py:nope"], "has no 'nope'"),
        (["my_file.py:nothing"], "gave a int"),
        (["my_file.py:bad"], "building the model raised ValueError: no data"),
        (["my_file.py:loss", "--input", "3"], "leave --input out"),
        (["my_file.py:curve", "--input", "3"], "missing 1 required positional argument: 'y'"),
        (["my_file.py:build_model", "--input", "1x784", "-o", "net.jpg"], "ends in '.jpg'"),
        (["my_file.py:build_model", "--input", "1x784", "-o", "missing/net.html"], "create it first"),
        (["my_file.py:build_model", "--input", "1x784", "--depth=-1"], "depth is -1"),
    ],
)
def test_what_cannot_be_run_ends_with_2_and_one_line(file, arguments, says, capsys):
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert says in told.err and len(told.err.splitlines()) == 1 and not told.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["my_file.py:curve", "--input", "3xq"], "no input: write a shape such as 1x28x28"),
        (["my_file.py:curve", "--input", "3:int7"], "'int7' is no dtype"),
        (["my_file.py:curve", "--input=-1x2"], "must not be negative"),
        ([], "FILE:MODEL"),
    ],
)
def test_arguments_that_make_no_sense(arguments, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)
    assert says in capsys.readouterr().err


def test_help_mentions_it(capsys):
    for arguments, says in ((["--help"], "tinygrad-lite graph"), (["graph", "--help"], "--gradients")):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
        assert says in capsys.readouterr().out
