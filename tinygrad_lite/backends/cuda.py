"""Settings of NVIDIA's libraries: they are not used.

Attributes:
    matmul: its attributes may be set to anything, such as `matmul.allow_tf32`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

__all__ = [
    "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp",
    "flash_sdp_enabled", "is_built", "math_sdp_enabled", "mem_efficient_sdp_enabled", "sdp_kernel",
]  # fmt: skip

matmul = SimpleNamespace(
    allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True
)


def is_built() -> bool:
    """False."""
    return False


_wanted = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def flash_sdp_enabled() -> bool:
    """Whether this way of computing attention was left on; there is one way here."""
    return _wanted["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Say whether attention may be computed that way; there is one way here."""
    _wanted["flash"] = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """Whether this way of computing attention was left on; there is one way here."""
    return _wanted["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Say whether attention may be computed that way; there is one way here."""
    _wanted["mem_efficient"] = bool(enabled)


def math_sdp_enabled() -> bool:
    """Whether this way of computing attention was left on; it is the one way here."""
    return _wanted["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Say whether attention may be computed that way; there is one way here."""
    _wanted["math"] = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """Whether this way of computing attention was left on; there is one way here."""
    return _wanted["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Say whether attention may be computed that way; there is one way here."""
    _wanted["cudnn"] = bool(enabled)


@contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """Say how attention may be computed for the length of a `with` block; there is one way here.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.backends.cuda.sdp_kernel(enable_flash=False):
        ...     tg.backends.cuda.flash_sdp_enabled()
        False
    """
    before = dict(_wanted)
    _wanted.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _wanted.update(before)
