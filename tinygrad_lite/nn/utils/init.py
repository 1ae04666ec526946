"""Modules made without first values."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.random import get_rng_state, set_rng_state

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """A module whose parameters are to be written by somebody else; random numbers are not used up for them.

    Args:
        module_cls: its class.
        args: what that is called with.
        kwargs: what that is called with.

    Raises:
        RuntimeError: if it is no class of modules.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.skip_init(tg.nn.Linear, 2, 3)
        Linear(in_features=2, out_features=3, bias=True)
    """
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    state = get_rng_state()
    module = module_cls(*args, **kwargs)
    set_rng_state(state)
    return module
