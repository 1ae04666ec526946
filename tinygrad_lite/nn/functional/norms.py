"""Normalisation as functions, under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions import comparing, elementwise, reduction
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.graph import mode
from tinygrad_lite.op import cast
from tinygrad_lite.ops import norm as rows
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "normalize", "rms_norm"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
HALF, SINGLE = np.dtype(np.float16), np.dtype(np.float32)


# --- what they have in common ---------------------------------------------------------------------------


def _check_dtypes(name: str, input: Tensor, *others: Tensor | None) -> None:
    """The other tensors must be of the input's dtype, or of float32 where that is float16.

    Raises:
        NotImplementedError: for an input without fractions.
        RuntimeError: if the dtypes differ.
    """
    need_tensor(name, "input", input)
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}')
    for other in others:
        if other is not None and other.array.dtype is not dtype and (dtype, other.array.dtype) != (HALF, SINGLE):
            raise RuntimeError(
                f"{name}(): mixed dtype (CPU): the parameters must have the dtype of the input, {input.dtype}, but "
                f"one is {other.dtype}"
            )


def _standardised(
    input: Tensor, shape: tuple[int, ...], weight: Tensor | None, bias: Tensor | None, eps: float,
    centre: bool = True, moments: rows.Moments | None = None,
) -> Tensor:  # fmt: skip
    """The row `standardise` on the input in another, three-dimensional shape; float16 is computed in float32."""
    dtype, x = input.array.dtype, input
    if dtype is HALF:
        x, weight, bias = (None if t is None else cast(t, SINGLE) for t in (input, weight, bias))
    x = x if shape == input.array.shape else x.reshape(shape)
    out = rows.standardise(x, weight, bias, eps, centre, moments or rows.Moments())
    out = out if shape == input.array.shape else out.reshape(input.array.shape)
    return cast(out, dtype) if dtype is HALF else out


def _column(weight: Tensor | None) -> Tensor | None:
    """One number for each channel, as `standardise` takes them."""
    return None if weight is None else weight.reshape(weight.array.size, 1)


def _check_channels(name: str, channels: int, **parameters: Tensor | None) -> None:
    for called, parameter in parameters.items():
        if parameter is not None and parameter.array.size != channels:
            raise RuntimeError(
                f"{name}(): {called} should contain {channels} elements, one for each channel, "
                f"not {parameter.array.size}"
            )


# --- over the last dimensions ---------------------------------------------------------------------------


def _rows_and_features(name: str, input: Tensor, normalized_shape: Sequence[int], **parameters: Tensor | None) -> Any:
    """The input's shape as (1, rows, features), after a look at whether the shapes fit.

    Raises:
        TypeError, RuntimeError: if they do not.
    """
    need_tensor(name, "input", input)
    if not isinstance(normalized_shape, Sequence):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, "
            f"not {type(normalized_shape).__name__}"
        )
    last, shape = tuple(normalized_shape), input.array.shape
    if not last:
        raise RuntimeError("Expected normalized_shape to be at least 1-dimensional, but got normalized_shape = []")
    if shape[-len(last) :] != last:
        raise RuntimeError(
            f"Given normalized_shape={list(last)}, expected input with shape [*, {', '.join(map(str, last))}], but got "
            f"input of size{list(shape)}"
        )
    for called, parameter in parameters.items():
        if parameter is not None and parameter.array.shape != last:
            raise RuntimeError(
                f"Expected {called} to be of same shape as normalized_shape, but got {called} of shape "
                f"{list(parameter.array.shape)} and normalized_shape = {list(last)}"
            )
    return 1, math.prod(shape[: len(shape) - len(last)]), math.prod(last)


def _flat(weight: Tensor | None) -> Tensor | None:
    return weight if weight is None or weight.array.ndim == 1 else weight.reshape(-1)


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-05,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last dimensions (Ba et al., 2016).

    Args:
        input: (*, *normalized_shape).
        normalized_shape: the sizes of the last dimensions, those that share a mean.
        weight: of that shape, or None for 1.
        bias: of that shape, or None for 0.
        eps: keeps the division away from zero.

    Raises:
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.layer_norm(tg.tensor([[1.0, 3.0]]), (2,))
        tensor([[-1.0000,  1.0000]])
    """
    shape = _rows_and_features("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    _check_dtypes("layer_norm", input, weight, bias)
    return _standardised(input, shape, _flat(weight), _flat(bias), eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x²) + eps) * weight over the last dimensions (Zhang and Sennrich, 2019).

    Args:
        input: (*, *normalized_shape).
        normalized_shape: the sizes of the last dimensions.
        weight: of that shape, or None for 1.
        eps: None for the distance from 1 to the next number of the dtype.

    Raises:
        RuntimeError: if the shapes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.rms_norm(tg.tensor([[3.0, 4.0]]), (2,))
        tensor([[0.8485, 1.1314]])
    """
    shape = _rows_and_features("rms_norm", input, normalized_shape, weight=weight)
    dtype = input.array.dtype
    if dtype.kind not in "fc":
        raise NotImplementedError(f'"rms_norm" not implemented for {input.dtype}')
    eps = float(np.finfo(dtype).eps) if eps is None else eps
    if dtype.kind == "f" and (weight is None or weight.array.dtype is dtype):
        return _standardised(input, shape, _flat(weight), None, eps, centre=False)
    if dtype.kind == "f":
        return _standardised(input, shape, None, None, eps, centre=False) * weight
    last = tuple(range(-len(normalized_shape), 0))
    out = input * elementwise.rsqrt(reduction.mean(input * input, last, keepdim=True) + eps)
    return out if weight is None else out * weight


# --- over channels --------------------------------------------------------------------------------------


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-05,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015).

    Args:
        input: (N, C, ...).
        running_mean: (C,) the mean to use when not training; when training it is moved towards the batch's.
        running_var: (C,) likewise the variance.
        weight: (C,) or None for 1.
        bias: (C,) or None for 0.
        training: whether mean and variance are those of the batch.
        momentum: how far the running ones move.
        eps: keeps the division away from zero.

    Raises:
        ValueError: when training with a single element for each channel, or for an `eps` that is not positive.
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    need_tensor("batch_norm", "input", input)
    shape = input.array.shape
    channels = shape[1] if len(shape) > 1 else 0
    n, positions = (shape[0], math.prod(shape[2:])) if len(shape) > 1 else (0, 0)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if training and n * positions == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    if (training and eps <= 0) or eps < 0:
        wanted = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {wanted}, but got {eps}")
    if not training and running_mean is None:
        raise RuntimeError("running_mean must be defined in evaluation mode")
    _check_channels(
        "batch_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _check_dtypes("batch_norm", input, running_mean, running_var, weight, bias)
    if not training:
        return _by_running_statistics(input, running_mean, running_var, weight, bias, eps)
    as_three = (n, channels, positions)
    moments = rows.Moments()
    out = _standardised(input, as_three, _column(weight), _column(bias), eps, moments=moments)
    if running_mean is not None and input.array.size:
        _move(running_mean, moments.mean.reshape(-1), momentum)
        whole = n * positions / max(n * positions - 1, 1)
        _move(running_var, moments.variance.reshape(-1) * whole, momentum)
    return out


def _move(running: Tensor, value: np.ndarray, momentum: float) -> None:
    """A running statistic, `momentum` of the way towards `value`."""
    running.array[...] = (1 - momentum) * running.array + momentum * value
    note_write(running, "updating running statistics")


def _by_running_statistics(
    input: Tensor, mean: Tensor, variance: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    along = (-1, *(1,) * (input.array.ndim - 2))
    dtype = input.array.dtype
    if dtype is HALF:
        input = cast(input, SINGLE)
    if mode.grad and any(t is not None and t.needs_grad for t in (weight, bias)):
        scale = elementwise.rsqrt(variance.detach() + eps)
        scale = scale if weight is None else scale * weight
        shift = -mean.detach() * scale
        shift = shift if bias is None else shift + bias
        scale, shift = scale.reshape(along), shift.reshape(along)
    else:  # the same in a fifth of the time
        factors = 1 / np.sqrt(variance.array + eps)
        factors = factors if weight is None else factors * weight.array
        terms = -mean.array * factors
        terms = terms if bias is None else terms + bias.array
        scale, shift = make(factors.reshape(along)), make(terms.reshape(along))
    out = input * scale + shift
    return cast(out, dtype) if dtype is HALF else out


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:  # fmt: skip
    """As `batch_norm`, with a mean and variance for each channel of each sample (Ulyanov et al., 2016).

    Args:
        input: (N, C, ...).
        running_mean: (C,) the mean to use unless `use_input_stats`; otherwise it is moved towards the batch's.
        running_var: (C,) likewise the variance.
        weight: (C,) or None for 1.
        bias: (C,) or None for 0.
        use_input_stats: whether mean and variance are those of the sample.
        momentum: how far the running ones move.
        eps: keeps the division away from zero.

    Raises:
        ValueError: with a single element for each channel.
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.instance_norm(tg.tensor([[[1.0, 3.0]]]))
        tensor([[[-1.0000,  1.0000]]])
    """
    need_tensor("instance_norm", "input", input)
    shape = input.array.shape
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    positions = math.prod(shape[2:])
    if positions == 1 or len(shape) < 3:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {list(shape)}")
    n, channels = shape[:2]
    _check_channels(
        "instance_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _check_dtypes("instance_norm", input, running_mean, running_var, weight, bias)
    as_three = (1, n * channels, positions)
    moments = rows.Moments()
    out = _standardised(input, as_three, _for_each(n, weight), _for_each(n, bias), eps, moments=moments)
    if input.array.size and running_mean is not None:
        _move(running_mean, moments.mean.reshape(n, channels).mean(0), momentum)
    if input.array.size and running_var is not None:
        variance = moments.variance.reshape(n, channels).mean(0)
        _move(running_var, variance * (positions / (positions - 1)), momentum)
    return out


def _for_each(n: int, weight: Tensor | None) -> Tensor | None:
    """The numbers of the channels n times over, as `standardise` takes them."""
    return None if weight is None else _column(weight.expand(n, weight.array.size).reshape(-1))


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """As `batch_norm`, with a mean and variance for each group of channels of each sample (Wu and He, 2018).

    Args:
        input: (N, C, ...).
        num_groups: how many groups the channels are divided into.
        weight: (C,) or None for 1.
        bias: (C,) or None for 0.
        eps: keeps the division away from zero.

    Raises:
        ValueError: with a single element for each group.
        RuntimeError: if the shapes or dtypes do not fit, or the channels do not divide.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.group_norm(tg.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    need_tensor("group_norm", "input", input)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    (n, channels), positions = shape[:2], math.prod(shape[2:])
    if num_groups <= 0:
        raise ZeroDivisionError(f"num_groups must be positive, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    features = channels // num_groups * positions
    if n * features == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    _check_channels("group_norm", channels, weight=weight, bias=bias)
    _check_dtypes("group_norm", input, weight, bias)
    out = _standardised(input, (1, n * num_groups, features), None, None, eps)
    along = (-1, *(1,) * (len(shape) - 2))
    out = out if weight is None else out * weight.reshape(along)
    out = out if bias is None else out + bias.reshape(along)
    return cast(out, input.array.dtype) if out.array.dtype is not input.array.dtype else out


# --- to length 1 ----------------------------------------------------------------------------------------


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """x divided by its length along `dim`: x / max(norm(x), eps).

    Args:
        input: a tensor.
        p: the order of the norm.
        dim: the dimension, or several.
        eps: keeps the division away from zero.
        out: where to write the result.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.functional.normalize(tg.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    length = comparing.clamp(reduction.norm(input, p, dim, keepdim=True), min=eps)
    return input / length if out is None else out.copy_(input / length)
