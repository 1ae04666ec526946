"""RNN, LSTM and GRU of one width spell first names, character by character; a trigram model is their rival.

The names held out are a tenth, each spelling counted once, so that none of them was seen in training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import CharacterModel
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import fit

__all__ = [
    "DATA",
    "FAR",
    "GOALS",
    "KINDS",
    "QUICK",
    "Settings",
    "Spelling",
    "Trigrams",
    "bits_per_character",
    "draw",
    "fading",
    "gradient_through_time",
    "learning",
    "letter_loss",
    "long_text",
    "spell",
    "split",
    "train",
]

KINDS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
"""The recurrent layers with their names."""
COLOURS = {"RNN": "#d55e00", "LSTM": "#0072b2", "GRU": "#009e73"}
NOTHING = -100
"""The target where a name is over, which `cross_entropy` passes over."""

FAR = 50
"""How many letters back the gradients of the three are compared."""


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=4, metadata={"help": "how often to go through the names, for each network"})
    names: int = field(default=40_000, metadata={"help": "how many names to take, from the first on"})
    hidden: int = field(default=128, metadata={"help": "units of the recurrent layer"})
    batch_size: int = field(default=128, metadata={"help": "names in a step"})
    lr: float = field(default=6e-3, metadata={"help": "the largest learning rate of the cycle"})
    samples: int = field(default=24, metadata={"help": "how many names each network is to invent"})
    seed: int = field(default=0, metadata={"help": "seed of the weights, the order and the invented names"})


QUICK = Settings(epochs=2, names=2_000, hidden=48, batch_size=64, lr=1e-2)
DATA = "names"
GOALS = [
    *(Goal(f"{name} bits per character", "<", "trigram bits per character") for name in KINDS.values()),
    Goal(f"LSTM gradient from {FAR} letters back", ">", f"RNN gradient from {FAR} letters back"),
]


class Spelling:
    """Names as rows of numbers: 0 is the dot before and after a name, the letters follow in their order.

    Args:
        names: those whose letters there are to be.

    Example:
        >>> inputs, targets = Spelling(["ada", "al"]).rows(["ada", "al"])
        >>> inputs.tolist(), targets.tolist()
        ([[0, 1, 2, 1], [0, 1, 3, 0]], [[1, 2, 1, 0], [1, 3, 0, -100]])
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.letters = [".", *sorted(set("".join(names)))]
        self.longest = max(map(len, names))
        self._numbers = {letter: number for number, letter in enumerate(self.letters)}

    def rows(self, names: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Inputs and targets, both int64 (N, longest + 1); a target is the letter that comes next."""
        inputs = np.zeros((len(names), self.longest + 1), np.int64)
        targets = np.full(inputs.shape, NOTHING)
        for row, name in enumerate(names):
            numbers = [self._numbers[letter] for letter in name]
            inputs[row, 1 : len(name) + 1] = numbers
            targets[row, : len(name) + 1] = [*numbers, 0]
        return tg.from_numpy(inputs), tg.from_numpy(targets)

    def name(self, numbers: Sequence[int]) -> str:
        """The letters up to the first dot."""
        return "".join(self.letters[number] for number in numbers).partition(".")[0]


class Trigrams:
    """How often each letter follows each two, smoothed by how often it follows one, and by how often it comes at all.

    p(c | a b) = (n(a b c) + k p(c | b)) / (n(a b) + k), and so on down to equal chances: D. MacKay and L. Bauman
    Peto, A Hierarchical Dirichlet Language Model, 1995.

    Args:
        inputs: (N, T) int64, as `Spelling.rows` gives them.
        targets: (N, T) int64.
        letters: how many there are.
    """

    def __init__(self, inputs: Tensor, targets: Tensor, letters: int) -> None:
        self.counts = np.zeros((letters,) * 3)
        np.add.at(self.counts, self._triples(inputs, targets), 1)

    @staticmethod
    def _triples(inputs: Tensor, targets: Tensor) -> tuple[np.ndarray, ...]:
        """The letter before last, the last and the next, for each letter of all names."""
        last, following = inputs.numpy(), targets.numpy()
        before = np.pad(last, ((0, 0), (1, 0)))[:, :-1]
        there = following != NOTHING
        return before[there], last[there], following[there]

    def chances(self, k: float) -> np.ndarray:
        """(letters, letters, letters) float64: how likely each letter is after each two."""
        found = np.full(len(self.counts), 1 / len(self.counts))
        for counts in (self.counts.sum((0, 1)), self.counts.sum(0), self.counts):
            found = (counts + k * found) / (counts.sum(-1, keepdims=True) + k)
        return found

    def bits(self, inputs: Tensor, targets: Tensor, k: float) -> float:
        """Bits per character of other names."""
        return float(-np.log2(self.chances(k)[self._triples(inputs, targets)]).mean())


def split(names: Sequence[str], most: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Nine tenths to learn from and a tenth to judge by, of the spellings there are, drawn by a seed.

    Example:
        >>> learnt, held_out = split(["ada", "ada", "bo", "cy"], 4)
        >>> len(learnt), len(held_out)
        (2, 1)
    """
    spellings = list(dict.fromkeys(names[:most]))
    order = np.random.default_rng(seed).permutation(len(spellings))
    held_out = -(-len(order) // 10)
    return [spellings[k] for k in order[held_out:]], [spellings[k] for k in order[:held_out]]


def letter_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """The cross-entropy of the next letter, a mean over the letters there are, in nats."""
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=NOTHING)


def bits_per_character(model: nn.Module, rows: tuple[Tensor, Tensor], at_once: int = 1024) -> float:
    """How many bits a letter of these names takes, the dot at the end included."""
    inputs, targets = rows
    total = 0.0
    with tg.no_grad():
        for start in range(0, len(inputs), at_once):
            part = targets[start : start + at_once]
            nats = letter_loss(model(inputs[start : start + at_once]), part).item()
            total += nats * int((part != NOTHING).sum())
    return total / int((targets != NOTHING).sum()) / math.log(2)


def spell(model: CharacterModel, spelling: Spelling, count: int) -> list[str]:
    """Names that the model makes up, letter by letter, each drawn by the chances that the model gives."""
    numbers, state = tg.zeros(count, 1, dtype=tg.int64), None
    drawn = []
    with tg.no_grad():
        for _ in range(spelling.longest):
            scores, state = model.go_on(numbers, state)
            numbers = tg.multinomial(F.softmax(scores[:, -1], dim=1), 1)
            drawn.append(numbers)
    return [spelling.name(row) for row in tg.cat(drawn, 1).tolist()]


def gradient_through_time(model: CharacterModel, inputs: Tensor) -> np.ndarray:
    """How strongly the last prediction depends on each input: the norm of its loss's gradient, for each time.

    Args:
        model: the network; its weights get no gradient.
        inputs: (N, T) int64.

    Returns:
        (T - 1,) float64, the mean over rows of |d loss of the last letter / d embedding at t|. The last of them is
        that of the letter right before the predicted one.
    """
    embedded = model.embed(inputs[:, :-1]).detach().requires_grad_()
    scores = model.out(model.memory(embedded)[0][:, -1])
    loss = F.cross_entropy(scores, inputs[:, -1], reduction="sum")
    (slope,) = tg.autograd.grad(loss, embedded)
    return slope.norm(dim=2).mean(0).double().numpy()


def long_text(names: Sequence[str], spelling: Spelling, rows: int = 64, length: int = 101) -> Tensor:
    """Names one after the other, dots between them, as int64 (rows, length)."""
    inputs, targets = spelling.rows(names)
    numbers = inputs.numpy()[targets.numpy() != NOTHING]
    return tg.from_numpy(np.resize(numbers, (rows, length)))


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train the three, let them invent names, and look how far back their gradients reach."""
    found = obtain(DATA, place.data)
    learnt, held_out = split(found.data, settings.names)
    spelling = Spelling([*learnt, *held_out])
    rows, judged_by = spelling.rows(learnt), spelling.rows(held_out)
    trigrams = Trigrams(*rows, len(spelling.letters))
    reached = {"trigram bits per character": min(trigrams.bits(*judged_by, k) for k in (1, 2, 4, 8, 16, 32, 64))}
    models: dict[str, CharacterModel] = {}
    text = long_text(learnt, spelling)
    shown: dict[str, Any] = {"invented": {}, "histories": {}, "gradients": {}}
    for kind, name in KINDS.items():
        tg.manual_seed(settings.seed)
        model = models[kind] = CharacterModel(len(spelling.letters), kind, hidden=settings.hidden)
        optimizer = optim.Adam(model.parameters(), lr=settings.lr)
        steps = settings.epochs * -(-len(learnt) // settings.batch_size)
        shown["histories"][name] = fit(
            model,
            rows,
            letter_loss,
            optimizer,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation=lambda model: {"bits": bits_per_character(model, judged_by)},
            scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=max(steps, 1)),
            schedule_by="step",
            clip_norm=1.0,
            checkpoint=place.checkpoint(kind),
            progress=place.progress,
        )
        reached[f"{name} bits per character"] = bits_per_character(model, judged_by)
        shown["invented"][name] = spell(model, spelling, settings.samples)
        norms = shown["gradients"][name] = gradient_through_time(model, text)
        reached[f"{name} gradient from {FAR} letters back"] = float(norms[-1 - FAR] / norms[-1])
    return Outcome(reached, models, shown["histories"]["LSTM"], found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Bits per character after each epoch, and how gradients fade on their way back."""
    shown = outcome.shown
    rival = outcome.reached["trigram bits per character"]
    return {"learning": learning(shown["histories"], rival), "gradients": fading(shown["gradients"])}


def learning(histories: Mapping[str, Mapping[str, Sequence[float]]], rival: float) -> Any:
    """A picture of the "val_bits" of several networks, and the trigrams' bits as a line."""
    from tinygrad_lite import viz

    figure, ((axes,),) = viz.figure(1, 1, 6.4, 3.8)
    for name, history in histories.items():
        bits = history["val_bits"]
        axes.plot(range(1, len(bits) + 1), bits, "o-", markersize=4, color=COLOURS.get(name), label=name)
    axes.axhline(rival, color="black", linestyle="--", linewidth=1, label="trigrams")
    axes.set_xlabel("epoch")
    axes.set_ylabel("bits per character, held-out names")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure


def fading(norms: Mapping[str, np.ndarray]) -> Any:
    """A picture of `gradient_through_time` of several networks, as shares of the gradient of the last letter."""
    from tinygrad_lite import viz

    figure, ((axes,),) = viz.figure(1, 1, 6.4, 3.8)
    for name, along in norms.items():
        axes.semilogy(range(len(along)), along[::-1] / along[-1], label=name, color=COLOURS.get(name), linewidth=1.8)
    axes.set_xlabel("letters back from the last one that was read")
    axes.set_ylabel("norm of the gradient,\nas a share of the nearest letter's")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
