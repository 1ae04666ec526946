"""`tinygrad-lite gradcheck` as a person runs it."""

import subprocess
import sys

import pytest

from tinygrad_lite.cli import main
from tinygrad_lite.gradcheck.command import load

CODE = """
import tinygrad_lite as tg

def right(x):
    return tg.sin(x) * x

def product(x, y):
    return x @ y

class Square(tg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x * 1.9

class Half(tg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x.detach()

def wrong(x):
    return Square.apply(x).exp()

class Net(tg.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = tg.nn.Linear(4, 2)

    def forward(self, x):
        return self.inner(x).tanh()

class Needy:
    def __init__(self, size):
        self.size = size

def integers(x):
    return x.long()

def raises(x):
    raise ArithmeticError("not today")

number = 3
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    (tmp_path / "my_file.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("import nothing_of_the_kind\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["my_file.py:right", "--shape", "3x4"],
        ["my_file.py:right", "--shape", "scalar", "--second"],
        ["my_file.py:right"],
        ["my_file.py:product", "--shape", "2x3", "--shape", "3x2", "--dtype", "float32"],
        ["my_file.py:product", "--shape", "2x3", "--shape", "3x2", "--dtype", "complex128", "--seed", "5"],
        ["my_file.py:Net", "--second"],
        ["my_file.py:Net", "--shape", "5x4", "--dtype", "float32"],
        ["tinygrad_lite:log", "--range", "0.5", "2", "--method", "jacobian", "--shape", "2"],
        ["my_file:right", "--method", "taylor"],
    ],
    ids=" ".join,
)
def test_what_is_right_ends_with_0(file, arguments, capsys):
    assert main(["gradcheck", *arguments]) == 0
    out = capsys.readouterr().out
    assert "passed" in out
    assert out.count("verdict") == 1 + ("--second" in arguments)


def test_what_is_wrong_ends_with_1_and_names_the_operation(file, capsys):
    assert main(["gradcheck", "my_file.py:wrong", "--shape", "3x4"]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "factor 0.9500" in out
    assert "It comes from `Square` (op 1 of 2" in out
    assert main(["gradcheck", "my_file.py:Square", "--method", "jacobian"]) == 1


def test_a_second_derivative_that_is_wrong(file, capsys):
    assert main(["gradcheck", "my_file.py:Half"]) == 0
    assert main(["gradcheck", "my_file.py:Half", "--second"]) == 1
    assert "the gradient of Half" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no_file.py:f"], "there is no file no_file.py"),
        (["no_module:f"], "there is no file and no module 'no_module'"),
        (["my_file.py:nope"], "my_file.py has no 'nope'; there are: Half, Needy, Net, Square, integers"),
        (["my_file.py"], "names no function: write my_file.py:my_fn"),
        (["my_file.py:number"], "is no function but int"),
        (["my_file.py:Needy"], "cannot be made without arguments"),
        (["broken.py:f"], "broken.py raised ModuleNotFoundError while it ran: No module named 'nothing_of_the_kind'"),
        (["my_file.py:integers"], "returned a tensor of int64"),
        (["my_file.py:raises", "--shape", "2"], "with inputs of shape (2,): ArithmeticError: not today"),
        (["my_file.py:product", "--shape", "2x3"], "missing 1 required positional argument: 'y'"),
        (["my_file.py:right", "--range", "2", "1"], "LOW must be below HIGH"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_cannot_be_run_ends_with_2_and_one_line(file, arguments, says, capsys):
    assert main(["gradcheck", *arguments]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert len(told.err.splitlines()) == 1
    assert not told.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["my_file.py:right", "--shape", "3xq"], "no shape: write 3x4"),
        (["my_file.py:right", "--shape=-1x2"], "must not be negative"),
        (["my_file.py:right", "--dtype", "int64"], "invalid choice"),
        (["my_file.py:right", "--method", "magic"], "invalid choice"),
        ([], "FILE:FUNCTION"),
    ],
)
def test_arguments_that_make_no_sense(arguments, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["gradcheck", *arguments])
    assert says in capsys.readouterr().err


def test_the_main_jobs_help_mentions_it_and_it_has_its_own(capsys):
    for arguments, says in ((["--help"], "tinygrad-lite gradcheck"), (["gradcheck", "--help"], "--second")):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
        assert says in capsys.readouterr().out


def test_in_a_process_of_its_own(file):
    command = [sys.executable, "-m", "tinygrad_lite", "gradcheck", "my_file.py:wrong", "--shape", "3x4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "my_file.py" in done.stdout


def test_loading_leaves_the_path_alone(file):
    before = list(sys.path)
    assert load("my_file.py:right").__name__ == "right"
    assert sys.path == before
