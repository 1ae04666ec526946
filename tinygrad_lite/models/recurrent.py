"""Recurrent networks: one that forecasts a series, and those that spell."""

from __future__ import annotations

from typing import Any

from tinygrad_lite import Tensor, nn

__all__ = ["CharacterModel", "Forecaster"]


class Forecaster(nn.Module):
    """Two LSTMs, one upon the other, and a dense layer that tells the next value of a series.

    The LSTM is that of S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of
    F. Gers, J. Schmidhuber and F. Cummins, Learning to Forget, 2000.

    Args:
        inputs: numbers that are known of each time.
        first: units of the lower LSTM.
        second: units of the upper one.

    Shape:
        (N, T, inputs) float, the last T times, to (N, 1), the value that comes next.

    Example:
        >>> import tinygrad_lite as tg
        >>> Forecaster()(tg.zeros(5, 22, 1)).shape
        Size([5, 1])
    """

    def __init__(self, inputs: int = 1, first: int = 64, second: int = 32) -> None:
        super().__init__()
        self.first = nn.LSTM(inputs, first, batch_first=True)
        self.second = nn.LSTM(first, second, batch_first=True)
        self.out = nn.Linear(second, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The next value, from what the upper LSTM says at the last time."""
        lower, _ = self.first(x)
        upper, _ = self.second(lower)
        return self.out(upper[:, -1])


class CharacterModel(nn.Module):
    """Scores for the next character after each one: an embedding, a recurrent layer, a dense layer.

    The recurrent layer is J. Elman's (Finding Structure in Time, 1990), the LSTM (S. Hochreiter and
    J. Schmidhuber, 1997) or the gated recurrent unit (K. Cho et al., Learning Phrase Representations using RNN
    Encoder-Decoder, 2014).

    Args:
        characters: how many there are.
        kind: "rnn", "lstm" or "gru".
        embedding: numbers that stand for a character.
        hidden: units of the recurrent layer.

    Shape:
        (N, T) int64, numbers of characters, to (N, T, characters), scores before the softmax.

    Raises:
        ValueError: `kind` is none of the three.

    Example:
        >>> import tinygrad_lite as tg
        >>> CharacterModel(27, "gru")(tg.zeros(5, 16, dtype=tg.int64)).shape
        Size([5, 16, 27])
    """

    def __init__(self, characters: int, kind: str = "lstm", embedding: int = 24, hidden: int = 128) -> None:
        super().__init__()
        layers: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        if kind not in layers:
            raise ValueError(f"kind should be one of {', '.join(layers)}, not {kind!r}")
        self.embed = nn.Embedding(characters, embedding)
        self.memory = layers[kind](embedding, hidden, batch_first=True)
        self.out = nn.Linear(hidden, characters)

    def forward(self, numbers: Tensor) -> Tensor:
        """Scores for what comes next, after every character."""
        return self.go_on(numbers)[0]

    def go_on(self, numbers: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Scores as from `forward`, and the state at the end, with which the next call goes on."""
        seen, state = self.memory(self.embed(numbers), state)
        return self.out(seen), state
