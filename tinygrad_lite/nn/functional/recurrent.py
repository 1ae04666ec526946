"""Recurrent networks as functions: whole stacks of layers (`lstm`, `gru` ...), and one step (`lstm_cell` ...).

They are found in the package itself, as PyTorch has them: `tinygrad_lite.lstm`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.joining import cat, stack
from tinygrad_lite.functions.turning import flip
from tinygrad_lite.kernels.sequence import Steps
from tinygrad_lite.nn.functional.dropouts import dropout as drop
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops import recurrent as rows

__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Layer = Callable[..., tuple[Tensor, ...]]


# --- stacks of layers -----------------------------------------------------------------------------------


def run_layers(
    layer: Layer, input: Tensor, states: Sequence[Tensor], params: Sequence[Tensor], per_layer: int, num_layers: int,
    dropout: float, train: bool, bidirectional: bool, sizes: Sequence[int] | None,
) -> tuple[Tensor, list[Tensor]]:  # fmt: skip
    """Layer upon layer, in one direction or both.

    Args:
        layer: `layer(x, states, params, sizes)` gives the output and the last states of one layer and direction.
        input: (steps, batch, features), or the rows of a packed sequence.
        states: at the start, each (layers * directions, batch, features).
        params: the weights, for one layer and direction after the other.
        per_layer: how many of them each has.
        num_layers: how many layers there are.
        dropout: the probability with which an element is dropped between layers.
        train: whether to drop any.
        bidirectional: whether each layer also reads from the end.
        sizes: of a packed sequence, how many sequences run at each step.

    Returns:
        The output of the last layer, and the states at the end, stacked as at the start.
    """
    directions = 2 if bidirectional else 1
    backwards = Steps(sizes).backwards() if bidirectional and sizes is not None else None
    finals: list[tuple[Tensor, ...]] = []
    for k in range(num_layers):
        outs = []
        for direction in range(directions):
            at = k * directions + direction
            own = params[at * per_layer : (at + 1) * per_layer]
            x = _turned(input, backwards) if direction else input
            out, *final = layer(x, [s[at] for s in states], own, sizes)
            outs.append(_turned(out, backwards) if direction else out)
            finals.append(tuple(final))
        input = cat(outs, -1) if bidirectional else outs[0]
        if dropout and train and k < num_layers - 1:
            input = drop(input, dropout)
    if len(finals) == 1:
        return input, [s[None] for s in finals[0]]
    return input, [stack(parts) for parts in zip(*finals, strict=True)]


def _turned(x: Tensor, backwards: np.ndarray | None) -> Tensor:
    """Each sequence from its end."""
    return flip(x, 0) if backwards is None else index_rows.pick(x, (backwards,))


def _check(name: str, input: Tensor, states: Sequence[Tensor], params: Sequence[Tensor]) -> None:
    need_tensor(name, "input", input)
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}: it takes floating-point numbers')
    if not input.array.shape[0]:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    for kind, tensors in (("hidden", states), ("parameter", params)):
        for tensor in tensors:
            if tensor.array.dtype is not dtype:
                raise ValueError(
                    f"Input and {kind} tensors are not the same dtype, found input tensor with {input.dtype} and "
                    f"{kind} tensor with {tensor.dtype}"
                )


def lstm_layer(x: Tensor, states: Sequence[Tensor], params: Sequence[Tensor], sizes: Any) -> tuple[Tensor, ...]:
    """The row of one layer in one direction; `params` with or without biases and projection."""
    w_ih, w_hh, *others = params
    w_hr = others.pop() if len(others) % 2 else None
    b_ih, b_hh = others or (None, None)
    return rows.lstm(x, *states, w_ih, w_hh, b_ih, b_hh, w_hr, sizes)


def gru_layer(x: Tensor, states: Sequence[Tensor], params: Sequence[Tensor], sizes: Any) -> tuple[Tensor, ...]:
    """The row of one layer in one direction; `params` with or without biases."""
    w_ih, w_hh, b_ih, b_hh = params if len(params) == 4 else (*params, None, None)
    return rows.gru(x, *states, w_ih, w_hh, b_ih, b_hh, sizes)


def rnn_layer(
    x: Tensor, states: Sequence[Tensor], params: Sequence[Tensor], sizes: Any, *, relu: bool
) -> tuple[Tensor, ...]:
    """The row of one layer in one direction; `params` with or without biases."""
    w_ih, w_hh, b_ih, b_hh = params if len(params) == 4 else (*params, None, None)
    return rows.rnn(x, *states, w_ih, w_hh, b_ih, b_hh, relu, sizes)


LAYERS: dict[str, Layer] = {
    "LSTM": lstm_layer,
    "GRU": gru_layer,
    "RNN_TANH": partial(rnn_layer, relu=False),
    "RNN_RELU": partial(rnn_layer, relu=True),
}
"""One layer in one direction of each kind."""


def _stack(name: str, kind: str, args: tuple[Any, ...], names: dict[str, Any]) -> tuple[Tensor, list[Tensor]]:
    """The two forms of the functions, for a padded and for a packed input."""
    packed = (len(args) > 3 and isinstance(args[3], list | tuple)) or "batch_sizes" in names or "data" in names
    wanted = ["data", "batch_sizes"] if packed else ["input"]
    wanted += ["hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional"]
    wanted += [] if packed else ["batch_first"]
    given = dict(zip(wanted, args, strict=False)) | names
    if missing := [called for called in wanted if called not in given]:
        raise TypeError(f"{name}() missing {len(missing)} required arguments: {', '.join(missing)}")
    if unknown := [called for called in given if called not in wanted]:
        raise TypeError(f"{name}() got an unexpected keyword argument {unknown[0]!r}")
    if len(args) > len(wanted):
        raise TypeError(f"{name}() takes {len(wanted)} positional arguments but {len(args)} were given")
    input, hx, params = given["data" if packed else "input"], given["hx"], list(given["params"])
    states = [hx] if kind != "LSTM" else list(hx)
    first = not packed and given["batch_first"]
    input = transpose(input, 0, 1) if first else input
    _check(name, input, states, params)
    projected = kind == "LSTM" and states[0].array.shape[2] != states[1].array.shape[2]
    out, finals = run_layers(
        LAYERS[kind], input, states, params, 2 + 2 * bool(given["has_biases"]) + projected, given["num_layers"],
        given["dropout"], given["train"], given["bidirectional"],
        given["batch_sizes"].array.tolist() if packed else None,
    )  # fmt: skip
    return transpose(out, 0, 1) if first else out, finals


def lstm(*args: Any, **names: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of long short-term memory (Hochreiter and Schmidhuber, 1997); `nn.LSTM` is more convenient.

    Called as `lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`, or for a
    packed sequence `lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)`.

    Args:
        args: input (L, N, H_in), the states (h_0, c_0), a list of weights layer by layer, whether there are biases
            among them, the number of layers, the dropout between them, whether to drop, whether there are two
            directions, and whether the input is (N, L, H_in).
        names: the same by name.

    Returns:
        The output of the last layer, h_n and c_n.

    Raises:
        ValueError: if dtypes differ.
        RuntimeError: for a sequence without elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer, zero = tg.nn.LSTM(2, 3), tg.zeros(1, 4, 3)
        >>> params = list(layer.parameters())
        >>> tg.lstm(tg.ones(5, 4, 2), (zero, zero), params, True, 1, 0.0, False, False, False)[0].shape
        Size([5, 4, 3])
    """
    out, (h, c) = _stack("lstm", "LSTM", args, names)
    return out, h, c


def _one_state(name: str, kind: str, words: str) -> Callable[..., tuple[Tensor, Tensor]]:
    def run(*args: Any, **names: Any) -> tuple[Tensor, Tensor]:
        out, (h,) = _stack(name, kind, args, names)
        return out, h

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""{words}; the class in `nn` is more convenient.

    Arguments as for `lstm`, but the state is one tensor.

    Returns:
        The output of the last layer, and h_n.

    Raises:
        ValueError: if dtypes differ.
        RuntimeError: for a sequence without elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.{kind.split("_")[0]}(2, 3)
        >>> params = list(layer.parameters())
        >>> tg.{name}(tg.ones(5, 4, 2), tg.zeros(1, 4, 3), params, True, 1, 0.0, False, False, False)[0].shape
        Size([5, 4, 3])
    """
    return run


gru = _one_state("gru", "GRU", "Layers of gated recurrent units (Cho et al., 2014)")
rnn_tanh = _one_state("rnn_tanh", "RNN_TANH", "Recurrent layers with tanh (Elman, 1990)")
rnn_relu = _one_state("rnn_relu", "RNN_RELU", "Recurrent layers with max(., 0)")


# --- one step -------------------------------------------------------------------------------------------


def _step(
    kind: str, gates: int, input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None,
    b_hh: Tensor | None,
) -> list[Tensor]:  # fmt: skip
    """One step of a layer, for an input (N, features) or (features,).

    Raises:
        RuntimeError: if the sizes do not fit.
    """
    name = kind.lower() + "_cell"
    for position, (called, tensor) in enumerate(
        {"input": input, "hx": states[0], "w_ih": w_ih, "w_hh": w_hh}.items(), 1
    ):
        need_tensor(name, called, tensor, position)
    width, hidden = input.array.shape[-1], w_hh.array.shape[1]
    if width != w_ih.array.shape[1]:
        raise RuntimeError(f"{name}(): input has inconsistent input_size: got {width} expected {w_ih.array.shape[1]}")
    for k, state in enumerate(states):
        if state.array.shape[-1] != hidden:
            raise RuntimeError(
                f"{name}(): hidden{k} has inconsistent hidden_size: got {state.array.shape[-1]}, expected {hidden}"
            )
        if state.array.shape[:-1] != input.array.shape[:-1]:
            raise RuntimeError(
                f"{name}(): Input batch size {list(input.array.shape[:-1])} doesn't match hidden{k} batch size "
                f"{list(state.array.shape[:-1])}"
            )
    if w_ih.array.shape[0] != gates * hidden:
        raise RuntimeError(f"{name}(): w_ih must have {gates} * {hidden} rows, got {w_ih.array.shape[0]}")
    params = [w_ih, w_hh] if b_ih is None or b_hh is None else [w_ih, w_hh, b_ih, b_hh]
    _check(name, input[None], states, params)
    alone = input.array.ndim == 1
    x = input[None, None] if alone else input[None]
    _, *found = LAYERS[kind](x, [s[None] if alone else s for s in states], params, None)
    return [s[0] for s in found] if alone else found


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One step of long short-term memory.

    Args:
        input: (N, H_in) or (H_in,).
        hx: h and c, each (N, H) or (H,).
        w_ih: (4 H, H_in), the gates in the order i, f, g, o.
        w_hh: (4 H, H).
        b_ih: (4 H,) or None.
        b_hh: (4 H,) or None.

    Returns:
        h and c after the step.

    Raises:
        RuntimeError: if the sizes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> zero = tg.zeros(1, 1)
        >>> h, c = tg.lstm_cell(tg.ones(1, 1), (zero, zero), tg.ones(4, 1), tg.ones(4, 1))
        >>> h.item() < c.item() < 1
        True
    """
    h, c = _step("LSTM", 4, input, hx, w_ih, w_hh, b_ih, b_hh)
    return h, c


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a gated recurrent unit; the gates of the weights (3 H, ...) are in the order r, z, n.

    Other arguments and errors as for `lstm_cell`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.gru_cell(tg.zeros(1, 1), tg.ones(1, 1), tg.ones(3, 1), tg.zeros(3, 1))
        tensor([[0.5000]])
    """
    return _step("GRU", 3, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a recurrent layer, tanh(w_ih x + b_ih + w_hh h + b_hh). Arguments and errors as for `lstm_cell`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rnn_tanh_cell(tg.ones(1, 1), tg.zeros(1, 1), tg.ones(1, 1), tg.ones(1, 1))
        tensor([[0.7616]])
    """
    return _step("RNN_TANH", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a recurrent layer, max(w_ih x + b_ih + w_hh h + b_hh, 0). Arguments and errors as for `lstm_cell`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rnn_relu_cell(tg.ones(1, 1), tg.ones(1, 1), tg.ones(1, 1), tg.ones(1, 1))
        tensor([[2.]])
    """
    return _step("RNN_RELU", 1, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
