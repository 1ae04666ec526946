"""Labelled images from your own files: the MNIST family of IDX files, or a NumPy `.npz` archive."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.datasets.idx import read_idx
from tinygrad_lite.serialization.archive import Archive
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.npz import read_array
from tinygrad_lite.serialization.source import opened

__all__ = ["Images", "load_arrays", "mnist"]

StrPath = str | os.PathLike[str]
Pair = tuple[NDArray[np.uint8], NDArray[np.int64]]

_MNIST_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_SPLIT_KEYS = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)
_WHOLE_KEYS = (("images", "labels"), ("x", "y"))


class Images(NamedTuple):
    """Images with their labels, split into a part to learn from and a part to judge by.

    Attributes:
        train_images: uint8 of shape (N, height, width), or (N, height, width, channels) from an
            archive that has colour images.
        train_labels: int64 of shape (N,), class numbers from 0.
        test_images: uint8 of shape (M, ...), each image the size of a training image.
        test_labels: int64 of shape (M,).
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def mnist(folder: StrPath) -> Images:
    """Load MNIST, or a data set published in the same form such as Fashion-MNIST.

    Args:
        folder: holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
            and `t10k-labels-idx1-ubyte`. Each may end in `.gz`, and the spelling with a dot,
            `train-images.idx3-ubyte`, will do. A plain file is preferred to a packed one.

    Returns:
        For MNIST itself 60,000 training and 10,000 test images of 28×28.

    Raises:
        FileNotFoundError: the folder, or one of the four files, is not there.
        NotADirectoryError: `folder` is a file.
        ValueError: a file is damaged (see `read_idx`), holds the wrong kind of array, or has fewer
            or more labels than there are images.

    Example:
        >>> mnist("no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] there is no such folder; check the path: 'no/such/folder'
    """
    paths = _find_mnist(Path(folder))
    train, test = (
        _checked(read_idx(images), read_idx(labels), str(images), str(labels), (3,))
        for images, labels in (paths[:2], paths[2:])
    )
    return _joined(train, test, str(folder))


def load_arrays(path: StrPath, *, seed: int = 0) -> Images:
    """Load labelled images from a folder of IDX files or from an `.npz` archive.

    An archive has the keys `x_train, y_train, x_test, y_test` (as Keras' mnist.npz has) or
    `train_images, train_labels, test_images, test_labels`. With `images, labels` or `x, y` only,
    the images are shuffled and the last fifth becomes the test part. Pickled objects are never
    loaded.

    Args:
        path: a folder for `mnist`, or the archive.
        seed: decides the shuffle, where there is one.

    Returns:
        uint8 images of shape (N, height, width) or (N, height, width, channels), int64 labels (N,).

    Raises:
        FileNotFoundError: nothing is at `path`, or the folder lacks a file.
        ValueError: the file is no archive or is damaged, keys are missing, images are not whole
            numbers from 0 to 255 in 3 or 4 dimensions, labels are not whole numbers from 0 in
            1 dimension, or their counts differ.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "mine.npz")
        ...     np.savez(path, x=np.zeros((10, 8, 8), np.uint8), y=np.arange(10))
        ...     data = load_arrays(path)
        >>> data.train_images.shape, data.test_images.shape
        ((8, 8, 8), (2, 8, 8))
    """
    path = Path(path)
    if path.is_dir():
        return mnist(path)
    if not path.exists():
        problem = "there is no such file or folder; check the path"
        raise FileNotFoundError(errno.ENOENT, problem, str(path))
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path}: neither a folder of IDX files nor a complete .npz archive; "
            "make one with numpy.savez_compressed(path, images=images, labels=labels)"
        )
    keys, arrays = _read_npz(path)
    named = list(zip(arrays, [f"{path}: {key}" for key in keys], strict=True))
    pairs = [
        _checked(images, labels, images_name, labels_name, (3, 4))
        for (images, images_name), (labels, labels_name) in zip(named[::2], named[1::2], strict=True)
    ]
    train, test = pairs if len(pairs) == 2 else _split(*pairs[0], path, seed)
    return _joined(train, test, str(path))


def _find_mnist(folder: Path) -> list[Path]:
    """The four files, in the order of `_MNIST_NAMES`."""
    if not folder.exists():
        problem = "there is no such folder; check the path"
        raise FileNotFoundError(errno.ENOENT, problem, str(folder))
    if not folder.is_dir():
        problem = "this is a file; give the folder that holds the four IDX files"
        raise NotADirectoryError(errno.ENOTDIR, problem, str(folder))
    found = {name: _find_one(folder, name) for name in _MNIST_NAMES}
    paths = [path for path in found.values() if path]
    if len(paths) < len(_MNIST_NAMES):
        missing = ", ".join(name for name, path in found.items() if not path)
        there = ", ".join(path.name for path in paths) or "none of the four"
        problem = (
            f"missing {missing} (each may be plain or end in .gz); looked for "
            f"{', '.join(_MNIST_NAMES)}, and found {there}; put all four into the folder"
        )
        raise FileNotFoundError(errno.ENOENT, problem, str(folder))
    return paths


def _find_one(folder: Path, name: str) -> Path | None:
    dotted = name.replace("-idx", ".idx")
    spellings = (name, dotted, f"{name}.gz", f"{dotted}.gz")
    return next((folder / spelling for spelling in spellings if (folder / spelling).is_file()), None)


def _read_npz(path: Path) -> tuple[Sequence[str], list[NDArray[Any]]]:
    """The keys of the images and labels in an archive, and the array under each."""
    try:
        with opened(path) as source:
            archive = Archive(source)
            found = {name.removesuffix(".npy"): name for name in archive.members}
            keys = _choose_keys(set(found), path)
            return keys, [read_array(archive, found[key]) for key in keys]
    except LoadError as error:
        raise ValueError(f"{error} (the archive is damaged or unfit: fetch or make it again)") from error


def _choose_keys(found: set[str], path: Path) -> tuple[str, ...]:
    choices = (*_SPLIT_KEYS, *_WHOLE_KEYS)
    for keys in choices:
        if found.issuperset(keys):
            return keys
    wanted = ", or ".join(" ".join(keys) for keys in choices)
    seen = ", ".join(sorted(found)) or "none"
    raise ValueError(f"{path}: keys are missing: found {seen}; expected {wanted}")


def _split(images: NDArray[np.uint8], labels: NDArray[np.int64], path: Path, seed: int) -> list[Pair]:
    if len(images) < 2:
        raise ValueError(f"{path}: one image cannot be split into a training and a test part")
    order = np.random.default_rng(seed).permutation(len(images))
    train, test = np.split(order, [len(images) - max(1, len(images) // 5)])
    return [(images[train], labels[train]), (images[test], labels[test])]


def _joined(train: Pair, test: Pair, where: str) -> Images:
    if train[0].shape[1:] != test[0].shape[1:]:
        raise ValueError(
            f"{where}: training images of shape {train[0].shape[1:]} but test images of shape "
            f"{test[0].shape[1:]}; they must be of one size: do they belong to one data set?"
        )
    return Images(*train, *test)


def _checked(
    images: NDArray[Any],
    labels: NDArray[Any],
    images_name: str,
    labels_name: str,
    dimensions: tuple[int, ...],
) -> Pair:
    """Images as uint8 and labels as int64, once they are known to be good."""
    pair = _checked_images(images, images_name, dimensions), _checked_labels(labels, labels_name)
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_name}: {len(labels):,} labels, but {len(images):,} images in {images_name}; "
            "there must be one label for each image: do the two belong together?"
        )
    return pair


def _checked_images(images: NDArray[Any], name: str, dimensions: tuple[int, ...]) -> NDArray[np.uint8]:
    if images.ndim not in dimensions:
        colour = " or (count, height, width, channels)" if 4 in dimensions else ""
        raise ValueError(
            f"{name}: images of shape {images.shape}; expected (count, height, width){colour}: "
            "check that it is the right array, or use reshape"
        )
    if images.size == 0:
        raise ValueError(f"{name}: no images, the shape is {images.shape}; is it the right array?")
    if images.dtype.kind not in "iu":
        nan = " with NaN among them" if images.dtype.kind == "f" and np.isnan(images).any() else ""
        raise ValueError(
            f"{name}: images of {images.dtype}{nan}; expected uint8, whole numbers from 0 to 255: "
            "if they are from 0 to 1, save (images * 255).round().astype(numpy.uint8)"
        )
    low, high = images.min(), images.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{name}: pixels from {low} to {high}; expected uint8, whole numbers from 0 to 255: "
            "scale them to that range"
        )
    return images.astype(np.uint8, copy=False)


def _checked_labels(labels: NDArray[Any], name: str) -> NDArray[np.int64]:
    if labels.ndim != 1:
        raise ValueError(
            f"{name}: labels of shape {labels.shape}; expected (count,): for a column use "
            "reshape(-1), for one-hot rows argmax(axis=1)"
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: labels of {labels.dtype}; expected whole numbers such as int64, the number of each image's class"
        )
    numbers = labels.astype(np.int64)
    if numbers.size and numbers.min() < 0:
        first = int(np.argmax(numbers < 0))
        raise ValueError(
            f"{name}: label {first} is {labels[first]}; expected class numbers 0, 1, 2, ...: "
            "drop or renumber such images"
        )
    return numbers
