"""Forward mode with dual numbers, under PyTorch's names.

Example:
    >>> import tinygrad_lite as tg
    >>> from tinygrad_lite.autograd import forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(tg.tensor(3.0), tg.tensor(1.0))
    ...     fwAD.unpack_dual(x * x).tangent
    tensor(6.)
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, TypeAlias

from tinygrad_lite.autograd.leaves import alias, settled
from tinygrad_lite.forward import Tangents

__all__ = ["UnpackedDualTensor", "dual_level", "make_dual", "unpack_dual"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Current(threading.local):
    level: Tangents | None = None


_current = _Current()


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent, None where that is zero."""

    primal: Tensor
    tangent: Tensor | None


class dual_level:  # noqa: N801 - PyTorch's name
    """The `with` block in which dual numbers live.

    Raises:
        RuntimeError: inside another one.
    """

    def __enter__(self) -> Tangents:
        if _current.level is not None:
            raise RuntimeError("Nested forward mode AD is not supported at the moment")
        _current.level = Tangents()
        return _current.level.__enter__()

    def __exit__(self, *exc: object) -> None:
        level, _current.level = _current.level, None
        if level is not None:
            level.__exit__()


def _level(function: str) -> Tangents:
    if _current.level is None:
        raise RuntimeError(f"Trying to use {function}() outside of a dual_level: write `with forward_ad.dual_level():`")
    return _current.level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: Any = None) -> Tensor:
    """`tensor` as a dual number, with its derivative `tangent`, of its shape and dtype.

    Raises:
        RuntimeError: outside of a `dual_level`, or if shapes or dtypes differ.
    """
    current = _level("make_dual")
    if tensor.shape != tangent.shape or tensor.dtype != tangent.dtype:
        raise RuntimeError(
            f"Expected tangent to have shape {list(tensor.shape)} and dtype {tensor.dtype} as its tensor, but got "
            f"{list(tangent.shape)} and {tangent.dtype}"
        )
    dual = alias(tensor)
    current.set(dual, [tangent])
    return dual


def unpack_dual(tensor: Tensor, *, level: Any = None) -> UnpackedDualTensor:
    """The value of a dual number and its tangent.

    Raises:
        RuntimeError: outside of a `dual_level`.
    """
    current = _level("unpack_dual")
    found, own = current.of(tensor), current.leaves
    return UnpackedDualTensor(settled(tensor, own), None if found is None else settled(found[0], own))
