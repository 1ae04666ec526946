"""The loss of connectionist temporal classification: sequences without an alignment."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.nn.functional.reductions import chosen_reduction, reduced
from tinygrad_lite.ops import elementwise as rows
from tinygrad_lite.ops import index as index_rows
from tinygrad_lite.ops.ctc import NEVER, ctc_step
from tinygrad_lite.tensors import make

__all__ = ["ctc_loss"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """-log of the probability of a sequence of labels, over all its alignments (Graves et al., 2006).

    The forward recursion over (label, blank) states in log space, all samples and states at once. As in
    PyTorch, the gradient is that of log-probabilities that come from `log_softmax`.

    Args:
        log_probs: (T, N, C) or (T, C).
        targets: (N, S) labels, or those of all samples in a row; none of them blank.
        input_lengths: (N,) how much of each input counts; a tensor or a tuple.
        target_lengths: (N,) how much of each target counts.
        blank: the number of the blank.
        reduction: "mean" (each loss divided by its target's length first), "sum" or "none".
        zero_infinity: count losses that are infinite, because the input is too short, as zero.

    Raises:
        RuntimeError: if shapes, lengths or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> log_probs = tg.tensor([[[0.5, 0.5]], [[0.5, 0.5]]]).log()  # two moments, a blank and one label
        >>> tg.nn.functional.ctc_loss(log_probs, tg.tensor([[1]]), (2,), (1,))  # three of four alignments
        tensor(0.2877)
    """
    need_tensor("ctc_loss", "log_probs", log_probs)
    need_tensor("ctc_loss", "targets", targets, 2)
    reduction = chosen_reduction(reduction, None, None)
    single = log_probs.array.ndim == 2
    if single:
        log_probs = log_probs.unsqueeze(1)
    if log_probs.array.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f'"ctc_loss" not implemented for {log_probs.dtype}')
    moments, n, classes = log_probs.array.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be in label range, which is 0 to {classes - 1}, got {blank}")
    lengths = _lengths("input_lengths", input_lengths, n, moments)
    label_lengths = _lengths("target_lengths", target_lengths, n, math.inf)
    labels = _padded(targets.array.astype(np.int64), label_lengths, blank)
    losses = _losses(log_probs, labels, lengths, label_lengths, blank)
    dead = losses.array > -NEVER / 2
    if dead.any():
        losses = rows.where(make(dead), 0.0 if zero_infinity else losses * math.inf, losses)
    if reduction == "mean":
        losses = losses / make(np.maximum(label_lengths, 1).astype(losses.array.dtype))
    return reduced(losses.squeeze(0) if single else losses, reduction)


def _lengths(name: str, given: Any, n: int, most: float) -> np.ndarray:
    """Lengths as an array, one for each sample."""
    lengths = np.atleast_1d(given.array if isinstance(given, TensorCore) else np.asarray(given))
    if lengths.dtype.kind not in "iu":
        raise RuntimeError(f"ctc_loss: {name} must be integral, got {lengths.dtype}")
    if lengths.shape != (n,):
        raise RuntimeError(f"ctc_loss: {name} must be of size batch_size, {n}, got shape {list(lengths.shape)}")
    if n and (lengths.min() < 0 or lengths.max() > most):
        raise RuntimeError(f"ctc_loss: Expected {name} to have values from 0 to {most}, but got {lengths.tolist()}")
    return lengths.astype(np.int64)


def _padded(targets: np.ndarray, lengths: np.ndarray, blank: int) -> np.ndarray:
    """The labels as (N, longest), filled up with blanks."""
    n, longest = len(lengths), int(lengths.max(initial=0))
    counts = np.arange(longest) < lengths[:, None]
    if targets.ndim == 2 and targets.shape[0] == n:
        if targets.shape[1] < longest:
            raise RuntimeError(
                f"ctc_loss: Expected targets to have size at least {longest} at dimension 1, but got size "
                f"{targets.shape[1]}"
            )
        return np.where(counts, targets[:, :longest], blank)
    if targets.size != lengths.sum():
        raise RuntimeError(
            f"ctc_loss: Expected targets to have size {lengths.sum()} at dimension 0, the sum of the target lengths, "
            f"but got size {targets.size}"
        )
    padded = np.full((n, longest), blank)
    padded[counts] = targets.reshape(-1)
    return padded


def _losses(
    log_probs: Tensor, labels: np.ndarray, lengths: np.ndarray, label_lengths: np.ndarray, blank: int
) -> Tensor:
    """The loss of each sample; about -NEVER where no alignment is."""
    n, longest = labels.shape
    moments = log_probs.array.shape[0]
    states = np.full((n, 2 * longest + 1), blank)
    states[:, 1::2] = labels
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    samples = np.arange(n)
    emitted = index_rows.index(log_probs, (np.arange(moments)[:, None, None], samples[:, None], states))
    # Before the first moment there is one state, "nothing yet", from which the first two are reached.
    start = np.where(np.arange(states.shape[1]) == 0, 0.0, NEVER).astype(emitted.array.dtype)
    alpha: Any = make(np.tile(start, (n, 1)))
    for moment in range(moments):
        alpha = ctc_step(alpha, emitted[moment], skips, (moment < lengths)[:, None])
    last = index_rows.index(alpha, (samples, 2 * label_lengths))
    before = index_rows.index(alpha, (samples, np.maximum(2 * label_lengths - 1, 0)))
    before = rows.where(make(label_lengths > 0), before, NEVER)
    return _as_after_log_softmax(-rows.logaddexp(last, before), log_probs, lengths)


def _as_after_log_softmax(losses: Tensor, log_probs: Tensor, lengths: np.ndarray) -> Tensor:
    """Adds nothing to the value, and to the gradient the probabilities, as PyTorch's has them.

    That makes no difference to what comes out of `log_softmax`, whose gradient takes them off again.
    """
    if not log_probs.needs_grad:
        return losses
    counts = make(np.arange(log_probs.array.shape[0])[:, None, None] < lengths[:, None])
    mass = rows.where(counts, log_probs.exp(), 0.0).sum((0, 2))
    return losses + (mass - mass.detach())
