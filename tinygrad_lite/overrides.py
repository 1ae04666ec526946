"""PyTorch's protocol for classes that replace its functions: nothing asks for it here."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.graph import TensorCore

__all__ = [
    "handle_torch_function", "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic",
    "is_tensor_like",
]  # fmt: skip


def has_torch_function(relevant_args: Any) -> bool:
    """False: no argument replaces a function."""
    return False


def has_torch_function_unary(obj: Any) -> bool:
    """False."""
    return False


def has_torch_function_variadic(*args: Any) -> bool:
    """False."""
    return False


def handle_torch_function(public_api: Any, relevant_args: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the function itself, which nothing replaces."""
    return public_api(*args, **kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether something is a tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.overrides.is_tensor_like(tg.ones(1)), tg.overrides.is_tensor_like([1.0])
        (True, False)
    """
    return isinstance(inp, TensorCore)
