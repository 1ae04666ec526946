"""Layers and losses as functions, under PyTorch's names; one module for each family."""

from typing import TYPE_CHECKING

from tinygrad_lite.functions.searching import one_hot as one_hot
from tinygrad_lite.later import later as _later
from tinygrad_lite.nn.functional.activation import *
from tinygrad_lite.nn.functional.adaptive import *
from tinygrad_lite.nn.functional.affine import *
from tinygrad_lite.nn.functional.attention import *
from tinygrad_lite.nn.functional.conv import *
from tinygrad_lite.nn.functional.ctc import *
from tinygrad_lite.nn.functional.distance import *
from tinygrad_lite.nn.functional.dropouts import *
from tinygrad_lite.nn.functional.embeddings import *
from tinygrad_lite.nn.functional.loss import *
from tinygrad_lite.nn.functional.loss_classes import *
from tinygrad_lite.nn.functional.margins import *
from tinygrad_lite.nn.functional.norms import *
from tinygrad_lite.nn.functional.padding import *
from tinygrad_lite.nn.functional.piecewise import *
from tinygrad_lite.nn.functional.pool import *
from tinygrad_lite.nn.functional.resize import *
from tinygrad_lite.nn.functional.sampling import *

if TYPE_CHECKING:  # what a type checker and an editor see
    from tinygrad_lite.nn.functional.fractional import *
    from tinygrad_lite.nn.functional.linear_loss import *
    from tinygrad_lite.nn.functional.multihead import *

_FRACTIONAL = tuple(f"fractional_max_pool{n}d{more}" for n in (2, 3) for more in ("", "_with_indices"))

__getattr__, __dir__ = _later(
    __name__,
    (),
    {
        "fractional": _FRACTIONAL,
        "linear_loss": ("linear_cross_entropy",),
        "multihead": ("multi_head_attention_forward",),
    },
)
