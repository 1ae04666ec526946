"""Importing parts of a package when they are first used, so that programs which do without them start sooner."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["later"]


def later(
    package: str, modules: Iterable[str] = (), names: Mapping[str, Iterable[str]] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose parts are imported on first use.

    Args:
        package: its `__name__`.
        modules: the modules of it that are themselves attributes.
        names: for a module of it, the names which the package passes on from there.

    Example:
        >>> __getattr__, __dir__ = later("tinygrad_lite.nn", ["init"], {"modules.linear": ["Linear"]})
        >>> __getattr__("Linear")
        <class 'tinygrad_lite.nn.modules.linear.Linear'>
    """
    modules = frozenset(modules)
    home = {name: module for module, passed_on in (names or {}).items() for name in passed_on}

    def getattr_(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    def dir_() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules, *home})

    return getattr_, dir_
