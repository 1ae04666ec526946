"""PyTorch's settings of devices, determinism and precision: what a program may set, and what it then reads.

Only the CPU exists, results do not depend on chance, and products of float32 matrices are of float32: so most of
these have nothing to change.
"""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad_lite.anomaly import set_detect_anomaly
from tinygrad_lite.device import CPU, device, to_device

__all__ = [
    "are_deterministic_algorithms_enabled", "compiled_with_cxx11_abi", "get_default_device",
    "get_deterministic_debug_mode", "get_float32_matmul_precision", "get_num_interop_threads", "has_lapack", "has_mkl",
    "has_openmp", "has_spectral", "is_deterministic_algorithms_warn_only_enabled", "is_vulkan_available",
    "is_warn_always_enabled", "set_anomaly_enabled", "set_default_device", "set_deterministic_debug_mode",
    "set_float32_matmul_precision", "set_flush_denormal", "set_num_interop_threads", "set_warn_always",
    "use_deterministic_algorithms",
]  # fmt: skip

has_lapack = has_spectral = True
has_mkl = has_openmp = False


class _Settings:
    precision = "highest"
    deterministic = 0  # 0: no, 1: warn, 2: refuse what is not
    interop_threads = 1
    warn_always = False


def get_default_device() -> device:
    """Where tensors are made: on the CPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_default_device()
        device(type='cpu')
    """
    return CPU


def set_default_device(device: Any) -> None:
    """Say where tensors are to be made: on the CPU, or None for that.

    Raises:
        DeviceError: for any other device; it is a RuntimeError.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_default_device("cpu")
    """
    to_device(device)


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products of float32 matrices must be; they are always of full precision here.

    Args:
        precision: "highest", "high" or "medium".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_float32_matmul_precision("high"); tg.get_float32_matmul_precision()
        'high'
        >>> tg.set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current set_float32_matmul_precision call "
            "has no effect.",
            stacklevel=2,
        )
        return
    _Settings.precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_float32_matmul_precision()
        'highest'
    """
    return _Settings.precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask that results do not depend on chance; they never do here.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.use_deterministic_algorithms(True); tg.are_deterministic_algorithms_enabled()
        True
        >>> tg.use_deterministic_algorithms(False)
    """
    _Settings.deterministic = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` was asked for.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.are_deterministic_algorithms_enabled()
        False
    """
    return _Settings.deterministic > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was asked for with `warn_only`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_deterministic_algorithms_warn_only_enabled()
        False
    """
    return _Settings.deterministic == 1


def get_deterministic_debug_mode() -> int:
    """The same as a number: 0 not asked for, 1 with `warn_only`, 2 without.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_deterministic_debug_mode()
        0
    """
    return _Settings.deterministic


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same by a number or its name: "default", "warn" or "error".

    Raises:
        RuntimeError: for anything else.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_deterministic_debug_mode("default")
    """
    names = {"default": 0, "warn": 1, "error": 2}
    mode = names.get(debug_mode, debug_mode) if isinstance(debug_mode, str) else debug_mode
    if mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, 2 or one of {list(names)}, but got {debug_mode}"
        )
    _Settings.deterministic = int(mode)


def get_num_interop_threads() -> int:
    """How many operations run at once: what `set_num_interop_threads` was told.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_num_interop_threads()
        1
    """
    return _Settings.interop_threads


def set_num_interop_threads(n: int) -> None:
    """Say how many operations may run at once; here one follows the other.

    Raises:
        RuntimeError: unless `n` is positive.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_num_interop_threads(1)
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise RuntimeError(f"set_num_interop_threads expects a positive integer, got {n!r}")
    _Settings.interop_threads = n


def set_flush_denormal(mode: bool) -> bool:
    """Ask that numbers too small to be normal become zero; NumPy has no such setting, so that the answer is False.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_flush_denormal(True)
        False
    """
    return False


def set_warn_always(b: bool) -> None:
    """Ask for warnings each time and not once only; Python's `warnings` decides that here.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_warn_always(False)
    """
    _Settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_warn_always_enabled()
        False
    """
    return _Settings.warn_always


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """`autograd.set_detect_anomaly` for the rest of the program.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_anomaly_enabled(False)
    """
    set_detect_anomaly(mode, check_nan)


def is_vulkan_available() -> bool:
    """False.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_vulkan_available()
        False
    """
    return False


def compiled_with_cxx11_abi() -> bool:
    """True.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.compiled_with_cxx11_abi()
        True
    """
    return True
