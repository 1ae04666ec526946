"""The handwritten digits that ship with the package: no download, no waiting."""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Digits", "digits"]

_DARKEST = 16  # the file counts the inked dots of a 4×4 block


class Digits(NamedTuple):
    """1,797 small images of the digits 0 to 9.

    Attributes:
        images: float32 of shape (1797, 8, 8), from 0 (paper) to 1 (ink).
        labels: int64 of shape (1797,), the digit in each image.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


def digits() -> Digits:
    """Load the 8×8 digits of Alpaydin and Kaynak (UCI, 1998), which come with the package.

    Returns:
        `images` and `labels`; the arrays are yours to change.

    Example:
        >>> images, labels = digits()
        >>> images.shape, images.dtype, int(labels[0])
        ((1797, 8, 8), dtype('float32'), 0)
    """
    packed = files(__package__).joinpath("data", "digits.csv.gz").read_bytes()
    numbers = gzip.decompress(packed).decode("ascii").strip().replace("\n", ",")
    table = np.fromstring(numbers, dtype=np.int64, sep=",").reshape(-1, 8 * 8 + 1)
    images = table[:, :-1].astype(np.float32).reshape(-1, 8, 8) / np.float32(_DARKEST)
    return Digits(images, table[:, -1].copy())
