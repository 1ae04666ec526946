"""Layers that multiply by a matrix, and the one that does nothing."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from tinygrad_lite.functions.creation import empty
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules.lazy import LazyModuleMixin
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter, UninitializedParameter

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear"]

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


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` whose `in_features` are those of the first input.

    Args:
        out_features: the last dimension of the output.
        bias: whether to add one.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyLinear(2)
        >>> _ = layer(tg.ones(5, 3))
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
    """

    cls_to_become = Linear
    weight: Any
    bias: Any

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once there are some."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Make the parameters for inputs like this one."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()


class Bilinear(Module):
    """`input1 @ weight[k] @ input2 + bias[k]` for each k.

    Both start uniform in ±1/sqrt(in1_features).

    Args:
        in1_features: the last dimension of the first input.
        in2_features: the last dimension of the second.
        out_features: the last dimension of the output.
        bias: whether to add one.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        ValueError: if `in1_features` is not positive.

    Attributes:
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Bilinear(3, 4, 2)(tg.ones(5, 3), tg.ones(5, 4)).shape
        Size([5, 2])
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """(*, in1_features) and (*, in2_features) to (*, out_features)."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that PyTorch gives the output projection of attention.

    Example:
        >>> NonDynamicallyQuantizableLinear(3, 2)
        NonDynamicallyQuantizableLinear(in_features=3, out_features=2, bias=True)
    """
