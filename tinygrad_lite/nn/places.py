"""Where in a model an error was raised: its message gets the module's path in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

__all__ = ["say_where"]

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module

_SAID = frozenset({RuntimeError, ValueError, TypeError, IndexError, NotImplementedError, AssertionError})
"""The errors that are told where they were raised: those for bad input. Others pass as they are."""


def say_where(error: Exception, module: Module) -> None:
    """Put the path from `module` to the innermost module that raised `error` in front of its message.

    Every call of a module that the error leaves asks for this, the innermost first, so that in the end the path is
    that in the whole model; a call that returns pays nothing. A module that is not registered as a part is left out.
    """
    if type(error) not in _SAID or not error.args or not isinstance(error.args[0], str):
        return
    noted: Any = error.__dict__.get("_raised_in")
    if noted is None:
        path, message = "", error.args[0]
    else:
        inner, path, message = noted
        name = next((name for name, part in module.named_modules() if part is inner()), "")
        path = f"{name}.{path}" if name and path else name or path
        error.args = (f"{path}: {message}" if path else message, *error.args[1:])
    error.__dict__["_raised_in"] = ref(module), path, message
