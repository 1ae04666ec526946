"""Layers that multiply by a matrix, and those that leave the numbers as they are."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import one_dim, to_shape
from tinygrad_lite.functions.creation import empty
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["Flatten", "Identity", "Linear", "Unflatten"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class Identity(Module):
    """Returns its input; takes and ignores any arguments.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Identity()(tg.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class Linear(Module):
    """`input @ weight.T + bias`.

    Both start uniform in ±1/sqrt(in_features), as in PyTorch and from the same random numbers.

    Args:
        in_features: the last dimension of the input.
        out_features: the last dimension of the output.
        bias: whether to add one.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Linear(3, 2)(tg.ones(5, 3)).shape
        Size([5, 2])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(*, in_features) to (*, out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` made one.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Flatten()(tg.zeros(5, 2, 3)).shape
        Size([5, 6])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """(*, S1, ..., Sn, *) to (*, S1 × ... × Sn, *)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension `dim` made several.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Unflatten(1, (2, 3))(tg.zeros(5, 6)).shape
        Size([5, 2, 3])
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, to_shape("Unflatten", (tuple(unflattened_size),))

    def forward(self, input: Tensor) -> Tensor:
        """(*, S, *) to (*, S1, ..., Sn, *)."""
        dim = one_dim("unflatten", self.dim, input.ndim)
        return input.reshape((*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :]))

    def extra_repr(self) -> str:
        """The dimension and its new sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
