"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015).

        g = gradient + weight_decay * p
        m = beta1 * m + (1 - beta1) * g               the mean of the gradients
        v = beta2 * v + (1 - beta2) * g²              the mean of their squares
        p = p - lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: keeps the division away from zero.
        weight_decay: the L2 penalty.
        amsgrad: divide by the largest v seen so far (Reddi et al., 2018).
        foreach, fused: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        capturable, differentiable: not implemented.
        decoupled_weight_decay: decay the weights themselves, as `AdamW` does.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value")
        for k, beta in enumerate(group["betas"]):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {k}: {beta}")

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The two means, and with `amsgrad` the largest of the second."""
        return ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if group["amsgrad"] else ()))

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above. With decoupled decay, p shrinks by lr * weight_decay first."""
        g, m, v, a = block.gradient, block["exp_avg"], block["exp_avg_sq"], block.scratch
        lr, (beta1, beta2), decay, t = float(group["lr"]), group["betas"], group["weight_decay"], block.step
        decoupled = group["decoupled_weight_decay"]
        if decay and not decoupled:
            g += np.multiply(block.values, decay, out=a)
        m += np.multiply(np.subtract(g, m, out=a), 1 - beta1, out=a)
        v *= beta2
        v += np.multiply(np.multiply(g, g, out=a), 1 - beta2, out=a)
        if group["amsgrad"]:
            v = np.maximum(block["max_exp_avg_sq"], v, out=block["max_exp_avg_sq"])
        # m / (sqrt(v) / c + eps) with c = sqrt(1 - beta2^t), as c m / (sqrt(v) + c eps): a pass less
        c = sqrt(1 - beta2**t)
        root = np.sqrt(v, out=a)
        root += c * group["eps"]
        delta = np.divide(m, root, out=g)
        delta *= c * lr / (1 - beta1**t)
        if decay and decoupled:
            delta += np.multiply(block.values, lr * decay, out=a)
        return delta


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): p shrinks by lr * weight_decay * p.

    Arguments as for `Adam`, with a weight decay of 0.01 unless said otherwise.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.AdamW([w], lr=0.1, weight_decay=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.8500, 0.8500], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
