"""RAdam: Adam that trusts its mean of squares only when it has seen enough."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_betas, check_positive, refuse_unknown_modes

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """RAdam, rectified Adam (Liu et al., 2020).

        g = gradient + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g²
        R = 2 / (1 - beta2) - 1,  rho = R - 2 * t * beta2^t / (1 - beta2^t)
        if rho > 5:   r = sqrt((rho - 4)(rho - 2) R / ((R - 4)(R - 2) rho))
                      p = p - lr * m / (1 - beta1^t) * r * sqrt(1 - beta2^t) / (sqrt(v) + eps)
        otherwise:    p = p - lr * m / (1 - beta1^t)

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: keeps the division away from zero.
        weight_decay: the L2 penalty.
        decoupled_weight_decay: decay the weights themselves, as in `AdamW`.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value")
        check_betas(group)

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The two means."""
        return ("exp_avg", "exp_avg_sq")

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above. With decoupled decay, p shrinks by lr * weight_decay first."""
        g, m, v, (beta1, beta2), t = block.gradient, block["exp_avg"], block["exp_avg_sq"], group["betas"], block.step
        lr, decay, decoupled = float(group["lr"]), group["weight_decay"], group["decoupled_weight_decay"]
        if decay and not decoupled:
            g = g + decay * block.values
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        R = 2 / (1 - beta2) - 1
        rho = R - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            r = sqrt((rho - 4) * (rho - 2) * R / ((R - 4) * (R - 2) * rho))
            delta = m * (lr / (1 - beta1**t) * r * sqrt(1 - beta2**t)) / (np.sqrt(v) + group["eps"])
        else:
            delta = lr / (1 - beta1**t) * m
        return delta + lr * decay * block.values if decay and decoupled else delta
