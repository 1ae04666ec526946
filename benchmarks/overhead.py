"""What recording one small operation costs, and a chain of a thousand forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.harness import contenders, medians, options, show


def tasks(library: Any) -> dict[str, Callable[[], Any]]:
    """The tasks for one library."""
    a = library.ones(3, requires_grad=True)
    b = library.ones(3, requires_grad=True)
    matrix = library.ones(3, 3, requires_grad=True)

    def chain() -> None:
        x = a
        for _ in range(1000):
            x = x * b
        x.sum().backward()
        a.grad = b.grad = None

    return {
        "a + b, 3 elements": lambda: a + b,
        "a * b, 3 elements": lambda: a * b,
        "m @ m, 3 x 3": lambda: matrix @ matrix,
        "1,000 products, there and back": chain,
    }


def main() -> None:
    """Print the table."""
    quick = options(__doc__ or "").quick
    by_library = {name: tasks(library) for name, library in contenders().items()}
    rows = {}
    for task in by_library["tinygrad_lite"]:
        work = {name: found[task] for name, found in by_library.items()}
        inner = (1 if quick else 5) if "1,000" in task else (100 if quick else 2000)
        rows[task] = (medians(work, 5 if quick else 41, inner), 1.1)
    show("Cost of recording an operation", rows)


if __name__ == "__main__":
    main()
