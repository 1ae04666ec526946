"""Python's `multiprocessing`, with the names that PyTorch adds to it.

A tensor that is sent to another process is copied; `share_memory_()` before a fork lets both write to it.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import *  # noqa: F403
from multiprocessing import get_context
from typing import Any

__all__ = ["get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes"]


def get_all_sharing_strategies() -> set[str]:
    """How tensors get to other processes: they are copied."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """How tensors get to other processes."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Choose how tensors get to other processes; they are always copied.

    Raises:
        AssertionError: for what PyTorch does not know either.
    """
    if new_strategy not in ("file_system", "file_descriptor"):
        raise AssertionError(f"unknown sharing strategy {new_strategy!r}")


def start_processes(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> Any:  # fmt: skip
    """Run `fn(k, *args)` in `nprocs` processes, k counting them.

    Returns:
        None where they are joined, else the list of processes.

    Raises:
        RuntimeError: if a process that is joined fails.
    """
    context: Any = get_context(start_method)
    processes = [context.Process(target=fn, args=(k, *args), daemon=daemon) for k in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    for k, process in enumerate(processes):
        if process.exitcode:
            raise RuntimeError(f"process {k} terminated with exit code {process.exitcode}")
    return None


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> Any:  # fmt: skip
    """`start_processes`, each started afresh."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
