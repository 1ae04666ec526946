"""The backward pass, looked at while the engine runs it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tinygrad_lite.bundle import Bundle
from tinygrad_lite.engine import Backward, unbroadcast
from tinygrad_lite.graph import Node, TensorCore
from tinygrad_lite.tensor import keep_gradient
from tinygrad_lite.tensors import make
from tinygrad_lite.viz.equations import equation, figure
from tinygrad_lite.viz.summaries import Summary, summarise


@dataclass
class Sent:
    """What one rule sent."""

    slot: int
    to: Node | TensorCore
    gradient: Summary
    seconds: float
    equation: str | None


@dataclass
class Ran:
    """One node as the engine ran it."""

    node: Node
    incoming: Summary
    equation: str | None
    sends: list[Sent] = field(default_factory=list)


class Listening(Backward):
    """A backward pass that writes down what each rule is given, what it makes of it and how long it takes.

    The graph is kept, and no `.grad` is touched.

    Attributes:
        ran: the nodes, in the order in which they ran.
        leaf_grads: the gradient of each leaf by its `id`.
    """

    listens = True

    def __init__(self, leaves: Sequence[TensorCore]) -> None:
        super().__init__(make, create_graph=False, retain_graph=True, wanted=leaves)
        self.ran: list[Ran] = []
        self.leaf_grads: dict[int, Summary] = {}
        self._parts: dict[int, list[float]] = {}

    def listen(self, roots: Sequence[TensorCore]) -> None:
        """Run the pass from the sum of all outputs.

        Raises:
            RuntimeError: if the graph has been freed.
        """
        found = self.run(roots, [np.ones_like(root.array) for root in roots])
        leaves = self.leaves
        self.leaf_grads = {key: summarise(found[key]) for key in leaves if key in found}

    def _run_first(self, node: Node, rules: Any, g: Any, saved: Any, on_path: set[int] | None) -> Any:
        seconds: dict[int, float] = {}
        answers = super()._run_first(node, [(k, _timed(rule, k, seconds)) for k, rule in rules], g, saved, on_path)
        parts = self._parts.get(id(node), [])
        together = f"{' + '.join(map(figure, parts))} = {figure(sum(parts))}" if len(parts) > 1 else None
        step = Ran(node, _summary(g), together)
        for k, answer in answers:
            edge, d = node.edges[k], answer(None, None, None, None)
            if d is None or edge is None:
                continue
            if node.op.broadcasts and d.shape != node.shapes[k]:
                d = unbroadcast(d, node.shapes[k])
            words = None
            if type(d) is not Bundle and type(g) is not Bundle and np.size(g) == np.size(d) == 1:
                words = equation(node, k, g, saved, d)
                self._parts.setdefault(id(edge), []).append(np.real(d).item())
            step.sends.append(Sent(k, edge, _summary(d), seconds.get(k, 0.0), words))
        self.ran.append(step)
        return answers

    def _call_hooks(self, hooks: dict[int, Any], g: Any) -> Any:
        """Run the hooks, but for those that would fill a `.grad`."""
        others = {k: h for k, h in hooks.items() if not (isinstance(h, partial) and h.func is keep_gradient)}
        return super()._call_hooks(others, g)


def _timed(rule: Any, k: int, seconds: dict[int, float]) -> Any:
    def run(*given: Any) -> Any:
        start = time.perf_counter()
        answer = rule(*given)
        seconds[k] = time.perf_counter() - start
        return answer

    return run


def _summary(g: Any) -> Summary:
    """A gradient in numbers; those of several outputs one after the other."""
    if type(g) is Bundle:
        parts = [part for part in g if part is not None]
        g = parts[0] if len(parts) == 1 else np.concatenate([np.ravel(part) for part in parts])
    return summarise(np.asarray(g))
