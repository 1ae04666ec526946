"""Gradients made smaller where they are too large."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from types import GeneratorType
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.creation import tensor
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.graph import TensorCore, no_grad
from tinygrad_lite.linalg import vector_norm
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale the gradients down, all alike, so that their norm together is at most `max_norm` (Pascanu et al., 2013).

        g = g * min(1, max_norm / (norm + 1e-6))

    Args:
        parameters: a tensor or several; those without a gradient are left out.
        max_norm: the most that the norm may be.
        norm_type: which norm: 2, 1, any other p, or `inf`.
        error_if_nonfinite: refuse to scale by a norm that is NaN or infinite.
        foreach: accepted as in PyTorch.

    Returns:
        the norm before.

    Raises:
        RuntimeError: with `error_if_nonfinite`.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> w.grad = tg.tensor([3.0, 4.0])
        >>> tg.nn.utils.clip_grad_norm_([w], 1.0), w.grad
        (tensor(5.), tensor([0.6000, 0.8000]))
    """
    if not isinstance(parameters, TensorCore):
        generator, parameters = isinstance(parameters, GeneratorType), list(parameters)
        if generator and not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    gradients = _gradients(parameters)
    norm = get_total_norm(gradients, norm_type, error_if_nonfinite)
    _scale(gradients, max_norm, norm)
    return norm


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The name that `clip_grad_norm_` had once; warns of that.

    Example:
        >>> import warnings
        >>> import tinygrad_lite as tg
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     tg.nn.utils.clip_grad_norm([], 1.0)
        tensor(0.)
    """
    warnings.warn(
        "`nn.utils.clip_grad_norm` is now deprecated in favor of `nn.utils.clip_grad_norm_`.", FutureWarning,
        stacklevel=2,
    )  # fmt: skip
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The norm of several tensors, as if they were one vector: the norm of their norms.

    Args:
        tensors: a tensor or several, such as gradients.
        norm_type: which norm: 2, 1, any other p, or `inf`.
        error_if_nonfinite: refuse a norm that is NaN or infinite.
        foreach: accepted as in PyTorch.

    Raises:
        RuntimeError: with `error_if_nonfinite`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.get_total_norm([tg.tensor([2.0, 3.0]), tg.tensor(6.0)])
        tensor(7.)
    """
    tensors = [tensors] if isinstance(tensors, TensorCore) else list(tensors)
    p = float(norm_type)
    if not tensors:
        return tensor(0.0)
    with no_grad(), quiet():
        norms = [_norm(t, p) for t in tensors]
        total = vector_norm(stack(norms), p)
    if error_if_nonfinite and not np.isfinite(total.array):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
            "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients as `clip_grad_norm_` does, by a norm that is known.

    Args:
        parameters: a tensor or several; those without a gradient are left out.
        max_norm: the most that the norm may be.
        total_norm: the norm.
        foreach: accepted as in PyTorch.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> w.grad = tg.tensor([3.0, 4.0])
        >>> tg.nn.utils.clip_grads_with_norm_(w, 1.0, tg.tensor(10.0)); w.grad
        tensor([0.3000, 0.4000])
    """
    _scale(_gradients(parameters), max_norm, total_norm)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut the gradients off at `-clip_value` and `clip_value`.

    Args:
        parameters: a tensor or several; those without a gradient are left out.
        clip_value: the most that a gradient may be.
        foreach: accepted as in PyTorch.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> w.grad = tg.tensor([3.0, -0.5])
        >>> tg.nn.utils.clip_grad_value_([w], 1.0); w.grad
        tensor([ 1.0000, -0.5000])
    """
    most = float(clip_value)
    for g in _gradients(parameters):
        with no_grad():
            g.clamp_(-most, most)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    several: Iterable[Any] = [parameters] if isinstance(parameters, TensorCore) else parameters
    return [p.grad for p in several if p.grad is not None]


def _norm(t: Tensor, p: float) -> Tensor:
    array = t.array
    if p == 2 and array.dtype.char in "fd":  # the usual case, by BLAS
        flat = array.reshape(-1)
        return make(np.sqrt(np.asarray(flat.dot(flat))))
    return vector_norm(t, p)


def _scale(gradients: Sequence[Tensor], max_norm: float, norm: Tensor) -> None:
    with no_grad():
        factor = (float(max_norm) / (norm + 1e-6)).clamp(max=1.0).array
    with quiet():
        for g in gradients:
            np.multiply(g.array, factor, out=g.array, casting="same_kind")
            note_write(g, "clip_grad_norm_")
