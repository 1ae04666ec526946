"""The layers and losses, a module for each family; the families that many programs do without load on first use."""

from tinygrad_lite.later import later
from tinygrad_lite.nn.modules.activation import *
from tinygrad_lite.nn.modules.container import *
from tinygrad_lite.nn.modules.dropout import *
from tinygrad_lite.nn.modules.linear import *
from tinygrad_lite.nn.modules.loss import *
from tinygrad_lite.nn.modules.module import *

LATER: dict[str, tuple[str, ...]] = {}
"""The families that load on first use, with the names they define."""

__getattr__, __dir__ = later(__name__, (), LATER)
