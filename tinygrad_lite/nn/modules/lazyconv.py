"""Convolutions that take the number of channels from their first input."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn.modules.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Size,
    _Conv,
    _ConvTransposeNd,
)
from tinygrad_lite.nn.modules.lazy import LazyModuleMixin
from tinygrad_lite.nn.parameter import UninitializedParameter

__all__ = [
    "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _LazyConvXdMixin(LazyModuleMixin):
    """What the lazy convolutions have in common."""

    def _become_lazy(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        module: Any = self
        module.out_channels = out_channels
        module.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            module.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once there are some."""
        module: Any = self
        if not self.has_uninitialized_params() and module.in_channels:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Make the parameters for inputs like this one.

        Raises:
            RuntimeError: if it is neither an image nor a batch of them.
            ValueError: if the channels do not divide by the groups.
        """
        module: Any = self
        if not self.has_uninitialized_params():
            return
        dims, name = module.dims, type(self).__name__
        if input.ndim not in (dims + 1, dims + 2):
            raise RuntimeError(
                f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
                f"{list(input.shape)}"
            )
        channels, groups = input.shape[-dims - 1], module.groups
        if channels % groups:
            raise ValueError(f"in_channels must be divisible by groups, got in_channels={channels} and groups={groups}")
        module.in_channels = channels
        both = (channels, module.out_channels) if module.transposed else (module.out_channels, channels)
        module.weight.materialize((both[0], both[1] // groups, *module.kernel_size))
        if module.bias is not None:
            module.bias.materialize((module.out_channels,))
        self.reset_parameters()


class _LazyConv(_LazyConvXdMixin, _Conv):
    """A lazy convolution."""

    def __init__(
        self, out_channels: int, kernel_size: Size, stride: Size = 1, padding: str | Size = 0, dilation: Size = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._become_lazy(out_channels, bias, device, dtype)


class _LazyConvTranspose(_LazyConvXdMixin, _ConvTransposeNd):
    """A lazy transposed convolution."""

    def __init__(
        self, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
        groups: int = 1, bias: bool = True, dilation: Size = 1, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._become_lazy(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A `Conv1d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConv1d(4, 3)
        >>> layer(tg.zeros(1, 2, 10)).shape, type(layer).__name__
        (Size([1, 4, 8]), 'Conv1d')
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A `Conv2d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConv2d(4, 3)
        >>> layer(tg.zeros(1, 2, 5, 6)).shape, type(layer).__name__
        (Size([1, 4, 3, 4]), 'Conv2d')
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A `Conv3d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConv3d(4, 3)
        >>> layer(tg.zeros(1, 2, 4, 5, 6)).shape, type(layer).__name__
        (Size([1, 4, 2, 3, 4]), 'Conv3d')
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A `ConvTranspose1d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConvTranspose1d(4, 3)
        >>> layer(tg.zeros(1, 2, 10)).shape, type(layer).__name__
        (Size([1, 4, 12]), 'ConvTranspose1d')
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A `ConvTranspose2d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConvTranspose2d(4, 3)
        >>> layer(tg.zeros(1, 2, 5, 6)).shape, type(layer).__name__
        (Size([1, 4, 7, 8]), 'ConvTranspose2d')
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A `ConvTranspose3d` whose `in_channels` are those of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyConvTranspose3d(4, 3)
        >>> layer(tg.zeros(1, 2, 4, 5, 6)).shape, type(layer).__name__
        (Size([1, 4, 6, 7, 8]), 'ConvTranspose3d')
    """

    cls_to_become = ConvTranspose3d
