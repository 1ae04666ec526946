"""The table, connectionist temporal classification: one moment of its recursion."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.op import op

NEVER = -1e30  # the logarithm of what cannot be; finite, so that differences of two stay numbers


def _after(alpha: Any, by: int) -> Any:
    """The states shifted along; what comes in from before the first cannot be."""
    n, states = alpha.shape
    gap = np.full((n, min(by, states)), NEVER, alpha.dtype)
    return np.concatenate((gap, alpha[:, : states - gap.shape[1]]), axis=1)


def _before(g: Any, by: int) -> Any:
    """The shift undone, for gradients."""
    n, states = g.shape
    gap = np.zeros((n, min(by, states)), g.dtype)
    return np.concatenate((g[:, gap.shape[1] :], gap), axis=1)


def _paths(alpha: Any, skips: Any) -> tuple[Any, Any, Any]:
    """The three ways into each state: from itself, from the one before, from the one before that."""
    return alpha, _after(alpha, 1), np.where(skips, _after(alpha, 2), NEVER)


def _step(alpha: Any, log_p: Any, skips: Any, running: Any) -> Any:
    paths = _paths(alpha, skips)
    top = np.maximum(np.maximum(paths[0], paths[1]), paths[2])
    total = np.exp(paths[0] - top) + np.exp(paths[1] - top) + np.exp(paths[2] - top)
    return np.where(running, log_p + (top + np.log(total)), alpha)


def _step_rule(g: Any, alpha: Any, log_p: Any, out: Any, skips: Any, running: Any) -> Any:
    """To each path its share of the probability."""
    total = np.where(running, out - log_p, 0.0)
    going = np.where(running, g, 0.0)
    stay, one, two = (going * np.exp(np.minimum(path - total, 0.0)) for path in _paths(alpha, skips))
    return np.where(running, stay + _before(one, 1) + _before(two, 2), g)


# fmt: off
ctc_step = op(
    "ctc_step", _step,
    cases=(((2, 5), (2, 5), {"skips": np.array([[False, False, True, False, True], [False] * 5]),
                             "running": np.array([[True], [True]])}),
           ((2, 3), (2, 3), {"skips": np.array([[False, False, True]]), "running": np.array([[True], [False]])})),
    numbers="real",
    doc="From the log-probabilities of the states at one moment to those at the next, where it is still running.",
    alpha=_step_rule,
    log_p=lambda g, running: np.where(running, g, 0.0),
)
