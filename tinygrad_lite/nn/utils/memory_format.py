"""How the weights of convolutions lie in memory."""

from __future__ import annotations

from typing import Any

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def convert_conv2d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Lay out the weights of all 2-d convolutions in a module otherwise; returns the module.

    Args:
        module: the module.
        memory_format: such as `channels_last`.

    Example:
        >>> import tinygrad_lite as tg
        >>> conv = tg.nn.Conv2d(2, 2, 3)
        >>> _ = tg.nn.utils.convert_conv2d_weight_memory_format(conv, tg.channels_last)
        >>> conv.weight.is_contiguous(memory_format=tg.channels_last)
        True
    """
    from tinygrad_lite.nn.modules.conv import Conv2d, ConvTranspose2d

    return _convert(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Lay out the weights of all 3-d convolutions in a module otherwise; returns the module.

    Args:
        module: the module.
        memory_format: such as `channels_last_3d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> conv = tg.nn.Conv3d(2, 2, 3)
        >>> _ = tg.nn.utils.convert_conv3d_weight_memory_format(conv, tg.channels_last_3d)
        >>> conv.weight.is_contiguous(memory_format=tg.channels_last_3d)
        True
    """
    from tinygrad_lite.nn.modules.conv import Conv3d, ConvTranspose3d

    return _convert(module, (Conv3d, ConvTranspose3d), memory_format)


def _convert(module: Any, kinds: tuple[type, ...], memory_format: Any) -> Any:
    for part in module.modules():
        if isinstance(part, kinds):
            weight: Any = part.weight  # type: ignore[attr-defined]
            weight.data = weight.detach().clone(memory_format=memory_format)
    return module
