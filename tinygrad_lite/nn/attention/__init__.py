"""Choosing how attention is computed; on the CPU there is one way, so that the choice changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(IntEnum):
    """The ways that PyTorch knows.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.attention.SDPBackend.MATH.name
        'MATH'
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict[str, object]]:
    """Say how attention is to be computed inside the `with` block. It is computed in the one way there is.

    Args:
        backends: one way, or several.
        set_priority: whether their order counts.

    Raises:
        AssertionError: if `backends` is something else.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.nn.attention import SDPBackend, sdpa_kernel
        >>> q = tg.ones(1, 2, 3)
        >>> with sdpa_kernel(SDPBackend.MATH):
        ...     tg.nn.functional.scaled_dot_product_attention(q, q, q).shape
        Size([1, 2, 3])
    """
    if not isinstance(backends, list | SDPBackend):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    chosen = backends if isinstance(backends, list) else [backends]
    if not all(isinstance(backend, SDPBackend) for backend in chosen):
        raise AssertionError(f"Backend must be one of {', '.join(SDPBackend.__members__)}, got {backends!r}")
    yield {}
