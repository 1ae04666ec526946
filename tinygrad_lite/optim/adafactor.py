"""Adafactor: the mean of squares of a matrix, kept as one number for each row and each column."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.optim.flat import number
from tinygrad_lite.optim.optimizer import Optimizer, Params
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern, 2018), without momentum.

        g = gradient,  w = t^beta2_decay,  a = max(eps2, rms(p)) * min(lr, 1 / sqrt(t))
        p = (1 - lr * weight_decay) * p
        R = (1 - w) * R + w * mean over columns of g²,  C = (1 - w) * C + w * mean over rows of g²
        V = R C / max(mean(R), eps1)                  (vectors: V = (1 - w) * V + w * g²)
        u = g / sqrt(max(V, eps1²))
        p = p - a / max(1, rms(u) / d) * u

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the most that the relative step size may be.
        beta2_decay: how fast the means learn to remember.
        eps: eps1, None for the smallest step of the dtype, and eps2.
        d: the size from which on steps are clipped.
        weight_decay: how fast the weights themselves decay.
        foreach: accepted as in PyTorch.
        maximize: climb instead of descending.

    Raises:
        ValueError: for negative or NaN settings.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, 2, requires_grad=True)
        >>> optimizer = tg.optim.Adafactor([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step(); w
        tensor([[0.9000, 0.9000],
                [0.9000, 0.9000]], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: Any = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0, weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense."""
        eps1, eps2 = group["eps"]
        for fits, what, value in (
            (group["lr"] >= 0, "Learning rate should be >= 0", group["lr"]),
            (group["beta2_decay"] <= 0, "beta2_decay should be <= 0", group["beta2_decay"]),
            (eps1 is None or eps1 >= 0, "epsilon1 should be >= 0", eps1),
            (eps2 >= 0, "epsilon2 should be >= 0", eps2),
            (group["d"] >= 1, "Clipping threshold d should be >= 1", group["d"]),
            (group["weight_decay"] >= 0, "weight_decay should be >= 0", group["weight_decay"]),
        ):
            if not fits:
                raise ValueError(f"{what} but is: {value}")

    def step_group(self, index: int, group: dict[str, Any]) -> None:
        """The step of one group, parameter by parameter; see the formula above."""
        lr, (eps1, eps2) = float(group["lr"]), group["eps"]
        for p in group["params"]:
            if p._grad is None:
                continue
            value, g = p.array, -p._grad.array if group["maximize"] else p._grad.array
            if value.dtype.kind == "c":
                raise RuntimeError("Adafactor does not support complex parameters")
            least = float(np.finfo(value.dtype).eps) if eps1 is None else eps1
            state = self.state[p]
            if not state:
                _start(state, g)
            state["step"].array[...] += 1
            t = float(state["step"].array)
            a = max(eps2, _rms(value)) * min(lr, t**-0.5)
            value *= 1 - lr * group["weight_decay"]
            u = g / np.sqrt(np.maximum(_mean_square(state, g, t ** group["beta2_decay"], least), least * least))
            value -= a / max(1.0, _rms(u) / group["d"]) * u
            note_write(p, "Optimizer.step")


def _start(state: dict[str, Any], g: np.ndarray) -> None:
    state["step"] = number(0.0)
    if g.ndim > 1:
        state["row_var"] = make(np.zeros((*g.shape[:-1], 1), g.dtype))
        state["col_var"] = make(np.zeros((*g.shape[:-2], 1, g.shape[-1]), g.dtype))
    else:
        state["variance"] = make(np.zeros_like(g))


def _mean_square(state: dict[str, Any], g: np.ndarray, w: float, least: float) -> np.ndarray:
    """The estimate of the mean of g², from the state that is updated by it."""
    square = g * g
    if g.ndim <= 1:
        mean = state["variance"].array
        mean += w * (square - mean)
        return mean
    rows, columns = state["row_var"].array, state["col_var"].array
    rows += w * (square.mean(axis=-1, keepdims=True) - rows)
    columns += w * (square.mean(axis=-2, keepdims=True) - columns)
    return rows @ columns / np.maximum(rows.mean(axis=-2, keepdims=True), least)


def _rms(x: np.ndarray) -> float:
    return float(np.linalg.norm(x.ravel())) / x.size**0.5 if x.size else float("nan")
