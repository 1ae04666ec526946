"""What registering a hook returns, and a way to say that a backward hook may be skipped; under PyTorch's names."""

from __future__ import annotations

from typing import TypeVar

from tinygrad_lite.graph import RemovableHandle

__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

T = TypeVar("T")


def unserializable_hook(f: T) -> T:
    """The hook itself, marked as one that is not to be saved with its tensor."""
    f.__torch_unserializable__ = True  # type: ignore[attr-defined]
    return f


def warn_if_has_hooks(tensor: object) -> None:
    """Hooks are never saved with a tensor, so that there is nothing to warn of."""
