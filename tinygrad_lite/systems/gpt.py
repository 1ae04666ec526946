"""A GPT of 4 layers on the characters of tiny Shakespeare: AdamW on one cycle of the learning rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import Vocabulary, obtain
from tinygrad_lite.models import GPT
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import evaluate, fit
from tinygrad_lite.utils.data import DataLoader, RandomSampler, TensorDataset

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "NextLetter",
    "Settings",
    "batches",
    "draw",
    "draw_maps",
    "optimizer_for",
    "split",
    "train",
    "windows",
]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    steps: int = field(default=3000, metadata={"help": "how many batches to learn from"})
    batch_size: int = field(default=16, metadata={"help": "windows in a step"})
    length: int = field(default=64, metadata={"help": "characters in a window"})
    layers: int = field(default=4, metadata={"help": "blocks"})
    width: int = field(default=128, metadata={"help": "numbers at a position"})
    heads: int = field(default=4, metadata={"help": "heads of the attention in each block"})
    lr: float = field(default=4e-3, metadata={"help": "the largest learning rate of the cycle"})
    epochs: int = field(default=10, metadata={"help": "in how many parts to report the steps"})
    judged: int = field(default=120_000, metadata={"help": "on how many held-out characters to judge at the end"})
    write: int = field(default=400, metadata={"help": "how many characters to write at the end"})
    seed: int = field(default=0, metadata={"help": "seed of weights, windows and the text that is written"})


QUICK = Settings(steps=60, length=32, layers=2, width=32, heads=2, epochs=2, judged=4_000, write=60)
DATA = "tinyshakespeare"
GOALS = [Goal("validation loss, nats a character", "<", 1.80)]


class NextLetter(nn.CrossEntropyLoss):
    """The cross-entropy, in nats a character, of scores (N, T, letters) and what followed (N, T)."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The mean over all characters."""
        return super().forward(input.flatten(0, 1), target.flatten())


def split(text: str) -> tuple[Vocabulary, Tensor, Tensor]:
    """The characters that there are, and nine tenths of the text to learn from and the last tenth as numbers."""
    vocabulary = Vocabulary.of(text)
    ids = tg.from_numpy(np.asarray(vocabulary.encode(text)))
    border = len(ids) * 9 // 10
    return vocabulary, ids[:border], ids[border:]


def windows(ids: Tensor, length: int, stride: int = 1) -> TensorDataset:
    """Pieces of a text, and for each of their characters the one that follows: twice (N, length)."""
    pieces = ids.unfold(0, length + 1, stride)
    return TensorDataset(pieces[:, :-1], pieces[:, 1:])


def batches(ids: Tensor, settings: Settings) -> DataLoader[Any]:
    """Windows from anywhere in the text, as many as an epoch has."""
    data = windows(ids, settings.length)
    count = settings.steps // settings.epochs * settings.batch_size
    return DataLoader(data, settings.batch_size, sampler=RandomSampler(data, replacement=True, num_samples=count))


def optimizer_for(model: nn.Module, settings: Settings) -> tuple[optim.Optimizer, Any]:
    """AdamW, which lets matrices decay but neither biases nor norms; its learning rate warms up, then fades away."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.99))
    total = max(settings.steps // settings.epochs * settings.epochs, 1)
    cycle = optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total, pct_start=0.05, cycle_momentum=False)
    return optimizer, cycle


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train it, judge it on text held out, and let it write."""
    found = obtain(DATA, place.data)
    vocabulary, train_ids, held_out = split(found.data)
    tg.manual_seed(settings.seed)
    model = GPT(len(vocabulary), settings.length, settings.layers, settings.width, settings.heads)
    optimizer, scheduler = optimizer_for(model, settings)
    parts = [windows(held_out[:count], settings.length, settings.length) for count in (10_000, settings.judged)]
    history = fit(
        model,
        batches(train_ids, settings),
        NextLetter(),
        optimizer,
        epochs=settings.epochs,
        batch_size=64,
        validation=parts[0],
        scheduler=scheduler,
        schedule_by="step",
        clip_norm=1.0,
        checkpoint=place.checkpoint("gpt"),
        progress=place.progress,
    )
    loss = evaluate(model, parts[1], NextLetter(), batch_size=64)["loss"]
    written = model.generate(train_ids[None, :1], settings.write, temperature=0.8)[0]
    shown = {
        "text": vocabulary.decode(written.numpy()),
        "letters": [vocabulary.decode(number) for number in held_out[:24].tolist()],
        "maps": model.maps(held_out[None, :24])[0].detach(),
    }
    return Outcome(
        {"validation loss, nats a character": loss}, {"gpt": model}, history, found.source, found.note, shown
    )


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: the loss as it learns, and what every head looks at."""
    from tinygrad_lite import viz

    return {
        "loss": viz.curves(outcome.history),
        "attention": draw_maps(outcome.shown["maps"], outcome.shown["letters"]),
    }


def draw_maps(maps: Any, letters: list[str]) -> Any:
    """What each position looks at, a picture for every head.

    Args:
        maps: (layers, heads, T, T), rows sum to 1.
        letters: what stands at the T positions.
    """
    from tinygrad_lite import viz

    maps = np.asarray(maps)
    layers, heads, length, _ = maps.shape
    marks = [{"\n": "↵", " ": "␣"}.get(letter, letter) for letter in letters]
    picture, axes = viz.figure(layers, heads, 2.7 * heads + 0.6, 2.8 * layers)
    for layer, head in np.ndindex(layers, heads):
        ax = axes[layer, head]
        shown = ax.imshow(maps[layer, head], cmap="Blues", vmin=0, vmax=1)
        ax.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=9)
        ax.set_xticks(range(length), marks, fontsize=7)
        ax.set_yticks(range(length), marks, fontsize=7)
        ax.tick_params(length=0, pad=1)
    for ax in axes[-1]:
        ax.set_xlabel("looks at", fontsize=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("letter", fontsize=9)
    picture.colorbar(shown, ax=axes, label="share of its attention", fraction=0.02)
    return picture
