"""Multilayer perceptrons 784-128-10 and 784-128-64-10 on MNIST, by Adam on one cycle of learning rates.

And what makes them learn or not: the function between layers, regularisation on few images, the initial weights of a
deep network, dead ReLUs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import MLP
from tinygrad_lite.systems import mlp_studies as studies
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import History, accuracy, evaluate, fit

__all__ = ["DATA", "FORMS", "GOALS", "QUICK", "Settings", "draw", "learn", "train"]

Pair = tuple[Tensor, Tensor]
FORMS = {"784-128-10": (784, 128, 10), "784-128-64-10": (784, 128, 64, 10)}


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=10, metadata={"help": "how often to go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    batch_size: int = field(default=128, metadata={"help": "images in a step"})
    lr: float = field(default=4e-3, metadata={"help": "the largest learning rate of the cycle"})
    dropout: float = field(default=0.1, metadata={"help": "the share of hidden units to drop"})
    study_images: int = field(default=20_000, metadata={"help": "images of the comparison of activations"})
    study_epochs: int = field(default=6, metadata={"help": "epochs of the comparisons"})
    deep_images: int = field(default=4_000, metadata={"help": "images of the comparison of initial weights"})
    few_images: int = field(default=2_000, metadata={"help": "images of the comparison of regularisers"})
    few_epochs: int = field(default=40, metadata={"help": "epochs of the comparison of regularisers"})
    seed: int = field(default=0, metadata={"help": "seed of weights, dropout and order"})


QUICK = Settings(
    epochs=2, images=2_000, study_images=1_000, study_epochs=2, deep_images=300, few_images=200, few_epochs=15
)
DATA = "mnist"
GOALS = [
    Goal("better test accuracy", ">=", 0.98),
    Goal("few images, dropout: gap", "<", "few images, nothing: gap"),
    Goal("few images, L2: gap", "<", "few images, nothing: gap"),
    Goal("dead layer, ReLU: test accuracy", "<", "dead layer, leaky ReLU: test accuracy"),
]


def learn(sizes: tuple[int, ...], data: Pair, test: Pair, settings: Settings, place: Place) -> tuple[MLP, History]:
    """Train one perceptron on one cycle of learning rates: up to the largest, and down to nothing."""
    tg.manual_seed(settings.seed)
    model = MLP(sizes, dropout=settings.dropout)
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * -(-len(data[0]) // settings.batch_size)
    history = fit(
        model,
        data,
        nn.CrossEntropyLoss(),
        optimizer,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation=test,
        metrics=[accuracy],
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
        schedule_by="step",
        checkpoint=place.checkpoint("-".join(map(str, sizes))),
        progress=place.progress,
    )
    return model, history


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train both perceptrons, then those of the comparisons."""
    found = obtain(DATA, place.data)
    (images, labels), test = as_tensors(found.data, settings.images)
    reached: dict[str, float] = {}
    models, history = {}, History()
    for form, sizes in FORMS.items():
        models[form], history = learn(sizes, (images, labels), test, settings, place)
        reached[f"{form}: test accuracy"] = evaluate(models[form], test, metrics=[accuracy])["accuracy"]
    reached = {"better test accuracy": max(reached.values()), **reached}

    def part(count: int, epochs: int) -> studies.Part:
        return studies.Part((images[:count], labels[:count]), test, epochs, settings.seed, place)

    activations = studies.compare_activations(part(settings.study_images, settings.study_epochs))
    for name, one in activations.items():
        reached[f"{name}: test accuracy"] = one["val_accuracy"][-1]
    regularisers = studies.compare_regularisers(part(settings.few_images, settings.few_epochs))
    for name, (one, train_loss) in regularisers.items():
        reached[f"few images, {name}: gap"] = one["val_loss"][-1] - train_loss
        reached[f"few images, {name}: test accuracy"] = one["val_accuracy"][-1]
    initialisations = studies.compare_initialisations(part(settings.deep_images, settings.study_epochs))
    for function, name in (("sigmoid", "Xavier"), ("tanh", "Xavier"), ("ReLU", "He")):
        norms, right = initialisations[function, name]
        reached[f"deep, {function}, {name}: gradient first/last"] = norms[0] / norms[-1]
        reached[f"deep, {function}, {name}: test accuracy"] = right
    for name, (_, one) in studies.revive(part(settings.deep_images, settings.study_epochs)).items():
        reached[f"dead layer, {name}: test accuracy"] = one["val_accuracy"][-1]
    shown = {
        "test": test,
        "activations": activations,
        "regularisers": regularisers,
        "initialisations": initialisations,
    }
    return Outcome(reached, models, history, found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: one for each comparison, and how often each digit was taken for which."""
    from tinygrad_lite import viz

    images, labels = outcome.shown["test"]
    model = outcome.models["784-128-64-10"].eval()
    with tg.no_grad():
        scores = model(images)
    return {
        "confusion": viz.confusion(scores, labels),
        "activations": draw_activations(outcome.shown["activations"]),
        "regularisers": draw_regularisers(outcome.shown["regularisers"]),
        "initialisations": draw_initialisations(outcome.shown["initialisations"]),
    }


def draw_activations(histories: dict[str, History]) -> Any:
    """The loss and the accuracy on the test images, epoch by epoch, of each function between layers."""
    from tinygrad_lite import viz

    figure, ((left, right),) = viz.figure(1, 2, 9, 3.4)
    for name, history in histories.items():
        epochs = range(1, history.epochs + 1)
        left.plot(epochs, history["val_loss"], marker="o", markersize=4, label=name)
        right.plot(epochs, [100 * share for share in history["val_accuracy"]], marker="o", markersize=4, label=name)
    left.set(xlabel="epoch", ylabel="cross-entropy, test images")
    right.set(xlabel="epoch", ylabel="test images right (%)")
    right.legend(frameon=False)
    _finish(left, right)
    return figure


def draw_regularisers(found: dict[str, tuple[History, float]]) -> Any:
    """The loss on the test images epoch by epoch, and at the end beside that on the images learnt from."""
    from tinygrad_lite import viz

    figure, ((left, right),) = viz.figure(1, 2, 9, 3.4)
    for place, (name, (history, train_loss)) in enumerate(found.items()):
        colour = f"C{place}"
        left.plot(range(1, history.epochs + 1), history["val_loss"], color=colour, label=name)
        right.bar(place - 0.2, train_loss, 0.38, color=colour, alpha=0.4)
        right.bar(place + 0.2, history["val_loss"][-1], 0.38, color=colour)
    left.set(xlabel="epoch", ylabel="cross-entropy, test images")
    left.legend(frameon=False, title="against overfitting:", alignment="left")
    right.set(ylabel="cross-entropy at the end", xlabel="pale: images learnt from; full: test images")
    right.set_xticks(range(len(found)), list(found))
    _finish(left)
    return figure


def draw_initialisations(found: dict[tuple[str, str], tuple[list[float], float]]) -> Any:
    """The gradient's norm by layer before training, a plot for each function between layers."""
    from tinygrad_lite import viz

    functions = list(dict.fromkeys(function for function, _ in found))
    figure, axes = viz.figure(1, len(functions), 11, 3.8)
    for ax, function in zip(axes[0], functions, strict=True):
        for (its, name), (norms, right) in found.items():
            if its == function:
                known = [norm if norm > 0 else float("nan") for norm in norms]
                label = f"{name} → {right:.0%}"
                ax.plot(range(1, len(norms) + 1), known, marker="o", markersize=4, label=label)
        ax.set(title=function, xlabel="layer (1: at the image)", yscale="log", ylim=(1e-9, 1e11))
        ax.legend(frameon=True, fontsize=8, loc="upper right", title="initial weights → accuracy", title_fontsize=8)
        _finish(ax)
    axes[0, 0].set_ylabel("norm of the gradient")
    return figure


def _finish(*axes: Any) -> None:
    for ax in axes:
        ax.grid(alpha=0.3)
        ax.xaxis.get_major_locator().set_params(integer=True)
