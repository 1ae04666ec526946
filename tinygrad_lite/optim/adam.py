"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.optim.flat import Block
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_betas, check_positive, refuse_unknown_modes

__all__ = ["Adam"]


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
        self, params: Params, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(capturable=capturable, differentiable=differentiable)
        if foreach and isinstance(lr, TensorCore):
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        if not (all(isinstance(b, float) for b in betas) or all(isinstance(b, TensorCore) for b in betas)):
            raise ValueError(f"betas must be either both floats or both Tensors, got {betas}")
        for k, beta in enumerate(betas):
            if foreach and isinstance(beta, TensorCore):
                raise ValueError(f"betas[{k}] as a Tensor is not supported for capturable=False and foreach=True")
            if isinstance(beta, TensorCore) and beta.array.size != 1:
                raise ValueError(f"Tensor betas[{k}] must be 1-element")
        betas = float(betas[0]), float(betas[1])
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(group, lr="learning rate", eps="epsilon value", weight_decay="weight_decay value")
        check_betas(group)

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The two means, and with `amsgrad` the largest of the second."""
        return ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if group["amsgrad"] else ()))

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above. With decoupled decay, p shrinks by lr * weight_decay first."""
        g, m, v, a, b = block.gradient, block["exp_avg"], block["exp_avg_sq"], block.scratch, block.result
        lr, (beta1, beta2), decay, t = float(group["lr"]), group["betas"], group["weight_decay"], block.step
        decoupled = group["decoupled_weight_decay"]
        if decay and not decoupled:
            g = np.add(g, np.multiply(block.values, decay, out=a), out=b)
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=a)
        v *= beta2
        v += np.multiply(np.multiply(g, g, out=a), 1 - beta2, out=a)
        if group["amsgrad"]:
            v = np.maximum(block["max_exp_avg_sq"], v, out=block["max_exp_avg_sq"])
        # m / (sqrt(v) / c + eps) with c = sqrt(1 - beta2^t), as c m / (sqrt(v) + c eps): a pass less
        c = sqrt(1 - beta2**t)
        root = np.sqrt(v, out=a)
        root += c * group["eps"]
        delta = np.divide(m, root, out=b)
        delta *= c * lr / (1 - beta1**t)
        if decay and decoupled:
            delta += np.multiply(block.values, lr * decay, out=a)
        return delta
