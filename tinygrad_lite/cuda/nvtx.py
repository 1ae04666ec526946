"""Marks for NVIDIA's profiler, which has nothing to look at here: they change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["mark", "range", "range_pop", "range_push"]


def mark(msg: str) -> None:
    """Mark this moment."""


def range_push(msg: str) -> int:
    """Begin a range."""
    return 0


def range_pop() -> int:
    """End it."""
    return 0


@contextmanager
def range(msg: str) -> Iterator[None]:
    """A range for the length of a `with` block.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.cuda.nvtx.range("forward"):
        ...     tg.ones(1)
        tensor([1.])
    """
    yield
