"""Work on large arrays in several threads at once: NumPy lets go of the interpreter while it computes.

BLAS has threads of its own. This is for what runs block by block through NumPy, such as the error
function of a million numbers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
R = TypeVar("R")


def _default() -> int:
    """As many as OpenMP programs would take: OMP_NUM_THREADS, or one for each processor."""
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(given) if given.isdigit() and int(given) else os.cpu_count() or 1


class _Threads:
    count = _default()
    pool: ThreadPoolExecutor | None = None
    lock = threading.Lock()


def get_num_threads() -> int:
    """How many threads work on one large array.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_num_threads() >= 1
        True
    """
    return _Threads.count


def set_num_threads(n: int) -> None:
    """Let `n` threads work on one large array. BLAS takes its number from OMP_NUM_THREADS at the start.

    Raises:
        RuntimeError: unless `n` is positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> before = tg.get_num_threads()
        >>> tg.set_num_threads(1); tg.get_num_threads()
        1
        >>> tg.set_num_threads(before)
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n!r}")
    with _Threads.lock:
        _Threads.count = n
        if _Threads.pool is not None:
            _Threads.pool.shutdown(wait=False)
            _Threads.pool = None


def each(function: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """`[function(part) for part in parts]`, by all threads together; parts must not depend on each other."""
    parts = list(parts)
    count = min(_Threads.count, len(parts))
    if count < 2:
        return [function(part) for part in parts]
    results: list[Any] = [None] * len(parts)

    def share(k: int) -> None:
        for j in range(k, len(parts), count):
            results[j] = function(parts[j])

    with _Threads.lock:
        if _Threads.pool is None:
            from concurrent.futures import ThreadPoolExecutor

            _Threads.pool = ThreadPoolExecutor(_Threads.count, thread_name_prefix="tinygrad_lite")
        others: list[Future[None]] = [_Threads.pool.submit(share, k) for k in range(1, count)]
    share(0)
    for other in others:
        other.result()
    return results


def _forget_threads() -> None:
    """A forked process has no threads: it makes its own when it needs them."""
    _Threads.pool, _Threads.lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
