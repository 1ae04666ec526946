"""Normalisation over the features of a sample as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.functions.creation import empty
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter
from tinygrad_lite.tensors import make

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last dimensions (Ba et al., 2016).

    Args:
        normalized_shape: the sizes of the last dimensions, those that share a mean; or the size of the last.
        eps: keeps the division away from zero.
        elementwise_affine: whether there are weights and biases.
        bias: whether there are biases, if `elementwise_affine`.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        RuntimeError: at a call, for an input with other last dimensions.

    Attributes:
        weight: of `normalized_shape`, or None; starts with 1.
        bias: of `normalized_shape`, or None; starts with 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LayerNorm(2)(tg.tensor([[1.0, 3.0]])).detach()
        tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps = _sizes(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            made = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weights to 1 and biases to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(*, *normalized_shape), to the same shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """x / sqrt(mean(x²) + eps) * weight over the last dimensions (Zhang and Sennrich, 2019).

    Args:
        normalized_shape: the sizes of the last dimensions, or the size of the last.
        eps: None for the distance from 1 to the next number of the input's dtype.
        elementwise_affine: whether there are weights.
        device: only "cpu".
        dtype: of the weights; the default dtype if None.

    Raises:
        RuntimeError: at a call, for an input with other last dimensions.

    Attributes:
        weight: of `normalized_shape`, or None; starts with 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.RMSNorm(2)(tg.tensor([[3.0, 4.0]])).detach()
        tensor([[0.8485, 1.1314]])
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps = _sizes(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        made = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weights to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(*, *normalized_shape), to the same shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """As batch normalisation, with a mean and variance for each group of channels of each sample (Wu and He, 2018).

    Args:
        num_groups: how many groups the channels are divided into.
        num_channels: how many channels C the input has.
        eps: keeps the division away from zero.
        affine: whether there are weights and biases.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.
        bias: whether there are biases, if `affine`.

    Raises:
        ValueError: if the channels do not divide.

    Attributes:
        weight: (C,) or None; starts with 1.
        bias: (C,) or None; starts with 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.GroupNorm(2, 4)(tg.tensor([[1.0, 3.0, 10.0, 30.0]])).detach()
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups}), which is positive"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(empty(num_channels, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weights to 1 and biases to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), to the same shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha * mean of x² over `size` neighbouring channels)^beta (Krizhevsky et al., 2012).

    Args:
        size: how many channels count as neighbours.
        alpha: the factor of the mean.
        beta: the exponent.
        k: what is added.

    Raises:
        ValueError: at a call, if the input has less than three dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LocalResponseNorm(2, alpha=2.0, beta=1.0)(tg.ones(1, 2, 1)).flatten()
        tensor([0.5000, 0.3333])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *), to the same shape."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """The older form of `LocalResponseNorm`, for images, whose neighbours reach equally far on both sides.

    Args:
        size: how many channels count as neighbours; an even number counts as the odd one below it.
        alpha: the factor of their mean.
        beta: the exponent.
        k: what is added.

    Raises:
        ValueError: at a call, for another number of dimensions than 4.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CrossMapLRN2d(3, alpha=3.0, beta=1.0)(tg.ones(1, 2, 1, 1)).flatten()
        tensor([0.3333, 0.3333])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape."""
        if input.ndim != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
        n, channels, height, width = input.shape
        near = make(_neighbours(channels, (self.size + 1) // 2).astype(input.array.dtype))
        squares = (near @ (input * input).reshape(n, channels, height * width)).reshape(input.shape)
        return input * (squares * (self.alpha / self.size) + self.k) ** -self.beta

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _neighbours(channels: int, reach: int) -> np.ndarray:
    """Which channels are less than `reach` apart, (C, C); as in PyTorch the first channel leaves no sum again."""
    at = np.arange(channels)
    near = np.abs(at[:, None] - at) < reach
    near[reach:, 0] = True
    return near
