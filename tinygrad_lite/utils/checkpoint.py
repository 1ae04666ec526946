"""Memory for time: activations are dropped after the forward pass and computed again in the backward pass.

Chen et al., Training deep nets with sublinear memory cost, 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tinygrad_lite.graph import TensorCore, enable_grad, is_grad_enabled
from tinygrad_lite.packing import saved_tensors_hooks
from tinygrad_lite.random import current_generator

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential"]


class CheckpointError(RuntimeError):
    """The second run of a function saved something else than the first."""


class _Run:
    """One checkpointed call: what it saves is numbered, dropped, and computed again on demand."""

    def __init__(
        self, function: Callable[..., Any], args: Any, kwargs: Any, again: Any, keep_rng: bool, check: bool
    ) -> None:
        self.function, self.args, self.kwargs, self.again = function, args, kwargs, again
        self.rng = current_generator().get_state() if keep_rng else None
        self.looks: list[tuple[Any, Any]] = []  # shape and dtype of each saved tensor
        self.values: dict[int, Any] = {}
        self.check = check

    def pack(self, tensor: Any) -> int:
        """Drop a saved tensor; what remains is its number."""
        self.looks.append((tensor.array.shape, tensor.array.dtype))
        return len(self.looks) - 1

    def unpack(self, number: int) -> Any:
        """The saved tensor with this number, from a second run if need be."""
        if number not in self.values:
            self._run_again()
        return self.values.pop(number)

    def _run_again(self) -> None:
        found: list[Any] = []
        generator = current_generator()
        now = generator.get_state()
        if self.rng is not None:
            generator.set_state(self.rng)
        try:
            with enable_grad(), self.again, saved_tensors_hooks(lambda t: found.append(t), _never):
                self.function(*map(_fresh, self.args), **{k: _fresh(v) for k, v in self.kwargs.items()})
        finally:
            generator.set_state(now)
        looks = [(t.array.shape, t.array.dtype) for t in found]
        if len(looks) != len(self.looks) or (self.check and looks != self.looks):
            raise CheckpointError(
                "checkpoint: a different number of tensors was saved during the original forward and recomputation, or "
                f"tensors of other shapes: {len(self.looks)} and {len(looks)} tensors. The function has to do the same "
                "each time it is called with the same arguments."
            )
        self.values = dict(enumerate(found))


def _never(_: Any) -> Any:
    raise AssertionError("the graph of a second run is not differentiated")


def _fresh(value: Any) -> Any:
    """A tensor with the same values and no history."""
    if not isinstance(value, TensorCore):
        return value
    return value.detach().requires_grad_(value.needs_grad)  # type: ignore[attr-defined]


def _two_nothings() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = _two_nothings,
    determinism_check: str = "default",
    debug: bool = False,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)`, without keeping what it computes on the way.

    In the backward pass the function runs a second time. It has to do the same then; random numbers are
    drawn from the same state.

    Args:
        function: what to run.
        args: its arguments.
        use_reentrant: accepted as in PyTorch; both give the same here.
        context_fn: returns two contexts, for the first run and for the second.
        determinism_check: "default" compares shapes and dtypes of the two runs, "none" only their number.
        debug: accepted as in PyTorch.
        preserve_rng_state: whether the second run draws the same random numbers.
        kwargs: keyword arguments of the function.

    Raises:
        CheckpointError: in the backward pass, if the second run saved other tensors.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.checkpoint import checkpoint
        >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> checkpoint(lambda x: x.exp().log(), x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([1., 1.])
    """
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check must be 'default' or 'none', got {determinism_check!r}")
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    run = _Run(function, args, kwargs, second, preserve_rng_state, determinism_check == "default")
    with first, saved_tensors_hooks(run.pack, run.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A chain of functions or an `nn.Sequential`, cut into `segments` of which each is checkpointed.

    As in PyTorch the last segment is run as it is.

    Raises:
        ValueError: for more segments than functions.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.checkpoint import checkpoint_sequential
        >>> x = tg.tensor([0.5], requires_grad=True)
        >>> checkpoint_sequential([tg.sin, tg.cos, tg.exp, tg.log], 2, x).backward()
        >>> x.grad
        tensor([-0.4048])
    """
    chain: Sequence[Callable[..., Any]] = (
        list(functions.children()) if hasattr(functions, "children") else list(functions)
    )
    if not 0 < segments <= len(chain):
        raise ValueError(f"checkpoint_sequential: {segments} segments of {len(chain)} functions")
    size = len(chain) // segments

    def part(functions: Sequence[Callable[..., Any]]) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            for function in functions:
                x = function(x)
            return x

        return run

    for start in range(0, size * (segments - 1), size):
        input = checkpoint(part(chain[start : start + size]), input, use_reentrant=use_reentrant, **kwargs)
    return part(chain[size * (segments - 1) :])(input)
