"""Asking for gradients: `backward` fills `.grad` of leaves, `grad` returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.engine import Backward
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import bare, make

if TYPE_CHECKING:
    from tinygrad_lite.tensor import Tensor

__all__ = ["backward", "grad"]


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of `tensors` to `.grad` of the leaves behind them.

    Args:
        tensors: what to differentiate.
        grad_tensors: the gradient of each, of its shape; None where it has one element, and means 1.
        retain_graph: keep what the graph saved, to go through it again. By default as `create_graph`.
        create_graph: record the pass itself, so that the gradients can be differentiated.
        inputs: the only tensors whose `.grad` is to be filled; every leaf if None.

    Raises:
        RuntimeError: if a tensor does not require grad, has more than one element and no gradient given,
            a gradient has another shape, or the graph has been freed.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> tg.autograd.backward((x * x).sum()); x.grad
        tensor([2., 4.])
    """
    keep = create_graph if retain_graph is None else retain_graph
    if isinstance(tensors, TensorCore) and grad_tensors is None and inputs is None:  # loss.backward()
        Backward(bare, create_graph, keep).run((tensors,), (_start(tensors, None, create_graph),))
        return
    roots = _listed(tensors)
    starts = _gradients(roots, grad_tensors, create_graph)
    if inputs is None:
        Backward(bare, create_graph, keep).run(roots, starts)
        return
    wanted = _listed(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    engine = Backward(bare, create_graph, keep, wanted)
    found = engine.run(roots, starts)
    for tensor in wanted:
        g = found.get(id(tensor.node or tensor))
        if g is not None and not (tensor.node is not None and tensor.retains_grad):  # which keeps it by itself
            engine.accumulate(tensor, g)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs`, added up, with respect to each of `inputs`; `.grad` is left alone.

    Args:
        outputs: what to differentiate.
        inputs: what with respect to; leaves or results on the way.
        grad_outputs: the gradient of each output; None where it has one element, and means 1.
        retain_graph: keep what the graph saved, to go through it again. By default as `create_graph`.
        create_graph: record the pass itself, so that the gradients can be differentiated.
        allow_unused: return None for an input that the outputs do not depend on, instead of raising.
        materialize_grads: return zeros for such an input.

    Raises:
        RuntimeError: as `backward`; and for an input that does not require grad or was not used.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor(3.0, requires_grad=True)
        >>> (first,) = tg.autograd.grad(x**3, x, create_graph=True)
        >>> first.item(), tg.autograd.grad(first, x)[0].item()
        (27.0, 18.0)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True")
    roots, wanted = _listed(outputs), _listed(inputs)
    for k, tensor in enumerate(wanted):
        if not tensor.requires_grad:
            raise RuntimeError(f"One of the differentiated Tensors does not require grad: input {k} of grad()")
    starts = _gradients(roots, grad_outputs, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    found = Backward(bare, create_graph, keep, wanted).run(roots, starts)
    results: list[Any] = []
    for k, tensor in enumerate(wanted):
        g = found.get(id(tensor.node or tensor))
        if g is None and materialize_grads:
            g = np.zeros_like(tensor.array)
        if g is None and not allow_unused:
            raise RuntimeError(
                f"One of the differentiated Tensors appears to not have been used in the graph: input {k} of "
                "grad(). Set allow_unused=True if this is the desired behavior."
            )
        results.append(g if g is None or isinstance(g, TensorCore) else make(g))
    return tuple(results)


def _listed(tensors: Any) -> list[Tensor]:
    found = [tensors] if isinstance(tensors, TensorCore) else list(tensors)
    for tensor in found:
        if not isinstance(tensor, TensorCore):
            raise TypeError(f"expected Tensors to differentiate, got {type(tensor).__name__}")
    return found  # type: ignore[return-value]


def _gradients(roots: Sequence[Tensor], given: Any, create_graph: bool) -> list[Any]:
    """The gradient to start from at each root, checked."""
    if given is None:
        given = [None] * len(roots)
    elif isinstance(given, TensorCore):
        given = [given]
    elif not isinstance(given, Sequence):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}")
    if len(given) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(given)} gradients")
    return [_start(root, g, create_graph) for root, g in zip(roots, given, strict=True)]


def _start(root: Tensor, g: Any, create_graph: bool) -> Any:
    if not root.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: nothing that it was "
            "computed from has requires_grad=True, or it was computed under no_grad()"
        )
    array = root.array
    if g is None:
        if array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs: the tensor has shape "
                f"{list(array.shape)}. Reduce it first, as in .sum(), or pass a gradient of that shape."
            )
        if array.dtype.kind == "c":
            raise RuntimeError(
                "grad can be implicitly created only for real scalar outputs but got "
                f"{root.dtype}: pass a gradient, or take the real part first"
            )
        g = np.array(1, array.dtype).reshape(array.shape)
        return make(g) if create_graph else g
    if not isinstance(g, TensorCore):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g.array.shape != array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {list(g.array.shape)} and output[0] has a shape "
            f"of {list(array.shape)}."
        )
    if (g.array.dtype.kind == "c") != (array.dtype.kind == "c"):
        raise RuntimeError(
            f"For complex Tensors, both grad_output and output are required to have the same dtype. Got "
            f"{g.array.dtype} and {array.dtype}"
        )
    if not create_graph:
        return g.array if g.array.dtype == array.dtype else g.array.astype(array.dtype)
    return g if g.array.dtype == array.dtype else g.to(array.dtype)  # type: ignore[attr-defined]
