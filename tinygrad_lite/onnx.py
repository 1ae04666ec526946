"""Writing models for other programs, in the format ONNX: that is not done here."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["export", "is_in_onnx_export"]


def export(model: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Write a model in the format ONNX.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(
        "onnx.export() does not exist in tinygrad_lite: save the weights with tg.save(model.state_dict(), path), load "
        "them in PyTorch, and export there"
    )


def is_in_onnx_export() -> bool:
    """False."""
    return False
