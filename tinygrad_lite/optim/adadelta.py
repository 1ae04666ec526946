"""Adadelta: steps as large as those before, relative to the gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012).

        g = gradient + weight_decay * p
        v = rho * v + (1 - rho) * g²                  the mean of the squared gradients
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d²                  the mean of the squared steps
        p = p - lr * d

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        rho: how slowly the means forget.
        eps: keeps the roots away from zero.
        weight_decay: the L2 penalty.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.Adadelta([w], eps=0.01)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.6877, 0.6877], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False,
        differentiable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value")
        if not 0.0 <= group["rho"] <= 1.0:
            raise ValueError(f"Invalid rho value: {group['rho']}")

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The two means."""
        return ("square_avg", "acc_delta")

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, v, u, rho, eps = block.gradient, block["square_avg"], block["acc_delta"], group["rho"], group["eps"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * block.values
        v *= rho
        v += (1 - rho) * (g * g)
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * (d * d)
        return np.multiply(d, float(group["lr"]), out=block.result)
