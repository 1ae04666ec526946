"""Which operation of a program makes its gradient wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.gradcheck.model import OpReport, check_steps
from tinygrad_lite.gradcheck.operation import input_name, places_of
from tinygrad_lite.gradcheck.probe import check
from tinygrad_lite.gradcheck.problem import Arrays, EvaluationError, Problem
from tinygrad_lite.gradcheck.report import BAD_KINK, FAIL, Finding
from tinygrad_lite.gradcheck.tape import Step, Tape, given_to, wide
from tinygrad_lite.graph import enable_grad
from tinygrad_lite.tensors import make


def blame(tape: Tape, outputs: Sequence[Any], seed: int = 0) -> str:
    """Which operation of a tape is wrong, in words.

    Args:
        tape: the recording of the program.
        outputs: its outputs.
        seed: of the random directions.
    """
    reports = check_steps(tape, seed)
    wrong = [op for op in reports if op.problems or any(f.verdict in (FAIL, BAD_KINK) for f in op.findings)]
    if wrong:
        return "\n".join(f"It comes from {op.sentence()}." for op in wrong)
    return (
        _severed(tape, reports)
        or _dead_end(tape, reports, outputs)
        or (
            f"Each of its {len(reports)} operations passes on its own: the path between them is broken "
            "somewhere, as by detach()."
        )
    )


def _severed(tape: Tape, reports: Sequence[OpReport]) -> str:
    """The operations that got a result of the program without its gradient."""
    by_node = {id(op.node): op for op in reports}
    return "\n".join(
        f"It comes from {by_node[id(step.node)].place()}: input `{input_name(step, k)}` is computed from the inputs, "
        "but gets no gradient: it has no rule, or was detached."
        for step in tape.steps
        for k in step.severed
        if id(step.node) in by_node
    )


def _dead_end(tape: Tape, reports: Sequence[OpReport], outputs: Sequence[Any]) -> str:
    """The operations whose results no recorded operation takes up."""
    used = {id(edge) for step in tape.steps for edge in step.node.edges} | {id(out.node) for out in outputs}
    lost = [op for op in reports if id(op.node) not in used]
    return "\n".join(
        f"The path breaks off after {op.place()}: nothing that was recorded uses its result." for op in lost
    )


def blame_second(tape: Tape, seed: int = 0) -> str:
    """Which operation of a tape has wrong second derivatives, in words; empty if none."""
    values = tape.play()
    steps = [step for step in tape.steps if step.name != "output"]
    wrong = []
    for number, step in enumerate(steps, 1):
        inputs = given_to(step, values)
        findings: list[Finding] = []
        for k in places_of(step, inputs):
            try:
                found, _ = check(_slope_of(step, inputs, k), seed)
            except EvaluationError:
                continue
            findings += [f for f in found if f.verdict in (FAIL, BAD_KINK)]
        if findings:
            report = OpReport(number, len(steps), step.name, "", step.line, step.node, findings)
            wrong.append(f"It comes from the rules of {report.sentence()}.")
    return "\n".join(wrong)


def _slope_of(step: Step, inputs: Sequence[Any], k: int) -> Problem:
    """The gradient of input `k` of an operation, as a function of its inputs and of the gradient it is given."""
    op, params = step.node.op, step.node.params
    places = places_of(step, inputs)

    def first(point: Arrays) -> tuple[Any, list[Any]]:
        leaves = [make(np.array(x), requires_grad=True) for x in point]
        given = [make(x) if isinstance(x, np.ndarray) else x for x in inputs]
        for place, leaf in zip(places, leaves, strict=False):
            given[place] = leaf
        with enable_grad():
            out = _recorded(op, given, params)
            outs = [part for part in (out if isinstance(out, tuple) else (out,)) if part.requires_grad]
            (found,) = differentiate.grad(outs, [given[k]], leaves[len(places) :], create_graph=True, allow_unused=True)
        return found, leaves

    def evaluate(point: Arrays) -> list[np.ndarray]:
        found, _ = first(point)
        return [] if found is None else [found.array]

    random = np.random.default_rng(0)
    made = op.replay(inputs, params)
    parts = [np.asarray(part) for part in (made if isinstance(made, tuple) else (made,))]
    gradients = [_random_like(wide(part), random) for part in parts if part.dtype.kind in "fc"]
    point = [*(inputs[p] for p in places), *gradients]

    def pull(cotangents: Arrays) -> list[np.ndarray]:
        found, leaves = first(point)
        if found is None or not found.requires_grad:
            return [np.zeros_like(x) for x in point]
        answers = differentiate.grad([found], leaves, [make(c) for c in cotangents], allow_unused=True)
        return [np.zeros_like(x) if g is None else g.array for x, g in zip(point, answers, strict=True)]

    names = [input_name(step, p) for p in places]
    titles = [f"{name}` of the gradient of `{input_name(step, k)}" for name in (*names, *["grad"] * len(gradients))]
    return Problem(f"the gradient of {op.name}", titles, point, evaluate, pull)


def _recorded(op: Any, given: Sequence[Any], params: dict[str, Any]) -> Any:
    """What the operation gives for tensors."""
    if "ctx" in params:  # a Function
        return op.function.apply(*given)
    return op.record(given, **params) if op.variadic else op.record(*given, **params)


def _random_like(out: np.ndarray, random: np.random.Generator) -> np.ndarray:
    values: Any = random.uniform(0.5, 1.5, out.shape)
    return np.asarray(values + 1j * values if out.dtype.kind == "c" else values).astype(out.dtype)


def wrong_together(tape: Tape, seed: int = 0) -> list[Finding]:
    """Kinks of single operations whose elements have subgradients that are valid alone, but not together."""
    return [f for op in check_steps(tape, seed) for f in op.findings if f.verdict == BAD_KINK]
