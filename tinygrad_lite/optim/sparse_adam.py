"""Adam for sparse gradients, of which there are none here."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.optim.optimizer import Optimizer, Params, check_betas

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam that only touches the entries a sparse gradient has.

    All tensors are dense here, so a step with a gradient is an error, as with dense gradients in PyTorch.

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: keeps the division away from zero.
        maximize: climb instead of descending.

    Raises:
        ValueError: for settings that make no sense, and for complex parameters.
        RuntimeError: by `step`, for a gradient.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.ones(2, requires_grad=True)
        >>> tg.optim.SparseAdam([w], lr=0.1).step()
    """

    def __init__(
        self, params: Params, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense."""
        for name, called in {"lr": "learning rate", "eps": "epsilon value"}.items():
            if not group[name] > 0.0:
                raise ValueError(f"Invalid {called}: {group[name]}")
        check_betas(group)
        numbers = [[len(self.param_groups), k] for k, p in enumerate(group["params"]) if p.array.dtype.kind == "c"]
        if numbers:
            raise ValueError(f"Complex params at indices {numbers}: SparseAdam does not support complex parameters")

    def step_group(self, index: int, group: dict[str, Any]) -> None:
        """Refuse gradients."""
        if any(p._grad is not None for p in group["params"]):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
