"""Datasets: what samples there are, and how to get one, or many at once."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.random import Generator, current_generator
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import make

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """The base of datasets: a subclass has `__getitem__`, which gives a sample, and `__len__`.

    A subclass may also have `__getitems__`, which gets a list of indices and gives the list of their
    samples; `DataLoader` then asks once per batch. `a + b` joins two datasets.

    Example:
        >>> from tinygrad_lite.utils.data import DataLoader, Dataset
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 4
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> list(DataLoader(Squares(), batch_size=2))
        [tensor([0, 1]), tensor([4, 9])]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """The base of datasets that are a stream: a subclass has `__iter__` and no `__getitem__`.

    With `DataLoader(num_workers=...)` every worker reads the whole stream, unless `__iter__` asks
    `get_worker_info()` which part is its own. `a + b` chains two streams.

    Example:
        >>> from tinygrad_lite.utils.data import DataLoader, IterableDataset
        >>> class Countdown(IterableDataset):
        ...     def __iter__(self):
        ...         return iter([3, 2, 1])
        >>> list(DataLoader(Countdown(), batch_size=2))
        [tensor([3, 2]), tensor([1])]
    """

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class Rows(Sequence[tuple[Tensor, ...]]):
    """Samples of a `TensorDataset` that have been named but not read yet.

    As a sequence it is the samples one by one; `stacked` gets the whole batch in one go.
    """

    def __init__(self, dataset: TensorDataset, indices: Iterable[Any]) -> None:
        self._dataset = dataset
        self._indices = list(indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self._dataset[index] for index in self._indices[position]]
        return self._dataset[self._indices[position]]

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        # Sequence's own would take the IndexError of an index out of range for the end.
        return (self._dataset[index] for index in self._indices)

    def stacked(self) -> list[Tensor] | None:
        """For each tensor of the dataset the batch, a copy.

        None where only reading sample by sample gives the right result, or the right error: for
        indices that are not all integers within bounds, and for tensors that require grad.
        """
        tensors = self._dataset.tensors
        if not set(map(type, self._indices)) <= {int, np.int64} or any(t.requires_grad for t in tensors):
            return None
        first, stop = self._indices[0], self._indices[0] + len(self)
        if first >= 0 and stop <= len(self._dataset) and self._indices == list(range(first, stop)):
            return [make(tensor.array[first:stop].copy()) for tensor in tensors]  # the fastest way
        positions = np.array(self._indices)
        try:
            return [make(tensor.array[positions]) for tensor in tensors]
        except IndexError:
            return None


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors side by side: sample k is the tuple of their k-th rows.

    Args:
        tensors: of any shape and dtype, with the same size in dimension 0.

    Raises:
        AssertionError: if the sizes differ.
        TypeError: for what is no tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.data import TensorDataset
        >>> TensorDataset(tg.tensor([[0.5], [1.5]]), tg.tensor([7, 8]))[1]
        (tensor([1.5000]), tensor(8))
    """

    def __init__(self, *tensors: Tensor) -> None:
        for k, tensor in enumerate(tensors):
            need_tensor("TensorDataset", "tensors", tensor, k + 1)
        sizes = [tensor.size(0) for tensor in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(f"Size mismatch between tensors: in dimension 0 they have the sizes {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Sequence[Any]) -> Sequence[tuple[Tensor, ...]]:
        """The samples at `indices`, which `default_collate` reads in one go per tensor."""
        if type(self).__getitem__ is not TensorDataset.__getitem__:  # a subclass has samples of its own
            return [self[index] for index in indices]
        return Rows(self, indices)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


def samples_at(dataset: Any, indices: Iterable[Any]) -> Sequence[Any]:
    """The samples of `dataset` at `indices`, asked for at once where it has `__getitems__`."""
    many = getattr(dataset, "__getitems__", None)
    return many(indices) if many else [dataset[index] for index in indices]


class StackDataset(Dataset[Any]):
    """Datasets side by side: sample k is the tuple, or the dict, of their k-th samples.

    Args:
        args: datasets of one length, for tuples.
        kwargs: datasets of one length, for dicts with these keys. Not both.

    Raises:
        ValueError: if the lengths differ, both kinds are given, or neither.

    Example:
        >>> from tinygrad_lite.utils.data import StackDataset
        >>> StackDataset(image=[0.1, 0.2], text=["a", "b"])[1]
        {'image': 0.2, 'text': 'b'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("samples are tuples (of args) or dicts (of kwargs), but both types are given")
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {key: dataset[index] for key, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """The samples at `indices`, each dataset asked for all of its own at once where it can."""
        if isinstance(self.datasets, dict):
            columns = [_column(dataset, indices) for dataset in self.datasets.values()]
            return [dict(zip(self.datasets, row, strict=True)) for row in zip(*columns, strict=True)]
        return list(zip(*(_column(dataset, indices) for dataset in self.datasets), strict=True))

    def __len__(self) -> int:
        return self._length


def _column(dataset: Any, indices: Sequence[Any]) -> Sequence[Any]:
    samples = samples_at(dataset, indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)} "
            f"from {type(dataset).__name__}.__getitems__()"
        )
    return samples


class ConcatDataset(Dataset[T_co]):
    """Datasets one after the other.

    Args:
        datasets: at least one, each with a length.

    Raises:
        AssertionError: if there is none, or one is an `IterableDataset`.

    Example:
        >>> from tinygrad_lite.utils.data import ConcatDataset
        >>> both = ConcatDataset(["ab", "cde"])
        >>> len(both), both[2], both[-1]
        (5, 'c', 'e')
    """

    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Where each dataset ends."""
        return list(accumulate(len(dataset) for dataset in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: Any) -> T_co:
        if idx < -len(self):
            raise ValueError("absolute value of index should not exceed dataset length")
        position = idx + len(self) if idx < 0 else idx
        which = bisect_right(self.cumulative_sizes, position)
        start = self.cumulative_sizes[which - 1] if which else 0
        sample: T_co = self.datasets[which][position - start]
        return sample


class ChainDataset(IterableDataset[T_co]):
    """Streams one after the other.

    Args:
        datasets: each an `IterableDataset`.

    Raises:
        AssertionError: when iterated or asked for its length, if one is not.

    Example:
        >>> from tinygrad_lite.utils.data import ChainDataset, IterableDataset
        >>> class Upto(IterableDataset):
        ...     def __init__(self, stop):
        ...         self.stop = stop
        ...
        ...     def __iter__(self):
        ...         return iter(range(self.stop))
        >>> list(ChainDataset([Upto(2), Upto(3)]))
        [0, 1, 0, 1, 2]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                found = type(dataset).__name__
                raise AssertionError(f"ChainDataset only supports IterableDataset, not {found}")
            yield dataset

    def __iter__(self) -> Iterator[T_co]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(len(stream) for stream in self._streams())


class Subset(Dataset[T_co]):
    """Some samples of a dataset.

    Args:
        dataset: where they come from.
        indices: which they are.

    Raises:
        NotImplementedError: if a subclass defines `__getitem__` but not `__getitems__`, which
            `DataLoader` would call.

    Example:
        >>> from tinygrad_lite.utils.data import Subset
        >>> list(Subset("abcdef", [4, 0]))
        ['e', 'a']
    """

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__, which DataLoader calls. Add:\n"
                "    def __getitems__(self, indices):\n        return [self[index] for index in indices]"
            )

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: Sequence[int]) -> Sequence[T_co]:
        """The samples at `indices`, asked for at once where the dataset can."""
        return samples_at(self.dataset, [self.indices[index] for index in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Deal the samples out at random to parts that do not overlap.

    Args:
        dataset: any with a length.
        lengths: of the parts; or fractions that add up to 1, rounded down, the samples left over going
            one each to the first parts.
        generator: where the random numbers come from. The same seed gives PyTorch's parts.

    Raises:
        ValueError: if the lengths do not add up to the length of the dataset, or a fraction is not in
            [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.data import random_split
        >>> train, test = random_split(range(10), [0.8, 0.2], tg.Generator().manual_seed(0))
        >>> len(train), list(test)
        (8, [6, 2])
    """
    total = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _lengths_of_fractions(lengths, total)
    if sum(lengths) != total:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {sum(lengths)}, not {total}"
        )
    order = (generator or current_generator()).permutation(total).tolist()
    ends = list(accumulate(int(length) for length in lengths))
    return [Subset(dataset, order[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def _lengths_of_fractions(fractions: Sequence[float], total: int) -> list[int]:
    for k, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {k} is not between 0 and 1: {fraction}")
    lengths = [math.floor(total * fraction) for fraction in fractions]
    for k in range(total - sum(lengths)):
        lengths[k % len(lengths)] += 1
    for k, length in enumerate(lengths):
        if not length:
            warnings.warn(f"Length of split at index {k} is 0. This might result in an empty dataset.", stacklevel=3)
    return lengths
