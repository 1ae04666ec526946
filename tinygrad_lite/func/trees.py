"""Nested tuples, lists and dicts of tensors, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """What is in the containers, from left to right."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, tuple | list):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def rebuilt(tree: Any, values: Iterator[Any]) -> Any:
    """The containers of `tree` with other contents, taken from `values` in the order of `leaves`."""
    if isinstance(tree, dict):
        return type(tree)((key, rebuilt(value, values)) for key, value in tree.items())
    if isinstance(tree, tuple | list):
        parts = [rebuilt(value, values) for value in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return next(values)


def mapped(function: Callable[..., Any], tree: Any, *more: Any) -> Any:
    """`function` of each leaf, and of those at the same place in other trees of the same form."""
    rows = [leaves(t) for t in (tree, *more)]
    return rebuilt(tree, iter([function(*row) for row in zip(*rows, strict=True)]))


def spread(prefix: Any, tree: Any, what: str) -> list[Any]:
    """For each leaf of `tree` the value that `prefix`, a tree that may end earlier, has there.

    Raises:
        ValueError: if the two do not fit.
    """
    if isinstance(prefix, dict | tuple | list):
        fits = isinstance(tree, dict) if isinstance(prefix, dict) else isinstance(tree, tuple | list)
        if not fits or len(prefix) != len(tree):
            raise ValueError(f"{what} is not compatible with the structure of the values: {prefix!r}")
        pairs = (
            [(prefix.get(key), value) for key, value in tree.items()]
            if isinstance(prefix, dict)
            else zip(prefix, tree, strict=True)
        )
        return [entry for part, value in pairs for entry in spread(part, value, what)]
    return [prefix] * len(leaves(tree))
