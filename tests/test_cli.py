"""The main job as a person runs it: in a process of its own, with its messages and exit statuses."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tinygrad_lite.cli import main
from tinygrad_lite.datasets import digits, write_idx


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tinygrad_lite", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def accuracy(text):
    (line,) = [line for line in text.splitlines() if line.startswith("accuracy")]
    return float(line.split()[1].rstrip("%"))


def test_the_main_job_learns_checks_and_draws(tmp_path):
    start = time.perf_counter()
    done = run("--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - start < 60  # under 10 s where nothing else runs
    assert accuracy(done.stdout) >= 96.0
    assert "on the 359 images held out" in done.stdout
    assert "gradient check      passed" in done.stdout
    assert "epoch 30/30" in done.stderr
    assert "loss=" in done.stderr
    assert "accuracy=" in done.stderr
    for name in ("curves.svg", "model.safetensors"):
        assert str(tmp_path / name) in done.stdout
    assert len(list(tmp_path.glob("graph.*"))) == 1
    weights = load_file(tmp_path / "model.safetensors")
    assert weights["0.weight"].shape == (128, 64)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    for name in ("a", "b"):
        assert main(["--epochs", "1", "--seed", "5", "--output", str(tmp_path / name)]) == 0
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("a", "b"))
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_without_the_dot_program_the_graph_opens_all_the_same(tmp_path):
    done = run("--epochs", 1, "--output", tmp_path, PATH=str(tmp_path / "nothing"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "graph.html").read_text()
    assert "graphviz" in done.stdout.lower()
    assert "<html" in page


def small_mnist(folder, n=40):
    images, labels = digits()
    big = np.zeros((n, 28, 28), np.uint8)
    big[:, 10:18, 10:18] = images[:n] * 255
    for stem in ("train", "t10k"):
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", big)
        write_idx(folder / f"{stem}-labels-idx1-ubyte", labels[:n].astype(np.uint8))


def test_other_data_as_idx_files_and_as_npz(tmp_path):
    small_mnist(tmp_path)
    assert main(["--data", str(tmp_path), "--epochs", "1", "--output", str(tmp_path / "out")]) == 0
    assert load_file(tmp_path / "out" / "model.safetensors")["0.weight"].shape[1] == 784
    images, labels = digits()
    np.savez(tmp_path / "x.npz", images=(images * 255).astype(np.uint8), labels=labels)
    assert main(["--data", str(tmp_path / "x.npz"), "--epochs", "1", "--output", str(tmp_path / "out")]) == 0


def test_damaged_data_is_named(tmp_path, capsys):
    small_mnist(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-3])
    assert main(["--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert str(labels) in capsys.readouterr().err
    assert main(["--data", str(tmp_path / "nowhere"), "--output", str(tmp_path / "out")]) == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lr", "nan"], "learning rate"),
        (["--lr", "-1"], "learning rate"),
        (["--epochs", "-1"], "at least 0"),
        (["--batch", "0"], "at least 1"),
        (["--optimizer", "magic"], "invalid choice"),
        (["--hidden", "0"], "at least 1"),
        (["--what"], "unrecognized"),
    ],
)
def test_arguments_that_make_no_sense(arguments, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert says in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["--output", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    for option in ("--hidden", "--epochs", "--batch", "--lr", "--optimizer", "--seed", "--output", "--data"):
        assert option in text


@pytest.mark.skipif(os.name == "nt", reason="signals are different on Windows")
def test_ctrl_c_ends_cleanly_and_keeps_what_was_trained(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_lite", "--epochs", "100000", "--output", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    seen = ""
    while "epoch 3/" not in seen:
        read = process.stderr.read(40)
        assert read, "the job ended before it was interrupted: " + process.stdout.read()
        seen += read
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted after" in out
    assert "Traceback" not in err
    assert accuracy(out) > 50
    assert (Path(tmp_path) / "model.safetensors").exists()
    assert "gradient check      passed" in out
