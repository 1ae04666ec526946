"""Well-known models, for benchmarks of what is done with any model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.nn import functional as F


class _Conv2d(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True):
        super().__init__()
        self.stride, self.padding = stride, padding
        scale = 1 / math.sqrt(inputs * kernel * kernel)
        self.weight = nn.Parameter(tg.randn(outputs, inputs, kernel, kernel) * scale)
        self.bias = nn.Parameter(tg.zeros(outputs)) if bias else None

    def forward(self, x: Any) -> Any:
        return F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)


class _BatchNorm2d(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(tg.ones(channels)), nn.Parameter(tg.zeros(channels))
        self.register_buffer("running_mean", tg.zeros(channels))
        self.register_buffer("running_var", tg.ones(channels))

    def forward(self, x: Any) -> Any:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training)


class _LayerNorm(nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(tg.ones(size)), nn.Parameter(tg.zeros(size))

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


class _Embedding(nn.Module):
    def __init__(self, count: int, size: int):
        super().__init__()
        self.weight = nn.Parameter(tg.randn(count, size) * 0.02)

    def forward(self, index: Any) -> Any:
        return F.embedding(index, self.weight)


class _LSTMCell(nn.Module):
    def __init__(self, inputs: int, size: int):
        super().__init__()
        self.weight_ih, self.weight_hh = (nn.Parameter(tg.randn(4 * size, n) * 0.1) for n in (inputs, size))
        self.bias = nn.Parameter(tg.zeros(4 * size))

    def forward(self, x: Any, state: Any) -> Any:
        h, c = state
        i, f, g, o = (x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


Conv2d: Any = getattr(nn, "Conv2d", _Conv2d)
BatchNorm2d: Any = getattr(nn, "BatchNorm2d", _BatchNorm2d)
LayerNorm: Any = getattr(nn, "LayerNorm", _LayerNorm)
Embedding: Any = getattr(nn, "Embedding", _Embedding)
LSTMCell: Any = getattr(nn, "LSTMCell", _LSTMCell)


class LeNet(nn.Module):
    """LeNet-5, for images of 28 x 28."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = Conv2d(1, 6, 5, padding=2), Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Any) -> Any:
        """Class scores."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class BasicBlock(nn.Module):
    """Two convolutions, and a way round them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), BatchNorm2d(outputs)
        self.conv2, self.bn2 = Conv2d(outputs, outputs, 3, padding=1, bias=False), BatchNorm2d(outputs)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(Conv2d(inputs, outputs, 1, stride=stride, bias=False), BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        """The block's output."""
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + (x if self.shortcut is None else self.shortcut(x)))


class ResNet18(nn.Module):
    """ResNet-18, for images of 32 x 32 or more."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.conv1, self.bn1 = Conv2d(3, width, 3, padding=1, bias=False), BatchNorm2d(width)
        sizes = [width, width, 2 * width, 4 * width, 8 * width]
        for k in range(1, 5):
            blocks = BasicBlock(sizes[k - 1], sizes[k], 1 if k == 1 else 2), BasicBlock(sizes[k], sizes[k], 1)
            setattr(self, f"layer{k}", nn.Sequential(*blocks))
        self.fc = nn.Linear(8 * width, 10)

    def forward(self, x: Any) -> Any:
        """Class scores."""
        x = F.relu(self.bn1(self.conv1(x)))
        for k in range(1, 5):
            x = getattr(self, f"layer{k}")(x)
        return self.fc(x.mean(dim=(2, 3)))


class UnrolledLSTM(nn.Module):
    """An LSTM cell called once for each step."""

    def __init__(self, inputs: int = 8, size: int = 16) -> None:
        super().__init__()
        self.size = size
        self.cell, self.head = LSTMCell(inputs, size), nn.Linear(size, 2)

    def forward(self, x: Any) -> Any:
        """Scores from the last state."""
        state = tg.zeros(x.shape[0], self.size), tg.zeros(x.shape[0], self.size)
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
        return self.head(state[0])


class GPTBlock(nn.Module):
    """Attention and a perceptron, each with a way round it."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = LayerNorm(size), LayerNorm(size)
        self.qkv, self.proj = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.fc1, self.fc2 = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

    def forward(self, x: Any) -> Any:
        """The block's output."""
        n, t, d = x.shape
        q, k, v = (
            part.reshape(n, t, self.heads, d // self.heads).transpose(1, 2)
            for part in self.qkv(self.ln1(x)).chunk(3, dim=2)
        )
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(out.transpose(1, 2).reshape(n, t, d))
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))


class GPT(nn.Module):
    """A small GPT whose embedding is its head too."""

    def __init__(self, layers: int = 12, size: int = 64, heads: int = 4, words: int = 256, length: int = 32) -> None:
        super().__init__()
        self.tokens, self.positions = Embedding(words, size), Embedding(length, size)
        self.blocks = nn.ModuleList(GPTBlock(size, heads) for _ in range(layers))
        self.ln = LayerNorm(size)

    def forward(self, index: Any) -> Any:
        """Scores of the next word at each place."""
        x = self.tokens(index) + self.positions(tg.arange(index.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.ln(x) @ self.tokens.weight.T


def xor() -> nn.Module:
    """A network that can learn XOR."""
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))


def mlp() -> nn.Module:
    """784-128-10."""
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "XOR network": lambda: (xor(), tg.randn(4, 2)),
    "784-128-10 MLP": lambda: (mlp(), tg.randn(32, 784)),
    "LeNet": lambda: (LeNet(), tg.randn(4, 1, 28, 28)),
    "ResNet-18": lambda: (ResNet18(16), tg.randn(1, 3, 32, 32)),
    "LSTM, 100 steps": lambda: (UnrolledLSTM(), tg.randn(2, 100, 8)),
    "GPT, 12 layers": lambda: (GPT(), tg.zeros(1, 32, dtype=tg.int64)),
}
"""Each model with an input of a moderate size."""
