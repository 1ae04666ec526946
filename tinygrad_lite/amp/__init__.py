"""Computing in half precision where that is accurate enough, under PyTorch's names."""

from tinygrad_lite.amp import autocast_mode, grad_scaler
from tinygrad_lite.amp.autocast_mode import *  # noqa: F403
from tinygrad_lite.amp.grad_scaler import *  # noqa: F403

__all__ = [*autocast_mode.__all__, *grad_scaler.__all__]
