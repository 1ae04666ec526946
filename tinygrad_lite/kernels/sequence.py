"""What the recurrent kernels share: sequences of unequal length in one batch.

The rows of a batch of sequences lie one after the other, step by step: all that are at their first element,
then all at their second, and so on. Longer sequences come first, so that each step is a stretch of rows, and
the sequences still running are the first of the step before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["Array", "Steps", "before"]

Array = np.ndarray[Any, np.dtype[Any]]


class Steps:
    """Where the steps of a batch of sequences lie.

    Args:
        sizes: how many sequences are still running at each step, never rising.

    Attributes:
        batch: how many sequences there are.
        total: how many rows there are.
        last: for each sequence the row of its last element.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = sizes
        ends = np.cumsum(sizes)
        self.starts = (ends - sizes).tolist()
        self.total = int(ends[-1])
        self.batch = sizes[0]
        if sizes[-1] == self.batch:
            self.last: Any = slice(self.total - self.batch, self.total)
        else:
            self.last = np.asarray(self.starts)[self.lengths - 1] + np.arange(self.batch)

    @cached_property
    def lengths(self) -> Array:
        """How many elements each sequence has."""
        return np.searchsorted(-np.asarray(self.sizes), -np.arange(self.batch), side="left")

    @cached_property
    def places(self) -> tuple[Array, Array]:
        """The step and the sequence of each row."""
        step = np.repeat(np.arange(len(self.sizes)), self.sizes)
        return step, np.arange(self.total) - np.asarray(self.starts)[step]

    def padded(self, rows: Array) -> Array:
        """The rows as (steps, sequences, features), zeros behind the end of each sequence."""
        out = np.zeros((len(self.sizes), self.batch, rows.shape[-1]), rows.dtype)
        out[self.places] = rows
        return out

    def backwards(self) -> Array:
        """The rows in the order in which each sequence is read from its end."""
        step, sequence = self.places
        return np.asarray(self.starts)[self.lengths[sequence] - 1 - step] + sequence

    @property
    def rows(self) -> list[slice]:
        """The rows of each step."""
        return [slice(start, start + size) for start, size in zip(self.starts, self.sizes, strict=True)]


def before(array: Array, first: Array, rows: Sequence[slice]) -> list[Array]:
    """What stands in `array` one step earlier, for each step; `first` at the first."""
    earlier = [array[a.start : a.start + b.stop - b.start] for a, b in zip(rows, rows[1:], strict=False)]
    return [first, *earlier]
