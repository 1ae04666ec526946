"""`fit`: the loop everybody writes, and going on exactly where it was stopped."""

import errno
import math
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.training import CheckpointWarning, History, accuracy, evaluate, fit, mean_absolute_error
from tinygrad_lite.utils.data import DataLoader, TensorDataset

BATCHES = 5


def examples(count=40):
    generator = tg.Generator().manual_seed(7)
    x = tg.randn(count, 6, generator=generator)
    return x, (x[:, 0] + x[:, 1] ** 2 > 0.5).long()


def net():
    """With everything that has a state of its own: running means, random masks."""
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))


class Killed(Exception):
    """In the place of a signal that cannot be caught."""


def train(path=None, kill_at=None, epochs=3, optimizer=optim.Adam, **options):
    """A run from seed 0, killed before step `kill_at`; its model and history."""
    tg.manual_seed(0)
    np.random.seed(0)
    model, done = net(), 0
    updates = optimizer(model.parameters(), lr=0.05)
    schedule = optim.lr_scheduler.CosineAnnealingLR(updates, 20)

    def step(model, batch):
        nonlocal done
        if done == kill_at:
            raise Killed
        done += 1
        x, y = batch
        noisy = x + tg.from_numpy(np.random.normal(0, 0.1, x.shape).astype(np.float32))
        return nn.functional.cross_entropy(model(noisy), y)

    history = fit(
        model, DataLoader(TensorDataset(*examples()), 8, shuffle=True), None, updates, step=step, epochs=epochs,
        scheduler=schedule, schedule_by="step", checkpoint=path, save_every=0, progress=False, **options,
    )  # fmt: skip
    return model, history


def bits(model):
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


@pytest.fixture(scope="module")
def whole():
    model, history = train()
    return bits(model), history


# --- the loop --------------------------------------------------------------------------------------------


def test_it_does_what_the_loop_does_bit_for_bit():
    x, y = examples()
    loss = nn.CrossEntropyLoss()

    def start():
        tg.manual_seed(3)
        model = net()
        return model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    model, optimizer = start()
    losses = []
    for _ in range(4):
        model.train()
        total = 0.0
        for inputs, target in DataLoader(TensorDataset(x, y), batch_size=12, shuffle=True):
            optimizer.zero_grad()
            found = loss(model(inputs), target)
            found.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.7)
            optimizer.step()
            total += found.item() * len(target)
        losses.append(total / len(y))
    ours, optimizer = start()
    history = fit(ours, (x, y), loss, optimizer, epochs=4, batch_size=12, clip_norm=0.7, progress=False)
    assert bits(ours) == bits(model)
    assert history == {"loss": pytest.approx(losses, rel=1e-12)} and history.epochs == 4


def test_validation_and_metrics_are_reported():
    x, y = examples()
    tg.manual_seed(0)
    model = net()
    history = fit(
        model, (x, y), nn.CrossEntropyLoss(), optim.Adam(model.parameters(), 0.01), epochs=2, progress=False,
        validation=(x[:9], y[:9]), metrics=[accuracy, nn.CrossEntropyLoss(label_smoothing=0.1)],
    )  # fmt: skip
    names = ["loss", "accuracy", "crossentropyloss"]
    assert list(history) == names + [f"val_{name}" for name in names]
    model.eval()
    with tg.no_grad():
        right = float((model(x[:9]).argmax(1) == y[:9]).float().mean())
    assert history["val_accuracy"][-1] == pytest.approx(right)


def test_evaluate_weighs_batches_by_their_examples_and_changes_nothing():
    x = tg.arange(10.0).unsqueeze(1)
    model = nn.Sequential(nn.Dropout(0.9), nn.Identity())
    model.train()
    found = evaluate(model, (x, tg.zeros(10, 1)), nn.MSELoss(), {"far": mean_absolute_error}, batch_size=7)
    assert found == {"loss": pytest.approx(28.5), "far": pytest.approx(4.5)}
    assert model.training and all(module.training for module in model)


def test_one_tensor_is_its_own_target():
    model = nn.Linear(6, 6)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, examples()[0], nn.MSELoss(), optimizer, epochs=5, progress=False)
    assert history["loss"][-1] < history["loss"][0]


def test_a_step_may_do_everything_itself():
    pair = nn.ModuleDict({"a": nn.Linear(6, 1), "b": nn.Linear(6, 1)})
    both = {name: optim.SGD(pair[name].parameters(), lr=0.1) for name in pair}

    def step(model, batch):
        numbers = {}
        for name, optimizer in both.items():
            optimizer.zero_grad()
            loss = (model[name](batch[0]) ** 2).mean()
            loss.backward()
            optimizer.step()
            numbers[f"{name} loss"] = loss.item()
        return numbers

    history = fit(pair, examples(), optimizer=both, step=step, epochs=3, progress=False)
    assert list(history) == ["a loss", "b loss"] and history["b loss"][-1] < history["b loss"][0]


def test_it_stops_early_and_keeps_the_best_weights():
    weights, numbers = [], iter([3.0, 1.0, 2.0, 2.5, 9.0, 0.1])
    model = nn.Linear(6, 2)

    def judge(model):
        weights.append(bits(model))
        return {"loss": next(numbers)}

    history = fit(
        model, examples(), nn.CrossEntropyLoss(), optim.SGD(model.parameters(), 0.1), epochs=50, progress=False,
        validation=judge, patience=3,
    )  # fmt: skip
    assert history["val_loss"] == [3.0, 1.0, 2.0, 2.5, 9.0] and history.best("val_loss") == (2, 1.0)
    assert bits(model) == weights[1]


def test_large_is_good_for_an_accuracy():
    numbers = iter([0.5, 0.9, 0.8, 0.7])
    model = nn.Linear(6, 2)
    history = fit(
        model, examples(), nn.CrossEntropyLoss(), optim.SGD(model.parameters(), 0.1), epochs=50, progress=False,
        validation=lambda model: {"accuracy": next(numbers)}, patience=2, monitor="val_accuracy",
    )  # fmt: skip
    assert history.best("val_accuracy") == (2, 0.9) and history.epochs == 4


def test_a_plateau_lowers_the_rate():
    model = nn.Linear(6, 2)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    fit(
        model, examples(), nn.CrossEntropyLoss(), optimizer, epochs=3, scheduler=scheduler, progress=False,
        validation=lambda model: {"loss": 1.0},
    )  # fmt: skip
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_the_bar_says_how_it_goes(capfd):
    model = nn.Linear(6, 2)
    fit(model, examples(), nn.CrossEntropyLoss(), optim.SGD(model.parameters(), 0.1), epochs=2, batch_size=10)
    shown = capfd.readouterr().err
    assert "8/8" in shown and "loss=" in shown


# --- going on --------------------------------------------------------------------------------------------


@given(st.integers(0, 3 * BATCHES - 1), st.integers(0, 3 * BATCHES - 1))
@settings(max_examples=12, deadline=None)
def test_a_killed_run_ends_with_the_same_bits(tmp_path_factory, whole, first, second):
    path = tmp_path_factory.mktemp("run") / "run.pt"
    for kill_at in (first, second):
        try:
            train(path, kill_at)
        except Killed:
            tg.manual_seed(99)  # what others draw meanwhile
    model, history = train(path)
    assert (bits(model), history) == whole


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.RMSprop, optim.AdamW, optim.Adagrad, optim.NAdam])
def test_optimizers_go_on_with_the_same_bits(tmp_path, optimizer):
    expected = bits(train(optimizer=optimizer)[0])
    with pytest.raises(Killed):
        train(tmp_path / "run.pt", 7, optimizer=optimizer)
    assert bits(train(tmp_path / "run.pt", optimizer=optimizer)[0]) == expected


def test_a_run_can_be_made_longer(tmp_path, whole):
    path = tmp_path / "run.pt"
    train(path, epochs=2)
    assert bits(train(path, epochs=3)[0]) == whole[0]
    model, history = train(path, kill_at=0, epochs=3)  # nothing is left to do
    assert (bits(model), history) == whole


def test_early_stopping_goes_on_too(tmp_path):
    def numbers():
        values = iter([3.0, 1.0, 2.0, 2.5, 9.0])
        return lambda model: {"loss": next(values)}

    expected = train(epochs=9, validation=numbers(), patience=3)
    judge = numbers()
    with pytest.raises(Killed):
        train(tmp_path / "run.pt", 4 * BATCHES - 2, epochs=9, validation=judge, patience=3)
    model, history = train(tmp_path / "run.pt", epochs=9, validation=judge, patience=3)
    assert history == expected[1] and bits(model) == bits(expected[0])


PROGRAM = """
    import sys, time
    import tinygrad_lite as tg
    from tinygrad_lite import nn, optim
    from tinygrad_lite.training import fit
    tg.manual_seed(0)
    x = tg.randn(64, 6)
    model = nn.Sequential(nn.Linear(6, 64), nn.Dropout(0.2), nn.Linear(64, 6))
    def step(model, batch):
        print("step", flush=True)
        time.sleep(float(sys.argv[2]))
        return nn.functional.mse_loss(model(batch[0]), batch[0])
    fit(model, (x, x), None, optim.Adam(model.parameters()), step=step, epochs=12, batch_size=8, progress=False,
        checkpoint=sys.argv[1] or None, save_every=0)
    print({name: tensor.numpy().tobytes().hex() for name, tensor in model.state_dict().items()})
"""


def test_kill_9_at_any_moment(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))

    def start(path, pause):
        command = [sys.executable, str(script), str(path), str(pause)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    expected = start("", 0).communicate()[0].splitlines()[-1]
    path = tmp_path / "run.pt"
    for steps, more in ((3, 0.0), (20, 0.003), (11, 0.001), (30, 0.004)):
        process = start(path, 0.002)
        for _ in range(steps):
            process.stdout.readline()
        time.sleep(more)
        process.kill()
        process.communicate()
    assert start(path, 0).communicate()[0].splitlines()[-1] == expected


def test_ctrl_c_waits_for_the_step_and_says_how_to_go_on(tmp_path, whole):
    path, pressed = tmp_path / "run.pt", []

    def press(history):
        if not pressed:
            pressed.append(os.kill(os.getpid(), signal.SIGINT))

    with pytest.raises(KeyboardInterrupt, match=r"stopped in epoch 2 after 1 steps; the same call goes on"):
        train(path, on_epoch=press)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert bits(train(path)[0]) == whole[0]


def test_a_full_disk_loses_nothing(tmp_path, whole, monkeypatch):
    path = tmp_path / "run.pt"
    with pytest.raises(Killed):
        train(path, 6)
    before = path.read_bytes()

    def full(fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(CheckpointWarning, match=r"No space left.*still holds an earlier one"):
        model, _ = train(path)
    assert bits(model) == whole[0] and path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    train(path, epochs=1)
    before = path.read_bytes()
    other = nn.Linear(6, 2)
    options = {"optimizer": optim.SGD(other.parameters(), 0.1), "epochs": 3, "checkpoint": path, "progress": False}
    with pytest.raises(ValueError, match=r"run.pt' is of another run: (?s:.*)Missing key"):
        fit(other, examples(), nn.CrossEntropyLoss(), batch_size=8, **options)
    with pytest.raises(ValueError, match=r"an epoch has 5 steps there and 4 here"):
        fit(other, examples(), nn.CrossEntropyLoss(), batch_size=10, **options)
    tg.save(other.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="holds no training run"):
        fit(other, examples(), nn.CrossEntropyLoss(), **{**options, "checkpoint": tmp_path / "weights.pt"})
    assert path.read_bytes() == before


def test_what_is_refused_changes_nothing(tmp_path):
    with pytest.raises(Killed):
        train(tmp_path / "run.pt", 3)
    model = net()
    before = bits(model)
    half = optim.SGD([p for p in model.parameters() if p.ndim > 1], 0.1)
    with pytest.raises(ValueError, match="of another run: .*parameter group"):
        fit(
            model, examples(), nn.CrossEntropyLoss(), half, batch_size=8, checkpoint=tmp_path / "run.pt", progress=False
        )
    assert bits(model) == before and half.state_dict()["state"] == {}


# --- misuse ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"loss": None}, ValueError, "give either `loss`"),
        ({"step": lambda model, batch: None}, ValueError, "give either `loss`"),
        ({"epochs": -1}, ValueError, "epochs is -1"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"patience": 0}, ValueError, "patience is 0"),
        ({"patience": 1, "monitor": "val_acc"}, ValueError, "monitor is 'val_acc', but reported are loss"),
        ({"schedule_by": "batch"}, ValueError, "schedule_by is 'batch'"),
        ({"optimizer": None}, ValueError, "one optimizer, and there are 0"),
        ({"optimizer": optim.SGD(nn.Linear(2, 2).parameters(), 0.1)}, ValueError, "holds no parameter of the model"),
        ({"data": 3}, TypeError, "not int"),
        ({"data": iter([1])}, TypeError, "only once"),
        ({"data": []}, ValueError, "no batches"),
        ({"data": (tg.zeros(0, 6), tg.zeros(0))}, ValueError, "no examples"),
        ({"data": [(1, 2, 3)]}, TypeError, r"\(input, target\), this is a tuple of 3"),
        ({"loss": lambda output, target: 3.0}, TypeError, "should be a tensor .* not float"),
        ({"loss": lambda output, target: output}, RuntimeError, "scalar"),
    ],
)
def test_misuse_is_explained(change, error, message):
    model = nn.Linear(6, 2)
    usual = {"data": examples(), "loss": nn.CrossEntropyLoss(), "optimizer": optim.SGD(model.parameters(), 0.1)}
    arguments = {**usual, "progress": False, **change}
    with pytest.raises(error, match=message):
        fit(model, **arguments)


def test_a_loss_that_is_not_finite_is_warned_of():
    model = nn.Linear(6, 2)
    optimizer = optim.SGD(model.parameters(), 0.1)
    numbers = iter([1.0, math.nan, 1.0])

    def loss(output, target):
        return output.sum() * next(numbers)

    with pytest.warns(UserWarning, match="loss is nan in epoch 1, step 2; a smaller learning rate") as warned:
        fit(model, examples(24), loss, optimizer, batch_size=8, epochs=1, progress=False)
    assert len(warned) == 1


# --- what it reports -------------------------------------------------------------------------------------


def test_a_history_with_gaps():
    history = History()
    history.note({"loss": 1.0})
    history.note({"val_error": 2.0})
    assert math.isnan(history["val_error"][0]) and math.isnan(history["loss"][1]) and history.epochs == 2
    assert history.best("val_error") == (2, 2.0) and "nan" in str(history)
    with pytest.raises(KeyError, match="'accuracy' was not reported; there are loss, val_error"):
        history.best("accuracy")
    assert str(History()) == "no epochs yet"


def test_accuracy_of_scores_and_of_logits():
    assert accuracy(tg.eye(4), tg.tensor([0, 1, 2, 0])).item() == 0.75
    assert accuracy(tg.tensor([2.0, -1.0, 0.5]), tg.tensor([1.0, 1.0, 0.0])).item() == pytest.approx(1 / 3)
