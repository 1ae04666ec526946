"""Calling a module that has hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tinygrad_lite.functions.creation import zeros_like
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.functions.splitting import split
from tinygrad_lite.graph import RemovableHandle, mode
from tinygrad_lite.tensor import Tensor

__all__ = ["EVERYWHERE", "Hooked", "call_with_hooks", "pass_together"]

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module


EVERYWHERE: dict[str, dict[int, Any]] = {
    name: {} for name in ("forward_pre", "forward", "backward_pre", "backward", "buffer", "module", "parameter")
}
"""The hooks of all modules, by their kind; those of `buffer`, `module` and `parameter` run when one is registered."""


class _Flagged:
    """A hook with how it is to be called, where that is not the usual way."""

    def __init__(self, hook: Any, with_kwargs: bool = False, always_call: bool = False, full: bool = True) -> None:
        self.hook, self.with_kwargs, self.always_call, self.full = hook, with_kwargs, always_call, full


class Hooked:
    """What a module does to have hooks called around it."""

    _has_had_hooks = False
    """Whether a call has to look for hooks at all."""

    _is_full_backward_hook: bool | None = None
    _forward_hooks: dict[int, Any]
    _forward_hooks_with_kwargs: Mapping[int, bool] = MappingProxyType({})
    _forward_hooks_always_called: Mapping[int, bool] = _forward_hooks_with_kwargs
    _forward_pre_hooks: dict[int, Any]
    _forward_pre_hooks_with_kwargs: Mapping[int, bool] = _forward_hooks_with_kwargs
    _backward_hooks: dict[int, Any]
    _backward_pre_hooks: dict[int, Any]

    def _hook(self, kind: str, hook: Any, prepend: bool, **flags: bool) -> RemovableHandle:
        """Add a hook after the others, or with `prepend` before them; `flags` say which other dicts note it."""
        self._has_had_hooks = True
        hooks = getattr(self, kind)
        handle = RemovableHandle(hooks, hook)
        for flag, wanted in flags.items():
            if wanted:
                self.__dict__.setdefault(f"{kind}_{flag}", {})[handle.id] = True
        if prepend:
            others = {key: hooks.pop(key) for key in list(hooks) if key != handle.id}
            hooks.update(others)
        return handle

    def _forget_hooks_if_none(self) -> None:
        """Make calls quick again, if there are no hooks any more."""
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
            self.__dict__.pop("_has_had_hooks", None)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments."""
        return self._hook("_forward_pre_hooks", hook, prepend, with_kwargs=with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns replaces the output.

        With `always_call` it is called, too, with None where the forward or another hook raises.
        """
        return self._hook("_forward_hooks", hook, prepend, with_kwargs=with_kwargs, always_called=always_call)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in each backward; what it returns replaces `grad_input`."""
        self._only(True)
        return self._hook("_backward_hooks", hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before each backward; what it returns replaces `grad_output`."""
        return self._hook("_backward_pre_hooks", hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As `register_full_backward_hook`, in its older form: on the last operation of the forward alone.

        `grad_input` are the gradients of that operation's inputs, not of the module's.
        """
        self._only(False)
        return self._hook("_backward_hooks", hook, False)

    def _only(self, full: bool) -> None:
        """Note which of the two kinds of backward hooks there is; refuse to mix them."""
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = full


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`module.forward(*args, **kwargs)` with the module's hooks around it, and those of all modules."""
    called: set[int] = set()
    try:
        return _call(module, args, kwargs, called)
    except Exception:
        for key, hook, with_kwargs, always in _hooks(module, "forward"):
            if always and key not in called:
                with suppress(Exception):  # the error that is on its way says more
                    hook(module, args, kwargs, None) if with_kwargs else hook(module, args, None)
        raise


def _hooks(module: Module, kind: str) -> list[tuple[int, Any, bool, bool]]:
    """The hooks of all modules, then the module's own: key, hook, with_kwargs, always_call."""
    everywhere = [(key, it.hook, it.with_kwargs, it.always_call) for key, it in EVERYWHERE[kind].items()]
    own = getattr(module, f"_{kind}_hooks")
    flags = getattr(module, f"_{kind}_hooks_with_kwargs")
    always = module._forward_hooks_always_called
    return everywhere + [(key, hook, key in flags, key in always) for key, hook in own.items()]


def _call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], called: set[int]) -> Any:
    for _, hook, with_kwargs, _ in _hooks(module, "forward_pre"):
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
    before = [it.hook for it in EVERYWHERE["backward_pre"].values()] + list(module._backward_pre_hooks.values())
    after = [it.hook for it in EVERYWHERE["backward"].values() if it.full]
    older = [it.hook for it in EVERYWHERE["backward"].values() if not it.full]
    (older if module._is_full_backward_hook is False else after).extend(module._backward_hooks.values())
    watch = _BackwardWatch(module, before, after) if before or after else None
    if watch:
        args = watch.inputs(args)
    out = module.forward(*args, **kwargs)
    for key, hook, with_kwargs, _ in _hooks(module, "forward"):
        called.add(key)
        answer = hook(module, args, kwargs, out) if with_kwargs else hook(module, args, out)
        out = out if answer is None else answer
    if older:
        _hook_last_operation(module, older, out)
    return watch.outputs(out) if watch else out


def _hook_last_operation(module: Module, hooks: list[Any], out: Any) -> None:
    """Have backward hooks of the older form called by the operation that made the (first) output."""
    while not isinstance(out, Tensor):
        if isinstance(out, dict):
            out = next((value for value in out.values() if isinstance(value, Tensor)), None)
        elif isinstance(out, tuple | list) and out:
            out = out[0]
        else:
            return
    if out.node is not None:
        for hook in hooks:
            out.node.register_hook(partial(hook, module))


class _BackwardWatch:
    """One call of a module: its backward hooks see the gradients of all outputs, then of all inputs.

    Attributes:
        grad_output: the gradients of the outputs, once they have arrived and until the hooks have run.
    """

    def __init__(self, module: Module, before: list[Any], after: list[Any]) -> None:
        self.module, self.before, self.after = module, before, after
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
        for hook in self.before:
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
        for hook in self.after:
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
