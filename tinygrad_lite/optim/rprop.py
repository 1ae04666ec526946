"""Rprop: the sign of the gradient says where to go, and how often it changes how far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Rprop, resilient backpropagation (Riedmiller and Braun, 1993).

        s = clamp(s * f, least, most),  f = eta+ where g * g_before > 0, eta- where it is < 0, otherwise 1
        g = 0 where f = eta-                          one step of rest after a change of sign
        p = p - sign(g) * s

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the step size at the start.
        etas: the factors eta- and eta+.
        step_sizes: the least and the most a parameter may move.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.Rprop([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense."""
        check_positive(group, lr="learning rate")
        minus, plus = group["etas"]
        if not 0.0 < minus < 1.0 < plus:
            raise ValueError(f"Invalid eta values: {minus}, {plus}")

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The gradient before, and how far to go."""
        return ("prev", "step_size")

    def start_of(self, slot: str, group: dict[str, Any]) -> float:
        """Steps are as long as the learning rate at first."""
        return float(group["lr"]) if slot == "step_size" else 0.0

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        before, size, (minus, plus), a = block["prev"], block["step_size"], group["etas"], block.scratch
        agree = np.multiply(block.gradient, before, out=a)
        size *= np.where(agree > 0, plus, np.where(agree < 0, minus, 1.0)).astype(size.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        before[...] = np.where(agree < 0, 0, block.gradient)
        return np.multiply(np.sign(before, out=a), size, out=block.result)
