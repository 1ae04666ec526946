"""Every classic network runs, quickly, on whatever data there is; and so does the command that trains it."""

import dataclasses
import math
import os
import re
import signal

import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.cli import main
from tinygrad_lite.systems import SYSTEMS, load
from tinygrad_lite.systems.outcome import Goal, Place


@pytest.fixture(autouse=True)
def only_what_is_bundled(monkeypatch, tmp_path):
    """No data but the digits that come with the package."""
    monkeypatch.delenv("TINYGRAD_LITE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_runs_and_is_drawn(name):
    plt = pytest.importorskip("matplotlib.pyplot")
    module = load(name)
    fewer = {"images": 300} if hasattr(module.QUICK, "images") else {}
    outcome = module.train(dataclasses.replace(module.QUICK, **fewer))
    assert outcome.reached and all(math.isfinite(value) for value in outcome.reached.values()), outcome.reached
    assert module.GOALS and all(isinstance(goal, Goal) for goal in module.GOALS)
    for goal in module.GOALS:
        assert goal.met(outcome.reached) in (True, False), "what it speaks of is reported"
    assert outcome.models and all(isinstance(model, nn.Module) for model in outcome.models.values())
    figures = module.draw(outcome)
    assert figures
    for title, figure in figures.items():
        assert re.fullmatch(r"[\w -]+", title), "it becomes the name of a file"
        assert figure.axes
    plt.close("all")


@pytest.mark.parametrize("name", SYSTEMS)
def test_settings_explain_themselves(name):
    module = load(name)
    full = module.Settings()
    assert full.seed == 0 and type(module.QUICK) is module.Settings and full != module.QUICK
    for field in dataclasses.fields(full):
        assert len(field.metadata["help"]) > 5, field.name
        assert isinstance(getattr(full, field.name), (int, float, str))


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_says_which_data_it_takes(name, tmp_path, capsys):
    data = load(name).DATA
    with pytest.raises(SystemExit):
        main(["train", name, "--help"])
    assert ("--data" in capsys.readouterr().out) == bool(data)
    if data:
        assert main(["train", name, "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
        assert f"{data} (" in capsys.readouterr().err


def test_goals():
    assert Goal("error", "<", "baseline").met({"error": 1.0, "baseline": 1.5})
    assert not Goal("accuracy", ">=", 0.5).met({"accuracy": 0.49})
    with pytest.raises(KeyError):
        Goal("accuracy", ">=", 0.5).met({})


# --- the command -----------------------------------------------------------------------------------------


def test_train_writes_weights_and_pictures(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["train", "cnn", "--output", str(tmp_path / "out"), "--images", "200"]) == 0
    shown = capsys.readouterr().out
    assert "test accuracy" in shown and ">= 0.99" in shown and "note: " in shown and "TINYGRAD_LITE_DATA" in shown
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "cnn.safetensors" in names and "unfinished" not in names
    assert all(str(tmp_path / "out" / name) in shown for name in names)
    load("cnn").CNN().load_state_dict(tg.load(tmp_path / "out" / "cnn.safetensors"))


def test_help_lists_the_systems_and_the_options(capsys):
    for arguments, expected in ((["--help"], list(SYSTEMS)), (["cnn", "--help"], ["--epochs", "--lr", "--full"])):
        with pytest.raises(SystemExit) as left:
            main(["train", *arguments])
        shown = capsys.readouterr().out
        assert left.value.code == 0 and all(word in shown for word in expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: NAME"),
        (["cnnn"], "'cnnn'"),
        (["cnn", "--epochs", "many"], "many"),
        (["cnn", "--momentum", "1"], "--momentum"),
        (["cnn", "--batch-size", "0"], "at least 1"),
        (["cnn", "--epochs", "-1"], "at least 0"),
    ],
)
def test_arguments_that_make_no_sense(arguments, message, capsys):
    with pytest.raises(SystemExit) as left:
        main(["train", *arguments])
    assert left.value.code == 2 and message in capsys.readouterr().err


def test_a_named_folder_without_the_data_is_an_error(tmp_path, capsys):
    assert main(["train", "cnn", "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "train-images-idx3-ubyte" in said and str(tmp_path) in said


def test_a_stopped_run_goes_on_and_ends_with_the_same_weights(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    arguments = ["train", "cnn", "--images", "320", "--epochs", "1", "--batch-size", "32"]
    assert main([*arguments, "--output", str(tmp_path / "whole")]) == 0
    cnn = load("cnn")
    usual, steps = cnn.CNN.forward, []

    def stop(model, x):
        steps.append(model.training)
        if len(steps) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return usual(model, x)

    monkeypatch.setattr(cnn.CNN, "forward", stop)
    out = ["--output", str(tmp_path / "out")]
    assert main([*arguments, *out]) == 130
    assert "stopped in epoch 1 after 6 steps" in capsys.readouterr().err
    assert main([*arguments, *out, "--lr", "0.5"]) == 1
    assert "other settings (lr 0.002); --fresh starts anew" in capsys.readouterr().err
    assert main([*arguments, *out]) == 0 and sum(steps) == 10
    whole, again = (tg.load(tmp_path / name / "cnn.safetensors") for name in ("whole", "out"))
    assert all((whole[name].numpy() == again[name].numpy()).all() for name in whole)


def test_a_run_that_never_began_is_in_nobodys_way(tmp_path, capsys):
    out = ["--output", str(tmp_path / "out")]
    assert main(["train", "names", "--data", str(tmp_path), *out]) == 1
    assert main(["train", "names", "--data", str(tmp_path), "--seed", "7", *out]) == 1
    assert capsys.readouterr().err.count("is missing") == 2, "the second is not told of a stopped run"


def test_a_place_names_checkpoints(tmp_path):
    assert Place().checkpoint("cnn") is None
    assert Place(state=tmp_path).checkpoint("cnn") == tmp_path / "cnn.pt"
