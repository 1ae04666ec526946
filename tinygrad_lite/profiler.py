"""How long the parts of a program take, under PyTorch's names: the parts that the program marks with `record_function`.

Single operations are not measured; for those there is Python's `cProfile`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from enum import Enum
from functools import wraps
from typing import Any

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "tensorboard_trace_handler"]


class ProfilerActivity(Enum):
    """What to look at; here always the CPU."""

    CPU = 0
    CUDA = 2
    XPU = 1


class ProfilerAction(Enum):
    """What to do in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class Event:
    """A marked part of a program, and what its runs took together.

    Attributes:
        key: its name.
        count: how often it ran.
        cpu_time_total: microseconds altogether.
        self_cpu_time_total: those outside of parts inside it.
    """

    def __init__(self, key: str) -> None:
        self.key, self.count = key, 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0

    @property
    def cpu_time(self) -> float:
        """Microseconds for one run."""
        return self.cpu_time_total / max(self.count, 1)

    def __repr__(self) -> str:
        return f"<Event {self.key}: {self.count} x {self.cpu_time:.1f} us>"


class Events(list[Event]):
    """The marked parts of a program."""

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75,
        header: str | None = None, top_level_events_only: bool = False, **others: Any,
    ) -> str:  # fmt: skip
        """A table of them as text."""
        key = (sort_by or "cpu_time_total").replace("cuda", "cpu").replace("device", "cpu")
        rows = sorted(self, key=lambda e: -getattr(e, key, e.cpu_time_total))[: row_limit if row_limit >= 0 else None]
        width = max([len(e.key) for e in rows] + [4])
        lines = [header] if header else []
        lines.append(
            f"{'Name':<{width}}  {'Self CPU':>12}  {'CPU total':>12}  {'CPU time avg':>12}  {'# of Calls':>10}"
        )
        for e in rows:
            figures = "  ".join(f"{t:>10.1f}us" for t in (e.self_cpu_time_total, e.cpu_time_total, e.cpu_time))
            lines.append(f"{e.key:<{width}}  {figures}  {e.count:>10}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()


class _Running(threading.local):
    def __init__(self) -> None:
        self.profiles: list[profile] = []
        self.inside: list[float] = []  # for each open part the time spent in parts inside it


_running = _Running()


class record_function:  # noqa: N801 - PyTorch's name
    """Mark a part of a program: a `with` block, or the decorated function.

    Args:
        name: what to call it.
        args: as in PyTorch; not looked at.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.profiler.profile() as seen:
        ...     with tg.profiler.record_function("forward"):
        ...         _ = tg.ones(2) + 1
        >>> [(event.key, event.count) for event in seen.key_averages()]
        [('forward', 1)]
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self._starts: list[float] = []

    def __enter__(self) -> record_function:
        _running.inside.append(0.0)
        self._starts.append(time.perf_counter())
        return self

    def __exit__(self, *exc: object) -> None:
        start = self._starts.pop()
        took = time.perf_counter() - start
        inside = _running.inside.pop()
        if _running.inside:
            _running.inside[-1] += took
        for one in _running.profiles:
            one._note(self.name, start, took, took - inside)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self.name):
                return function(*args, **kwargs)

        return run


def schedule(*, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0) -> Callable[[int], Any]:
    """Which steps to look at: skip some, wait, warm up, record, and again.

    Example:
        >>> import tinygrad_lite as tg
        >>> [tg.profiler.schedule(wait=1, warmup=1, active=2)(k).name for k in range(4)]
        ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE']
    """
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0 or (repeat > 0 and step // length >= repeat):
            return ProfilerAction.NONE
        k = step % length
        if k < wait:
            return ProfilerAction.NONE
        if k < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if k == length - 1 else ProfilerAction.RECORD

    return action


class profile:  # noqa: N801 - PyTorch's name
    """Measure the marked parts of a program that run inside a `with` block, in this thread.

    Args:
        activities, record_shapes, profile_memory, with_stack, with_flops, with_modules, others: as in PyTorch; not
            looked at: only marked parts are measured, and only their time.
        schedule: which steps to look at, all without one; `step()` ends a step.
        on_trace_ready: called with this object where the schedule says so, and at the end without one.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.profiler.profile() as seen:
        ...     for _ in range(3):
        ...         with tg.profiler.record_function("step"):
        ...             _ = tg.ones(2) + 1
        >>> seen.key_averages()[0].count
        3
    """

    def __init__(
        self, *, activities: Iterable[Any] | None = None, schedule: Callable[[int], Any] | None = None,
        on_trace_ready: Callable[[Any], Any] | None = None, record_shapes: bool = False, profile_memory: bool = False,
        with_stack: bool = False, with_flops: bool = False, with_modules: bool = False, **others: Any,
    ) -> None:  # fmt: skip
        self._schedule, self._ready = schedule, on_trace_ready
        self._runs: list[tuple[str, float, float, float]] = []
        self.step_num = 0
        self._action = self._at(0)

    def _at(self, step: int) -> ProfilerAction:
        return ProfilerAction.RECORD if self._schedule is None else self._schedule(step)

    def _note(self, name: str, start: float, took: float, own: float) -> None:
        if self._action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE):
            self._runs.append((name, start * 1e6, took * 1e6, own * 1e6))

    def start(self) -> None:
        """Begin."""
        _running.profiles.append(self)

    def stop(self) -> None:
        """End."""
        _running.profiles.remove(self)
        if self._ready is not None and self._schedule is None:
            self._ready(self)

    def step(self) -> None:
        """Say that a step of training is over."""
        if self._action is ProfilerAction.RECORD_AND_SAVE and self._ready is not None:
            self._ready(self)
            self._runs = []
        self.step_num += 1
        self._action = self._at(self.step_num)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> Events:
        """What was measured, the runs of a name together."""
        found: dict[str, Event] = {}
        for name, _, took, own in self._runs:
            event = found.setdefault(name, Event(name))
            event.count += 1
            event.cpu_time_total += took
            event.self_cpu_time_total += own
        return Events(found.values())

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write what was measured for chrome://tracing."""
        events = [
            {"name": name, "ph": "X", "ts": start, "dur": took, "pid": os.getpid(), "tid": 0}
            for name, start, took, _ in self._runs
        ]
        with open(path, "w") as file:
            json.dump({"traceEvents": events}, file)


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False) -> Any:
    """An `on_trace_ready` that writes what was measured to a folder.

    Raises:
        NotImplementedError: for `use_gzip`.
    """
    if use_gzip:
        raise NotImplementedError("tensorboard_trace_handler(): use_gzip is not supported")

    def write(seen: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        name = f"{worker_name or os.getpid()}.{time.time_ns()}.pt.trace.json"
        seen.export_chrome_trace(os.path.join(dir_name, name))

    return write
