"""The planting of bugs: rows of the op table with one derivative rule made wrong, in programs of several ops.

The table itself is left alone. A bug is a copy of a row, recorded by a function of its own, in the middle
of a program: every input of the row is a product of two leaves, every output goes on through two more
operations. A bug that changes nothing where its program runs is none, and is not planted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from test_op_table import cases, draw

import tinygrad_lite as tg
from tinygrad_lite.op import TABLE, Op
from tinygrad_lite.recorders import compiled_later, several, variadic
from tinygrad_lite.tensors import make

Rule = Callable[..., Any]


def fresh(row: Op, **rules: Rule | None) -> Op:
    """A copy of a row with other rules, outside of the table."""
    entry = replace(row, name=f"{row.name}_wrong", rules={**row.rules, **rules})
    entry.record = (variadic if entry.variadic else several if entry.outputs else compiled_later)(entry)
    return entry


def asks(rule: Rule) -> list[str]:
    """The names of what a rule is given."""
    return list(inspect.signature(rule).parameters)


def asking(body: Rule, names: Sequence[str]) -> Rule:
    """`body` as a rule that is given `names`."""

    def rule(*given: Any) -> Any:
        return body(*given)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    rule.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    return rule


def after(rule: Rule, change: Callable[[Any], Any]) -> Rule:
    """The rule with a change to what it gives."""

    def body(*given: Any) -> Any:
        d = rule(*given)
        return None if d is None else change(np.asarray(d))

    return asking(body, asks(rule))


def before(rule: Rule, change: Callable[[str, Any], Any]) -> Rule:
    """The rule with a change to what it is given, by name."""
    names = asks(rule)
    return asking(lambda *given: rule(*(change(n, a) for n, a in zip(names, given, strict=True))), names)


@dataclass
class Program:
    """A function of several inputs with one row in the middle of it.

    Args:
        row: the row.
        shapes: of its inputs.
        params: of the call.
        dtype: of the leaves.
        values: the row's inputs, where they are not to be drawn from its domain.
    """

    row: Op
    shapes: Sequence[tuple[int, ...]]
    params: dict[str, Any]
    dtype: str
    values: Sequence[np.ndarray] | None = None
    leaves: list[Any] = field(init=False)
    __name__ = "program"

    def __post_init__(self) -> None:
        random = np.random.default_rng(3)
        drawn = draw(self.row, self.shapes, self.dtype, seed=5) if self.values is None else self.values
        self.inputs = [x if x.dtype.kind not in "fc" else self._like(x, x) for x in drawn]
        self.active = [k for k, x in enumerate(self.inputs) if x.dtype.kind in "fc"]
        scales = [random.choice([0.5, 2.0], self.inputs[k].shape) for k in self.active]
        arrays: list[np.ndarray] = []
        for k, scale in zip(self.active, scales, strict=True):
            x = self.inputs[k]
            arrays += [self._like(x / scale, x), self._like(scale, x)]
        self.outer = [k for k, out in enumerate(self._outs(self.row, self.inputs)) if out.dtype.kind in "fc"]
        for k in self.outer:
            out = np.asarray(self._outs(self.row, self.inputs)[k])
            arrays.append((random.uniform(0.3, 0.9, out.shape) / (1 + np.abs(out))).astype(out.dtype))
        self.leaves = [make(a, requires_grad=True) for a in arrays]

    def _like(self, values: Any, x: np.ndarray) -> np.ndarray:
        kind = np.result_type(self.dtype, np.complex64) if x.dtype.kind == "c" else np.dtype(self.dtype)
        return np.asarray(values).astype(kind)

    def _outs(self, row: Op, inputs: Sequence[Any]) -> tuple[Any, ...]:
        params = {k: v(self.inputs[0].dtype) if callable(v) else v for k, v in self.params.items()}
        out = row.record(list(inputs), **params) if row.variadic else row.record(*inputs, **params)
        return out if isinstance(out, tuple) else (out,)

    def __call__(self, *leaves: Any) -> Any:
        given = list(map(make, self.inputs))
        for j, k in enumerate(self.active):
            given[k] = leaves[2 * j] * leaves[2 * j + 1]
        outs = self._outs(self.row, given)
        return tuple((outs[k] * v).sin() + 0.5 for k, v in zip(self.outer, leaves[2 * len(self.active) :], strict=True))

    def with_row(self, row: Op) -> Program:
        """The same program, leaf by leaf, with another row in it."""
        twin = object.__new__(Program)
        twin.__dict__.update(self.__dict__, row=row)
        return twin

    def gradients(self) -> list[np.ndarray]:
        """Gradients of the leaves for a fixed gradient of the outputs."""
        outs = [out for out in self(*self.leaves) if out.requires_grad]
        given = [make(np.cos(np.arange(o.numel())).reshape(o.shape).astype(o.array.dtype)) for o in outs]
        found = tg.autograd.grad(outs, self.leaves, given, allow_unused=True)
        return [np.zeros(x.shape) if g is None else g.array for g, x in zip(found, self.leaves, strict=True)]


@dataclass
class Bug:
    """One bug in its program.

    Attributes:
        kind: what sort of bug it is.
        program: the program with the wrong row in it.
        inputs: the numbers of the row's inputs whose gradient is wrong.
        index: the one element that is wrong, where it is one.
        order: 2 if only second derivatives are wrong.
    """

    kind: str
    program: Program
    inputs: tuple[int, ...]
    index: tuple[int, ...] | None = None
    order: int = 1

    def __str__(self) -> str:
        names = ", ".join(self.program.row.inputs[0 if self.program.row.variadic else k] for k in self.inputs)
        shapes = " ".join(map(str, self.program.shapes))
        return f"{self.kind}: {self.program.row.name}.{names} {shapes} {self.program.dtype}"

    @property
    def leaves(self) -> set[str]:
        """The names of the program's inputs that lead to the wrong ones."""
        places = [self.program.active.index(k) for k in self.inputs]
        return {f"input {n}" for j in places for n in (2 * j, 2 * j + 1)}

    @property
    def names(self) -> set[str]:
        """The names of the wrong inputs as the row has them."""
        row = self.program.row
        return {f"{row.inputs[0]}[{k}]" if row.variadic else row.inputs[k] for k in self.inputs}


def plant(kind: str, program: Program, name: str, rule: Rule | None, **more: Any) -> Iterator[Bug]:
    """The bug, if it changes a gradient of its program."""
    row = program.row
    inputs = tuple(program.active) if row.variadic else (row.inputs.index(name),)
    wrong = program.with_row(fresh(row, **{name: rule}))
    if more.get("order") != 2 and kind not in ("wrong dtype", "aliasing"):
        with np.errstate(all="ignore"):
            pairs = list(zip(program.gradients(), wrong.gradients(), strict=True))
        if all(np.abs(a - b).max(initial=0.0) <= 3e-4 * np.abs(a).max(initial=0.0) for a, b in pairs):
            return
    yield Bug(kind, wrong, inputs, **more)


def zeroed(place: int) -> Callable[[Any], Any]:
    """A change that zeroes one element."""

    def change(d: Any) -> Any:
        d = d.copy()
        d.reshape(-1)[place] = 0
        return d

    return change


def usual_place(program: Program, k: int) -> tuple[int, tuple[int, ...]]:
    """An element of the row's input `k` that has a part in the gradient: flat, and as an index."""
    gradient = np.abs(program.gradients()[2 * program.active.index(k)])
    places = np.flatnonzero(gradient.reshape(-1) >= 0.1 * gradient.max(initial=0.0))
    place = int(places[len(places) // 2])
    return place, tuple(int(i) for i in np.unravel_index(place, gradient.shape))


_GENERAL: dict[str, Callable[[Any], Any]] = {
    "sign": lambda d: -d,
    "factor 2": lambda d: 2 * d,
    "factor 1.1": lambda d: (d * 1.1).astype(d.dtype),
    "factor 1.001": lambda d: (d * 1.001).astype(d.dtype),
    "detached path": np.zeros_like,
}


def general(dtype: str) -> Iterator[Bug]:
    """Bugs that any rule can have, one or two for each input of each row."""
    turn = 0
    for row in TABLE.values():
        if not row.differentiable or row.name in ("to", "eig"):
            continue
        possible = [case for case in cases(row) if all(0 not in shape for shape in case[0])]
        for name, rule in row.rules.items():
            if rule is None:
                continue
            turn += 1
            shapes, params = possible[turn % len(possible)]
            program = Program(row, shapes, params, dtype)
            kinds = list(_GENERAL)
            kind = kinds[turn % 5]
            yield from plant(kind, program, name, after(rule, _GENERAL[kind]))
            k = row.inputs.index(name)
            if turn % 3 == 0 and not row.variadic and not row.broadcasts and program.inputs[k].size > 1:
                place, index = usual_place(program, k)
                yield from plant("element zeroed", program, name, after(rule, zeroed(place)), index=index)
            if turn % 9 == 0 and not row.variadic:
                yield from plant("detached path", program, name, None)


def stale(dtype: str) -> Iterator[Bug]:
    """Rules that see a saved value as it was before it changed."""
    for row in TABLE.values():
        for name, rule in row.rules.items():
            if rule is None or row.broadcasts or row.outputs or row.numbers == "complex" or row.cases:
                continue
            saved = {"x", "out"} & set(asks(rule))
            if saved:
                program = Program(row, *next(cases(row)), dtype)
                old = before(rule, lambda n, a, saved=saved: (a * 0.9).astype(a.dtype) if n in saved else a)
                yield from plant("stale saved value", program, name, old)


def two_inputs(dtype: str) -> Iterator[Bug]:
    """Bugs of rows whose inputs broadcast: the wrong one, and wrong sums."""
    swap = {"x": "y", "y": "x"}
    for row in TABLE.values():
        if not row.broadcasts or row.cases or row.inputs != ("x", "y") or not row.differentiable:
            continue
        for name, rule in row.rules.items():
            if rule is None:
                continue
            names = asks(rule)
            swapped = asking(rule, [swap.get(n, n) for n in names])
            yield from plant("swapped inputs", Program(row, [(2, 3), (2, 3)], {}, dtype), name, swapped)
            shapes = [(3,), (2, 3)] if name == "x" else [(2, 3), (3,)]
            reduce = (lambda d: d.mean(0)) if name == "x" else (lambda d: d[0])
            wrong = after(rule, lambda d, r=reduce: r(d) if d.ndim == 2 else d)
            yield from plant("wrong broadcast reduction", Program(row, shapes, {}, dtype), name, wrong)


def dtypes_and_memory(dtype: str) -> Iterator[Bug]:
    """Rules that give another dtype, or memory that is not theirs."""
    other = "float32" if dtype == "float64" else "float16"
    for name in ("mul", "add", "div", "maximum", "matmul", "exp", "tanh", "sum", "softmax", "reshape", "abs", "sqrt"):
        row = TABLE[name]
        program = Program(row, *next(cases(row)), dtype)
        for key, rule in row.rules.items():
            yield from plant("wrong dtype", program, key, after(rule, lambda d: d.astype(other)))
    for name in ("mul", "div", "atan2", "hypot", "logaddexp", "pow", "sub"):
        row = TABLE[name]
        program = Program(row, [(2, 3), (2, 3)], {}, dtype)
        buffer = np.zeros((2, 3), dtype)
        shared = {key: after(rule, lambda d, b=buffer: _into(b, d)) for key, rule in row.rules.items()}
        yield Bug("aliasing", program.with_row(fresh(row, **shared)), (0, 1))
        first = row.rules["x"]
        if name != "sub":
            overwriting = asking(lambda g, *a, r=first: _into(g, r(g, *a)), asks(first))
            yield Bug("aliasing", program.with_row(fresh(row, x=overwriting)), (0, 1))
        if "y" in asks(first):
            yield from plant("aliasing", program, "x", lambda g, y: y)
    for name in ("exp", "sin", "square", "tanh"):
        row = TABLE[name]
        rule = row.rules["x"]
        saved = asks(rule)[1]
        grows = asking(lambda g, x, r=rule: r(g, np.multiply(x, 1.01, out=x)), ["g", saved])
        yield from plant("aliasing", Program(row, [(2, 3)], {}, dtype), "x", grows)


def _into(memory: Any, d: Any) -> Any:
    memory[...] = d
    return memory


def large(dtype: str) -> Iterator[Bug]:
    """One element of many."""
    thousand = [
        ("sin", [(1000,)], {}), ("mul", [(1000,), (1000,)], {}), ("exp", [(10, 100)], {}), ("sum", [(10, 100)], {}),
        ("softmax", [(10, 100)], {"axis": 1}), ("cumsum", [(10, 100)], {"axis": 1}), ("tanh", [(1000,)], {}),
        ("matmul", [(10, 100), (100, 10)], {}), ("log", [(1000,)], {}), ("mean", [(1000,)], {}),
        ("linear", [(10, 50), (20, 50), (20,)], {}), ("var", [(10, 100)], {"axis": 1}), ("sub", [(1000,), (1000,)], {}),
    ]  # fmt: skip
    many = [("sin", [(100_000,)], {}), ("mul", [(100_000,), (100_000,)], {})]
    for name, shapes, params in thousand + many:
        row = TABLE[name]
        program = Program(row, shapes, params, dtype)
        for k, (key, rule) in enumerate(row.rules.items()):
            place, index = usual_place(program, k)
            size = program.inputs[k].size
            kind = f"one of {size:,} zeroed" if size >= 1000 else "element zeroed"
            yield from plant(kind, program, key, after(rule, zeroed(place)), index=index)


def conjugates(dtype: str) -> Iterator[Bug]:
    """Complex rules with a conjugate too many."""
    kind = "complex128" if dtype == "float64" else "complex64"
    for row in TABLE.values():
        if not row.differentiable or row.numbers not in ("any", "complex") or row.name in ("to", "eig"):
            continue
        if row.outputs or row.variadic:
            continue
        name, rule = next((n, r) for n, r in row.rules.items() if r)
        program = Program(row, *next(cases(row)), kind)
        if any(n in ("x", "y", "out", "weight") for n in asks(rule)):
            wrong = before(rule, lambda n, a: a.conjugate() if n in ("x", "y", "out", "weight") else a)
        else:
            wrong = after(rule, np.conjugate)
        yield from plant("wrong conjugate", program, name, wrong)


def second_order(dtype: str) -> Iterator[Bug]:
    """Rules with the right value and the wrong graph."""
    for name in (
        "mul", "div", "pow", "square", "sqrt", "exp", "log", "sin", "tanh", "sigmoid", "softplus", "gelu", "silu",
        "erf", "atan", "hypot", "atan2", "logaddexp", "softmax", "logsumexp", "norm", "var", "matmul", "linear", "det",
        "inv",
    ):  # fmt: skip
        row = TABLE[name]
        key, rule = next(iter(row.rules.items()))
        cut = before(rule, lambda n, a: a.detach() if n != "g" and hasattr(a, "detach") else a)
        program = Program(row, *next(cases(row)), dtype)
        yield from plant("second order only", program, key, cut, order=2)
