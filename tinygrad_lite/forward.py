"""Forward mode: tangents carried along while operations are recorded.

There is no second table of derivatives. A rule `g -> d` is linear in `g`: it multiplies by the transposed
Jacobian of its operation. Differentiating the rule by `g`, with the tangent of the input as the gradient
of `d`, multiplies by the Jacobian itself. So each node, as it is recorded, runs its rules on a stand-in
for `g` and goes back through them, and the tangent of its output is there before the next operation
(Baydin et al., Automatic differentiation in machine learning, 2018, section 3.1, and J. Townsend's
"double backward" trick, here node by node).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.bundle import Bundle
from tinygrad_lite.engine import saved_tensors, unbroadcast
from tinygrad_lite.graph import Node, TensorCore, enable_grad, mode, watched
from tinygrad_lite.packing import Packed
from tinygrad_lite.tensors import bare


class Tangents:
    """The tangents of one level of forward mode, as many for each tensor as there are directions.

    Args:
        count: how many directions are followed at once.
        differentiable: whether tangents are recorded, to be differentiated in turn.
    """

    def __init__(self, count: int = 1, differentiable: bool = True) -> None:
        self.count = count
        self.differentiable = differentiable
        self._leaves: dict[int, tuple[TensorCore, list[Any]]] = {}
        self._watch = watched(self._see)

    def __enter__(self) -> Tangents:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__()

    def set(self, tensor: TensorCore, tangents: Sequence[Any]) -> None:
        """Start from `tensor`, which requires grad, with a tangent for each direction."""
        if tensor.node is None:
            self._leaves[id(tensor)] = (tensor, list(tangents))
        else:
            tensor.node.note(self, list(tangents))

    @property
    def leaves(self) -> list[TensorCore]:
        """The leaves that this level starts from."""
        return [leaf for leaf, _ in self._leaves.values()]

    def of(self, place: TensorCore | Node | None) -> list[Any] | None:
        """The tangents of a tensor or a node; None where they are zero. One of them may be None as well."""
        if isinstance(place, TensorCore):
            if place.node is None:
                found = self._leaves.get(id(place))
                return None if found is None else found[1]
            place = place.node
        return None if place is None else place.noted(self)

    def filled(self, tensor: TensorCore) -> list[Any]:
        """The tangents of a tensor, zeros written out."""
        zero = np.zeros_like(tensor.array)
        return [bare(zero.copy()) if t is None else t for t in self.of(tensor) or [None] * self.count]

    def _see(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        if node.op.name == "output" and isinstance(node.edges[0], Node):
            bundles = node.edges[0].noted(self)
            if bundles is not None:
                node.note(self, [None if b is None else b[node.params["k"]] for b in bundles])
            return
        tangents = [self.of(edge) for edge in node.edges]
        if any(t is not None for t in tangents):
            before, mode.watch = mode.watch, self._watch.outer
            try:
                with enable_grad():
                    node.note(self, self._pushed(node, made, tangents))
            finally:
                mode.watch = before

    def _pushed(self, node: Node, made: Any, tangents: Sequence[list[Any] | None]) -> list[Any]:
        """The tangents of what `node` made; bundles where it made several arrays."""
        own = getattr(node.op, "jvp", None)
        if own is not None:
            return [own(node, [None if t is None else t[j] for t in tangents]) for j in range(self.count)]
        several = isinstance(made, tuple)
        g: Any = Bundle(map(_stand_in, made)) if several else _stand_in(made)
        by = [part for part in (g if several else (g,)) if part is not None]
        totals: list[Any] = [None] * self.count
        for k, d in self._rules_on(node, g, [k for k, t in enumerate(tangents) if t is not None]):
            for j, t in enumerate(tangents[k] or ()):
                if t is None:
                    continue
                parts = iter(
                    differentiate.grad(d, by, t, retain_graph=True, create_graph=self.differentiable, allow_unused=True)
                )
                part = Bundle(None if s is None else next(parts) for s in g) if several else next(parts)
                totals[j] = part if totals[j] is None else totals[j] if part is None else totals[j] + part
        return totals

    def _rules_on(self, node: Node, g: Any, wanted: Sequence[int]) -> Any:
        """Each wanted input's number and what its rule makes of `g`, recorded."""
        op = node.op
        saved: Any = node.saved or ()
        if type(saved) is Packed:
            saved = saved.unpacked()
        if self.differentiable:
            saved = saved_tensors(node, saved)
        for k, rule in op.calls_of(node.edges) if op.per_pass else op.calls:
            if k not in wanted:
                continue
            d = rule(g, saved, node, k)
            if isinstance(d, TensorCore) and d.needs_grad:
                if op.broadcasts and d.array.shape != node.shapes[k]:
                    d = unbroadcast(d, node.shapes[k])
                yield k, d


def _stand_in(out: np.ndarray) -> Any:
    """Something to differentiate a rule by: ones, since to a gradient of zero a rule may do as it likes."""
    if out.dtype.kind not in "fc":
        return None
    g = bare(np.ones_like(out))
    g.needs_grad = True
    return g
