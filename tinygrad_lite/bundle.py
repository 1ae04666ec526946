"""The gradients of the several outputs of one operation, on their way through the engine together.

An operation with several outputs is one node, and each output a node of its own above it that says which
one it is. Backward, such a node makes of its gradient a bundle with one place filled; bundles add up
place by place; and the operation's rules run once, on all of it.
"""

from __future__ import annotations

from typing import Any


class Bundle(tuple[Any, ...]):
    """One gradient for each output, None where none has arrived."""

    def __add__(self, other: Any) -> Bundle:
        pairs = zip(self, other, strict=True)
        return Bundle(b if a is None else a if b is None else a + b for a, b in pairs)


def place(g: Any, k: int, of: int) -> Bundle:
    """A bundle of `of` places with `g` in place `k`."""
    return Bundle(g if j == k else None for j in range(of))
