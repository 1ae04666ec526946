"""Images as what networks take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn
from tinygrad_lite.datasets import Images

__all__ = ["as_tensors", "mistakes", "scores"]

Pair = tuple[Tensor, Tensor]


def as_tensors(images: Images, most: int | None = None) -> tuple[Pair, Pair]:
    """The training and the test part, each as float32 (N, channels, height, width) in [0, 1] and int64 labels (N,).

    Args:
        images: uint8 images with their labels.
        most: of the training part the first so many; of the test part as large a share, though 1,000 at least.
    """
    share = 1.0 if most is None else min(1.0, most / max(1, len(images.train_labels)))
    held_out = max(1000, round(share * len(images.test_labels)))
    return (
        _pair(images.train_images[:most], images.train_labels[:most]),
        _pair(images.test_images[:held_out], images.test_labels[:held_out]),
    )


def scores(model: nn.Module, images: Tensor, batch_size: int = 250) -> Tensor:
    """What a model says of each image, in evaluation mode and without gradients: (N, classes).

    Args:
        model: from (n, channels, height, width) to (n, classes); it is put back into the mode it was in.
        images: as many as there are, (N, channels, height, width).
        batch_size: how many go through it at a time.
    """
    was_training = model.training
    model.eval()
    with tg.no_grad():
        found = tg.cat([model(batch) for batch in images.split(batch_size)])
    model.train(was_training)
    return found


def mistakes(images: Tensor, labels: Tensor, scores: Tensor, names: Sequence[str] = (), most: int = 24) -> Any:
    """A picture of the images that are taken for something else, the surest mistakes first.

    Args:
        images: (N, channels, height, width).
        labels: (N,), what they are.
        scores: (N, classes), before the softmax.
        names: of the classes; their numbers unless told.
        most: how many are shown. Where there are no mistakes, it is the least sure images.

    Returns:
        A matplotlib figure.
    """
    from tinygrad_lite import viz

    names = names or [str(k) for k in range(scores.shape[1])]
    sure, said = scores.softmax(1).max(1)
    surest = tg.where(said == labels, -sure, sure).argsort(descending=True)[:most]
    wrong = surest[(said != labels)[surest]]
    chosen = wrong if len(wrong) else surest
    titles = [f"{names[int(labels[k].item())]}, not {names[int(said[k].item())]}" for k in chosen.tolist()]
    size = max(1.0, 0.075 * max(map(len, titles)))
    return viz.image_grid(images[chosen], titles, columns=8 if size == 1.0 else 6, size=size)


def _pair(images: np.ndarray, labels: np.ndarray) -> Pair:
    scaled = images.astype(np.float32) / np.float32(255)
    planes = scaled[:, None] if scaled.ndim == 3 else scaled.transpose(0, 3, 1, 2)
    return tg.from_numpy(np.ascontiguousarray(planes)), tg.from_numpy(labels)
