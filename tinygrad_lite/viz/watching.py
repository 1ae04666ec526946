"""Watching a program run: what a recorded node does not know by itself is written down beside it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lite.anomaly import caller
from tinygrad_lite.graph import Node, TensorCore, watched
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.running import calls, running
from tinygrad_lite.op import TABLE
from tinygrad_lite.views import owner
from tinygrad_lite.viz.parts import GraphModule, Kind, Scope
from tinygrad_lite.viz.summaries import Summary, summarise

SEEN = "seen"
"""Under which name a node notes what was seen of it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an input is that no operation made."""

    kind: Kind
    name: str
    module: str
    value: Summary | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one operation while it ran.

    Attributes:
        value: its result; None where it has several.
        dtype: of that.
        seconds: how long it took.
        line: where in the program it was called.
        scope: the calls of modules that it ran in: see `GraphNode.scope`.
        given: its inputs, by their number, that no operation made.
        beside: the tensors with a name that it was given beside its inputs, such as the index of an embedding.
        modules: all modules, by path; shared by all operations of one watch.
    """

    value: Summary | None
    dtype: str | None
    seconds: float
    line: str
    scope: Scope
    given: dict[int, Given | None]
    beside: dict[str, Given]
    modules: dict[str, GraphModule]

    @property
    def module(self) -> str:
        """The path of the innermost module."""
        return self.scope[-1][0] if self.scope else ""


class watch:  # noqa: N801 - a context manager, named as the modes are
    """Remember of every operation in the `with` block what its picture shows: values, modules, lines, times.

    `viz.graph(loss)` then has them, as `viz.graph(model, x)` has. Everything takes longer meanwhile: each
    operation runs a second time, against the clock, and its result is described.

    Args:
        model: its modules and parameters are called by the names that they have in it.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh())
        >>> with viz.watch(model):
        ...     loss = model(tg.ones(1, 2)).sum()
        >>> [(op.name, op.module) for op in viz.graph(loss).ops]
        [('linear', '0'), ('tanh', '1'), ('sum', '')]
    """

    def __init__(self, model: Module | None = None) -> None:
        self.modules: dict[str, GraphModule] = {}
        self.nodes: list[Node] = []
        self.keeps_nodes = False
        self.scope: Scope = ()
        self._paths: dict[int, str] = {}
        self._names: dict[int, tuple[Kind, str, str]] = {}
        self._held: list[Any] = []  # an `id` means something only as long as its object lives
        self._calls: tuple[int, ...] = ()
        self._clock = 0.0
        self._watched = watched(self._see)
        if model is not None:
            self._add(model, "")

    def __enter__(self) -> watch:
        self._watched.__enter__()
        self._clock = time.perf_counter()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watched.__exit__()
        self._paths, self._names, self._held = {}, {}, []

    def name(self, tensor: TensorCore, kind: Kind, name: str, module: str = "") -> None:
        """Call a tensor, and whatever looks into its memory, by a name."""
        memory = owner(tensor.array)
        self._held += [tensor, memory]
        for key in (id(tensor), id(memory)):
            self._names.setdefault(key, (kind, name, module))

    def _add(self, root: Module, prefix: str) -> None:
        """Learn the names of a module, its parts and their tensors."""
        self._held.append(root)
        for inner, module in root.named_modules():
            path = ".".join(filter(None, (prefix, inner)))
            self._paths.setdefault(id(module), path)
            if path:
                self.modules[path] = described(module, path)
            start = f"{path}." if path else ""
            for name, parameter in module.named_parameters(recurse=False):
                self.name(parameter, "parameter", start + name, path)
            for name, buffer in module.named_buffers(recurse=False):
                self.name(buffer, "buffer", start + name, path)

    def _meet(self, module: Module, around: str) -> str:
        """The path of a module that is no part of the model: the name of its class."""
        start = path = ".".join(filter(None, (around, type(module).__name__)))
        number = 1
        while path in self.modules:
            number += 1
            path = f"{start} {number}"
        self._add(module, path)
        return path

    def scope_of(self, modules: tuple[Module, ...], numbers: tuple[int, ...]) -> Scope:
        """Those calls of modules by path, with the containers between them that are never called."""
        found: list[tuple[str, int]] = []
        around = ""
        for module, number in zip(modules, numbers, strict=True):
            path = self._paths.get(id(module))
            if path is None:
                path = self._meet(module, around)
            if not path:
                continue
            if not around or path.startswith(around + "."):
                outer = found[-1][1] if found else 0
                between = path[len(around) + 1 if around else 0 :].split(".")[:-1]
                inner = around
                for part in between:
                    inner = f"{inner}.{part}" if inner else part
                    found.append((inner, outer))
            found.append((path, number))
            around = path
        return tuple(found)

    def _see(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        seconds = self._seconds(node, inputs)
        numbers = calls()
        if numbers is not self._calls:
            self._calls, self.scope = numbers, self.scope_of(running(), numbers)
        given: dict[int, Given | None] = {}
        for slot, (edge, value) in enumerate(zip(node.edges, inputs, strict=False)):
            if not isinstance(edge, Node):
                given[slot] = self.given(edge, value)
        value = summarise(made) if isinstance(made, np.ndarray) else None
        dtype = made.dtype.name if isinstance(made, np.ndarray) else None
        node.note(SEEN, Seen(value, dtype, seconds, caller(), self.scope, given, self._beside(node), self.modules))
        if self.keeps_nodes:
            self.nodes.append(node)
        self._clock = time.perf_counter()

    def _beside(self, node: Node) -> dict[str, Given]:
        found = {}
        for name, value in node.params.items():
            if isinstance(value, np.ndarray) and (known := self._names.get(id(owner(value)))) is not None:
                found[name] = Given(*known, summarise(value))
        return found

    def _seconds(self, node: Node, inputs: tuple[Any, ...]) -> float:
        """How long the operation takes, run again: the first time Python compiled it. Or how long it took."""
        took = time.perf_counter() - self._clock
        if TABLE.get(node.op.name) is not node.op:
            return took
        try:
            with np.errstate(all="ignore"):
                start = time.perf_counter()
                node.op.replay(inputs, node.params)
                return time.perf_counter() - start
        except Exception:  # one that needs more than its inputs
            return took

    def given(self, leaf: TensorCore | None, value: Any) -> Given | None:
        """What an input is that no operation made; None for what is left out, as an optional bias."""
        array = leaf.array if leaf is not None else getattr(value, "array", value)
        if array is None:
            return None
        known = self._names.get(id(leaf)) if leaf is not None else None
        if known is None and isinstance(array, np.ndarray):
            known = self._names.get(id(owner(array)))
        if known is None:
            value = np.asarray(array)
            kind: Kind = "leaf" if leaf is not None else "constant"
            return Given(kind, "", "", summarise(value) if value.dtype.kind in "biufc" else None)
        return Given(*known, summarise(np.asarray(array)))


def described(module: Module, path: str) -> GraphModule:
    """A module in a few words."""
    sizes = [(p.array.size, p.needs_grad) for p in module.parameters()]
    return GraphModule(
        path,
        type(module).__name__,
        " ".join(module.extra_repr().split()),
        sum(size for size, _ in sizes),
        sum(size for size, trained in sizes if trained),
    )


def input_names(function: Callable[..., Any], count: int) -> list[str]:
    """What the first `count` arguments of a function are called; `input` where that is not to be told."""
    call = function.forward if isinstance(function, Module) else function
    try:
        found = [p for p in inspect.signature(call).parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):
        found = []
    usual = ["input"] if count == 1 else [f"input {k}" for k in range(count)]
    return [found[k].name if k < len(found) and len(found) >= count else usual[k] for k in range(count)]
