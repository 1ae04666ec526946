"""Averages of weights: stochastic weight averaging, and exponential moving averages."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from math import cos, pi
from typing import Any

from tinygrad_lite.functions.creation import tensor
from tinygrad_lite.graph import no_grad
from tinygrad_lite.nn.modules.batchnorm import _BatchNorm
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, for_each_group
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _checked(decay: float) -> float:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """The function (average, value, count) to decay * average + (1 - decay) * value.

    Raises:
        ValueError: unless the decay is from 0 to 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> get_ema_avg_fn(0.75)(tg.tensor(4.0), tg.tensor(8.0), 3)
        tensor(5.)
    """
    _checked(decay)

    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        with no_grad():
            return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable[[Any, Any, Any], Any]:
    """The function (average, value, count) to the average with one more value.

    Example:
        >>> import tinygrad_lite as tg
        >>> get_swa_avg_fn()(tg.tensor(4.0), tg.tensor(8.0), 3)
        tensor(5.)
    """

    def swa_update(averaged_param: Any, current_param: Any, num_averaged: Any) -> Any:
        with no_grad():
            return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def _for_lists(avg_fn: Callable[[Any, Any, Any], Any]) -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """A function that writes the averages of lists of tensors into the first, from one for tensors."""

    def update(averages: Sequence[Any], values: Sequence[Any], num_averaged: Any) -> None:
        with no_grad():
            for average, value in zip(averages, values, strict=True):
                average.copy_(avg_fn(average, value, num_averaged))

    return update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """What `get_ema_avg_fn` returns, for lists of tensors; writes into the first.

    Raises:
        ValueError: unless the decay is from 0 to 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> average = tg.tensor(4.0)
        >>> get_ema_multi_avg_fn(0.75)([average], [tg.tensor(8.0)], 3); average
        tensor(5.)
    """
    return _for_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """What `get_swa_avg_fn` returns, for lists of tensors; writes into the first.

    Example:
        >>> import tinygrad_lite as tg
        >>> average = tg.tensor(4.0)
        >>> get_swa_multi_avg_fn()([average], [tg.tensor(8.0)], 3); average
        tensor(5.)
    """
    return _for_lists(get_swa_avg_fn())


class AveragedModel(Module):
    """A copy of a model whose weights are the average of the model's over time.

    Stochastic weight averaging (Izmailov et al., 2018) by default: all times count alike.

    Args:
        model: the model.
        device: where to; there is one.
        avg_fn: a function of an average, a value and how many values it has seen, to the new average.
        multi_avg_fn: one for lists of tensors, that writes into the first.
        use_buffers: average the buffers too, instead of copying them.

    Raises:
        AssertionError: if both functions are given.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Linear(1, 1, bias=False)
        >>> averaged = AveragedModel(model)
        >>> for value in [1.0, 2.0, 6.0]:
        ...     with tg.no_grad():
        ...         _ = model.weight.fill_(value)
        ...     averaged.update_parameters(model)
        >>> averaged.module.weight.item(), averaged.n_averaged.item()
        (3.0, 3)
    """

    n_averaged: Any

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Callable[[Any, Any, Any], Any] | None = None,
        multi_avg_fn: Callable[[Sequence[Any], Sequence[Any], Any], None] | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model computes."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the weights of the model into the average; the first time, take them over."""
        kept: Iterable[Any] = self.module.parameters()
        new: Iterable[Any] = model.parameters()
        if self.use_buffers:
            kept, new = chain(kept, self.module.buffers()), chain(new, model.buffers())
        pairs = [(average.detach(), value.detach()) for average, value in zip(kept, new, strict=False)]
        if self.n_averaged == 0:
            for average, value in pairs:
                average.copy_(value)
        elif self.multi_avg_fn is not None:
            alike: dict[Any, list[Any]] = {}
            for pair in pairs:
                alike.setdefault(pair[0].dtype, []).append(pair)
            for group in alike.values():
                averages, values = (list(part) for part in zip(*group, strict=True))
                self.multi_avg_fn(averages, values, self.n_averaged)
        else:
            avg_fn = self.avg_fn or get_swa_avg_fn()
            for average, value in pairs:
                average.copy_(avg_fn(average, value, self.n_averaged))
        if not self.use_buffers:
            for average, value in zip(self.module.buffers(), model.buffers(), strict=True):
                average.detach().copy_(value.detach())
        self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the means and variances of a model's batch normalisation anew, from one pass over the data.

    Args:
        loader: the batches; of lists and tuples the first item is the input.
        model: the model.
        device: where the inputs go; there is one.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.Linear(2, 1))
        >>> update_bn([tg.ones(4, 2)], model)  # nothing to do: it has none
    """
    momenta = {module: module.momentum for module in model.modules() if isinstance(module, _BatchNorm)}
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.reset_running_stats()
        module.momentum = None  # all batches count alike
    with no_grad():
        for batch in loader:
            x = batch[0] if isinstance(batch, list | tuple) else batch
            model(x if device is None else x.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Brings the learning rate to a constant, at which weights are then averaged.

    Args:
        optimizer: the optimiser.
        swa_lr: the constant, or a list with one for each group.
        anneal_epochs: after how many epochs it is reached.
        anneal_strategy: "cos" or "linear".
        last_epoch: the number of the last epoch, to resume from.

    Raises:
        ValueError: for settings that make no sense.

    Example:
        >>> import tinygrad_lite as tg
        >>> optimizer = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> for epoch in range(4):
        ...     print(*scheduler.get_last_lr(), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.75 0.5 0.5
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        for group, lr in zip(optimizer.param_groups, for_each_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """The share of the constant in the learning rate, t of the way there."""
        return t if self._anneal_strategy == "linear" else (1 - cos(pi * t)) / 2

    def _share(self, step: int) -> float:
        return self.anneal_func(max(0.0, min(1.0, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[Any]:
        """The learning rates in use, moved towards the constant."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.", stacklevel=2
            )
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        lrs = []
        for group in self.optimizer.param_groups:
            lr, end = group["lr"], group["swa_lr"]
            start = end if before == 1 else (lr - before * end) / (1 - before)  # where the way began
            lrs.append(end * now + start * (1 - now))
        return lrs
