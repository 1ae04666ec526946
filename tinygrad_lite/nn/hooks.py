"""Calling a module that has hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tinygrad_lite.functions.creation import zeros_like
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.functions.splitting import split
from tinygrad_lite.graph import RemovableHandle, mode
from tinygrad_lite.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module


def register(hooks: dict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
    """Add a hook after the others, or with `prepend` before them."""
    handle = RemovableHandle(hooks, hook)
    if prepend:
        others = {key: hooks.pop(key) for key in list(hooks) if key != handle.id}
        hooks.update(others)
    return handle


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`module.forward(*args, **kwargs)` with the module's hooks around it."""
    for hook, with_kwargs in list(module._forward_pre_hooks.values()):
        answer = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if answer is None:
            continue
        if not with_kwargs:
            args = answer if isinstance(answer, tuple) else (answer,)
        elif isinstance(answer, tuple) and len(answer) == 2:
            args, kwargs = answer
        else:
            raise RuntimeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {answer}."
            )
    watch = _BackwardWatch(module) if module._backward_hooks or module._backward_pre_hooks else None
    if watch:
        args = watch.inputs(args)
    out = module.forward(*args, **kwargs)
    for hook, with_kwargs in list(module._forward_hooks.values()):
        answer = hook(module, args, kwargs, out) if with_kwargs else hook(module, args, out)
        out = out if answer is None else answer
    return watch.outputs(out) if watch else out


class _BackwardWatch:
    """One call of a module: its backward hooks see the gradients of all outputs, then of all inputs.

    Attributes:
        grad_output: the gradients of the outputs, once they have arrived and until the hooks have run.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_output: tuple[Any, ...] | None = None
        self.input_count = 0
        self.watches_inputs = False

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, to be passed on to `forward`."""
        passed, self.watches_inputs = pass_together(args, self._run_hooks, zeros_like)
        self.input_count = len(args)
        return tuple(passed)

    def outputs(self, out: Any) -> Any:
        """What `forward` returned, to be passed on to the caller."""
        if isinstance(out, tuple):
            passed, _ = pass_together(out, self._arrived, _none)
            return type(out)(*passed) if hasattr(out, "_fields") else tuple(passed)
        if not isinstance(out, Tensor):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(out)}",
                stacklevel=4,
            )
        return pass_together([out], self._arrived, _none)[0][0]

    def _arrived(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        """Run the hooks that come before the module's backward; the others too where no input asks for them."""
        for hook in list(self.module._backward_pre_hooks.values()):
            gradients = _replaced(gradients, hook(self.module, gradients), "Backward pre hook", "grad_output")
        self.grad_output = gradients
        if not self.watches_inputs:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients.",
                stacklevel=2,
            )
            self._run_hooks((None,) * self.input_count)
        return gradients

    def _run_hooks(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_output is None:  # these gradients did not come through the outputs
            return gradients
        for hook in list(self.module._backward_hooks.values()):
            answer = hook(self.module, gradients, self.grad_output)
            gradients = _replaced(gradients, answer, "Backward hook", "grad_input")
        self.grad_output = None
        return gradients


def _replaced(gradients: tuple[Any, ...], answer: Any, hook: str, name: str) -> tuple[Any, ...]:
    """The gradients, or what a hook returned in their place."""
    if answer is None:
        return gradients
    answer = answer if isinstance(answer, tuple) else (answer,)
    if len(answer) != len(gradients):
        raise RuntimeError(
            f"{hook} returned an invalid number of {name}, got {len(answer)}, but expected {len(gradients)}"
        )
    return answer


def _none(_: Tensor) -> None:
    """The gradient of an output that was not used, as PyTorch shows it to hooks; of an input it shows zeros."""


def pass_together(
    values: Sequence[Any], hook: Callable[[tuple[Any, ...]], tuple[Any, ...]], fill: Callable[[Tensor], Any]
) -> tuple[list[Any], bool]:
    """Pass the tensors among `values` that require grad through one node.

    Args:
        values: tensors and others.
        hook: called with the gradients of all of them together, None for what is no tensor; what it returns goes on.
        fill: what stands for the gradient of a tensor that none arrives at.

    Returns:
        the values, and whether a tensor among them requires grad.
    """
    places = [k for k, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    passed = list(values)
    if not places or not mode.grad:
        return passed, False
    tensors = [values[k] for k in places]
    flat = tensors[0].view_as(tensors[0]) if len(tensors) == 1 else cat([t.reshape(-1) for t in tensors])
    reached: set[int] = set()

    def arrived(gradient: Tensor) -> Tensor | None:
        given = [fill(value) if isinstance(value, Tensor) else None for value in values]
        parts = dict(zip(places, _unpacked(gradient, tensors), strict=True))
        for k in reached or places:
            given[k] = parts[k]
        reached.clear()
        answer = hook(tuple(given))
        if all(new is old for new, old in zip(answer, given, strict=True)):
            return None
        changed = [zeros_like(parts[k]) if answer[k] is None else answer[k] for k in places]
        return changed[0] if len(changed) == 1 else cat([new.reshape(-1) for new in changed])

    flat.register_hook(arrived)
    for k, part in zip(places, _unpacked(flat, tensors), strict=True):
        passed[k] = part
        if len(places) > 1:
            part.register_hook(partial(_note, reached, k))
    return passed, True


def _note(reached: set[int], k: int, _: Tensor) -> None:
    reached.add(k)


def _unpacked(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """`flat` cut into tensors with the shapes and dtypes of `like`; undoes `cat`."""
    if len(like) == 1:
        return [flat]
    parts = split(flat, [t.numel() for t in like])
    return [part.reshape(t.shape).to(t.dtype) for part, t in zip(parts, like, strict=True)]
