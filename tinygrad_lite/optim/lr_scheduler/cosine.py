"""Schedules that follow a cosine, once or again and again."""

from __future__ import annotations

from math import cos, floor, log, pi
from typing import Any

from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, asked, values_of, warn_unless_asked
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


def _fall(way: float) -> float:
    """From 1 to 0 along a cosine, while `way` goes from 0 to 1."""
    return (1 + cos(pi * way)) / 2


class CosineAnnealingLR(LRScheduler):
    """Lets the learning rate fall along a cosine (SGDR, Loshchilov and Hutter, 2017), and rise again.

        lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * epoch / T_max)) / 2

    computed from the rate of the epoch before, so that it can be chained with others.

    Args:
        optimizer: the optimiser.
        T_max: after how many epochs the least is reached.
        eta_min: the least.
        last_epoch: the number of the last epoch, to resume from.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
        >>> for epoch in range(5):
        ...     print(*(round(lr, 2) for lr in scheduler.get_last_lr()), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.85 0.5 0.15 0.0
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates in use, moved along the cosine."""
        warn_unless_asked(self)
        epoch, least, lrs = self.last_epoch, self.eta_min, values_of(self.optimizer, "lr")
        if self._is_initial:
            return lrs
        if self._step_count == 1 and epoch > 0:
            return self._get_closed_form_lr()
        now, before = _fall(epoch / self.T_max), _fall((epoch - 1) / self.T_max)
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # at the least there is nothing to multiply
            rise = _fall(1 - 1 / self.T_max)
            return [lr + (base - least) * rise for lr, base in zip(lrs, self.base_lrs, strict=True)]
        return [now / before * (lr - least) + least for lr in lrs]

    def _get_closed_form_lr(self) -> list[Any]:
        share = _fall(self.last_epoch / self.T_max)
        return [self.eta_min + (lr - self.eta_min) * share for lr in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lets the learning rate fall along a cosine, again and again (SGDR, Loshchilov and Hutter, 2017).

        lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2

    Args:
        optimizer: the optimiser.
        T_0: the epochs to the first restart.
        T_mult: how many times longer each period is than the one before.
        eta_min: the least.
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: for settings that make no sense.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
        >>> for epoch in range(7):
        ...     print(*(round(lr, 2) for lr in scheduler.get_last_lr()), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 1.0 0.85 0.5 0.15 1.0
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min = T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates for `T_cur`."""
        warn_unless_asked(self)
        share = _fall(self.T_cur / self.T_i)
        return [self.eta_min + (lr - self.eta_min) * share for lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to the one given, which may be between two.

        Raises:
            ValueError: if it is negative.
        """
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self.T_cur, self.T_i = self._within(epoch)
        self.last_epoch = floor(epoch)
        with asked(self):
            self._set_lrs(self.get_lr())

    def _within(self, epoch: float) -> tuple[float, int]:
        """How far into its period an epoch is, and how long that is."""
        first, times = self.T_0, self.T_mult
        if epoch < first:
            return epoch, first
        if times == 1:
            return epoch % first, self.T_i
        restarts = int(log(epoch / first * (times - 1) + 1, times))
        return epoch - first * (times**restarts - 1) / (times - 1), first * times**restarts
