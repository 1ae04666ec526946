"""Recurrent layers: whole sequences at once. The cells, which take one step, are in `rnncell`."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.creation import empty, zeros
from tinygrad_lite.functions.gathering import index_select
from tinygrad_lite.nn import init
from tinygrad_lite.nn.functional.recurrent import LAYERS, run_layers
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter
from tinygrad_lite.nn.utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _permuted(states: Sequence[Tensor], order: Tensor | None) -> list[Tensor]:
    """States (layers, batch, features) with the sequences of the batch in another order."""
    return list(states) if order is None else [index_select(s, 1, order) for s in states]


class RNNBase(Module):
    """What `RNN`, `LSTM` and `GRU` have in common.

    Args:
        mode: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU".
        input_size: the features of the input.
        hidden_size: the features of the state.
        num_layers: how many layers there are, each reading the output of the one below.
        bias: whether there are biases.
        batch_first: whether input and output are (N, L, features) instead of (L, N, features).
        dropout: the probability with which an element is dropped between layers while training.
        bidirectional: whether each layer also reads the sequence from its end.
        proj_size: for LSTM, the features that h is projected to; 0 for none.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Attributes:
        weight_ih_l0: (gates * hidden_size, input_size); with `_l1` ... for the layers above, and with `_reverse` at
            the end for the other direction.
        weight_hh_l0: (gates * hidden_size, hidden_size or proj_size).
        bias_ih_l0: (gates * hidden_size,).
        bias_hh_l0: (gates * hidden_size,).
        weight_hr_l0: (proj_size, hidden_size), with a projection.

    Raises:
        TypeError, ValueError: for settings that make no sense.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.modules.RNNBase("GRU", 2, 3, num_layers=2)
        >>> [tuple(weight.shape) for weight in layer.all_weights[1]]
        [(9, 3), (9, 3), (9,), (9,)]
    """

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(dropout, bool) or not isinstance(dropout, numbers.Real) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
                f"got {dropout!r}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        for name, value, kind in (
            ("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int),
            ("hidden_size", hidden_size, int),
        ):  # fmt: skip
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero, got {value}")
        if proj_size < 0:
            raise ValueError(f"proj_size should be a positive integer or zero to disable projections, got {proj_size}")
        if proj_size >= hidden_size:
            raise ValueError(f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        out_size, gates, directions = proj_size or hidden_size, _GATES[mode] * hidden_size, 1 + bool(bidirectional)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            in_size = out_size * directions if layer else input_size
            for suffix in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, in_size), "weight_hh": (gates, out_size)}
                shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)} if bias else {}
                shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
                self._all_weights.append([f"{name}_l{layer}{suffix}" for name in shapes])
                for name, shape in zip(self._all_weights[-1], shapes.values(), strict=True):
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: what it does in PyTorch concerns GPUs only."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        usual = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False
        }  # fmt: skip
        own = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *own])

    def _widths(self) -> tuple[int, ...]:
        """The features of each state."""
        return (self.hidden_size,)

    def _check_input(self, input: Tensor, ndim: int, weight: Tensor) -> None:
        if input.array.dtype is not weight.array.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.array.ndim != ndim:
            raise RuntimeError(f"input must have {ndim} dimensions, got {input.array.ndim}")
        if input.array.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.array.shape[-1]}"
            )

    def _check_states(self, states: Sequence[Tensor], batch: int, dtype: Any) -> None:
        layers = self.num_layers * (1 + bool(self.bidirectional))
        for k, (state, width) in enumerate(zip(states, self._widths(), strict=True)):
            called = f"hidden[{k}]" if len(states) > 1 else "hidden"
            if state.array.shape != (layers, batch, width):
                raise RuntimeError(f"Expected {called} size {(layers, batch, width)}, got {list(state.array.shape)}")
            if state.array.dtype is not dtype:
                raise ValueError(
                    f"Input and hidden tensors are not the same dtype, found input tensor with dtype {dtype} and "
                    f"{called} with {state.dtype}"
                )

    def _run(self, input: Any, states: Sequence[Tensor] | None) -> tuple[Any, list[Tensor]]:
        """The layers over a padded, packed or single sequence; states of one sequence come without a batch."""
        name = type(self).__name__
        weights = [weight for group in self.all_weights for weight in group]
        sizes, single = None, False
        if isinstance(input, PackedSequence):
            x, sizes = input.data, input.batch_sizes.array.tolist()
            self._check_input(x, 2, weights[0])
            states = None if states is None else _permuted(states, input.sorted_indices)
        else:
            need_tensor(name, "input", input)
            x, ndim = input, input.array.ndim
            if ndim not in (2, 3):
                raise ValueError(f"{name}: Expected input to be 2D or 3D, got {ndim}D instead")
            single = ndim == 2
            if states is not None and any(s.array.ndim != ndim for s in states):
                kind = "unbatched 2-D" if single else "batched 3-D"
                called = "hx" if len(states) == 1 else "hx and cx"
                seen = ", ".join(f"{s.array.ndim}-D" for s in states)
                raise RuntimeError(f"For {kind} input, {called} should also be {ndim}-D but got ({seen}) tensors")
            if single:
                x, states = x[:, None], None if states is None else [s[:, None] for s in states]
            elif self.batch_first:
                x = transpose(x, 0, 1)
            self._check_input(x, 3, weights[0])
            if not x.array.shape[0]:
                raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        batch = x.array.shape[1] if sizes is None else sizes[0]
        layers = self.num_layers * (1 + bool(self.bidirectional))
        if states is None:
            states = [zeros(layers, batch, width, dtype=x.dtype) for width in self._widths()]
        else:
            self._check_states(states, batch, x.array.dtype)
        out, finals = run_layers(
            LAYERS[self.mode], x, states, weights, len(weights) // layers, self.num_layers, self.dropout, self.training,
            self.bidirectional, sizes,
        )  # fmt: skip
        if isinstance(input, PackedSequence):
            _, batch_sizes, order, back = input
            return PackedSequence(out, batch_sizes, order, back), _permuted(finals, back)
        if single:
            return out[:, 0], [s[:, 0] for s in finals]
        return transpose(out, 0, 1) if self.batch_first else out, finals


class _OneState(RNNBase):
    """The layers that have one state."""

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The sequence and the state at the start to the last layer's output and the states at the end.

        Args:
            input: (L, N, H_in), (N, L, H_in) with `batch_first`, (L, H_in), or a `PackedSequence`.
            hx: h_0 (layers * directions, N, H); zeros if None.

        Returns:
            The output, in the form of the input, with H * directions features; and h_n in the form of h_0.

        Raises:
            ValueError, RuntimeError: if dtypes or shapes do not fit.
        """
        out, (h,) = self._run(input, None if hx is None else [hx])
        return out, h


class RNN(_OneState):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step (Elman, 1990).

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        num_layers: how many layers there are.
        nonlinearity: "tanh" or "relu".
        bias, batch_first, dropout, bidirectional, device, dtype: see `RNNBase`.

    Raises:
        ValueError: for another nonlinearity.

    Example:
        >>> import tinygrad_lite as tg
        >>> out, h = tg.nn.RNN(2, 3, batch_first=True)(tg.ones(4, 5, 2))
        >>> out.shape, h.shape
        (Size([4, 5, 3]), Size([1, 4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
        dtype: Any = None, **others: Any,
    ) -> None:  # fmt: skip
        _refuse("RNN", others)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class GRU(_OneState):
    """Gated recurrent units (Cho et al., 2014).

        r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)           z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
        n = tanh(W_in x + b_in + r * (W_hn h + b_hn))        h = (1 - z) * n + z * h

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: see `RNNBase`.

    Example:
        >>> import tinygrad_lite as tg
        >>> out, h = tg.nn.GRU(2, 3, bidirectional=True)(tg.ones(5, 4, 2))
        >>> out.shape, h.shape
        (Size([5, 4, 6]), Size([2, 4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None, **others: Any,
    ) -> None:  # fmt: skip
        _refuse("GRU", others)
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

        i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)           f = sigmoid(W_if x + b_if + W_hf h + b_hf)
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)              o = sigmoid(W_io x + b_io + W_ho h + b_ho)
        c = f * c + i * g                                    h = o * tanh(c)

    With `proj_size`, h is projected to fewer features: h = W_hr (o * tanh(c)) (Sak et al., 2014).

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype: see
            `RNNBase`.

    Example:
        >>> import tinygrad_lite as tg
        >>> out, (h, c) = tg.nn.LSTM(2, 3, num_layers=2, batch_first=True)(tg.ones(4, 5, 2))
        >>> out.shape, h.shape, c.shape
        (Size([4, 5, 3]), Size([2, 4, 3]), Size([2, 4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device,
            dtype,
        )  # fmt: skip

    def _widths(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The sequence and the states at the start to the last layer's output and the states at the end.

        Args:
            input: (L, N, H_in), (N, L, H_in) with `batch_first`, (L, H_in), or a `PackedSequence`.
            hx: (h_0, c_0), (layers * directions, N, proj_size or H) and (layers * directions, N, H); zeros if None.

        Returns:
            The output, in the form of the input, with the features of h for each direction; and (h_n, c_n).

        Raises:
            TypeError, ValueError, RuntimeError: if types, dtypes or shapes do not fit.
        """
        if hx is not None and (not isinstance(hx, tuple | list) or len(hx) != 2):
            raise TypeError(f"LSTM: hx must be a pair (h_0, c_0) of tensors, got {type(hx).__name__}")
        out, (h, c) = self._run(input, hx)
        return out, (h, c)


def _refuse(name: str, others: dict[str, Any]) -> None:
    """Say what is wrong with keyword arguments that the class does not have."""
    if "proj_size" in others:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if others:
        raise TypeError(f"{name}.__init__() got an unexpected keyword argument {next(iter(others))!r}")
