"""What PyTorch programs ask about GPUs before they choose a device: here there is none."""

from __future__ import annotations

__all__ = ["current_device", "device_count", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """False: tinygrad_lite computes on the CPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> "cuda" if tg.cuda.is_available() else "cpu"
        'cpu'
    """
    return False


def device_count() -> int:
    """0."""
    return 0


def current_device() -> int:
    """There is no current GPU.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("tinygrad_lite computes on the CPU: there is no cuda device")


def manual_seed(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no GPU."""


def manual_seed_all(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no GPU."""
