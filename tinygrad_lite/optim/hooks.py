"""What optimisers call when something happens to them: hooks around a step, and around saving and loading."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

from tinygrad_lite.graph import RemovableHandle

__all__ = ["HOOKS", "hooked", "register_in", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

HOOKS = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)
"""Where an optimiser keeps its hooks."""

_before_all: dict[int, Any] = OrderedDict()
_after_all: dict[int, Any] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of any optimiser.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.optim.optimizer import register_optimizer_step_pre_hook
        >>> handle = register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: print("a step"))
        >>> tg.optim.SGD([tg.ones(1, requires_grad=True)]).step()
        a step
        >>> handle.remove()
    """
    return RemovableHandle(_before_all, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of any optimiser.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.optim.optimizer import register_optimizer_step_post_hook
        >>> handle = register_optimizer_step_post_hook(lambda optimizer, args, kwargs: print("done"))
        >>> tg.optim.SGD([tg.ones(1, requires_grad=True)]).step()
        done
        >>> handle.remove()
    """
    return RemovableHandle(_after_all, hook)


def hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """An optimiser's `step` with the hooks around it."""

    @wraps(step)
    def with_hooks(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self).step is not with_hooks:  # called as super().step(): the hooks are around the outer one
            return step(self, *args, **kwargs)
        self._opt_called = True
        before, after = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
        if not (before or after or _before_all or _after_all):
            return step(self, *args, **kwargs)
        args = (self, *args)
        for hook in [*_before_all.values(), *before.values()]:
            answer = hook(self, args, kwargs)
            if answer is None:
                continue
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise RuntimeError(
                    f"a step pre-hook must return None or a tuple of (new_args, new_kwargs), but got {answer}."
                )
            args, kwargs = answer
        result = step(*args, **kwargs)
        for hook in [*after.values(), *_after_all.values()]:
            hook(self, args, kwargs)
        return result

    return with_hooks


def register_in(hooks: Any, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
    """Add a hook to an ordered dict of them, with `prepend` before the others."""
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(next(reversed(hooks)), last=False)
    return handle
