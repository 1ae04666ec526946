"""Devices: only the CPU, under PyTorch's names, so that `tensor.to(device)` reads as it does there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

KNOWN = frozenset(("cpu", "cuda", "hpu", "ipu", "meta", "mps", "mtia", "xla", "xpu"))
"""The types that a device may be named by; on all but the CPU there is nothing."""


class DeviceError(AssertionError, RuntimeError):
    """What was asked for needs a device that does not exist here; PyTorch raises now one, now the other of its bases.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.ones(2).to("cuda")
        Traceback (most recent call last):
            ...
        tinygrad_lite.device.DeviceError: there is no device 'cuda': tinygrad_lite computes on the CPU. ...
    """

    @classmethod
    def missing(cls, name: str) -> DeviceError:
        """That there is no device of this name."""
        kind = name.partition(":")[0]
        asked = f"tg.{kind}.is_available()" if kind in ("cuda", "mps", "xpu") else "..."
        return cls(
            f"there is no device {name!r}: tinygrad_lite computes on the CPU. "
            f'Write device = "{kind}" if {asked} else "cpu", which gives "cpu" here.'
        )


class device:  # noqa: N801 - PyTorch's name
    """Where a tensor lives: a device can be named here as in PyTorch, but only the CPU can be used.

    As a context manager or decorator it says where new tensors are made.

    Args:
        type: `"cpu"`, `"cpu:0"` or `"cuda:1"`; or a number, which counts the GPUs.
        index: which one.

    Raises:
        RuntimeError: for a name that PyTorch does not know either; in a `with`, for anything but the CPU.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.device("cpu"), tg.device("cuda", 1).type
        (device(type='cpu'), 'cuda')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | int | device = "cpu", index: int | None = None) -> None:
        if isinstance(type, int):
            index = type
            type = "cuda"
        if isinstance(type, str):
            name, colon, number = type.partition(":")
        else:
            name, colon, number = type.type, "", ""
            index = type.index
        if name not in KNOWN:
            raise RuntimeError(
                f"Expected one of {', '.join(sorted(KNOWN))} device type at start of device string: {type}"
            )
        if colon:
            if index is not None or not number.isdigit():
                raise RuntimeError(
                    f"Invalid device string: {str(type)!r}" + f" with index={index}" * (index is not None)
                )
            index = int(number)
        if index is not None and index < 0:
            raise RuntimeError(f"Device index must be non-negative, got {index}")
        self.type = name
        self.index = index

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        return to_device(self)

    def __exit__(self, *exc: object) -> None:
        """Nothing to put back."""

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function: what it makes is made here."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return run


CPU = device("cpu")


def to_device(value: Any) -> device:
    """What the user means by a device: one of ours, or its name; None is the CPU.

    Raises:
        DeviceError: for a device that does not exist here; it is a RuntimeError.
        TypeError: for what names no device at all.
    """
    if value is None or value is CPU:
        return CPU
    if isinstance(value, str | int) and not isinstance(value, bool):
        value = device(value)
    if not isinstance(value, device):
        raise TypeError(f"device must be a tg.device or its name, not {type(value).__name__}")
    if value.type != "cpu":
        raise DeviceError.missing(str(value))
    return value
