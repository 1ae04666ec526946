"""TensorBoard, which PyTorch writes figures for: it is not supported, and importing its writer says so."""

from __future__ import annotations

from typing import NoReturn

__all__: list[str] = []


def __getattr__(name: str) -> NoReturn:
    if name in ("FileWriter", "RecordWriter", "SummaryWriter"):
        raise ImportError(
            "tinygrad_lite does not write for TensorBoard. Use tensorboardX.SummaryWriter, which has the same methods, "
            "or tinygrad_lite.viz for curves and graphs."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
