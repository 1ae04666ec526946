"""Schedules that a function of the epoch gives."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, checked, values_of, warn_unless_asked
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]

Factors: TypeAlias = Callable[[int], float] | list[Callable[[int], float]]


class _OfFunctions(LRScheduler):
    """A schedule with a function for each group. Those that are objects are saved by what they hold, others not."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Factors, last_epoch: int = -1) -> None:
        count = len(checked(optimizer).param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(self.lr_lambdas) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(self.lr_lambdas)}")
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser, and of the functions what those that are objects hold."""
        held = [None if isinstance(f, FunctionType) else vars(f).copy() for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": held}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what another scheduler's `state_dict()` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, held in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if held is not None:
                vars(function).update(held)


class LambdaLR(_OfFunctions):
    """The learning rate at the start, times a function of the epoch.

    Args:
        optimizer: the optimiser.
        lr_lambda: the function, or a list with one for each group.
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: if there are not as many functions as groups.
        TypeError: if something else than functions is given.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> for epoch in range(2):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5
    """

    def get_lr(self) -> list[Any]:
        """The learning rates at the start, times the functions."""
        warn_unless_asked(self)
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_OfFunctions):
    """The learning rate before, times a function of the epoch.

    Args:
        optimizer: the optimiser.
        lr_lambda: the function, or a list with one for each group.
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: if there are not as many functions as groups.
        TypeError: if something else than functions is given.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = tg.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> for epoch in range(3):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 0.25
    """

    def get_lr(self) -> list[Any]:
        """The learning rates in use, times the functions."""
        warn_unless_asked(self)
        lrs = values_of(self.optimizer, "lr")
        if self._is_initial:
            return lrs
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, lrs, strict=True)]
