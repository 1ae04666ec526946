"""The table, recurrent layers: one layer in one direction over whole sequences is one row.

Its forward and its backpropagation through time are loops in NumPy (kernels/lstm.py, gru.py, rnn.py). Where the
gradient is to be differentiated in turn, the layer is written out step by step in rows of the table instead, as
`_unrolled` has it, and the gradient is that of what is written out.

The input is (steps, batch, inputs), or with `sizes`, how many sequences run at each step, the rows of a packed
sequence (rows, inputs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.kernels import gru as gru_kernel
from tinygrad_lite.kernels import lstm as lstm_kernel
from tinygrad_lite.kernels import rnn as rnn_kernel
from tinygrad_lite.kernels.sequence import Steps
from tinygrad_lite.op import op
from tinygrad_lite.ops.activation import relu as relu_row
from tinygrad_lite.ops.activation import sigmoid
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import bare

Sizes = Sequence[int] | None
HALF = np.dtype(np.float16)


# --- from the row to the kernel -----------------------------------------------------------------------


def _steps(shape: tuple[int, ...], sizes: Sizes) -> Steps:
    return Steps((shape[1],) * shape[0] if sizes is None else sizes)


def _wide(x: Any) -> Any:
    """float16 is computed in float32."""
    return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype is HALF else x


def _run(kernel: Any, outputs: int, inputs: Sequence[Any], sizes: Sizes, *params: Any) -> tuple[Any, ...]:
    """The kernel's forward on the rows of `inputs[0]`; of what it returns, `outputs` in the dtype of the input."""
    x, *others = map(_wide, inputs)
    with quiet():
        made = kernel.forward(x.reshape(-1, x.shape[-1]), *others, *params, _steps(x.shape, sizes))
    dtype = inputs[0].dtype
    outs = [a.astype(dtype, copy=False) for a in made[:outputs]]
    return outs[0].reshape(*x.shape[:-1], outs[0].shape[-1]), *outs[1:], *made[outputs:]


def _back(kernel: Any, g: Sequence[Any], x_shape: tuple[int, ...], sizes: Sizes, dtype: Any, *rest: Any) -> Any:
    """The kernel's backward; `g` are the gradients of its outputs, the first that of all rows."""
    first, *others = map(_wide, g)
    first = None if first is None else first.reshape(-1, first.shape[-1])
    found = kernel.backward(first, *others, *map(_wide, rest), _steps(x_shape, sizes))

    def gradient(name: str) -> Any:
        d = found(name)
        if d is not None:
            d = d.reshape(x_shape) if name == "x" else d
            return d.astype(dtype, copy=False)
        return None

    return gradient


# --- from the row to what is written out --------------------------------------------------------------


def _unrolled(cell: Callable[..., Any], x: Any, states: Sequence[Any], sizes: Sizes) -> list[Any]:
    """`cell(x, *states)`, which returns an output and new states, step by step: all outputs, and the last states."""
    outs, finished = [], []
    steps = _steps(x.shape, sizes)
    rows = x.reshape(-1, x.shape[-1])
    for start, size in zip(steps.starts, steps.sizes, strict=True):
        if size < len(states[0]):
            finished.append([s[size:] for s in states])
            states = [s[:size] for s in states]
        out, *states = cell(rows[start : start + size], *states)
        outs.append(out)
    last = [np.concatenate(parts) for parts in zip(states, *reversed(finished), strict=True)]
    out = np.concatenate(outs)
    return [out.reshape(*x.shape[:-1], out.shape[-1]), *last]


def _recorded(layer: Callable[..., Any], g: Sequence[Any], inputs: dict[str, Any]) -> Callable[[str], Any]:
    """The gradients of `layer(**inputs)`, recorded."""
    from tinygrad_lite import differentiate  # the engine is built on the table

    with enable_grad():
        given = {name: _alias(x) for name, x in inputs.items() if x is not None}
        outs = layer(**{**inputs, **given})
        pairs = [(out, d) for out, d in zip(outs, g, strict=True) if d is not None]
        arrived: list[Any] = [d if isinstance(d, TensorCore) else bare(d) for _, d in pairs]
        found = differentiate.grad(
            [out for out, _ in pairs], list(given.values()), arrived, create_graph=True, allow_unused=True
        )
    return dict(zip(given, found, strict=True)).get


def _alias(x: Any) -> Any:
    """Another tensor of the same numbers, so that what `x` was made of does not count."""
    if isinstance(x, TensorCore) and x.needs_grad:
        return x[...]  # type: ignore[index]
    other = bare(x.array if isinstance(x, TensorCore) else x)
    other.needs_grad = True
    return other


def _plain(*arrays: Any) -> bool:
    return not any(isinstance(a, TensorCore) for a in arrays)


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    out = x @ weight.mT
    return out if bias is None else out + bias


def _chunks(x: Any, n: int) -> list[Any]:
    width = x.shape[-1] // n
    return [x[:, k * width : (k + 1) * width] for k in range(n)]


# --- the layers ---------------------------------------------------------------------------------------


def _lstm(
    x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, w_hr: Any = None,
    sizes: Sizes = None,
) -> tuple[Any, ...]:  # fmt: skip
    dtype = x.dtype
    inputs: list[Any] = list(map(_wide, (x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr)))
    steps = None if sizes is None else Steps(sizes)
    if steps is not None:
        inputs[0] = steps.padded(inputs[0])
    inputs.append(None if steps is None else steps.lengths - 1)
    with quiet():
        made = lstm_kernel.forward(*inputs)
    outs = made[:3] if steps is None else (made[0][steps.places], *made[1:3])
    return *(a.astype(dtype, copy=False) for a in outs), *made[3:]


def _lstm_shared(
    g_out: Any, g_h_n: Any, g_c_n: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, w_hr: Any,
    joint: Any, gates: Any, cells: Any, tanhs: Any, sizes: Sizes, wanted: set[str],
) -> Any:  # fmt: skip
    g = (g_out, g_h_n, g_c_n)
    if _plain(*g):
        steps, dtype = _steps(x.shape, sizes), x.dtype
        rest: list[Any] = list(map(_wide, (*g, c, w_ih, w_hh, w_hr, joint, gates, cells, tanhs)))
        if sizes is not None and g_out is not None:
            rest[0] = steps.padded(rest[0])
        rest += [steps.sizes, wanted]
        found = lstm_kernel.backward(*rest)
        if "x" in found and sizes is not None:
            found["x"] = found["x"][steps.places]
        return lambda name: found[name].astype(dtype, copy=False)

    def layer(
        x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, w_hr: Any = None
    ) -> list[Any]:
        def cell(x: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
            i, f, g, o = _chunks(_affine(x, w_ih, b_ih) + _affine(h, w_hh, b_hh), 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            h = h if w_hr is None else h @ w_hr.mT
            return h, h, c

        return _unrolled(cell, x, (h, c), sizes)

    inputs = {"x": x, "h": h, "c": c, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh, "w_hr": w_hr}
    return _recorded(layer, g, inputs)


def _gru(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, sizes: Sizes = None
) -> tuple[Any, ...]:
    return _run(gru_kernel, 2, (x, h, w_ih, w_hh, b_ih, b_hh), sizes)


def _gru_shared(
    g_out: Any, g_h_n: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, out: Any, gates: Any, side: Any,
    sizes: Sizes,
) -> Any:  # fmt: skip
    g = (g_out, g_h_n)
    if _plain(*g):
        rest = (_flat(x), h, w_ih, w_hh, _flat(out), gates, side)
        return _back(gru_kernel, g, x.shape, sizes, x.dtype, *rest)

    def layer(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> list[Any]:
        def cell(x: Any, h: Any) -> tuple[Any, Any]:
            ours, theirs = _chunks(_affine(x, w_ih, b_ih), 3), _chunks(_affine(h, w_hh, b_hh), 3)
            r, z = (sigmoid(a + b) for a, b in zip(ours[:2], theirs[:2], strict=True))
            n = np.tanh(ours[2] + r * theirs[2])
            h = n + z * (h - n)
            return h, h

        return _unrolled(cell, x, (h,), sizes)

    return _recorded(layer, g, {"x": x, "h": h, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh})


def _rnn(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, relu: bool = False, sizes: Sizes = None
) -> tuple[Any, ...]:
    return _run(rnn_kernel, 2, (x, h, w_ih, w_hh, b_ih, b_hh), sizes, relu)


def _rnn_shared(
    g_out: Any, g_h_n: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, out: Any, relu: bool,
    sizes: Sizes,
) -> Any:  # fmt: skip
    g = (g_out, g_h_n)
    if _plain(*g):
        return _back(rnn_kernel, g, x.shape, sizes, x.dtype, _flat(x), h, w_ih, w_hh, _flat(out), relu)

    def layer(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> list[Any]:
        def cell(x: Any, h: Any) -> tuple[Any, Any]:
            total = _affine(x, w_ih, b_ih) + _affine(h, w_hh, b_hh)
            h = relu_row(total) if relu else np.tanh(total)
            return h, h

        return _unrolled(cell, x, (h,), sizes)

    return _recorded(layer, g, {"x": x, "h": h, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh})


def _flat(x: Any) -> Any:
    return x.reshape(-1, x.shape[-1])


# fmt: off
_PACKED = {"sizes": (2, 2, 1)}

lstm: Any = op(
    "lstm", _lstm, outputs=("out", "h_n", "c_n"), kept=("joint", "gates", "cells", "tanhs"), numbers="real",
    shared=_lstm_shared, domain=(-1.0, 1.0),
    cases=(((3, 2, 2), (2, 3), (2, 3), (12, 2), (12, 3), (12,), (12,)),
           ((3, 2, 2), (2, 3), (2, 3), (12, 2), (12, 3)),
           ((3, 2, 2), (2, 2), (2, 3), (12, 2), (12, 2), (12,), (12,), (2, 3)),
           ((5, 2), (2, 3), (2, 3), (12, 2), (12, 3), (12,), (12,), _PACKED)),
    doc="A layer of long short-term memory: x, and h and c at the start, to h at each step, and h and c at the end.",
    x=lambda shared: shared("x"),
    h=lambda shared: shared("h"),
    c=lambda shared: shared("c"),
    w_ih=lambda shared: shared("w_ih"),
    w_hh=lambda shared: shared("w_hh"),
    b_ih=lambda shared: shared("b_ih"),
    b_hh=lambda shared: shared("b_hh"),
    w_hr=lambda shared: shared("w_hr"),
)
gru: Any = op(
    "gru", _gru, outputs=("out", "h_n"), kept=("gates", "side"), numbers="real", shared=_gru_shared, domain=(-1.0, 1.0),
    overwritable=True,
    cases=(((3, 2, 2), (2, 3), (9, 2), (9, 3), (9,), (9,)),
           ((3, 2, 2), (2, 3), (9, 2), (9, 3)),
           ((5, 2), (2, 3), (9, 2), (9, 3), (9,), (9,), _PACKED)),
    doc="A layer of gated recurrent units: x, and h at the start, to h at each step, and h at the end.",
    x=lambda shared: shared("x"),
    h=lambda shared: shared("h"),
    w_ih=lambda shared: shared("w_ih"),
    w_hh=lambda shared: shared("w_hh"),
    b_ih=lambda shared: shared("b_ih"),
    b_hh=lambda shared: shared("b_hh"),
)
rnn: Any = op(
    "rnn", _rnn, outputs=("out", "h_n"), numbers="real", shared=_rnn_shared, domain=(-1.0, 1.0),
    overwritable=True,
    cases=(((3, 2, 2), (2, 3), (3, 2), (3, 3), (3,), (3,)),
           ((3, 2, 2), (2, 3), (3, 2), (3, 3), {"relu": True}),
           ((5, 2), (2, 3), (3, 2), (3, 3), (3,), (3,), _PACKED)),
    doc="A recurrent layer of tanh, or max(., 0): x, and h at the start, to h at each step and at the end.",
    x=lambda shared: shared("x"),
    h=lambda shared: shared("h"),
    w_ih=lambda shared: shared("w_ih"),
    w_hh=lambda shared: shared("w_hh"),
    b_ih=lambda shared: shared("b_ih"),
    b_hh=lambda shared: shared("b_hh"),
)
