"""Settings of cuDNN, NVIDIA's library: it is not used.

Attributes:
    enabled, benchmark, deterministic, allow_tf32, benchmark_limit: may be set to anything; nothing asks for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["flags", "is_acceptable", "is_available", "set_flags", "version"]

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True
benchmark_limit = 10


def is_available() -> bool:
    """False."""
    return False


def version() -> int | None:
    """None."""
    return None


def is_acceptable(tensor: Any) -> bool:
    """False: cuDNN computes with no tensor."""
    return False


def set_flags(_enabled: Any = None, _benchmark: Any = None, **others: Any) -> dict[str, Any]:
    """Set several at once, under their names with a `_` before them; returns what they were.

    Example:
        >>> import tinygrad_lite as tg
        >>> before = tg.backends.cudnn.set_flags(_benchmark=True)
        >>> before["_benchmark"], tg.backends.cudnn.set_flags(**before)["_benchmark"]
        (False, True)
    """
    here = sys.modules[__name__]
    new = {"_enabled": _enabled, "_benchmark": _benchmark, **others}
    before = {name: getattr(here, name[1:]) for name in new}
    for name, value in new.items():
        if value is not None:
            setattr(here, name[1:], value)
    return before


@contextmanager
def flags(
    enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10, deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:  # fmt: skip
    """Set them for the length of a `with` block."""
    before = set_flags(
        enabled, benchmark, _benchmark_limit=benchmark_limit, _deterministic=deterministic, _allow_tf32=allow_tf32
    )
    try:
        yield
    finally:
        set_flags(**before)
