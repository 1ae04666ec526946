"""`out=`: writing the result of a function into a tensor that is there already, as PyTorch's functions do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from tinygrad_lite.dtypes import BY_NUMPY, can_cast, to_dtype
from tinygrad_lite.graph import TensorCore, mode
from tinygrad_lite.inplace import check_writable
from tinygrad_lite.views import note_write

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer

_MAKERS = frozenset(
    (
        "arange",
        "empty",
        "eye",
        "full",
        "linspace",
        "logspace",
        "normal",
        "ones",
        "rand",
        "randint",
        "randn",
        "randperm",
        "zeros",
    )
)
"""What takes its dtype from `out`."""


def put(name: str, result: Any, out: Any) -> Any:
    """Write `result`, a tensor or a tuple of them, into `out`; returns that.

    Raises:
        TypeError: if `out` is no tensor, or no tuple where there are several results.
        RuntimeError: if gradients would be lost, or the result is of a higher kind of dtype than `out`.
    """
    if isinstance(result, tuple):
        if not isinstance(out, tuple | list) or len(out) != len(result):
            raise TypeError(
                f"{name}(): argument 'out' must be tuple of {len(result)} Tensors, not {type(out).__name__}"
            )
        for one, into in zip(result, out, strict=True):
            put(name, one, into)
        return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
    if not isinstance(out, TensorCore):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.grad and (result.needs_grad or out.needs_grad):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    source, target = BY_NUMPY[result.array.dtype], BY_NUMPY[out.array.dtype]
    if not can_cast(source, target):
        raise RuntimeError(f"{name}(): result type {source} can't be cast to the desired output type {target}")
    if out.array.shape != result.array.shape:
        if out.array.size:
            warnings.warn(
                f"{name}(): An output with elements was resized since it had shape {list(out.array.shape)}, "
                f"which does not match the required output shape {list(result.array.shape)}. This is deprecated: "
                "make it empty with out.resize_(0) first.",
                stacklevel=3,
            )
        out.resize_(result.array.shape)  # type: ignore[attr-defined]
    check_writable(out, name)
    out.array[...] = result.array
    note_write(out, name)
    return out


def written(name: str, result: Any, out: Any) -> Any:
    """`result`, or `out` with it written into."""
    return result if out is None else put(name, result, out)


def with_out(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`function` with one more argument, `out`.

    Example:
        >>> import tinygrad_lite as tg
        >>> total = tg.zeros(2)
        >>> tg.add(tg.ones(2), 1, out=total) is total, total
        (True, tensor([2., 2.]))
    """
    made = name in _MAKERS

    def run(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if made and isinstance(out, TensorCore):
            own = BY_NUMPY[out.array.dtype]
            if to_dtype(kwargs.setdefault("dtype", own) or own) is not own:
                raise RuntimeError(f"{name}(): dtype {kwargs['dtype']} does not match dtype of out parameter ({own})")
        return put(name, function(*args, **kwargs), out)

    run.__name__ = run.__qualname__ = name
    run.__doc__, run.__module__, run.__wrapped__ = function.__doc__, function.__module__, function  # type: ignore[attr-defined]
    return run


def add_out(namespace: dict[str, Any], names: Iterable[str]) -> None:
    """Let the functions of these names take `out`."""
    for name in names:
        namespace[name] = with_out(namespace[name], name)
