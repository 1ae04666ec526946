"""What PyTorch programs ask about accelerators of any kind: here there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from tinygrad_lite.device import device

__all__ = ["current_accelerator", "current_device_index", "device_count", "is_available", "synchronize"]


def is_available() -> bool:
    """False: tinygrad_lite computes on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.accelerator.current_accelerator() or tg.device("cpu")
        device(type='cpu')
    """
    return None


def synchronize(device: Any = None) -> NoReturn:
    """There is no accelerator to wait for.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("Cannot access accelerator device when none is available.")


def current_device_index() -> int:
    """There is no current accelerator.

    Raises:
        RuntimeError: always.
    """
    synchronize()
