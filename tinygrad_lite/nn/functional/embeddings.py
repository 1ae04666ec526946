"""Embeddings as functions, under PyTorch's names: rows of a matrix, looked up by number."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.ops import embedding as rows
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["embedding", "embedding_bag"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def _numbers(name: str, input: Tensor, weight: Tensor) -> np.ndarray:
    """The row numbers, after a look at whether they are ones.

    Raises:
        RuntimeError: if they are no integers.
        IndexError: if one is out of range, naming it and where it is.
    """
    ids = input.array
    if ids.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            f"{name}(): Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
            f"Int; but got {input.dtype} instead"
        )
    rows_there = weight.array.shape[0]
    if ids.size and (ids.min() < 0 or ids.max() >= rows_there):
        where = tuple(int(k) for k in np.argwhere((ids < 0) | (ids >= rows_there))[0])
        raise IndexError(
            f"{name}(): index out of range in self: input{list(where) if where else ''} is {int(ids[where])}, but the "
            f"weight has {rows_there} rows"
        )
    return ids


def _limit_rows(weight: Tensor, ids: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Scale down, in place, those of the rows that are longer than `max_norm`."""
    used = np.unique(ids)
    lengths = np.linalg.norm(weight.array[used], norm_type, axis=1)
    long = lengths > max_norm
    weight.array[used[long]] *= (max_norm / (lengths[long, None] + 1e-7)).astype(weight.array.dtype)
    note_write(weight, "renormalising an embedding")


def _padding(padding_idx: int | None, rows_there: int) -> int | None:
    """The number that pads, counted from the front."""
    if padding_idx is None:
        return None
    return padding_idx % rows_there


def _shares(ids: np.ndarray) -> np.ndarray:
    """One over how often each number occurs."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return 1 / counts[inverse].reshape(ids.shape)


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` with the numbers in `input`.

    Args:
        input: int64 or int32, of any shape.
        weight: (rows, features).
        padding_idx: the number whose row gets no gradient.
        max_norm: scale down, in place, rows that are longer than this.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often its number occurs.
        sparse: accepted; gradients are dense.

    Raises:
        IndexError: for a number out of range, naming it and where it is.
        AssertionError: for a `padding_idx` out of range.
        RuntimeError: if `weight` is no matrix or `input` holds no integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.embedding(tg.tensor([2, 0]), tg.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]]))
        tensor([[2.0000, 2.5000],
                [0.0000, 0.5000]])
    """
    need_tensor("embedding", "input", input)
    need_tensor("embedding", "weight", weight, 2)
    shape = weight.array.shape
    if len(shape) != 2:
        raise RuntimeError(f"'weight' must be 2-D, got {len(shape)}-D")
    ids = _numbers("embedding", input, weight)
    if padding_idx is not None and not -shape[0] <= padding_idx < shape[0]:
        raise AssertionError(f"Padding_idx must be within num_embeddings ({shape[0]}), got {padding_idx}")
    if max_norm is not None:
        _limit_rows(weight, ids, max_norm, norm_type)
    pads = _padding(padding_idx, shape[0])
    kept = None if pads is None else ids != pads
    return rows.embedding(weight, ids, kept, _shares(ids) if scale_grad_by_freq else None)


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None,
    norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """The sums, means or maxima of bags of rows of `weight`; zeros for an empty bag.

    Args:
        input: (bags, numbers) row numbers; or all in a row, with `offsets`.
        weight: (rows, features).
        offsets: (bags,) where each bag begins, if `input` is one-dimensional.
        max_norm: scale down, in place, rows that are longer than this.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often its number occurs.
        mode: "mean", "sum" or "max".
        sparse: accepted; gradients are dense.
        per_sample_weights: in the shape of `input`, what each row is multiplied by; with "sum" only.
        include_last_offset: whether `offsets` ends with one more, the length of `input`.
        padding_idx: a number that counts nothing.

    Raises:
        ValueError, RuntimeError, NotImplementedError: if the arguments do not fit together.
        IndexError: for a number out of range.

    Example:
        >>> import tinygrad_lite as tg
        >>> rows = tg.tensor([[1.0], [2.0], [4.0]])
        >>> tg.nn.functional.embedding_bag(tg.tensor([0, 1, 2]), rows, tg.tensor([0, 1]), mode="sum")
        tensor([[1.],
                [6.]])
    """
    ids, bag, bags = _bags(input, weight, offsets, include_last_offset)
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                f"embedding_bag: per_sample_weights is only supported for mode='sum' (got mode={mode!r})"
            )
        if per_sample_weights.array.shape != input.array.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the "
                f"same shape as the input ({input.shape})"
            )
        if per_sample_weights.array.dtype is not weight.array.dtype:
            raise RuntimeError(
                f"embedding_bag: expected weight ({weight.dtype}) to have the same type as per_sample_weights "
                f"({per_sample_weights.dtype})"
            )
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and (sparse or scale_grad_by_freq):
        what = "sparse weights" if sparse else "scaling the gradient by the frequency"
        raise ValueError(f"max mode does not support {what}")
    if weight.array.dtype.kind != "f":
        raise RuntimeError(f"embedding_bag: expected a weight of a floating-point dtype, but got {weight.dtype}")
    there = weight.array.shape[0]
    if padding_idx is not None and not -there <= padding_idx < there:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, {-there} through {there - 1}, but got {padding_idx}"
        )
    if max_norm is not None:
        _limit_rows(weight, ids, max_norm, norm_type)
    if padding_idx is not None:
        counted = ids != _padding(padding_idx, there)
        ids, bag = ids[counted], bag[counted]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)[make(counted)]
    if mode == "max":
        return _largest(weight, ids, bag, bags)
    found = rows.embedding(weight, ids, None, _shares(ids) if scale_grad_by_freq else None)
    if per_sample_weights is not None:
        found = found * per_sample_weights.reshape(-1, 1)
    total = index_rows.add_at(found, (bags, weight.array.shape[1]), (bag,))
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bag, minlength=bags), 1).astype(weight.array.dtype)
    return total / make(sizes[:, None])


def _bags(
    input: Tensor, weight: Tensor, offsets: Tensor | None, include_last_offset: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    """The row numbers in one line, for each the number of its bag, and how many bags there are."""
    need_tensor("embedding_bag", "input", input)
    need_tensor("embedding_bag", "weight", weight, 2)
    if weight.array.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.array.ndim}")
    ndim = input.array.ndim
    if ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated as a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        ids = _numbers("embedding_bag", input, weight)
        n, length = ids.shape
        return ids.reshape(-1), np.repeat(np.arange(n), length), n
    if ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {ndim}")
    if offsets is None or offsets.array.ndim != 1:
        raise ValueError(f"offsets has to be a 1D Tensor but got {None if offsets is None else offsets.shape}")
    ids, starts = _numbers("embedding_bag", input, weight), offsets.array
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if starts.size and starts[-1] > ids.size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {ids.size} but got offsets[-1] of {starts[-1]}"
        )
    bags = starts.size - 1 if include_last_offset else starts.size
    bag = np.searchsorted(starts[:bags], np.arange(ids.size), side="right") - 1
    return ids, bag, bags


def _largest(weight: Tensor, ids: np.ndarray, bag: np.ndarray, bags: int) -> Tensor:
    """The largest of each feature in each bag; the first of equal ones gets the gradient."""
    full, first = np.unique(bag, return_index=True)
    shape = (bags, weight.array.shape[1])
    if not full.size:
        return weight.sum() * make(np.zeros(shape, weight.array.dtype))
    found = weight.array[ids]
    tops = np.maximum.reduceat(found, first)
    places = np.where(found == tops[np.searchsorted(full, bag)], np.arange(ids.size)[:, None], ids.size)
    winners = ids[np.minimum.reduceat(places, first)]
    picked = index_rows.index(weight, (winners, np.arange(shape[1])))
    return index_rows.put(picked, shape, (full,))
