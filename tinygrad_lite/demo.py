"""The main job: a multilayer perceptron, trained, checked and drawn.

It is an ordinary program on top of the package, and meant to be read as one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.datasets import digits, load_arrays
from tinygrad_lite.files import atomic_write
from tinygrad_lite.gradcheck import check_parameters
from tinygrad_lite.utils.data import DataLoader, TensorDataset

OPTIMIZERS: dict[str, tuple[Any, float]] = {
    "sgd": (optim.SGD, 0.1),
    "adam": (optim.Adam, 0.002),
    "adamw": (optim.AdamW, 0.002),
}
"""Each optimiser with the learning rate it gets unless another is asked for."""


@dataclass(frozen=True)
class Settings:
    """What the command line sets; see `tinygrad-lite --help`."""

    hidden: Sequence[int] = (128, 64)
    epochs: int = 30
    batch: int = 32
    lr: float | None = None
    optimizer: str = "adam"
    seed: int = 0
    output: Path = Path("tinygrad_lite_run")
    data: Path | None = None


@dataclass
class History:
    """The loss and accuracies after each epoch."""

    loss: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)


def load(settings: Settings) -> tuple[TensorDataset, TensorDataset, str]:
    """The training and the test images as (n, pixels) in [0, 1] with their labels, and what they are."""
    if settings.data is not None:
        found = load_arrays(settings.data)
        train = _dataset(found.train_images / np.float32(255), found.train_labels)
        test = _dataset(found.test_images / np.float32(255), found.test_labels)
        return train, test, str(settings.data)
    images, labels = digits()
    order = tg.randperm(len(labels), generator=tg.Generator().manual_seed(settings.seed)).numpy()
    held_out, kept = np.split(order, [len(labels) // 5])
    return (
        _dataset(images[kept], labels[kept]),
        _dataset(images[held_out], labels[held_out]),
        "the bundled 8 x 8 digits (E. Alpaydin and C. Kaynak, UCI, CC BY 4.0)",
    )


def _dataset(images: np.ndarray, labels: np.ndarray) -> TensorDataset:
    flat = tg.from_numpy(np.ascontiguousarray(images, dtype=np.float32).reshape(len(images), -1))
    return TensorDataset(flat, tg.from_numpy(np.ascontiguousarray(labels, dtype=np.int64)))


def build(pixels: int, hidden: Sequence[int], classes: int) -> nn.Sequential:
    """Linear layers with a ReLU after each but the last."""
    sizes = [pixels, *hidden, classes]
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def accuracy(model: nn.Module, data: TensorDataset) -> float:
    """The share of images whose largest score is at their label."""
    images, labels = data.tensors
    if not len(labels):
        return float("nan")
    with tg.no_grad():
        return float((model(images).argmax(dim=1) == labels).float().mean().item())


def train(model: nn.Module, data: TensorDataset, test: TensorDataset, settings: Settings, history: History) -> bool:
    """Train, filling `history`; returns whether all epochs were run (Ctrl-C ends training early)."""
    from tqdm import tqdm

    kind, usual_rate = OPTIMIZERS[settings.optimizer]
    optimizer = kind(model.parameters(), lr=usual_rate if settings.lr is None else settings.lr)
    loss_function = nn.CrossEntropyLoss()
    loader = DataLoader(data, batch_size=settings.batch, shuffle=True)
    try:
        with tqdm(range(1, settings.epochs + 1), desc="training", unit="epoch") as epochs:
            for epoch in epochs:
                total = 0.0
                for images, labels in loader:
                    optimizer.zero_grad()
                    loss = loss_function(model(images), labels)
                    loss.backward()
                    optimizer.step()
                    total += loss.item() * len(labels)
                history.loss.append(total / len(data))
                history.train.append(accuracy(model, data))
                history.test.append(accuracy(model, test))
                epochs.set_description(f"epoch {epoch}/{settings.epochs}")
                epochs.set_postfix(loss=f"{history.loss[-1]:.4f}", accuracy=f"{history.test[-1]:.1%}")
    except KeyboardInterrupt:
        return False
    return True


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights as a safetensors file."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in model.state_dict().items()}
    with atomic_write(path) as file:
        file.write(save(arrays))


def draw(model: nn.Module, sample: TensorDataset, history: History, folder: Path) -> list[str]:
    """Write the pictures; returns a line about each."""
    from tinygrad_lite import viz

    images, labels = sample.tensors
    title = "Multilayer perceptron"
    graph = viz.graph(
        model, images, loss=lambda out: nn.functional.cross_entropy(out, labels), gradients=True, title=title
    )
    path, note = graph.save_anyhow(folder, "graph")
    lines = [f"computation graph   {path}" + (f"\n                    {note}" if note else "")]
    if history.loss:
        panels = [
            viz.Panel("Training loss", {"loss": history.loss}, y_label="cross-entropy", log_y=True),
            viz.Panel("Accuracy", {"training": history.train, "held out": history.test}, y_label="share right"),
        ]
        viz.chart(panels, folder / "curves.svg", x_label="epoch", x_start=1)
        lines.append(f"learning curve      {folder / 'curves.svg'}")
    return lines


def run(settings: Settings) -> int:
    """Do the main job; returns the exit status: 0, or 130 after Ctrl-C."""
    settings.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    data, test, source = load(settings)
    images, labels = data.tensors
    if not len(labels):
        raise ValueError(f"{source}: there are no training images")
    classes = int(max(labels.max().item(), test.tensors[1].max().item() if len(test) else 0)) + 1
    tg.manual_seed(settings.seed)
    model = build(images.shape[1], settings.hidden, classes)
    print(f"data                {source}: {len(data):,} images to learn from, {len(test):,} held out")
    print(f"model               {'-'.join(map(str, [images.shape[1], *settings.hidden, classes]))}, "
          f"{sum(p.numel() for p in model.parameters()):,} parameters, {settings.optimizer}")  # fmt: skip
    history = History()
    finished = train(model, data, test, settings, history)
    if not finished:
        print(f"\nInterrupted after {len(history.loss)} epochs: keeping what was trained.")
    save_weights(model, settings.output / "model.safetensors")
    print(f"accuracy            {accuracy(model, test):.2%} on the {len(test):,} images held out "
          f"({time.perf_counter() - start:.1f} s)")  # fmt: skip
    few = TensorDataset(images[:16], labels[:16])
    inputs = few.tensors[0].double()
    report = check_parameters(model, lambda m: nn.functional.cross_entropy(m(inputs), few.tensors[1]))
    print(f"gradient check      {report}")
    for line in draw(model, few, history, settings.output):
        print(line)
    print(f"weights             {settings.output / 'model.safetensors'}")
    return 0 if finished else 130
