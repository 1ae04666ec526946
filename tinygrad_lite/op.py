"""What a row of the op table is, and how calling one records it.

A row is a forward, written in NumPy on raw arrays, with one derivative rule for each input beside it:

    mul = op("mul", np.multiply, "promote", broadcasts=True,
             x=lambda g, y: g * y.conjugate(),
             y=lambda g, x: g * x.conjugate())

`g` is the gradient of the output. The other names in a rule's signature say what it needs: an input
(`x`), the output (`out`), the shape of an input (`x_shape`), or a parameter of the forward (`axis`).
Exactly those are saved. A rule must be an expression that works on NumPy arrays and on tensors alike,
for on tensors it is recorded in turn: that is where second derivatives come from.

A row with several differentiable outputs names them; then `g_u` is the gradient of output `u`, None if
none arrived, and a rule may ask for outputs by name:

    eigh = op("eigh", np.linalg.eigh, outputs=("w", "v"), x=lambda g_w, g_v, w, v: ...)

Where the rules have most of their work in common, such a row gives it as `shared`, a rule like the others:
what it returns, a rule may ask for by that name, and it is computed once; it may ask for `wanted`, the names of
the inputs that a gradient goes to. And what the forward knows that the rules will need again, beside the outputs,
it returns after them, under the names in `kept`.

How rows run and are recorded stands in `recorders.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tinygrad_lite.bundle import place
from tinygrad_lite.graph import Node, tick
from tinygrad_lite.recorders import compiled_later, several, variadic
from tinygrad_lite.tensors import bare

Rule = Callable[..., Any]


@dataclass(eq=False)
class Op:
    """One row of the table.

    Attributes:
        name: PyTorch's name for the operation.
        forward: from raw arrays to a raw array.
        kind: how dtypes meet. `None`: each as it is. `"promote"`: the inputs that have a rule are
            brought to their common dtype. `"float"`: and integers to the default floating type.
        rules: for each input its derivative rule, or None where there is no derivative.
        broadcasts: whether inputs broadcast, and gradients are summed back to their shapes.
        views: whether the output may look into the memory of the first input.
        overwritable: whether outputs may be written to although the rules ask for them, as where PyTorch keeps
            something else for its rules: they are copied first.
        variadic: whether the one input is a sequence of arrays.
        outputs: the names of the outputs where the forward returns a tuple; each may be differentiated.
        kept: the names of what the forward returns after the outputs, for the rules alone.
        shared: what the rules have in common, computed at most once for each node and pass.
        doc: one sentence, and an example as `input -> output`.
        numbers: what it is for: "any", "real" (what is ordered or has no complex extension), "complex"
            or "integer".
        refuses: the kinds of dtype it is not for, as NumPy abbreviates them; "real" refuses complex.
        domain: the open interval that tests draw inputs from.
        record: the function that runs and records it.
        cases: shapes and parameters that tests call the row with: `((2, 3), (3, 4), {"axis": 0})`. A
            parameter that is a function is called with the dtype of the inputs.
    """

    name: str
    forward: Callable[..., Any]
    kind: str | None
    rules: dict[str, Rule | None]
    broadcasts: bool = False
    views: bool = False
    overwritable: bool = False
    variadic: bool = False
    outputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    shared: Rule | None = None
    doc: str = ""
    numbers: str = "any"
    refuses: str = ""
    domain: tuple[float, float] = (-3.0, 3.0)
    cases: Sequence[tuple[Any, ...]] = ()
    record: Callable[..., Any] = field(init=False, repr=False)
    per_pass: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.per_pass = self.variadic or self.shared is not None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the array inputs, in order."""
        return tuple(self.rules)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The forward's other parameters with their defaults, `inspect.Parameter.empty` for none."""
        if isinstance(self.forward, np.ufunc):
            return {}
        parameters = list(inspect.signature(self.forward).parameters.values())
        return {p.name: p.default for p in parameters[len(self.rules) :]}

    @cached_property
    def optional(self) -> frozenset[str]:
        """The inputs that may be left out: those for which the forward has None as default."""
        if isinstance(self.forward, np.ufunc):
            return frozenset()
        parameters = inspect.signature(self.forward).parameters
        return frozenset(name for name in self.rules if name in parameters and parameters[name].default is None)

    @cached_property
    def params(self) -> tuple[str, ...]:
        """The names of the forward's other parameters."""
        return tuple(self.defaults)

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each input what its rule asks for, beside `g`."""
        skipped = 0 if self.outputs else 1
        return {
            name: tuple(inspect.signature(rule).parameters)[skipped:] if rule else ()
            for name, rule in self.rules.items()
        }

    @cached_property
    def saves(self) -> tuple[str, ...]:
        """The names of what is kept for the rules; outputs last."""
        wanted = {need for needs in self.needs.values() for need in needs}
        if self.shared:
            wanted.update(inspect.signature(self.shared).parameters)
        return tuple(name for name in (*self.inputs, *(self.outputs or ("out",)), *self.kept) if name in wanted)

    @cached_property
    def calls(self) -> tuple[tuple[int, Callable[..., Any]], ...]:
        """The rules as the engine calls them, `call(g, saved, node, k)`, each with its input's number."""
        return tuple(
            (k, self._compile_rule(rule, self.needs[name])) for k, (name, rule) in enumerate(self.rules.items()) if rule
        )

    @cached_property
    def shared_call(self) -> Callable[..., Any]:
        """What the rules have in common, as the engine calls a rule."""
        assert self.shared is not None
        return self._compile_rule(self.shared, tuple(inspect.signature(self.shared).parameters)[not self.outputs :])

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join((*self.inputs, *self.params))})>"

    @property
    def differentiable(self) -> bool:
        """Whether any input has a derivative rule."""
        return any(self.rules.values())

    def calls_of(self, edges: Sequence[Any]) -> Sequence[tuple[int, Callable[..., Any]]]:
        """The calls for one pass through a node, where they depend on the node or share what they compute."""
        if self.variadic:
            rule = self.calls[0][1]
            return [(k, rule) for k in range(len(edges))]
        found: list[Any] = []

        def sharing(call: Callable[..., Any]) -> Callable[..., Any]:
            def rule(g: Any, saved: tuple[Any, ...], node: Node, k: int) -> Any:
                if not found:
                    found.append(self.shared_call(g, saved, node, k))
                return call(g, saved, node, found[0])

            return rule

        return [(k, sharing(call)) for k, call in self.calls]

    def wanted(self, node: Node) -> set[str]:
        """The names of the inputs of `node` that a gradient goes to."""
        return {name for name, edge in zip(self.inputs, node.edges, strict=True) if edge is not None}

    def tied(self, node: Node, saved: tuple[Any, ...], tie: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
        """What `node` saved as the tensors they were: `tie(array, edge)` for each, with where it came from."""
        if self.variadic and self.saves:
            first = tuple(tie(a, e) for a, e in zip(saved[0], node.edges, strict=True))
            return (first, *(tie(a, node) for a in saved[1:]))
        return tuple(tie(array, self._source(node, name)) for name, array in zip(self.saves, saved, strict=True))

    def _source(self, node: Node, name: str) -> Any:
        """The edge that stands for the saved array `name`."""
        if name == "out":
            return node
        if name in self.kept:
            return None
        if name in self.outputs:
            k = self.outputs.index(name)
            return self.output(node, k, len(self.outputs))
        return node.edges[self.inputs.index(name)]

    def replay(self, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """What the operation gives for other inputs, raw arrays."""
        given = [params[name] for name in self.params]
        out = self.forward(list(inputs), *given) if self.variadic else self.forward(*inputs, *given)
        return out[: len(self.outputs)] if self.kept else out

    def cast(self, x: Any, dtype: np.dtype[Any]) -> Any:
        """An input in the dtype that the row computes in."""
        return cast(x, dtype)

    def output(self, node: Node, k: int, of: int) -> Node:
        """The node of output `k` out of `of` of the operation `node`."""
        n = Node()
        n.op, n.edges, n.saved, n.shapes = _OUTPUT, (node,), (), ((),)
        n.params, n.hooks, n.order = {"k": k, "of": of}, None, tick()
        return n

    def _compile_rule(self, rule: Rule, needs: tuple[str, ...]) -> Callable[..., Any]:
        """`call(g, saved, node, k)`, which hands the rule what its signature asks for."""
        arguments = [self._where(need) for need in needs]
        if not self.outputs:
            arguments.insert(0, "g")
        source = f"lambda g, s, n, k: rule({', '.join(arguments)})"
        call: Callable[..., Any] = eval(source, {"rule": rule})
        return call

    def _where(self, need: str) -> str:
        """The expression that finds `need` in a node `n` with saved arrays `s`."""
        if need in self.saves:
            return f"s[{self.saves.index(need)}]"
        if need.startswith("g_") and need[2:] in self.outputs:
            return f"g[{self.outputs.index(need[2:])}]"
        if need.endswith("_shape") and need[:-6] in self.inputs:
            return f"n.shapes[{self.inputs.index(need[:-6])}]"
        if need.endswith("_shapes") and self.variadic:
            return "n.shapes"
        if need == ("k" if self.variadic else "shared" if self.shared else None):  # which of the inputs; what is shared
            return "k"
        if need == "wanted" and self.shared:
            return "n.op.wanted(n)"
        if need in self.params:
            return f"n.params[{need!r}]"
        raise TypeError(f"a rule of op {self.name!r} asks for {need!r}, which the op does not have")


TABLE: dict[str, Op] = {}
"""Every row, by name, in the order of definition."""


def op(name: str, forward: Callable[..., Any], kind: str | None = None, **row: Any) -> Callable[..., Any]:
    """Add a row to the table; returns the function that runs and records it.

    The function's arguments are the inputs, then the forward's parameters. Called on raw arrays
    alone it returns a raw array, so a rule can call it; called with a tensor it returns a tensor.
    """
    options = (
        "broadcasts", "views", "overwritable", "variadic", "outputs", "kept", "shared", "doc", "numbers", "refuses",
        "domain", "cases",
    )  # fmt: skip
    settings = {key: row.pop(key) for key in options if key in row}
    if name in TABLE:
        raise ValueError(f"the op table has a row {name!r} already")
    entry = TABLE[name] = Op(name, forward, kind, row, **settings)
    entry.record = (variadic if entry.variadic else several if entry.outputs else compiled_later)(entry)
    return entry.record


_OUTPUT = Op("output", lambda x, k, of: x[k], None, {"x": place}, doc="One of several outputs.")
"""The one operation that is no row: which of several outputs a tensor is."""


def _cast_back(g: Any, source: np.dtype[Any], dtype: np.dtype[Any]) -> Any:
    """The gradient in the dtype it came from; of a complex one a real input takes the real part."""
    g = np.real(g) if dtype.kind == "c" and source.kind != "c" else g
    return _cast(g, source, dtype)


# The one row that recording itself needs: operands of different dtypes meet through it.
_cast = op(
    "to",
    lambda x, dtype, source: x.astype(dtype),
    doc="The same values in another dtype.",
    cases=[((2, 3), {"dtype": np.dtype("complex128"), "source": np.dtype})],
    x=_cast_back,
)


def cast(x: Any, dtype: np.dtype[Any]) -> Any:
    """Tensor `x` in another NumPy dtype, recorded; without history where that is one of integers."""
    if dtype.kind not in "fc":
        return bare(x.array.astype(dtype))
    return _cast(x, dtype, x.array.dtype)
