"""Warnings of pitfalls: what a program may do, and PyTorch does silently, but people seldom mean.

Each pitfall has a name, is warned of once, and can be switched off by its name:

    tg.warning_names()                          # which there are
    tg.set_warning("loss_broadcast", False)     # never warn of this one
    tg.set_warning("loss_broadcast", True)      # warn again, also if it has been said already

All are of the category `tg.PitfallWarning`, a `UserWarning`, so `warnings.filterwarnings` works as well.
"""

from __future__ import annotations

import os
import sys
import warnings

__all__ = ["PitfallWarning", "set_warning", "warn", "warn_once", "warning_names"]

_PACKAGE = os.path.dirname(__file__)

_NAMES = (
    "accumulating_gradients",  # two optimiser steps, and the gradients were not zeroed in between
    "loss_broadcast",  # a loss of a column and a row compares each with all others
    "missing_gradient",  # a parameter without a gradient at the first optimiser step
    "softmax_into_cross_entropy",  # cross_entropy applies the softmax itself
    "widened_dtype",  # a file has a dtype that no tensor has here
)
_off: set[str] = set()
_said: set[str] = set()


class PitfallWarning(UserWarning):
    """A program does what people seldom mean. `name` says which pitfall it is.

    Example:
        >>> import warnings
        >>> import tinygrad_lite as tg
        >>> scores = tg.softmax(tg.zeros(1, 2, requires_grad=True), dim=1)
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     _ = tg.nn.functional.cross_entropy(scores, tg.tensor([0]))
        >>> caught[0].message.name
        'softmax_into_cross_entropy'
        >>> tg.set_warning("softmax_into_cross_entropy", True)  # as if it had not been said
    """

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


def warning_names() -> list[str]:
    """The names of the pitfalls that are warned of, for `set_warning`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.warning_names()
        ['accumulating_gradients', 'loss_broadcast', 'missing_gradient', 'softmax_into_cross_entropy', 'widened_dtype']
    """
    return list(_NAMES)


def set_warning(name: str, on: bool) -> None:
    """Warn of a pitfall, or do not. Switching one on makes it heard again.

    Args:
        name: one of `warning_names()`.
        on: whether to warn.

    Raises:
        ValueError: for a name that does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_warning("loss_broadcast", False)
        >>> _ = tg.nn.functional.mse_loss(tg.ones(3, 1), tg.ones(3))
        >>> tg.set_warning("loss_broadcast", True)
    """
    if name not in _NAMES:
        raise ValueError(f"there is no warning {name!r}; the names are: {', '.join(_NAMES)}")
    _said.discard(name)
    (_off.discard if on else _off.add)(name)


def unsaid(name: str) -> bool:
    """Whether a pitfall would still be warned of: nobody has switched it off, and it has not been said."""
    return name not in _off and name not in _said


def warn_once(name: str, message: str) -> None:
    """Warn of a pitfall where that is still to be done."""
    if unsaid(name):
        _said.add(name)
        warn(name, message)


def warn(name: str, message: str) -> None:
    """Warn of a pitfall, at the line outside this package that led to it, unless it is switched off."""
    if name in _off:
        return
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<op ")):
        level, frame = level + 1, frame.f_back
    advice = f' (tinygrad_lite.set_warning("{name}", False) turns this warning off)'
    warnings.warn(PitfallWarning(message + advice, name), stacklevel=level)
