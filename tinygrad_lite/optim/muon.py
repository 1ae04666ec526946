"""Muon: momentum, made orthogonal."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tinygrad_lite.optim.optimizer import Optimizer, Params
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["Muon"]


class Muon(Optimizer):
    """Muon (Jordan et al., 2024), for the matrices of hidden layers.

        b = momentum * b + (1 - momentum) * gradient
        u = NS(b)            (nesterov: NS((1 - momentum) * gradient + momentum * b))
        p = (1 - lr * weight_decay) * p - lr * scale * u

    where NS brings the singular values of a matrix near 1 by steps of Newton and Schulz,
    `x = a x + (b x xᵀ + c (x xᵀ)²) x`, computed in bfloat16 as PyTorch does. The scale is
    sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)) with `"match_rms_adamw"` (Liu et al., 2025).

    Args:
        params: matrices, named matrices, or dicts of them with settings of their own.
        lr: the learning rate.
        weight_decay: how fast the weights themselves decay.
        momentum: how slowly the mean forgets.
        nesterov: look ahead along the momentum.
        ns_coefficients: a, b and c.
        eps: keeps the division by the matrix's norm away from zero.
        ns_steps: the number of Newton-Schulz steps.
        adjust_lr_fn: "original" (as None) or "match_rms_adamw".

    Raises:
        ValueError: for negative or NaN settings, and for parameters that are no matrices.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.eye(2).requires_grad_()
        >>> optimizer = tg.optim.Muon([w], lr=0.1, weight_decay=0)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([[0.8875, 0.0000],
                [0.0000, 0.8875]], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense."""
        for name, called in {"lr": "Learning rate", "momentum": "momentum", "weight_decay": "weight decay"}.items():
            if not group[name] >= 0.0:
                raise ValueError(f"{called} should be >= 0 but is: {group[name]}")
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {group['adjust_lr_fn']} is not supported")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError(f"ns_coefficients must be a tuple of 3 values, got {group['ns_coefficients']}")
        if group["ns_steps"] >= 100:
            raise ValueError(f"ns_steps must be less than 100, got {group['ns_steps']}")
        for p in group["params"]:
            if p.array.ndim != 2:
                raise ValueError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {tuple(p.array.shape)}"
                )

    def step_group(self, index: int, group: dict[str, Any]) -> None:
        """The step of one group, matrix by matrix; see the formula above."""
        lr, momentum = float(group["lr"]), group["momentum"]
        for p in group["params"]:
            if p._grad is None:
                continue
            if p.array.dtype.kind == "c":
                raise RuntimeError("Muon does not support complex parameters")
            state, g = self.state[p], p._grad.array
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = make(np.zeros_like(g))
            b = state["momentum_buffer"].array
            b[...] = _between(b, g, 1 - momentum)
            u = orthogonalized(
                _between(g, b, momentum) if group["nesterov"] else b,
                group["ns_coefficients"], group["ns_steps"], group["eps"],
            )  # fmt: skip
            rows, columns = g.shape
            matching = group["adjust_lr_fn"] == "match_rms_adamw"
            scale = 0.2 * sqrt(max(rows, columns)) if matching else sqrt(max(1, rows / columns))
            value = p.array
            value *= 1 - lr * group["weight_decay"]
            value -= lr * scale * u.astype(value.dtype)
            note_write(p, "Optimizer.step")


def _between(a: np.ndarray, b: np.ndarray, weight: float) -> np.ndarray:
    """(1 - weight) * a + weight * b, from the nearer end: bfloat16 then shows the digits that PyTorch gets."""
    return a + weight * (b - a) if weight < 0.5 else b - (1 - weight) * (b - a)


def orthogonalized(matrix: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float) -> np.ndarray:
    """The matrix with singular values near 1, in float32, by steps of Newton and Schulz in bfloat16.

    Example:
        >>> orthogonalized(np.array([[3.0, 0.0], [0.0, 5.0]]), (2.0, -1.5, 0.5), 9, 1e-7)
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """
    a, b, c = (np.float32(value) for value in coefficients)
    # one rounding for `b * gram + ...`, as in a fused multiply-add: the sums nearly cancel
    tall = matrix.shape[0] > matrix.shape[1]
    x = bfloat16(matrix.T if tall else matrix)
    x = bfloat16(x / max(bfloat16(np.sqrt(np.sum(x * x))), bfloat16(np.float32(eps))))
    for _ in range(steps):
        gram = bfloat16(x @ x.T)
        x = _plus(a, x, _plus(b, gram, c * (gram @ gram)) @ x)
    return x.T if tall else x


def _plus(scale: np.float32, x: np.ndarray, rest: np.ndarray) -> np.ndarray:
    return bfloat16((np.float64(scale) * x + rest).astype(np.float32))


def bfloat16(x: Any) -> np.ndarray:
    """The values rounded to the 8 digits of bfloat16, ties to even, as float32.

    Example:
        >>> bfloat16(np.float32(1.01))
        array(1.0078125, dtype=float32)
    """
    bits = np.array(x, np.float32).view(np.uint32)
    bits += 0x7FFF + (bits >> 16 & 1)
    bits &= np.uint32(0xFFFF0000)
    return bits.view(np.float32)
