"""What PyTorch programs ask about Apple's GPUs: here there is none."""

from __future__ import annotations

from typing import NoReturn

from tinygrad_lite.device import DeviceError

__all__ = ["current_allocated_memory", "device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def is_available() -> bool:
    """False: tinygrad_lite computes on the CPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> "mps" if tg.mps.is_available() else "cpu"
        'cpu'
    """
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no such GPU."""


def synchronize() -> NoReturn:
    """There is no GPU to wait for.

    Raises:
        DeviceError: always.
    """
    raise DeviceError.missing("mps")


def empty_cache() -> NoReturn:
    """No memory of a GPU is held.

    Raises:
        DeviceError: always, as in PyTorch where there is no such GPU.
    """
    synchronize()


def current_allocated_memory() -> int:
    """There is no memory of a GPU.

    Raises:
        DeviceError: always.
    """
    synchronize()
