"""Finding the operation behind a NaN: `detect_anomaly` remembers which line each operation came from."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import numpy as np

from tinygrad_lite.bundle import Bundle
from tinygrad_lite.graph import Node, watched

_HERE = os.path.dirname(__file__)


class _State(threading.local):
    on = False
    check_nan = False


state = _State()


def caller() -> str:
    """Where the program outside of this package is at the moment: `model.py:31 in forward: code`."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and inside(frame):
        frame = frame.f_back
    return place(frame, frame.f_lineno)


def inside(frame: Any) -> bool:
    """Whether a frame runs code of this package."""
    return frame.f_code.co_filename.startswith((_HERE, "<op "))


def place(frame: Any, number: int) -> str:
    """A line that a frame runs, in words."""
    import linecache

    code = frame.f_code
    text = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    return f"{_short(code.co_filename)}:{number} in {code.co_name}: {text or '?'}"


def _short(path: str) -> str:
    """A path as one would name it here: from the current folder where it lies in that."""
    if "ipykernel_" in path:
        return "notebook"
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """Raise where the backward pass makes a NaN, and say which line of the program the operation came from.

    It has to be on while the forward runs, to know the lines, and while the backward runs, to look for
    NaN. Both then take longer.

    Args:
        check_nan: whether to look for NaN; without it only the lines are remembered, for other errors.

    Raises:
        RuntimeError: in the backward pass, for a NaN in a gradient.

    Example:
        >>> import tinygrad_lite as tg
        >>> x = tg.tensor([0.0], requires_grad=True)
        >>> with tg.autograd.detect_anomaly():
        ...     (x / x).sum().backward()
        Traceback (most recent call last):
        ...
        RuntimeError: Function 'DivBackward0' returned nan values in its 1th output. ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self._before = state.on, state.check_nan
        state.on, state.check_nan = True, self.check_nan
        self._watch = watched(_remember)
        self._watch.__enter__()

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__()
        state.on, state.check_nan = self._before


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """As `detect_anomaly`, by a flag: at once when called, or for the length of a `with` block.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.autograd.set_detect_anomaly(True):
        ...     tg.autograd.is_anomaly_enabled()
        True
    """

    _active: detect_anomaly | None = None

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        kind = set_detect_anomaly
        self._outer = kind._active
        if kind._active is not None:
            kind._active.__exit__()
        kind._active = detect_anomaly(check_nan) if mode else None
        if kind._active is not None:
            kind._active.__enter__()

    def __enter__(self) -> None:
        """The mode is set already."""

    def __exit__(self, *exc: object) -> None:
        set_detect_anomaly(self._outer is not None, self._outer is None or self._outer.check_nan)


def is_anomaly_enabled() -> bool:
    """Whether this thread remembers the lines that operations come from.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.is_anomaly_enabled()
        False
    """
    return state.on


def _remember(node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
    node.note("line", caller())
    made = made if isinstance(made, tuple) else (made,)
    if any(_has_nan(out) for out in made):
        node.note("nan", True)


def _has_nan(x: Any) -> bool:
    array = np.asarray(getattr(x, "array", x))
    return array.dtype.kind in "fc" and bool(np.isnan(array).any())


def check(node: Node, k: int, d: Any) -> None:
    """Raise if gradient `d` of input `k` of `node` has a NaN."""
    parts = d if type(d) is Bundle else (d,)
    if state.check_nan and any(part is not None and _has_nan(part) for part in parts):
        raise RuntimeError(
            f"Function '{node.name()}' returned nan values in its {k}th output. {origin(node)}"
            f"{' Its forward result had NaN in it already.' if node.noted('nan') else ''}"
        )


def origin(node: Node) -> str:
    """Which line `node` came from, in words; empty if nobody remembered."""
    line = node.noted("line")
    return (
        f"The forward operation was recorded at {line}."
        if line
        else ("Switch on anomaly detection before the forward pass too, to see the line that it came from.")
    )
