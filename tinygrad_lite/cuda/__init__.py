"""What PyTorch programs ask about GPUs: here there is none.

What PyTorch answers on a machine without a GPU is answered; what it cannot do there is refused.
"""

from __future__ import annotations

from typing import Any, NoReturn

from tinygrad_lite.device import DeviceError
from tinygrad_lite.later import later

__all__ = [
    "current_device", "device_count", "empty_cache", "get_arch_list", "get_rng_state_all", "init", "ipc_collect",
    "is_available", "is_bf16_supported", "is_current_stream_capturing", "is_initialized", "is_tf32_supported",
    "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_cached", "max_memory_reserved",
    "memory_allocated", "memory_cached", "memory_reserved", "memory_stats", "reset_max_memory_allocated",
    "reset_peak_memory_stats", "seed", "seed_all", "set_rng_state_all", "synchronize",
]  # fmt: skip


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


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def is_tf32_supported() -> bool:
    """False."""
    return False


def is_current_stream_capturing() -> bool:
    """False."""
    return False


def init() -> NoReturn:
    """There is no GPU.

    Raises:
        DeviceError: always.
    """
    raise DeviceError.missing("cuda")


def current_device() -> int:
    """There is no current GPU.

    Raises:
        DeviceError: always.
    """
    init()


def synchronize(device: Any = None) -> None:
    """There is no GPU to wait for.

    Raises:
        DeviceError: always, as in PyTorch where there is no GPU.
    """
    init()


def manual_seed(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no GPU."""


def manual_seed_all(seed: int) -> None:
    """Nothing to seed, as in PyTorch where there is no GPU."""


def seed() -> None:
    """Nothing to seed."""


def seed_all() -> None:
    """Nothing to seed."""


def get_rng_state_all() -> list[Any]:
    """The states of all generators there are: none.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cuda.get_rng_state_all()
        []
    """
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Put back what `get_rng_state_all` gave: nothing.

    Raises:
        DeviceError: if there are states, which another machine must have had.
    """
    if list(new_states):
        init()


def empty_cache() -> None:
    """No memory of a GPU is held."""


def ipc_collect() -> None:
    """No memory of a GPU is shared."""


def memory_allocated(device: Any = None) -> int:
    """0 bytes: there is no memory of a GPU; so are the other figures of it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cuda.memory_allocated(), tg.cuda.max_memory_allocated()
        (0, 0)
    """
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated
memory_cached = max_memory_cached = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Nothing is known of a memory that is not there."""
    return {}


def reset_peak_memory_stats(device: Any = None) -> None:
    """No figures of a GPU's memory are kept."""


reset_max_memory_allocated = reset_peak_memory_stats


def get_arch_list() -> list[str]:
    """The kinds of GPU that are supported: none."""
    return []


__getattr__, __dir__ = later(
    __name__,
    ["amp", "nvtx"],
    {
        "absent": (
            "Event", "Stream", "StreamContext", "current_stream", "default_stream", "device", "device_of",
            "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state", "initial_seed",
            "mem_get_info", "memory_summary", "set_device", "set_rng_state", "stream", "utilization",
            "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor",
            "LongTensor", "ShortTensor",
        ),
        "errors": ("OutOfMemoryError",),
    },
)  # fmt: skip
