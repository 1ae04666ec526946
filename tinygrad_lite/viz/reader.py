"""Turns recorded nodes, and what was seen of them, into a `Graph`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore
from tinygrad_lite.nn.parameter import Parameter
from tinygrad_lite.op import Op
from tinygrad_lite.viz.backward import Listening, Ran
from tinygrad_lite.viz.broken import Broken, tensors_of
from tinygrad_lite.viz.costs import multiply_adds
from tinygrad_lite.viz.equations import row_text
from tinygrad_lite.viz.marking import modules_of, nan_origin, repeats_marked
from tinygrad_lite.viz.memory import Memory, needed
from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode, Kind, Scope, Send, Step
from tinygrad_lite.viz.running import INPUT
from tinygrad_lite.viz.summaries import Summary, summarise
from tinygrad_lite.viz.watching import SEEN, Given, Seen
from tinygrad_lite.viz.words import params_text

_TRIVIAL = frozenset(("to", "clone", "output"))


class Reader:
    """Turns recorded nodes into a `Graph`, in loops: a chain of 100,000 operations is as good as any."""

    def __init__(
        self,
        outputs: Sequence[tuple[str, TensorCore]],
        recorded: Iterable[Node],
        names: Mapping[str, TensorCore],
        constants: bool,
        values: bool,
        verdicts: Mapping[Node, str],
        listener: Listening | None,
        broke: Broken | None,
    ) -> None:
        self.outputs = outputs
        self.recorded: list[Node] = sorted(recorded, key=attrgetter("order"))
        self.names = {id(tensor): name for name, tensor in reversed(list(names.items()))}
        self.named = names
        self.constants, self.values = constants, values
        self.verdicts, self.listener, self.broke = verdicts, listener, broke
        self.ran: dict[int, Ran] = {id(r.node): r for r in listener.ran} if listener else {}
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.dtypes: dict[int, str] = {}
        self.known: dict[int, np.ndarray] = {}
        self.summaries: dict[int, tuple[np.ndarray, Summary]] = {}
        self.index: dict[Any, int] = {}  # by the id of a node or leaf, and more where there is none
        self.counts: dict[str, int] = {}
        self.memory = Memory()
        self.parts: dict[int, Node] = {}
        self.seen: dict[int, Seen] = {}
        self.called: dict[int, tuple[str, bool]] = {}
        for node in self.recorded:
            notes = getattr(node, "notes", None)
            if notes:
                if SEEN in notes:
                    self.seen[id(node)] = notes[SEEN]
                if INPUT in notes:
                    self.called[id(node)] = notes[INPUT]
        self.real = needed(self.recorded, self.called) if self.called else None
        self.infers = not self.seen and any("." in name for name in names)
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []
        self.modules: dict[str, GraphModule] = {}
        self.inferred: dict[int, str | None] = {}
        self.rows: dict[str, Op] = {}

    def read(self, title: str) -> Graph:
        """The graph."""
        self._learn_results()
        for node in self.recorded:
            self._add_sources(node)
        for _, root in self.outputs:
            if root.node is None:
                self._add_leaf(root, None)
        for node in self.recorded:
            if node.op.name == "output" and isinstance(node.edges[0], Node):
                self.index[id(node)] = self.index[id(node.edges[0])]
            elif id(node) not in self.called:
                self._add_op(node)
        if self.broke is not None:
            self.modules = self.broke.modules
            self._add_broken(self.broke)
        for name, root in self.outputs:
            self._add_output(name, root)
        unreached = tuple(name for name, tensor in self.named.items() if id(tensor.node or tensor) not in self.index)
        steps = self._steps()
        origin = nan_origin(self.nodes, self.edges, steps)
        if origin is not None:
            self.nodes[origin] = dataclasses.replace(self.nodes[origin], nan_origin=True)
        nodes, edges = tuple(self.nodes), tuple(self.edges)
        sizes = {name: tensor.array.size for name, tensor in self.named.items()}
        modules = modules_of(nodes, self.modules, sizes, self.memory)
        rows = {name: row_text(entry) for name, entry in self.rows.items()}
        error = None if self.broke is None else self.broke.error
        total = self.memory.total()
        return repeats_marked(Graph(nodes, edges, total, unreached, modules, steps, title, error, rows))

    def _learn_results(self) -> None:
        """A node does not know its own result; who uses it does, and so do the arrays that were saved."""
        places: dict[Op, list[tuple[int, int]]] = {}
        for node in self.recorded:
            for edge, shape in zip(node.edges, node.shapes, strict=True):
                if isinstance(edge, Node):
                    self.shapes[id(edge)] = shape
            if node.op.name == "output":
                self.parts.setdefault(id(node.edges[0]), node)
            if node.op.name == "to":
                self.dtypes[id(node)] = node.params["dtype"].name
            if type(node.saved) is tuple and node.saved and not node.op.variadic:
                if node.op not in places:
                    places[node.op] = _saved_places(node.op)
                for at, slot in places[node.op]:
                    edge = node if slot < 0 else node.edges[slot]
                    array = node.saved[at]
                    if isinstance(edge, Node) and isinstance(array, np.ndarray):
                        self.dtypes[id(edge)] = array.dtype.name
                        self.known[id(edge)] = array
            seen = self.seen.get(id(node))
            if seen is not None:
                if seen.value is not None:
                    self.shapes[id(node)] = seen.value.shape
                if seen.dtype:
                    self.dtypes[id(node)] = seen.dtype
                self.modules = self.modules or seen.modules
        for _, root in self.outputs:
            if root.node is not None:
                self.shapes[id(root.node)] = root.array.shape
                self.dtypes[id(root.node)] = root.array.dtype.name
                self.known[id(root.node)] = root.array
        learned: tuple[dict[int, Any], ...] = (self.shapes, self.dtypes, self.known)
        for results in learned:  # an operation with several outputs shows the first
            results.update((whole, results[id(part)]) for whole, part in self.parts.items() if id(part) in results)

    def _summary(self, array: np.ndarray | None) -> Summary | None:
        """An array in numbers; each array once."""
        if array is None or not self.values or array.dtype.kind not in "biufc":
            return None
        found = self.summaries.get(id(array))
        if found is None:
            found = self.summaries[id(array)] = (array, summarise(array))
        return found[1]

    def _add(self, key: Any, kind: Kind, name: str, shape: tuple[int, ...], **more: Any) -> None:
        self.index[key] = len(self.nodes)
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        self.nodes.append(GraphNode(len(self.nodes), kind, name or f"{kind} {number}", number, shape, **more))

    # --- what goes in ------------------------------------------------------------------------------

    def _add_sources(self, node: Node) -> None:
        called = self.called.get(id(node))
        if called is not None:
            self._add_input(node, called[0])
            return
        seen = self.seen.get(id(node))
        for slot, edge in enumerate(node.edges):
            given = seen.given.get(slot) if seen is not None else None
            if isinstance(edge, TensorCore):
                self._add_leaf(edge, given)
            elif edge is None:
                self._add_constant(node, slot, given, seen is not None)
        for given in seen.beside.values() if seen is not None else ():
            self._add_given(given)

    def _add_input(self, node: Node, name: str) -> None:
        (leaf,) = node.edges
        assert isinstance(leaf, TensorCore)
        grad = self.listener.leaf_grads.get(id(leaf)) if self.listener else None
        self._add(
            id(node), "input", name, leaf.array.shape, dtype=leaf.array.dtype.name, value=self._summary(leaf.array),
            grad=grad,
        )  # fmt: skip

    def _add_leaf(self, leaf: TensorCore, given: Given | None) -> None:
        if id(leaf) in self.index:
            return
        name = self.names.get(id(leaf))
        known = given is not None and given.name != ""
        kind: Kind = "leaf" if name is None and not isinstance(leaf, Parameter) else "parameter"
        module = name.rpartition(".")[0] if name else ""
        if name is None and given is not None and known:
            kind, name, module = given.kind, given.name, given.module
        grad = None
        if self.listener is not None:
            grad = self.listener.leaf_grads.get(id(leaf))
        elif leaf._grad is not None:
            grad = self._summary(leaf._grad.array)
        self._add(
            id(leaf), kind, name or "", leaf.array.shape, dtype=leaf.array.dtype.name, module=module,
            value=self._summary(leaf.array), grad=grad,
        )  # fmt: skip

    def _add_constant(self, node: Node, slot: int, given: Given | None, watched: bool) -> None:
        """An input without a gradient: known by name, or in what was saved, or by nothing but its shape."""
        if given is not None and given.name:
            self.index[(id(node), slot)] = self._add_given(given)
            return
        left_out = (
            given is None if watched else not node.shapes[slot] and _input_name(node.op, slot) in node.op.optional
        )
        if not self.constants or left_out:
            return
        saved = _saved_input(node, slot)
        summary = given.value if given else self._summary(saved) if isinstance(saved, np.ndarray) else None
        dtype = summary.dtype if summary else None
        single = saved if saved is not None and not np.ndim(saved) else summary.values if summary else None
        name = f"{np.asarray(single).item():.6g}" if single is not None and not np.ndim(single) else ""
        value = summary if self.values else None
        self._add((id(node), slot), "constant", name, node.shapes[slot], dtype=dtype, value=value)

    def _add_given(self, given: Given) -> int:
        """The node of an input that has a name and gets no gradient."""
        key = (given.kind, given.name)
        if key not in self.index:
            value = given.value
            shape, dtype = (value.shape, value.dtype) if value is not None else ((), None)
            self._add(
                key,
                given.kind,
                given.name,
                shape,
                dtype=dtype,
                module=given.module,
                value=value if self.values else None,
            )
        return self.index[key]

    # --- operations --------------------------------------------------------------------------------

    def _add_op(self, node: Node) -> None:
        seen = self.seen.get(id(node))
        shape = self.shapes.get(id(node), ())
        ran = self.ran.get(id(node))
        entry = node.op
        self.rows.setdefault(entry.name, entry)
        target = len(self.nodes)
        path, scope = (
            (seen.module, seen.scope) if seen is not None else self._inferred(node) if self.infers else ("", ())
        )
        self._add(
            id(node),
            "op",
            entry.name,
            shape,
            dtype=self.dtypes.get(id(node)),
            params=self._params(node, shape, seen) if node.params else {},
            saved_bytes=None if node.saved is None else self.memory.measure(target, node, self.real),
            order=node.order,
            verdict=self.verdicts.get(node),
            module=path,
            scope=scope,
            line=seen.line if seen is not None else node.noted("line"),
            macs=multiply_adds(entry.name, node.shapes, shape),
            trivial=entry.views or entry.name in _TRIVIAL,
            forward_s=seen.seconds if seen is not None else None,
            backward_s=None if ran is None else math.fsum(s.seconds for s in ran.sends if self._trained(s.to)),
            value=self._value(node, seen),
            grad=None if ran is None else ran.incoming,
        )
        for slot, edge in enumerate(node.edges):
            source = self.index.get((id(node), slot) if edge is None else id(edge))
            if source is not None:
                self._connect(source, target, slot, _input_name(entry, slot), node.shapes[slot])
        for slot, (name, given) in enumerate(seen.beside.items() if seen is not None else (), len(node.edges)):
            shape = given.value.shape if given.value is not None else ()
            self._connect(self.index[given.kind, given.name], target, slot, name, shape)

    def _params(self, node: Node, shape: tuple[int, ...], seen: Seen | None) -> dict[str, str]:
        """What an operation was given beside its inputs, but for what has a box of its own."""
        boxed = seen.beside if seen is not None else {}
        params = {name: value for name, value in node.params.items() if name not in boxed}
        return params_text(node.op, params, shape)

    def _trained(self, edge: Node | TensorCore) -> bool:
        """Whether a gradient goes there in training too, not only because an input is followed."""
        return self.real is None or id(edge) in self.real

    def _value(self, node: Node, seen: Seen | None) -> Summary | None:
        if not self.values:
            return None
        if seen is not None and seen.value is None and id(node) in self.parts:
            seen = self.seen.get(id(self.parts[id(node)]))
        return seen.value if seen is not None and seen.value is not None else self._summary(self.known.get(id(node)))

    def _connect(self, source: int, target: int, slot: int, name: str, shape: tuple[int, ...]) -> None:
        self.edges.append(GraphEdge(source, target, slot, name, shape, self.nodes[source].dtype))

    def _inferred(self, node: Node) -> tuple[str, Scope]:
        """The module of an operation that nobody watched: that of its parameters, where they have only one."""
        found: set[str] = set()
        only = bool(node.edges)
        for edge in node.edges:
            if isinstance(edge, TensorCore) and id(edge) in self.names:
                found.add(self.names[id(edge)].rpartition(".")[0])
            elif isinstance(edge, Node) and self.inferred.get(id(edge)) is not None:
                found.add(self.inferred[id(edge)] or "")
            else:
                only = False
        path = found.pop() if len(found) == 1 else ""
        self.inferred[id(node)] = path if only and path else None
        parts = path.split(".") if path else []
        return path, tuple((".".join(parts[: k + 1]), 0) for k in range(len(parts)))

    def _add_broken(self, broke: Broken) -> None:
        inputs = []
        for slot, name, x in tensors_of(broke):
            array = x.array if isinstance(x, TensorCore) else x
            source = self.index.get(id(x.node or x)) if isinstance(x, TensorCore) else None
            if source is None:
                source = len(self.nodes)
                if isinstance(x, TensorCore) and x.needs_grad:
                    self._add_leaf(x, broke.known.get(slot))
                else:
                    known = broke.known.get(slot) or Given("constant", "", "", self._summary(array))
                    self._add(
                        (known.kind, known.name) if known.name else ("broken", slot), known.kind, known.name,
                        array.shape, dtype=array.dtype.name, module=known.module, value=known.value,
                    )  # fmt: skip
            inputs.append((source, slot, name, array.shape))
        path = broke.scope[-1][0] if broke.scope else ""
        error = f"{type(broke.error).__name__}: {broke.error}"
        target = len(self.nodes)
        self._add(
            "broken", "op", broke.name, (), module=path, scope=broke.scope, line=broke.line or None, error=error,
            order=max((n.order for n in self.nodes), default=0) + 1,
        )  # fmt: skip
        for source, slot, name, shape in inputs:
            self._connect(source, target, slot, name, shape)

    def _add_output(self, name: str, root: TensorCore) -> None:
        source = self.index[id(root.node or root)]
        array = root.array
        self._add((id(root), -1), "output", name, array.shape, dtype=array.dtype.name, value=self._summary(array))
        self._connect(source, len(self.nodes) - 1, 0, "", array.shape)

    def _steps(self) -> tuple[Step, ...] | None:
        if self.listener is None:
            return None
        steps = []
        for ran in self.listener.ran:
            at = self.index.get(id(ran.node))
            if at is None or self.nodes[at].kind != "op" or ran.node.op.name == "output":
                continue
            sends = tuple(Send(s.slot, self.index.get(id(s.to)), s.gradient, s.equation) for s in ran.sends)
            steps.append(Step(at, ran.incoming, sends, ran.equation))
        return tuple(steps)


def _saved_places(entry: Op) -> list[tuple[int, int]]:
    """Where a row saves its inputs and its output: the place, and which input it is; -1 for the output."""
    slots = {name: slot for slot, name in enumerate(entry.inputs)} | {"out": -1}
    return [(at, slots[name]) for at, name in enumerate(entry.saves) if name in slots]


def _saved_input(node: Node, slot: int) -> Any:
    if type(node.saved) is not tuple or not node.saved or not node.op.saves:
        return None
    if node.op.variadic:
        return node.saved[0][slot] if node.op.saves[0] == node.op.inputs[0] else None
    name = node.op.inputs[slot]
    return node.saved[node.op.saves.index(name)] if name in node.op.saves else None


def _input_name(entry: Op, slot: int) -> str:
    if entry.variadic:
        return f"{entry.inputs[0]}[{slot}]"
    return entry.inputs[slot] if slot < len(entry.inputs) else f"input {slot}"
