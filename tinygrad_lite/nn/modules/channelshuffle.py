"""The layer that mixes groups of channels."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.module import Module

__all__ = ["ChannelShuffle"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class ChannelShuffle(Module):
    """The channels in another order: one of each group in turn (Zhang et al., 2018).

    Args:
        groups: into how many parts the channels are divided.

    Raises:
        RuntimeError: at a call, if they cannot be divided so.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.ChannelShuffle(2)(tg.arange(4.0).reshape(1, 4, 1)).flatten()
        tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *), to the same shape."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"
