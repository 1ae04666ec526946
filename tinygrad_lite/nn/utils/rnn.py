"""Sequences of different lengths in one batch: padded to one length, or packed without gaps.

A packed sequence holds the elements of all sequences step by step: the first element of each, then the second of
each that has one, and so on, with the number of sequences that each step has. The sequences are sorted, longest
first; `sorted_indices` says where each stood before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np

from tinygrad_lite.functions.axes import transpose
from tinygrad_lite.functions.gathering import index_select
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.kernels.sequence import Steps
from tinygrad_lite.ops import index as rows
from tinygrad_lite.tensors import make

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of different lengths without gaps; `pack_sequence` and `pack_padded_sequence` make one.

    Attributes:
        data: (elements, *), step by step.
        batch_sizes: how many sequences each step has, never rising.
        sorted_indices: for each sequence, as they are sorted by length, where it stood before; None if as it was.
        unsorted_indices: the inverse of that.

    Example:
        >>> import tinygrad_lite as tg
        >>> packed = tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([4])])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """

    def __new__(
        cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:  # fmt: skip
        """As in PyTorch, `data` may be the pair of data and batch sizes."""
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with its data converted, as `Tensor.to` does; itself if there is nothing to convert."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        """Itself: there is only the CPU."""
        return self

    def pin_memory(self) -> Self:
        """Itself: there is no other device that it could be copied to faster."""
        return self

    def _as(self, name: str) -> Self:
        return type(self)(getattr(self.data, name)(), self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def double(self) -> Self:
        """With float64 data."""
        return self._as("double")

    def float(self) -> Self:
        """With float32 data."""
        return self._as("float")

    def half(self) -> Self:
        """With float16 data."""
        return self._as("half")

    def long(self) -> Self:
        """With int64 data."""
        return self._as("long")

    def int(self) -> Self:
        """With int32 data."""
        return self._as("int")

    def short(self) -> Self:
        """With int16 data."""
        return self._as("short")

    @property
    def is_cuda(self) -> bool:
        """False: there is only the CPU."""
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another; None of None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.rnn.invert_permutation(tg.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    return None if permutation is None else make(np.argsort(permutation.array))


def _places(sizes: Any) -> tuple[np.ndarray, np.ndarray]:
    """The step and the sequence of each row of a packed sequence."""
    sizes = np.asarray(sizes)
    step = np.repeat(np.arange(len(sizes)), sizes)
    return step, np.arange(len(step)) - (np.cumsum(sizes) - sizes)[step]


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Sequences that were padded to one length, without the padding.

    Args:
        input: (T, B, *), or (B, T, *) with `batch_first`.
        lengths: how long each sequence is.
        batch_first: whether the first dimension is that of the batch.
        enforce_sorted: whether the longest sequence has to come first, and so on; else they are sorted here.

    Raises:
        RuntimeError: for a length below 1 or beyond the input, lengths that do not fall, or too few or many of them.

    Example:
        >>> import tinygrad_lite as tg
        >>> padded = tg.tensor([[1, 2], [3, 0]])
        >>> tg.nn.utils.rnn.pack_padded_sequence(padded, [2, 1], batch_first=True).data
        tensor([1, 3, 2])
    """
    array = np.asarray(lengths.array if isinstance(lengths, TensorCore) else lengths, np.int64)
    order = None
    if not enforce_sorted:
        order = make(np.argsort(-array, kind="stable"))
        array = array[order.array]
        input = index_select(input, 0 if batch_first else 1, order)
    if not input.array.size:
        raise RuntimeError("Cannot pack empty tensors.")
    input = transpose(input, 0, 1) if batch_first else input
    longest, batch = input.array.shape[:2]
    if array.shape != (batch,):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {array.size} (batch_size={batch})"
        )
    if array[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if (np.diff(array) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. Pass "
            "`enforce_sorted=False` to have pack_padded_sequence or pack_sequence sort them."
        )
    if array[0] > longest:
        raise RuntimeError(f"'lengths' has a sequence of {array[0]} elements, but the input is only {longest} long")
    sizes = (array[None] > np.arange(array[0])[:, None]).sum(1)
    return PackedSequence(rows.pick(input, _places(sizes)), make(sizes), order)


def _padded(data: Tensor, shape: tuple[int, ...], places: tuple[np.ndarray, ...], padding_value: float) -> Tensor:
    """An array of `shape` with the rows of `data` at their places, and a value elsewhere."""
    out = rows.put(data, shape, places)
    if not padding_value:
        return out
    rest = np.full(shape, padding_value, data.array.dtype)
    rest[places] = 0
    return out + make(rest)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """A packed sequence, padded to one length, in the order in which its sequences once stood.

    Args:
        sequence: what was packed.
        batch_first: whether the result is (B, T, *) instead of (T, B, *).
        padding_value: what to fill the gaps with.
        total_length: T; that of the longest sequence if None.

    Returns:
        The padded tensor, and the length of each sequence.

    Raises:
        ValueError: if `total_length` is less than the longest sequence.

    Example:
        >>> import tinygrad_lite as tg
        >>> packed = tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2]), tg.tensor([3])])
        >>> tg.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 2],
                [3, 0]]), tensor([2, 1]))
    """
    data, batch_sizes, _, unsorted = sequence
    sizes = batch_sizes.array
    length = len(sizes)
    if total_length is not None:
        if total_length < length:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {length}"
            )
        length = total_length
    step, number = _places(sizes)
    lengths = Steps(sizes.tolist()).lengths
    if unsorted is not None:
        number, lengths = sequence.sorted_indices.array[number], lengths[unsorted.array]  # type: ignore[union-attr]
    shape, places = (length, int(sizes[0])), (step, number)
    if batch_first:
        shape, places = shape[::-1], places[::-1]
    return _padded(data, (*shape, *data.array.shape[1:]), places, padding_value), make(lengths)


def pad_sequence(
    sequences: Tensor | Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Sequences (L, *) of different lengths in one tensor (T, B, *), T being the longest length.

    Args:
        sequences: tensors that differ in their first dimension only.
        batch_first: whether the result is (B, T, *).
        padding_value: what to fill the gaps with.
        padding_side: "right" for gaps at the end, "left" for gaps at the start.

    Raises:
        RuntimeError: if there are no sequences, their other dimensions differ, or the side is another word.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.rnn.pad_sequence([tg.tensor([1, 2]), tg.tensor([3])], batch_first=True)
        tensor([[1, 2],
                [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    tensors = list(sequences)
    if not tensors:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    rest = tensors[0].array.shape[1:]
    for k, tensor in enumerate(tensors):
        if tensor.array.ndim == 0 or tensor.array.shape[1:] != rest:
            raise RuntimeError(
                f"pad_sequence: sequences may differ in their first dimension only, but sequence 0 has shape "
                f"{list(tensors[0].array.shape)} and sequence {k} {list(tensor.array.shape)}"
            )
    lengths = np.array([len(tensor.array) for tensor in tensors])
    longest = int(lengths.max())
    number = np.repeat(np.arange(len(tensors)), lengths)
    step = np.arange(len(number)) - (np.cumsum(lengths) - lengths)[number]
    if padding_side == "left":
        step += (longest - lengths)[number]
    data = cat([tensor.to(tensors[0].dtype) for tensor in tensors])
    shape, places = (len(tensors), longest), (number, step)
    if not batch_first:
        shape, places = shape[::-1], places[::-1]
    return _padded(data, (*shape, *rest), places, padding_value)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor, each in its own length.

    Args:
        padded_sequences: (T, B, *), or (B, T, *) with `batch_first`.
        lengths: how long each is.
        batch_first: whether the first dimension is that of the batch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.rnn.unpad_sequence(tg.tensor([[1, 2], [3, 0]]), tg.tensor([2, 1]), batch_first=True)
        [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = transpose(padded_sequences, 0, 1)
    return [padded_sequences[k, :length] for k, length in enumerate(lengths.array.tolist())]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L, *) of different lengths, packed.

    Args:
        sequences: tensors that differ in their first dimension only.
        enforce_sorted: whether the longest has to come first, and so on; else they are sorted here.

    Raises:
        RuntimeError: if the lengths do not fall, or one is 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([4])]).batch_sizes
        tensor([2, 1, 1])
    """
    lengths = [len(tensor.array) for tensor in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed one, in the order in which they once stood.

    Example:
        >>> import tinygrad_lite as tg
        >>> packed = tg.nn.utils.rnn.pack_sequence([tg.tensor([4]), tg.tensor([1, 2])], enforce_sorted=False)
        >>> tg.nn.utils.rnn.unpack_sequence(packed)
        [tensor([4]), tensor([1, 2])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
