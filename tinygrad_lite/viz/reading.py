"""From the nodes that autograd recorded to a `Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore, ancestors
from tinygrad_lite.nn.parameter import Parameter
from tinygrad_lite.op import Op
from tinygrad_lite.views import owner
from tinygrad_lite.viz.model import Graph, GraphEdge, GraphNode, Kind
from tinygrad_lite.viz.words import params_text

__all__ = ["graph"]


def graph(
    outputs: Any,
    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    *,
    constants: bool = False,
    verdicts: Mapping[Node, str] | None = None,
) -> Graph:
    """Read the graph of the computation that led to one or more tensors.

    Args:
        outputs: a tensor that was computed with gradients, or several in a list.
        params: names for the leaves: `model.named_parameters()`, or a dict from name to tensor.
        constants: whether to show inputs that no gradient goes to, such as the data and plain numbers.
        verdicts: what a gradient check said of each node, as `gradcheck.check_model(...).verdicts()` gives it;
            operations that did not pass are drawn in red.

    Raises:
        TypeError: `outputs` or a value of `params` is not a tensor.
        ValueError: there are no outputs.
        RuntimeError: an output has no history.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> w = tg.tensor([[0.5, -0.5]], requires_grad=True)
        >>> b = tg.zeros(1, requires_grad=True)
        >>> x = tg.ones(3, 2)
        >>> print(viz.graph((x @ w.T + b).tanh(), params={"w": w, "b": b}))
        4 operations, 2 parameters (3 numbers), float32, 36 B saved for backward
        <BLANKLINE>
            operation   shape  saved  inputs
        #1  permute    (2, 1)      -  w (1, 2); axes=(1, 0)
        #2  matmul     (3, 1)   24 B  #1
        #3  add        (3, 1)      -  #2, b (1,)
        #4  tanh       (3, 1)   12 B  #3
            output     (3, 1)         #4
    """
    roots = _roots(outputs)
    return _Reader(roots, _names(params), constants, verdicts or {}).read()


def _roots(outputs: Any) -> list[TensorCore]:
    if not isinstance(outputs, TensorCore | list | tuple):
        hint = ""
        if callable(outputs):
            hint = ". A model is drawn from what it computes: graph(model(x), params=model.named_parameters())"
        raise TypeError(f"graph(): expected a Tensor or a list of Tensors, got {type(outputs).__name__}{hint}")
    roots: list[TensorCore] = [outputs] if isinstance(outputs, TensorCore) else list(outputs)
    if not roots:
        raise ValueError("graph(): the list of outputs is empty; give at least one Tensor")
    for k, root in enumerate(roots):
        which = "the tensor" if isinstance(outputs, TensorCore) else f"tensor {k} of the list"
        if not isinstance(root, TensorCore):
            raise TypeError(f"graph(): {which} is a {type(root).__name__}, not a Tensor")
        if root.node is None and not root.needs_grad:
            raise RuntimeError(
                f"graph(): {which} has no history: nothing it was computed from requires grad, or it was "
                "computed inside no_grad() or detached. Compute it, outside no_grad(), from a tensor made with "
                "requires_grad=True, such as a model's parameters, and draw that result."
            )
    return list({id(root): root for root in roots}.values())


def _names(params: Any) -> dict[str, TensorCore]:
    try:
        named = dict(params or {})
    except (TypeError, ValueError):
        raise TypeError(
            f"graph(): params is a {type(params).__name__}; give names and tensors, such as "
            "dict(model.named_parameters())"
        ) from None
    for name, tensor in named.items():
        if not isinstance(tensor, TensorCore):
            raise TypeError(f"graph(): params[{name!r}] is a {type(tensor).__name__}, not a Tensor")
    return {str(name): tensor for name, tensor in named.items()}


class _Reader:
    """Turns recorded nodes into a `Graph`, in loops: a chain of 100,000 operations is as good as any."""

    def __init__(
        self, roots: Sequence[TensorCore], names: dict[str, TensorCore], constants: bool, verdicts: Mapping[Node, str]
    ) -> None:
        self.roots = roots
        self.verdicts = verdicts
        self.names = {id(tensor): name for name, tensor in reversed(names.items())}
        self.named = names
        self.constants = constants
        self.recorded: list[Node] = sorted(ancestors(*roots), key=attrgetter("order"))
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.dtypes: dict[int, str] = {}
        self.index: dict[int | tuple[int, int], int] = {}
        self.counts: dict[str, int] = {}
        self.memory: dict[int, int] = {}
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []

    def read(self) -> Graph:
        self._learn_results()
        for node in self.recorded:
            for slot, edge in enumerate(node.edges):
                if isinstance(edge, TensorCore):
                    self._add_leaf(edge)
                elif edge is None and self.constants:
                    self._add_constant(node, slot)
        for root in self.roots:
            if root.node is None:
                self._add_leaf(root)
        for node in self.recorded:
            self._add_op(node)
        for root in self.roots:
            self._add_output(root)
        unreached = tuple(name for name, tensor in self.named.items() if id(tensor.node or tensor) not in self.index)
        return Graph(tuple(self.nodes), tuple(self.edges), sum(self.memory.values()), unreached)

    def _learn_results(self) -> None:
        """A node does not know its own result; who uses it does, and so do the arrays that were saved."""
        places: dict[Op, list[tuple[int, int]]] = {}
        for node in self.recorded:
            for edge, shape in zip(node.edges, node.shapes, strict=True):
                if isinstance(edge, Node):
                    self.shapes[id(edge)] = shape
            if node.op.name == "to":
                self.dtypes[id(node)] = node.params["dtype"].name
            if node.saved and not node.op.variadic:
                if node.op not in places:
                    places[node.op] = _saved_places(node.op)
                for at, slot in places[node.op]:
                    edge = node if slot < 0 else node.edges[slot]
                    array = node.saved[at]
                    if isinstance(edge, Node) and isinstance(array, np.ndarray):
                        self.dtypes[id(edge)] = array.dtype.name
        for root in self.roots:
            self.shapes[id(root.node)] = root.array.shape
            self.dtypes[id(root.node)] = root.array.dtype.name

    def _add(self, key: int | tuple[int, int], kind: Kind, name: str, shape: tuple[int, ...], **more: Any) -> None:
        self.index[key] = len(self.nodes)
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        self.nodes.append(GraphNode(len(self.nodes), kind, name or f"{kind} {number}", number, shape, **more))

    def _add_leaf(self, leaf: TensorCore) -> None:
        if id(leaf) in self.index:
            return
        name = self.names.get(id(leaf))
        kind: Kind = "leaf" if name is None and not isinstance(leaf, Parameter) else "parameter"
        self._add(id(leaf), kind, name or "", leaf.array.shape, dtype=leaf.array.dtype.name)

    def _add_constant(self, node: Node, slot: int) -> None:
        """An input that nothing refers to any more; if it was saved, its dtype is known, or its value."""
        value = _saved_input(node, slot)
        dtype = value.dtype.name if isinstance(value, np.ndarray) else None
        name = "" if value is None or np.ndim(value) else f"{np.asarray(value).item():.6g}"
        self._add((id(node), slot), "constant", name, node.shapes[slot], dtype=dtype)

    def _add_op(self, node: Node) -> None:
        shape = self.shapes[id(node)]
        target = len(self.nodes)
        self._add(
            id(node),
            "op",
            node.op.name,
            shape,
            dtype=self.dtypes.get(id(node)),
            params=params_text(node.op, node.params, shape) if node.params else {},
            saved_bytes=None if node.saved is None else self._measure(node.saved),
            order=node.order,
            verdict=self.verdicts.get(node),
        )
        for slot, edge in enumerate(node.edges):
            source = self.index.get((id(node), slot) if edge is None else id(edge))
            if source is not None:
                name = _input_name(node.op, slot)
                self.edges.append(GraphEdge(source, target, slot, name, node.shapes[slot]))

    def _add_output(self, root: TensorCore) -> None:
        name = "output" if len(self.roots) == 1 else ""
        self._add((id(root), -1), "output", name, root.array.shape, dtype=root.array.dtype.name)
        source = self.index[id(root.node or root)]
        self.edges.append(GraphEdge(source, len(self.nodes) - 1, 0, "", root.array.shape))

    def _measure(self, saved: Iterable[Any]) -> int:
        """Bytes of the saved arrays, each piece of memory once; of an expanded array, what there is."""
        sizes: dict[int, int] = {}
        for item in saved:
            for array in item if isinstance(item, list | tuple) else (item,):
                if isinstance(array, np.ndarray):
                    memory = owner(array)
                    sizes[id(memory)] = max(sizes.get(id(memory), 0), min(array.nbytes, memory.nbytes))
        for key, size in sizes.items():
            self.memory[key] = max(self.memory.get(key, 0), size)
        return sum(sizes.values())


def _saved_places(entry: Op) -> list[tuple[int, int]]:
    """Where a row saves its inputs and its output: the place, and which input it is; -1 for the output."""
    slots = {name: slot for slot, name in enumerate(entry.inputs)} | {"out": -1}
    return [(at, slots[name]) for at, name in enumerate(entry.saves) if name in slots]


def _saved_input(node: Node, slot: int) -> Any:
    if not node.saved or not node.op.saves:
        return None
    if node.op.variadic:
        return node.saved[0][slot] if node.op.saves[0] == node.op.inputs[0] else None
    name = node.op.inputs[slot]
    return node.saved[node.op.saves.index(name)] if name in node.op.saves else None


def _input_name(entry: Op, slot: int) -> str:
    return f"{entry.inputs[0]}[{slot}]" if entry.variadic else entry.inputs[slot]
