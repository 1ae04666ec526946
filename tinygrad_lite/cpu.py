"""What PyTorch programs ask about the CPU, as they ask it about GPUs."""

from __future__ import annotations

from typing import Any

__all__ = ["current_device", "device_count", "is_available", "is_initialized", "set_device", "synchronize"]


def is_available() -> bool:
    """True.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cpu.is_available()
        True
    """
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """Its name, "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """There is one to choose."""


def synchronize(device: Any = None) -> None:
    """Nothing to wait for: operations have finished when they return."""
