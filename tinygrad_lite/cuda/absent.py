"""What only a GPU can do or say: each refuses, by name, when it is called."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.device import DeviceError, to_device

__all__ = ["StreamContext", "device", "device_of", "set_device", "stream"]


class device:  # noqa: N801 - PyTorch's name
    """Choose a GPU inside a `with` block. There is none to choose; None and negative numbers choose nothing.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.cuda.device(None):
        ...     tg.ones(1).device
        device(type='cpu')
    """

    def __init__(self, device: Any) -> None:
        self.device = device

    def __enter__(self) -> None:
        set_device(self.device)

    def __exit__(self, *exc: object) -> None:
        """Nothing to put back."""


def device_of(obj: Any) -> device:
    """Choose the GPU that a tensor is on: no tensor is on one, so that nothing is chosen."""
    return device(None)


def set_device(device: Any) -> None:
    """Choose a GPU.

    Raises:
        DeviceError: for any; None and negative numbers choose nothing.
    """
    if device is None or (isinstance(device, int) and device < 0):
        return
    to_device(device)
    raise DeviceError.missing("cuda")


class StreamContext:
    """Queue the work of a GPU in a stream inside a `with` block: None, the only one there can be, changes nothing."""

    def __init__(self, stream: None) -> None:
        if stream is not None:
            raise DeviceError.missing("cuda")

    def __enter__(self) -> None:
        """Nothing to change."""

    def __exit__(self, *exc: object) -> None:
        """Nothing to put back."""


def stream(stream: None) -> StreamContext:
    """`StreamContext` as a function."""
    return StreamContext(stream)


def _refusing(name: str) -> Any:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise DeviceError(f"tg.cuda.{name}() asks something of a GPU: {DeviceError.missing('cuda')}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "There is no GPU.\n\nRaises:\n    DeviceError: always."
    return refuse


_FUNCTIONS = (
    "current_stream", "default_stream", "get_device_capability", "get_device_name", "get_device_properties",
    "get_rng_state", "initial_seed", "mem_get_info", "memory_summary", "set_rng_state", "utilization",
)  # fmt: skip

for _name in _FUNCTIONS:
    globals()[_name] = _refusing(_name)


def _absent(name: str) -> type:
    def refuse(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise DeviceError(f"nothing is a tg.cuda.{name}: {DeviceError.missing('cuda')}")

    doc = f"PyTorch's class of this name, for type checks: nothing is a {name}, and none can be made."
    return type(name, (), {"__doc__": doc, "__new__": refuse, "__module__": "tinygrad_lite.cuda"})


_KINDS = ("Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")
for _name in ("Event", "Stream", *(f"{kind}Tensor" for kind in _KINDS)):
    globals()[_name] = _absent(_name)
