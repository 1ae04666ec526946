"""Fresh leaves to differentiate by, and results that forget them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from tinygrad_lite.graph import TensorCore, ancestors
from tinygrad_lite.tensors import bare

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def alias(x: Tensor) -> Tensor:
    """The same values as another tensor that requires grad; tied to `x` if that does too."""
    if x.needs_grad:
        return x.view_as(x)
    other = bare(x.array)
    other.needs_grad = True
    return other


def settled(result: Tensor, own: Iterable[Tensor]) -> Tensor:
    """`result`, detached if nothing but the leaves `own` of this differentiation asks for its gradient."""
    if not result.needs_grad:
        return result
    mine = {id(leaf) for leaf in own if leaf.node is None}
    if result.node is None:
        return result.detach() if id(result) in mine else result
    for node in ancestors(result):
        for edge in node.edges:
            if isinstance(edge, TensorCore) and id(edge) not in mine:
                return result
    return result.detach()
