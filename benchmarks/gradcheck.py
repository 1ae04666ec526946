"""Gradient checkers side by side: what they find, what they raise alarm over, and how long they take.

The same right and wrong derivatives are put to this package's `gradcheck`, to PyTorch's (fast and slow),
to JAX's `check_grads` and to HIPS autograd's `check_grads`, each with its own default settings. Libraries
that are not installed are left out.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import options, table_head

Elementwise = Callable[[Any], Any]
FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "sin": (lambda m, x: m.sin(x), lambda m, x: m.cos(x)),
    "exp": (lambda m, x: m.exp(x), lambda m, x: m.exp(x)),
    "log": (lambda m, x: m.log(x), lambda m, x: 1 / x),
    "square": (lambda m, x: x * x, lambda m, x: 2 * x),
    "1e-6 x": (lambda m, x: x * 1e-6, lambda m, x: x * 0 + 1e-6),
}


def spread(n: int, low: float = 0.5, high: float = 1.5) -> np.ndarray:
    """Numbers to check at."""
    return np.random.default_rng(0).uniform(low, high, n)


ONE = np.ones(1)
Case = tuple[str, np.ndarray, Callable[[int], np.ndarray] | None]  # function, point, factor on each slope


def zeroed(n: int) -> np.ndarray:
    """The slope of one element is forgotten."""
    return np.where(np.arange(n) == n // 3, 0.0, 1.0)


def nudged(n: int) -> np.ndarray:
    """The slope of one element is a little wrong."""
    return np.where(np.arange(n) == n // 3, 1.0001, 1.0)


CASES: dict[str, Case] = {
    "right: sin of 1,000": ("sin", spread(1000), None),
    "right: sin at 1e6": ("sin", np.array([1e6, 2e6]), None),
    "right: sin at 1e8": ("sin", np.array([1e8, 2e8]), None),
    "right: log at 1e-7": ("log", np.array([1e-7, 3e-7]), None),
    "right: exp at 20": ("exp", np.array([20.0, 21.0]), None),
    "right: square at 1e6": ("square", np.array([1e6, 2e6]), None),
    "wrong: twice the slope": ("sin", spread(10), lambda n: np.full(n, 2.0)),
    "wrong: sign": ("sin", spread(10), lambda n: np.full(n, -1.0)),
    "wrong: 1.001 times the slope": ("sin", spread(10), lambda n: np.full(n, 1.001)),
    "wrong: nothing, of 1e-6 x": ("1e-6 x", spread(10), np.zeros),
    "wrong: one of 1,000 zeroed": ("sin", spread(1000), zeroed),
    "wrong: one of 1,000 by 1.0001": ("sin", spread(1000), nudged),
    "wrong: one of 100,000 zeroed": ("sin", spread(100_000), zeroed),
    "wrong: one of 100,000 by 1.0001": ("sin", spread(100_000), nudged),
}


def ours() -> Callable[[Case], bool]:
    """This package's checker."""
    import tinygrad_lite as tg
    from tinygrad_lite.gradcheck import gradcheck

    def check(case: Case) -> bool:
        return bool(gradcheck(_function(tg, case), tg.from_numpy(case[1]).requires_grad_(), raise_exception=False))

    return check


def _function(m: Any, case: Case) -> Elementwise:
    """The case as an operation of library `m`, PyTorch or this one."""
    forward, slope = FUNCTIONS[case[0]]
    factors = m.from_numpy(case[2](len(case[1])) if case[2] else np.ones(len(case[1])))

    class Operation(m.autograd.Function):  # type: ignore[name-defined, misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return forward(m, x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * slope(m, x) * factors

    return Operation.apply


def torchs(fast: bool) -> Callable[[Case], bool]:
    """PyTorch's checker."""
    import torch

    def check(case: Case) -> bool:
        x = torch.from_numpy(case[1]).requires_grad_()
        return bool(torch.autograd.gradcheck(_function(torch, case), x, raise_exception=False, fast_mode=fast))

    return check


def jaxs() -> Callable[[Case], bool]:
    """JAX's checker, in its usual float32."""
    import jax
    from jax.test_util import check_grads

    def check(case: Case) -> bool:
        forward, slope = FUNCTIONS[case[0]]
        factors = jax.numpy.asarray(case[2](len(case[1])) if case[2] else np.ones(len(case[1])))

        @jax.custom_vjp
        def operation(x: Any) -> Any:
            return forward(jax.numpy, x)

        operation.defvjp(lambda x: (operation(x), x), lambda x, g: (g * slope(jax.numpy, x) * factors.astype(g.dtype),))
        return _passes(lambda: check_grads(operation, (jax.numpy.asarray(case[1]),), order=1, modes=["rev"]))

    return check


def autograds() -> Callable[[Case], bool]:
    """HIPS autograd's checker."""
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(case: Case) -> bool:
        forward, slope = FUNCTIONS[case[0]]
        factors = case[2](len(case[1])) if case[2] else np.ones(len(case[1]))
        operation = primitive(lambda x: forward(np, x))
        defvjp(operation, lambda out, x: lambda g: g * slope(anp, x) * factors)
        return _passes(lambda: check_grads(operation, modes=["rev"], order=1)(case[1]))

    return check


def _passes(run: Callable[[], Any]) -> bool:
    try:
        run()
    except Exception:
        return False
    return True


def checkers() -> dict[str, Callable[[Case], bool]]:
    """Those whose library is installed, by name."""
    makers: dict[str, Callable[[], Callable[[Case], bool]]] = {
        "tinygrad_lite": ours,
        "torch fast": lambda: torchs(True),
        "torch slow": lambda: torchs(False),
        "jax": jaxs,
        "autograd": autograds,
    }
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ImportError:
            print(f"{name}: not installed")
    return found


def seconds(run: Callable[[], Any], rounds: int) -> float:
    """The median time of a run."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print both tables."""
    quick = options(__doc__ or "").quick
    warnings.simplefilter("ignore")
    found = checkers()
    print("What they say: a checker is right if it passes the right ones and fails the wrong ones.\n")
    print(f"| case | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    for name, case in CASES.items():
        cells = []
        for library, check in found.items():
            if library == "torch slow" and len(case[1]) > 1000:
                cells.append("too large")
                continue
            verdict = check(case)
            cells.append(
                ("" if verdict == name.startswith("right") else "**no:** ") + ("passes" if verdict else "fails")
            )
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n{table_head()}\n\nMilliseconds for a right sine of so many numbers:\n")
    print(f"| numbers | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    for n in (10, 1000) if quick else (10, 1000, 100_000):
        cells = []
        for library, check in found.items():
            if library == "torch slow" and n > 1000:
                cells.append("-")
                continue
            case = ("sin", spread(n), None)
            cells.append(f"{seconds(lambda c=check, k=case: c(k), 1 if quick else 7) * 1e3:.1f}")
        print(f"| {n:,} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
