"""`DataParallel`: parts of a batch on several GPUs; without any it is the module, one level down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_lite.device import to_device
from tinygrad_lite.nn.modules.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """Calls `module`, as PyTorch's does where there is no GPU; its names in `state_dict` begin with `module.`.

    Args:
        module: what to call.
        device_ids, output_device, dim: which GPUs, and how a batch is divided among them; not looked at.

    Example:
        >>> import tinygrad_lite as tg
        >>> list(tg.nn.DataParallel(tg.nn.Linear(2, 1)).state_dict())
        ['module.weight', 'module.bias']
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:  # fmt: skip
    """What `module` returns for `inputs`, a tensor or a tuple of arguments.

    Raises:
        DeviceError: for `device_ids` that name a GPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.parallel.data_parallel(tg.nn.ReLU(), tg.tensor([-1.0, 1.0]))
        tensor([0., 1.])
    """
    for device in device_ids or ():
        to_device(device)
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))
