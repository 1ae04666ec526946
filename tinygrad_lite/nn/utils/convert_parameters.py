"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from tinygrad_lite.functions.joining import cat
from tinygrad_lite.graph import TensorCore

__all__ = ["parameters_to_vector", "vector_to_parameters"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters end to end, as one vector.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.utils.parameters_to_vector([tg.ones(2), tg.zeros(1, 2)])
        tensor([1., 1., 0., 0.])
    """
    return cat([p.view(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make the parameters look into a vector, one after the other.

    Args:
        vec: the vector.
        parameters: the parameters.

    Raises:
        TypeError: if `vec` is no tensor.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.Linear(2, 1)
        >>> tg.nn.utils.vector_to_parameters(tg.tensor([1.0, 2.0, 3.0]), layer.parameters())
        >>> layer.bias
        Parameter containing:
        tensor([3.], requires_grad=True)
    """
    if not isinstance(vec, TensorCore):
        raise TypeError(f"expected a Tensor, but got: {type(vec).__name__}")
    end, vector = 0, vec.detach()  # type: ignore[attr-defined]
    for p in parameters:
        begin, end = end, end + p.numel()
        p.data = vector[begin:end].view_as(p)
