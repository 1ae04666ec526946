"""Checks the gradients of a model's parameters against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_lite.gradcheck.ladder import slope
from tinygrad_lite.graph import no_grad

if TYPE_CHECKING:
    from tinygrad_lite.nn import Module
    from tinygrad_lite.tensor import Tensor


class Finding(NamedTuple):
    """One parameter: its gradient along a random direction, by the backward pass and by differences."""

    name: str
    analytic: float
    numeric: float
    error: float
    ok: bool


class Report(NamedTuple):
    """What `check_parameters` found."""

    findings: list[Finding]
    elements: int

    @property
    def ok(self) -> bool:
        """Whether every parameter passed."""
        return all(finding.ok for finding in self.findings)

    @property
    def worst(self) -> Finding:
        """The finding with the largest relative difference."""
        return max(self.findings, key=_relative)

    def __str__(self) -> str:
        if self.ok:
            return (
                f"passed: the gradients of {len(self.findings)} parameters ({self.elements:,} numbers) agree with "
                f"finite differences; largest relative difference {_relative(self.worst):.1e} ({self.worst.name})"
            )
        lines = [
            f"  {f.name}: backward {f.analytic:.6g}, finite differences {f.numeric:.6g} ± {f.error:.1e}"
            for f in self.findings
            if not f.ok
        ]
        return "FAILED along a random direction in:\n" + "\n".join(lines)


def _relative(finding: Finding) -> float:
    return abs(finding.analytic - finding.numeric) / max(abs(finding.numeric), 1e-300)


def check_parameters(model: Module, loss: Callable[[Any], Tensor], seed: int = 0) -> Report:
    """Compare each parameter's gradient with finite differences along a random direction.

    The model is copied to float64 first, so that rounding does not hide an error; the model itself is
    not touched. A direction has random signs and magnitudes, so one wrong element shows.

    Args:
        model: the model.
        loss: from a model (the float64 copy) to its loss, a tensor with one element.
        seed: of the directions.

    Returns:
        a report; `print` it, or look at `ok` and `findings`.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.gradcheck import check_parameters
        >>> x = tg.linspace(0, 1, 6, dtype=tg.float64).reshape(2, 3)
        >>> check_parameters(tg.nn.Linear(3, 1), lambda model: model(x).square().sum()).ok
        True
    """
    twin = deepcopy(model).double()
    twin.zero_grad()
    loss(twin).backward()
    random = np.random.default_rng(seed)
    parameters = [(name, p) for name, p in twin.named_parameters() if p.requires_grad]
    findings = [_compare(twin, loss, name, p, random) for name, p in parameters]
    return Report(findings, sum(p.numel() for _, p in parameters))


def _compare(
    model: Module, loss: Callable[[Any], Tensor], name: str, parameter: Any, random: np.random.Generator
) -> Finding:
    array = parameter.array
    start = array.copy()
    scale = np.maximum(np.abs(start), 1e-3 * max(1.0, np.abs(start).max(initial=0.0)))
    direction = scale * random.choice([-1.0, 1.0], start.shape) * random.uniform(0.5, 1.5, start.shape)

    def along(t: float) -> float:
        array[...] = start + t * direction
        with no_grad():
            return float(loss(model).item())

    estimate = slope(along)
    array[...] = start
    gradient = np.zeros_like(start) if parameter.grad is None else parameter.grad.array
    analytic = float((gradient * direction).sum())
    tolerance = 10 * estimate.error + 1e-9 * abs(estimate.value) + 1e-14
    ok = bool(abs(analytic - estimate.value) <= tolerance and np.isfinite(estimate.value))
    return Finding(name, analytic, estimate.value, estimate.error, ok)
