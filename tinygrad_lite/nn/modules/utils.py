"""Small helpers that layers and programs share: one setting as a tuple, and prefixes of state dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

__all__ = ["consume_prefix_in_state_dict_if_present"]


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes `n` of one value, and a tuple of several."""

    def parse(value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, Iterable) else tuple(repeat(value, n))

    parse.__name__ = name
    return parse


_single, _pair, _triple, _quadruple = (
    _ntuple(n, f"_{name}") for n, name in enumerate(("single", "pair", "triple", "quadruple"), 1)
)


def _reverse_repeat_tuple(values: Iterable[Any], n: int) -> tuple[Any, ...]:
    """The values from last to first, each n times: as `functional.pad` takes them."""
    return tuple(value for value in reversed(tuple(values)) for _ in range(n))


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Take a prefix off the paths that have it, in place, such as the `module.` that data parallelism adds.

    Example:
        >>> state = {"module.weight": 1, "bias": 2}
        >>> consume_prefix_in_state_dict_if_present(state, "module.")
        >>> state
        {'bias': 2, 'weight': 1}
    """
    for path in [path for path in state_dict if path.startswith(prefix)]:
        state_dict[path[len(prefix) :]] = state_dict.pop(path)
    metadata: dict[str, Any] = getattr(state_dict, "_metadata", {})
    for path in list(metadata):
        if path in (prefix, prefix.removesuffix(".")):
            metadata.setdefault("", metadata[path])
        if path.startswith(prefix):
            metadata[path[len(prefix) :]] = metadata.pop(path)
