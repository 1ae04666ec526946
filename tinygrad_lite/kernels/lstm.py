"""Long short-term memory (Hochreiter and Schmidhuber, 1997) over whole sequences, forward and backward.

    i = sigmoid(W_i [h, 1, x])    f = sigmoid(W_f [h, 1, x])    o = sigmoid(W_o [h, 1, x])
    g = tanh(W_g [h, 1, x])       c = f * c + i * g             h = o * tanh(c)       (h = P h with a projection)

The sequences of a batch stand side by side, features above each other: every array of a step is (features, batch),
and so the state, and each gate, is one contiguous piece. State, one and input stand above each other in `joint`, so
that a step takes one matrix product. The gates are in the order g, i, f, o: those that go through the sigmoid are
one piece, and so are those that the gradient of c reaches. A sequence that has ended is computed further and not
looked at; no gradient comes from there.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from tinygrad_lite.kernels.sequence import Array

__all__ = ["backward", "forward"]

ORDER = [2, 0, 1, 3]  # g, i, f, o of PyTorch's i, f, g, o
FEW = 16
"""Of fewer sequences the weights of the input are better fetched once for all steps than for each."""
BLOCK = 1 << 17
"""How many elements of the gates `backward` works on at a time: few for the cache, many for the products."""
_WEIGHTS = {"w_ih", "w_hh", "b_ih", "b_hh"}


def _by_gate(weight: Array, hidden: int) -> Array:
    """(4 * hidden, n), the gates in the order used here."""
    return weight.reshape(4, hidden, -1)[ORDER].reshape(4 * hidden, -1)


def forward(
    x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None,
    w_hr: Array | None, last: Any,
) -> tuple[Any, ...]:  # fmt: skip
    """From (steps, batch, inputs) and the first state to all states.

    Args:
        x: the inputs.
        h: (batch, width), the state at the start.
        c: (batch, hidden), the cells at the start.
        w_ih, w_hh, b_ih, b_hh, w_hr: the weights; the biases, and the projection, may be None.
        last: None where all sequences are of one length, or the last step of each.

    Returns:
        h at all steps, h and c at the last of each sequence, and for `backward`: joint, gates, c and tanh(c).
    """
    dtype, (steps, batch, inputs), hidden, width = x.dtype, x.shape, c.shape[1], h.shape[1]
    weights = np.empty((4 * hidden, width + 1 + inputs), dtype)
    weights[:, :width] = _by_gate(w_hh, hidden)
    weights[:, width : width + 1] = 0 if b_ih is None or b_hh is None else _by_gate(b_ih + b_hh, hidden)
    weights[:, width + 1 :] = _by_gate(w_ih, hidden)
    np.negative(weights[hidden:], out=weights[hidden:])  # of those that go through 1 / (1 + exp(-x))
    joint = np.empty((steps + 1, weights.shape[1], batch), dtype)
    joint[0, :width] = h.T
    joint[:, width] = 1
    joint[:-1, width + 1 :] = _batch_last(x)
    gates = np.empty((steps, 4 * hidden, batch), dtype)
    cells, tanhs = np.empty((steps, hidden, batch), dtype), np.empty((steps, hidden, batch), dtype)
    ahead = batch < FEW
    if ahead:
        gates[...] = (x @ weights[:, width + 1 :].T + weights[:, width]).swapaxes(1, 2)
        from_state = np.ascontiguousarray(weights[:, :width])
    raw = np.empty((4 * hidden, batch), dtype)
    raw_g, raw_sigmoids = raw[:hidden], raw[hidden:]
    one, old = np.ones((), dtype), np.ascontiguousarray(c.T)
    states = joint[:, :width]
    for given, state, new, here, cell, tanh in zip(joint, states, states[1:], gates, cells, tanhs, strict=False):
        if ahead:
            np.add(here, np.matmul(from_state, state, out=raw), out=raw)
        else:
            np.matmul(weights, given, out=raw)
        np.exp(raw_sigmoids, out=raw_sigmoids)
        np.add(raw_sigmoids, one, out=raw_sigmoids)
        sigmoids = np.divide(one, raw_sigmoids, out=here[hidden:])
        np.multiply(sigmoids[:hidden], np.tanh(raw_g, out=here[:hidden]), out=tanh)
        np.multiply(sigmoids[hidden : 2 * hidden], old, out=cell)
        np.add(cell, tanh, out=cell)
        np.tanh(cell, out=tanh)
        if w_hr is None:
            np.multiply(sigmoids[2 * hidden :], tanh, out=new)
        else:
            np.matmul(w_hr, sigmoids[2 * hidden :] * tanh, out=new)
        old = cell
    out = states[1:].swapaxes(1, 2)
    ends = (-1,) if last is None else (last, np.arange(batch))
    return np.ascontiguousarray(out), out[ends].copy(), cells.swapaxes(1, 2)[ends].copy(), joint, gates, cells, tanhs


def backward(
    g_out: Array | None, g_h: Array | None, g_c: Array | None, c: Array, w_ih: Array, w_hh: Array, w_hr: Array | None,
    joint: Array, gates: Array, cells: Array, tanhs: Array, sizes: Sequence[int], wanted: Set[str],
) -> dict[str, Array]:  # fmt: skip
    """Backpropagation through time: from the gradients of what `forward` returned to those of its inputs.

    It goes through some steps at a time, from which the gradients of weights and input are formed at once, while
    those of the gates are in the cache.

    Args:
        g_out, g_h, g_c: the gradients, each (..., features) as what it is of, or None.
        c, w_ih, w_hh, w_hr: as they were given to `forward`.
        joint, gates, cells, tanhs: what that returned.
        sizes: how many sequences run at each step.
        wanted: the names of the inputs whose gradients are asked for.

    Returns:
        The gradients by name, at least those of the wanted inputs.
    """
    dtype, (steps, hidden, batch), width = cells.dtype, cells.shape, w_hh.shape[1]
    d_h, d_c = np.zeros((width, batch), dtype), np.zeros((hidden, batch), dtype)
    d_x = np.empty((steps, w_ih.shape[1], batch), dtype) if "x" in wanted else None
    d_weights = np.zeros((4 * hidden, joint.shape[1]), dtype) if wanted & _WEIGHTS else None
    d_hr = None if w_hr is None else np.zeros_like(w_hr)
    g_steps = None if g_out is None else _batch_last(g_out)
    back, to_x = np.ascontiguousarray(_by_gate(w_hh, hidden).T), np.ascontiguousarray(_by_gate(w_ih, hidden).T)
    still = [*sizes[1:], 0]
    length = max(1, min(steps, BLOCK // max(1, gates[0].size)))
    d_gates, scratch = np.empty((length, 4 * hidden, batch), dtype), np.empty((length, hidden, batch), dtype)
    d_out = np.empty((length, width, batch), dtype)
    for start in reversed(range(0, steps, length)):
        block = slice(start, min(start + length, steps))
        d_block = d_gates[: block.stop - start]
        slopes = _slopes(gates[block], cells, tanhs[block], c, start, d_block, scratch)
        for t, d, slope in zip(reversed(range(start, block.stop)), d_block[::-1], slopes[::-1], strict=True):
            if still[t] < sizes[t]:
                ended = slice(still[t], sizes[t])
                if g_h is not None:
                    d_h[:, ended] = g_h.T[:, ended]
                if g_c is not None:
                    d_c[:, ended] = g_c.T[:, ended]
            if g_steps is not None:
                np.add(d_h, g_steps[t], out=d_h)
            d_m = d_h
            if w_hr is not None:
                d_out[t - start] = d_h
                d_m = w_hr.T @ d_h
            np.multiply(slope, d_m, out=slope)
            np.add(d_c, slope, out=d_c)
            through_c, d_o = d[: 3 * hidden].reshape(3, hidden, batch), d[3 * hidden :]
            np.multiply(through_c, d_c, out=through_c)
            np.multiply(d_o, d_m, out=d_o)
            np.multiply(d_c, gates[t, 2 * hidden : 3 * hidden], out=d_c)
            np.matmul(back, d, out=d_h)
        if d_weights is not None:
            d_weights += _side_by_side(d_block) @ _side_by_side(joint[block]).T
        if d_hr is not None:
            raw = gates[block, 3 * hidden :] * tanhs[block]
            d_hr += _side_by_side(d_out[: len(d_block)]) @ _side_by_side(raw).T
        if d_x is not None:
            np.matmul(to_x, d_block, out=d_x[block])
    found = {"h": d_h.T, "c": d_c.T}
    if d_x is not None:
        found["x"] = d_x.swapaxes(1, 2)
    if d_hr is not None:
        found["w_hr"] = d_hr
    if d_weights is not None:
        own = d_weights.reshape(4, hidden, -1)[np.argsort(ORDER)].reshape(4 * hidden, -1)
        found["w_hh"], bias, found["w_ih"] = own[:, :width], own[:, width], own[:, width + 1 :]
        found["b_ih"] = found["b_hh"] = bias
    return found


def _slopes(gates: Array, cells: Array, tanhs: Array, c: Array, start: int, out: Array, scratch: Array) -> Array:
    """What the gradients of c and h are to be multiplied by, for some steps: into `out` for each gate.

    Returns:
        What the gradient of h is to be multiplied by on its way to c.
    """
    steps, hidden, batch = tanhs.shape
    g, i, _, o = gates.reshape(steps, 4, hidden, batch).swapaxes(0, 1)
    d = out.reshape(steps, 4, hidden, batch)
    d_g, d_i, d_f, d_o = d.swapaxes(0, 1)
    one = np.ones((), gates.dtype)
    sigmoids, d_sigmoids = gates[:, hidden:], out[:, hidden:]
    np.subtract(one, sigmoids, out=d_sigmoids)
    np.multiply(d_sigmoids, sigmoids, out=d_sigmoids)
    np.multiply(g, g, out=d_g)
    np.subtract(one, d_g, out=d_g)
    np.multiply(d_g, i, out=d_g)
    np.multiply(d_i, g, out=d_i)
    np.multiply(d_o, tanhs, out=d_o)
    if start:
        np.multiply(d_f, cells[start - 1 : start - 1 + steps], out=d_f)
    else:
        np.multiply(d_f[0], c.T, out=d_f[0])
        np.multiply(d_f[1:], cells[: steps - 1], out=d_f[1:])
    slope = scratch[:steps]
    np.multiply(tanhs, tanhs, out=slope)
    np.subtract(one, slope, out=slope)
    return np.multiply(slope, o, out=slope)


def _batch_last(array: Array) -> Array:
    """(steps, batch, features) as (steps, features, batch), contiguous; step by step, within the cache."""
    turned = array.swapaxes(1, 2)
    if turned.flags.c_contiguous:
        return turned
    return np.ascontiguousarray(np.ascontiguousarray(array).swapaxes(1, 2))


def _side_by_side(array: Array) -> Array:
    """(steps, features, batch) as (features, steps * batch)."""
    return array.swapaxes(0, 1).reshape(array.shape[1], -1)
