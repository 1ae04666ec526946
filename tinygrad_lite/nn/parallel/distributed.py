"""`DistributedDataParallel`: one module in several processes; here, in one, it is the module, one level down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_lite.nn.modules.module import Module

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """Calls `module`; its names in `state_dict` begin with `module.`.

    Args:
        module: what to call.
        device_ids, output_device, dim: as in PyTorch; not looked at.
        others: how gradients are brought together in PyTorch; there is one process here.

    Example:
        >>> import tinygrad_lite as tg
        >>> list(tg.nn.parallel.DistributedDataParallel(tg.nn.Linear(2, 1)).state_dict())
        ['module.weight', 'module.bias']
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0, **others: Any
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids = device_ids
        self.require_backward_grad_sync = True

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        return self.module(*inputs, **kwargs)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """A `with` block in which gradients are not brought together; they never are."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before
