"""Layers that undo pooling, and pooling over windows at random places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.utils import _ntuple

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | tuple[int, ...]


class _MaxUnpoolNd(Module):
    """Zeros, with the maxima where they were; the arguments are those of `MaxUnpool2d`."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        each = _ntuple(self.dims)
        self.kernel_size = each(kernel_size)
        self.stride = each(kernel_size if stride is None else stride)
        self.padding = each(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, C, ...) or (C, ...), and where the maxima were, to larger dimensions."""
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Zeros, with the maxima where `MaxPool1d` found them.

    The arguments are those of `MaxUnpool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxUnpool1d(2)(tg.tensor([[3.0, 7.0]]), tg.tensor([[1, 2]]))
        tensor([[0., 3., 7., 0.]])
    """

    dims = 1
    function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Zeros, with the maxima where `MaxPool2d` found them.

    Args:
        kernel_size: as it was for the maxima, like the others; an int, or one for each dimension.
        stride: how far apart two windows were; the size of a window if left out.
        padding: how far windows reached over the edge.

    Raises:
        RuntimeError: at a call, if the indices do not fit the input, or reach over the result.
        ValueError: at a call, if an `output_size` cannot have led to this input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxUnpool2d(2)(tg.tensor([[[4.0]]]), tg.tensor([[[1]]]))
        tensor([[[0., 4.],
                 [0., 0.]]])
    """

    dims = 2
    function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Zeros, with the maxima where `MaxPool3d` found them.

    The arguments are those of `MaxUnpool2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.MaxUnpool3d((1, 1, 2))(tg.tensor([[[[7.0]]]]), tg.tensor([[[[1]]]]))
        tensor([[[[0., 7.]]]])
    """

    dims = 3
    function = staticmethod(F.max_unpool3d)


class _FractionalMaxPoolNd(Module):
    """The maximum over windows at random places; the arguments are those of `FractionalMaxPool2d`."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self, kernel_size: Size, output_size: Size | None = None,
        output_ratio: float | tuple[float, ...] | None = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        each, name = _ntuple(self.dims), type(self).__name__
        self.kernel_size, self.return_indices = each(kernel_size), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio = None if output_ratio is None else each(output_ratio)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError(f"{name}: only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """(N, C, ...) or (C, ...), to smaller dimensions."""
        return type(self).function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            _random_samples=self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maximum over windows at random places, about evenly spread, of images (N, C, H, W) (Graham, 2014).

    Args:
        kernel_size: the size of a window; an int, or one for each dimension.
        output_size: the size of the result.
        output_ratio: instead, its size as a part of the input's, less than 1.
        return_indices: whether to say, too, where the maxima are.
        _random_samples: (N, C, 2) numbers in [0, 1) to place the windows by, instead of drawing them.

    Raises:
        ValueError: unless one of size and ratio is given.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.FractionalMaxPool2d(2, output_size=3)(tg.zeros(1, 1, 5, 5)).shape
        Size([1, 1, 3, 3])
    """

    dims = 2
    function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """As `FractionalMaxPool2d`, of volumes (N, C, D, H, W).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.FractionalMaxPool3d(2, output_ratio=0.5)(tg.zeros(1, 1, 4, 6, 8)).shape
        Size([1, 1, 2, 3, 4])
    """

    dims = 3
    function = staticmethod(F.fractional_max_pool3d)
