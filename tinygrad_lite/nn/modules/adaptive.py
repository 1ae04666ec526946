"""The softmax for very many classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from tinygrad_lite.functions.comparing import where
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.container import ModuleList, Sequential
from tinygrad_lite.nn.modules.linear import Linear
from tinygrad_lite.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _ASMoutput(NamedTuple):
    """What the layer answers: the log-probability of each target, and the loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-softmax over very many classes, sorted from frequent to rare (Grave et al., 2017).

    The classes are cut into clusters. The first has a score for each of its classes, and one for each other cluster;
    the scores within a rare cluster come from fewer features, and are only computed where a target is in it.

    Args:
        in_features: the last dimension of the input.
        n_classes: how many classes there are.
        cutoffs: the class that each cluster but the first begins with, rising.
        div_value: how many times fewer features each next cluster has.
        head_bias: whether the scores of the first cluster have a bias.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        ValueError: if the cutoffs do not rise between 1 and n_classes - 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[5, 10], div_value=2.0)
        >>> output, loss = layer(tg.randn(3, 8), tg.tensor([0, 7, 19]))
        >>> output.shape, loss.shape
        (Size([3]), Size([]))
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
        head_bias: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = cuts == sorted(set(cuts)) and all(int(cut) == cut for cut in cuts)
        if not rising or min(cuts) <= 0 or max(cuts) > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1, got {cuts} for n_classes={n_classes}"
            )
        self.in_features, self.n_classes = in_features, n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cuts[0], len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        like: dict[str, Any] = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **like)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            features = int(in_features // div_value ** (i + 1))
            classes = self.cutoffs[i + 1] - self.cutoffs[i]
            narrow = Linear(in_features, features, bias=False, **like)
            self.tail.append(Sequential(narrow, Linear(features, classes, bias=False, **like)))

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cluster:  # type: ignore[attr-defined]
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """(N, in_features) and (N,) classes, or both without N, to the pair `(output, loss)`.

        Returns:
            output: (N,) the log-probability of each target.
            loss: minus their mean.

        Raises:
            RuntimeError: if shapes do not fit, or a target is no class.
        """
        batched = self._check(input_, target_)
        input, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        log_head = F.log_softmax(self.head(input), dim=1)
        cluster_of = (target.unsqueeze(1) >= target.new_tensor(self.cutoffs[:-1])).sum(1)
        column = where(cluster_of > 0, cluster_of + (self.shortlist_size - 1), target)
        output = log_head.gather(1, column.unsqueeze(1)).squeeze(1)
        for i, cluster in enumerate(self.tail):
            rows = (cluster_of == i + 1).nonzero().squeeze(1)
            if rows.numel():
                within = F.log_softmax(cluster(input[rows]), dim=1)
                own = within.gather(1, (target[rows] - self.cutoffs[i]).unsqueeze(1)).squeeze(1)
                output = output.index_add(0, rows, own)
        return _ASMoutput(output if batched else output.squeeze(0), (-output).mean())

    def _check(self, input: Tensor, target: Tensor) -> bool:
        """Whether there is a batch dimension; raises where shapes or classes do not fit."""
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target.ndim == 1 and input.shape[0] != target.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.ndim != target.ndim + 1:
            raise RuntimeError(
                f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with size "
                f"{input.shape}"
            )
        if target.numel():
            low, high = target.min().item(), target.max().item()
            if low < 0 or high >= self.n_classes:
                raise RuntimeError(
                    f"Target values should be in [0, {self.n_classes - 1}], but values in range [{low}, {high}] were "
                    "found. "
                )
        return target.ndim == 1

    def log_prob(self, input: Tensor) -> Tensor:
        """(N, in_features), to the log-probabilities of all classes, (N, n_classes)."""
        log_head = F.log_softmax(self.head(input), dim=1)
        parts = [log_head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail, self.shortlist_size):
            parts.append(F.log_softmax(cluster(input), dim=1) + log_head[:, i : i + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """(N, in_features), to the most likely class of each, (N,)."""
        best = self.head(input).argmax(1)
        rare = best >= self.shortlist_size
        if rare.any():
            best[rare] = self.log_prob(input[rare]).argmax(1)
        return best
