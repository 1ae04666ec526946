"""RMSprop: each gradient is divided by a running mean of its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """RMSprop (Hinton, 2012, lecture 6e), with momentum and centring (Graves, 2013).

        g = gradient + weight_decay * p
        v = alpha * v + (1 - alpha) * g²              the mean of the squares
        d = sqrt(v) + eps                             (centred: sqrt(v - m²) + eps, m the mean of the gradients)
        b = momentum * b + g / d
        p = p - lr * b

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        alpha: how slowly the means forget.
        eps: keeps the division away from zero.
        weight_decay: the L2 penalty.
        momentum: how much of the last step is kept.
        centered: divide by an estimate of the standard deviation.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.RMSprop([w], lr=0.01)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(
            group, lr="learning rate", eps="epsilon value", momentum="momentum value",
            weight_decay="weight_decay value", alpha="alpha value",
        )  # fmt: skip

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The mean of the squares; the momentum and the mean of the gradients, where asked for."""
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, v, a = block.gradient, block["square_avg"], block.scratch
        alpha, decay, momentum = group["alpha"], group["weight_decay"], group["momentum"]
        if decay:
            g = g + decay * block.values
        v *= alpha
        v += np.multiply(np.multiply(g, g, out=a), 1 - alpha, out=a)
        if group["centered"]:
            m = block["grad_avg"]
            m += np.multiply(np.subtract(g, m, out=a), 1 - alpha, out=a)
            np.subtract(v, np.multiply(m, m, out=a), out=a)
            v = a
        d = np.sqrt(v, out=a)
        d += group["eps"]
        delta = np.divide(g, d, out=block.result)
        if momentum > 0:
            b = block["momentum_buffer"]
            b *= momentum
            b += delta
            delta = b
        return np.multiply(delta, float(group["lr"]), out=block.result)
