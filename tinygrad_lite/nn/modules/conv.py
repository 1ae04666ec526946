"""Convolutions and their transposes as layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.functions.creation import empty
from tinygrad_lite.later import later
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules import LATER
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.utils import _ntuple, _reverse_repeat_tuple
from tinygrad_lite.nn.parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | tuple[int, ...]


class _ConvNd(Module):
    """What the convolutions have in common: their settings, checked, and their parameters.

    The arguments are those of `Conv2d`, as tuples; `weight` and `bias` start uniform in ±1/sqrt(fan_in).
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    _reversed_padding_repeated_twice: Sequence[int]
    """How much to pad with where `padding_mode` is not "zeros", as `functional.pad` takes it."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: tuple[int, ...], stride: tuple[int, ...],
        padding: str | tuple[int, ...], dilation: tuple[int, ...], transposed: bool, output_padding: tuple[int, ...],
        groups: int, bias: bool, padding_mode: str, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups, got {name}={channels} and groups={groups}")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid'")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(f"padding='same' is not supported for strided convolutions, got stride={stride}")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"padding_mode must be one of 'zeros', 'reflect', 'replicate', 'circular', but got {padding_mode!r}"
            )
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.transposed, self.output_padding, self.groups = transposed, output_padding, groups
        self.padding_mode = padding_mode
        if padding == "same":
            missing = [far * (size - 1) for far, size in zip(dilation, kernel_size, strict=True)]
            self._reversed_padding_repeated_twice = [n for m in reversed(missing) for n in (m // 2, m - m // 2)]
        elif isinstance(padding, str):
            self._reversed_padding_repeated_twice = [0] * 2 * len(kernel_size)
        else:
            self._reversed_padding_repeated_twice = _reverse_repeat_tuple(padding, 2)
        outer, inner = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(outer, inner // groups, *kernel_size, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The channels and sizes, and the other settings where they are not the usual ones."""
        ndim = len(self.kernel_size)
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * ndim:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * ndim:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * ndim:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    """A convolution."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: str | Size = 0,
        dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        each = _ntuple(self.dims)
        super().__init__(
            in_channels, out_channels, each(kernel_size), each(stride),
            padding if isinstance(padding, str) else each(padding), each(dilation), False, (0,) * self.dims, groups,
            bias, padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        """(N, in_channels, ...) to (N, out_channels, ...), or both without N."""
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution with other parameters than the layer's own."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._reversed_padding_repeated_twice, self.padding_mode), 0
        return type(self).function(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0,
        output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        each = _ntuple(self.dims)
        super().__init__(
            in_channels, out_channels, each(kernel_size), each(stride), each(padding), each(dilation), True,
            each(output_padding), groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, in_channels, ...) to (N, out_channels, ...), or both without N.

        Args:
            input: the images.
            output_size: the sizes of the result, where a stride leaves several possible ones.

        Raises:
            ValueError: for a size that is not possible.
        """
        more = self._output_padding(input, output_size)
        return type(self).function(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """How much to add at the end of each dimension for a result of these sizes."""
        if output_size is None:
            return self.output_padding
        dims, size = self.dims, tuple(output_size)
        if len(size) == input.ndim and input.ndim > dims:
            size = size[-dims:]
        if len(size) != dims:
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {dims} or {input.ndim} "
                f"elements (got {len(size)})"
            )
        assert not isinstance(self.padding, str)
        settings = zip(
            input.shape[-dims:], self.stride, self.padding, self.dilation, self.kernel_size, size, strict=True
        )
        more = []
        for n, step, around, far, kernel, wanted in settings:
            least = (n - 1) * step - 2 * around + far * (kernel - 1) + 1
            if not least <= wanted < least + step:
                raise ValueError(
                    f"requested an output size of {size}, but each size has to be at least {least} and less than "
                    f"{least + step}, as far as an input of {input.shape[-dims:]} goes"
                )
            more.append(wanted - least)
        return tuple(more)


class Conv1d(_Conv):
    """The convolution of signals (N, C, L) with learned filters. The arguments are those of `Conv2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Conv1d(2, 4, 3)(tg.zeros(1, 2, 10)).shape
        Size([1, 4, 8])
    """

    dims = 1
    function = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """The convolution of images (N, C, H, W) with learned filters (LeCun et al., 1989).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output, as many as there are filters.
        kernel_size: the size of a window; an int, or one for each dimension, as for the next three.
        stride: how far apart two windows are.
        padding: what is added on both sides; or "same" for an output of the input's size, or "valid" for none.
        dilation: how far apart the elements of one window are.
        groups: into how many parts channels and filters are split that do not mix.
        bias: whether to add one.
        padding_mode: what is added: "zeros", "reflect", "replicate" or "circular", as `functional.pad` takes it.
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        ValueError: if channels and groups do not divide, or the padding is not known.

    Attributes:
        weight: (out_channels, in_channels / groups, *kernel_size).
        bias: (out_channels,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Conv2d(2, 4, 3)(tg.zeros(1, 2, 5, 6)).shape
        Size([1, 4, 3, 4])
    """

    dims = 2
    function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """The convolution of volumes (N, C, D, H, W) with learned filters. The arguments are those of `Conv2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Conv3d(2, 4, 3)(tg.zeros(1, 2, 4, 5, 6)).shape
        Size([1, 4, 2, 3, 4])
    """

    dims = 3
    function = staticmethod(F.conv3d)


class ConvTranspose1d(_ConvTransposeNd):
    """The transposed convolution of signals (N, C, L). The arguments are those of `ConvTranspose2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConvTranspose1d(2, 4, 3)(tg.zeros(1, 2, 10)).shape
        Size([1, 4, 12])
    """

    dims = 1
    function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transposed convolution of images (N, C, H, W), also called deconvolution (Zeiler et al., 2010).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the size of a window; an int, or one for each dimension, as for the next four.
        stride: how far apart the windows are that the elements are spread over.
        padding: how much is taken off on both sides.
        output_padding: how much longer the result is at the end of each dimension.
        groups: into how many parts channels and filters are split that do not mix.
        bias: whether to add one.
        dilation: how far apart the elements of one window are.
        padding_mode: only "zeros".
        device: only "cpu".
        dtype: of the parameters; the default dtype if None.

    Raises:
        ValueError: if channels and groups do not divide.

    Attributes:
        weight: (in_channels, out_channels / groups, *kernel_size).
        bias: (out_channels,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConvTranspose2d(2, 4, 3)(tg.zeros(1, 2, 5, 6)).shape
        Size([1, 4, 7, 8])
    """

    dims = 2
    function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transposed convolution of volumes (N, C, D, H, W). The arguments are those of `ConvTranspose2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConvTranspose3d(2, 4, 3)(tg.zeros(1, 2, 4, 5, 6)).shape
        Size([1, 4, 6, 7, 8])
    """

    dims = 3
    function = staticmethod(F.conv_transpose3d)


__getattr__, _ = later(
    "tinygrad_lite.nn.modules", (), {"lazyconv": LATER["lazyconv"]}
)  # PyTorch has them in this module, too
