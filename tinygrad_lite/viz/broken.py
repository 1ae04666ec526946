"""Where a program broke off: the operation that raised, what it was given, and in which module."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lite.anomaly import inside, place
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.nn.hooks import call_with_hooks
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.viz.parts import GraphModule, Scope
from tinygrad_lite.viz.watching import Given, watch


@dataclass(frozen=True)
class Broken:
    """The operation that raised.

    Attributes:
        name: of the operation or function; of the error where the program raised it by itself.
        inputs: names and what it was given, tensors or arrays.
        scope: the calls of modules that it ran in.
        line: where in the program it was called.
        error: what it raised.
        known: those of the inputs that no operation made, by their number.
        modules: all modules, by path.
    """

    name: str
    inputs: list[tuple[str, Any]]
    scope: Scope
    line: str
    error: Exception
    known: dict[int, Given | None]
    modules: dict[str, GraphModule]


def broken(error: Exception, watcher: watch) -> Broken | None:
    """Read from the traceback of an error what raised it; None if the program never got to run."""
    steps = list(traceback.walk_tb(error.__traceback__))
    own = [k for k, (frame, _) in enumerate(steps) if not inside(frame)]
    modules = [f.f_locals["self"] for f, _ in steps if f.f_code is Module.__call__.__code__]
    if not own and (not modules or steps[-1][0].f_code.co_filename in _CALLING):
        return None
    last = own[-1] if own else 0
    frames = [frame for frame, _ in steps]
    name, inputs = _operation(frames[last + 1 :]) or _raised(frames[last], error)
    line = place(*steps[last]) if own else ""
    known = {
        slot: watcher.given(x if isinstance(x, TensorCore) and x.needs_grad else None, x)
        for slot, (_, x) in enumerate(inputs)
        if isinstance(x, TensorCore | np.ndarray) and getattr(x, "node", None) is None
    }
    return Broken(name, inputs, _scope(modules, watcher), line, error, known, watcher.modules)


_CALLING = (Module.__call__.__code__.co_filename, call_with_hooks.__code__.co_filename)


def _operation(frames: list[Any]) -> tuple[str, list[tuple[str, Any]]] | None:
    """The row that was running, or the function that looked at its arguments before a row could run."""
    for frame in frames:
        file, known = frame.f_code.co_filename, frame.f_locals
        if file.startswith("<op "):
            entry = frame.f_globals["op"]
            return entry.name, [(name, known.get(name)) for name in entry.inputs]
        if file.endswith("recorders.py") and "entry" in known:
            xs = known.get("xs", known.get("args", ()))
            return known["entry"].name, [(f"x{k}", x) for k, x in enumerate(xs)]
    for frame in frames:
        path = frame.f_code.co_filename.replace("\\", "/")
        if path.endswith("functions/out.py"):  # around the function that it is about
            continue
        if "/functions/" in path or "/nn/functional/" in path or "/methods" in path:
            names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            return frame.f_code.co_name, [(name, frame.f_locals.get(name)) for name in names]
    return None


def _raised(frame: Any, error: Exception) -> tuple[str, list[tuple[str, Any]]]:
    """For an error of the program's own: the tensor that it made last of those at hand."""
    tensors = [(x.node.order if x.node else 0, name, x) for name, x in frame.f_locals.items() if _is_tensor(x)]
    return type(error).__name__, [(name, x) for _, name, x in sorted(tensors, key=lambda t: t[0])[-1:]]


def _is_tensor(x: Any) -> bool:
    return isinstance(x, TensorCore) and not isinstance(x, type)


def _scope(modules: list[Module], watcher: watch) -> Scope:
    """The modules that were running; a call that has been seen before keeps its number."""
    found = watcher.scope_of(tuple(modules), tuple(range(-len(modules), 0)))
    before = watcher.scope
    same = 0
    while same < min(len(found), len(before)) and found[same][0] == before[same][0]:
        same += 1
    return (*before[:same], *found[same:])


def tensors_of(broke: Broken) -> list[tuple[int, str, Any]]:
    """The inputs that are tensors or arrays: their number, name, and value."""
    return [(k, name, x) for k, (name, x) in enumerate(broke.inputs) if isinstance(x, TensorCore | np.ndarray)]
