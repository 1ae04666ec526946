"""Activations as modules. The formulas are those of the functions of the same names."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules import piecewise
from tinygrad_lite.nn.modules.piecewise import *  # noqa: F403 - as PyTorch has all of them here
from tinygrad_lite.nn.modules.piecewise import _Activation, _InPlace, _Plain

__all__ = [
    *piecewise.__all__, "CELU", "ELU", "GELU", "GLU", "SELU", "LogSigmoid", "LogSoftmax", "Mish", "SiLU", "Sigmoid",
    "Softmax", "Softmax2d", "Softmin", "Softplus", "Softsign", "Tanh", "Tanhshrink",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class ELU(_Activation):
    """x where positive, else alpha (exp(x) - 1) (Clevert et al., 2016).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ELU()(tg.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.elu(input, self.alpha, self.inplace)


class CELU(_Activation):
    """x where positive, else alpha (exp(x / alpha) - 1) (Barron, 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CELU(2.0)(tg.tensor([-1.0, 2.0]))
        tensor([-0.7869,  2.0000])
    """

    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.celu(input, self.alpha, self.inplace)


class SELU(_InPlace):
    """The self-normalising exponential linear unit (Klambauer et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.SELU()(tg.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.selu(input, self.inplace)


class SiLU(_InPlace):
    """x * sigmoid(x), also called swish (Hendrycks and Gimpel, 2016).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.SiLU()(tg.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.silu(input, self.inplace)


class Mish(_InPlace):
    """x * tanh(softplus(x)) (Misra, 2019).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Mish()(tg.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.mish(input, self.inplace)


class GELU(_Activation):
    """x times the normal distribution function of x (Hendrycks and Gimpel, 2016).

    Args:
        approximate: "none", or "tanh" for an approximation by it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.GELU()(tg.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    settings = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.gelu(input, approximate=self.approximate)


class GLU(_Activation):
    """The first half of `dim` times the sigmoid of the second half (Dauphin et al., 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.GLU()(tg.tensor([3.0, 0.0]))
        tensor([1.5000])
    """

    settings = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """(*, 2 n, *) to (*, n, *)."""
        return F.glu(input, self.dim)


class Tanhshrink(_Plain):
    """x - tanh(x).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Tanhshrink()(tg.tensor([1.0]))
        tensor([0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.tanhshrink(input)


class Softplus(_Activation):
    """log(1 + exp(beta x)) / beta; x itself where beta x is above `threshold`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softplus()(tg.tensor([0.0]))
        tensor([0.6931])
    """

    settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.softplus(input, self.beta, self.threshold)


class Softsign(_Plain):
    """x / (1 + |x|).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softsign()(tg.tensor([1.0]))
        tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.softsign(input)


class Sigmoid(_Plain):
    """1 / (1 + exp(-x)).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Sigmoid()(tg.tensor([0.0]))
        tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.sigmoid(input)


class LogSigmoid(_Plain):
    """log(sigmoid(x)).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LogSigmoid()(tg.tensor([0.0]))
        tensor([-0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.logsigmoid(input)


class Tanh(_Plain):
    """The hyperbolic tangent.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Tanh()(tg.tensor([1.0]))
        tensor([0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.tanh(input)


class Softmax(_Activation):
    """exp(x) / sum(exp(x)) along `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softmax(dim=0)(tg.zeros(2))
        tensor([0.5000, 0.5000])
    """

    settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.softmax(input, self.dim, _stacklevel=5)


class Softmin(_Activation):
    """The softmax of -x along `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softmin(dim=0)(tg.zeros(2))
        tensor([0.5000, 0.5000])
    """

    settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.softmin(input, self.dim, _stacklevel=5)


class LogSoftmax(_Activation):
    """log(softmax(x)) along `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LogSoftmax(dim=0)(tg.zeros(2))
        tensor([-0.6931, -0.6931])
    """

    settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmax2d(_Plain):
    """The softmax over the channels, at each place of an image.

    Raises:
        ValueError: for another number of dimensions than 3 or 4.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Softmax2d()(tg.zeros(2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) or (C, H, W), to the same shape."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
