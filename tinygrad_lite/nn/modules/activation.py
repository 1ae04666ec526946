"""Activations as modules. The formulas are those of the functions of the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = [
    "ELU", "GELU", "SELU", "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax", "ReLU", "ReLU6", "SiLU", "Sigmoid",
    "Softmax", "Softplus", "Tanh",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _Activation(Module):
    """A function with settings that do not change: any shape in, the same shape out."""

    function: Callable[..., Tensor]
    settings: tuple[str, ...] = ()
    """The constructor's arguments, as `forward` passes them on and `repr` shows them."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        if not self.settings:
            return type(self).function(input)
        return type(self).function(input, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        """The settings; `inplace` only where it is set."""
        shown = {name: getattr(self, name) for name in self.settings}
        if not shown.get("inplace", True):
            del shown["inplace"]
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


class ReLU(_Activation):
    """max(x, 0).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    function = staticmethod(F.relu)
    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class LeakyReLU(_Activation):
    """x where positive, else negative_slope * x."""

    function = staticmethod(F.leaky_relu)
    settings = ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace


class ELU(_Activation):
    """x where positive, else alpha (exp(x) - 1)."""

    function = staticmethod(F.elu)
    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace


class SELU(_Activation):
    """The self-normalising exponential linear unit."""

    function = staticmethod(F.selu)
    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class SiLU(_Activation):
    """x * sigmoid(x)."""

    function = staticmethod(F.silu)
    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class GELU(_Activation):
    """x times the normal distribution function of x."""

    function = staticmethod(F.gelu)
    settings = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate


class ReLU6(_Activation):
    """x moved into [0, 6]."""

    function = staticmethod(F.relu6)
    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class Hardtanh(_Activation):
    """x moved into [min_val, max_val]."""

    function = staticmethod(F.hardtanh)
    settings = ("min_val", "max_val", "inplace")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if not min_val <= max_val:
            raise ValueError(f"min_val cannot be greater than max_val, got {min_val} and {max_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace


class Softplus(_Activation):
    """log(1 + exp(beta x)) / beta."""

    function = staticmethod(F.softplus)
    settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold


class Sigmoid(_Activation):
    """1 / (1 + exp(-x))."""

    function = staticmethod(F.sigmoid)


class Tanh(_Activation):
    """The hyperbolic tangent."""

    function = staticmethod(F.tanh)


class LogSigmoid(_Activation):
    """log(sigmoid(x))."""

    function = staticmethod(F.logsigmoid)


class Softmax(_Activation):
    """exp(x) / sum(exp(x)) along `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softmax(dim=0)(tg.zeros(2))
        tensor([0.5000, 0.5000])
    """

    function = staticmethod(F.softmax)
    settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class LogSoftmax(_Activation):
    """log(softmax(x)) along `dim`."""

    function = staticmethod(F.log_softmax)
    settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim
