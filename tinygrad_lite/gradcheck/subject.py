"""What a contract is put to: an operation of whatever kind, and inputs to call it with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lite.autograd.function import Function
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import Op
from tinygrad_lite.tensors import make

Arrays = list[np.ndarray]


@dataclass(frozen=True)
class Case:
    """One way to call an operation.

    Attributes:
        inputs: for each input a shape to draw numbers in, or an array to take as it is.
        params: the other arguments. A parameter that is a function is called with the dtype of the inputs.
    """

    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = ", ".join(str(spec if isinstance(spec, tuple) else np.shape(spec)) for spec in self.inputs)
        settings = "".join(f", {name}={value!r}" for name, value in self.params.items())
        return f"of inputs of shape {shapes}{settings}"

    def reshaped(self, shapes: Sequence[tuple[int, ...]]) -> Case:
        """The same with inputs of other shapes."""
        return Case(tuple(shapes), self.params)


class Subject:
    """An operation under test.

    Args:
        op: what the function of a row is, the row, a `Function`, or a function of tensors.
        cases: how to call it, as `((2, 3), (3,), {"dim": 0})`; None for two small shapes.
        domain: where inputs are drawn from; None for the row's domain, or (-2, 2).

    Attributes:
        row: the row of the op table; None for anything else.
        names: of the inputs.

    Raises:
        TypeError: if `op` is nothing of the kind.
        ValueError: if it cannot be told how to call it.
    """

    def __init__(self, op: Any, cases: Sequence[Any] | None, domain: tuple[float, float] | None) -> None:
        row = op if isinstance(op, Op) else getattr(op, "op", None)
        self.row: Op | None = row if isinstance(row, Op) else None
        self._call: Callable[..., Any]
        if self.row is not None:
            self.name, self._call = self.row.name, self.row.record
        elif isinstance(op, type) and issubclass(op, Function):
            self.name, self._call = op.__name__, op.apply
        elif callable(op):
            self.name, self._call = getattr(op, "__name__", type(op).__name__), op
        else:
            raise TypeError(f"op_contract takes a row, a Function or a function of tensors, got {type(op).__name__}")
        self.names = list(self.row.inputs) if self.row else input_names(op)
        self.domain = domain or (self.row.domain if self.row else (-2.0, 2.0))
        self.cases = [_case(given) for given in cases] if cases is not None else list(self._usual_cases())

    def __call__(self, inputs: Sequence[Any], case: Case) -> Any:
        """What it gives, for tensors or arrays."""
        first = next((x for x in inputs if hasattr(x, "dtype")), None)
        dtype = getattr(first, "array", first)
        params = {k: v(dtype.dtype) if callable(v) and self.row else v for k, v in case.params.items()}  # type: ignore[union-attr]
        if self.row is not None and self.row.variadic:
            return self._call(list(inputs), **params)
        return self._call(*inputs, **params)

    def function(self, case: Case) -> Callable[..., Any]:
        """It as a function of its inputs alone."""

        def called(*inputs: Any) -> Any:
            return self(inputs, case)

        called.__name__ = self.name
        if len(self.names) == len(case.inputs):
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            signature = inspect.Signature([inspect.Parameter(name, kind) for name in self.names])
            called.__signature__ = signature  # type: ignore[attr-defined]
        return called

    def draw(self, case: Case, dtype: Any, seed: int = 0, tied: bool = False) -> Arrays:
        """Inputs for a case, from the domain; `tied` from a few numbers, so that some are equal."""
        random = np.random.default_rng(seed)
        dtype = np.dtype(dtype)
        return [self._array(spec, k, dtype, random, tied) for k, spec in enumerate(case.inputs)]

    def _array(self, spec: Any, k: int, dtype: np.dtype[Any], random: np.random.Generator, tied: bool) -> np.ndarray:
        if not isinstance(spec, tuple):
            return spec.astype(dtype) if spec.dtype.kind in "fc" else spec.copy()
        if self.row is not None:
            if self.row.rules[self.row.inputs[0 if self.row.variadic else k]] is None:
                return random.random(spec) < 0.5
            if self.row.numbers == "complex":
                dtype = np.result_type(dtype, np.complex64)

        def part() -> Any:
            return random.choice(self._few(k), spec) if tied else random.uniform(*self.domain, spec)

        return np.asarray(part() + 1j * part() if dtype.kind == "c" else part()).astype(dtype)

    def _few(self, k: int) -> list[float]:
        """A few numbers of the domain, zero among them where it is inside; others from the third input on."""
        low, high = self.domain
        if low < 0 < high:
            few = [0.0, min(1.0, high / 2)]
        else:
            few = [low + (high - low) / 4, low + (high - low) / 2]
        return few if k < 2 else [(number + high) / 2 for number in few]

    def _usual_cases(self) -> Iterator[Case]:
        """The row's own cases, or two small shapes."""
        if self.row is not None and self.row.cases:
            yield from map(_case, self.row.cases)
            return
        missing = [n for n, d in self.row.defaults.items() if d is inspect.Parameter.empty] if self.row else []
        if missing or not self.names:
            reason = f"it has parameters without defaults: {missing}" if missing else "its inputs cannot be told"
            raise ValueError(f"op_contract: say how to call {self.name}, as by cases=[((2, 3), (3,))]; {reason}")
        yield Case(((2, 3),) * len(self.names))
        if self.row is not None:
            yield Case(((),) * len(self.names))


def tensors(arrays: Sequence[np.ndarray]) -> list[Any]:
    """Leaves on copies; those of fractions require grad."""
    return [make(x.copy(), requires_grad=x.dtype.kind in "fc") for x in arrays]


def several(out: Any) -> list[Any]:
    """The outputs, one or several."""
    return [part for item in out for part in several(item)] if isinstance(out, tuple | list) else [out]


def _case(given: Any) -> Case:
    if isinstance(given, Case):
        return given
    inputs = tuple(item for item in given if not isinstance(item, dict))
    params = next((item for item in given if isinstance(item, dict)), {})
    return Case(tuple(_spec(item) for item in inputs), params)


def _spec(item: Any) -> Any:
    """A shape as a tuple; an array or a tensor as an array."""
    if isinstance(item, TensorCore):
        return item.array
    return tuple(item) if isinstance(item, tuple | list) else np.asarray(item)


def input_names(op: Any) -> list[str]:
    """The names of the arguments that have no default; none where they cannot be told."""
    written = op
    if (isinstance(op, type) and issubclass(op, Function)) or hasattr(op, "named_parameters"):
        written = op.forward
    try:
        parameters = list(inspect.signature(written).parameters.values())
    except (TypeError, ValueError):
        return []
    if written is not op and isinstance(op, type) and op.setup_context is Function.setup_context:  # type: ignore[attr-defined]
        parameters = parameters[1:]  # the first is ctx
    return [p.name for p in parameters if p.default is p.empty and p.kind <= p.POSITIONAL_OR_KEYWORD]
