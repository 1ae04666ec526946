"""Batch normalisation worked into the layer before it: in evaluation it is a scale and a shift."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeAlias

from tinygrad_lite.functions.creation import ones_like, zeros_like
from tinygrad_lite.functions.elementwise import rsqrt
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that computes what `conv` and then `bn` do in evaluation.

    Args:
        conv: the convolution.
        bn: the batch normalisation.
        transpose: whether the convolution is a transposed one.

    Raises:
        AssertionError: in training, or if `bn` keeps no statistics.

    Example:
        >>> import tinygrad_lite as tg
        >>> conv, bn = tg.nn.Conv2d(1, 2, 3).eval(), tg.nn.BatchNorm2d(2).eval()
        >>> x = tg.randn(1, 1, 4, 4)
        >>> tg.allclose(tg.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
        True
    """
    _check(conv, bn)
    fused = deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that computes what `linear` and then `bn` do in evaluation.

    Args:
        linear: the linear layer.
        bn: the batch normalisation.

    Raises:
        AssertionError: in training, if `bn` keeps no statistics, or if the numbers of features do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> linear, bn = tg.nn.Linear(3, 2).eval(), tg.nn.BatchNorm1d(2).eval()
        >>> x = tg.randn(4, 3)
        >>> tg.allclose(tg.nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
        True
    """
    _check(linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """The weight and bias of the fused convolution: `conv_w * s` and `(conv_b - mean) * s + bn_b`.

    With s = bn_w / sqrt(variance + eps), one for each output channel.

    Args:
        conv_w: the weight of the convolution.
        conv_b: its bias.
        bn_rm: the running mean.
        bn_rv: the running variance.
        bn_eps: what is added to it.
        bn_w: the weight of the batch normalisation.
        bn_b: its bias.
        transpose: whether the output channels are the second dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> one = tg.ones(1)
        >>> w, b = tg.nn.utils.fuse_conv_bn_weights(tg.ones(1, 1, 1), None, one, 3 * one, 1.0, one, one)
        >>> w.item(), b.item()
        (0.5, 0.5)
    """
    scale = (ones_like(bn_rm) if bn_w is None else bn_w) * rsqrt(bn_rv + bn_eps)
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, scale.reshape(shape), bn_rm, scale, bn_b)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor, bn_b: Tensor
) -> tuple[Parameter, Parameter]:
    """The weight and bias of the fused linear layer; see `fuse_conv_bn_weights`.

    Args:
        linear_w: the weight of the linear layer.
        linear_b: its bias.
        bn_rm: the running mean.
        bn_rv: the running variance.
        bn_eps: what is added to it.
        bn_w: the weight of the batch normalisation.
        bn_b: its bias.

    Example:
        >>> import tinygrad_lite as tg
        >>> one = tg.ones(1)
        >>> w, b = tg.nn.utils.fuse_linear_bn_weights(tg.ones(1, 1), None, one, 3 * one, 1.0, one, one)
        >>> w.item(), b.item()
        (0.5, 0.5)
    """
    scale = bn_w * rsqrt(bn_rv + bn_eps)
    return _fused(linear_w, linear_b, scale.unsqueeze(-1), bn_rm, scale, bn_b)


def _check(layer: Any, bn: Any) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval! Call .eval() on both first.")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def _fused(
    w: Tensor, b: Tensor | None, scale_of_w: Tensor, mean: Tensor, scale: Tensor, shift: Tensor | None
) -> tuple[Parameter, Parameter]:
    before = zeros_like(mean) if b is None else b
    weight = (w * scale_of_w).to(w.dtype)
    bias = (before - mean) * scale
    bias = (bias if shift is None else bias + shift).to(w.dtype if b is None else b.dtype)
    return Parameter(weight.detach(), w.requires_grad), Parameter(bias.detach(), before.requires_grad)
