"""The computation graph: nodes, the tensors they lead to, and whether anything is recorded at all.

A `Node` is one recorded operation. It holds data, not closures: which row of the op table ran, where
each input came from, and the arrays that the row's derivative rules ask for. The engine walks these
nodes, the pictures are drawn from them, and nothing in them points forward to the tensors they made:
a graph has no cycles, so its memory goes with the last reference to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import isgeneratorfunction
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from tinygrad_lite.op import Op
    from tinygrad_lite.views import Extra

F = TypeVar("F", bound=Callable[..., Any])

tick = count(1).__next__
"""The clock of the graph: every node and every in-place write takes the next number."""


class _Mode(threading.local):
    """What this thread records.

    Attributes:
        grad: whether operations are recorded: False, True, or the function that watches, which is called
            with each node and what it made.
        watch: None, or that function, also where nothing is recorded at the moment.
        inference: whether `inference_mode` is on.
    """

    grad: Any = True
    watch: Callable[[Node, Any, tuple[Any, ...]], None] | None = None
    inference = False

    def recording(self, wanted: bool) -> Any:
        """What `grad` is to be where recording is wanted, or not."""
        return (self.watch or True) if wanted else False


mode = _Mode()


class watched:  # noqa: N801 - a context manager, named as the modes are
    """Call `see(node, made, inputs)` for every node that this thread records inside the `with` block.

    `made` is the array that the operation made, or a tuple of them, `inputs` what it was made of. Where
    nobody watches, this costs nothing.
    """

    def __init__(self, see: Callable[[Node, Any, tuple[Any, ...]], None]) -> None:
        self.see = see

    def __enter__(self) -> watched:
        self.outer = outer = mode.watch
        if outer is None:
            mode.watch = self.see
        else:

            def both(node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
                outer(node, made, inputs)
                self.see(node, made, inputs)

            mode.watch = both
        mode.grad = mode.recording(bool(mode.grad))
        return self

    def __exit__(self, *exc: object) -> None:
        mode.watch = self.outer
        mode.grad = mode.recording(bool(mode.grad))


class TensorCore:
    """What the graph knows of a tensor; `tinygrad_lite.Tensor` adds what a person uses.

    Attributes:
        array: the values, a NumPy array. Writing into it goes unseen by autograd.
        node: the operation that made it, None for a leaf.
        needs_grad: whether gradients flow to or through it.
        extra: None, or what only some tensors have: a base they are a view of, views of their own,
            hooks.
    """

    __slots__ = ("__dict__", "__weakref__", "_grad", "array", "extra", "needs_grad", "node")

    array: np.ndarray
    node: Node | None
    needs_grad: bool
    _grad: Any
    extra: Extra | None


class Node:
    """One recorded operation: what `Tensor.grad_fn` returns.

    Attributes:
        op: the row of the op table.
        edges: for each input the node that made it, the leaf tensor itself, or None where no gradient
            is wanted.
        saved: the arrays that the rules ask for, in the order of `op.saves`; None once freed.
        shapes: the shape of each input.
        params: what was passed beside the inputs, such as `axis`.
        order: its place in time; the backward pass runs nodes in falling order.
        hooks: None, or functions to run on the gradient that arrives here.
        notes: what watchers wrote down about it; unset where nobody watched.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "notes", "op", "order", "params", "saved", "shapes")

    op: Op
    edges: tuple[Node | TensorCore | None, ...]
    saved: tuple[Any, ...] | None
    shapes: tuple[tuple[int, ...], ...]
    params: dict[str, Any]
    order: int
    hooks: Hooks | None
    notes: dict[Any, Any]

    def note(self, name: Any, value: Any) -> None:
        """Write `value` down about this node."""
        try:
            self.notes[name] = value
        except AttributeError:
            self.notes = {name: value}

    def noted(self, name: Any) -> Any:
        """What was written down under `name`, or None."""
        try:
            return self.notes.get(name)
        except AttributeError:
            return None

    def name(self) -> str:
        """The name PyTorch gives such a node, `MulBackward0`; one of several outputs has that of what made it."""
        (*_, above) = self.edges or (None,)
        if self.op.name == "output" and isinstance(above, Node):
            return above.name()
        return "".join(part[:1].upper() + part[1:] for part in self.op.name.split("_")) + "Backward0"

    def __repr__(self) -> str:
        return f"<{self.name()}>"

    @property
    def next_functions(self) -> tuple[tuple[Node | AccumulateGrad | None, int], ...]:
        """Where the gradient goes from here: `(node, 0)` for each input, as PyTorch shows it."""
        return tuple((AccumulateGrad(edge) if isinstance(edge, TensorCore) else edge, 0) for edge in self.edges)

    def own_hooks(self) -> Hooks:
        """The hooks, made on first use."""
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_outputs)`, a tuple, before this node runs; the tuple it returns replaces it."""

        def on_gradient(g: Any) -> Any:
            if isinstance(g, tuple):
                return hook(g)
            answer = hook((g,))
            return answer if answer is None else answer[0]

        return RemovableHandle(self.own_hooks(), on_gradient)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` when this node has run; what it returns replaces `grad_inputs`."""
        return RemovableHandle(self.own_hooks().after, hook)


class Hooks(dict[int, Callable[..., Any]]):
    """Functions to run on the gradient that arrives at a node; and `after`, when the node has run."""

    def __init__(self) -> None:
        super().__init__()
        self.after: dict[int, Callable[..., Any]] = {}

    def __bool__(self) -> bool:
        return bool(len(self) or self.after)


class AccumulateGrad:
    """The end of a path: the leaf tensor whose `.grad` the gradient is added to."""

    __slots__ = ("variable",)

    def __init__(self, variable: TensorCore) -> None:
        self.variable = variable

    def name(self) -> str:
        """PyTorch's name for it."""
        return "AccumulateGrad"

    def __repr__(self) -> str:
        return "<AccumulateGrad>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)

    next_functions: tuple[()] = ()


class RemovableHandle:
    """What registering a hook returns; `remove()` takes the hook away again."""

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self.id = tick()
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away. Doing so twice is harmless."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def ancestors(*roots: TensorCore) -> Iterator[Node]:
    """Every node behind `roots`, each once, without recursion and in no promised order."""
    stack = [root.node for root in roots if root.node is not None]
    seen = {id(node) for node in stack}
    while stack:
        node = stack.pop()
        yield node
        for edge in node.edges:
            if isinstance(edge, Node) and id(edge) not in seen:
                seen.add(id(edge))
                stack.append(edge)


class _ModeSwitch:
    """A context manager and decorator that sets part of the mode and puts back what was there."""

    grad: bool
    inference: bool | None = None

    def __enter__(self) -> None:
        self._before = (*getattr(self, "_before", ()), (mode.grad, mode.inference))
        mode.grad = mode.recording(self.grad)
        if self.inference is not None:
            mode.inference = self.inference

    def __exit__(self, *exc: object) -> None:
        *rest, (mode.grad, mode.inference) = self._before
        self._before = tuple(rest)

    def __call__(self, function: F) -> F:
        if isgeneratorfunction(function):
            return self._around_each_step(function)

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]

    def _around_each_step(self, function: Any) -> Any:
        """A generator in whose code the mode holds, but not in that of whoever takes from it."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            request, answer = generator.send, None
            while True:
                with self._again():
                    try:
                        value = request(answer)
                    except StopIteration as end:
                        return end.value
                try:
                    answer = yield value
                    request = generator.send
                except GeneratorExit:
                    with self._again():
                        generator.close()
                    raise
                except BaseException as error:
                    request, answer = generator.throw, error

        return run

    def _again(self) -> _ModeSwitch:
        return type(self)()


class no_grad(_ModeSwitch):  # noqa: N801 - PyTorch's name
    """Record nothing inside the `with` block, or inside the decorated function.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> with tg.no_grad():
        ...     (w * 2).requires_grad
        False
    """

    grad = False

    def __new__(cls, function: Any = None) -> Any:
        """`@no_grad` without parentheses decorates as well."""
        switch = super().__new__(cls)
        return switch if function is None else switch(function)


class enable_grad(_ModeSwitch):  # noqa: N801
    """Record again inside a `no_grad` block.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> with tg.no_grad(), tg.enable_grad():
        ...     (w * 2).requires_grad
        True
    """

    grad = True

    def __new__(cls, function: Any = None) -> Any:
        """`@enable_grad` without parentheses decorates as well."""
        switch = super().__new__(cls)
        return switch if function is None else switch(function)


class set_grad_enabled(_ModeSwitch):  # noqa: N801
    """Record or not, by a flag: at once when called, or for the length of a `with` block.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.set_grad_enabled(False):
        ...     tg.is_grad_enabled()
        False
    """

    def __init__(self, mode: bool) -> None:
        self.grad = bool(mode)
        super().__enter__()

    def __enter__(self) -> None:
        """The flag is set already."""

    def __call__(self, function: F) -> F:
        """Decorate a function."""
        super().__exit__()  # as a decorator it acts when the function runs, not now
        return super().__call__(function)

    def _again(self) -> _ModeSwitch:
        return set_grad_enabled(self.grad)


class inference_mode(_ModeSwitch):  # noqa: N801
    """As `no_grad`; `is_inference_mode_enabled()` tells the two apart.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.inference_mode():
        ...     tg.is_grad_enabled(), tg.is_inference_mode_enabled()
        (False, True)
    """

    def __init__(self, mode: bool = True) -> None:
        self.grad, self.inference = not mode, bool(mode)

    def __new__(cls, mode: Any = True) -> Any:
        """`@inference_mode` without parentheses decorates as well."""
        switch = super().__new__(cls)
        if not callable(mode):
            return switch
        switch.__init__()  # type: ignore[misc]
        return switch(mode)

    def _again(self) -> _ModeSwitch:
        return inference_mode(bool(self.inference))


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_grad_enabled()
        True
    """
    return bool(mode.grad)


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_inference_mode_enabled()
        False
    """
    return mode.inference
