"""Whole training steps: forward, loss, backward, optimiser; twenty in a row, as training takes them, then in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.harness import contenders, medians, options, show


def _step(model: Any, loss_function: Any, optimizer: Any, x: Any, y: Any) -> Callable[[], Any]:
    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(x), y).backward()
        optimizer.step()

    return step


def xor(m: Any) -> Callable[[], Any]:
    """2-8-1 with tanh and sigmoid on the four cases of XOR."""
    m.manual_seed(0)
    model = m.nn.Sequential(m.nn.Linear(2, 8), m.nn.Tanh(), m.nn.Linear(8, 1), m.nn.Sigmoid())
    x = m.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = m.tensor([[0.0], [1.0], [1.0], [0.0]])
    return _step(model, m.nn.MSELoss(), m.optim.Adam(model.parameters(), lr=0.01), x, y)


def mlp(m: Any) -> Callable[[], Any]:
    """784-128-10 with ReLU and cross-entropy on 128 images of random pixels."""
    m.manual_seed(0)
    model = m.nn.Sequential(m.nn.Linear(784, 128), m.nn.ReLU(), m.nn.Linear(128, 10))
    x, y = m.rand(128, 784), m.randint(0, 10, (128,))
    return _step(model, m.nn.CrossEntropyLoss(), m.optim.Adam(model.parameters()), x, y)


def main() -> None:
    """Print the table."""
    quick = options(__doc__ or "").quick
    libraries = contenders()
    rows = {}
    for task, build, goal in (("XOR 2-8-1, batch 4, Adam", xor, 0.3), ("784-128-10, batch 128, Adam", mlp, 1.0)):
        work = {name: build(library) for name, library in libraries.items()}
        rows[task] = (medians(work, 10 if quick else 101, 20), goal)
    show("Training steps", rows)


if __name__ == "__main__":
    main()
