"""A DCGAN draws digits like MNIST's; a convolutional network that has learnt to read them judges the drawings.

Known remedies keep the game in balance: Adam with beta1 = 0.5, weights from N(0, 0.02), batch normalisation in both
players, real images labelled 0.9 instead of 1, and an average of the generator's latest weights in the place of its
last. Labels of digits are for the judge alone, the players see none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.datasets import obtain
from tinygrad_lite.models import Discriminator, Generator
from tinygrad_lite.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from tinygrad_lite.optim.swa_utils import AveragedModel
from tinygrad_lite.systems import cnn
from tinygrad_lite.systems.images import as_tensors, scores
from tinygrad_lite.systems.outcome import Goal, Outcome, Place
from tinygrad_lite.training import fit

__all__ = [
    "DATA",
    "GOALS",
    "QUICK",
    "Game",
    "Settings",
    "draw",
    "judged",
    "player",
    "samples",
    "share_recognised",
    "train",
    "verdicts",
]


@dataclass(frozen=True)
class Settings:
    """What can be set; the values here are those of a full run."""

    epochs: int = field(default=2, metadata={"help": "how often the players go through the images"})
    images: int = field(default=60_000, metadata={"help": "how many images to learn from"})
    batch_size: int = field(default=32, metadata={"help": "real images in a step, and drawn ones"})
    channels: int = field(default=24, metadata={"help": "feature maps at 14 x 14; twice as many at 7 x 7"})
    lr: float = field(default=5e-4, metadata={"help": "the learning rate of both players"})
    judge_epochs: int = field(default=2, metadata={"help": "how often the judge goes through the images"})
    drawn: int = field(default=2_000, metadata={"help": "how many samples are judged"})
    seed: int = field(default=0, metadata={"help": "seed of weights, noise and order"})


QUICK = Settings(epochs=3, images=500, channels=8, judge_epochs=2, drawn=100)
DATA = "mnist"
GOALS = [Goal("samples recognised", ">=", 0.9), Goal("digits that occur", ">=", 10)]


class Game(nn.Module):
    """Both players, the average of the generator's latest weights, and what it drew from the same noise on the way.

    Args:
        channels: feature maps of both players.
    """

    MOMENTS = (1, 50, 100, 200, 400, 800, 1600, 3200)
    """After so many steps samples are kept, for the pictures."""

    def __init__(self, channels: int = 24) -> None:
        super().__init__()
        self.generator, self.discriminator = Generator(channels=channels), Discriminator(channels)
        self.average = AveragedModel(self.generator, avg_fn=recent, use_buffers=True)
        self.register_buffer("noise", self.generator.draw_noise(10))
        self.register_buffer("kept", tg.zeros(len(self.MOMENTS), 10, 1, 28, 28))

    def moments(self) -> list[int]:
        """Those of `MOMENTS` that have come."""
        return [moment for moment in self.MOMENTS if moment <= int(self.average.n_averaged)]

    def keep(self) -> None:
        """Keep what the generator draws now, if it is time."""
        steps = int(self.average.n_averaged)
        if steps in self.MOMENTS:
            self.kept[self.MOMENTS.index(steps)] = samples(self.generator, self.noise)


def recent(average: Tensor, value: Tensor, count: Any) -> Tensor:
    """The average of about the last 500 values, or of the latest quarter while there are fewer than 2,000.

    Args:
        average: of the values up to now.
        value: the next one.
        count: how many there have been.
    """
    return average + (value - average) * max(0.002, 4 / (10 + float(count)))


def player(optimizers: dict[str, Any]) -> Any:
    """The `step` of `fit`: the discriminator learns from a batch, then the generator from the discriminator."""

    def step(game: Any, batch: Any) -> dict[str, float]:
        generator, discriminator = game.generator, game.discriminator
        (real,) = batch
        fake = generator(generator.draw_noise(len(real)))

        optimizers["discriminator"].zero_grad()
        says_real, says_fake = discriminator(real), discriminator(fake.detach())
        d_loss = cross_entropy(says_real, tg.full_like(says_real, 0.9))
        d_loss = d_loss + cross_entropy(says_fake, tg.zeros_like(says_fake))
        d_loss.backward()
        optimizers["discriminator"].step()

        optimizers["generator"].zero_grad()
        discriminator.requires_grad_(False)  # it passes gradients on, and needs none itself
        says = discriminator(fake)
        g_loss = cross_entropy(says, tg.ones_like(says))
        g_loss.backward()
        optimizers["generator"].step()
        discriminator.requires_grad_(True)

        game.average.update_parameters(generator)
        game.keep()
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    return step


def samples(generator: nn.Module, noise: Tensor) -> Tensor:
    """What a generator draws from noise (N, numbers), in evaluation mode: (N, 1, 28, 28) in [0, 1]."""
    return (scores(generator, noise) + 1) / 2


def judged(judge: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Which digit a classifier sees in each image (N,), and with what probability (N,)."""
    sure, digits = scores(judge, images).softmax(dim=1).max(dim=1)
    return digits, sure


def share_recognised(sure: Tensor) -> float:
    """The share of images that are recognised with a probability over 0.9."""
    return (sure > 0.9).float().mean().item()


def train(settings: Settings = QUICK, place: Place = Place()) -> Outcome:
    """Train the judge, then the players, and have samples judged."""
    first = cnn.Settings(epochs=settings.judge_epochs, images=settings.images, seed=settings.seed)
    judge = cnn.train(first, place).models["cnn"]
    found = obtain(DATA, place.data)
    (images, _), (test, _) = as_tensors(found.data, settings.images)
    tg.manual_seed(settings.seed)
    game = Game(settings.channels)
    optimizers = {
        name: optim.Adam(getattr(game, name).parameters(), lr=settings.lr, betas=(0.5, 0.999))
        for name in ("generator", "discriminator")
    }
    history = fit(
        game,
        (images * 2 - 1,),
        optimizer=optimizers,
        step=player(optimizers),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        checkpoint=place.checkpoint("gan"),
        progress=place.progress,
    )
    tg.manual_seed(settings.seed + 1)
    generator = game.average.module
    drawn = samples(generator, generator.draw_noise(settings.drawn))
    digits, sure = judged(judge, drawn)
    counts = tg.bincount(digits[sure > 0.9], minlength=10)
    reached = {
        "samples recognised": share_recognised(sure),
        "digits that occur": float((counts > 0).sum()),
        "share of the rarest digit": float(counts.min()) / max(int(counts.sum()), 1),
        "test images recognised": share_recognised(judged(judge, test)[1]),
    }
    shown = {"drawn": drawn, "digits": digits, "sure": sure, "moments": game.moments(), "kept": game.kept}
    models = {"generator": generator, "discriminator": game.discriminator, "judge": judge}
    return Outcome(reached, models, history, found.source, found.note, shown)


def draw(outcome: Outcome) -> dict[str, Any]:
    """Pictures by name: samples, those drawn from the same noise on the way, and what the judge says."""
    from tinygrad_lite import viz

    shown = outcome.shown
    moments = shown["moments"]
    kept = shown["kept"][: len(moments)].flatten(0, 1)
    return {
        "samples": viz.image_grid(shown["drawn"][:100], columns=10, size=0.5),
        "on the way": viz.image_grid(kept, columns=10, rows=[f"step {moment:,}" for moment in moments], size=0.6),
        "verdicts": verdicts(shown["digits"], shown["sure"]),
    }


def verdicts(digits: Tensor, sure: Tensor) -> Any:
    """How many samples are taken for each digit, and how many of them surely: a matplotlib figure.

    Args:
        digits: (N,) int64, what the judge takes each sample for.
        sure: (N,), with what probability.
    """
    from tinygrad_lite import viz

    figure, ((ax,),) = viz.figure(1, 1, 6.0, 3.2)
    everything = tg.bincount(digits, minlength=10).tolist()
    surely = tg.bincount(digits[sure > 0.9], minlength=10).tolist()
    ax.bar(range(10), everything, color="#bbbbbb", label="probability up to 0.9")
    ax.bar(range(10), surely, color="#0072b2", label="over 0.9")
    ax.set(xlabel="digit that the judge sees", ylabel="samples", xticks=range(10))
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure
