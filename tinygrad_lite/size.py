"""The shape of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple of integers.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.zeros(2, 3).shape, tg.zeros(2, 3).shape.numel()
        (Size([2, 3]), 6)
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size(super().__add__(tuple(other)))
