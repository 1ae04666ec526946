"""In which order to read a dataset: samplers yield indices, batch samplers lists of them.

From one seed the random ones draw the same numbers as PyTorch's, in the same order, so that a training
run here sees the batches it would see there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from tinygrad_lite.dtypes import FLOAT64
from tinygrad_lite.functions.creation import as_tensor
from tinygrad_lite.random import Generator, current_generator

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator: Generator | None) -> int:
    """63 random bits, the seed of a generator or of workers."""
    return int((generator or current_generator()).long_words(1)[0]) & (2**63 - 1)


def need_positive(name: str, value: Any) -> None:
    """Raise PyTorch's ValueError unless `value` is an integer above zero."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


class Sampler(Generic[T_co]):
    """The base of samplers: a subclass yields indices, or lists of indices, from `__iter__`.

    `__len__` may be left out; without it the `DataLoader` that uses the sampler has no length.

    Example:
        >>> from tinygrad_lite.utils.data import Sampler
        >>> class Backwards(Sampler[int]):
        ...     def __init__(self, data):
        ...         self.data = data
        ...
        ...     def __iter__(self):
        ...         return reversed(range(len(self.data)))
        >>> list(Backwards("abc"))
        [2, 1, 0]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """All indices in order.

    Args:
        data_source: the dataset, or anything with a length.

    Example:
        >>> from tinygrad_lite.utils.data import SequentialSampler
        >>> list(SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or indices drawn independently of each other.

    Args:
        data_source: the dataset, or anything with a length.
        replacement: draw every index anew, so that some come twice and others not at all.
        num_samples: how many indices; as many as there are samples by default. More than that without
            replacement means one random order after another.
        generator: where the random numbers come from. By default each epoch starts a generator of its own,
            from a seed that the default generator draws.

    Raises:
        TypeError: if `replacement` is no bool.
        ValueError: if `num_samples` is no positive integer, or the dataset is empty.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.data import RandomSampler
        >>> list(RandomSampler("abcde", generator=tg.Generator().manual_seed(0)))
        [4, 0, 1, 3, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        need_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has; follows the dataset if none was given."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or Generator().manual_seed(draw_seed(None))
        chunks = self._independent if self.replacement else self._permutations
        for chunk in chunks(generator):
            yield from chunk.tolist()

    def _independent(self, generator: Generator) -> Iterator[np.ndarray]:
        # At most 32 at a time, as in PyTorch: an epoch cut short leaves the generator where it does there.
        n, left = len(self.data_source), self.num_samples
        while left > 0:
            yield generator.integers(min(32, left), 0, n)
            left -= 32

    def _permutations(self, generator: Generator) -> Iterator[np.ndarray]:
        n = len(self.data_source)
        for _ in range(self.num_samples // n):
            yield generator.permutation(n)
        # Drawn even where nothing is left to fill, as in PyTorch: a `generator` of the user stays in step.
        yield generator.permutation(n)[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order.

    Args:
        indices: which samples to read.
        generator: where the random numbers come from.

    Example:
        >>> from tinygrad_lite.utils.data import SubsetRandomSampler
        >>> sorted(SubsetRandomSampler([7, 3, 5]))
        [3, 5, 7]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or current_generator()
        for position in generator.permutation(len(self.indices)).tolist():
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given probabilities: the way to see rare classes as often as common ones.

    From one seed the indices are PyTorch's. Only where indices of weight zero have to be drawn, because
    without replacement no others are left, may their order differ.

    Args:
        weights: one number per sample, not negative; they need not add up to one.
        num_samples: how many indices to draw.
        replacement: whether an index can be drawn again.
        generator: where the random numbers come from.

    Raises:
        ValueError: if `num_samples` is no positive integer, `replacement` no bool, or `weights` not 1-d.
        RuntimeError: when iterated, if a weight is negative or not finite, all are zero, or there are
            fewer than `num_samples` and none may be drawn again.

    Example:
        >>> from tinygrad_lite.utils.data import WeightedRandomSampler
        >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], num_samples=4))
        [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        need_positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=FLOAT64)
        if self.weights.ndim != 1:
            shape = tuple(self.weights.shape)
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {shape}")
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or current_generator()
        drawn = _multinomial(self.weights.numpy(force=True), self.num_samples, self.replacement, generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


def _multinomial(weights: np.ndarray, count: int, replacement: bool, generator: Generator) -> np.ndarray:
    """`count` positions drawn in proportion to `weights`, by PyTorch's two methods."""
    if not replacement and count > len(weights):
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
            f"{count} are wanted of {len(weights)}"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not weights.any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if replacement and count > 1:
        edges = np.cumsum(weights)
        edges /= edges[-1]
        edges[-1] = 1.0
        return np.searchsorted(edges, generator.uniform(count, FLOAT64))
    # Exponential clocks whose rates are the weights: the first to ring are the sample.
    rings = -np.log1p(-generator.uniform(len(weights), FLOAT64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.argsort(-(weights / rings), kind="stable")[:count]


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists of `batch_size`.

    Args:
        sampler: a sampler, or anything that can be iterated.
        batch_size: how many indices to a list.
        drop_last: leave out a last list that is shorter.

    Raises:
        ValueError: if `batch_size` is no positive integer, or `drop_last` no bool.

    Example:
        >>> from tinygrad_lite.utils.data import BatchSampler
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        need_positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        shortest = self.batch_size if self.drop_last else 1
        while len(batch := list(islice(indices, self.batch_size))) >= shortest:
            yield batch

    def __len__(self) -> int:
        length = len(self.sampler)  # type: ignore[arg-type]  # a TypeError where it has none, as in PyTorch
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)
