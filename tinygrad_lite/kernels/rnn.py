"""Simple recurrent networks (Elman, 1990) over whole sequences, forward and backward.

    h = tanh(W [x, 1] + U [h, 1]), or with max(., 0) in place of tanh

The products with x are one for all steps, and so are the gradients of the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.kernels.sequence import Array, Steps, before

__all__ = ["backward", "forward"]


def forward(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, relu: bool, steps: Steps
) -> tuple[Any, ...]:
    """From (rows, inputs) and the first state to all states.

    Returns:
        h of all rows and of the last rows.
    """
    out = x @ w_ih.T
    if b_ih is not None and b_hh is not None:
        out += b_ih + b_hh
    weight = np.ascontiguousarray(w_hh.T)
    rows = steps.rows
    scratch = np.empty((steps.batch, h.shape[-1]), x.dtype)
    zero = np.zeros((), x.dtype)
    for r, old in zip(rows, before(out, h, rows), strict=True):
        new, part = out[r], scratch[: r.stop - r.start]
        np.add(new, np.matmul(old, weight, out=part), out=new)
        if relu:
            np.maximum(new, zero, out=new)
        else:
            np.tanh(new, out=new)
    return out, out[steps.last]


def backward(
    g_out: Array | None, g_h: Array | None, x: Array, h: Array, w_ih: Array, w_hh: Array, out: Array, relu: bool,
    steps: Steps,
) -> Callable[[str], Any]:  # fmt: skip
    """Backpropagation through time: from the gradients of what `forward` returned to those of its inputs.

    Returns:
        A function that gives the gradient of the input of a name.
    """
    dtype, (total, hidden) = out.dtype, out.shape
    d_h = np.zeros((steps.batch, hidden), dtype) if g_h is None else g_h.copy()
    d_in, olds = np.empty_like(out), np.empty_like(out)
    rows = steps.rows
    one = np.ones((), dtype)
    for r, old in zip(reversed(rows), reversed(before(out, h, rows)), strict=True):
        dh, d, new = d_h[: r.stop - r.start], d_in[r], out[r]
        if g_out is not None:
            np.add(dh, g_out[r], out=dh)
        np.copyto(olds[r], old)
        if relu:
            np.multiply(dh, new > 0, out=d)
        else:
            np.multiply(new, new, out=d)
            np.subtract(one, d, out=d)
            np.multiply(d, dh, out=d)
        np.matmul(d, w_hh, out=dh)

    def gradient(name: str) -> Any:
        if name == "h":
            return d_h
        if name == "x":
            return d_in @ w_ih
        if name in ("w_ih", "w_hh"):
            return d_in.T @ (x if name == "w_ih" else olds)
        return np.ones(total, dtype) @ d_in

    return gradient
