"""Reading batches, here or in worker threads.

The workers of `DataLoader(num_workers=...)` are threads, where PyTorch has processes. NumPy lets other
threads run while it copies, computes or decodes in C, which is what loading data mostly is; and threads
share memory: a batch arrives without being pickled and sent, no platform has to import the program anew
and copy the dataset for every worker, a dataset may be made in a notebook or hold a lambda, and a worker
starts in about a millisecond. What it costs:

- Python code of a dataset runs in one thread at a time. A dataset that computes long in pure Python gains
  nothing from workers.
- The generators of Python's `random` and of `np.random` are one for all threads. What `tinygrad_lite`
  draws is seeded for each worker as in PyTorch; for the others, make generators of your own from
  `get_worker_info().seed`.
- A worker that never comes back cannot be killed. `timeout` reports it; the thread lasts until the
  program ends.

Each worker gets a shallow copy of a `Dataset`. So `worker_init_fn` can give it attributes of its own, as
in PyTorch, while the arrays in it are shared.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, replace
from queue import SimpleQueue
from time import monotonic
from typing import Any

from tinygrad_lite.random import Generator, use_in_this_thread
from tinygrad_lite.utils.data.collate import default_collate
from tinygrad_lite.utils.data.dataset import Dataset, IterableDataset, Rows, samples_at

END = object()
"""What reading gives instead of a batch when a stream has ended."""

_NEW_EPOCH = object()
_PATIENCE = 5.0  # seconds that shutting down waits for workers to finish the batches they are at


@dataclass(frozen=True)
class Source:
    """Where batches come from: a dataset, and what to do with its samples.

    Attributes:
        dataset: with `__getitem__`, or an `IterableDataset`.
        batched: whether an index is a list, for which there is to be a batch.
        collate_fn: what makes a batch of samples.
        drop_last: whether a stream ends before a batch that is too short.
    """

    dataset: Any
    batched: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool

    def reader(self) -> Callable[[Any], Any]:
        """A function from an index to what the loader yields; for a stream, from its beginning."""
        if isinstance(self.dataset, IterableDataset):
            return _Stream(self).read
        return self._read_many if self.batched else self._read_one

    def _read_one(self, index: Any) -> Any:
        return self.collate_fn(self.dataset[index])

    def _read_many(self, indices: Any) -> Any:
        samples = samples_at(self.dataset, indices)
        if isinstance(samples, Rows) and self.collate_fn is not default_collate:
            samples = list(samples)
        return self.collate_fn(samples)


class _Stream:
    """One pass through an `IterableDataset`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._samples = iter(source.dataset)
        self._ended = False

    def read(self, places: Any) -> Any:
        """A batch of as many samples as there are `places`, or one sample; END after the last."""
        data = self._next_batch(places) if self._source.batched else next(self._samples, END)
        return END if data is END else self._source.collate_fn(data)

    def _next_batch(self, places: Any) -> Any:
        batch: list[Any] = []
        while not self._ended and len(batch) < len(places):
            sample = next(self._samples, END)
            self._ended = sample is END  # never asked again, as it may start over
            if not self._ended:
                batch.append(sample)
        short = len(batch) < len(places)
        return END if not batch or (short and self._source.drop_last) else batch


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What `get_worker_info` tells.

    Attributes:
        id: which worker this is, from 0.
        num_workers: how many there are.
        seed: what its random numbers start from.
        dataset: its copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


class _Here(threading.local):
    """What belongs to this thread."""

    info: WorkerInfo | None = None


_here = _Here()


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a `DataLoader` what it should know about itself, elsewhere None.

    Example:
        >>> from tinygrad_lite.utils.data import DataLoader, IterableDataset, get_worker_info
        >>> class Numbers(IterableDataset):
        ...     def __iter__(self):
        ...         worker = get_worker_info()
        ...         return iter(range(worker.id, 6, worker.num_workers))
        >>> list(DataLoader(Numbers(), batch_size=2, num_workers=2))
        [tensor([0, 2]), tensor([1, 3]), tensor([4]), tensor([5])]
    """
    return _here.info


class Worker(threading.Thread):
    """A thread that reads batches one after the other.

    Args:
        source: where from.
        worker_id: which worker it is, from 0.
        num_workers: how many there are.
        seed: what its random numbers start from.
        init_fn: called with `worker_id` before the first batch, or None.
    """

    def __init__(
        self,
        source: Source,
        worker_id: int,
        num_workers: int,
        seed: int,
        init_fn: Callable[[int], Any] | None,
    ) -> None:
        super().__init__(name=f"DataLoader worker {worker_id}", daemon=True)
        self._source = replace(source, dataset=_own_copy(source.dataset))
        self._info = WorkerInfo(worker_id, num_workers, seed, self._source.dataset)
        self._init_fn = init_fn
        self._tasks: SimpleQueue[tuple[Future[Any], Any] | None] = SimpleQueue()

    def submit(self, index: Any) -> Future[Any]:
        """Read the batch for `index` after what was submitted before."""
        future: Future[Any] = Future()
        self._tasks.put((future, index))
        return future

    def begin_epoch(self) -> None:
        """Read a stream from its beginning again."""
        self.submit(_NEW_EPOCH)

    def stop(self) -> None:
        """End the thread after what was submitted before."""
        self._tasks.put(None)

    def run(self) -> None:
        """What the thread does."""
        _here.info = self._info
        use_in_this_thread(Generator().manual_seed(self._info.seed))
        read: Callable[[Any], Any] | None = None
        while (task := self._tasks.get()) is not None:
            future, index = task
            if index is _NEW_EPOCH:
                read = None
            elif future.set_running_or_notify_cancel():
                try:
                    read = read or self._prepare()
                    future.set_result(read(index))
                except BaseException as error:  # whatever it is, somebody waits for an answer
                    future.set_exception(_report(error, self._info.id))
            del task, future, index  # the batch is the consumer's now, and can go when he is done

    def _prepare(self) -> Callable[[Any], Any]:
        if self._init_fn is not None:
            self._init_fn(self._info.id)
            self._init_fn = None
        return self._source.reader()


def shut_down(workers: Iterable[Worker], pending: Iterable[Future[Any]]) -> None:
    """End `workers` without reading what is `pending`, and wait until they have."""
    for future in pending:
        future.cancel()
    for worker in workers:
        worker.stop()
    deadline = monotonic() + _PATIENCE
    for worker in workers:
        if worker.is_alive() and worker is not threading.current_thread():
            worker.join(max(0.0, deadline - monotonic()))


def _own_copy(dataset: Any) -> Any:
    """A `Dataset` with attributes of its own, which share their contents; anything else as it is."""
    try:
        return copy(dataset) if isinstance(dataset, Dataset) else dataset
    except TypeError:  # its class cannot be copied
        return dataset


class _Verbatim(str):
    """Text that prints with its line breaks where Python shows the `repr`, as KeyError does."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _report(error: BaseException, worker_id: int) -> Exception:
    """An exception of the same type whose message has the worker's traceback."""
    kind = type(error)
    trace = "".join(traceback.format_exception(error))
    message = f"Caught {kind.__name__} in DataLoader worker process {worker_id}.\nOriginal {trace}"
    if isinstance(error, Exception):
        try:
            return type(error)(_Verbatim(message) if isinstance(error, KeyError) else message)
        except Exception:  # its constructor wants something else than a message
            pass
    return RuntimeError(message)
