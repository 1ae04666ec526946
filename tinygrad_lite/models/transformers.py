"""Transformers: one that writes text, a character at a time, and one that judges it."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn
from tinygrad_lite.nn import functional as F

__all__ = ["GPT", "Block", "SelfAttention", "TextClassifier"]


class SelfAttention(nn.Module):
    """Every position looks at the others and takes from them what it needs, in several heads at once.

    A. Vaswani et al., Attention Is All You Need, 2017: softmax(Q Kᵀ / √d) V.

    Args:
        width: numbers at a position.
        heads: of how many parts of `width / heads` numbers each looks for itself.
        causal: whether a position may look at itself and those before it only.

    Shape:
        (N, T, width) float to (N, T, width).

    Raises:
        ValueError: `width` cannot be divided by `heads`.

    Example:
        >>> import tinygrad_lite as tg
        >>> attention = SelfAttention(8, heads=2, causal=True)
        >>> attention(tg.zeros(1, 3, 8)).shape
        Size([1, 3, 8])
        >>> attention.maps(tg.zeros(1, 3, 8))[0, 0].detach()
        tensor([[1.0000, 0.0000, 0.0000],
                [0.5000, 0.5000, 0.0000],
                [0.3333, 0.3333, 0.3333]])
    """

    def __init__(self, width: int, heads: int, causal: bool = False) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be divided among {heads} heads")
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def queries_keys_values(self, x: Tensor) -> list[Tensor]:
        """What each head asks for, what it is found by, and what it takes: each (N, heads, T, width / heads)."""
        return [part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=2)]

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """The mixture; `keep`: (N, 1, 1, T) bool, False where there is nothing to look at."""
        q, k, v = self.queries_keys_values(x)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=keep, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def maps(self, x: Tensor) -> Tensor:
        """How much each position looks at each other: (N, heads, T, T), rows sum to 1."""
        q, k, _ = self.queries_keys_values(x)
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        if self.causal:
            scores = scores.masked_fill(tg.ones(x.shape[1], x.shape[1]).triu(1) > 0, -math.inf)
        return scores.softmax(dim=3)


class Block(nn.Module):
    """Attention, then a small network at each position; both are added to what came in, which is normed for them.

    The norm in front is that of GPT-2 (A. Radford et al., Language Models are Unsupervised Multitask Learners, 2019).

    Args:
        width: numbers at a position.
        heads: of the attention.
        causal: whether a position sees only what is before it.
        dropout: the share of what attention and network add that is dropped while training.

    Shape:
        (N, T, width) float to (N, T, width).

    Example:
        >>> import tinygrad_lite as tg
        >>> Block(8, heads=2)(tg.zeros(1, 3, 8)).shape
        Size([1, 3, 8])
    """

    def __init__(self, width: int, heads: int, causal: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, causal)
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """The positions, each having looked at the others; `keep` as in `SelfAttention`."""
        x = x + self.drop(self.attention(self.norm1(x), keep))
        return x + self.drop(self.network(self.norm2(x)))


class GPT(nn.Module):
    """Tells at every position of a text what comes next.

    In the manner of GPT-2 (A. Radford et al., Language Models are Unsupervised Multitask Learners, 2019): learned
    positions, blocks of causal attention, and the same vectors for letters that come in and go out.

    Args:
        letters: how many there are.
        length: how far back it can look.
        layers: blocks.
        width: numbers at a position.
        heads: of the attention in each block.

    Shape:
        (N, T) int64, T up to `length`, to (N, T, letters): scores of what follows each position.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = GPT(letters=65, length=32, layers=2, width=16, heads=2)
        >>> model(tg.zeros(5, 32, dtype=tg.int64)).shape
        Size([5, 32, 65])
        >>> model.generate(tg.tensor([[3, 1]]), count=4).shape
        Size([1, 6])
    """

    def __init__(self, letters: int, length: int = 64, layers: int = 4, width: int = 128, heads: int = 4) -> None:
        super().__init__()
        self.length = length
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads, causal=True) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.apply(_start_small)

    def embed(self, ids: Tensor) -> Tensor:
        """What letters are and where they stand, (N, T, width)."""
        return self.letters(ids) + self.places(tg.arange(ids.shape[1]))

    def forward(self, ids: Tensor) -> Tensor:
        """Scores of what follows."""
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.letters.weight)

    def generate(self, ids: Tensor, count: int, temperature: float = 1.0) -> Tensor:
        """Go on writing: (N, T) letters, T at least 1, to (N, T + count).

        Args:
            ids: how the text begins.
            count: how many letters to add.
            temperature: below 1 likely letters become likelier, above 1 rare ones do.
        """
        with tg.no_grad():
            for _ in range(count):
                scores = self(ids[:, -self.length :])[:, -1] / temperature
                ids = tg.cat([ids, tg.multinomial(scores.softmax(dim=1), 1)], dim=1)
        return ids

    def maps(self, ids: Tensor) -> Tensor:
        """What each position looks at: (N, layers, heads, T, T), rows sum to 1."""
        x, found = self.embed(ids), []
        for block in self.blocks:
            found.append(block.attention.maps(block.norm1(x)))
            x = block(x)
        return tg.stack(found, dim=1)


class TextClassifier(nn.Module):
    """Reads a sentence, word by word, and says in one number how much it speaks for class 1.

    A transformer's encoder, then attention that weighs the words: the score is that of their mean.

    Args:
        words: how many there are; word 0 fills up sentences and is not read.
        length: the most words a sentence can have.
        layers: blocks.
        width: numbers at a position.
        heads: of the attention in each block.
        dropout: the share of numbers to drop while training.

    Shape:
        (N, T) int64, T up to `length`, with a word other than 0 in every row, to (N,): positive for class 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = TextClassifier(words=100, length=16).eval()
        >>> model(tg.tensor([[7, 5, 9], [8, 0, 0]])).shape
        Size([2])
    """

    def __init__(
        self, words: int, length: int, layers: int = 1, width: int = 32, heads: int = 2, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(length, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout=dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.importance, self.score = nn.Linear(width, 1), nn.Linear(width, 1)
        self.apply(_start_small)

    def forward(self, ids: Tensor) -> Tensor:
        """The score of each sentence."""
        there = ids != 0
        x = self.drop(self.words(ids) + self.places(tg.arange(ids.shape[1])))
        for block in self.blocks:
            x = block(x, there[:, None, None])
        x = self.norm(x)
        weights = self.importance(x).masked_fill(~there.unsqueeze(2), -math.inf).softmax(dim=1)
        return self.score(self.drop((weights * x).sum(dim=1)))[:, 0]


def _start_small(module: Any) -> None:
    """The initial values of GPT-2."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
