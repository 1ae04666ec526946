"""What PyTorch programs ask about Intel's GPUs: here there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from tinygrad_lite.device import DeviceError

__all__ = [
    "current_device", "device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """False: tinygrad_lite computes on the CPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> "xpu" if tg.xpu.is_available() else "cpu"
        'cpu'
    """
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no such GPU."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """No memory of a GPU is held."""


def synchronize(device: Any = None) -> NoReturn:
    """There is no GPU to wait for.

    Raises:
        DeviceError: always.
    """
    raise DeviceError.missing("xpu")


def current_device() -> int:
    """There is no current GPU.

    Raises:
        DeviceError: always.
    """
    synchronize()
