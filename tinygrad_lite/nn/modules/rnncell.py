"""Recurrent cells: one step of a recurrent layer."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.creation import empty, zeros
from tinygrad_lite.nn import init
from tinygrad_lite.nn.functional import recurrent
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class RNNCellBase(Module):
    """What the cells have in common.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        bias: whether there are biases.
        num_chunks: how many gates there are.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Attributes:
        weight_ih: (gates * hidden_size, input_size).
        weight_hh: (gates * hidden_size, hidden_size).
        bias_ih: (gates * hidden_size,) or None.
        bias_hh: (gates * hidden_size,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.modules.RNNCellBase(2, 3, True, 4).weight_ih.shape
        Size([12, 2])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(gates, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(gates, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(gates, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        text = f"{self.input_size}, {self.hidden_size}"
        text += "" if self.bias is True else f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _check(self, input: Tensor, **states: Tensor) -> None:
        name = type(self).__name__
        for called, tensor in {"input": input, **states}.items():
            need_tensor(name, called, tensor)
            if tensor.array.ndim not in (1, 2):
                raise ValueError(f"{name}: Expected {called} to be 1D or 2D, got {tensor.array.ndim}D instead")

    def _zeros(self, input: Tensor) -> Tensor:
        return zeros(*input.array.shape[:-1], self.hidden_size, dtype=input.dtype)

    def _weights(self) -> tuple[Tensor, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman, 1990).

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        bias: whether there are biases.
        nonlinearity: "tanh" or "relu".
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.RNNCell(2, 3)(tg.ones(4, 2)).shape
        Size([4, 3])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """(N, input_size) or (input_size,), and h of (N, hidden_size) or (hidden_size,), to h'.

        Raises:
            ValueError, RuntimeError: if dtypes or shapes do not fit, or the nonlinearity is not known.
        """
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        self._check(input, **({} if hx is None else {"hidden": hx}))
        step = recurrent.rnn_tanh_cell if self.nonlinearity == "tanh" else recurrent.rnn_relu_cell
        return step(input, self._zeros(input) if hx is None else hx, *self._weights())


class GRUCell(RNNCellBase):
    """One step of `GRU`; the formula stands there.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        bias: whether there are biases.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.GRUCell(2, 3)(tg.ones(4, 2)).shape
        Size([4, 3])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """(N, input_size) or (input_size,), and h of (N, hidden_size) or (hidden_size,), to h'.

        Raises:
            ValueError, RuntimeError: if dtypes or shapes do not fit.
        """
        self._check(input, **({} if hx is None else {"hidden": hx}))
        return recurrent.gru_cell(input, self._zeros(input) if hx is None else hx, *self._weights())


class LSTMCell(RNNCellBase):
    """One step of `LSTM`; the formula stands there.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        bias: whether there are biases.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> h, c = tg.nn.LSTMCell(2, 3)(tg.ones(4, 2))
        >>> h.shape, c.shape
        (Size([4, 3]), Size([4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """(N, input_size) or (input_size,), and (h, c), each of (N, hidden_size) or (hidden_size,), to (h', c').

        Raises:
            ValueError, RuntimeError: if dtypes or shapes do not fit.
        """
        given = {} if hx is None else {f"hx[{k}]": state for k, state in enumerate(hx)}
        self._check(input, **given)
        states = (self._zeros(input),) * 2 if hx is None else hx
        return recurrent.lstm_cell(input, states, *self._weights())
