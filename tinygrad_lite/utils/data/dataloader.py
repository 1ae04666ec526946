"""The loader: a dataset as batches, epoch after epoch."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import cycle, repeat
from typing import Any, Generic, TypeVar

from tinygrad_lite.random import Generator
from tinygrad_lite.utils.data.collate import default_collate, default_convert
from tinygrad_lite.utils.data.dataset import Dataset, IterableDataset
from tinygrad_lite.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)
from tinygrad_lite.utils.data.workers import END, Source, Worker, shut_down

T_co = TypeVar("T_co", covariant=True)
_FIXED = frozenset({"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"})


class DataLoader(Generic[T_co]):
    """A dataset as batches; every `for` loop over it is an epoch.

    From one seed the batches are those that PyTorch's loader yields, and as many random numbers are
    drawn. For a `TensorDataset` a batch is read in one go per tensor, not sample by sample.

    Args:
        dataset: has `__getitem__` and `__len__`, or is an `IterableDataset`.
        batch_size: samples per batch; None yields the samples as they are.
        shuffle: read in a new random order every epoch.
        sampler: what yields the indices, in place of `shuffle`.
        batch_sampler: what yields lists of indices, in place of `batch_size`, `shuffle`, `sampler` and
            `drop_last`.
        num_workers: how many threads read ahead; with 0 the loop reads by itself. Why threads, and what
            follows from it, stands in `tinygrad_lite.utils.data.workers`.
        collate_fn: what makes a batch of a list of samples; `default_collate` if None, or
            `default_convert` where there are no batches.
        pin_memory: accepted as in PyTorch; there is no GPU to pin memory for.
        drop_last: leave out a last batch that is smaller.
        timeout: seconds to wait for a batch from a worker; 0 waits without end.
        worker_init_fn: called in every worker with its number, before it reads.
        multiprocessing_context: accepted as in PyTorch; the workers are threads.
        generator: where the random order comes from, and the seed of the workers.
        prefetch_factor: how many batches each worker reads ahead; 2 if there are workers.
        persistent_workers: keep the workers from epoch to epoch.
        pin_memory_device: accepted as in PyTorch.
        in_order: accepted as in PyTorch; the batches come in order anyway.

    Raises:
        ValueError: for options that are out of range or contradict each other, and when `batch_size`,
            `dataset` or the like are assigned later.
        RuntimeError: when iterated, if a worker takes longer than `timeout`. An error in a worker is raised
            in the loop with its own type and the worker's traceback in the message.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.data import DataLoader, TensorDataset
        >>> _ = tg.manual_seed(0)
        >>> loader = DataLoader(TensorDataset(tg.arange(5)), batch_size=2, shuffle=True)
        >>> len(loader), [x.tolist() for (x,) in loader]
        (3, [[1, 4], [2, 3], [0]])
    """

    _complete = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        if isinstance(dataset, IterableDataset):
            _check_stream(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            sampler = _default_sampler(dataset, bool(shuffle), generator)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self._told_length: int | None = None
        self._kept: _WorkerIterator | None = None
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._complete and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        if not self.num_workers:
            return _SerialIterator(self)
        if not self.persistent_workers:
            return _WorkerIterator(self)
        if self._kept is None:
            self._kept = _WorkerIterator(self)
        else:
            self._kept.begin_epoch(self)
        return self._kept

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            TypeError: if the dataset or the sampler has no length.
        """
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)  # type: ignore[arg-type]
        self._told_length = length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    @property
    def _index_sampler(self) -> Iterable[Any]:
        """What yields an index for every item of the loader: a list of them where there are batches."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler


def _check_workers(workers: int, timeout: float, prefetch: int | None, persistent: bool, context: Any) -> None:
    if workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to have none.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if workers == 0:
        if prefetch is not None:
            raise ValueError("prefetch_factor option could only be specified with num_workers > 0")
        if persistent:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if context is not None:
            raise ValueError("multiprocessing_context can only be used with num_workers > 0")
    elif prefetch is not None and prefetch < 0:
        raise ValueError("prefetch_factor option should be non-negative")


def _check_stream(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )


def _default_sampler(dataset: Any, shuffle: bool, generator: Generator | None) -> Iterable[Any]:
    if isinstance(dataset, IterableDataset):
        return repeat(None)  # a stream gives samples in its own order until it ends
    return RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)


class _LoaderIterator(Iterator[Any]):
    """One epoch of a loader. It does not hold the loader, so that both can go as soon as they are unused."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        batched = loader.batch_sampler is not None
        self._source = Source(loader.dataset, batched, loader.collate_fn, loader.drop_last)
        self._sampler = loader._index_sampler
        self._indices = iter(self._sampler)
        self._base_seed = draw_seed(loader.generator)
        self._told_length = loader._told_length
        self._yielded = 0

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        if self._told_length is not None and self._yielded > self._told_length:
            warnings.warn(
                f"Length of IterableDataset {self._source.dataset} was reported to be {self._told_length} "
                f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. With "
                "num_workers > 0, every worker must read a part of its own: see get_worker_info().",
                stacklevel=2,
            )
        return batch

    def __len__(self) -> int:
        return len(self._sampler)  # type: ignore[arg-type]

    def _next_batch(self) -> Any:
        raise NotImplementedError


class _SerialIterator(_LoaderIterator):
    """An epoch read by the loop itself."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.timeout:
            raise AssertionError("timeout needs num_workers > 0: without workers there is nobody to wait for")
        self._read = self._source.reader()

    def _next_batch(self) -> Any:
        batch = self._read(next(self._indices))
        if batch is END:
            raise StopIteration
        return batch


class _WorkerIterator(_LoaderIterator):
    """An epoch read ahead by workers: they take turns, and their batches are awaited in that order."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._ahead = max(loader.prefetch_factor or 0, 1)
        self._timeout = loader.timeout
        self._persistent = loader.persistent_workers
        n = loader.num_workers
        self._workers = [Worker(self._source, k, n, self._base_seed + k, loader.worker_init_fn) for k in range(n)]
        self._pending: dict[Future[Any], Worker] = {}
        self._shut_down = weakref.finalize(self, shut_down, self._workers, self._pending)
        for worker in self._workers:
            worker.start()
        self._restart()

    def begin_epoch(self, loader: DataLoader[Any]) -> None:
        """Drop what is left of this epoch and go on with the next."""
        for future in self._pending:
            future.cancel()
        self._pending.clear()
        for worker in self._workers:
            worker.begin_epoch()
        self._told_length = loader._told_length
        self._yielded = 0
        self._restart()

    def _restart(self) -> None:
        # The second iterator in the first epoch: PyTorch has it too, and a sampler may draw numbers for each.
        self._indices = iter(self._sampler)
        self._turns = cycle(self._workers)
        self._reading = set(self._workers)
        self._submit()

    def _submit(self) -> None:
        """Give out work as far ahead as allowed."""
        while len(self._pending) < self._ahead * len(self._reading):
            try:
                index = next(self._indices)
            except StopIteration:
                return
            worker = next(worker for worker in self._turns if worker in self._reading)
            self._pending[worker.submit(index)] = worker

    def _next_batch(self) -> Any:
        while self._pending:
            future, worker = next(iter(self._pending.items()))
            ended = self._wait(future) is None and future.result() is END
            del self._pending[future]
            if ended:
                self._retire(worker)
            self._submit()
            if not ended:
                try:
                    return future.result()
                finally:
                    del future  # an error would lead back to this frame, and keep the workers alive
        if not self._persistent:
            self._shut_down()
        raise StopIteration

    def _wait(self, future: Future[Any]) -> BaseException | None:
        try:
            return future.exception(self._timeout or None)
        except TimeoutError:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds") from None

    def _retire(self, worker: Worker) -> None:
        """Ask no more of a worker whose stream has ended."""
        self._reading.discard(worker)
        for future in [future for future, other in self._pending.items() if other is worker]:
            future.cancel()
            del self._pending[future]
