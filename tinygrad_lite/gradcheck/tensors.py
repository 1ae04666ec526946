"""A function of tensors as a problem: evaluated on float64 arrays, differentiated by the backward pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.gradcheck.problem import Arrays, Problem, changed, directions, flat, like, same
from tinygrad_lite.gradcheck.report import GradcheckError
from tinygrad_lite.gradcheck.tape import Tape, wide
from tinygrad_lite.graph import TensorCore, enable_grad, no_grad
from tinygrad_lite.random import current_generator, times_asked
from tinygrad_lite.tensors import make


class Call:
    """A function of tensors at its arguments, recorded once.

    Args:
        function: what to check; of a module the parameters count as inputs too.
        arguments: its arguments; the tensors that require grad are differentiated by.

    Attributes:
        names: of the inputs.
        leaves: the inputs as they stand in the graph.
        outputs: the outputs that have fractions and depend on an input; where none does, all of fractions.
        connected: whether an output depends on an input, as far as the graph knows.

    Raises:
        ValueError: if no input requires grad, or no output is a tensor of fractions.
        GradcheckError: if the function behaves differently each time it is called.
    """

    def __init__(self, function: Callable[..., Any], arguments: Any) -> None:
        self.function = function
        self.arguments = tuple(arguments) if isinstance(arguments, tuple | list) else (arguments,)
        self.title = getattr(function, "__name__", type(function).__name__)
        self.generator = current_generator().get_state()
        self.where = [k for k, a in enumerate(self.arguments) if isinstance(a, TensorCore) and a.needs_grad]
        for k in self.where:
            if self.arguments[k].array.dtype.kind not in "fc":
                raise ValueError(f"gradcheck: input {k} requires grad but holds {self.arguments[k].array.dtype}")
        parameters = dict(function.named_parameters()) if hasattr(function, "named_parameters") else {}
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        if not self.where and not self.parameters:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them have "
                f"requires_grad=True. The inputs are: {_said(self.arguments)}."
            )
        self.names = [*argument_names(function, self.where), *self.parameters]
        self.leaves = [*(_leaf(self.arguments[k]) for k in self.where), *self.parameters.values()]
        given = list(self.arguments)
        for k, leaf in zip(self.where, self.leaves, strict=False):
            given[k] = leaf
        self.tape = Tape()
        before = [leaf.array.copy() for leaf in self.leaves]
        asked = times_asked()
        with enable_grad(), self.tape:
            answer = function(*given)
        self.draws = times_asked() != asked
        if self.draws:
            current_generator().set_state(self.generator)
        found = _tensors(answer)
        for name, leaf, then in zip(self.names, self.leaves, before, strict=True):
            if not same(leaf.array, then):
                raise GradcheckError(f"{self.title} writes into its input `{name}`: clone() it first")
        fractions = [k for k, out in enumerate(found) if out.array.dtype.kind in "fc"]
        if not fractions:
            kinds = ", ".join(f"a tensor of {out.array.dtype}" for out in found) or f"{type(answer).__name__}"
            raise ValueError(f"gradcheck expects {self.title} to return tensors of fractions, but it returned {kinds}")
        self.count = len(found)
        self.kept = [k for k in fractions if found[k].needs_grad]
        self.connected = bool(self.kept)
        if getattr(function, "every_output", False):
            self.kept = fractions
        self.kept = self.kept or fractions
        self.outputs = [found[k] for k in self.kept]
        if difference := self.unsteady(before):
            raise GradcheckError(f"{self.title} {difference}")
        self.low = any(
            t.array.dtype.itemsize < (16 if t.array.dtype.kind == "c" else 8) for t in (*self.leaves, *self.outputs)
        )

    def _called(self, arguments: Sequence[Any]) -> Any:
        """The function, from the same random numbers each time."""
        if not self.draws:
            return self.function(*arguments)
        generator = current_generator()
        now = generator.get_state()
        generator.set_state(self.generator)
        try:
            return self.function(*arguments)
        finally:
            generator.set_state(now)

    def again(self, values: Arrays) -> list[np.ndarray]:
        """The outputs for other values of the inputs, by calling the function."""
        given = list(self.arguments)
        for k, value in zip(self.where, values, strict=False):
            given[k] = make(value).requires_grad_(True)
        held = [p.array for p in self.parameters.values()]
        try:
            for p, value in zip(self.parameters.values(), values[len(self.where) :], strict=True):
                p.array = value
            with no_grad():
                found = _tensors(self._called(given))
        finally:
            for p, array in zip(self.parameters.values(), held, strict=True):
                p.array = array
        if len(found) != self.count:
            raise ValueError(f"{len(found)} tensors returned, and {self.count} at the point")
        return [found[k].array for k in self.kept]

    def unsteady(self, values: Arrays) -> str:
        """How another call with the same inputs differs from the first, in words; empty if it does not."""
        try:
            after = self.again(values)
        except Exception as error:
            return f"raised {type(error).__name__} when called again with the same inputs: {error}"
        return changed([out.array for out in self.outputs], after)

    def run(self, arguments: Sequence[Any]) -> list[Any]:
        """The outputs that count, of a call with other arguments."""
        found = _tensors(self._called(arguments))
        return [found[k] for k in self.kept]

    def replayed(self, values: Arrays) -> list[np.ndarray]:
        """The outputs for other values of the inputs, by the tape, in float64."""
        played = self.tape.play({id(leaf): value for leaf, value in zip(self.leaves, values, strict=True)})
        return [played[id(out.node or out)] for out in self.outputs]

    def _follows(self, point: Arrays) -> bool:
        """Whether the tape gives what the function gives: no path from inputs to outputs went unrecorded."""
        if self.draws:  # float64 would draw other numbers
            return True
        row = flat(point)
        move = 2.0**-7 * directions(row, np.random.default_rng(0))
        return self._follows_to(like(row + move, point), point) and self._follows_to(like(row - move, point), point)

    def _follows_to(self, moved: Arrays, point: Arrays) -> bool:
        try:
            called = self.again(moved)
        except Exception:  # not for float64
            return True
        for there, played, here in zip(called, self.replayed(moved), self.replayed(point), strict=True):
            rounding = 64 * float(np.finfo(there.dtype).eps) * np.abs(played)
            if np.any(np.abs(there - played) > 1e-3 * np.abs(played - here) + 1e-6 * np.abs(played) + rounding):
                return False
        return True

    def pull(self, cotangents: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
        """The gradients of the inputs as the backward pass gives them; None where it gives none."""
        pairs = [(o, g) for o, g in zip(self.outputs, cotangents, strict=True) if g is not None and o.needs_grad]
        if not pairs:
            return [None] * len(self.leaves)
        outs = [o for o, _ in pairs]
        gs = [make(np.asarray(g, o.array.dtype)) for o, g in pairs]
        found = differentiate.grad(outs, self.leaves, gs, retain_graph=True, allow_unused=True)
        return [None if g is None else g.array for g in found]

    def problem(self) -> Problem:
        """What the numeric side sees."""

        def pull(cotangents: Arrays) -> list[np.ndarray]:
            found = self.pull(list(cotangents))
            return [
                np.zeros_like(wide(leaf.array)) if g is None else np.broadcast_to(wide(g), leaf.array.shape)
                for g, leaf in zip(found, self.leaves, strict=True)
            ]

        point = [wide(leaf.array) for leaf in self.leaves]
        epsilon = (
            max(float(np.finfo(t.array.dtype).eps) for t in (*self.leaves, *self.outputs)) if self.outputs else 0.0
        )
        if self.low and self.connected and self._follows(point):
            return Problem(self.title, self.names, point, self.replayed, pull, epsilon)
        known = None if self.low else [out.array for out in self.outputs]
        return Problem(self.title, self.names, point, self.again, pull, epsilon, outputs=known)


def _leaf(x: Any) -> Any:
    """The input as a leaf of its own, on the same memory."""
    leaf = x.detach()
    leaf.needs_grad = True
    return leaf


def _said(arguments: Sequence[Any]) -> str:
    """What was passed, in words."""
    kinds = [
        f"a tensor of {a.array.dtype}" if isinstance(a, TensorCore) else f"{type(a).__name__} (no tensor)"
        for a in arguments
    ]
    return ", ".join(kinds) or "none"


def _tensors(out: Any) -> list[Any]:
    if isinstance(out, TensorCore):
        return [out]
    if isinstance(out, dict):
        out = tuple(out.values())
    return [t for item in out for t in _tensors(item)] if isinstance(out, tuple | list) else []


def argument_names(function: Callable[..., Any], where: Sequence[int]) -> list[str]:
    """The names of the arguments, as far as the function tells them."""
    call = function.forward if hasattr(function, "named_parameters") else function  # type: ignore[attr-defined]
    try:
        parameters = [p for p in inspect.signature(call).parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):
        parameters = []
    return [parameters[k].name if k < len(parameters) else f"input {k}" for k in where]
