"""`torch.compile` and what belongs to it, under PyTorch's names: what is to be compiled runs as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "reset",
]  # fmt: skip

_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def compile(
    model: Callable[..., Any] | None = None, *, fullgraph: bool = False, dynamic: bool | None = None,
    backend: Any = "inductor", mode: str | None = None, options: dict[str, Any] | None = None, disable: bool = False,
    **others: Any,
) -> Any:  # fmt: skip
    """The module or function itself; as a decorator with and without arguments. The settings concern speed.

    Raises:
        RuntimeError: for both `mode` and `options`, or a mode that PyTorch does not have.

    Example:
        >>> import tinygrad_lite as tg
        >>> @tg.compile
        ... def double(x):
        ...     return x + x
        >>> double(tg.ones(1)), tg.compile(double, mode="max-autotune") is double
        (tensor([2.]), True)
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if mode is not None and mode not in _MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(_MODES)}")
    return _itself if model is None else model


def _itself(function: Any) -> Any:
    """What the decorator with arguments decorates with."""
    return function


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself; as a decorator with and without arguments."""
    return _itself if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """The function itself."""
    return fn


def reset() -> None:
    """Nothing to forget: nothing was compiled."""


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """What can compile: nothing.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.compiler.list_backends()
        []
    """
    return []
