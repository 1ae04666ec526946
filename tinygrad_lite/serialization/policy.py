"""What a checkpoint may do: make tensors and plain containers, and nothing that runs code from the file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from tinygrad_lite.serialization import allowed, arrays
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.rebuild import BUILDERS, NAMES, REFUSED, set_attributes, shown

__all__ = ["Free", "Strict"]

_ALWAYS = 1 << 16  # elements that every file may have copied, beside one for each byte it has
_COPIED = (str, bytes, bytearray, list, tuple, dict, set)
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}


class Strict:
    """Allows tensors, plain containers, and what the program named as safe.

    Args:
        size: bytes of the file, which bound what it may have copied.
        persistent: gives what the file stores beside the pickle.
    """

    strict = True

    def __init__(self, size: int, persistent: Callable[[Any], Any] | None = None) -> None:
        self._left = _ALWAYS + size
        self._persistent = persistent

    def find(self, module: str, name: str) -> Any:
        """A class, a dtype, or a function that `call` knows."""
        module = _PYTHON_2.get(module, module)
        full = f"{module}.{name}"
        if full in NAMES:
            return NAMES[full]
        if full in REFUSED:
            raise LoadError(f"the file has {REFUSED[full]}")
        own = allowed.user_global(full)
        if own is not None:
            return own
        return self._other(module, name)

    def _other(self, module: str, name: str) -> Any:
        raise LoadError(
            f"the file asks for {module}.{name}, which load(weights_only=True) does not allow: it allows tensors and "
            "plain containers, because anything else may run code. If you trust it, allow it with "
            f"tinygrad_lite.serialization.safe_globals([{name}]); if you trust all of the file, use weights_only=False"
        )

    def call(self, function: Any, args: Any) -> Any:
        """What one of the known functions gives."""
        if not isinstance(args, tuple):
            raise LoadError("the pickle is damaged: the arguments of a call are no tuple")
        build = _known(function)
        if build is not None:
            self.pay(sum(len(arg) for arg in args if isinstance(arg, _COPIED)))
            return build(self, *args)
        if not allowed.is_safe(function):
            raise LoadError(f"the file calls {shown(function)}, which load(weights_only=True) does not allow")
        return function(*args)

    def new(self, cls: Any, args: Any, kwargs: Any) -> Any:
        """A new object of a class that the program named as safe."""
        if not allowed.is_safe(cls):
            raise LoadError(f"the file makes a {shown(cls)}, which load(weights_only=True) does not allow")
        return cls.__new__(cls, *args, **kwargs)

    def build(self, instance: Any, state: Any) -> Any:
        """Give state to an array, to an OrderedDict, as state dicts have `_metadata`, or to what was named as safe."""
        kind = type(instance)
        if kind is np.ndarray or isinstance(instance, np.dtype):
            self.pay(arrays.set_state(instance, state))
        elif kind is OrderedDict:
            set_attributes(instance, state)
        elif allowed.is_safe(kind):
            _set_state(instance, state)
        else:
            raise LoadError(
                f"the file sets the state of a {kind.__name__}, which load(weights_only=True) does not allow"
            )
        return instance

    def persistent(self, pid: Any) -> Any:
        """A storage."""
        if self._persistent is None:
            raise LoadError("the file refers to something outside it")
        return self._persistent(pid)

    def pay(self, count: int) -> None:
        """Count what is copied: a short pickle could have a long list copied a million times."""
        self._left -= count
        if self._left < 0:
            raise LoadError("the file makes far more data than it has: it is damaged, or made to fill the memory")


class Free(Strict):
    """Allows everything that can be imported, as Python's own pickle does: the file may run any code."""

    strict = False

    def _other(self, module: str, name: str) -> Any:
        if module == "torch" or module.startswith("torch."):
            raise LoadError(
                f"the file has an object of PyTorch's own, {module}.{name}, which only PyTorch can load; where it was "
                "made, save model.state_dict() instead of the model"
            )
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def call(self, function: Any, args: Any) -> Any:
        """What it gives."""
        build = _known(function)
        return function(*args) if build is None else build(self, *args)

    def new(self, cls: Any, args: Any, kwargs: Any) -> Any:
        """A new object of any class."""
        return cls.__new__(cls, *args, **kwargs)

    def build(self, instance: Any, state: Any) -> Any:
        """Give an object its state."""
        if isinstance(instance, np.ndarray | np.dtype):
            instance.__setstate__(state)  # type: ignore[union-attr]
        else:
            _set_state(instance, state)
        return instance


def _known(function: Any) -> Any:
    try:
        return BUILDERS.get(function)
    except TypeError:  # what cannot be hashed is none of them
        return None


def _set_state(instance: Any, state: Any) -> None:
    """As the pickle protocol has it."""
    setter = getattr(instance, "__setstate__", None)
    if setter is not None:
        setter(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        instance.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(instance, name, value)
