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


@dataclass
class Step:
    """One recorded operation.

    Attributes:
        node: its node.
        constants: for each input the value, where the input has no gradient.
        line: where in the program it was called.
        module: the path of the module that called it, from the outermost; empty outside of modules.
    """

    node: Node
    constants: tuple[Any, ...]
    line: str
    modules: tuple[Any, ...]

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

    def __enter__(self) -> Tape:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__()

    def _see(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        constants = []
        for edge, value in zip(node.edges, inputs, strict=False):
            if isinstance(edge, TensorCore) and id(edge) not in self.leaves:
                self.leaves[id(edge)] = (edge, edge.array.copy())
            keep = None if edge is not None else getattr(value, "array", value)
            constants.append(keep.copy() if isinstance(keep, np.ndarray) else keep)
        self.steps.append(Step(node, tuple(constants), caller(), running()))

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


def run(step: Step, inputs: Sequence[Any]) -> Any:
    """What the operation gives: an array, or a tuple of them."""
    op, params = step.node.op, step.node.params
    if op.name == "to" and np.dtype(params["dtype"]).kind in "fc":  # stay in float64
        return inputs[0].astype(
            np.result_type(inputs[0].dtype, params["dtype"]) if params["source"].kind in "fc" else np.float64
        )
    out = op.replay(inputs, params)
    return tuple(map(np.asarray, out)) if isinstance(out, tuple) else np.asarray(out)


def wide(x: Any) -> Any:
    """An array of fractions in float64 or complex128; anything else as it is."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fc":
        return x
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
