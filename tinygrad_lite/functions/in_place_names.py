"""The functions that write into a tensor, `exp_(x)`: the methods of those names, which PyTorch has as functions too."""

from __future__ import annotations

from tinygrad_lite.methods import TensorMethods
from tinygrad_lite.namespace import NAMES

__all__ = list(NAMES["functions.in_place_names"])

globals().update({name: getattr(TensorMethods, name) for name in __all__})
