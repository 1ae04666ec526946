"""From a computation to a `Graph`: one that was recorded already, or a model that is run to see it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore, ancestors, no_grad
from tinygrad_lite.viz.backward import Listening
from tinygrad_lite.viz.broken import Broken
from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.reader import Reader
from tinygrad_lite.viz.running import Run, run

__all__ = ["graph"]


def graph(
    what: Any,
    *inputs: Any,
    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    loss: Callable[[Any], Any] | None = None,
    gradients: bool = False,
    constants: bool = False,
    values: bool = True,
    verdicts: Mapping[Node, str] | None = None,
    title: str | None = None,
) -> Graph:
    """Read the graph of the computation that led to one or more tensors, or of a model.

    A model or function is run, once, to see it. That leaves no trace: its buffers, the random state and every
    `.grad` are what they were. What it does with an input shows from the start, as if the input required grad;
    memory and times are those without that.

    A model that raises half-way gives the graph up to there, with the operation that raised in red, the error
    in its `error`, and a warning: there is more to see in it than in a traceback. An error before anything ran,
    such as a wrong number of arguments, is raised.

    Args:
        what: a tensor that was computed with gradients, or several in a list; or a module or function.
        inputs: what to call the module or function with.
        params: names for the leaves: `model.named_parameters()`, or a dict from name to tensor. A module knows
            its own.
        loss: from the output of the model to one number, to be part of the graph.
        gradients: run the backward pass too, for the gradient of every node, the times of the rules, and what
            each rule sent where. Of outputs of more than one number the sum is differentiated.
        constants: whether to show inputs that no gradient goes to and that have no name, such as plain numbers.
        values: whether to describe values (least, mean, greatest, norm ...), where they are known: all of them
            of a model that was run or watched by `viz.watch`; otherwise leaves and what was saved.
        verdicts: what a gradient check said of each node, as `gradcheck.check_model(...).verdicts()` gives it;
            operations that did not pass are drawn in red.
        title: of the graph; the name of the model if None.

    Raises:
        TypeError: `what`, or a value of `params`, is not what it should be.
        ValueError: there are no outputs.
        RuntimeError: an output has no history; or `gradients` of a graph that has been freed.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> w = tg.tensor([[0.5, -0.5]], requires_grad=True)
        >>> b = tg.zeros(1, requires_grad=True)
        >>> x = tg.ones(3, 2)
        >>> print(viz.graph((x @ w.T + b).tanh(), params={"w": w, "b": b}))
        4 operations, 2 parameters (3 numbers), float32, 36 B saved for backward
        <BLANKLINE>
            operation   shape  saved  inputs
        #1  permute    (2, 1)      -  w (1, 2); axes=(1, 0)
        #2  matmul     (3, 1)   24 B  #1
        #3  add        (3, 1)      -  #2, b (1,)
        #4  tanh       (3, 1)   12 B  #3
            output     (3, 1)         #4
        >>> print(viz.graph(tg.nn.Sequential(tg.nn.Linear(2, 1), tg.nn.Tanh()), x))
        Sequential: 2 operations, 2 parameters (3 numbers), 1 input (6 numbers), float32, 36 B saved for backward
        <BLANKLINE>
            operation   shape  saved  inputs
        #1  0: Linear  (3, 1)   24 B  input (3, 2), 0.weight (1, 2), 0.bias (1,)
        #2  1: Tanh    (3, 1)   12 B  #1
            output     (3, 1)         #2
    """
    names = _names(params)
    if callable(what) and not isinstance(what, TensorCore):
        found = run(what, inputs, loss)
        if found.broke is None and not any(root.needs_grad for _, root in found.outputs):
            raise RuntimeError(_NO_HISTORY.format(which=f"what {found.title} returned", hint=_hint(found)))
    else:
        if inputs or loss is not None:
            raise TypeError(
                f"graph(): a graph of a {type(what).__name__} takes no inputs and no loss, which are for a model or "
                "function; the names of parameters go into params="
            )
        found = Run(_roots(what))
    outputs = [(name, root) for name, root in found.outputs if root.needs_grad]
    roots = [root for _, root in outputs]
    nodes = found.nodes if found.broke is not None else list(ancestors(*roots))
    listener = _listened(roots, nodes) if gradients and found.broke is None else None
    reader = Reader(outputs, nodes, names, constants, values, verdicts or {}, listener, found.broke)
    read = reader.read(title or found.title)
    if found.broke is not None:
        warnings.warn(_told(found.broke, found.title), UserWarning, stacklevel=2)
    return read


def _told(broke: Broken, title: str) -> str:
    where = f", at {broke.line}" if broke.line else ""
    return (
        f"{title} raised {type(broke.error).__name__}: {broke.error} (in {broke.name}{where}). "
        "The graph shows what ran up to there."
    )


_NO_HISTORY = (
    "graph(): {which} has no history: nothing it was computed from requires grad, or it was "
    "computed inside no_grad() or detached. {hint}"
)


def _hint(found: Run) -> str:
    if not found.outputs:
        return "It returned no tensor at all."
    return "A module needs parameters or an input of floating-point numbers that its output depends on."


def _roots(outputs: Any) -> list[tuple[str, TensorCore]]:
    if not isinstance(outputs, TensorCore | list | tuple):
        raise TypeError(
            f"graph(): expected a Tensor or a list of Tensors, got {type(outputs).__name__}; or a model and its inputs"
        )
    roots: list[TensorCore] = [outputs] if isinstance(outputs, TensorCore) else list(outputs)
    if not roots:
        raise ValueError("graph(): the list of outputs is empty; give at least one Tensor")
    for k, root in enumerate(roots):
        which = "the tensor" if isinstance(outputs, TensorCore) else f"tensor {k} of the list"
        if not isinstance(root, TensorCore):
            raise TypeError(f"graph(): {which} is a {type(root).__name__}, not a Tensor")
        if root.node is None and not root.needs_grad:
            hint = (
                "Compute it, outside no_grad(), from a tensor made with requires_grad=True, such as a model's "
                "parameters, and draw that result; or draw the model itself: graph(model, x)."
            )
            raise RuntimeError(_NO_HISTORY.format(which=which, hint=hint))
    distinct = list({id(root): root for root in roots}.values())
    return [("output" if len(distinct) == 1 else f"output {k}", root) for k, root in enumerate(distinct, 1)]


def _names(params: Any) -> dict[str, TensorCore]:
    try:
        named = dict(params or {})
    except (TypeError, ValueError):
        raise TypeError(
            f"graph(): params is a {type(params).__name__}; give names and tensors, such as "
            "dict(model.named_parameters())"
        ) from None
    for name, tensor in named.items():
        if not isinstance(tensor, TensorCore):
            raise TypeError(f"graph(): params[{name!r}] is a {type(tensor).__name__}, not a Tensor")
    return {str(name): tensor for name, tensor in named.items()}


def _listened(roots: list[TensorCore], nodes: list[Node]) -> Listening:
    """The backward pass from these roots, looked at."""
    if any(node.saved is None for node in nodes):
        raise RuntimeError(
            "graph(gradients=True): the graph has been freed by a backward pass: draw it before, or call "
            "backward(retain_graph=True)"
        )
    leaves = {id(edge): edge for node in nodes for edge in node.edges if isinstance(edge, TensorCore)}
    leaves.update({id(root): root for root in roots if root.node is None})
    listener = Listening(list(leaves.values()))
    with no_grad(), np.errstate(all="ignore"):
        listener.listen(roots)
    return listener
