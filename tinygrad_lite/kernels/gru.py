"""Gated recurrent units (Cho et al., 2014) over whole sequences, forward and backward.

    r = sigmoid(W_r [x, 1] + U_r [h, 1])                z = sigmoid(W_z [x, 1] + U_z [h, 1])
    n = tanh(W_n [x, 1] + r * (U_n [h, 1]))             h = (1 - z) * n + z * h

The products with x are one for all steps, and so are the gradients of the weights. The gates are kept apart
(gate, row, hidden), in the order r, z, n; `side` holds what r is multiplied by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.kernels.sequence import Array, Steps, before

__all__ = ["backward", "forward"]


def forward(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, steps: Steps
) -> tuple[Any, ...]:
    """From (rows, inputs) and the first state to all states.

    Returns:
        h of all rows and of the last rows, and for `backward`: gates and side of all rows.
    """
    dtype, hidden = x.dtype, h.shape[-1]
    gates = np.matmul(x, w_ih.reshape(3, hidden, -1).mT)
    if b_ih is not None and b_hh is not None:
        bias = b_ih.reshape(3, 1, hidden).copy()
        bias[:2] += b_hh.reshape(3, 1, hidden)[:2]
        gates += bias
    side_bias = 0 if b_hh is None else b_hh[2 * hidden :]
    weights = np.ascontiguousarray(w_hh.reshape(3, hidden, -1).mT)
    side, out = np.empty((steps.total, hidden), dtype), np.empty((steps.total, hidden), dtype)
    rows = steps.rows
    one = np.ones((), dtype)
    scratch = np.empty((3, steps.batch, hidden), dtype)
    for r, old in zip(rows, before(out, h, rows), strict=True):
        here, part, aside, new = gates[:, r], scratch[:, : r.stop - r.start], side[r], out[r]
        np.matmul(old, weights, out=part)
        sigmoids = here[:2]
        np.add(sigmoids, part[:2], out=sigmoids)
        np.negative(sigmoids, out=sigmoids)
        np.exp(sigmoids, out=sigmoids)
        np.add(sigmoids, one, out=sigmoids)
        np.reciprocal(sigmoids, out=sigmoids)
        reset, update, n = here
        np.add(part[2], side_bias, out=aside)
        np.multiply(reset, aside, out=new)
        np.add(n, new, out=n)
        np.tanh(n, out=n)
        np.subtract(old, n, out=new)
        np.multiply(new, update, out=new)
        np.add(new, n, out=new)
    return out, out[steps.last], gates, side


def backward(
    g_out: Array | None, g_h: Array | None, x: Array, h: Array, w_ih: Array, w_hh: Array, out: Array, gates: Array,
    side: Array, steps: Steps,
) -> Callable[[str], Any]:  # fmt: skip
    """Backpropagation through time: from the gradients of what `forward` returned to those of its inputs.

    Returns:
        A function that gives the gradient of the input of a name.
    """
    dtype, (total, hidden) = out.dtype, out.shape
    d_h = np.zeros((steps.batch, hidden), dtype) if g_h is None else g_h.copy()
    d_gates, d_side = np.empty_like(gates), np.empty_like(side)
    back = w_hh.reshape(3, hidden, hidden)
    olds = np.empty((total, hidden), dtype)
    rows = steps.rows
    one = np.ones((), dtype)
    parts = np.empty((3, steps.batch, hidden), dtype)
    for r, old in zip(reversed(rows), reversed(before(out, h, rows)), strict=True):
        n_rows = r.stop - r.start
        dh, part = d_h[:n_rows], parts[:, :n_rows]
        if g_out is not None:
            np.add(dh, g_out[r], out=dh)
        np.copyto(olds[r], old)
        here, d, aside, d_aside = gates[:, r], d_gates[:, r], side[r], d_side[r]
        reset, update, n = here
        d_reset, d_update, d_n = d
        np.subtract(one, here[:2], out=d[:2])
        np.multiply(dh, d_update, out=d_n)  # through (1 - z) * n
        np.multiply(n, n, out=d_aside)
        np.subtract(one, d_aside, out=d_aside)
        np.multiply(d_n, d_aside, out=d_n)
        np.multiply(d_n, reset, out=d_aside)
        np.multiply(d[:2], here[:2], out=d[:2])
        np.multiply(d_reset, aside, out=d_reset)
        np.multiply(d_reset, d_n, out=d_reset)
        slope = part[0]
        np.subtract(old, n, out=slope)
        np.multiply(slope, dh, out=slope)
        np.multiply(d_update, slope, out=d_update)
        np.multiply(dh, update, out=dh)
        np.matmul(d[:2], back[:2], out=part[:2])
        np.matmul(d_aside, back[2], out=part[2])
        np.add(dh, np.add.reduce(part, 0), out=dh)

    found: dict[str, Array] = {"h": d_h}

    def gradient(name: str) -> Any:
        if name == "x":
            return np.matmul(d_gates, w_ih.reshape(3, hidden, -1)).sum(axis=0)
        if name not in found:
            ones = np.ones(total, dtype)
            sums, side_sum = ones @ d_gates, ones @ d_side
            found["b_ih"] = sums.reshape(-1)
            found["b_hh"] = np.concatenate([sums[0], sums[1], side_sum])
            found["w_ih"] = np.matmul(d_gates.mT, x).reshape(3 * hidden, -1)
            found["w_hh"] = np.concatenate([*np.matmul(d_gates[:2].mT, olds), d_side.T @ olds])
        return found[name]

    return gradient
