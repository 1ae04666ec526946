"""Adagrad: each gradient is divided by the size of all those before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import Block, number, reals
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive, refuse_unknown_modes
from tinygrad_lite.tensors import make

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer, 2011).

        g = gradient + weight_decay * p
        s = s + g²
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        lr_decay: how fast it falls.
        weight_decay: the L2 penalty.
        initial_accumulator_value: where the sum s starts.
        eps: keeps the division away from zero.
        foreach, fused: accepted as in PyTorch; a step always works on all parameters at once.
        maximize: climb instead of descending.
        differentiable: not implemented.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> optimizer = tg.optim.Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        refuse_unknown_modes(differentiable=differentiable)
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:  # the state of this one is there from the start
            for p in group["params"]:
                s = np.zeros(p.array.shape, p.array.dtype)
                reals(s.reshape(-1))[...] = group["initial_accumulator_value"]
                self.state[p].update(step=number(0.0), sum=make(s))

    def share_memory(self) -> None:
        """Nothing to do: PyTorch moves the state to where other processes can see it."""

    def check(self, group: dict[str, Any]) -> None:
        """Refuse negative or NaN settings."""
        check_positive(
            group, lr="learning rate", lr_decay="lr_decay value", weight_decay="weight_decay value",
            initial_accumulator_value="initial_accumulator_value value", eps="epsilon value",
        )  # fmt: skip

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The sum of the squares."""
        return ("sum",)

    def start_of(self, slot: str, group: dict[str, Any]) -> float:
        """Where the sum starts."""
        return group["initial_accumulator_value"]

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """One step; see the formula above."""
        g, s, a = block.gradient, block["sum"], block.scratch
        if group["weight_decay"]:
            g = g + group["weight_decay"] * block.values
        s += np.multiply(g, g, out=a)
        root = np.sqrt(s, out=a)
        root += group["eps"]
        delta = np.divide(g, root, out=block.result)
        delta *= float(group["lr"]) / (1 + (block.step - 1) * group["lr_decay"])
        return delta
