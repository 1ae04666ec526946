"""Names for type hints, as PyTorch has them."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import Any, TypeAlias

from tinygrad_lite.device import device
from tinygrad_lite.size import Size
from tinygrad_lite.storage import UntypedStorage
from tinygrad_lite.tensor import Tensor

__all__ = ["Device", "FileLike", "IntLikeType", "Number", "Storage"]

Number: TypeAlias = builtins.int | builtins.float | builtins.bool
IntLikeType: TypeAlias = builtins.int
Device: TypeAlias = device | builtins.str | builtins.int | None
FileLike: TypeAlias = builtins.str | os.PathLike[builtins.str] | Any
Storage: TypeAlias = UntypedStorage
_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]
_size: TypeAlias = Size | list[builtins.int] | tuple[builtins.int, ...]
