"""How everything here is timed: the contenders in turn, A B A B, and medians of many rounds.

A machine's speed drifts while a benchmark runs. Two contenders that take turns within milliseconds see
the same drift, so the ratio of their medians can be trusted where single times cannot. All use the same
number of threads, which is printed.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

THREADS = int(os.environ.get("BENCH_THREADS", "2"))
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(THREADS)  # read by NumPy and PyTorch when they are imported


def parser(description: str) -> argparse.ArgumentParser:
    """The command line that all benchmarks share, for those that add to it."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--quick", action="store_true", help="few rounds: does it run at all?")
    return arguments


def options(description: str) -> argparse.Namespace:
    """The options of a benchmark that has only the shared ones."""
    return parser(description).parse_args()


def table_head() -> str:
    """What a table of figures has to say of how they came about."""
    return (
        f"Python {sys.version.split()[0]}, {THREADS} threads, medians of interleaved rounds; ratios to PyTorch's time."
    )


def contenders() -> dict[str, Any]:
    """The libraries to compare, by name: this one, and PyTorch where it is installed."""
    import tinygrad_lite

    found: dict[str, Any] = {"tinygrad_lite": tinygrad_lite}
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: no ratios. pip install torch==2.13.0 for the comparison.\n")
        return found
    torch.set_num_threads(THREADS)
    found["torch"] = torch
    return found


def medians(work: Mapping[str, Callable[[], Any]], rounds: int, inner: int) -> dict[str, float]:
    """Seconds per call: the median over `rounds` of the mean of `inner` calls, contenders in turn."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for run in work.values():
        for _ in range(min(inner, 10)):
            run()
    gc.collect()
    for _ in range(rounds):
        for name, run in work.items():
            start = time.perf_counter()
            for _ in range(inner):
                run()
            times[name].append((time.perf_counter() - start) / inner)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, rows: Mapping[str, tuple[dict[str, float], float]]) -> None:
    """Print a table: each task with its medians, the ratio to PyTorch, and the ratio it is to stay under."""
    libraries = list(next(iter(rows.values()))[0])
    print(f"{title}  (Python {sys.version.split()[0]}, {THREADS} threads, medians of interleaved rounds)")
    header = "".join(f"{name:>16}" for name in libraries)
    print(f"{'':34}{header}" + (f"{'ratio':>9}{'goal':>8}" if "torch" in libraries else ""))
    for task, (found, goal) in rows.items():
        cells = "".join(f"{_human(found[name]):>16}" for name in libraries)
        ratio = f"{found['tinygrad_lite'] / found['torch']:9.2f}{goal:8.1f}" if "torch" in found else ""
        print(f"{task:34}{cells}{ratio}")
    print()


def _human(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e9:.0f} ns"
