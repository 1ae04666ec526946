"""A progress bar for checks that take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 2.0
"""Seconds after which a check is long."""


@contextmanager
def progress_bar(wanted: bool | None, title: str) -> Iterator[Callable[[], None]]:
    """The block of a check; what it gives is to be called after each evaluation.

    Args:
        wanted: True for a bar at once, False for none, None for one where the check is long.
        title: what is checked.
    """
    bar: Any = None
    start = time.monotonic()

    def tick() -> None:
        nonlocal bar
        if bar is None and (wanted or (wanted is None and time.monotonic() - start > PATIENCE)):
            from tqdm.auto import tqdm

            bar = tqdm(desc=f"gradcheck {title}", unit=" evaluations", leave=False)
        if bar is not None:
            bar.update()

    try:
        yield tick
    finally:
        if bar is not None:
            bar.close()
