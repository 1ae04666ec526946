"""Schedules that let the learning rate rise and fall, and the momentum fall and rise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, floor, pi
from types import FunctionType
from typing import Any

from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, checked, for_each_group, put, warn_unless_asked
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = ["CyclicLR", "OneCycleLR"]


class _WithMomentum(LRScheduler):
    """A schedule that sets the momentum too, or where there is none but `betas`, the first of them."""

    use_beta1: bool

    def _start_momentum(
        self, optimizer: Optimizer, low: Any, high: Any, last_epoch: int
    ) -> tuple[list[Any], list[Any]]:
        """Note in the groups between what the momentum goes to and fro."""
        if not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        lows = for_each_group("base_momentum", optimizer, low)
        highs = for_each_group("max_momentum", optimizer, high)
        if last_epoch == -1:
            self._set_momenta(highs)
            for group, least, most in zip(optimizer.param_groups, lows, highs, strict=True):
                group["max_momentum"], group["base_momentum"] = most, least
        return lows, highs

    def _set_momenta(self, momenta: Sequence[Any]) -> None:
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """Lets the learning rate go up and down in triangles (Smith, 2017).

        lr = base_lr + (max_lr - base_lr) * height * scale

    where the height goes from 0 to 1 in `step_size_up` steps and back in `step_size_down`. The scale is 1
    ("triangular"), halves each cycle ("triangular2"), or is gamma^step ("exp_range"). The momentum goes the other way.

    Args:
        optimizer: the optimiser.
        base_lr: the least, or a list with one for each group.
        max_lr: the most, or a list with one for each group.
        step_size_up: steps on the way up.
        step_size_down: steps on the way down, by default as many.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: for "exp_range".
        scale_fn: a scale of one's own; `mode` is then ignored.
        scale_mode: whether it is a function of the "cycle" (from 1) or of "iterations".
        cycle_momentum: whether the momentum changes too.
        base_momentum: its least.
        max_momentum: its most.
        last_epoch: the number of the last step, to resume from.

    Raises:
        ValueError: for settings that make no sense.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = tg.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
        >>> for step in range(6):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.0 0.5 1.0 0.5 0.0 0.5
    """

    def __init__(
        self, optimizer: Optimizer, base_lr: float | list[float], max_lr: float | list[float],
        step_size_up: int = 2000, step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle", cycle_momentum: bool = True,
        base_momentum: float = 0.8, max_momentum: float = 0.9, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = checked(optimizer)
        base_lrs = for_each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                put(group, "lr", lr)
        self.max_lrs = for_each_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"mode is invalid and scale_fn is None: mode={mode!r}")
        self.mode, self.gamma, self._scale_fn_custom, self.scale_mode = mode, gamma, scale_fn, scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(
                optimizer, base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The scale in cycle `x`, or at step `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 0.5 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[Any]:
        """The learning rates of this step; sets the momentum too."""
        warn_unless_asked(self)
        turns = self.last_epoch / self.total_size
        cycle = floor(1 + turns)
        x = 1.0 + turns - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            ends = zip(self.base_momentums, self.max_momentums, strict=True)
            self._set_momenta([high - (high - low) * height for low, high in ends])
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser; of a scale of one's own, what it holds if it is an object."""
        own = self._scale_fn_custom
        held = None if own is None or isinstance(own, FunctionType) else vars(own).copy()
        return {**super().state_dict(), "_scale_fn_custom": held}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what another scheduler's `state_dict()` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})
        if state_dict["_scale_fn_custom"] is not None:
            vars(self._scale_fn_custom).update(state_dict["_scale_fn_custom"])


class OneCycleLR(_WithMomentum):
    """Lets the learning rate rise once and fall to almost nothing (Smith and Topin, 2018).

    From `max_lr / div_factor` to `max_lr`, then to `max_lr / div_factor / final_div_factor`; the momentum goes the
    other way. In three phases, the way down takes as long as the way up, and a rest goes to the least.

    Args:
        optimizer: the optimiser.
        max_lr: the most, or a list with one for each group.
        total_steps: the steps in all, or
        epochs: the epochs, and
        steps_per_epoch: the steps in each.
        pct_start: the share of the way up, from 0 to 1.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether the momentum changes too.
        base_momentum: its least, or a list with one for each group.
        max_momentum: its most, or a list with one for each group.
        div_factor: how much less the learning rate is at the start.
        final_div_factor: how much less than at the start it is at the end.
        three_phase: whether there are three phases.
        last_epoch: the number of the last step, to resume from.

    Raises:
        ValueError: for settings that make no sense, and by `step` after the last one.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = tg.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=6, pct_start=0.5, div_factor=4)
        >>> for step in range(5):
        ...     print(*(round(lr, 2) for lr in scheduler.get_last_lr()), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.25 0.62 1.0 0.75 0.25
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | list[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = checked(optimizer)
        if total_steps is not None:
            self.total_steps = _positive("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)
        else:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        up, end = float(pct_start * self.total_steps) - 1, self.total_steps - 1
        rise, fall = ("initial_lr", "max_lr", "max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
        self._schedule_phases = [_phase(up, *rise)]
        if three_phase:
            back = float(2 * pct_start * self.total_steps) - 2
            self._schedule_phases += [
                _phase(back, "max_lr", "initial_lr", *fall),
                _phase(end, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            self._schedule_phases.append(_phase(end, "max_lr", "min_lr", *fall))
        self._anneal_func_type = anneal_strategy
        most = for_each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, most, strict=True):
                start = lr / div_factor
                group.update(initial_lr=start, max_lr=lr, min_lr=start / final_div_factor)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates of this step; sets the momentum too."""
        warn_unless_asked(self)
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        begin = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            begin = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        way = (step - begin) / (phase["end_step"] - begin)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            self._set_momenta(
                [self._between(g[phase["start_momentum"]], g[phase["end_momentum"]], way) for g in groups]
            )
        return [self._between(g[phase["start_lr"]], g[phase["end_lr"]], way) for g in groups]

    def _between(self, start: Any, end: Any, way: float) -> Any:
        if self._anneal_func_type == "linear":
            return start + (end - start) * way
        return end + (start - end) * ((1 + cos(pi * way)) / 2)


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _phase(end_step: float, start_lr: str, end_lr: str, start_momentum: str, end_momentum: str) -> dict[str, Any]:
    return {
        "end_step": end_step, "start_lr": start_lr, "end_lr": end_lr, "start_momentum": start_momentum,
        "end_momentum": end_momentum,
    }  # fmt: skip
