"""What a graph is made of: boxes, what flows between them, the modules around them, the backward pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tinygrad_lite.viz.summaries import Summary

__all__ = ["GraphEdge", "GraphModule", "GraphNode", "Send", "Step"]

Kind = Literal["input", "parameter", "buffer", "leaf", "constant", "op", "output"]
Scope = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One box of the picture: an operation, what goes into the computation, or what comes out.

    Attributes:
        index: its place in `Graph.nodes`.
        kind: `"op"`; `"input"`, what the model was called with; `"parameter"`, a leaf that has a name in
            `params` or is an `nn.Parameter`; `"buffer"`, a tensor of a module that is not trained; `"leaf"`,
            any other tensor that requires grad; `"constant"`, an input that does not; `"output"`, a tensor
            that the graph was asked for.
        name: of the operation, or the name of the parameter.
        number: counts the nodes of its kind from 1; the text writes an operation as `#1`.
        shape: of the tensor; for an operation, of its result.
        dtype: of the tensor; None where nothing recorded tells it.
        params: what the operation was given beside its inputs, in short; without those at their default.
        saved_bytes: memory of the arrays an operation keeps for its derivative rules; None once freed.
        order: its place in time, as `Node.order`; 0 for what is not an operation.
        verdict: of a gradient check on the operation; None where there was none.
        module: path of the module that it ran in, or that the parameter belongs to; empty outside of modules.
        scope: for an operation the calls of modules that it ran in, from the outermost: path, and a number
            that tells calls of the same module apart.
        line: where in the program the operation was called.
        macs: the multiply-adds of the operation; None for what is no product or convolution.
        trivial: whether the operation only looks at its input in another way, as `reshape` and `to` do.
        forward_s: seconds that the operation took, and
        backward_s: that its derivative rules took; None where nobody looked at the clock.
        error: what the operation raised, in the graph of a program that broke off there.
        value: the tensor in numbers; None where nothing tells them.
        grad: its gradient in numbers; None where there is none.
        nan_origin: whether this is where the first NaN came from.
    """

    index: int
    kind: Kind
    name: str
    number: int
    shape: tuple[int, ...]
    dtype: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    saved_bytes: int | None = 0
    order: int = 0
    verdict: str | None = None
    module: str = ""
    scope: Scope = ()
    line: str | None = None
    macs: int | None = None
    trivial: bool = False
    forward_s: float | None = None
    backward_s: float | None = None
    error: str | None = None
    value: Summary | None = None
    grad: Summary | None = None
    nan_origin: bool = False

    @property
    def wrong(self) -> bool:
        """Whether it raised, or a gradient check found something wrong with it."""
        return self.error is not None or self.verdict not in (None, "pass", "kink")

    @property
    def size(self) -> int:
        """How many numbers the tensor has."""
        return math.prod(self.shape)

    @property
    def freed(self) -> bool:
        """Whether what it kept for its derivative rules is gone."""
        return self.saved_bytes is None


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A tensor on its way from one node to another.

    Attributes:
        source: index of the node that it comes from.
        target: index of the node that it goes to.
        slot: which input of the target it is, from 0.
        name: what the operation calls this input, such as `"weight"`; empty into an output.
        shape: of the tensor as it arrives.
        dtype: of the tensor; None where nothing recorded tells it.
    """

    source: int
    target: int
    slot: int
    name: str
    shape: tuple[int, ...]
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class GraphModule:
    """A module, or a part of the names of parameters where only these are known.

    Attributes:
        path: as in `named_modules()`.
        type: the name of its class; empty where only names of parameters are known.
        detail: what its `repr` says of its settings.
        params: how many numbers its parameters have, those of its parts included.
        trainable: how many of them are trained.
        macs: multiply-adds of the operations in it, None if there are none.
        saved: bytes that its operations keep for the backward pass, shared arrays counted once.
        same_as: path of the first of its siblings of the same structure, in a row of which it stands.
    """

    path: str
    type: str = ""
    detail: str = ""
    params: int = 0
    trainable: int = 0
    macs: int | None = None
    saved: int = 0
    same_as: str | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str | None:
        """The path of the module around it, None at the top."""
        return self.path.rpartition(".")[0] or None


@dataclass(frozen=True, slots=True)
class Send:
    """What a derivative rule sent to one input.

    Attributes:
        slot: which input.
        to: index of the node it went to.
        gradient: what was sent, in numbers.
        equation: the rule with the numbers in their places, in a graph of single numbers.
    """

    slot: int
    to: int | None
    gradient: Summary
    equation: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the backward pass.

    Attributes:
        node: index of the operation.
        incoming: the gradient that had gathered there.
        sends: what its rules made of it.
        equation: how the incoming gradient came together, in a graph of single numbers.
    """

    node: int
    incoming: Summary
    sends: tuple[Send, ...]
    equation: str | None = None
