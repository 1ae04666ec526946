"""Which modules are running: kept only while somebody watches the graph being recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module


class _Running(threading.local):
    modules: tuple[Module, ...] = ()


_here = _Running()


@contextmanager
def entered(module: Module) -> Iterator[None]:
    """The block in which `module` runs."""
    before = _here.modules
    _here.modules = (*before, module)
    try:
        yield
    finally:
        _here.modules = before


def running() -> tuple[Module, ...]:
    """The modules that run in this thread, the innermost last."""
    return _here.modules
