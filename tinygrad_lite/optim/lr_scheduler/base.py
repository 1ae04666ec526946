"""What all schedulers share: they count epochs, and set the learning rate of each group of an optimiser."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = ["LRScheduler"]

_ORDER = (
    "`optimizer.step()` comes before `lr_scheduler.step()`. In the other order the first value of the schedule is "
    "skipped."
)
_EPOCH = (
    "the epoch parameter in `scheduler.step()` is deprecated; call `scheduler.step()` once for each epoch. With it, "
    "the closed form of the schedule is used, where there is one."
)


class LRScheduler:
    """The base class of schedulers. A subclass computes the learning rates in `get_lr`.

    Args:
        optimizer: the optimiser, whose groups get the learning rates.
        last_epoch: the number of the last epoch, to resume from; -1 to start.

    Attributes:
        last_epoch: how many epochs are done.
        base_lrs: the learning rates at the start, one for each group.

    Raises:
        TypeError: if it is no optimiser.
        KeyError: if the groups of an optimiser to resume have no `initial_lr`.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Halving(tg.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=0.1)
        >>> scheduler = Halving(optimizer)
        >>> for epoch in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> optimizer.param_groups[0]["lr"]
        0.025
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{k}] when resuming scheduler with "
                    "last_epoch >= 0. Load the state of the optimizer first, or start with last_epoch=-1."
                )
        self.base_lrs: list[Any] = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if not hasattr(optimizer, "_scheduled_step"):  # the first scheduler: steps count from here
            optimizer._opt_called = False  # type: ignore[attr-defined]
        optimizer._scheduled_step = vars(optimizer).get("step")  # type: ignore[attr-defined]
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the learning rates of epoch 0, or of the one to resume from."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what another scheduler's `state_dict()` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """The learning rates that were set last, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The learning rates for `last_epoch`, one for each group; a subclass defines it.

        Raises:
            NotImplementedError: if it does not.
        """
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, and set its learning rates. Comes after `optimizer.step()`.

        Args:
            epoch: the epoch to go to; deprecated.
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _check_order(self) -> None:
        optimizer: Any = self.optimizer
        if vars(optimizer).get("step") is not getattr(optimizer, "_scheduled_step", None):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. "
                f"Please make sure that {_ORDER}",
                stacklevel=3,
            )
        elif not getattr(optimizer, "_opt_called", False):
            warnings.warn(f"Detected call of `lr_scheduler.step()` before `optimizer.step()`. {_ORDER}", stacklevel=3)

    def _update_lr(self, epoch: int | None = None) -> None:
        with asked(self):
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            self._set_lrs(self.get_lr() if closed is None else closed())

    def _set_lrs(self, lrs: Sequence[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            put(group, "lr", lr)
        self._last_lr = values_of(self.optimizer, "lr")


class _LRScheduler(LRScheduler):
    """The name that `LRScheduler` had once."""


def checked(optimizer: Any) -> Optimizer:
    """The optimiser itself.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    """A number itself, a tensor as a copy."""
    return value.clone() if isinstance(value, TensorCore) else value  # type: ignore[attr-defined]


def values_of(optimizer: Optimizer, name: str) -> list[Any]:
    """A setting of all groups."""
    return [copied(group[name]) for group in optimizer.param_groups]


def put(group: dict[str, Any], name: str, value: Any) -> None:
    """Set a setting; into a tensor the value is written."""
    if isinstance(group[name], TensorCore):
        group[name].fill_(float(value))
    else:
        group[name] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group, from one for all or a list.

    Raises:
        ValueError: if the list has another length.
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [copied(value) for _ in range(count)]
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {count}."
        )
    return [copied(v) for v in value]


@contextmanager
def asked(scheduler: LRScheduler) -> Iterator[None]:
    """While `step` asks for the learning rates."""
    scheduler._get_lr_called_within_step = True
    try:
        yield
    finally:
        scheduler._get_lr_called_within_step = False


def warn_unless_asked(scheduler: LRScheduler) -> None:
    """Warn who calls `get_lr` where they want the learning rate in use."""
    if not scheduler._get_lr_called_within_step:
        warnings.warn(
            "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.", stacklevel=3
        )


def warn_of_epoch() -> None:
    """Warn who says the epoch."""
    warnings.warn(_EPOCH, stacklevel=3)
