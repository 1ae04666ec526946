"""The older names of `tinygrad_lite.amp`, for GPUs: they warn and change nothing."""

from __future__ import annotations

from typing import Any

from tinygrad_lite import dtypes
from tinygrad_lite.amp import autocast_mode, grad_scaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(autocast_mode.autocast):  # noqa: N801 - PyTorch's name
    """`tinygrad_lite.autocast("cuda")`, which changes nothing: there is no GPU.

    Args:
        enabled: whether to warn that there is none.
        dtype: what would be cast to.
        cache_enabled: accepted as in PyTorch.
    """

    def __init__(self, enabled: bool = True, dtype: Any = dtypes.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(grad_scaler.GradScaler):
    """`tinygrad_lite.amp.GradScaler("cuda")`, which does nothing: there is no GPU. The arguments are the same."""

    def __init__(
        self, init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
        growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """`tinygrad_lite.amp.custom_fwd` for GPUs."""
    return autocast_mode.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any = None) -> Any:
    """`tinygrad_lite.amp.custom_bwd` for GPUs."""
    return autocast_mode.custom_bwd(bwd, device_type="cuda")
