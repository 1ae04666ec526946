"""Functions of lists of tensors, one after the other: `_foreach_add_(parameters, gradients, alpha=-lr)`.

PyTorch has them for its own optimisers; programs with optimisers of their own, or averages of weights, borrow them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tinygrad_lite.functions import comparing, elementwise, reduction
from tinygrad_lite.functions.arguments import tensor_list
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.namespace import NAMES

__all__ = list(NAMES["functions.foreach"])

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _columns(name: str, count: int, args: Sequence[Any]) -> list[list[Any]]:
    """Each argument as a list: one that is no list is the same for all tensors."""
    columns = [list(arg) if isinstance(arg, list | tuple) else [arg] * count for arg in args]
    for column in columns:
        if len(column) != count:
            raise RuntimeError(
                f"{name}: Tensor lists must have the same number of tensors, got {count} and {len(column)}"
            )
    return columns


def _foreach(name: str) -> Callable[..., Any]:
    """The function that computes with each tensor of a list, or writes into it if the name ends in `_`."""
    base, writes = name.removeprefix("_foreach_").rstrip("_"), name.endswith("_")
    function = getattr(comparing if base in ("maximum", "minimum") else elementwise, base)

    def one(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if base in ("maximum", "minimum") and not isinstance(args[0], TensorCore):
            args = (x.new_full((), args[0]),)
        if base in ("addcdiv", "addcmul") and len(args) > 2:
            args, kwargs = args[:2], {"value": args[2]}
        if writes:
            return getattr(x, f"{base}_")(*args, **kwargs) if hasattr(x, f"{base}_") else x.copy_(function(x, *args))
        return function(x, *args, **kwargs)

    def run(self: Any, *args: Any, alpha: Any = None, value: Any = None, weight: Any = None, **kwargs: Any) -> Any:
        tensors = tensor_list(name, self)
        if alpha is not None:
            kwargs["alpha"] = alpha
        args = (*args, *(x for x in (value, weight) if x is not None))
        rows = zip(tensors, *_columns(name, len(tensors), args), strict=True)
        made = [one(*row, **kwargs) for row in rows]
        return None if writes else tuple(made)

    run.__name__ = run.__qualname__ = name
    what = f"Write `{base}` of each into the tensors of a list" if writes else f"`{base}` of each tensor of a list"
    run.__doc__ = f"{what}; another argument is one for all, or a list with one for each.\n"
    return run


_OTHERS = ("_foreach_copy_", "_foreach_norm", "_foreach_zero_")

globals().update({name: _foreach(name) for name in __all__ if name not in _OTHERS})


def _foreach_norm(self: Any, ord: float = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The norm of each tensor of a list.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg._foreach_norm([tg.tensor([3.0, 4.0])])
        (tensor(5.),)
    """
    return tuple(reduction.vector_norm(x, ord, dtype=dtype) for x in tensor_list("_foreach_norm", self))


def _foreach_copy_(self: Any, src: Any, non_blocking: bool = False) -> None:
    """Write the tensors of one list into those of another."""
    for x, y in zip(tensor_list("_foreach_copy_", self), *_columns("_foreach_copy_", len(self), [src]), strict=True):
        x.copy_(y)


def _foreach_zero_(self: Any) -> None:
    """Write zeros into the tensors of a list."""
    for x in tensor_list("_foreach_zero_", self):
        x.zero_()
