"""Activations as modules, those with kinks; and what all activations have in common."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.dtypes import get_default_dtype
from tinygrad_lite.functions.creation import full
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init as initial
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = [
    "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6", "Softshrink",
    "Threshold",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Activation(Module):
    """A function with settings: any shape in, the same shape out."""

    settings: ClassVar[tuple[str, ...]] = ()
    """The constructor's arguments, as `repr` shows them."""

    def extra_repr(self) -> str:
        """The settings; `inplace` only where it is set."""
        shown = {name: getattr(self, name) for name in self.settings}
        if not shown.get("inplace", True):
            del shown["inplace"]
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


class _Plain(_Activation):
    """One without settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()


class _InPlace(_Activation):
    """One that may write into its input."""

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class ReLU(_InPlace):
    """max(x, 0).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.relu(input, self.inplace)


class Hardtanh(_Activation):
    """x moved into [min_val, max_val].

    Raises:
        ValueError: unless min_val is less than max_val.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Hardtanh()(tg.tensor([-2.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """

    settings: ClassVar[tuple[str, ...]] = ("min_val", "max_val", "inplace")

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        for old, new, value in (("min_value", "min_val", min_value), ("max_value", "max_val", max_value)):
            if value is not None:
                warnings.warn(f"keyword argument `{old}` is deprecated; write `{new}`", FutureWarning, stacklevel=2)
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        if not max_val > min_val:
            raise ValueError(f"max_val must be larger than min_val, got {max_val} and {min_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """x moved into [0, 6] (Howard et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReLU6()(tg.tensor([-1.0, 7.0]))
        tensor([0., 6.])
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.relu6(input, self.inplace)


class LeakyReLU(_Activation):
    """x where positive, else negative_slope * x (Maas et al., 2013).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LeakyReLU(0.1)(tg.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])
    """

    settings = ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(_Activation):
    """x where positive, else weight * x, with one weight or one for each channel, which is learned (He et al., 2015).

    Args:
        num_parameters: 1, or the size of dimension 1 of the input.
        init: what the weights start with.
        device: only "cpu".
        dtype: of the weight; the default dtype if None.

    Attributes:
        weight: (num_parameters,).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.PReLU()(tg.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    settings = ("num_parameters",)

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(full((num_parameters,), init, device=device, dtype=dtype or get_default_dtype()))

    def reset_parameters(self) -> None:
        """Set the weights to what they started with."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.prelu(input, self.weight)


class RReLU(_Activation):
    """x where positive, else x times a number from [lower, upper), drawn anew each time in training (Xu et al., 2015).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.RReLU(0.1, 0.3).eval()(tg.tensor([-1.0, 2.0]))
        tensor([-0.2000,  2.0000])
    """

    settings = ("lower", "upper", "inplace")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Hardswish(_InPlace):
    """x * relu6(x + 3) / 6 (Howard et al., 2019).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Hardswish()(tg.tensor([-1.0, 3.0]))
        tensor([-0.3333,  3.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.hardswish(input, self.inplace)


class Hardsigmoid(_InPlace):
    """relu6(x + 3) / 6.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Hardsigmoid()(tg.tensor([-3.0, 0.0]))
        tensor([0.0000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.hardsigmoid(input, self.inplace)


class Threshold(_Activation):
    """x where it is above `threshold`, else `value`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Threshold(0.5, 9.0)(tg.tensor([0.0, 2.0]))
        tensor([9., 2.])
    """

    settings = ("threshold", "value", "inplace")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.threshold(input, self.threshold, self.value, self.inplace)


class Hardshrink(_Activation):
    """x where it is further than `lambd` from zero, else zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Hardshrink()(tg.tensor([-1.0, 0.3]))
        tensor([-1.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The width."""
        return str(self.lambd)


class Softshrink(_Activation):
    """x moved towards zero by `lambd`, at most to zero.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softshrink()(tg.tensor([-1.0, 0.3]))
        tensor([-0.5000,  0.0000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The width."""
        return str(self.lambd)
