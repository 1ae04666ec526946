"""Adamax: Adam with the largest gradient in place of the mean of their squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_betas, check_positive, refuse_unknown_modes

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adamax (Kingma and Ba, 2015, section 7).

        g = gradient + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, |g| + eps)
        p = p - lr / (1 - beta1^t) * m / u

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        betas: how slowly the mean and the maximum forget.
        eps: keeps the division away from zero.
        weight_decay: the L2 penalty.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False,
        differentiable: bool = False, capturable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value")
        check_betas(group)

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The mean and the maximum."""
        return ("exp_avg", "exp_inf")

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, m, u, a, (beta1, beta2) = block.gradient, block["exp_avg"], block["exp_inf"], block.scratch, group["betas"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * block.values
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=a)
        u *= beta2
        np.maximum(u, np.add(np.abs(g, out=a), group["eps"], out=a), out=u)
        delta = np.divide(m, u, out=block.result)
        delta *= float(group["lr"]) / (1 - beta1**block.step)
        return delta
