"""What has to hold of a backward pass apart from its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.gradcheck.problem import same

Pull = Callable[[Sequence[np.ndarray | None]], Sequence[np.ndarray | None]]


def problems(
    names: Sequence[str],
    inputs: Sequence[np.ndarray],
    outputs: Sequence[np.ndarray],
    pull: Pull,
    undefined: bool,
    nondet_tol: float,
) -> list[str]:
    """What is wrong with a backward pass, in words.

    Args:
        names: of the inputs.
        inputs: their arrays, as the program holds them.
        outputs: the arrays of the outputs.
        pull: runs the backward pass; None stands for a gradient that is not given, or zero.
        undefined: whether to leave out the gradients of single outputs.
        nondet_tol: how far two runs may differ.
    """
    random = np.random.default_rng(0)
    cotangents = [_cotangent(out, random) for out in outputs]
    before = [x.copy() for x in (*inputs, *cotangents)]
    first = pull(cotangents)
    found = _looks(names, inputs, first)
    for x, then, name in zip(
        (*inputs, *cotangents), before, (*names, *(["the gradient given"] * len(cotangents))), strict=True
    ):
        if not same(x, then):
            found.append(f"the backward pass wrote into {name}")
    kept = [None if g is None else g.copy() for g in first]
    second = pull([c.copy() for c in cotangents])
    found += _aliases(names, inputs, first, second)
    for name, a, b in zip(names, kept, second, strict=True):
        if not _same(a, b, nondet_tol):
            found.append(f"Backward is not reentrant: two runs give different gradients of input `{name}`")
    for name, g in zip(names, pull([np.zeros_like(c) for c in cotangents]), strict=True):
        if g is not None and np.any(g):
            found.append(f"a gradient of zero gives input `{name}` a gradient that is not zero")
    if undefined and len(outputs) > 1:
        found += _undefined(names, cotangents, pull)
    return found


def _cotangent(out: np.ndarray, random: np.random.Generator) -> np.ndarray:
    values: Any = random.uniform(0.5, 1.5, out.shape)
    if out.dtype.kind == "c":
        values = values + 1j * random.uniform(0.5, 1.5, out.shape)
    return np.asarray(values).astype(out.dtype)


def _looks(names: Sequence[str], inputs: Sequence[np.ndarray], found: Sequence[np.ndarray | None]) -> list[str]:
    wrong = []
    for name, x, g in zip(names, inputs, found, strict=True):
        if g is not None and g.shape != x.shape:
            wrong.append(f"the gradient of input `{name}` has shape {g.shape}, the input {x.shape}")
        elif g is not None and g.dtype != x.dtype:
            wrong.append(f"the gradient of input `{name}` has dtype {g.dtype}, the input {x.dtype}")
    return wrong


def _aliases(
    names: Sequence[str],
    inputs: Sequence[np.ndarray],
    first: Sequence[np.ndarray | None],
    second: Sequence[np.ndarray | None],
) -> list[str]:
    """Gradients in memory that is not theirs. In one run a gradient may be passed on to two inputs, as by a sum."""
    others = [
        *((f"input `{name}`", x) for name, x in zip(names, inputs, strict=True)),
        *((f"the gradient of input `{name}` of an earlier run", g) for name, g in zip(names, first, strict=True)),
    ]
    wrong = []
    for name, g in zip(names, second, strict=True):
        for title, other in others:
            if g is None or other is None or not (g.flags.writeable and other.flags.writeable):
                continue
            if np.shares_memory(g, other):
                wrong.append(f"the gradient of input `{name}` shares memory with {title}")
    return wrong


def _undefined(names: Sequence[str], cotangents: Sequence[np.ndarray], pull: Pull) -> list[str]:
    """An output without a gradient has to count as one with a gradient of zero."""
    wrong = []
    for k in range(len(cotangents)):
        without = pull([None if j == k else c for j, c in enumerate(cotangents)])
        zeroed = pull([np.zeros_like(c) if j == k else c for j, c in enumerate(cotangents)])
        for name, a, b in zip(names, without, zeroed, strict=True):
            if not _same(a, b, 0.0, zero=True):
                wrong.append(f"without a gradient for output {k} input `{name}` gets another one than with zeros")
    return wrong


def _same(a: np.ndarray | None, b: np.ndarray | None, tolerance: float, zero: bool = False) -> bool:
    if a is None or b is None:
        rest = b if a is None else a
        return rest is None or (zero and not np.any(rest))
    if tolerance or zero:
        return bool(np.allclose(a, b, rtol=tolerance or 1e-12, atol=tolerance or 1e-12, equal_nan=True))
    return same(a, b)
