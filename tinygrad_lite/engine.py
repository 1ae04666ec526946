"""The backward pass.

A loop over the recorded nodes, latest first, never recursion. Each node's rules turn the gradient of
its output into gradients of its inputs; where several paths meet they are added up before the node
they meet at runs. With `create_graph` the rules run on tensors instead of arrays and are recorded in
turn, so that the result can be differentiated again: that is the only difference.

Who owns a gradient array matters, because adding in place saves an allocation and may write into
somebody else's array. `add` hands one array to two inputs, `reshape` hands out a view. So an array
that arrives is only borrowed; the second arrival makes a sum, which is ours, and later ones are added
into that. A leaf keeps an array that a rule has just made and copies any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy import add, asarray, ndarray

from tinygrad_lite import anomaly
from tinygrad_lite.bundle import Bundle
from tinygrad_lite.graph import Node, TensorCore, mode
from tinygrad_lite.packing import Packed
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import bare
from tinygrad_lite.views import last_write, note_write, spoiled

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed): {node} has freed what it saved. Pass retain_graph=True to the first backward() or "
    "autograd.grad() if you need to go through the graph again."
)


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the dimensions that broadcasting added to, or stretched from, `shape`."""
    lead = len(g.shape) - len(shape)
    if lead and g.shape[lead:] == shape:
        axes = tuple(range(lead))
        return add.reduce(g, axes) if type(g) is ndarray else g.sum(axis=axes)
    stretched = [k + lead for k, n in enumerate(shape) if n == 1 and g.shape[k + lead] != 1]
    return g.sum(axis=(*range(lead), *stretched), keepdims=True).reshape(shape)


class Backward:
    """One backward pass: from `roots`, with their gradients, to leaves or to `wanted` tensors.

    Args:
        tensor_class: what recorded gradients and `.grad` are made of.
        create_graph: whether to record the pass itself.
        retain_graph: whether to keep what the nodes saved.
        wanted: the tensors whose gradients are asked for; None for every leaf.

    Attributes:
        listens: whether `_run_first` sees every node, not only those that somebody watches.
    """

    listens = False

    def __init__(
        self,
        tensor_class: Callable[[np.ndarray], Any],
        create_graph: bool,
        retain_graph: bool,
        wanted: Sequence[TensorCore] | None = None,
    ) -> None:
        self.wrap = tensor_class
        self.create_graph = create_graph
        self.retain_graph = retain_graph
        self.wanted = None if wanted is None else {id(t.node or t) for t in wanted}
        self.grads: dict[int, Any] = {}
        self.owned: set[int] = set()
        self.leaves: dict[int, TensorCore] = {}
        self.results: dict[int, Any] = {}

    def run(self, roots: Sequence[TensorCore], gradients: Sequence[Any]) -> dict[int, Any]:
        """Run the pass; returns the gradient of each wanted node or leaf by its `id`."""
        on_path = None if self.wanted is None else _nodes_leading_to(self.wanted, roots)
        before = mode.grad
        mode.grad = mode.recording(self.create_graph)
        try:
            with quiet():
                self._loop(self._start(roots, gradients, on_path), on_path)
            self._finish_leaves()
        finally:
            mode.grad = before
        return self.results

    def _start(
        self, roots: Sequence[TensorCore], gradients: Sequence[Any], on_path: set[int] | None
    ) -> list[tuple[int, Node]]:
        """Put the gradients of the roots in place; returns the nodes to run, as a heap."""
        heap: list[tuple[int, Node]] = []
        for root, g in zip(roots, gradients, strict=True):
            target = root.node or root
            key = id(target)
            if on_path is not None and key not in on_path:
                continue
            if key in self.grads:
                self.grads[key] = self.grads[key] + g
                continue
            self.grads[key] = g
            if isinstance(target, Node):
                heappush(heap, (-target.order, target))
            else:
                self.leaves[key] = target
        return heap

    def _loop(self, heap: list[tuple[int, Node]], on_path: set[int] | None) -> None:
        """Run the rules of each node on the gradient that has gathered there, latest node first."""
        grads, owned, leaves = self.grads, self.owned, self.leaves
        wanted, create_graph, retain_graph = self.wanted, self.create_graph, self.retain_graph
        check_nan = anomaly.state.on and anomaly.state.check_nan
        while heap:
            node = heappop(heap)[1]
            key = id(node)
            g = grads.pop(key)
            if node.hooks:
                g = self._call_hooks(node.hooks, g)
            if wanted is not None and key in wanted:
                self.results[key] = g
                if on_path is not None and not any(id(edge) in on_path for edge in node.edges):
                    continue  # nothing is asked for behind it, where another pass may go
            saved = node.saved
            if saved is None:
                raise RuntimeError(SECOND_TIME.format(node=node))
            looked_at = saved
            if type(saved) is Packed:
                packed, saved = saved, saved.unpacked()
                looked_at = packed.unchanged(saved)
            if node.order < last_write[0] and (found := spoiled(looked_at, node.order)):
                raise RuntimeError(spoiled_message(node, *found))
            if create_graph:
                saved = saved_tensors(node, saved)
            op, edges, shapes = node.op, node.edges, node.shapes
            broadcasts = op.broadcasts
            rules = op.calls_of(edges) if op.per_pass else op.calls
            if check_nan or self.listens or (node.hooks and node.hooks.after):
                rules = self._run_first(node, rules, g, saved, on_path)
            for k, rule in rules:
                edge = edges[k]
                if edge is None or (on_path is not None and id(edge) not in on_path):
                    continue
                d = rule(g, saved, node, k)
                if d is None:
                    continue
                if create_graph:
                    fresh = False
                elif type(d) is ndarray:
                    fresh = d is not g and d.base is None
                elif type(d) is Bundle:
                    fresh = False
                else:  # a sum over everything is a NumPy number
                    d = asarray(d)
                    fresh = True
                if broadcasts and d.shape != shapes[k]:
                    d = unbroadcast(d, shapes[k])
                    if not create_graph:
                        d = asarray(d)
                        fresh = d.base is None
                target = id(edge)
                if target not in grads:
                    grads[target] = d
                    if fresh:
                        owned.add(target)
                    if isinstance(edge, Node):
                        heappush(heap, (-edge.order, edge))
                    else:
                        leaves[target] = edge
                elif target in owned:
                    total = grads[target]
                    add(total, d, out=total)
                else:
                    total = grads[target] + d
                    if not create_graph and type(total) is not Bundle:
                        total = asarray(total)
                        owned.add(target)
                    grads[target] = total
            if saved and not retain_graph:
                node.saved = None

    def _run_first(self, node: Node, rules: Any, g: Any, saved: Any, on_path: set[int] | None) -> Any:
        """Run the rules of a node that is watched; returns rules that give the answers."""
        answers: list[Any] = [None] * len(node.edges)
        for k, rule in rules:
            edge = node.edges[k]
            if edge is None or (on_path is not None and id(edge) not in on_path):
                continue
            answers[k] = rule(g, saved, node, k)
            if answers[k] is not None:
                anomaly.check(node, k, answers[k])
        for hook in list(node.hooks.after.values()) if node.hooks else ():
            given = tuple(None if d is None or type(d) is Bundle else self._shown(d) for d in answers)
            arrived = tuple(map(self._shown, g)) if type(g) is Bundle else (self._shown(g),)
            changed = hook(given, arrived)
            if changed is not None:
                changed = changed if isinstance(changed, tuple) else (changed,)
                answers = [d if new is None else self._taken(new) for d, new in zip(answers, changed, strict=True)]
        return [(k, lambda g, saved, node, k, d=d: d) for k, d in enumerate(answers)]

    def _shown(self, g: Any) -> Any:
        """A gradient as hooks see it: a tensor."""
        return g if g is None or isinstance(g, TensorCore) else self.wrap(asarray(g))

    def _taken(self, g: Any) -> Any:
        """A gradient as a hook gives it back."""
        return g if self.create_graph or g is None else g.array

    def _call_hooks(self, hooks: dict[int, Any], g: Any) -> Any:
        for hook in list(hooks.values()):
            if type(g) is Bundle:
                answer = hook(Bundle(map(self._shown, g)))
                g = g if answer is None else Bundle(map(self._taken, answer))
                continue
            given = self._shown(g)
            answer = hook(given)
            if answer is not None:
                if not isinstance(answer, TensorCore):
                    raise TypeError(f"a hook must return a Tensor or None, got {type(answer).__name__}")
                if answer.array.shape != given.array.shape:
                    raise RuntimeError(
                        f"hook has changed the size of value: the gradient has shape {given.array.shape}, "
                        f"the hook returned {answer.array.shape}"
                    )
                g = self._taken(answer)
        return g

    def _finish_leaves(self) -> None:
        """Hand each leaf its gradient: into the results, or into `.grad`."""
        grads, owned, wanted = self.grads, self.owned, self.wanted
        for key, leaf in self.leaves.items():
            g = grads[key]
            extra = leaf.extra
            if extra is not None and extra.hooks:
                g = self._call_hooks(extra.hooks, g)
            if wanted is not None:
                if key in wanted:
                    self.results[key] = g
                continue
            if leaf._grad is None and key in owned and g.flags.c_contiguous:
                leaf._grad = self.wrap(g)
            else:
                self.accumulate(leaf, g)
            if extra is not None and extra.after:
                for hook in list(extra.after.values()):
                    hook(leaf)

    def accumulate(self, leaf: TensorCore, g: Any) -> None:
        """`leaf.grad += g`, where `g` belongs to somebody else."""
        before = leaf._grad
        if isinstance(g, TensorCore):
            leaf._grad = g if before is None else before + g
        elif before is None:
            leaf._grad = self.wrap(g.copy())
        elif before.needs_grad:
            leaf._grad = self.wrap(before.array + g)
        else:
            np.add(before.array, g, out=before.array)
            note_write(before, "accumulating a gradient")


def _nodes_leading_to(wanted: set[int], roots: Sequence[TensorCore]) -> set[int]:
    """The ids of nodes and leaves from which, going back, a wanted one is reached; and those."""
    nodes: dict[int, Node] = {id(r.node): r.node for r in roots if r.node is not None}
    found = {id(r) for r in roots if id(r) in wanted}
    stack = list(nodes.values())
    while stack:
        for edge in stack.pop().edges:
            if isinstance(edge, Node) and id(edge) not in nodes:
                nodes[id(edge)] = edge
                stack.append(edge)
    for node in sorted(nodes.values(), key=lambda n: n.order):
        for edge in node.edges:
            if edge is not None and (id(edge) in wanted or id(edge) in found):
                found.add(id(edge))
                found.add(id(node))
        if id(node) in wanted:
            found.add(id(node))
    return found


def saved_tensors(node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """What `node` saved as the tensors they were, tied to the graph that made them."""
    return node.op.tied(node, saved, _tied)


def _tied(array: Any, edge: Node | TensorCore | None) -> Any:
    """`array` as the tensor that `edge` stands for; a constant stays as it is."""
    if edge is None or not isinstance(array, ndarray) or array.dtype.kind not in "fc":
        return array
    if isinstance(edge, TensorCore):
        return edge
    tensor = bare(array)
    tensor.node, tensor.needs_grad = edge, True
    return tensor


def spoiled_message(node: Node, array: np.ndarray, write: Any) -> str:
    """What to say of an array that `node` saved and `write` has changed."""
    lines = f" {anomaly.origin(node)} The write was at {write.line}." if write.line else ""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{node} saved an array of shape {array.shape} ({array.dtype}), and {write.operation} wrote into its "
        f"memory afterwards. Write into a clone() instead, or use the out-of-place operation.{lines}"
    )
