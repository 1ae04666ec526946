"""Embeddings as layers: rows of a matrix, looked up by number."""

from __future__ import annotations

from typing import Any, Self, TypeAlias

from tinygrad_lite.functions.creation import empty
from tinygrad_lite.graph import no_grad
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Rows(Module):
    """What both have in common: a matrix with a row for each number, which starts with standard normal numbers."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None

    def _make_weight(self, given: Tensor | None, trained: bool, device: Any, dtype: Any) -> None:
        rows, columns, pads = self.num_embeddings, self.embedding_dim, self.padding_idx
        if pads is not None:
            if not -rows <= pads < rows:
                raise AssertionError(f"padding_idx must be within num_embeddings ({rows}), got {pads}")
            self.padding_idx = pads % rows
        if given is None:
            self.weight = Parameter(empty(rows, columns, device=device, dtype=dtype), requires_grad=trained)
            self.reset_parameters()
            return
        if tuple(given.shape) != (rows, columns):
            raise AssertionError(
                f"Shape of weight does not match num_embeddings and embedding_dim: {list(given.shape)} is not "
                f"{[rows, columns]}"
            )
        self.weight = Parameter(given, requires_grad=trained)

    def reset_parameters(self) -> None:
        """Draw the weight anew; the row that pads is zeros."""
        init.normal_(self.weight)
        self._fill_padding_idx_with_zero()

    def _fill_padding_idx_with_zero(self) -> None:
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


class Embedding(_Rows):
    """The rows of a matrix with the numbers in the input.

    Args:
        num_embeddings: how many rows.
        embedding_dim: the size of a row.
        padding_idx: the number whose row starts with zeros and gets no gradient.
        max_norm: scale down, in place, rows that are longer than this when they are used.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often its number occurs.
        sparse: accepted; gradients are dense.
        _weight: the matrix to start with.
        _freeze: whether it gets no gradient.
        device: only "cpu".
        dtype: of the matrix; the default dtype if None.

    Raises:
        AssertionError: if `padding_idx` or `_weight` does not fit.
        IndexError: at a call, for a number out of range.

    Attributes:
        weight: (num_embeddings, embedding_dim).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Embedding(10, 4)(tg.tensor([[1, 2, 3]])).shape
        Size([1, 3, 4])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
        _freeze: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._make_weight(_weight, not _freeze, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Row numbers (*), to (*, embedding_dim)."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        """The sizes, and the settings where they are not the usual ones."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text + ", sparse=True" if self.sparse else text

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
    ) -> Self:  # fmt: skip
        """One with these rows, which training leaves alone unless `freeze` is False.

        Raises:
            AssertionError: if it is no matrix.

        Example:
            >>> import tinygrad_lite as tg
            >>> layer = tg.nn.Embedding.from_pretrained(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
            >>> layer(tg.tensor([1]))
            tensor([[3., 4.]])
        """
        if embeddings.ndim != 2:
            raise AssertionError(f"Embeddings parameter is expected to be 2-dimensional, got {embeddings.ndim}-D")
        rows, columns = embeddings.shape
        return cls(
            rows, columns, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq, sparse=sparse, _weight=embeddings, _freeze=freeze,
        )  # fmt: skip


class EmbeddingBag(_Rows):
    """The sums, means or maxima of bags of rows of a matrix; zeros for an empty bag.

    Args:
        num_embeddings: how many rows.
        embedding_dim: the size of a row.
        max_norm: scale down, in place, rows that are longer than this when they are used.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often its number occurs.
        mode: "mean", "sum" or "max".
        sparse: accepted; gradients are dense.
        _weight: the matrix to start with.
        include_last_offset: whether the offsets end with one more, the length of the input.
        padding_idx: a number that counts nothing.
        device: only "cpu".
        dtype: of the matrix; the default dtype if None.

    Raises:
        AssertionError: if `padding_idx` or `_weight` does not fit.
        IndexError: at a call, for a number out of range.

    Attributes:
        weight: (num_embeddings, embedding_dim).

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.EmbeddingBag(10, 4)
        >>> layer(tg.tensor([1, 2, 3]), tg.tensor([0, 2])).shape
        Size([2, 4])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
        include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.sparse, self.include_last_offset = mode, sparse, include_last_offset
        self._make_weight(_weight, True, device, dtype)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Row numbers (bags, numbers), or all in a row with `offsets`, to (bags, embedding_dim)."""
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The sizes, and the settings where they are not the usual ones."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:  # fmt: skip
        """One with these rows, which training leaves alone unless `freeze` is False.

        Raises:
            AssertionError: if it is no matrix.

        Example:
            >>> import tinygrad_lite as tg
            >>> layer = tg.nn.EmbeddingBag.from_pretrained(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
            >>> layer(tg.tensor([[0, 1]]))
            tensor([[2., 3.]])
        """
        if embeddings.ndim != 2:
            raise AssertionError(f"Embeddings parameter is expected to be 2-dimensional, got {embeddings.ndim}-D")
        rows, columns = embeddings.shape
        made = cls(
            rows, columns, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scale_grad_by_freq,
            mode=mode, sparse=sparse, _weight=embeddings, include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )  # fmt: skip
        made.weight.requires_grad = not freeze
        return made
