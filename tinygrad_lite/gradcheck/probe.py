"""Checking a problem along random directions, and finding the element that is wrong.

Along a direction with random signs and magnitudes one wrong element shows among many, and nearly nothing
cancels. So a right gradient is confirmed in a few dozen evaluations, whatever its size; a wrong one is
followed through halves of the direction to a single element, in log n steps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_lite.gradcheck.ladder import (
    EPSILON,
    FIRST_STEPS,
    LONG_STEPS,
    NOTHING,
    SMALL_STEP,
    Difference,
    Estimate,
    climb,
)
from tinygrad_lite.gradcheck.problem import (
    EvaluationError,
    Places,
    Problem,
    directions,
    flat,
    like,
    norm,
    outputs_at,
    signs,
    typical,
)
from tinygrad_lite.gradcheck.report import BAD_KINK, FAIL, INCONCLUSIVE, KINK, PASS, Finding

MANY = 100
"""Outputs of which some hardly move along a random direction, by chance."""

MOST_KINKS = 32
"""Elements with a kink that are looked at one by one."""


class Sides(NamedTuple):
    """The slopes to the left and to the right, and whether they differ: a kink."""

    left: float
    right: float
    kink: bool


class Comparison(NamedTuple):
    """The derivative along a direction, twice."""

    analytic: float
    numeric: Estimate
    tolerance: float
    size: float
    sides: Sides | None

    @property
    def agrees(self) -> bool:
        """Whether the two are the same, as far as can be told."""
        return abs(self.analytic - self.numeric.value) <= self.tolerance

    @property
    def sharp(self) -> bool:
        """Whether the numeric side is known well enough to tell."""
        return self.numeric.error <= 1e-3 * max(self.size, abs(self.numeric.value), 1e-300)


def _trust(estimate: Estimate) -> float:
    """How good an estimate is: its error relative to its value. Too large a step gives small numbers, errors too."""
    return estimate.error / max(abs(estimate.value), 1e-300) if math.isfinite(estimate.error) else math.inf


def _flat(found: Sequence[Estimate]) -> Estimate | None:
    """The estimate by which the function is flat, as stairs are that look like a slope from afar."""
    steepest = max((e for e in found if math.isfinite(e.value)), key=lambda e: abs(e.value), default=NOTHING)
    flat = [
        e for e in found
        if e.step < steepest.step and abs(e.value) <= 10 * e.error and e.error <= 1e-2 * abs(steepest.value)
    ]  # fmt: skip
    return min(flat, key=lambda e: e.error) if flat else None


def _best(found: Sequence[Estimate], size: float, floor: float) -> Estimate:
    """The best estimate where none agrees with the gradient."""
    if size == 0.0 and (flat := _flat(found)):
        return flat
    sharp = sorted((e for e in found if e.error <= 1e-6 * max(size, abs(e.value)) + floor), key=lambda e: e.step)
    for fine, coarse in itertools.pairwise(sharp):
        if abs(fine.value - coarse.value) <= 10 * (fine.error + coarse.error) + floor:
            return min(fine, coarse, key=lambda e: e.error)
    return min(found, key=_trust)


class Probe:
    """One look at a problem: random weights on its outputs and a random direction.

    Args:
        problem: what to check.
        random: where weights and directions come from.
        tick: called after each evaluation, for progress.
    """

    def __init__(self, problem: Problem, random: np.random.Generator, tick: Callable[[], None] = lambda: None) -> None:
        self.problem, self.tick = problem, tick
        self.places = Places(problem)
        self.evaluations = 0
        self.rounding = 0.0  # of the gradients of outputs that hardly move, and so have a large weight
        self.works = FIRST_STEPS[0]
        self.start = flat(problem.point)
        self.steps = directions(self.start, random)
        outputs = problem.at_point()
        self.base = flat(outputs)
        self.weights = self._balanced(random)
        self.noise = 4 * problem.noise * norm(self.weights * self.base)
        gradients = problem.pull(like(self.weights.copy(), outputs))
        self.gradient = flat([np.asarray(g) for g in gradients])
        if self.gradient.shape != self.start.shape:
            raise ValueError(
                f"{problem.name}: the gradients have {self.gradient.size} numbers, the inputs {self.start.size}"
            )

    def outputs(self, move: np.ndarray) -> np.ndarray:
        """The outputs at another point, in a row."""
        self.evaluations += 1
        self.tick()
        return outputs_at(self.problem, self.start, move, self.base.size)

    def _balanced(self, random: np.random.Generator) -> np.ndarray:
        """Weights under which each output has about the same part in the derivative along the direction.

        Of many outputs some hardly move, by chance, and would get a weight that drowns the others: so they are
        moved several times.
        """
        step = SMALL_STEP
        moved = np.zeros_like(self.base)
        usual = 0.0
        for k in range(3):
            if k and (self.base.size <= MANY or moved.min() > usual / 100):
                break
            turned = self.steps if k == 0 else self.steps * random.choice([-1.0, 1.0], self.steps.shape)
            by = self.outputs(step * turned) - self.base
            by = np.abs(by, out=by)
            if not math.isfinite(by.sum()):
                by[~np.isfinite(by)] = 0.0
            moved = np.maximum(moved, by / step)
            usual = typical(moved)
        noise = 16 * self.problem.noise * np.abs(self.base) / step
        if self.problem.epsilon > 1e-4:  # float16 overflows early
            return signs(self.base, random) * math.sqrt(usual) / np.clip(moved, usual / 32, usual * 32)
        least = 1e-6 if self.problem.epsilon < 1e-10 else 1e-3
        weights = signs(self.base, random) / np.maximum(moved, np.maximum(least * usual, noise))
        self.rounding = 4 * self.problem.epsilon * usual * float(np.abs(weights).max(initial=0.0))
        return weights

    def compare(self, where: np.ndarray | slice) -> Comparison:
        """The derivative along the part `where` of the direction, by the gradient and by differences."""
        along = np.zeros_like(self.steps)
        along[where] = self.steps[where]
        terms = self.gradient[where] * self.steps[where]
        analytic, size = float(terms.sum()), norm(terms)
        floor = 4 * EPSILON * float(np.abs(terms).sum()) + 40 * self._rough * size + self.rounding
        enough = min(floor / 10, 1e-4 * size)
        rungs: dict[float, tuple[float, float]] = {}

        def difference(step: float) -> Difference:
            return self._difference(step, along, rungs)

        found: list[Estimate] = []
        for first in self._first_steps():
            if first in LONG_STEPS and _best(found, size, floor).error <= 1e-3 * size:
                continue
            try:
                estimate = climb(difference, first, lambda e: e.error <= 1e-10 * max(size, abs(e.value)) + enough)
            except EvaluationError:
                if first not in LONG_STEPS:
                    raise
                continue
            if first in LONG_STEPS and not (
                estimate.error <= 1e-3 * size and abs(analytic - estimate.value) <= 10 * estimate.error + floor
            ):
                continue  # what is bounded looks flat from afar: this proves a gradient right, but not wrong
            found.append(estimate)
            if estimate.error > 1e-6 * max(size, abs(estimate.value)) + floor:
                continue
            if abs(analytic - estimate.value) <= 10 * estimate.error + floor:
                near = [e for e in found if abs(e.value - estimate.value) <= 10 * (e.error + estimate.error) + floor]
                best = min(near, key=lambda e: e.error)  # of ladders that agree the sharpest has the word
                self.works = first
                break
        else:
            best = _best(found, size, floor)
            self.works = min((step for step in FIRST_STEPS if best.step <= step), default=self.works)
        sides = self._sides(rungs, best, max(size, abs(best.value)))
        return Comparison(analytic, best, 10 * best.error + floor, size, sides)

    def range_of(self, place: int, comparison: Comparison) -> tuple[float, float]:
        """The least and the largest slope along one element, each output being free to take either of its sides."""
        assert comparison.sides is not None
        step = comparison.numeric.step
        if self.base.size == 1 or not math.isfinite(step):
            return comparison.sides.left, comparison.sides.right
        move = np.zeros_like(self.steps)
        move[place] = self.steps[place]
        return self.range_along(move, step)

    def range_along(self, move: np.ndarray, step: float) -> tuple[float, float]:
        """The least and the largest slope along `move`, each output being free to take either of its sides."""
        sides = []
        for sign in (1.0, -1.0):
            near, far = (self.outputs(sign * h * move) - self.base for h in (step, 2 * step))
            sides.append(sign * self.weights * (4 * near - far) / (2 * step))
        return float(np.minimum(*sides).sum()), float(np.maximum(*sides).sum())

    def _difference(self, step: float, along: np.ndarray, rungs: dict[float, tuple[float, float]]) -> Difference:
        right, left = self.outputs(step * along), self.outputs(-step * along)
        with np.errstate(all="ignore"):  # what is not finite ends the ladder
            rise, fall = self._rise(right), self._rise(left)
            rungs[step] = (rise / step, -fall / step)
            return Difference(rise - fall, self.noise)

    def gap(self, where: np.ndarray, whole: float) -> float:
        """How far the gradient is off along the part `where` of the direction, about; `whole` is that of more."""
        along = np.zeros_like(self.steps)
        along[where] = self.steps[where]
        near = abs(whole) / 16
        analytic = float((self.gradient[where] * self.steps[where]).sum())
        for first in (self.works, self.works / 256, self.works * 256):
            estimate = climb(lambda step: self._difference(step, along, {}), first, lambda e: e.error <= near)
            if estimate.error <= near:
                return analytic - estimate.value
        comparison = self.compare(where)
        gap = analytic - comparison.numeric.value
        if comparison.agrees and comparison.numeric.error > abs(whole) / 2:
            return 0.0
        return gap if math.isfinite(gap) else whole

    def _first_steps(self) -> list[float]:
        """First steps of ladders, the one that worked before at the front."""
        steps = (*FIRST_STEPS, *LONG_STEPS)
        return sorted(steps, key=lambda step: (step in LONG_STEPS, step != self.works, -step))

    @property
    def _rough(self) -> float:
        """The roundoff of the analytic side, beyond that of float64."""
        return self.problem.epsilon if self.problem.epsilon > 2 * EPSILON else EPSILON / 8

    def _rise(self, outputs: np.ndarray) -> float:
        return float(self.weights @ (outputs - self.base))

    def _sides(self, rungs: dict[float, tuple[float, float]], best: Estimate, size: float) -> Sides | None:
        """The slopes to both sides, extrapolated from the two smallest rungs of the ladder that was climbed best."""
        steps = (
            sorted(step for step in rungs if step >= best.step)[:2] if math.isfinite(best.step) else sorted(rungs)[:2]
        )
        if len(steps) < 2:
            return None
        (near_right, near_left), (far_right, far_left) = rungs[steps[0]], rungs[steps[1]]
        ratio = steps[1] / steps[0]
        right = (ratio * near_right - far_right) / (ratio - 1)
        left = (ratio * near_left - far_left) / (ratio - 1)
        bend, before = abs(near_right - near_left), abs(far_right - far_left)
        noise = self.problem.noise * norm(self.weights * self.base) / steps[0]
        kink = bend > 0.75 * before and bend > 1e-6 * size + 100 * noise
        return Sides(min(left, right), max(left, right), bool(kink))


def check(
    problem: Problem,
    seed: int = 0,
    probes: int = 1,
    tick: Callable[[], None] = lambda: None,
    single: bool = False,
) -> tuple[list[Finding], int]:
    """Findings of a problem, and how often its function ran.

    Args:
        problem: what to check.
        seed: of the random directions.
        probes: how many random directions a right gradient has to pass.
        tick: called after each evaluation.
        single: whether it is one operation, of which elements with kinks can be judged together too.

    Raises:
        EvaluationError: if the function cannot be evaluated near the point.
    """
    random = np.random.default_rng(seed)
    found: list[Finding] = []
    evaluations = 0
    for _ in range(probes):
        probe = Probe(problem, random, tick)
        if not np.isfinite(probe.base).all():
            return [_whole(probe, INCONCLUSIVE, math.nan, NOTHING, "the outputs are not finite at the point")], 1
        found = _look(probe)
        kinks = [probe.places.place_of(f.input, f.index) for f in found if f.verdict == KINK and f.index is not None]
        if single and len(kinks) > 1 and len(kinks) == len(found):
            found += _together(probe, kinks)
        evaluations += probe.evaluations
        if any(finding.verdict != PASS for finding in found):
            break
    return found, evaluations


def _whole(probe: Probe, verdict: str, analytic: float, numeric: Estimate, note: str = "") -> Finding:
    return Finding(", ".join(probe.problem.inputs), None, analytic, numeric.value, numeric.error, verdict, note)


def _look(probe: Probe) -> list[Finding]:
    """What one probe shows."""
    everything = np.arange(probe.start.size)
    if not everything.size or not probe.base.size:
        return [_whole(probe, PASS, 0.0, Estimate(0.0, 0.0), "nothing to differentiate")]
    bad = np.flatnonzero(~np.isfinite(probe.gradient))
    if bad.size:
        comparison = probe.compare(bad[:1])
        known = math.isfinite(comparison.numeric.value)
        note = "the gradient is not finite" + ("" if known else ", and neither is the function around it")
        return [_element(probe, int(bad[0]), comparison, FAIL if known else INCONCLUSIVE, note)]
    whole = probe.compare(everything)
    if whole.sides is not None and whole.sides.kink:
        return _kinks(probe, everything)
    if not math.isfinite(whole.numeric.value) or not (whole.agrees or whole.sharp):
        return [_unclear(probe, everything, whole)]
    if whole.agrees:
        if not whole.sharp and whole.size:
            return [_unclear(probe, everything, whole)]
        return [_whole(probe, PASS, whole.analytic, whole.numeric)]
    return [_culprit(probe, everything, whole)]


def _culprit(probe: Probe, where: np.ndarray, whole: Comparison) -> Finding:
    """The element that is wrong, found by halving the direction: on with the half that is further off."""
    gap = whole.analytic - whole.numeric.value
    while where.size > 1:
        half, rest = where[: where.size // 2], where[where.size // 2 :]
        part = probe.gap(half, gap)
        where, gap = (half, part) if abs(part) >= abs(gap - part) else (rest, gap - part)
    comparison = probe.compare(where)
    if comparison.agrees:
        return _element(probe, int(where[0]), comparison, FAIL, "wrong together with others near it")
    if comparison.sides is not None and comparison.sides.kink:
        return _kink(probe, int(where[0]), comparison)
    if not math.isfinite(comparison.numeric.value):
        return _element(probe, int(where[0]), comparison, INCONCLUSIVE, "the function is not finite around it")
    return _element(probe, int(where[0]), comparison, FAIL)


def _element(probe: Probe, place: int, comparison: Comparison, verdict: str, note: str = "") -> Finding:
    name, index, part = probe.places.index_of(place)
    step = probe.steps[place]
    numeric, error = comparison.numeric.value / step, comparison.numeric.error / abs(step)
    notes = "; ".join(filter(None, (part, note)))
    return Finding(name, index, float(probe.gradient[place]), float(numeric), float(error), verdict, notes)


def _kink(probe: Probe, place: int, comparison: Comparison) -> Finding:
    """The verdict on an element with a kink: is the gradient between the slopes of the two sides?"""
    assert comparison.sides is not None
    low, high = probe.range_of(place, comparison)
    slack = 1e-6 * max(abs(low), abs(high)) + comparison.tolerance * 1e-3 * math.isfinite(comparison.tolerance)
    valid = low - slack <= comparison.analytic <= high + slack
    step = probe.steps[place]
    between = sorted((low / step, high / step))
    note = f"the slopes of the sides are {between[0]:.6g} and {between[1]:.6g}"
    return _element(probe, place, comparison, KINK if valid else BAD_KINK, note)


def _kinks(probe: Probe, where: np.ndarray) -> list[Finding]:
    """The elements with a kink, one by one, and what is wrong beside them."""
    found: list[Finding] = []
    smooth: list[tuple[np.ndarray, Comparison]] = []
    stack = [where]
    while stack:
        part = stack.pop()
        comparison = probe.compare(part)
        bent = comparison.sides is not None and comparison.sides.kink
        if bent and part.size == 1:
            finding = _kink(probe, int(part[0]), comparison)
            found.append(finding)
            if finding.verdict == BAD_KINK or len(found) == MOST_KINKS:
                break
        elif bent:
            stack += [part[part.size // 2 :], part[: part.size // 2]]
        elif not comparison.agrees:
            smooth.append((part, comparison))
            break
    if smooth:
        found.append(_culprit(probe, *smooth[0]))
    if found:
        return found
    whole = probe.compare(where)  # the parts are smooth, and agree: rounding looked like a kink
    return [_whole(probe, PASS, whole.analytic, whole.numeric) if whole.agrees else _unclear(probe, where, whole)]


def _together(probe: Probe, places: Sequence[int]) -> list[Finding]:
    """What is wrong with elements that each have a valid subgradient: the same step in all of them shows it.

    Of a maximum that two inputs share each may have all of the gradient, or none, but not both all of it.
    """
    move = np.zeros_like(probe.steps)
    move[list(places)] = 2.0 ** math.floor(math.log2(typical(probe.start[list(places)])))
    low, high = probe.range_along(move, SMALL_STEP)
    analytic = float((probe.gradient * move).sum())
    slack = (1e-6 + 40 * probe._rough) * float(np.abs(probe.gradient * move).sum()) + 1e-6 * max(abs(low), abs(high))
    if low - slack <= analytic <= high + slack:
        return []
    name, index, _ = probe.places.index_of(places[0])
    step, middle = move[places[0]], (low + high) / 2
    note = f"together with {len(places) - 1} others that have a kink there"
    return [Finding(name, index, analytic / step, middle / step, (high - low) / (2 * step), BAD_KINK, note)]


def _unclear(probe: Probe, where: np.ndarray, whole: Comparison) -> Finding:
    """Why the numeric side says nothing."""
    if math.isfinite(whole.numeric.value):
        return _whole(probe, INCONCLUSIVE, whole.analytic, whole.numeric, "rounding hides the derivative at every step")
    while where.size > 1:
        half = where[: where.size // 2]
        where = half if not math.isfinite(probe.compare(half).numeric.value) else where[where.size // 2 :]
    return _element(probe, int(where[0]), probe.compare(where), INCONCLUSIVE, "the function is not finite around it")
