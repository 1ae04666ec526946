"""Other ways to check a gradient than the ladder along random directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.forward import Tangents
from tinygrad_lite.gradcheck.ladder import EPSILON, Difference, slopes
from tinygrad_lite.gradcheck.problem import (
    Arrays,
    EvaluationError,
    Places,
    Problem,
    directions,
    flat,
    like,
    norm,
    outputs_at,
    signs,
)
from tinygrad_lite.gradcheck.report import FAIL, INCONCLUSIVE, PASS, Finding, Report
from tinygrad_lite.gradcheck.tape import wide
from tinygrad_lite.gradcheck.tensors import Call
from tinygrad_lite.graph import enable_grad
from tinygrad_lite.tensors import make

Method = Callable[[Call, Report, int, Callable[[], None]], None]


def named(method: str) -> Method:
    """The method of that name.

    Raises:
        ValueError: if there is none.
    """
    known: dict[str, Method] = {
        "jacobian": jacobian,
        "complex": complex_step,
        "forward": lambda call, report, seed, tick: forward(call, report, seed),
        "taylor": taylor,
    }
    if method not in known:
        raise ValueError(f"gradcheck: method must be 'ladder' or one of {', '.join(map(repr, known))}, got {method!r}")
    return known[method]


def _gradient_rows(problem: Problem, outputs: Arrays) -> np.ndarray:
    """The Jacobian by the backward pass: a row for each number of the outputs."""
    size = flat(outputs).size
    rows = []
    for k in range(size):
        unit = np.zeros(size)
        unit[k] = 1.0
        rows.append(flat([np.asarray(g) for g in problem.pull(like(unit, outputs))]))
    return np.array(rows).reshape(size, flat(problem.point).size)


def jacobian(call: Call, report: Report, seed: int, tick: Callable[[], None]) -> None:
    """Every entry of the Jacobian, each by a ladder of its own."""
    problem = call.problem()
    start, outputs = flat(problem.point), problem.evaluate(problem.point)
    analytic, size = _gradient_rows(problem, outputs), flat(outputs).size
    steps = directions(start, np.random.default_rng(seed))
    places = Places(problem)
    for place in range(start.size):
        along = np.zeros_like(start)
        along[place] = steps[place]

        def difference(step: float, along: np.ndarray = along) -> Difference:
            report.evaluations += 2
            tick()
            right, left = (outputs_at(problem, start, s * along, size) for s in (step, -step))
            return Difference(right - left, 4 * EPSILON * (np.abs(right) + np.abs(left)))

        values, errors = slopes(difference)
        values, errors = values / steps[place], errors / abs(steps[place])
        _compare_column(report, problem, places.index_of(place), analytic[:, place], values, errors)


def _compare_column(
    report: Report,
    problem: Problem,
    where: tuple[str, tuple[int, ...], str],
    analytic: np.ndarray,
    values: np.ndarray,
    errors: np.ndarray,
) -> None:
    """The finding for one element of the inputs: the output that disagrees most."""
    name, index, part = where
    if not analytic.size:
        return
    rough = problem.epsilon if problem.epsilon > 2 * EPSILON else EPSILON
    allowed = 10 * errors + 40 * rough * np.abs(analytic) + 1e-300
    excess = np.where(np.isfinite(values), np.abs(analytic - values) / allowed, np.inf)
    worst = int(np.argmax(excess))
    verdict = INCONCLUSIVE if not math.isfinite(values[worst]) else FAIL if excess[worst] > 1 else PASS
    note = "; ".join(filter(None, (part, f"output {worst}")))
    report.findings.append(
        Finding(name, index, float(analytic[worst]), float(values[worst]), float(errors[worst]), verdict, note)
    )


def classic(
    call: Call, report: Report, eps: float, atol: float | None, rtol: float | None, fast: bool, seed: int
) -> None:
    """PyTorch's check: differences of one step, compared by tolerances."""
    atol, rtol = 1e-5 if atol is None else atol, 1e-3 if rtol is None else rtol
    problem = call.problem()
    start, outputs = flat(problem.point), problem.evaluate(problem.point)
    random = np.random.default_rng(seed)
    size = flat(outputs).size
    if fast:
        u, v = random.normal(size=start.size), random.normal(size=size)
        u, v = u / max(norm(u), 1e-300), v / max(norm(v), 1e-300)
        right, left = (outputs_at(problem, start, s * eps * u, size) for s in (1, -1))
        report.evaluations += 2
        numeric = float(v @ (right - left)) / (2 * eps)
        analytic = float(flat([np.asarray(g) for g in problem.pull(like(v.copy(), outputs))]) @ u)
        verdict = PASS if abs(analytic - numeric) <= atol + rtol * abs(numeric) else FAIL
        report.findings.append(Finding(", ".join(problem.inputs), None, analytic, numeric, math.nan, verdict))
        return
    rows, places = _gradient_rows(problem, outputs), Places(problem)
    for place in range(start.size):
        along = np.zeros_like(start)
        along[place] = eps
        right, left = (outputs_at(problem, start, s * along, size) for s in (1, -1))
        report.evaluations += 2
        values = (right - left) / (2 * eps)
        off = np.abs(rows[:, place] - values) - (atol + rtol * np.abs(values))
        if off.size:
            worst = int(np.argmax(off))
            name, index, part = places.index_of(place)
            verdict = PASS if off[worst] <= 0 else FAIL
            note = "; ".join(filter(None, (part, f"output {worst}")))
            report.findings.append(
                Finding(name, index, float(rows[worst, place]), float(values[worst]), math.nan, verdict, note)
            )


def complex_step(call: Call, report: Report, seed: int, tick: Callable[[], None]) -> None:
    """f(x + ih) has h f'(x) as its imaginary part: no difference, so no rounding (Squire and Trapp, 1998)."""
    problem = call.problem()
    if any(x.dtype.kind == "c" for x in problem.point):
        raise ValueError("gradcheck: the complex step is for functions of real inputs")
    random = np.random.default_rng(seed)
    start, outputs = flat(problem.point), problem.evaluate(problem.point)
    if any(out.dtype.kind == "c" for out in outputs):
        raise ValueError("gradcheck: the complex step is for functions with real outputs")
    weights, steps = signs(flat(outputs), random), directions(start, random)
    gradient = flat([np.asarray(g) for g in problem.pull(like(weights.copy(), outputs))])
    places = Places(problem)

    def along(where: np.ndarray) -> tuple[float, float]:
        tiny = np.zeros(start.size, np.complex128)
        tiny[where] = 1e-200j * steps[where]
        point, at = [], 0
        for x in problem.point:
            point.append((x.reshape(-1) + tiny[at : at + x.size]).reshape(x.shape))
            at += x.size
        report.evaluations += 1
        tick()
        try:
            found = np.concatenate([np.asarray(out).reshape(-1) for out in call.again(point)])
        except Exception as error:
            raise EvaluationError(f"{call.title} does not take complex numbers: {error}") from error
        if found.dtype.kind != "c":
            raise EvaluationError(f"{call.title} is not analytic: of complex numbers it makes {found.dtype}")
        return float(weights @ found.imag) * 1e200, float(gradient[where] @ steps[where])

    where = np.arange(start.size)
    numeric, analytic = along(where)
    allowed = 1e-11 * norm(gradient * steps) + 1e-300
    if abs(numeric - analytic) <= allowed:
        report.findings.append(Finding(", ".join(problem.inputs), None, analytic, numeric, allowed, PASS))
        return
    while where.size > 1:
        half = where[: where.size // 2]
        numeric, analytic = along(half)
        where = half if abs(numeric - analytic) > allowed else where[where.size // 2 :]
    numeric, analytic = along(where)
    place = int(where[0])
    name, index, part = places.index_of(place)
    step = steps[place]
    report.findings.append(Finding(name, index, analytic / step, numeric / step, allowed / abs(step), FAIL, part))


def forward(call: Call, report: Report, seed: int) -> None:
    """<w, J v> = <J* w, v>: forward mode on one side, the backward pass on the other, no differences."""
    random = np.random.default_rng(seed)
    level = Tangents()
    starts = [like(signs(flat([x.array]), random), [wide(x.array)])[0].astype(x.array.dtype) for x in call.leaves]
    for leaf, tangent in zip(call.leaves, starts, strict=True):
        level.set(leaf, [make(tangent)])
    given = list(call.arguments)
    for k, leaf in zip(call.where, call.leaves, strict=False):
        given[k] = leaf
    with enable_grad(), level:
        outs = call.run(given)
    pushed = [level.filled(out)[0].array for out in outs]
    weights = [like(signs(flat([out.array]), random), [wide(out.array)])[0] for out in outs]
    found = call.pull([w.astype(out.array.dtype) for w, out in zip(weights, outs, strict=True)])
    left = float(flat([wide(p) for p in pushed]) @ flat(weights))
    pulled = [np.zeros_like(x.array) if g is None else g for g, x in zip(found, call.leaves, strict=True)]
    terms = flat([wide(g) for g in pulled]) * flat([wide(t) for t in starts])
    right = float(terms.sum())
    epsilon = max(float(np.finfo(out.array.dtype).eps) for out in outs)
    allowed = 1e3 * epsilon * (norm(terms) + norm(flat([wide(p) for p in pushed])))
    verdict = PASS if abs(left - right) <= allowed else FAIL
    note = "" if verdict == PASS else "forward mode and the backward pass disagree"
    report.findings.append(Finding(", ".join(call.names), None, right, left, allowed, verdict, note))


def taylor(call: Call, report: Report, seed: int, tick: Callable[[], None]) -> None:
    """f(x + h d) - f(x) - h <g, d> has to fall like h², which a wrong gradient turns into h."""
    problem = call.problem()
    random = np.random.default_rng(seed)
    start, outputs = flat(problem.point), problem.evaluate(problem.point)
    weights, steps = signs(flat(outputs), random), directions(start, random)
    gradient = float(flat([np.asarray(g) for g in problem.pull(like(weights.copy(), outputs))]) @ steps)
    base = flat(outputs)
    remainders, sizes = [], [2.0**-k for k in range(3, 15)]
    for h in sizes:
        moved = outputs_at(problem, start, h * steps, base.size)
        tick()
        report.evaluations += 1
        remainders.append(abs(float(weights @ (moved - base)) - h * gradient))
    noise = 8 * EPSILON * norm(weights * base)
    usable = [(h, r) for h, r in zip(sizes, remainders, strict=True) if math.isfinite(r) and r > 10 * noise]
    order = _order(usable[-4:]) if len(usable) >= 3 else 2.0
    verdict = PASS if order > 1.5 else FAIL
    note = f"the remainder falls like h^{order:.2f}" if len(usable) >= 3 else "the remainder is lost in rounding"
    report.findings.append(Finding(", ".join(problem.inputs), None, gradient, math.nan, noise, verdict, note))


def _order(points: Sequence[tuple[float, float]]) -> float:
    steps, remainders = np.log([h for h, _ in points]), np.log([r for _, r in points])
    return float(np.polyfit(steps, remainders, 1)[0])


def batched(call: Call, report: Report) -> None:
    """`vmap` over backward passes has to give what they give one by one."""
    from tinygrad_lite.func import vmap

    random = np.random.default_rng(0)
    batch = [
        [like(signs(flat([o.array]), random), [wide(o.array)])[0].astype(o.array.dtype) for o in call.outputs]
        for _ in range(2)
    ]
    one_by_one = [call.pull(cotangents) for cotangents in batch]

    def pulled(*cotangents: Any) -> Any:
        found = call.pull([c.array for c in cotangents])
        return tuple(make(np.zeros_like(x.array) if g is None else g) for g, x in zip(found, call.leaves, strict=True))

    together: Any = vmap(pulled)(*(make(np.stack(column)) for column in zip(*batch, strict=True)))
    for k, name in enumerate(call.names):
        for row, found in enumerate(one_by_one):
            alone: Any = np.zeros_like(call.leaves[k].array) if found[k] is None else found[k]
            if not np.allclose(together[k].array[row], alone):
                report.problems.append(f"vmap over backward passes gives input `{name}` another gradient")
