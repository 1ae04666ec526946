"""Hooks on what is saved for the backward pass: each array packed when saved, unpacked when needed.

What a pack hook returns is kept in place of the array: nothing but an index, where the value is to be
computed again (`utils.checkpoint`), a name of a file, a smaller copy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from tinygrad_lite.graph import Node, TensorCore, watched
from tinygrad_lite.tensors import bare
from tinygrad_lite.views import owner


class _Innermost(threading.local):
    hooks: saved_tensors_hooks | None = None


_innermost = _Innermost()


class _Parcel:
    """A packed array, and how to unpack it."""

    __slots__ = ("content", "memory", "unpack")

    def __init__(self, content: Any, unpack: Callable[[Any], Any], memory: Any) -> None:
        self.content, self.unpack = content, unpack
        self.memory = ref(memory)


class Packed(tuple[Any, ...]):
    """What a node saved, with arrays in parcels."""

    __slots__ = ()

    def unpacked(self) -> tuple[Any, ...]:
        """The arrays themselves."""
        return tuple(_unpacked(item) for item in self)

    def unchanged(self, unpacked: tuple[Any, ...]) -> tuple[Any, ...]:
        """Of the unpacked arrays those in the memory that was packed: what is computed again is not among them."""
        pairs = zip(self, unpacked, strict=True)
        return tuple(array for item, array in pairs if isinstance(item, _Parcel) and item.memory() is owner(array))


def _unpacked(item: Any) -> Any:
    if isinstance(item, list):
        return [_unpacked(part) for part in item]
    if not isinstance(item, _Parcel):
        return item
    tensor = item.unpack(item.content)
    if not isinstance(tensor, TensorCore):
        raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got {type(tensor).__name__}")
    return tensor.array


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Pack what operations inside the `with` block save, and unpack it when the backward pass needs it.

    Args:
        pack_hook: called with each saved tensor, returns anything.
        unpack_hook: called with that, returns the tensor. Of several nested hooks the innermost acts.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> with tg.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), tg.tensor):
        ...     y = (x * x).sum()
        >>> y.backward(); x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        self._outer, _innermost.hooks = _innermost.hooks, self
        self._watch = watched(self._see)
        self._watch.__enter__()

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__()
        _innermost.hooks = self._outer

    def _see(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        if _innermost.hooks is self and node.saved:
            node.saved = Packed(self._packed(item) for item in node.saved)

    def _packed(self, item: Any) -> Any:
        if isinstance(item, list):
            return [self._packed(part) for part in item]
        if not isinstance(item, np.ndarray):
            return item
        return _Parcel(self.pack_hook(bare(item)), self.unpack_hook, owner(item))
