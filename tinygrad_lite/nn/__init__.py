"""Layers, losses and the module that holds them, under PyTorch's names."""

from tinygrad_lite.later import later
from tinygrad_lite.nn import functional, init, modules, parameter
from tinygrad_lite.nn.modules import *
from tinygrad_lite.nn.parameter import *

__getattr__, __dir__ = later(
    __name__,
    ["attention", "parallel", "utils"],
    {"parallel": ("DataParallel",), **{f"modules.{family}": names for family, names in modules.LATER.items()}},
)
__all__ = [name for name in __dir__() if not name.startswith("_") and name != "later"]
