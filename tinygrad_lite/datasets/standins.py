r"""What takes the place of a data set that is not there: made of the bundled digits, the same each time.

Example:
    >>> text = stand_in("tinyshakespeare").data
    >>> print("\n".join(line.rstrip() for line in text.splitlines()[:9]))
    0:
      :#+
     #%+%:
    .%. *=
    :*  ==
    :=  +=
    :*  *-
    .#:+*
     -#+
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_lite.datasets.arrays import Images
from tinygrad_lite.datasets.handwritten import digits

__all__ = ["StandIn", "stand_in"]

_MOST_INK = 16
_SHADES = " .:-=+*#%@"
_CONSONANTS, _VOWELS = " bdklmnrst", " aeioaeiou"  # a letter for each shade but the blank
_TINTS = (1.0, 0.8, 0.6)  # of red, green and blue: ink that is orange


class StandIn(NamedTuple):
    """Data in the form of the one that is missing, and what it is."""

    data: Any
    what: str


def stand_in(name: str) -> StandIn:
    """What takes the place of the data set of that name.

    Example:
        >>> stand_in("sunspots").data[1].shape
        (309,)
    """
    ink, labels = digits()
    return _MAKERS[name]((ink * _MOST_INK).round().astype(np.int64), labels)


def _images(side: int, margin: int, colours: bool) -> Callable[..., StandIn]:
    def make(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
        images = np.pad(_scaled(ink * (255 / _MOST_INK), side - 2 * margin), ((0, 0), (margin,) * 2, (margin,) * 2))
        if colours:
            images = images[..., None] * np.array(_TINTS)
        whole = images.round().astype(np.uint8)
        held_out = np.arange(len(labels)) % 5 == 4
        data = Images(whole[~held_out], labels[~held_out], whole[held_out], labels[held_out])
        return StandIn(data, f"the bundled 8 × 8 digits scaled up to {side} × {side}, a fifth held out")

    return make


def _scaled(images: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Square images enlarged by linear interpolation along rows and columns."""
    old = images.shape[1]
    at = np.clip((np.arange(side) + 0.5) * old / side - 0.5, 0, old - 1)
    low = np.minimum(at.astype(np.int64), old - 2)
    weights = np.zeros((side, old))
    weights[np.arange(side), low] = 1 - (at - low)
    weights[np.arange(side), low + 1] = at - low
    return weights @ images @ weights.T


def _shades(ink: NDArray[np.int64]) -> NDArray[np.int64]:
    """The darkness of each pixel from 0 to 9."""
    return ink * 9 // _MOST_INK


def _drawings(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    letters = np.array(list(_SHADES))[_shades(ink)]
    pages = (f"{label}:\n" + "\n".join(map("".join, page)) + "\n" for page, label in zip(letters, labels, strict=True))
    return StandIn("".join(pages), "the bundled digits drawn in characters, the label above each")


def _words(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    """A word for each row of pixels: consonants and vowels in turn, chosen by the shade."""
    found: dict[str, None] = {}
    for row in _shades(ink).reshape(-1, ink.shape[2]):
        inked = row[row > 0]
        if len(inked) > 1:
            found["".join((_CONSONANTS, _VOWELS)[k % 2][shade] for k, shade in enumerate(inked))] = None
    return StandIn(list(found), "words made of the rows of the bundled digits, a letter for each inked pixel")


def _sentences(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    """Eight words for the rows: the letter of the row, then whether each two pixels are paper (o) or ink (x)."""
    dark = ink.reshape(len(ink), 8, 4, 2).sum(3) > _MOST_INK // 2
    letters = np.array(["o", "x"])[dark.astype(np.int64)]
    texts = [" ".join(a + "".join(b) for a, b in zip("abcdefgh", rows, strict=True)) for rows in letters]
    what = "the bundled digits told in words, a word a row; the label is 1 for even digits"
    return StandIn((texts, (labels + 1) % 2), what)


def _years(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    return StandIn((np.arange(1700, 2009), _columns(ink, 309)), "the ink in each column of the bundled digits")


def _weeks(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    count = 2284
    days = np.datetime64("1958-03-29") + np.arange(count) * np.timedelta64(7, "D")
    dates = np.array([int(str(day).replace("-", "")) for day in days])
    values = 316 + np.linspace(0, 56, count) + _columns(ink, count) / _MOST_INK
    return StandIn((dates, values), "the ink in each column of the bundled digits, upon a line that rises")


def _columns(ink: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    return ink.sum(1).reshape(-1)[:count].astype(np.float64)


def _table(rows: int, columns: int, classes: int) -> Callable[..., StandIn]:
    """Some of the digits below `classes`, each as the ink in strips of the image: those that differ the most."""

    def make(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
        few = np.flatnonzero(labels < classes)[:rows]
        strips = _strips(ink[few])
        chosen = np.sort(np.argsort(-strips.var(0), kind="stable")[:columns])
        what = f"{len(few)} of the bundled digits below {classes}, each as the ink in {columns} strips"
        return StandIn((strips[:, chosen].astype(np.float64), labels[few]), what)

    return make


def _strips(ink: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ink in the rows, the columns and the diagonals of each image."""
    diagonals = [np.trace(x, k, 1, 2) for x in (ink, ink[:, :, ::-1]) for k in range(-7, 8)]
    return np.concatenate([ink.sum(2), ink.sum(1), np.stack(diagonals, 1)], 1)


def _amounts(ink: NDArray[np.int64], labels: NDArray[np.int64]) -> StandIn:
    """Numbers to be predicted from others: the ink of the whole from that of strips."""
    few, _ = _table(506, 13, 10)(ink, labels).data
    what = "506 of the bundled digits: all the ink, by that in 13 strips"
    return StandIn((few, ink[:506].sum((1, 2)) / _MOST_INK), what)


_MAKERS: dict[str, Callable[[NDArray[np.int64], NDArray[np.int64]], StandIn]] = {
    "mnist": _images(28, 2, colours=False),
    "fashion": _images(28, 2, colours=False),
    "cifar10": _images(32, 2, colours=True),
    "tinyshakespeare": _drawings,
    "names": _words,
    "rotten_tomatoes": _sentences,
    "sunspots": _years,
    "co2": _weeks,
    "wine": _table(178, 13, 3),
    "iris": _table(150, 4, 3),
    "breast_cancer": _table(569, 30, 2),
    "boston": _amounts,
}
