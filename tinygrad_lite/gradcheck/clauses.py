"""The clauses of an operation's contract, each put to one case."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.gradcheck import methods
from tinygrad_lite.gradcheck.check import gradgradcheck
from tinygrad_lite.gradcheck.probe import check
from tinygrad_lite.gradcheck.problem import same
from tinygrad_lite.gradcheck.report import INCONCLUSIVE, Finding, Report
from tinygrad_lite.gradcheck.structure import problems
from tinygrad_lite.gradcheck.subject import Arrays, Case, Subject, several, tensors
from tinygrad_lite.gradcheck.tensors import Call
from tinygrad_lite.graph import no_grad
from tinygrad_lite.tensors import make


class Broken(Exception):  # noqa: N818 - what a clause says, not an error of the program
    """A clause does not hold."""


class Skip(Exception):  # noqa: N818 - no error: a clause that does not apply
    """A clause says nothing about this operation."""


@dataclass
class Clauses:
    """The clauses. Each raises `Broken` where it does not hold, `Skip` where it does not apply."""

    subject: Subject
    reference: Callable[..., Any] | None
    dtypes: Sequence[str]
    broadcasts: bool | None
    seed: int

    def inputs(self, case: Case, dtype: str = "float64") -> Arrays:
        """What the operation is called with."""
        return self.subject.draw(case, dtype, self.seed)

    def call(self, case: Case, dtype: str = "float64", arrays: Arrays | None = None) -> Call:
        """The operation recorded on its inputs."""
        arrays = self.inputs(case, dtype) if arrays is None else arrays
        return Call(self.subject.function(case), tensors(arrays))

    def values(self, case: Case) -> None:
        """Arrays, tensors, recorded or not: the same values."""
        arrays = self.inputs(case)
        recorded = [_array(x) for x in several(self.subject(tensors(arrays), case))]
        with no_grad():
            alone = [_array(x) for x in several(self.subject(tensors(arrays), case))]
        _assert_same(alone, recorded, "other values while nothing is recorded")
        if self.subject.row is not None:
            plain = [np.asarray(x) for x in several(self.subject(arrays, case))]
            _assert_same(plain, recorded, "other values on arrays than on tensors")
        if self.reference is not None:
            right = [np.asarray(x) for x in several(self.reference(*arrays, **case.params))]
            _assert_close(recorded, right, "values that are not those of the reference")

    def layout(self, case: Case) -> None:
        """Memory that is not contiguous gives the same values and gradients."""
        arrays = self.inputs(case)
        plain, gradient = self._values_and_gradients(case, arrays)
        for name, change in (("transposed", _transposed), ("strided", _strided)):
            try:
                values, found = self._values_and_gradients(case, [change(x) for x in arrays], copy=False)
            except RuntimeError as error:
                if self.subject.row is not None and self.subject.row.views:
                    raise Skip(f"there is no view of {name} memory") from error
                raise
            _assert_close(values, plain, f"other values where inputs are {name} in memory")
            _assert_close(found, gradient, f"other gradients where inputs are {name} in memory")

    def _values_and_gradients(self, case: Case, arrays: Arrays, copy: bool = True) -> tuple[Arrays, Arrays]:
        leaves = tensors(arrays) if copy else [make(x, requires_grad=x.dtype.kind in "fc") for x in arrays]
        outs = [x for x in several(self.subject(leaves, case)) if _array(x).dtype.kind in "fc"]
        return [_array(x) for x in outs], [_array(g) for g in _gradients(outs, leaves) if g is not None]

    def first_order(self, case: Case) -> None:
        """Gradients are the limits of differences; complex ones too, where a row is for them."""
        self._findings(self.call(case))
        if self.subject.row is not None and self.subject.row.numbers == "any":
            self._findings(self.call(case, "complex128"))

    def _findings(self, call: Call, unclear: bool = False) -> None:
        findings, _ = check(call.problem(), self.seed, probes=1)
        _assert_good(findings, unclear)

    def second_order(self, case: Case) -> None:
        """Gradients of gradients are too."""
        arguments = tensors(self.inputs(case))
        if not any(x.requires_grad for x in several(self.subject(arguments, case))):
            raise Skip("no output depends on an input")
        report = gradgradcheck(self.subject.function(case), arguments, report=True, seed=self.seed, progress=False)
        if report.problems:
            raise Broken("; ".join(report.problems))
        _assert_good(report.findings)

    def forward_mode(self, case: Case) -> None:
        """Forward mode is reverse mode turned round."""
        report = Report(self.subject.name)
        call = self.call(case)
        if not call.connected:
            raise Skip("no output depends on an input")
        methods.forward(call, report, self.seed)
        _assert_good(report.findings)

    def aliasing(self, case: Case) -> None:
        """Nothing is written to, and no gradient lies in the memory of another."""
        arrays = self.inputs(case)
        before = [x.copy() for x in arrays]
        leaves = [make(x) for x in arrays]
        outs = several(self.subject(leaves, case))
        for x, then in zip(arrays, before, strict=True):
            if not same(x, then):
                raise Broken("it writes into an input")
        if self.subject.row is not None and not self.subject.row.views:
            shared = any(np.shares_memory(_array(out), x) for out in outs for x in arrays)
            if shared:
                raise Broken("the output lies in the memory of an input, and the row does not say `views`")
        call = self.call(case)
        points, made = [leaf.array for leaf in call.leaves], [out.array for out in call.outputs]
        found = problems(call.names, points, made, call.pull, call.connected, 0.0)
        if found:
            raise Broken("; ".join(found))

    def dtype(self, case: Case) -> None:
        """What comes in as float32 goes out as float32, forwards, backwards and twice backwards."""
        for name in self.dtypes:
            if self.subject.row is not None and np.dtype(name).char in self.subject.row.refuses:
                continue
            leaves = tensors(self.inputs(case, name))
            outs = [x for x in several(self.subject(leaves, case)) if _array(x).dtype.kind in "fc"]
            wanted = [x for x in leaves if x.requires_grad]
            depth = _digits(wanted[0]) if wanted else 0
            if not any("dtype" in parameter for parameter in case.params):
                for out in outs:
                    if _digits(out) != depth:
                        raise Broken(f"of {wanted[0].array.dtype} it makes {_array(out).dtype}")
            first = _gradients(outs, wanted, again=True)
            second = _gradients([g for g in first if g is not None and g.requires_grad], wanted)
            for order, found in (("gradient", first), ("second derivative", second)):
                for x, g in zip(wanted, found, strict=False):
                    if g is not None:
                        if g.array.dtype != x.array.dtype:
                            raise Broken(f"the {order} of {x.array.dtype} is {g.array.dtype}")
                        if g.array.shape != x.array.shape:
                            raise Broken(f"the {order} of {x.array.shape} is {g.array.shape}")

    @property
    def fixed(self) -> bool:
        """Whether only the cases that were given will do."""
        row = self.subject.row
        needs = row is not None and (row.cases or inspect.Parameter.empty in row.defaults.values())
        return bool(needs) or not all(isinstance(spec, tuple) for case in self.subject.cases for spec in case.inputs)

    def broadcast_cases(self) -> list[Case]:
        """The first case with shapes that broadcast."""
        row, first = self.subject.row, self.subject.cases[0] if self.subject.cases else None
        given = row.broadcasts if row is not None and self.broadcasts is None else self.broadcasts
        if given is False or first is None or self.fixed:
            return []
        count = len(first.inputs)
        if count < 2:
            return []
        mixed: list[tuple[int, ...]] = [(2, 1), (1, 3), (3,), ()]
        cases = [[mixed[(k + shift) % 4] for k in range(count)] for shift in range(4)]
        return [first.reshaped(shapes) for shapes in cases]

    def broadcasting(self, case: Case) -> None:
        """Inputs of shapes that broadcast have gradients of those shapes."""
        if self.broadcasts is None and self.subject.row is None:
            with no_grad():
                try:
                    self.subject(tensors(self.inputs(case)), case)
                except Exception as error:
                    raise Skip("it does not take inputs that broadcast") from error
        call = self.call(case)
        found = problems(
            call.names, [x.array for x in call.leaves], [x.array for x in call.outputs], call.pull, False, 0.0
        )
        if found:
            raise Broken("; ".join(found))
        self._findings(call)

    def edge_cases(self) -> list[Case]:
        """The first case with 0-d and with empty inputs."""
        first = self.subject.cases[0] if self.subject.cases else None
        if first is None or self.fixed:
            return []
        return [first.reshaped([shape] * len(first.inputs)) for shape in ((), (0, 3), (1,))]

    def edges(self, case: Case) -> None:
        """0-d and empty inputs have gradients of their shapes."""
        arrays = self.inputs(case)
        try:
            with no_grad():
                self.subject(tensors(arrays), case)
        except Exception as error:
            if self.subject.row is not None and self.subject.row.broadcasts:
                raise
            raise Skip("it does not take 0-d or empty inputs") from error
        call = self.call(case)
        if not all(np.isfinite(out.array).all() for out in call.outputs):
            raise Skip("it is not finite there")
        found = call.pull([np.ones_like(out.array) for out in call.outputs])
        for leaf, g in zip(call.leaves, found, strict=True):
            if g is not None and g.shape != leaf.array.shape:
                raise Broken(f"of {leaf.array.shape} the gradient is {g.shape}")
        self._findings(call)

    def ties(self, case: Case) -> None:
        """Where elements are equal or zero, the gradient lies between the slopes of the sides."""
        arrays = self.subject.draw(case, "float64", self.seed, tied=True)
        try:
            call = self.call(case, arrays=arrays)
        except (np.linalg.LinAlgError, RuntimeError, ValueError) as error:
            raise Skip("it is not defined there") from error
        if not all(np.isfinite(out.array).all() for out in call.outputs):
            raise Skip("it is not finite there")
        self._findings(call, unclear=True)

    def float32(self, case: Case) -> None:
        """The backward pass of float32 agrees with differences in float64."""
        if self.subject.row is not None and "f" in self.subject.row.refuses:
            raise Skip("not for float32")
        self._findings(self.call(case, "float32"))


def _gradients(outs: Sequence[Any], leaves: Sequence[Any], again: bool = False) -> list[Any]:
    """The gradients of weighted sums of outputs, for the leaves that require grad."""
    outs = [out for out in outs if out.requires_grad]
    wanted = [x for x in leaves if x.requires_grad]
    if not outs or not wanted:
        return [None] * len(wanted)
    weights = [
        make(np.linspace(0.5, 1.5, out.array.size).reshape(out.array.shape).astype(out.array.dtype)) for out in outs
    ]
    return list(differentiate.grad(outs, wanted, weights, create_graph=again, retain_graph=True, allow_unused=True))


def _array(x: Any) -> np.ndarray:
    return np.asarray(getattr(x, "array", x))


def _digits(x: Any) -> float:
    return float(np.finfo(_array(x).dtype).eps)


def _transposed(array: np.ndarray) -> np.ndarray:
    """The same numbers, with the first axis contiguous."""
    return np.asfortranarray(array).reshape(array.shape)


def _strided(array: np.ndarray) -> np.ndarray:
    """The same numbers, with a gap behind each in memory."""
    gapped = np.zeros((*array.shape, 2), array.dtype)
    gapped[..., 0] = array
    return gapped[..., 0]


def _pairs(found: Sequence[np.ndarray], right: Sequence[np.ndarray], what: str) -> Iterator[tuple[Any, Any]]:
    if len(found) != len(right):
        raise Broken(f"{what}: {len(found)} of them, and {len(right)}")
    for a, b in zip(found, right, strict=True):
        if a.shape != b.shape:
            raise Broken(f"{what}: shape {a.shape}, and {b.shape}")
        yield a, b


def _assert_same(found: Sequence[np.ndarray], right: Sequence[np.ndarray], what: str) -> None:
    for a, b in _pairs(found, right, what):
        if a.dtype != b.dtype:
            raise Broken(f"{what}: dtype {a.dtype}, and {b.dtype}")
        if not same(a, b):
            raise Broken(f"{what}: {_first_difference(a, b)}")


def _assert_close(found: Sequence[np.ndarray], right: Sequence[np.ndarray], what: str) -> None:
    for a, b in _pairs(found, right, what):
        if not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise Broken(f"{what}: {_first_difference(a, b)}")


def _first_difference(a: np.ndarray, b: np.ndarray) -> str:
    place = (
        tuple(int(i) for i in np.argwhere(~np.isclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True))[0]) if a.ndim else ()
    )
    return f"{a[place]:.6g} at {list(place)}, and {b[place]:.6g}"


def _assert_good(findings: Sequence[Finding], unclear: bool = False) -> None:
    """Every finding passes; with `unclear` those that say nothing do too."""
    for finding in findings:
        if not (finding.ok or (unclear and finding.verdict == INCONCLUSIVE)):
            raise Broken(finding.sentence())
