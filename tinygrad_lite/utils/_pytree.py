"""Nested containers of tensors, under the names that PyTorch has for its own use and that programs borrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_lite.func.trees import leaves, mapped, rebuilt

__all__ = ["TreeSpec", "tree_flatten", "tree_leaves", "tree_map", "tree_map_only", "tree_unflatten"]


class TreeSpec:
    """The form of nested tuples, lists and dicts.

    Attributes:
        num_leaves: how many things are in them.
    """

    def __init__(self, tree: Any) -> None:
        places = iter(range(len(leaves(tree))))
        self._form = rebuilt(tree, places)
        self.num_leaves = len(leaves(tree))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and self._form == other._form

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TreeSpec({self._form})"


def tree_leaves(tree: Any) -> list[Any]:
    """What is in nested tuples, lists and dicts, from left to right.

    Example:
        >>> from tinygrad_lite.utils._pytree import tree_leaves
        >>> tree_leaves({"a": [1, 2], "b": (3,)})
        [1, 2, 3]
    """
    return leaves(tree)


def tree_flatten(tree: Any) -> tuple[list[Any], TreeSpec]:
    """What is in the containers, and their form."""
    return leaves(tree), TreeSpec(tree)


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """Containers of that form.

    Example:
        >>> from tinygrad_lite.utils._pytree import tree_flatten, tree_unflatten
        >>> found, form = tree_flatten({"a": [1, 2]})
        >>> tree_unflatten([10 * x for x in found], form)
        {'a': [10, 20]}
    """
    return rebuilt(treespec._form, iter(leaves))


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """`func` of all that is in the containers, in containers of the same form.

    Example:
        >>> from tinygrad_lite.utils._pytree import tree_map
        >>> tree_map(lambda x: 2 * x, [1, (2, 3)])
        [2, (4, 6)]
    """
    return mapped(func, tree, *rests)


def tree_map_only(type_or_types: Any, func: Callable[[Any], Any], tree: Any) -> Any:
    """`func` of what is of a type; the rest as it is."""
    return mapped(lambda x: func(x) if isinstance(x, type_or_types) else x, tree)
