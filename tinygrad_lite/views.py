"""Shared memory: which tensors are views of which, and who wrote where.

A view knows the tensor it was taken from (`base`, never itself a view) and the steps that lead to it.
A base knows the views of it that are still alive. So when one of them is written to, the history of
all can be told again from the base: see `inplace.py`.

Every write in place is noted against the memory it went to, with its time. A node whose saved array
lives in memory written *after* the node was made would compute a wrong gradient, and the engine
refuses it. Nothing is stored when an operation is recorded, so programs that never write pay nothing.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite import anomaly
from tinygrad_lite.graph import TensorCore, mode, tick


class Extra:
    """What only some tensors have.

    Attributes:
        base: the tensor this one is a view of.
        steps: the rows, with their parameters, that lead from `base` to this tensor.
        under_no_grad: whether the view was taken where nothing was recorded.
        siblings: for a view that came with others (`chunk`, `unbind`), the operation they came from.
        views: weak references to the views of this tensor.
        hooks: run on the gradient before it is added to `.grad` of this leaf.
        after: run when it has been added.
        untracked: whether writes go unnoted, as those through `.data` do.
    """

    base: TensorCore | None = None
    steps: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = ()
    under_no_grad = False
    siblings: str | None = None
    views: list[weakref.ref[TensorCore]] | None = None
    hooks: dict[int, Any] | None = None
    after: dict[int, Any] | None = None
    untracked = False


def extra_of(tensor: TensorCore) -> Extra:
    """The tensor's `extra`, made on first use."""
    if tensor.extra is None:
        tensor.extra = Extra()
    return tensor.extra


def owner(array: np.ndarray) -> np.ndarray:
    """The array that holds the memory `array` looks into."""
    base = array.base
    while isinstance(base, np.ndarray):
        array, base = base, base.base
    return array


def link(view: TensorCore, source: TensorCore, row: Callable[..., Any], params: dict[str, Any]) -> None:
    """Note that `view` is `row(source, **params)` and looks into the memory of `source`."""
    extra = view.extra = Extra()
    if not mode.grad:
        extra.under_no_grad = True
    above = source.extra
    if above is None:
        above = source.extra = Extra()
    if above.base is None:
        base, known = source, above.views
        extra.steps = ((row, params),)
    else:
        base, known = above.base, extra_of(above.base).views
        extra.steps = (*above.steps, (row, params))
        if above.siblings:
            extra.siblings = above.siblings
    if above.untracked:
        extra.untracked = True
    extra.base = base
    if known is None:
        known = extra_of(base).views = []
    known.append(weakref.ref(view))
    if len(known) & (len(known) - 1) == 0:  # at every doubling, forget the dead
        known[:] = [reference for reference in known if reference() is not None]


def live_views(base: TensorCore) -> list[TensorCore]:
    """The views of `base` that still exist."""
    known = base.extra.views if base.extra is not None else None
    return [view for reference in known or () if (view := reference()) is not None]


class Write:
    """The last write to a piece of memory, and how many there have been.

    `anew` is when something else than one more gradient was last written, be it untracked.
    """

    __slots__ = ("anew", "count", "line", "memory", "operation", "order")

    def __init__(self, memory: np.ndarray) -> None:
        key = id(memory)
        self.memory = weakref.ref(memory, lambda _: _writes.pop(key, None))
        self.count = 0
        self.order = self.anew = 0
        self.operation = ""
        self.line = ""


ACCUMULATING = "accumulating a gradient"
"""What the engine notes when it adds to a `.grad`."""

_writes: dict[int, Write] = {}
last_write = [0]
"""When anything at all was last written in place."""


def note_write(tensor: TensorCore, operation: str) -> None:
    """Remember that `operation` wrote into the memory of `tensor` just now."""
    memory = tensor.array
    if memory.base is not None:
        memory = owner(memory)
    write = _writes.get(id(memory))
    if write is None:
        write = _writes[id(memory)] = Write(memory)
    if tensor.extra is not None and tensor.extra.untracked:
        write.anew = tick()
        return
    write.count += 1
    write.operation = operation
    if anomaly.state.on:
        write.line = anomaly.caller()
    write.order = last_write[0] = tick()
    if operation != ACCUMULATING:
        write.anew = write.order


def written_anew(tensor: TensorCore) -> int:
    """When something else than one more gradient was last written into the memory of `tensor`."""
    write = _writes.get(id(owner(tensor.array)))
    return 0 if write is None else write.anew


def version(tensor: TensorCore) -> int:
    """How often the memory of `tensor` has been written to in place."""
    write = _writes.get(id(owner(tensor.array)))
    return 0 if write is None else write.count


def spoiled(saved: tuple[Any, ...], order: int) -> tuple[np.ndarray, Write] | None:
    """The first array of those saved at time `order` that was written to afterwards."""
    for array in saved:
        if isinstance(array, np.ndarray):
            write = _writes.get(id(owner(array)))
            if write is not None and write.order > order:
                return array, write
    return None
