"""One training run: its loop, and its state between any two steps."""

from __future__ import annotations

import copy
import math
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tinygrad_lite import Tensor, nn
from tinygrad_lite.training import checkpoint as disk
from tinygrad_lite.training.history import History, large_is_good

__all__ = ["Run"]


@dataclass
class Run:
    """What `fit` was asked to do, and how far it is."""

    model: nn.Module
    loader: Any
    step: Callable[[Any, Any], Any]
    optimizers: dict[str, Any]
    scheduler: Any
    schedule_by: str
    clip_norm: float | None
    patience: int | None
    monitor: str
    judge: Callable[[Any], Mapping[str, float]] | None
    checkpoint: disk.StrPath | None
    save_every: float
    on_epoch: Callable[[History], object] | None

    history: History = field(default_factory=History)
    epoch: int = 0
    """Epochs that are over."""
    steps: int = 0
    """Steps of this epoch that are done."""
    totals: dict[str, float] = field(default_factory=dict)
    examples: int = 0
    at_start: dict[str, Any] | None = None
    """The generators when this epoch began."""
    best: dict[str, Any] | None = None
    stopped: bool = False
    interrupted: bool = False
    warned: bool = False
    saved_at: float = 0.0

    def __post_init__(self) -> None:
        if self.schedule_by not in ("epoch", "step"):
            raise ValueError(f'fit: schedule_by is {self.schedule_by!r}; it can be "epoch" or "step"')
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"fit: patience is {self.patience}; it should be 1 epoch at least")
        own = {id(parameter) for parameter in self.model.parameters()}
        for name, optimizer in self.optimizers.items():
            held = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
            if own and not own & set(held):
                raise ValueError(f"fit: {name} holds no parameter of the model; make it from model.parameters()")

    # --- the loop ---------------------------------------------------------------------------------------

    def go(self, epochs: int, progress: bool) -> History:
        """Train up to the given number of epochs in all."""
        if epochs < 0:
            raise ValueError(f"fit: epochs is {epochs}; it cannot be negative")
        before = self._resume()
        self.saved_at = time.monotonic()
        with self._bar(epochs, progress) as bar, self._calm_interrupts():
            while self.epoch < epochs and not self.stopped:
                self._train(bar, before)
                before = None
                self._end_epoch()
                self._save()
        if self.patience is not None and self.best is not None:
            self.model.load_state_dict(self.best["model"])
        return self.history

    def _train(self, bar: Any, before: dict[str, Any] | None) -> None:
        """The rest of an epoch; `before`: the generators where it was left."""
        self.model.train()
        if self.at_start is None or before is None:
            self.at_start = disk.random_state(self.loader)
        else:
            disk.set_random_state(self.at_start, self.loader)
        batches = iter(self.loader)
        if before is not None:
            for _ in range(self.steps):
                next(batches, None)
            disk.set_random_state(before, self.loader)
        for batch in batches:
            numbers = self._step(batch)
            count = _examples(batch)
            self.steps += 1
            self.examples += count
            for name, value in numbers.items():
                self.totals[name] = self.totals.get(name, 0.0) + value * count
            bar.update()
            bar.set_postfix(
                {name: f"{total / self.examples:.4g}" for name, total in self.totals.items()}, refresh=False
            )
            if self.interrupted or time.monotonic() - self.saved_at > self.save_every:
                self._save()
            if self.interrupted:
                raise KeyboardInterrupt(self._how_to_go_on())
        if not self.examples:
            raise ValueError("fit: there are no batches in `data`")

    def _step(self, batch: Any) -> dict[str, float]:
        found = self.step(self.model, batch)
        found, numbers = found if isinstance(found, tuple) else (found, {})
        if isinstance(found, Mapping):
            return {name: float(value) for name, value in found.items()}
        if not isinstance(found, Tensor):
            kind = type(found).__name__
            raise TypeError(f"fit: the loss should be a tensor (or, from `step`, numbers by name), not {kind}")
        if len(self.optimizers) != 1:
            raise ValueError(f"fit: the loss is to be minimised by one optimizer, and there are {len(self.optimizers)}")
        (optimizer,) = self.optimizers.values()
        optimizer.zero_grad()
        found.backward()
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        optimizer.step()
        if self.scheduler is not None and self.schedule_by == "step":
            self.scheduler.step()
        loss = found.item()
        if not math.isfinite(loss) and not self.warned:
            self.warned = True
            where = f"epoch {self.epoch + 1}, step {self.steps + 1}"
            warnings.warn(f"fit: the loss is {loss} in {where}; a smaller learning rate may help", stacklevel=5)
        return {"loss": loss, **numbers}

    def _end_epoch(self) -> None:
        numbers = {name: total / self.examples for name, total in self.totals.items()}
        if self.judge is not None:
            numbers |= {f"val_{name}": float(value) for name, value in self.judge(self.model).items()}
        self.history.note(numbers)
        self.epoch += 1
        self.steps, self.examples, self.totals = 0, 0, {}
        if self.patience is not None or _wants_a_number(self.scheduler):
            self._watch()
        if self.scheduler is not None and self.schedule_by == "epoch":
            self.scheduler.step(*([self.history[self.monitor][-1]] if _wants_a_number(self.scheduler) else []))
        if self.on_epoch is not None:
            self.on_epoch(self.history)

    def _watch(self) -> None:
        """Keep the best weights; stop if they have not been bettered for too long."""
        if self.monitor not in self.history:
            raise ValueError(f"fit: monitor is {self.monitor!r}, but reported are {', '.join(self.history)}")
        if self.patience is None:
            return
        value = self.history[self.monitor][-1]
        better = self.best is None or (
            value > self.best["value"] if large_is_good(self.monitor) else value < self.best["value"]
        )
        if better and not math.isnan(value):
            weights = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
            self.best = {"epoch": self.epoch, "value": value, "model": weights}
        waited = self.epoch - (0 if self.best is None else self.best["epoch"])
        self.stopped = waited >= self.patience

    # --- the state --------------------------------------------------------------------------------------

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        self.saved_at = time.monotonic()
        state = {
            "model": self.model.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "history": dict(self.history),
            "epoch": self.epoch,
            "steps": self.steps,
            "of_steps": _length(self.loader),
            "totals": self.totals,
            "examples": self.examples,
            "at_start": self.at_start,
            "random": disk.random_state(self.loader),
            "best": self.best,
            "stopped": self.stopped,
        }
        disk.save(state, self.checkpoint)

    def _parts(self) -> list[Any]:
        """All that has a state dict."""
        return [self.model, *self.optimizers.values(), *([] if self.scheduler is None else [self.scheduler])]

    def _resume(self) -> dict[str, Any] | None:
        """Go back to where the checkpoint is; returns its generators if that is inside an epoch."""
        state = None if self.checkpoint is None else disk.load(self.checkpoint)
        if state is None:
            return None
        where = f"fit: the checkpoint {os.fspath(self.checkpoint or '')!r} is of another run: "
        if list(state["optimizers"]) != list(self.optimizers):
            raise ValueError(f"{where}its optimizers are {list(state['optimizers'])}, not {list(self.optimizers)}")
        if state["of_steps"] != _length(self.loader):
            raise ValueError(f"{where}an epoch has {state['of_steps']} steps there and {_length(self.loader)} here")
        before = [(part, copy.deepcopy(part.state_dict())) for part in self._parts()]
        try:
            self.model.load_state_dict(state["model"])
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
            if self.scheduler is not None and state["scheduler"] is not None:
                self.scheduler.load_state_dict(state["scheduler"])
        except (RuntimeError, ValueError, KeyError) as error:
            for part, own in before:
                part.load_state_dict(own)
            raise ValueError(f"{where}{error}") from error
        self.history = History(state["history"])
        for name in ("epoch", "steps", "totals", "examples", "at_start", "best", "stopped"):
            setattr(self, name, state[name])
        disk.set_random_state(state["random"], self.loader)
        return state["random"] if self.steps else None

    # --- what a person sees -----------------------------------------------------------------------------

    def _bar(self, epochs: int, progress: bool) -> Any:
        from tqdm import tqdm

        length = _length(self.loader)
        total = None if length is None else epochs * length
        done = 0 if length is None else self.epoch * length + self.steps
        return tqdm(total=total, initial=done, desc="training", unit="step", disable=not progress, dynamic_ncols=True)

    @contextmanager
    def _calm_interrupts(self) -> Iterator[None]:
        """Let a first Ctrl-C wait until the step is over, where there is a state to keep."""
        if self.checkpoint is None or threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(number: int, frame: Any) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _how_to_go_on(self) -> str:
        return (
            f"stopped in epoch {self.epoch + 1} after {self.steps} steps; the same call goes on from "
            f"{os.fspath(self.checkpoint or '')!r}"
        )


def _wants_a_number(scheduler: Any) -> bool:
    """Whether it is the one scheduler that looks at how training goes."""
    return type(scheduler).__name__ == "ReduceLROnPlateau"


def _length(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:
        return None


def _examples(batch: Any) -> int:
    """How many examples a batch has."""
    first = batch
    while isinstance(first, (list, tuple, Mapping)) and len(first):
        first = next(iter(first.values())) if isinstance(first, Mapping) else first[0]
    try:
        return len(first)
    except TypeError:
        return 1
