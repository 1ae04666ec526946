"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent (Robbins and Monro, 1951), with momentum (Sutskever et al., 2013).

        g = gradient + weight_decay * p
        b = momentum * b + (1 - dampening) * g        (b = g in the first step)
        p = p - lr * b                                (nesterov: p - lr * (g + momentum * b))

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        momentum: how much of the last step is kept.
        dampening: how much less of the gradient then counts.
        weight_decay: the L2 penalty.
        nesterov: look ahead along the momentum.
        maximize: climb instead of descending.
        foreach, fused: accepted as in PyTorch; a step always works on all parameters at once.
        differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.SGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: Any = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(differentiable=differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", momentum="momentum value", weight_decay="weight_decay value")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The momentum, where there is one."""
        return ("momentum_buffer",) if group["momentum"] else ()

    def numbers(self, group: dict[str, Any]) -> dict[str, float]:
        """None: steps are not counted."""
        return {}

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, momentum, a, result = block.gradient, group["momentum"], block.scratch, block.result
        if group["weight_decay"]:
            g = np.add(g, np.multiply(block.values, float(group["weight_decay"]), out=a), out=result)
        if momentum:
            b = block["momentum_buffer"]
            if block.step == 1:
                b[...] = g
            else:
                b *= momentum
                b += np.multiply(g, 1 - group["dampening"], out=a) if group["dampening"] else g
            g = np.add(g, np.multiply(b, momentum, out=a), out=result) if group["nesterov"] else b
        return np.multiply(g, float(group["lr"]), out=result)
