"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_betas, check_positive, refuse_unknown_modes

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """NAdam (Dozat, 2016).

        g = gradient + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g²
        mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2),  M(t) = mu(1) * ... * mu(t)
        d = sqrt(v / (1 - beta2^t)) + eps
        p = p - lr * ((1 - mu(t)) / (1 - M(t)) * g + mu(t+1) / (1 - M(t+1)) * m) / d

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: keeps the division away from zero.
        weight_decay: the L2 penalty.
        momentum_decay: how fast the momentum mu grows to beta1.
        decoupled_weight_decay: decay the weights themselves, as in `AdamW`.
        foreach: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.8944, 0.8944], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(
            group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value",
            momentum_decay="momentum_decay value",
        )  # fmt: skip
        check_betas(group)

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The two means."""
        return ("exp_avg", "exp_avg_sq")

    def numbers(self, group: dict[str, Any]) -> dict[str, float]:
        """The count, and M."""
        return {"step": 0.0, "mu_product": 1.0}

    def begin(self, numbers: dict[str, np.ndarray], group: dict[str, Any]) -> None:
        """One more step, one more factor of M."""
        super().begin(numbers, group)
        numbers["mu_product"] *= _mu(int(numbers["step"]), group)

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
        mu, mu_next, product = _mu(t, group), _mu(t + 1, group), float(block.numbers["mu_product"])
        d = np.sqrt(v / (1 - beta2**t)) + group["eps"]
        delta = (lr * (1 - mu) / (1 - product) * g + lr * mu_next / (1 - product * mu_next) * m) / d
        return delta + lr * decay * block.values if decay and decoupled else delta


def _mu(t: int, group: dict[str, Any]) -> float:
    """The momentum of step t, which grows to beta1."""
    return group["betas"][0] * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))
