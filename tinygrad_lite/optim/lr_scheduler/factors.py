"""Schedules that multiply the learning rate by a factor. They can be chained: each looks only at the rate before."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, values_of, warn_unless_asked
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = ["ConstantLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]


class _Factor(LRScheduler):
    """A schedule given by `_factor`, from one epoch to the next, and by `_product`, since the start."""

    def _factor(self) -> float | None:
        """What the learning rate is multiplied by at `last_epoch`; None leaves it as it is."""
        raise NotImplementedError

    def _product(self) -> float:
        """What the learning rate at the start has been multiplied by."""
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        """The learning rates in use, times the factor."""
        warn_unless_asked(self)
        factor = self._factor()
        if factor is None:
            return values_of(self.optimizer, "lr")
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        product = self._product()
        return [lr * product for lr in self.base_lrs]


class StepLR(_Factor):
    """Multiplies the learning rate by `gamma` every `step_size` epochs.

    Args:
        optimizer: the optimiser.
        step_size: so many epochs.
        gamma: the factor.
        last_epoch: the number of the last epoch, to resume from.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for epoch in range(5):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 1.0 0.5 0.5 0.25
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        return self.gamma if self.last_epoch > 0 and self.last_epoch % self.step_size == 0 else None

    def _product(self) -> float:
        return self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(_Factor):
    """Multiplies the learning rate by `gamma` at each of the milestones.

    Args:
        optimizer: the optimiser.
        milestones: the epochs.
        gamma: the factor.
        last_epoch: the number of the last epoch, to resume from.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> for epoch in range(5):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.5 0.25 0.25
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        times = self.milestones.get(self.last_epoch, 0)
        return self.gamma**times if times else None

    def _product(self) -> float:
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)


class ConstantLR(_Factor):
    """Multiplies the learning rate by `factor` for the first `total_iters` epochs.

    Args:
        optimizer: the optimiser.
        factor: the factor, from 0 to 1.
        total_iters: so many epochs.
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: for another factor.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> for epoch in range(4):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.5 1.0 1.0
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"Constant multiplicative factor expected to be between 0 and 1, got factor={factor}.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else None

    def _product(self) -> float:
        return 1.0 if self.last_epoch >= self.total_iters else self.factor


class LinearLR(_Factor):
    """Multiplies the learning rate by a factor that goes from one value to another in a straight line.

    Args:
        optimizer: the optimiser.
        start_factor: the factor in the first epoch, above 0 and up to 1.
        end_factor: the factor in the end, from 0 to 1.
        total_iters: after how many epochs that is reached.
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: for other factors.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> for epoch in range(4):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.75 1.0 1.0
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < start_factor <= 1:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, got "
                f"start_factor={start_factor}."
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(
                f"Ending multiplicative factor expected to be between 0 and 1, got end_factor={end_factor}."
            )
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        epoch, slope = self.last_epoch, self.end_factor - self.start_factor
        if epoch == 0:
            return self.start_factor
        if self._is_initial or epoch > self.total_iters:
            return None
        return 1.0 + slope / (self.total_iters * self.start_factor + (epoch - 1) * slope)

    def _product(self) -> float:
        way = min(self.total_iters, self.last_epoch) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * way


class ExponentialLR(_Factor):
    """Multiplies the learning rate by `gamma` each epoch.

    Args:
        optimizer: the optimiser.
        gamma: the factor.
        last_epoch: the number of the last epoch, to resume from.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> for epoch in range(3):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.25
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        return None if self._is_initial else self.gamma

    def _product(self) -> float:
        return self.gamma**self.last_epoch


class PolynomialLR(_Factor):
    """Lets the learning rate fall to 0 as (1 - epoch / total_iters)^power.

    Args:
        optimizer: the optimiser.
        total_iters: when 0 is reached.
        power: the power.
        last_epoch: the number of the last epoch, to resume from.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=1.0)
        >>> for epoch in range(5):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.75 0.5 0.25 0.0
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float | None:
        if self._is_initial or self.last_epoch > self.total_iters:
            return None
        left, left_before = (1.0 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return (left / left_before) ** self.power

    def _product(self) -> float:
        return (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power
