"""The one error for files that cannot be loaded."""

from __future__ import annotations

import pickle

__all__ = ["LoadError"]


class LoadError(pickle.UnpicklingError, RuntimeError):
    """A file is damaged, is of no known format, or asks for what loading does not allow.

    It is an `UnpicklingError` and a `RuntimeError`: PyTorch raises the one or the other, by the format.

    Example:
        >>> import io
        >>> import tinygrad_lite as tg
        >>> tg.load(io.BytesIO(b"no checkpoint"))
        Traceback (most recent call last):
        ...
        tinygrad_lite.serialization.errors.LoadError: the file: not a checkpoint: it begins with the bytes \
6e 6f 20 63 68 65 63 6b; expected safetensors, an .npz archive, or what torch.save or tinygrad_lite.save writes
    """
