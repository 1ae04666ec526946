"""Running a model to see its graph, and leaving it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore, enable_grad
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.random import get_rng_state, set_rng_state
from tinygrad_lite.tensors import make
from tinygrad_lite.viz.broken import Broken, broken
from tinygrad_lite.viz.watching import input_names, watch

INPUT = "input"
"""Under which name the node that stands for an input notes what it is called, and whether it requires grad."""


@dataclass
class Run:
    """What came of running a model.

    Attributes:
        outputs: the tensors that it returned, with names.
        title: the name of the model.
        nodes: every operation that was recorded, for a model that broke off.
        broke: where it broke off, None if it did not.
    """

    outputs: list[tuple[str, TensorCore]]
    title: str = "Computation graph"
    nodes: list[Node] = field(default_factory=list)
    broke: Broken | None = None


def run(function: Callable[..., Any], inputs: Sequence[Any], loss: Callable[[Any], Any] | None) -> Run:
    """Call a model or function, watched.

    Raises:
        Exception: what it raises before anything of it ran.
    """
    model = function if isinstance(function, Module) else None
    title = type(function).__name__ if model else getattr(function, "__name__", type(function).__name__)
    watcher = watch(model)
    watcher.keeps_nodes = True
    names = input_names(function, len(inputs))
    with _as_it_was(model), enable_grad():
        given = [_followed(x, name, watcher) for x, name in zip(inputs, names, strict=True)]
        with watcher:
            try:
                out = function(*given)
                out = out if loss is None else loss(out)
            except Exception as error:
                broke = broken(error, watcher)
                if broke is None:
                    raise
                _forget_frames(error)
                return Run([], title, [*_copies(given), *watcher.nodes], broke)
    return Run(list(_outputs(out, "loss" if loss is not None else "output")), title)


@contextmanager
def _as_it_was(model: Module | None) -> Iterator[None]:
    """Put buffers and the random state back afterwards."""
    state = get_rng_state()
    modules = list(model.modules()) if model is not None else []
    before = [(m, {name: (b, b.array.copy()) for name, b in m._buffers.items() if b is not None}) for m in modules]
    try:
        yield
    finally:
        set_rng_state(state)
        for module, buffers in before:
            for name, (buffer, array) in buffers.items():
                module._buffers[name] = buffer
                if not np.array_equal(buffer.array, array, equal_nan=array.dtype.kind in "fc"):
                    buffer.array[...] = array


def _followed(value: Any, name: str, watcher: watch) -> Any:
    """An argument whose tensors have names; those of fractions are copies that can be followed."""
    if isinstance(value, TensorCore):
        if value.array.dtype.kind not in "fc":
            watcher.name(value, "input", name)
            return value
        leaf = make(value.array, requires_grad=True)
        copy = leaf.clone()
        copy.node.note(INPUT, (name, value.needs_grad))
        return copy
    if isinstance(value, list | tuple):
        parts = [_followed(part, f"{name}[{k}]", watcher) for k, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: _followed(part, f"{name}[{key!r}]", watcher) for key, part in value.items()}
    return value


def _copies(given: Any) -> Iterator[Node]:
    """The nodes of the copies that `_followed` made."""
    if isinstance(given, TensorCore) and given.node is not None:
        yield given.node
    elif isinstance(given, list | tuple | dict):
        for part in given.values() if isinstance(given, dict) else given:
            yield from _copies(part)


def _outputs(out: Any, name: str) -> Iterator[tuple[str, TensorCore]]:
    """The tensors in what a model returned, with names."""
    if isinstance(out, TensorCore):
        yield name, out
    elif isinstance(out, dict):
        for key, part in out.items():
            yield from _outputs(part, f"{name}[{key!r}]")
    elif hasattr(out, "_fields"):
        for field_name in out._fields:
            yield from _outputs(getattr(out, field_name), f"{name}.{field_name}")
    elif isinstance(out, list | tuple):
        for k, part in enumerate(out):
            yield from _outputs(part, f"{name}[{k}]" if len(out) > 1 else name)


def _forget_frames(error: BaseException | None) -> None:
    """Let go of the tensors that the frames of a traceback hold."""
    met: set[int] = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
