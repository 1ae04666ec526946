"""What the processor can do."""

from __future__ import annotations

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """What PyTorch would compile for; NumPy chooses for itself here.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.backends.cpu.get_cpu_capability()
        'DEFAULT'
    """
    return "DEFAULT"
