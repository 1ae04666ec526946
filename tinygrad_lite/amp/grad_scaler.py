"""`GradScaler`: losses made larger, so that small gradients do not vanish in float16."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinygrad_lite.device import device as _device

__all__ = ["GradScaler"]


class GradScaler:
    """Multiplies the loss, divides the gradients again, and leaves out steps whose gradients overflowed.

    The factor grows by `growth_factor` after `growth_interval` steps without an overflow, and shrinks by
    `backoff_factor` after one with. There is no GPU: for `device="cuda"` it warns and does nothing.
    (Micikevicius et al., Mixed Precision Training, 2018.)

    Args:
        device: "cpu", or "cuda", PyTorch's default.
        init_scale: the factor at first.
        growth_factor: by how much it grows; more than 1.
        backoff_factor: by how much it shrinks; less than 1.
        growth_interval: after how many good steps it grows.
        enabled: whether it does anything.

    Raises:
        AssertionError: for factors that would not grow, or not shrink.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.nn.Parameter(tg.ones(1))
        >>> sgd, scaler = tg.optim.SGD([w], lr=0.5), tg.amp.GradScaler("cpu")
        >>> scaler.scale(w.sum()).backward()
        >>> scaler.step(sgd)
        >>> scaler.update()
        >>> w.detach(), scaler.get_scale()
        (tensor([0.5000]), 65536.0)
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        self._device = _device(device).type
        if enabled and self._device != "cpu":
            warnings.warn(
                f"tinygrad_lite.amp.GradScaler is enabled, but {self._device.upper()} is not available.  Disabling.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        if enabled:
            if not growth_factor > 1.0:
                raise AssertionError(f"The growth factor must be > 1.0, got {growth_factor}")
            if not backoff_factor < 1.0:
                raise AssertionError(f"The backoff factor must be < 1.0, got {backoff_factor}")
        self._scale, self._growth_factor, self._backoff_factor = float(init_scale), growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._used = False
        self._found: dict[int, tuple[str, bool]] = {}  # for each optimizer how far it is, and whether it overflowed

    def scale(self, outputs: Any) -> Any:
        """The outputs times the factor: a tensor, or a list or tuple of them.

        Raises:
            ValueError: for anything else.
        """
        if not self._enabled:
            return outputs
        self._used = True
        if hasattr(outputs, "array"):
            return outputs * self._scale
        if isinstance(outputs, list | tuple):
            return type(outputs)([self.scale(x) for x in outputs])
        raise ValueError(f"outputs must be a Tensor or an iterable of Tensors, not {type(outputs).__name__}")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the factor, to clip them, say.

        Raises:
            RuntimeError: if it has been done since the last `update`, or the step was taken.
            ValueError: for gradients of float16.
        """
        if not self._enabled:
            return
        self._need_scale("unscale_")
        stage, _ = self._found.get(id(optimizer), ("ready", False))
        if stage == "unscaled":
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if stage == "stepped":
            raise RuntimeError("unscale_() is being called after step().")
        overflowed = False
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                if gradient.array.dtype == np.float16:
                    raise ValueError("Attempting to unscale FP16 gradients.")
                overflowed = overflowed or not np.isfinite(gradient.array).all()
                gradient.array[...] *= 1.0 / self._scale
        self._found[id(optimizer)] = ("unscaled", overflowed)

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step()`, unless a gradient is infinite or NaN; unscales first if that is still to be done.

        Raises:
            RuntimeError: if the step was taken already, or with a closure.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._need_scale("step")
        stage, _ = self._found.get(id(optimizer), ("ready", False))
        if stage == "stepped":
            raise RuntimeError("step() has already been called since the last update().")
        if stage == "ready":
            self.unscale_(optimizer)
        overflowed = self._found[id(optimizer)][1]
        self._found[id(optimizer)] = ("stepped", overflowed)
        return None if overflowed else optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Make the factor larger or smaller, by what happened since the last time; or set it.

        Raises:
            AssertionError: if no gradients were looked at since.
        """
        if not self._enabled:
            return
        self._need_scale("update")
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            if not self._found:
                raise AssertionError("No inf checks were recorded prior to update.")
            if any(overflowed for _, overflowed in self._found.values()):
                self._scale *= self._backoff_factor
                self._growth_tracker = 0
            else:
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    self._scale *= self._growth_factor
                    self._growth_tracker = 0
        self._found.clear()

    def _need_scale(self, name: str) -> None:
        if not self._used:
            raise AssertionError(
                f"Attempted {name} but _scale is None.  This may indicate your script did not use "
                "scaler.scale(loss or outputs) earlier in the iteration."
            )

    def get_scale(self) -> float:
        """The factor; 1 where disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """By how much the factor grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Let the factor grow by this much."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """By how much the factor shrinks."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Let the factor shrink by this much."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps the factor grows; 0 where disabled."""
        return self._growth_interval if self._enabled else 0

    def set_growth_interval(self, new_interval: int) -> None:
        """Let the factor grow after this many good steps."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """What to save; empty where disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises:
            RuntimeError: if it is empty, as that of a disabled one is.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._scale, self._growth_factor = state_dict["scale"], state_dict["growth_factor"]
        self._backoff_factor, self._growth_interval = state_dict["backoff_factor"], state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]
