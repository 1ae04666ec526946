"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak and Juditsky, 1992), with rates after Bottou (2012).

        g = gradient + weight_decay * p
        p = (1 - lambd * eta) * p - eta * g
        ax = ax + mu * (p - ax)                       the average, found in `state[p]["ax"]`
        eta = lr / (1 + lambd * lr * t)^alpha,  mu = 1 / max(1, t - t0)        for the next step

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        lambd: how strongly the values decay.
        alpha: how fast the learning rate falls.
        t0: the step at which averaging begins.
        weight_decay: the L2 penalty.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.ASGD([w], lr=0.1, lambd=0)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", weight_decay="weight_decay value")

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The average."""
        return ("ax",)

    def numbers(self, group: dict[str, Any]) -> dict[str, float]:
        """The count and the two rates."""
        return {"step": 0.0, "eta": float(group["lr"]), "mu": 1.0}

    def needs_values(self, group: dict[str, Any]) -> bool:
        """Always: for the average."""
        return True

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, p, ax, eta, mu = block.gradient, block.values, block["ax"], *(float(block.numbers[n]) for n in ("eta", "mu"))
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        delta = eta * (group["lambd"] * p + g)
        if mu == 1:
            np.subtract(p, delta, out=ax)
        else:
            ax += mu * (p - delta - ax)
        return delta

    def end(self, numbers: dict[str, np.ndarray], group: dict[str, Any]) -> None:
        """The rates of the next step."""
        lr, t = float(group["lr"]), int(numbers["step"])
        numbers["eta"][...] = lr / (1 + group["lambd"] * lr * t) ** group["alpha"]
        numbers["mu"][...] = 1 / max(1, t - group["t0"])
