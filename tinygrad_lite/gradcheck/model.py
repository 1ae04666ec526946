"""Checking every operation of a recorded graph on its own, and then the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.gradcheck.operation import faults, problem_of
from tinygrad_lite.gradcheck.probe import check
from tinygrad_lite.gradcheck.problem import Arrays, EvaluationError, Problem
from tinygrad_lite.gradcheck.progress import progress_bar
from tinygrad_lite.gradcheck.report import FAIL, INCONCLUSIVE, Finding, GradcheckError, html_table
from tinygrad_lite.gradcheck.tape import Tape, given_to, wide
from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.tensors import make


@dataclass
class OpReport:
    """What was found of one operation.

    Attributes:
        number: its place among the operations, from 1.
        total: how many there are.
        name: of the operation.
        module: the path of the module that it ran in.
        line: where in the program it was called.
        node: its node in the graph.
        findings: one or more for each input.
        problems: what is wrong with its rules apart from the numbers.
    """

    number: int
    total: int
    name: str
    module: str
    line: str
    node: Any
    findings: list[Finding]
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems and all(finding.ok for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The worst verdict of its findings."""
        if self.problems:
            return FAIL
        return next(
            (f.verdict for f in self.findings if not f.ok), self.findings[0].verdict if self.findings else "pass"
        )

    def place(self) -> str:
        """Where it is, in words."""
        module = f", module `{self.module}`" if self.module else ""
        line = f", {self.line}" if self.line else ""
        return f"`{self.name}` (op {self.number} of {self.total}{module}{line})"

    def sentence(self) -> str:
        """What is wrong with it, in words."""
        return f"{self.place()}: {self.wrongs()}"

    def wrongs(self) -> str:
        """What is wrong, without where."""
        return "; ".join([*(f.sentence() for f in self.findings if not f.ok), *self.problems])


@dataclass
class ModelReport:
    """What `check_model` found. `print` it, or look at `ok`, `ops` and `whole`; notebooks show a table.

    Attributes:
        name: of the model.
        ops: one report for each operation, in the order in which they ran.
        whole: findings of the gradients of parameters and inputs.
        value: the number that was differentiated, a tensor.
        leaves: parameters and inputs by name.
    """

    name: str
    value: Any = field(default=None, repr=False)
    leaves: dict[str, Any] = field(default_factory=dict, repr=False)
    ops: list[OpReport] = field(default_factory=list)
    whole: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every operation and the whole passed."""
        return all(op.ok for op in self.ops) and all(finding.ok for finding in self.whole)

    @property
    def wrong(self) -> list[OpReport]:
        """The operations with something wrong."""
        return [op for op in self.ops if not op.ok]

    def graph(self) -> Any:
        """The computation graph, with what did not pass in red; see `tinygrad_lite.viz.graph`."""
        from tinygrad_lite.viz import graph

        return graph(self.value, params=self.leaves, verdicts=self.verdicts())

    def verdicts(self) -> dict[Any, str]:
        """The verdict on each node, to be laid over a picture of the graph."""
        return {op.node: op.verdict for op in self.ops}

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok:
            return f"{self.name}: all {len(self.ops)} ops pass, and so does the whole"
        good = len(self.ops) - len(self.wrong)
        lines = [op.sentence() for op in self.wrong]
        if lines:
            lines[-1] += f"; all other {good} ops pass"
        lines += [f"the whole: {f.sentence()}" for f in self.whole if not f.ok]
        return f"{self.name}: " + "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [
            [
                str(op.number),
                op.name,
                op.module,
                op.line,
                op.wrongs(),
                op.verdict,
            ]
            for op in self.ops
        ]
        head = ["op", "name", "module", "line", "what is wrong", "verdict"]
        return html_table(head, rows, [op.ok for op in self.ops]) + f"<p>{escape(str(self))}</p>"


def check_model(
    model: Any,
    *inputs: Any,
    loss: Callable[[Any], Any] | None = None,
    raise_exception: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> ModelReport:
    """Check a model: each recorded operation alone, on the values that it really had, then the whole.

    Operations are played again in float64, whatever the model computes in.

    Args:
        model: a module or a function of tensors.
        inputs: its arguments.
        loss: from the model's output to one number; if None the sum of the outputs' squares, each with a
            weight of its own.
        raise_exception: raise if something is wrong.
        seed: of the random directions.
        progress: whether to show a progress bar; by default where the check takes long.

    Raises:
        GradcheckError: with `raise_exception`, if something is wrong.
        ValueError: if nothing in the model requires grad.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.gradcheck import check_model
        >>> model = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.Tanh(), tg.nn.Linear(4, 2))
        >>> print(check_model(model, tg.ones(2, 3)))
        Sequential: all 7 ops pass, and so does the whole
    """
    title = type(model).__name__ if hasattr(model, "named_parameters") else getattr(model, "__name__", "the function")
    tape = Tape()
    with enable_grad(), tape:
        out = model(*inputs)
        value = _weighted_squares(out) if loss is None else loss(out)
    if not isinstance(value, TensorCore) or not value.needs_grad:
        raise ValueError(f"check_model: no operation of {title} was recorded: nothing in it requires grad")
    names = _names(model, inputs)
    leaves = {names[id(leaf)]: leaf for leaf, _ in tape.leaves.values() if id(leaf) in names}
    report = ModelReport(title, value, leaves)
    with progress_bar(progress, title) as tick:
        report.ops = check_steps(tape, seed, _paths(model), tick)
        report.whole = _check_whole(tape, value, names, seed, tick)
    if raise_exception and not report.ok:
        raise GradcheckError(str(report), report)
    return report


def _weighted_squares(out: Any) -> Any:
    """Squares with weights: their plain sum does not change at all behind a normalisation."""
    random = np.random.default_rng(0)
    parts: Any = out if isinstance(out, tuple | list) else out.values() if isinstance(out, dict) else [out]
    total: Any = 0.0
    for part in parts:
        if isinstance(part, TensorCore) and part.array.dtype.kind in "fc":
            square: Any = part * part.conj() if part.array.dtype.kind == "c" else part * part  # type: ignore[attr-defined, operator]
            weights = random.uniform(0.5, 1.5, part.array.shape).astype(square.real.array.dtype)
            total = total + (square.real * make(weights)).sum()
    return total


def _paths(model: Any) -> dict[int, str]:
    """The path of each module by its `id`."""
    return {id(m): path for path, m in model.named_modules()} if hasattr(model, "named_modules") else {}


def _names(model: Any, inputs: Sequence[Any]) -> dict[int, str]:
    """The name of each parameter and input by its `id`."""
    names = {id(x): f"input {k}" for k, x in enumerate(inputs) if isinstance(x, TensorCore)}
    if hasattr(model, "named_parameters"):
        names.update({id(p): name for name, p in model.named_parameters()})
    return names


def check_steps(
    tape: Tape, seed: int, paths: dict[int, str] | None = None, tick: Callable[[], None] = lambda: None
) -> list[OpReport]:
    """Check each operation of a tape on its own."""
    values = tape.play()
    steps = [step for step in tape.steps if step.name != "output"]
    reports = []
    for number, step in enumerate(steps, 1):
        module = next((paths[id(m)] for m in reversed(step.modules) if id(m) in paths), "") if paths else ""
        inputs = given_to(step, values)
        wrongs = faults(step, inputs)
        try:
            findings, _ = check(problem_of(step, inputs), seed, tick=tick, single=True)
        except EvaluationError as error:
            findings = [Finding("?", None, 0.0, 0.0, 0.0, INCONCLUSIVE, str(error))]
        reports.append(OpReport(number, len(steps), step.name, module, step.line, step.node, findings, wrongs))
    return reports


def _check_whole(tape: Tape, value: Any, names: dict[int, str], seed: int, tick: Callable[[], None]) -> list[Finding]:
    """The gradients of the leaves: one number is differentiated, as training does it."""
    leaves: list[Any] = [leaf for leaf, _ in tape.leaves.values()]
    titles = [names.get(id(leaf), f"leaf {k}") for k, leaf in enumerate(leaves)]

    def evaluate(changed: Arrays) -> list[np.ndarray]:
        played = tape.play({id(leaf): array for leaf, array in zip(leaves, changed, strict=True)})
        return [played[id(value.node)]]

    def pull(cotangents: Arrays) -> list[np.ndarray]:
        given = value.detach()
        given.array = np.asarray(cotangents[0], value.array.dtype).reshape(value.array.shape)
        found = differentiate.grad(value, leaves, given, retain_graph=True, allow_unused=True)
        return [wide(np.zeros_like(x.array) if g is None else g.array) for g, x in zip(found, leaves, strict=True)]

    point = [wide(array) for _, array in tape.leaves.values()]
    epsilon = max(float(np.finfo(t.array.dtype).eps) for t in (value, *leaves))
    problem = Problem("the whole", titles, point, evaluate, pull, epsilon)
    try:
        return check(problem, seed, tick=tick)[0]
    except EvaluationError as error:
        return [Finding("?", None, 0.0, 0.0, 0.0, INCONCLUSIVE, str(error))]
