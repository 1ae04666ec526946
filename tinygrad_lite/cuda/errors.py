"""The errors of GPUs, so that programs can say what to do about them."""

from __future__ import annotations

__all__ = ["OutOfMemoryError"]


class OutOfMemoryError(RuntimeError):
    """What PyTorch raises where a GPU's memory is full; nothing here raises it."""
