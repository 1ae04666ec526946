"""Pooling as layers: averages and maxima over windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.later import later
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules import LATER
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.utils import _ntuple

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | tuple[int, ...]
Target: TypeAlias = int | Sequence[int | None] | None


class _Pool(Module):
    """What the poolings have in common: the function of the same name."""

    function: ClassVar[Callable[..., Any]]


# --- over windows of one size ---------------------------------------------------------------------------


class _MaxPoolNd(_Pool):
    """The maximum over each window; the arguments are those of `MaxPool2d`."""

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(N, C, ...) or (C, ...), to smaller dimensions."""
        return type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The maximum over each window of signals (N, C, L).

    The arguments are those of `MaxPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxPool1d(2)(tg.tensor([[1.0, 3.0, 5.0, 7.0]]))
        tensor([[3., 7.]])
    """

    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The maximum over each window of images (N, C, H, W).

    Args:
        kernel_size: the size of a window; an int, or one for each dimension, as for the next three.
        stride: how far apart two windows are; the size of a window if left out.
        padding: how far windows reach over the edge, at most half a window; what is there never wins.
        dilation: how far apart the elements of one window are.
        return_indices: whether to say, too, where the maxima are, as `MaxUnpool2d` takes it.
        ceil_mode: whether a last window that reaches over the edge counts.

    Raises:
        RuntimeError: at a call, if the settings do not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxPool2d(2)(tg.arange(4.0).reshape(1, 2, 2))
        tensor([[[3.]]])
    """

    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The maximum over each window of volumes (N, C, D, H, W).

    The arguments are those of `MaxPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxPool3d(2)(tg.arange(8.0).reshape(1, 2, 2, 2))
        tensor([[[[7.]]]])
    """

    function = staticmethod(F.max_pool3d)


class _AvgPoolNd(_Pool):
    """The mean over each window."""

    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean over each window of signals (N, C, L).

    The arguments are those of `AvgPool2d`; there is no `divisor_override`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AvgPool1d(2)(tg.tensor([[1.0, 3.0, 5.0, 7.0]]))
        tensor([[2., 6.]])
    """

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        each = _ntuple(1)
        self.kernel_size = each(kernel_size)
        self.stride = each(self.kernel_size if stride is None else stride)
        self.padding, self.ceil_mode, self.count_include_pad = each(padding), ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, L) or (C, L), to fewer places."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPool(_AvgPoolNd):
    """The mean over windows of more dimensions than one; the arguments are those of `AvgPool2d`."""

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), to smaller dimensions."""
        return type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AvgPool2d(_AvgPool):
    """The mean over each window of images (N, C, H, W).

    Args:
        kernel_size: the size of a window; an int, or one for each dimension, as for the next two.
        stride: how far apart two windows are; the size of a window if left out.
        padding: zeros added on both sides, at most half a window.
        ceil_mode: whether a last window that reaches over the edge counts.
        count_include_pad: whether the zeros count in the mean.
        divisor_override: what to divide the sums by, instead.

    Raises:
        RuntimeError: at a call, if the settings do not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AvgPool2d(2)(tg.arange(4.0).reshape(1, 2, 2))
        tensor([[[1.5000]]])
    """

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean over each window of volumes (N, C, D, H, W).

    The arguments are those of `AvgPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AvgPool3d(2)(tg.arange(8.0).reshape(1, 2, 2, 2))
        tensor([[[[3.5000]]]])
    """

    function = staticmethod(F.avg_pool3d)


class _LPPoolNd(_Pool):
    """The length of each window; the arguments are those of `LPPool2d`."""

    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), to smaller dimensions."""
        return type(self).function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """(sum x^p)^(1/p) over each window of signals (N, C, L).

    The arguments are those of `LPPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LPPool1d(2, 2)(tg.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """

    function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """(sum x^p)^(1/p) over each window of images (N, C, H, W).

    Args:
        norm_type: p.
        kernel_size: the size of a window; an int, or one for each dimension, as for the next.
        stride: how far apart two windows are; the size of a window if left out.
        ceil_mode: whether a last window that reaches over the edge counts.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LPPool2d(2, 2)(tg.ones(1, 2, 2))
        tensor([[[2.]]])
    """

    function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """(sum x^p)^(1/p) over each window of volumes (N, C, D, H, W).

    The arguments are those of `LPPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.LPPool3d(2, 2)(tg.ones(1, 2, 2, 2))
        tensor([[[[2.8284]]]])
    """

    function = staticmethod(F.lp_pool3d)


# --- over as many windows as asked for ------------------------------------------------------------------


class _AdaptiveAvgPoolNd(_Pool):
    """The mean over windows; the argument is that of `AdaptiveAvgPool2d`."""

    def __init__(self, output_size: Target) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), to dimensions of `output_size`."""
        return type(self).function(input, self.output_size)

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"


class _AdaptiveMaxPoolNd(_Pool):
    """The maximum over windows; the arguments are those of `AdaptiveMaxPool2d`."""

    def __init__(self, output_size: Target, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        """(N, C, ...) or (C, ...), to dimensions of `output_size`."""
        return type(self).function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The mean over windows of signals (N, C, L), as many as asked for.

    The arguments are those of `AdaptiveAvgPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveAvgPool1d(2)(tg.tensor([[1.0, 3.0, 5.0, 7.0]]))
        tensor([[2., 6.]])
    """

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The mean over windows of images (N, C, H, W), as many as asked for.

    The i-th of m windows over n elements reaches from i n / m, rounded down, to (i + 1) n / m, rounded up.

    Args:
        output_size: the size of the result, an int or one for each dimension; None for the input's.

    Raises:
        RuntimeError: at a call, if the size does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveAvgPool2d(1)(tg.arange(4.0).reshape(1, 2, 2))
        tensor([[[1.5000]]])
    """

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The mean over windows of volumes (N, C, D, H, W), as many as asked for.

    The arguments are those of `AdaptiveAvgPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveAvgPool3d(1)(tg.arange(8.0).reshape(1, 2, 2, 2))
        tensor([[[[3.5000]]]])
    """

    function = staticmethod(F.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maximum over windows of signals (N, C, L), as many as asked for.

    The arguments are those of `AdaptiveMaxPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveMaxPool1d(2)(tg.tensor([[1.0, 3.0, 5.0, 7.0]]))
        tensor([[3., 7.]])
    """

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maximum over windows of images (N, C, H, W), as many as asked for.

    The i-th of m windows over n elements reaches from i n / m, rounded down, to (i + 1) n / m, rounded up.

    Args:
        output_size: the size of the result, an int or one for each dimension; None for the input's.
        return_indices: whether to say, too, where the maxima are.

    Raises:
        RuntimeError: at a call, if the size does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveMaxPool2d(1)(tg.arange(4.0).reshape(1, 2, 2))
        tensor([[[3.]]])
    """

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maximum over windows of volumes (N, C, D, H, W), as many as asked for.

    The arguments are those of `AdaptiveMaxPool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.AdaptiveMaxPool3d(1)(tg.arange(8.0).reshape(1, 2, 2, 2))
        tensor([[[[7.]]]])
    """

    function = staticmethod(F.adaptive_max_pool3d)


__getattr__, _ = later(
    "tinygrad_lite.nn.modules", (), {"unpooling": LATER["unpooling"]}
)  # PyTorch has them in this module, too
