"""Plain text as characters or words, and windows of it for language models."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import make
from tinygrad_lite.utils.data.dataset import TensorDataset

__all__ = ["Text", "Vocabulary"]

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]|\n")


class Vocabulary:
    """Which characters or words there are, each with its number.

    Args:
        tokens: the characters, or the words, in the order of their numbers.
        words: whether they are words: then `encode` splits text into words, marks and line ends.
        unknown: the token that stands for what is not among them; without one that is an error.

    Attributes:
        tokens: the tokens; the place of each is its number.

    Raises:
        ValueError: if a token comes twice, or `unknown` is not among them.

    Example:
        >>> from tinygrad_lite.datasets import Vocabulary
        >>> letters = Vocabulary.of("banana")
        >>> letters.tokens, letters.encode("nab")
        (['a', 'b', 'n'], tensor([2, 0, 1]))
        >>> words = Vocabulary.of("to be, or not to be", words=True, unknown="<unk>")
        >>> words.decode(words.encode("to be is to be"))
        'to be <unk> to be'
    """

    def __init__(self, tokens: Iterable[str], words: bool = False, unknown: str | None = None) -> None:
        self.tokens = list(tokens)
        self.words, self.unknown = words, unknown
        self._numbers = {token: number for number, token in enumerate(self.tokens)}
        if len(self._numbers) < len(self.tokens):
            twice = next(token for token, count in Counter(self.tokens).items() if count > 1)
            raise ValueError(f"the token {twice!r} comes twice; each has one number")
        if unknown is not None and unknown not in self._numbers:
            raise ValueError(f"unknown={unknown!r} is not among the tokens")

    @classmethod
    def of(
        cls,
        text: str,
        words: bool = False,
        *,
        at_least: int = 1,
        most: int | None = None,
        unknown: str | None = None,
    ) -> Vocabulary:
        """The vocabulary of a text: characters in their order, or words by how often they come.

        Args:
            text: the text.
            words: whether to split it into words.
            at_least: leave out what comes less often.
            most: keep this many, those that come most often.
            unknown: a token to add, for what is not in the vocabulary.
        """
        counts = Counter(_split(text) if words else text)
        kept = [token for token, count in counts.most_common(most) if count >= at_least and token != unknown]
        kept = sorted(kept, key=lambda token: (-counts[token], token)) if words else sorted(kept)
        return cls(kept if unknown is None else [unknown, *kept], words, unknown)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._numbers

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} {'words' if self.words else 'characters'})"

    def encode(self, text: str | Sequence[str]) -> Tensor:
        """The numbers of a text, or of tokens, an int64 tensor.

        Raises:
            KeyError: for what is not in the vocabulary, where no token stands for the unknown.
        """
        tokens = _split(text) if self.words and isinstance(text, str) else text
        other = None if self.unknown is None else self._numbers[self.unknown]
        numbers = [self._numbers.get(token, other) for token in tokens]
        if other is None and None in numbers:
            missing = tokens[numbers.index(None)]
            raise KeyError(f"{missing!r} is not in the vocabulary; make it of more text, or with unknown='<unk>'")
        return make(np.array(numbers, np.int64))

    def decode(self, numbers: Any) -> str:
        """The text of numbers: a tensor, an array or a list, of one dimension, or a single number.

        Raises:
            IndexError: for a number that no token has.
        """
        listed = np.atleast_1d(np.asarray(numbers)).tolist()
        for number in listed:
            if not 0 <= number < len(self):
                raise IndexError(f"there is no token {number}; the vocabulary has {len(self):,}, from 0")
        tokens = [self.tokens[number] for number in listed]
        if not self.words:
            return "".join(tokens)
        return re.sub(r" ?(\n) ?| ([.,;:!?)\]}])", r"\1\2", " ".join(tokens))


def _split(text: str) -> list[str]:
    return _WORD.findall(text)


class Text(TensorDataset):
    """Windows of a text: sample k is `length` numbers, and those that follow each of them.

    A batch is what a language model learns from: the numbers `x` and the targets `y`, both of shape
    (batch, length), where `y` is `x` one further.

    Args:
        source: a path, or the text itself if `text=True`.
        length: tokens to a window.
        words: whether tokens are words; characters otherwise.
        vocabulary: to be used; by default that of the text.
        stride: from the begin of a window to that of the next.
        lower: read it in small letters.
        text: whether `source` is the text and no path.
        encoding: of the file.

    Attributes:
        vocabulary: the tokens and their numbers.
        numbers: the whole text, an int64 tensor.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no text in that encoding, or shorter than a window and its target.
        KeyError: for what is not in `vocabulary`.

    Example:
        >>> from tinygrad_lite.datasets import Text
        >>> data = Text("hello world", length=4, text=True)
        >>> x, y = data[0]
        >>> data.vocabulary.decode(x), data.vocabulary.decode(y), len(data)
        ('hell', 'ello', 7)
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        length: int,
        *,
        words: bool = False,
        vocabulary: Vocabulary | None = None,
        stride: int = 1,
        lower: bool = False,
        text: bool = False,
        encoding: str = "utf-8",
    ) -> None:
        for name, value in (("length", length), ("stride", stride)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} should be a positive integer, but is {value!r}")
        content = str(source) if text else _read(Path(source), encoding)
        content = content.lower() if lower else content
        self.vocabulary = Vocabulary.of(content, words) if vocabulary is None else vocabulary
        self.numbers = self.vocabulary.encode(content)
        array: Any = self.numbers.array
        if array.size <= length:
            raise ValueError(
                f"the text has {array.size:,} tokens; a window of {length} and the one that follows need {length + 1}"
            )
        shape = ((array.size - 1 - length) // stride + 1, length)
        step = array.itemsize
        super().__init__(
            *(make(np.ndarray(shape, array.dtype, array, start, (stride * step, step))) for start in (0, step))
        )


def _read(path: Path, encoding: str) -> str:
    try:
        return path.read_text(encoding)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}: line {line} is no {encoding} text: {error.reason}; give its encoding, such as encoding='latin1'"
        ) from None
