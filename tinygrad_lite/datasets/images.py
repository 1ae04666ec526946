"""Labelled images as datasets, under torchvision's names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.datasets.arrays import Images, mnist
from tinygrad_lite.datasets.catalogue import entry
from tinygrad_lite.datasets.cifar import CLASSES, cifar10
from tinygrad_lite.datasets.fetching import fetch_into
from tinygrad_lite.tensors import make
from tinygrad_lite.utils.data.dataset import Dataset, Rows, TensorDataset

__all__ = ["CIFAR10", "MNIST", "FashionMNIST", "LabelledImages"]

Function = Callable[[Any], Any]
StrPath = str | os.PathLike[str]


class LabelledImages(Dataset[Any]):
    """Images with their labels: sample k is image k, a uint8 tensor, and its label, an integer.

    Args:
        images: uint8, of shape (N, height, width) or (N, height, width, channels).
        labels: whole numbers, of shape (N,).
        transform: called with each image; what it returns takes the image's place.
        target_transform: called with each label.

    Attributes:
        data: the images.
        targets: the labels.

    Raises:
        ValueError: if there are not as many labels as images.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.datasets import LabelledImages, digits
        >>> images, labels = digits()
        >>> data = LabelledImages((images * 255).astype("uint8"), labels, transform=lambda x: x.float() / 255)
        >>> image, label = data[0]
        >>> image.shape, image.dtype, label
        (Size([8, 8]), tinygrad_lite.float32, 0)
    """

    classes: Sequence[str] = ()

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        transform: Function | None = None,
        target_transform: Function | None = None,
    ) -> None:
        if len(images) != len(labels):
            raise ValueError(f"{len(images):,} images, but {len(labels):,} labels; there must be one label for each")
        self.data, self.targets = images, labels
        self.transform, self.target_transform = transform, target_transform
        self._plain = TensorDataset(make(images), make(labels))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image, label = self._plain[index]
        target = label.item()
        return (
            image if self.transform is None else self.transform(image),
            target if self.target_transform is None else self.target_transform(target),
        )

    def __getitems__(self, indices: Sequence[Any]) -> Sequence[Any]:
        """The samples at `indices`, read in one go where nothing is to be done to them."""
        changed = self.transform is not None or self.target_transform is not None
        if changed or type(self).__getitem__ is not LabelledImages.__getitem__:
            return [self[index] for index in indices]
        return Rows(self._plain, indices)


def _part(images: Images, train: bool) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return images[:2] if train else images[2:]


def _loaded(load: Callable[[], Images], name: str, folder: Path, download: bool) -> Images:
    """What `load` reads; if it finds no files, they are fetched into `folder`, where that is asked for."""
    try:
        return load()
    except FileNotFoundError:
        if not download:
            raise
    fetch_into(entry(name), folder)
    return load()


class MNIST(LabelledImages):
    """MNIST from the folder that holds its four files, or one that torchvision has filled.

    Args:
        root: the folder, or one in which they are in `MNIST/raw`. See `datasets.mnist`.
        train: the 60,000 images to learn from, or the 10,000 to judge by.
        transform: called with each image, a uint8 tensor.
        target_transform: called with each label.
        download: fetch the files into `MNIST/raw`, if they are not there; see `datasets.fetch` for what it raises.

    Raises:
        FileNotFoundError: if the files are not there.
        ValueError: if one is damaged.

    Example:
        >>> from tinygrad_lite.datasets import MNIST
        >>> MNIST("no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] there is no such folder; check the path: 'no/such/folder'
    """

    _name = "mnist"
    classes = ("0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven",
               "8 - eight", "9 - nine")  # fmt: skip

    def __init__(
        self,
        root: StrPath,
        train: bool = True,
        transform: Function | None = None,
        target_transform: Function | None = None,
        download: bool = False,
    ) -> None:
        raw = Path(root, type(self).__name__, "raw")
        images = _loaded(lambda: mnist(raw if raw.is_dir() else root), self._name, raw, download)
        super().__init__(*_part(images, train), transform, target_transform)


class FashionMNIST(MNIST):
    """Fashion-MNIST (Xiao et al., 2017), read as `MNIST` is.

    Args:
        root: the folder, or one in which the files are in `FashionMNIST/raw`.
        train: the 60,000 images to learn from, or the 10,000 to judge by.
        transform: called with each image, a uint8 tensor.
        target_transform: called with each label.
        download: fetch the files into `FashionMNIST/raw`, if they are not there.

    Example:
        >>> from tinygrad_lite.datasets import FashionMNIST
        >>> FashionMNIST.classes[:3]
        ('T-shirt/top', 'Trouser', 'Pullover')
    """

    _name = "fashion"
    classes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


class CIFAR10(LabelledImages):
    """CIFAR-10 from its unpacked files, the binary or the Python version.

    Args:
        root: the folder, or the one it was unpacked to. See `datasets.cifar10`.
        train: the 50,000 images to learn from, or the 10,000 to judge by.
        transform: called with each image, a uint8 tensor of shape (32, 32, 3).
        target_transform: called with each label.
        download: fetch the Python version into `root`, if it is not there; see `datasets.fetch` for what it raises.

    Raises:
        FileNotFoundError: if the files are not there.
        ValueError: if one is damaged.

    Example:
        >>> from tinygrad_lite.datasets import CIFAR10
        >>> CIFAR10.classes[3]
        'cat'
    """

    classes = CLASSES

    def __init__(
        self,
        root: StrPath,
        train: bool = True,
        transform: Function | None = None,
        target_transform: Function | None = None,
        download: bool = False,
    ) -> None:
        images = _loaded(lambda: cifar10(root), "cifar10", Path(root), download)
        super().__init__(*_part(images, train), transform, target_transform)
