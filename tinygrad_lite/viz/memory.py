"""What operations keep for the backward pass, in bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore
from tinygrad_lite.op import Op
from tinygrad_lite.views import owner


def needed(recorded: Sequence[Node], called: Mapping[int, tuple[str, bool]]) -> set[int]:
    """The ids of nodes and leaves that get a gradient in training: all but what follows an input alone.

    Args:
        recorded: the nodes, in the order of time.
        called: by their ids the nodes that stand for inputs, and whether these require grad themselves.
    """
    found: set[int] = set()
    for node in recorded:
        if id(node) in called:
            if called[id(node)][1]:
                found.add(id(node))
            continue
        for edge in node.edges:
            if isinstance(edge, TensorCore):
                found.add(id(edge))
                found.add(id(node))
            elif edge is not None and id(edge) in found:
                found.add(id(node))
    return found


class Memory:
    """Bytes of saved arrays, each piece of memory counted once; of an expanded array, what there is."""

    def __init__(self) -> None:
        self._all: dict[int, int] = {}
        self._by_node: dict[int, dict[int, int]] = {}

    def measure(self, index: int, node: Node, real: Collection[int] | None) -> int:
        """What one node keeps, apart from what it keeps for an input that gets no gradient in training."""
        if not node.saved:
            return 0
        sizes: dict[int, int] = {}
        for item in _kept(node, real):
            for array in item if isinstance(item, list | tuple) else (item,):
                if isinstance(array, np.ndarray):
                    memory = owner(array)
                    sizes[id(memory)] = max(sizes.get(id(memory), 0), min(array.nbytes, memory.nbytes))
        if not sizes:
            return 0
        self._by_node[index] = sizes
        _merge(self._all, sizes)
        return sum(sizes.values())

    def total(self) -> int:
        """What all nodes keep together."""
        return sum(self._all.values())

    def of(self, indices: Iterable[int]) -> int:
        """What some of the nodes keep together."""
        sizes: dict[int, int] = {}
        for index in indices:
            _merge(sizes, self._by_node.get(index, {}))
        return sum(sizes.values())


def _merge(total: dict[int, int], sizes: dict[int, int]) -> None:
    for key, size in sizes.items():
        total[key] = max(total.get(key, 0), size)


def _kept(node: Node, real: Collection[int] | None) -> Iterable[Any]:
    """The saved arrays that a rule will ask for whose gradient is wanted."""
    saved = node.saved or ()
    if real is None or all(edge is None or id(edge) in real for edge in node.edges):
        return saved
    if id(node) not in real:
        return ()
    if node.op.variadic or node.op.shared is not None or len(saved) != len(node.op.saves):
        return saved
    slots = [slot for slot, edge in enumerate(node.edges) if id(edge) in real]
    return [array for name, array in zip(node.op.saves, saved, strict=True) if _asks(node.op, slots, name)]


def _asks(entry: Op, slots: Iterable[int], name: str) -> bool:
    return any(name in entry.needs[entry.inputs[slot]] for slot in slots)
