"""Which modules are running: kept only while somebody watches the graph being recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module


class _Running(threading.local):
    modules: tuple[Module, ...] = ()
    calls: tuple[int, ...] = ()


_here = _Running()
_next_call = count(1).__next__


@contextmanager
def entered(module: Module) -> Iterator[None]:
    """The block in which `module` runs."""
    before, calls = _here.modules, _here.calls
    _here.modules, _here.calls = (*before, module), (*calls, _next_call())
    try:
        yield
    finally:
        _here.modules, _here.calls = before, calls


def running() -> tuple[Module, ...]:
    """The modules that run in this thread, the innermost last."""
    return _here.modules


def calls() -> tuple[int, ...]:
    """A number for the call of each of them: the same module called again has another."""
    return _here.calls
