"""Padding as layers."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.modules.utils import _ntuple

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Size: TypeAlias = int | tuple[int, ...]


class _PadNd(Module):
    """What they have in common.

    Args:
        padding: how much to add on all sides; or before and after the last dimension, then the one before it, and
            so on.
    """

    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self.dims)(padding)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), to larger dimensions."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """How much is added."""
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), to larger dimensions."""
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise ValueError(f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class _ReflectionPadNd(_PadNd):
    mode = "reflect"


class _ReplicationPadNd(_PadNd):
    mode = "replicate"


class _ConstantPadNd(_PadNd):
    mode = "constant"

    def __init__(self, padding: Size, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """(*, ...), to larger dimensions."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """How much is added, and what."""
        return f"padding={self.padding}, value={self.value}"


class CircularPad1d(_CircularPadNd):
    """Signals (N, C, L) with the elements of the other end added on each side.

    Args:
        padding: how much to add on all sides, or before and after the last dimension.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CircularPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 1., 2., 3., 1.]])
    """

    dims = 1


class CircularPad2d(_CircularPadNd):
    """Images (N, C, H, W) with the elements of the other end added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top and bottom.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CircularPad2d((1, 1, 2, 0))(tg.ones(1, 1, 3, 4)).shape
        Size([1, 1, 5, 6])
    """

    dims = 2


class CircularPad3d(_CircularPadNd):
    """Volumes (N, C, D, H, W) with the elements of the other end added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top, bottom, front and back.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.CircularPad3d(1)(tg.ones(1, 1, 2, 3, 4)).shape
        Size([1, 1, 4, 5, 6])
    """

    dims = 3


class ConstantPad1d(_ConstantPadNd):
    """Signals (N, C, L) with a constant added on each side.

    Args:
        padding: how much to add on all sides, or before and after the last dimension.
        value: the constant.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConstantPad1d(1, 9.0)(tg.tensor([[1.0, 2.0, 3.0]]))
        tensor([[9., 1., 2., 3., 9.]])
    """

    dims = 1


class ConstantPad2d(_ConstantPadNd):
    """Images (N, C, H, W) with a constant added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top and bottom.
        value: the constant.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConstantPad2d((1, 1, 2, 0), 9.0)(tg.ones(1, 1, 3, 4)).shape
        Size([1, 1, 5, 6])
    """

    dims = 2


class ConstantPad3d(_ConstantPadNd):
    """Volumes (N, C, D, H, W) with a constant added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top, bottom, front and back.
        value: the constant.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ConstantPad3d(1, 9.0)(tg.ones(1, 1, 2, 3, 4)).shape
        Size([1, 1, 4, 5, 6])
    """

    dims = 3


class ReflectionPad1d(_ReflectionPadNd):
    """Signals (N, C, L) with the reflection in a mirror that stands on the last element added on each side.

    Args:
        padding: how much to add on all sides, or before and after the last dimension.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReflectionPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]]))
        tensor([[2., 1., 2., 3., 2.]])
    """

    dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Images (N, C, H, W) with the reflection in a mirror that stands on the last element added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top and bottom.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReflectionPad2d((1, 1, 2, 0))(tg.ones(1, 1, 3, 4)).shape
        Size([1, 1, 5, 6])
    """

    dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Volumes (N, C, D, H, W) with the reflection in a mirror that stands on the last element added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top, bottom, front and back.

    Raises:
        RuntimeError: at a call, if it has not that many elements to add.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReflectionPad3d(1)(tg.ones(1, 1, 2, 3, 4)).shape
        Size([1, 1, 4, 5, 6])
    """

    dims = 3


class ReplicationPad1d(_ReplicationPadNd):
    """Signals (N, C, L) with the last element again added on each side.

    Args:
        padding: how much to add on all sides, or before and after the last dimension.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReplicationPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 1., 2., 3., 3.]])
    """

    dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Images (N, C, H, W) with the last element again added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top and bottom.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReplicationPad2d((1, 1, 2, 0))(tg.ones(1, 1, 3, 4)).shape
        Size([1, 1, 5, 6])
    """

    dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Volumes (N, C, D, H, W) with the last element again added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top, bottom, front and back.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ReplicationPad3d(1)(tg.ones(1, 1, 2, 3, 4)).shape
        Size([1, 1, 4, 5, 6])
    """

    dims = 3


class ZeroPad1d(ConstantPad1d):
    """Signals (N, C, L) with zeros added on each side.

    Args:
        padding: how much to add on all sides, or before and after the last dimension.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ZeroPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]]))
        tensor([[0., 1., 2., 3., 0.]])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much is added."""
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Images (N, C, H, W) with zeros added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top and bottom.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ZeroPad2d((1, 1, 2, 0))(tg.ones(1, 1, 3, 4)).shape
        Size([1, 1, 5, 6])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much is added."""
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Volumes (N, C, D, H, W) with zeros added on each side.

    Args:
        padding: how much to add on all sides, or left, right, top, bottom, front and back.

    Raises:
        RuntimeError: at a call, if the padding does not fit the input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ZeroPad3d(1)(tg.ones(1, 1, 2, 3, 4)).shape
        Size([1, 1, 4, 5, 6])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """How much is added."""
        return f"{self.padding}"
