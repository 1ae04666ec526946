"""A small transformer on sentences from film reviews: a block of attention over words, then attention that weighs them.

Four fifths of the sentences to learn from, always the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import Vocabulary, obtain
from tinygrad_lite.models import TextClassifier
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import accuracy, evaluate, fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "Settings",
    "draw",
    "draw_words",
    "encode",
    "forget",
    "influence",
    "split",
    "train",
    "vocabulary_of",
]

PADDING, UNKNOWN = "<padding>", "<unknown>"


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=5, metadata={"help": "how often to go through the sentences"})
    sentences: int = field(default=10_000, metadata={"help": "how many sentences to use at most, held-out ones too"})
    batch_size: int = field(default=64, metadata={"help": "sentences in a step"})
    length: int = field(default=40, metadata={"help": "words to read of a sentence at most"})
    width: int = field(default=32, metadata={"help": "numbers at a word"})
    dropout: float = field(default=0.5, metadata={"help": "share of the numbers to drop while training"})
    forget: float = field(default=0.4, metadata={"help": "share of the words to hide while training"})
    lr: float = field(default=2e-3, metadata={"help": "the largest learning rate of the cycle"})
    seed: int = field(default=0, metadata={"help": "seed of weights, dropout and order"})


QUICK = Settings(epochs=2, sentences=1_500)
DATA = "rotten_tomatoes"
GOALS = [Goal("held-out accuracy", ">=", 0.70)]


def split(texts: list[str], labels: np.ndarray, most: int) -> tuple[tuple[list[str], Tensor], tuple[list[str], Tensor]]:
    """Sentences and labels to learn from, and a fifth of them held out; the same ones whatever the seed."""
    order = np.random.default_rng(0).permutation(len(texts))[:most]
    parts = order[len(order) // 5 :], order[: len(order) // 5]
    learnt, held_out = (([texts[k] for k in part], tg.from_numpy(labels[part].astype(np.float32))) for part in parts)
    return learnt, held_out


def vocabulary_of(texts: list[str]) -> Vocabulary:
    """The words that come at least twice, the frequent ones first."""
    counts = Counter(word for text in texts for word in text.split())
    words = [word for word, count in counts.most_common() if count > 1]
    return Vocabulary([PADDING, UNKNOWN, *words], unknown=UNKNOWN)


def encode(texts: list[str], vocabulary: Vocabulary, length: int) -> Tensor:
    """The numbers of the words, (N, length): of each sentence the first so many, filled up with 0."""
    ids = np.zeros((len(texts), length), np.int64)
    for row, text in zip(ids, texts, strict=True):
        words = text.split()[:length] or [UNKNOWN]
        row[: len(words)] = vocabulary.encode(words).numpy()
    return tg.from_numpy(ids)


def forget(ids: Tensor, share: float) -> Tensor:
    """The sentences with some of their words replaced by the unknown one."""
    return ids.masked_fill((tg.rand(ids.shape) < share) & (ids > 1), 1)


def influence(model: nn.Module, ids: Tensor) -> Tensor:
    """What each word adds to the score: how much is lost when it is hidden, (N, T); 0 where there is no word."""
    count, length = ids.shape
    one = tg.eye(length) > 0
    with tg.no_grad():
        hidden = ids.unsqueeze(1).masked_fill(one, 1).reshape(count * length, length)
        lost = model(ids).unsqueeze(1) - model(hidden).reshape(count, length)
    return lost.masked_fill(ids == 0, 0.0)


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, and judge it on the sentences held out."""
    found = obtain(DATA, place.data)
    everything, judgements = found.data
    (texts, labels), (held_texts, held_labels) = split(everything, judgements, settings.sentences)
    vocabulary = vocabulary_of(texts)
    ids, held_ids = (encode(part, vocabulary, settings.length) for part in (texts, held_texts))
    tg.manual_seed(settings.seed)
    model = TextClassifier(len(vocabulary), settings.length, width=settings.width, dropout=settings.dropout)
    optimizer = optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=0.1)
    loss = nn.BCEWithLogitsLoss()

    def step(model: Any, batch: Any) -> Any:
        scores = model(forget(batch[0], settings.forget))
        return loss(scores, batch[1]), {"accuracy": accuracy(scores, batch[1])}

    history = fit(
        model,
        (ids, labels),
        optimizer=optimizer,
        step=step,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation=lambda model: evaluate(model, (held_ids, held_labels), loss, [accuracy]),
        scheduler=optim.lr_scheduler.OneCycleLR(
            optimizer, settings.lr, total_steps=max(settings.epochs * -(-len(ids) // settings.batch_size), 1)
        ),
        schedule_by="step",
        clip_norm=1.0,
        checkpoint=place.checkpoint("sentiment"),
        progress=place.progress,
    )
    reached = evaluate(model, (held_ids, held_labels), metrics=[accuracy])["accuracy"]
    model.eval()
    few = held_ids[:12]
    with tg.no_grad():
        scores = model(few)
    shown = {
        "sentences": [text.split()[: settings.length] for text in held_texts[:12]],
        "labels": held_labels[:12].numpy(),
        "influence": influence(model, few).numpy(),
        "scores": scores.numpy(),
    }
    return Outcome({"held-out accuracy": reached}, {"sentiment": model}, history, found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: loss and accuracy as it learns, and which words of a few sentences make their scores."""
    from tinygrad_lite import viz

    shown = outcome.shown
    words = draw_words(shown["sentences"], shown["influence"], shown["scores"], shown["labels"])
    return {"learning": viz.curves(outcome.history), "words": words}


def draw_words(sentences: list[list[str]], influence: Any, scores: Any, labels: Any, across: int = 84) -> Any:
    """Sentences whose words are coloured by what they add to the score: blue for good, red for bad.

    Args:
        sentences: the words of each.
        influence: (N, T), what each word adds; see `influence`.
        scores: (N,), positive where the model calls the sentence good.
        labels: (N,), 1 where it is.
        across: how many characters to a line.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    from tinygrad_lite import viz

    places: list[tuple[int, int, str, float]] = []
    heads: list[tuple[int, str]] = []
    line = 0
    for words, row, score, label in zip(sentences, influence, scores, labels, strict=True):
        heads.append((line, f"{'good' if label else 'bad':>4} {score:+5.1f}"))
        column = 12
        for word, value in zip(words, row, strict=False):
            if column + len(word) > across:
                line, column = line + 1, 12
            places.append((line, column, word, float(value)))
            column += len(word) + 1
        line += 2
    top = float(np.quantile([abs(value) for *_, value in places], 0.98)) or 1.0
    picture, axes = viz.figure(1, 1, 0.07 * across + 1.0, 0.18 * line + 0.4)
    ax = axes[0, 0]
    ax.set(xlim=(0, across), ylim=(line, -1.5), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    style = {"family": "monospace", "fontsize": 8, "va": "center"}
    ax.text(0, -1, "true score", **style)
    for down, text in heads:
        ax.text(0, down, text, **style)
    colours = ScalarMappable(Normalize(-top, top), "RdBu")
    for down, column, word, value in places:
        box = {"facecolor": colours.to_rgba(np.asarray(value)), "edgecolor": "none", "pad": 1.0}
        ax.text(column, down, word, bbox=box, color="white" if abs(value) > 0.6 * top else "black", **style)
    picture.colorbar(colours, ax=ax, label="what the score loses without the word", extend="both", fraction=0.03)
    return picture
