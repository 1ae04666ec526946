"""Each of several processes its share of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import TypeVar

from tinygrad_lite.random import Generator
from tinygrad_lite.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]

T_co = TypeVar("T_co", covariant=True)


class DistributedSampler(Sampler[T_co]):
    """Every `num_replicas`-th index from `rank` on, after the same shuffling in all processes.

    Call `set_epoch` before each epoch, or each has the order of the first. From one seed the indices are PyTorch's.

    Args:
        dataset: anything with a length.
        num_replicas: how many processes share it.
        rank: which of them this is, from 0.
        shuffle: whether to read in random order.
        seed: of that order, the same in all processes.
        drop_last: leave out the last samples where they are not enough for all; otherwise the first ones come twice.

    Raises:
        RuntimeError: if `num_replicas` or `rank` is not given: there are no process groups here to ask.
        ValueError: if `rank` is not from 0 to `num_replicas` - 1.

    Example:
        >>> from tinygrad_lite.utils.data import DistributedSampler
        >>> [list(DistributedSampler("abcde", 2, rank, shuffle=False)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError("there are no process groups to ask: give DistributedSampler num_replicas and rank")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        total = len(dataset)
        self.num_samples = total // num_replicas if drop_last else math.ceil(total / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[T_co]:
        total = len(self.dataset)
        if self.shuffle:
            indices = Generator().manual_seed(self.seed + self.epoch).permutation(total).tolist()
        else:
            indices = list(range(total))
        if len(indices) < self.total_size:
            indices = (indices * math.ceil(self.total_size / total))[: self.total_size]
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next, for an order of its own."""
        self.epoch = epoch
