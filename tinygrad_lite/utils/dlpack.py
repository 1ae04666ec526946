"""Handing tensors to other libraries and back without copying, by DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.tensors import make

__all__ = ["from_dlpack", "to_dlpack"]


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor on the memory of another library's.

    Args:
        ext_tensor: what has a `__dlpack__` method.
        device: only the CPU.
        copy: whether to copy.

    Raises:
        BufferError: if it is not on the CPU.
        TypeError: if its dtype is one that no tensor has.

    Example:
        >>> import tinygrad_lite as tg, numpy as np
        >>> tg.from_dlpack(np.ones(2, np.float32))
        tensor([1., 1.])
    """
    from tinygrad_lite.device import to_device

    to_device(device)
    array = np.from_dlpack(ext_tensor)
    return make(array.copy() if copy else array)


def to_dlpack(tensor: Any) -> Any:
    """The capsule that another library makes a tensor of.

    Example:
        >>> import tinygrad_lite as tg
        >>> "dltensor" in repr(tg.utils.dlpack.to_dlpack(tg.ones(2)))
        True
    """
    need_tensor("to_dlpack", "tensor", tensor)
    return tensor.__dlpack__()
