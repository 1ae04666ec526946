"""One operation of a recorded graph as a problem of its own, and what has to hold of its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.bundle import Bundle
from tinygrad_lite.engine import unbroadcast
from tinygrad_lite.gradcheck.problem import Arrays, Problem, same
from tinygrad_lite.gradcheck.tape import Step, run, wide
from tinygrad_lite.graph import no_grad
from tinygrad_lite.packing import Packed


def input_name(step: Step, k: int) -> str:
    """What the operation calls its input `k`."""
    op = step.node.op
    return f"{op.inputs[0]}[{k}]" if op.variadic else op.inputs[k]


def places_of(step: Step, inputs: Sequence[Any]) -> list[int]:
    """The numbers of the inputs that have gradients."""
    return [k for k, edge in enumerate(step.node.edges) if edge is not None and inputs[k].dtype.kind in "fc"]


def problem_of(step: Step, inputs: Sequence[Any]) -> Problem:
    """One operation, with these inputs, as a problem."""
    node = step.node
    places = places_of(step, inputs)

    def evaluate(changed: Arrays) -> list[np.ndarray]:
        given = list(inputs)
        for k, value in zip(places, changed, strict=True):
            given[k] = value
        out = run(step, given)
        return [part for part in (out if isinstance(out, tuple) else (out,)) if part.dtype.kind in "fc"]

    def pull(cotangents: Arrays) -> list[np.ndarray]:
        found = _rules_on(step, _arriving(step, cotangents), _saved(node), places)
        return [
            np.zeros(inputs[k].shape, inputs[k].dtype) if d is None
            else np.broadcast_to(wide(d), inputs[k].shape).astype(inputs[k].dtype)
            for k, d in zip(places, found, strict=True)
        ]  # fmt: skip

    names = [input_name(step, k) for k in places]
    roughest = max(float(np.finfo(dtype).eps) for dtype in _kinds(step))
    return Problem(node.op.name, names, [inputs[k] for k in places], evaluate, pull, roughest)


def _kinds(step: Step) -> list[np.dtype[Any]]:
    return [dtype for dtype in (*step.made, *step.dtypes) if dtype is not None and dtype.kind in "fc"]


def _arriving(step: Step, cotangents: Arrays) -> Any:
    """Gradients of the outputs of fractions as the rules get them, in the dtypes that the program computed in."""
    given = iter(cotangents)
    parts = [next(given).astype(dtype) if dtype.kind in "fc" else None for dtype in step.made]
    several = len(parts) > 1 or step.node.op.outputs or "ctx" in step.node.params  # a Function: whatever it returns
    return Bundle(parts) if several else parts[0]


def _saved(node: Any) -> tuple[Any, ...]:
    """A copy of what the node saved, so that a rule that writes into it spoils nothing."""
    saved = node.saved.unpacked() if type(node.saved) is Packed else node.saved or ()
    return tuple(_copied(item) for item in saved)


def _copied(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return [_copied(part) for part in item]
    return item.copy() if isinstance(item, np.ndarray) else item


def _rules_on(step: Step, g: Any, saved: tuple[Any, ...], places: Sequence[int]) -> list[np.ndarray | None]:
    """What the rules make of a gradient: for each of the inputs `places` an array, or None."""
    node = step.node
    found: dict[int, Any] = {}
    for k, rule in node.op.calls_of(node.edges) if node.op.per_pass else node.op.calls:
        if k in places:
            with no_grad():  # a Function's rule works on tensors
                d = rule(g, saved, node, k)
            if d is not None and node.op.broadcasts and np.shape(d) != node.shapes[k]:
                d = unbroadcast(np.asarray(d), node.shapes[k])
            found[k] = None if d is None else np.asarray(d)
    return [found.get(k) for k in places]


def faults(step: Step, inputs: Sequence[Any]) -> list[str]:
    """What is wrong with the rules of an operation apart from the numbers they give."""
    places = places_of(step, inputs)
    names = [input_name(step, k) for k in places]
    out = run(step, inputs)
    ones = [np.ones_like(part) for part in (out if isinstance(out, tuple) else (out,)) if part.dtype.kind in "fc"]
    g, saved = _arriving(step, ones), _saved(step.node)
    given, kept = _arrays(g), _arrays(saved)
    before = [a.copy() for a in (*given, *kept)]
    first = _rules_on(step, g, saved, places)
    wrong = []
    for a, then in zip((*given, *kept), before, strict=True):
        if not same(a, then):
            what = "the gradient it is given" if any(a is part for part in given) else "what was saved"
            wrong.append(f"a rule writes into {what}")
    again = _rules_on(step, _arriving(step, ones), _saved(step.node), places)
    for k, name, d, second in zip(places, names, first, again, strict=True):
        if d is None:
            continue
        if d.dtype != step.dtypes[k]:
            wrong.append(f"the gradient of input `{name}` has dtype {d.dtype}, the input {step.dtypes[k]}")
        if d.shape != step.node.shapes[k]:
            wrong.append(f"the gradient of input `{name}` has shape {d.shape}, the input {step.node.shapes[k]}")
        if any(np.shares_memory(d, a) for a in kept):
            wrong.append(f"the gradient of input `{name}` is memory that the operation saved")
        elif d.flags.writeable and second is not None and np.shares_memory(d, second):
            wrong.append(f"the gradient of input `{name}` is in the same memory each time")
    return list(dict.fromkeys(wrong))


def _arrays(item: Any) -> list[np.ndarray]:
    """The arrays of fractions in nested sequences."""
    if isinstance(item, list | tuple):
        return [a for part in item for a in _arrays(part)]
    return [item] if isinstance(item, np.ndarray) and item.dtype.kind in "fc" else []
