"""Operations of one's own: `Function`, with a forward and a backward written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.engine import saved_tensors
from tinygrad_lite.graph import Node, TensorCore, is_grad_enabled, mode, no_grad
from tinygrad_lite.inplace import check_writable, rebase
from tinygrad_lite.op import Op
from tinygrad_lite.recorders import node_of, output_tensors
from tinygrad_lite.tensors import bare
from tinygrad_lite.views import note_write

__all__ = ["Function", "FunctionCtx", "once_differentiable"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Source: TypeAlias = tuple[str, int] | None  # what a saved tensor is: ("input", 0), ("output", 1) or something else


class FunctionCtx:
    """What `forward` hands over to `backward`; any attribute may be set on it.

    Attributes:
        needs_input_grad: for each argument of `forward` whether its gradient is wanted.
    """

    needs_input_grad: tuple[bool, ...] = ()
    _to_save: tuple[Tensor | None, ...] = ()
    _sources: tuple[Source, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _constant: tuple[Tensor, ...] = ()
    _fills = True
    _outputs: tuple[tuple[tuple[int, ...], np.dtype[Any]] | None, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward`, where they are `ctx.saved_tensors`. Inputs and outputs belong here.

        Raises:
            TypeError: for what is neither a tensor nor None.
        """
        for k, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, TensorCore):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {k} is of type "
                    f"{type(tensor).__name__}; set other things as attributes of ctx"
                )
        self._to_save = tensors

    save_for_forward = save_for_backward

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept."""
        return self._to_save

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` wrote into; it has to return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient, such as indices."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (the default) or None for an output that no gradient reached."""
        self._fills = value


class _FunctionOp(Op):
    """What the engine sees of a `Function`: an operation whose rules all come from one call of `backward`."""

    def __init__(self, function: type[Function]) -> None:
        super().__init__(function.__name__, function.forward, None, {"inputs": lambda g: g}, variadic=True)
        self.function = function

    def calls_of(self, edges: Sequence[Any]) -> Sequence[tuple[int, Callable[..., Any]]]:
        answers: list[Any] = []

        def rule(g: Any, saved: tuple[Any, ...], node: Node, k: int) -> Any:
            if not answers:
                answers.extend(self._gradients(g, saved, node))
            return answers[k]

        return [(k, rule) for k, edge in enumerate(edges) if edge is not None]

    def tied(self, node: Node, saved: tuple[Any, ...], tie: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
        return tuple(
            tie(array, self._edge(node, source))
            for array, source in zip(saved, node.params["ctx"]._sources, strict=True)
        )

    def replay(self, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """What `forward` gives for other inputs."""
        args = [bare(x.copy()) if isinstance(x, np.ndarray) else x for x in inputs]
        ctx = FunctionCtx()
        with no_grad():
            old = self.function.setup_context is Function.setup_context
            out = self.function.forward(ctx, *args) if old else self.function.forward(*args)
        outs = out if isinstance(out, tuple) else (out,)
        return tuple(o.array if isinstance(o, TensorCore) else np.asarray(0) for o in outs)

    def _edge(self, node: Node, source: Source) -> Any:
        if source is None:
            return None
        kind, k = source
        return node.edges[k] if kind == "input" else self.output(node, k, len(node.params["ctx"]._outputs))

    def _gradients(self, g: Any, saved: tuple[Any, ...], node: Node) -> list[Any]:
        """Call `backward`; its answers as the engine wants them."""
        ctx: FunctionCtx = node.params["ctx"]
        grads = [self._arrived(part, like, ctx._fills) for part, like in zip(g, ctx._outputs, strict=True)]
        # The inputs themselves, so that `backward` can differentiate by them, as Chen et al. do (Neural ODEs, 2018).
        tied = saved_tensors(node, saved)
        ctx._to_save = tuple(bare(x) if isinstance(x, np.ndarray) else x for x in tied)
        try:
            answer = self.function.backward(ctx, *grads)
        finally:
            ctx._to_save = ()
        answers = list(answer) if isinstance(answer, tuple) else [answer]
        while len(answers) > len(node.edges) and answers[-1] is None:
            answers.pop()
        if len(answers) != len(node.edges):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected "
                f"{len(node.edges)}, got {len(answers)}): one for each argument of forward, None where there is none"
            )
        return [self._checked(d, k, node) for k, d in enumerate(answers)]

    @staticmethod
    def _arrived(g: Any, like: tuple[tuple[int, ...], np.dtype[Any]] | None, fills: bool) -> Any:
        if g is None:
            return bare(np.zeros(*like)) if fills and like is not None else None
        return g if isinstance(g, TensorCore) else bare(np.asarray(g))

    def _checked(self, d: Any, k: int, node: Node) -> Any:
        """Gradient `d` of argument `k`, in its shape; an array where nothing is recorded."""
        if d is None or node.edges[k] is None:
            return None
        if not isinstance(d, TensorCore):
            raise TypeError(f"{self.name}.backward: expected a Tensor or None at index {k}, got {type(d).__name__}")
        shape = node.shapes[k]
        if d.array.shape != shape:
            try:
                d = d.sum_to_size(shape)  # type: ignore[attr-defined]
            except RuntimeError:
                raise RuntimeError(
                    f"Function {self.name}Backward returned an invalid gradient at index {k} - got "
                    f"{list(d.array.shape)} but expected shape compatible with {list(shape)}"
                ) from None
        return d if mode.grad else d.array


class Function:
    """An operation with a derivative written by hand.

    A subclass has two static methods and is called by `apply`. `forward(ctx, *args)` computes the outputs;
    nothing in it is recorded. `backward(ctx, *grad_outputs)` gets one gradient for each output and returns
    one for each argument, None where there is none. If `backward` is made of differentiable operations,
    second derivatives work too. Or `forward(*args)` has no `ctx`, and `setup_context(ctx, inputs, output)`
    saves what is needed.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Cube(tg.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad_output):
        ...         (x,) = ctx.saved_tensors
        ...         return grad_output * 3 * x**2
        >>> x = tg.tensor(2.0, requires_grad=True)
        >>> y = Cube.apply(x)
        >>> y.backward(); x.grad
        tensor(12.)
    """

    _op: _FunctionOp | None = None

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs, a tensor or a tuple; to be written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradient of each argument; to be written by the subclass."""
        raise NotImplementedError("You must implement the backward function for your custom autograd.Function.")

    vjp = backward

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what `backward` needs, where `forward` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Compute the tangent of each output; without it forward mode is derived from `backward`."""
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` and record it as one operation.

        Raises:
            RuntimeError: if an input that was marked dirty is not returned.
        """
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(a, TensorCore) and a.needs_grad for a in args)
        wanted = bool(mode.grad) and any(ctx.needs_input_grad)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                answer = cls.forward(ctx, *args, **kwargs)
            else:
                answer = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, answer)
        outputs = list(answer) if isinstance(answer, tuple) else [answer]
        for tensor in ctx._dirty:
            if all(tensor is not out for out in outputs):
                raise RuntimeError(
                    "Some elements marked as dirty during the forward method were not returned as output."
                )
            note_write(tensor, cls.__name__)
        if wanted:
            cls._record(ctx, args, outputs)
        else:
            ctx._to_save = ()
        return tuple(outputs) if isinstance(answer, tuple) else outputs[0]

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: tuple[Any, ...], outputs: list[Any]) -> None:
        """Put the outputs, in place in their list, above a node for this call."""
        if cls._op is None or cls._op.function is not cls:
            cls._op = _FunctionOp(cls)
        where = [k for k, out in enumerate(outputs) if _differentiable(out, ctx)]
        for tensor in ctx._dirty:
            check_writable(tensor, cls.__name__)
        ctx._outputs = tuple(
            (outputs[k].array.shape, outputs[k].array.dtype) if k in where else None for k in range(len(outputs))
        )
        sources = {id(a): ("input", k) for k, a in enumerate(args) if isinstance(a, TensorCore)}
        sources.update({id(outputs[k]): ("output", k) for k in where})
        ctx._sources = tuple(sources.get(id(t)) for t in ctx._to_save)
        saved = tuple(None if t is None else t.array for t in ctx._to_save)
        ctx._to_save = ()
        arrays = [a.array if isinstance(a, TensorCore) else None for a in args]
        edges = tuple((a.node or a) if needs else None for a, needs in zip(args, ctx.needs_input_grad, strict=True))
        node = node_of(cls._op, edges, saved, arrays, {"ctx": ctx})
        made = output_tensors(
            node, [out.array if isinstance(out, TensorCore) else np.asarray(0) for out in outputs], args
        )
        for k in where:
            if any(outputs[k] is tensor for tensor in ctx._dirty):
                rebase(outputs[k], made[k].node)
            else:
                outputs[k] = made[k]


def _differentiable(out: Any, ctx: FunctionCtx) -> bool:
    return (
        isinstance(out, TensorCore)
        and out.array.dtype.kind in "fc"
        and all(out is not constant for constant in ctx._constant)
    )


class _Refusal(Function):
    """Passes gradients on, and refuses to be differentiated itself."""

    @staticmethod
    def forward(ctx: Any, count: int, *tensors: Any) -> Any:
        return tuple(None if t is None else bare(t.array) for t in tensors[:count])

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a `backward` that is not made of differentiable operations: differentiating twice then raises.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Twice(tg.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...
        ...     @staticmethod
        ...     @tg.autograd.function.once_differentiable
        ...     def backward(ctx, g):
        ...         return tg.from_numpy(g.numpy() * 2)
    """

    @wraps(backward)
    def run(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            answer = backward(ctx, *grads)
        depends = [t for t in (*grads, *ctx.saved_tensors) if isinstance(t, TensorCore) and t.needs_grad]
        if not is_grad_enabled() or not depends:
            return answer
        found = answer if isinstance(answer, tuple) else (answer,)
        refusing = _Refusal.apply(len(found), *found, *depends)
        return refusing if isinstance(answer, tuple) else refusing[0]

    return run
