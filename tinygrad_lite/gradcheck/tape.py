"""A recording of what a program did, to be played again on other numbers.

A node keeps what its rules ask for, and no more. A tape, while it runs, also keeps the constants that
each operation was given, so that the operations can be run again: all of them in float64 where the
program computed in float32, or one alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lite.anomaly import caller
from tinygrad_lite.graph import Node, TensorCore, watched
from tinygrad_lite.nn.running import running
from tinygrad_lite.views import owner


@dataclass
class Step:
    """One recorded operation.

    Attributes:
        node: its node.
        constants: for each input the value, where the input has no gradient.
        line: where in the program it was called.
        modules: the modules that called it, from the outermost; empty outside of modules.
        dtypes: of the inputs, None for what is no array.
        severed: the numbers of the inputs that are results of this program without a gradient.
        made: the dtypes of the outputs.
        rounded: the inputs that are less precise than float64, as they were; None for the others.
    """

    node: Node
    constants: tuple[Any, ...]
    line: str
    modules: tuple[Any, ...]
    dtypes: tuple[Any, ...]
    severed: tuple[int, ...]
    made: tuple[np.dtype[Any], ...]
    rounded: tuple[np.ndarray | None, ...]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.node.op.name


class Tape:
    """Records the operations in the `with` block, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.leaves: dict[int, tuple[TensorCore, np.ndarray]] = {}
        self._watch = watched(self._see)
        self._made: dict[int, np.ndarray] = {}

    def __enter__(self) -> Tape:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__()
        self._made = {}

    def _see(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        constants = []
        for edge, value in zip(node.edges, inputs, strict=False):
            if isinstance(edge, TensorCore) and id(edge) not in self.leaves:
                self.leaves[id(edge)] = (edge, edge.array.copy())
                self._keep(edge.array)
            keep = None if edge is not None else getattr(value, "array", value)
            constants.append(keep.copy() if isinstance(keep, np.ndarray) else keep)
        arrays = [getattr(value, "array", value) for value in inputs]
        dtypes = tuple(getattr(a, "dtype", None) for a in arrays)
        severed = tuple(
            k for k, (a, e) in enumerate(zip(arrays, node.edges, strict=False)) if e is None and self._knows(a)
        )
        rounded = tuple(
            a.copy() if edge is not None and rough(a) else None for a, edge in zip(arrays, node.edges, strict=False)
        )
        outs = made if isinstance(made, tuple) else (made,)
        for out in outs:
            self._keep(out)
        kinds = tuple(out.dtype for out in outs)
        self.steps.append(Step(node, tuple(constants), caller(), running(), dtypes, severed, kinds, rounded))

    def _keep(self, array: np.ndarray) -> None:
        memory = owner(array)
        self._made[id(memory)] = memory

    def _knows(self, value: Any) -> bool:
        """Whether the memory of an array of fractions is a leaf's, or a result of this program."""
        return isinstance(value, np.ndarray) and value.dtype.kind in "fc" and id(owner(value)) in self._made

    def play(self, changed: Mapping[int, np.ndarray] | None = None) -> dict[int, Any]:
        """The values of all nodes and leaves, by their `id`, computed again in float64.

        Args:
            changed: other values for some leaves.
        """
        values: dict[int, Any] = {key: wide(array) for key, (_, array) in self.leaves.items()}
        values.update(changed or {})
        for step in self.steps:
            values[id(step.node)] = run(step, inputs_of(step, values))
        return values


def inputs_of(step: Step, values: Mapping[int, Any]) -> list[Any]:
    """What the operation is given, in float64."""
    return [
        wide(constant) if edge is None else values[id(edge)]
        for edge, constant in zip(step.node.edges, step.constants, strict=True)
    ]


def given_to(step: Step, values: Mapping[int, Any]) -> list[Any]:
    """What the operation really was given, rounded as the program rounded it, in float64."""
    return [
        played if rounded is None else wide(rounded)
        for played, rounded in zip(inputs_of(step, values), step.rounded, strict=True)
    ]


def run(step: Step, inputs: Sequence[Any]) -> Any:
    """What the operation gives: an array, or a tuple of them."""
    op, params = step.node.op, step.node.params
    if op.name == "to" and np.dtype(params["dtype"]).kind in "fc":  # stay in float64
        return inputs[0].astype(
            np.result_type(inputs[0].dtype, params["dtype"]) if params["source"].kind in "fc" else np.float64
        )
    out = op.replay(inputs, params)
    return tuple(map(np.asarray, out)) if isinstance(out, tuple) else np.asarray(out)


def rough(x: Any) -> bool:
    """Whether it is an array of fractions that are less precise than float64."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc" and x.dtype not in (np.float64, np.complex128)


def wide(x: Any) -> Any:
    """An array of fractions in float64 or complex128; anything else as it is."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fc":
        return x
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
