"""A step length that satisfies the strong Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Trial", "strong_wolfe"]

DECREASE = 1e-4  # c1: how much of the decrease that the slope promises must come
FLATTEN = 0.9  # c2: how much of the slope may be left


class Trial(NamedTuple):
    """A step length, and what was found there: the loss, its gradient, and its slope along the direction."""

    t: Any
    loss: float
    gradient: np.ndarray
    slope: Any


def strong_wolfe(
    evaluate: Callable[[Any], Trial], start: Trial, t: Any, reach: Any, tolerance: float, most: int
) -> tuple[Trial, int]:
    """Search along a direction (Nocedal and Wright, 2006, algorithms 3.5 and 3.6, with cubic interpolation).

    Accepted is a t with `loss <= loss(0) + c1 t slope(0)` and `|slope| <= c2 |slope(0)|`.

    Args:
        evaluate: the trial at a step length.
        start: the trial at 0, where the slope is negative.
        t: the first step length to try.
        reach: how far the fastest parameter moves per unit of t.
        tolerance: intervals in which it moves less are not searched further.
        most: how many refinements are made at most.

    Returns:
        the trial chosen, and how many were made.

    Example:
        >>> def square(t):
        ...     return Trial(t, (t - 1.0) ** 2, np.array([2 * (t - 1.0)]), np.float64(2 * (t - 1.0)))
        >>> found, trials = strong_wolfe(square, square(0.0), 4.0, 1.0, 1e-9, 25)
        >>> float(found.t), trials
        (1.0, 2)
    """
    before, now, made, refined = start, evaluate(t), 1, 0
    while True:
        if refined >= most:  # no more trials: the better one of the start and the last
            return (start if start.loss <= now.loss else now), made
        if _too_high(now, start) or (refined > 1 and now.loss >= before.loss):
            break
        if _flat(now, start):
            return now, made
        if now.slope >= 0:
            break
        bounds = now.t + 0.01 * (now.t - before.t), now.t * 10
        before, now = now, evaluate(_cubic_minimum(before, now, bounds))
        made += 1
        refined += 1

    ends = [before, now]  # a step length to accept is between them
    low = int(not before.loss <= now.loss)
    stalled = False
    while refined < most and not abs(ends[1].t - ends[0].t) * reach < tolerance:
        left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
        t, stalled = _off_the_ends(_cubic_minimum(ends[0], ends[1]), left, right, stalled)
        now = evaluate(t)
        made += 1
        refined += 1
        if _too_high(now, start) or now.loss >= ends[low].loss:
            ends[1 - low] = now
            low = int(not ends[0].loss <= ends[1].loss)
            continue
        if _flat(now, start):
            return now, made
        if now.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = now
    return ends[low], made


def _too_high(now: Trial, start: Trial) -> bool:
    return bool(now.loss > start.loss + DECREASE * now.t * start.slope)


def _flat(now: Trial, start: Trial) -> bool:
    return bool(abs(now.slope) <= -FLATTEN * start.slope)


def _off_the_ends(t: Any, left: Any, right: Any, stalled: bool) -> tuple[Any, bool]:
    """A step length, and whether it is near an end of the interval; the second time in a row it is moved inwards."""
    margin = 0.1 * (right - left)
    if not min(right - t, t - left) < margin:
        return t, False
    if not (stalled or t >= right or t <= left):
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def _cubic_minimum(one: Trial, other: Trial, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through two trials, with their slopes, is least (Nocedal and Wright, equation 3.59)."""
    a, b = (one, other) if one.t <= other.t else (other, one)
    low, high = (a.t, b.t) if bounds is None else bounds
    d1 = one.slope + other.slope - 3 * (one.loss - other.loss) / (one.t - other.t)
    inside = d1 * d1 - one.slope * other.slope
    if not inside >= 0:
        return (low + high) / 2
    d2 = np.sqrt(inside)
    least = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(least, low), high)
