"""How a tensor looks when printed: as in PyTorch, digit for digit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.dtypes import BOOL, INT64, get_default_dtype

if TYPE_CHECKING:
    from tinygrad_lite.tensor import Tensor


class _Options:
    """What `set_printoptions` sets."""

    precision = 4
    threshold = 1000
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed.

    Args:
        precision: digits after the point; 4 at first.
        threshold: from how many elements on the middle is left out; 1000 at first.
        edgeitems: how many elements are then shown at each end; 3 at first.
        linewidth: characters in a line; 80 at first.
        profile: "default", "short" (2 digits) or "full" (nothing left out).
        sci_mode: True or False to force or forbid 1.0e+03; None to decide by the values.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_printoptions(precision=2); tg.tensor(1 / 3)
        tensor(0.33)
        >>> tg.set_printoptions(profile="default")
    """
    if profile is not None:
        presets = {"default": (4, 1000, 3), "short": (2, 1000, 2), "full": (4, math.inf, 3)}
        options.precision, options.threshold, options.edgeitems = presets[profile]  # type: ignore[assignment]
        options.linewidth, options.sci_mode = 80, None
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


class _Numbers:
    """Formats the numbers of one array to one width: what those need that are neither zero nor infinite nor NaN."""

    def __init__(self, array: np.ndarray) -> None:
        self.floating = array.dtype.kind == "f"
        self.sci = self.whole = False
        self.width = 1
        if not self.floating:
            self.width = max((len(str(v)) for v in array.reshape(-1).tolist()), default=1)
            return
        values = array.astype(np.float64).reshape(-1)
        values = values[np.isfinite(values) & (values != 0)]
        self.whole = bool((np.ceil(values) == values).all())
        if not values.size:
            return
        high, low = np.abs(values).max(), np.abs(values).min()
        self.sci = bool(high / low > 1000.0 or high > 1e8 or low < 1e-4)
        if options.sci_mode is not None:
            self.sci = options.sci_mode
        self.width = max(len(self._one(v)) for v in values.tolist())

    def _one(self, value: Any) -> str:
        if not self.floating:
            return str(value)
        if self.sci:
            return f"{value:.{options.precision}e}"
        if self.whole:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{options.precision}f}"

    def __call__(self, value: Any) -> str:
        return self._one(value).rjust(self.width)


class _Complex:
    """Formats complex numbers, the parts each to one width."""

    def __init__(self, array: np.ndarray) -> None:
        self.real, self.imag = _Numbers(array.real), _Numbers(array.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value: complex) -> str:
        imag = self.imag(value.imag).lstrip()
        return self.real(value.real) + (imag if imag[0] in "+-" else "+" + imag) + "j"


def _edges(array: np.ndarray) -> np.ndarray:
    """The elements that are shown of an array that is too large to show whole."""
    n = options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * n:
            array = np.concatenate([array.take(range(n), axis), array.take(range(size - n, size), axis)], axis)
    return array


def _lines(array: np.ndarray, write: Any, indent: int, short: bool) -> str:
    if array.ndim == 0:
        return str(write(array.item()))
    n = options.edgeitems
    cut = short and array.shape[0] > 2 * n
    if array.ndim == 1:
        items = [write(v) for v in array.tolist()]
        if cut:
            items = [*items[:n], " ...", *items[-n:]]
        per_line = max(1, (options.linewidth - indent) // (write.width + 2))
        rows = [", ".join(items[k : k + per_line]) for k in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"
    parts = [*array[:n], None, *array[-n:]] if cut else list(array)
    rows = ["..." if part is None else _lines(part, write, indent + 1, short) for part in parts]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def tensor_text(tensor: Tensor) -> str:
    """`repr(tensor)`."""
    array = tensor.array
    prefix = "tensor("
    kind = type(tensor).__name__
    if kind != "Tensor":
        prefix = f"{kind} containing:\ntensor("
    notes = []
    usual: tuple[Any, ...] = (get_default_dtype().numpy, INT64, BOOL, get_default_dtype().to_complex().numpy)
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            notes.append(f"size={array.shape}")
        usual = usual[:1]
    else:
        short = array.size > options.threshold
        shown = _edges(array) if short else array
        write = _Complex(shown) if array.dtype.kind == "c" else _Numbers(shown)
        body = _lines(array, write, len("tensor("), short)
    if array.dtype not in usual:
        notes.append(f"dtype={tensor.dtype}")
    if tensor.node is not None:
        notes.append(f"grad_fn={tensor.node!r}")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    text = prefix + body
    length = len(text) - text.rfind("\n") + 1
    for note in notes:
        if length + len(note) + 2 > options.linewidth:
            text += ",\n" + " " * len("tensor(") + note
            length = len("tensor(") + len(note)
        else:
            text += ", " + note
            length += len(note) + 2
    return text + ")"
