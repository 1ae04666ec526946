"""Apple's GPUs: they are not used."""

from __future__ import annotations

__all__ = ["is_available", "is_built", "is_macos13_or_newer"]


def is_available() -> bool:
    """False.

    Example:
        >>> import tinygrad_lite as tg
        >>> "mps" if tg.backends.mps.is_available() else "cpu"
        'cpu'
    """
    return False


def is_built() -> bool:
    """False."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """False."""
    return False
