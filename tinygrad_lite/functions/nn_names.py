"""Layers and losses under the names that `torch` itself has for them, with arguments in its order.

They are those of `nn.functional`; reductions are numbers here: 0 for "none", the default, 1 for "mean", 2 for "sum".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F

__all__ = [
    "affine_grid_generator", "batch_norm", "binary_cross_entropy_with_logits", "constant_pad_nd", "convolution",
    "cosine_embedding_loss", "ctc_loss", "dropout_", "embedding", "feature_dropout", "grid_sampler",
    "hinge_embedding_loss", "instance_norm", "kl_div", "margin_ranking_loss", "poisson_nll_loss", "triplet_margin_loss",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer

_REDUCTIONS = ("none", "mean", "sum")


def _reduction(name: str, number: int) -> str:
    if number not in (0, 1, 2):
        raise ValueError(f"{name}(): reduction must be 0 (none), 1 (mean) or 2 (sum), got {number!r}")
    return _REDUCTIONS[number]


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Rows of `weight`: `nn.functional.embedding` with the table first; `padding_idx=-1` stands for none.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.embedding(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1]))
        tensor([[3., 4.]])
    """
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    training: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """`nn.functional.batch_norm`, with weight and bias first; `cudnn_enabled` concerns GPUs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.batch_norm(tg.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 1e-9, False)
        tensor([[-1.],
                [ 1.]])
    """
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """`nn.functional.instance_norm`, with weight and bias first; `cudnn_enabled` concerns GPUs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.instance_norm(tg.tensor([[[1.0, 3.0]]]), None, None, None, None, True, 0.1, 1e-9, False)
        tensor([[[-1.,  1.]]])
    """
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout` in place.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.dropout_(tg.ones(3), 0.5, False)
        tensor([1., 1., 1.])
    """
    return F.dropout(input, p, train, True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.feature_dropout(tg.ones(1, 2, 1, 1), 0.5, False).shape
        Size([1, 2, 1, 1])
    """
    return F.dropout2d(input, p, train)


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`nn.functional.pad` with one value.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.constant_pad_nd(tg.ones(2), (1, 0), 5)
        tensor([5., 1., 1.])
    """
    return F.pad(input, pad, "constant", value)


def convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int], transposed: bool, output_padding: Sequence[int], groups: int,
) -> Tensor:  # fmt: skip
    """A convolution of one, two or three dimensions, or a transposed one.

    Raises:
        RuntimeError: for another number of dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.convolution(tg.ones(1, 1, 3), tg.ones(1, 1, 2), None, [1], [0], [1], False, [0], 1)
        tensor([[[2., 2.]]])
    """
    n = weight.ndim - 2
    if n not in (1, 2, 3):
        raise RuntimeError(f"convolution(): weight should have 3 to 5 dimensions, got {weight.ndim}")
    if transposed:
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
        return function(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (F.conv1d, F.conv2d, F.conv3d)[n - 1](input, weight, bias, stride, padding, dilation, groups)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`nn.functional.grid_sample` with numbers for the modes.

    Args:
        input, grid, align_corners: as there.
        interpolation_mode: 0 for "bilinear", 1 for "nearest", 2 for "bicubic".
        padding_mode: 0 for "zeros", 1 for "border", 2 for "reflection".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.grid_sampler(tg.ones(1, 1, 2, 2), tg.zeros(1, 1, 1, 2), 0, 0, False)
        tensor([[[[1.]]]])
    """
    how = ("bilinear", "nearest", "bicubic")[interpolation_mode]
    return F.grid_sample(input, grid, how, ("zeros", "border", "reflection")[padding_mode], align_corners)


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """`nn.functional.affine_grid`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.affine_grid_generator(tg.ones(1, 2, 3), (1, 1, 2, 2), False).shape
        Size([1, 2, 2, 2])
    """
    return F.affine_grid(theta, size, align_corners)


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """`nn.functional.kl_div`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.kl_div(tg.zeros(2), tg.ones(2), 2)
        tensor(0.)
    """
    how = _reduction("kl_div", reduction)
    if how == "mean":  # here without the warning that it is not the mean over the batch
        return F.kl_div(input, target, reduction="none", log_target=log_target).mean()
    return F.kl_div(input, target, reduction=how, log_target=log_target)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: int = 0
) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.binary_cross_entropy_with_logits(tg.zeros(2), tg.ones(2))
        tensor([0.6931, 0.6931])
    """
    how = _reduction("binary_cross_entropy_with_logits", reduction)
    return F.binary_cross_entropy_with_logits(input, target, weight, pos_weight=pos_weight, reduction=how)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.cosine_embedding_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.cosine_embedding_loss(tg.ones(1, 2), tg.ones(1, 2), tg.tensor([-1.0]))
        tensor([1.])
    """
    how = _reduction("cosine_embedding_loss", reduction)
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=how)


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """`nn.functional.ctc_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ctc_loss(tg.zeros(2, 1, 2), tg.tensor([[1]]), (2,), (1,), reduction=2)
        tensor(-1.0986)
    """
    how = _reduction("ctc_loss", reduction)
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, how, zero_infinity)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """`nn.functional.hinge_embedding_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hinge_embedding_loss(tg.tensor([0.5]), tg.tensor([-1.0]))
        tensor([0.5000])
    """
    return F.hinge_embedding_loss(input, target, margin, reduction=_reduction("hinge_embedding_loss", reduction))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.margin_ranking_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.margin_ranking_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0]))
        tensor([2.])
    """
    how = _reduction("margin_ranking_loss", reduction)
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=how)


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """`nn.functional.poisson_nll_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.poisson_nll_loss(tg.zeros(1), tg.ones(1), True, False, 1e-8, 1)
        tensor(1.)
    """
    how = _reduction("poisson_nll_loss", reduction)
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=how)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: int = 0,
) -> Tensor:  # fmt: skip
    """`nn.functional.triplet_margin_loss`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.triplet_margin_loss(tg.zeros(1, 1), tg.zeros(1, 1), tg.zeros(1, 1), margin=2.0)
        tensor([2.])
    """
    how = _reduction("triplet_margin_loss", reduction)
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=how)
