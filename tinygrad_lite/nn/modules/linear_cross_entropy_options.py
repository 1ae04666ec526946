"""How PyTorch is to compute `linear_cross_entropy` in pieces; here it is computed at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad_lite.dtypes import dtype, float16, float32, float64

__all__ = ["LinearCrossEntropyOptions"]

_POLICIES = ("accurate", "balanced", "compact", "auto")


@dataclass
class LinearCrossEntropyOptions:
    """Settings that in PyTorch save memory; they are checked and otherwise ignored, as the result is the same.

    Args:
        allow_retain_graph: whether one can go backward twice.
        batch_chunk_size: how many samples a piece has.
        chunking_method: "auto", "aspect_ratio" or "aspect_ratio:N", how to choose that; None for one piece.
        acc_policy: "accurate", "balanced", "compact" or "auto".
        acc_dtype: the dtype to add up in.

    Raises:
        ValueError: for another value.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LinearCrossEntropyOptions(batch_chunk_size=4).acc_policy
        'auto'
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"acc_policy must be one of {_POLICIES}, got {self.acc_policy!r}")
        method, colon, factor = str(self.chunking_method).partition(":")
        if method not in ("None", "auto", "aspect_ratio") or (colon and not (factor.isdigit() and int(factor))):
            raise ValueError(
                "chunking_method must be None, 'auto', 'aspect_ratio' or 'aspect_ratio:N' with a positive N, got "
                f"{self.chunking_method!r}"
            )
        size = self.batch_chunk_size
        if size is not None and (not isinstance(size, int) or size <= 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        known: tuple[dtype, ...] = (float16, float32, float64)
        if self.acc_dtype is not None and self.acc_dtype not in known:
            raise ValueError(f"acc_dtype must be None or one of {', '.join(map(str, known))}, got {self.acc_dtype!r}")
