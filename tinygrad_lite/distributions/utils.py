"""What the distributions share: parameters of one shape, and probabilities as logits and back.

>>> import tinygrad_lite as tg
>>> tg.distributions.utils.broadcast_all(1, tg.zeros(2))
(tensor([1., 1.]), tensor([0., 0.]))
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, TypeAlias

import tinygrad_lite as tg
from tinygrad_lite.graph import TensorCore

__all__ = [
    "broadcast_all", "clamp_probs", "euler_constant", "lazy_property", "logits_to_probs", "probs_to_logits",
    "sum_rightmost", "tril_matrix_to_vec", "vec_to_tril_matrix",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Shape: TypeAlias = Any  # a Size, or a sequence of integers

euler_constant = 0.57721566490153286060
"""Euler and Mascheroni's constant."""

lazy_property = cached_property
"""A property that is computed when it is first asked for."""


def is_number(value: Any) -> bool:
    """Whether this is a number of Python's."""
    return isinstance(value, bool | int | float)


def is_tensor(value: Any) -> bool:
    """Whether this is a tensor."""
    return isinstance(value, TensorCore)


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; the numbers in the dtype of the first tensor, if there is one.

    Raises:
        ValueError: for what is neither a number nor a tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> broadcast_all(tg.zeros(2), 3.0)
        (tensor([0., 0.]), tensor([3., 3.]))
    """
    for value in values:
        if not (is_number(value) or is_tensor(value)):
            raise ValueError(
                "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
                f"__torch_function__, got {type(value).__name__}"
            )
    dtype = next((value.dtype for value in values if is_tensor(value)), tg.get_default_dtype())
    tensors = [value if is_tensor(value) else tg.tensor(value, dtype=dtype) for value in values]
    if all(tensor.array.shape == tensors[0].array.shape for tensor in tensors):
        return tuple(tensors)
    return tuple(tg.broadcast_tensors(*tensors))


def sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last `dim` dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> sum_rightmost(tg.ones(2, 3, 4), 2)
        tensor([12., 12.])
    """
    return value.sum(tuple(range(-dim, 0))) if dim else value


def _standard_normal(shape: Shape, dtype: Any, device: Any = None) -> Tensor:
    """Normal random numbers of mean 0 and variance 1; under PyTorch's private name, for programs import it."""
    return tg.randn(shape, dtype=dtype, device=device)


_sum_rightmost = sum_rightmost  # likewise


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """The probabilities that have these logits: their softmax, or sigmoid where `is_binary`.

    Example:
        >>> import tinygrad_lite as tg
        >>> logits_to_probs(tg.zeros(2))
        tensor([0.5000, 0.5000])
    """
    return tg.sigmoid(logits) if is_binary else tg.softmax(logits, -1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities moved away from 0 and 1 by the smallest step of their dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> bool(clamp_probs(tg.tensor([0.0, 1.0]))[1] < 1)
        True
    """
    eps = tg.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits of these probabilities: their logarithms, or log(p / (1 - p)) where `is_binary`.

    Example:
        >>> import tinygrad_lite as tg
        >>> probs_to_logits(tg.tensor([0.5, 0.8808]), is_binary=True)
        tensor([0.0000, 2.0000])
    """
    inside = clamp_probs(probs)
    return tg.log(inside) - tg.log1p(-inside) if is_binary else tg.log(inside)


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle, up to the diagonal `diag`, that has these elements row by row.

    Raises:
        ValueError: if so many elements make no triangle.

    Example:
        >>> import tinygrad_lite as tg
        >>> vec_to_tril_matrix(tg.tensor([1.0, 2.0, 3.0]))
        tensor([[1., 0.],
                [2., 3.]])
    """
    count = vec.shape[-1]
    n = round((math.sqrt(8 * count + (1 + 2 * diag) ** 2) - 1 - 2 * diag) / 2)
    rows, columns = tg.tril_indices(n, n, diag)
    if rows.numel() != count:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a "
            "square D x D matrix."
        )
    matrix = tg.zeros(*vec.shape[:-1], n * n, dtype=vec.dtype)
    places = (rows * n + columns).expand(vec.shape)
    return matrix.scatter(-1, places, vec).reshape(*vec.shape[:-1], n, n)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements of the lower triangle up to the diagonal `diag`, row by row.

    Raises:
        ValueError: if there is no such diagonal.

    Example:
        >>> import tinygrad_lite as tg
        >>> tril_matrix_to_vec(tg.tensor([[1.0, 0.0], [2.0, 3.0]]))
        tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = tg.tril_indices(n, n, diag)
    return mat[..., rows, columns]
