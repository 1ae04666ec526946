"""How long it takes to see a graph: to read it, and to write it as text, DOT, data and a page.

Every model is run under a watcher, backward pass included; then come the texts. The chain is read from what was
recorded. The goal is 5 s for each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.harness import options
from benchmarks.models import MODELS

GOAL = 5.0


def chain(length: int) -> Any:
    """So many products one after the other."""
    import tinygrad_lite as tg

    y = tg.ones(3, requires_grad=True)
    for _ in range(length):
        y = y * 1.0
    return y


def timed(make: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, which do not depend on what else the machine does; and what was made."""
    start = time.process_time()
    made = make()
    return time.process_time() - start, made


def row(read: Callable[[], Any]) -> tuple[int, list[float]]:
    """The number of operations, and the seconds of each step."""
    from tinygrad_lite.viz.page import page

    seconds, graph = timed(read)
    steps = [seconds]
    for make in (graph.text, lambda: graph.text(fold=False), graph.dot, lambda: graph.dot(fold=False), graph.json):
        steps.append(timed(make)[0])
    steps.append(timed(lambda: page(graph))[0])
    return len(graph.ops), steps


def tasks(length: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names, and functions that read a graph."""
    from tinygrad_lite import viz

    for name, make in MODELS.items():
        model, x = make()
        yield name, partial(viz.graph, model, x, gradients=True)
    yield f"chain of {length:,}", partial(viz.graph, chain(length))


def main() -> None:
    """Print the table."""
    names = ("read", "text", "all text", "DOT", "all DOT", "JSON", "page")
    print(f"{'processor seconds':24}{'ops':>9}" + "".join(f"{name:>9}" for name in names))
    slowest = 0.0
    for name, read in tasks(2_000 if options(__doc__ or "").quick else 100_000):
        ops, seconds = row(read)
        slowest = max(slowest, *seconds)
        print(f"{name:24}{ops:9,}" + "".join(f"{s:9.3f}" for s in seconds))
    print(f"slowest: {slowest:.2f} s, goal: under {GOAL:.0f} s each ({'met' if slowest < GOAL else 'MISSED'})")


if __name__ == "__main__":
    main()
