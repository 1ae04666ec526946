"""Devices: only the CPU, under PyTorch's names, so that `tensor.to(device)` reads as it does there."""

from __future__ import annotations

from typing import Any


class device:  # noqa: N801 - PyTorch's name
    """Where a tensor lives.

    Args:
        type: `"cpu"`, or `"cpu:0"`.
        index: which one; only 0 exists.

    Raises:
        RuntimeError: for a device that does not exist here, such as `"cuda"`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.device("cpu")
        device(type='cpu')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device = "cpu", index: int | None = None) -> None:
        if isinstance(type, str):
            name, colon, number = type.partition(":")
        else:
            name, colon, number, index = type.type, "", "", type.index
        if colon:
            index = int(number) if number.isdigit() else -1
        if name != "cpu":
            raise RuntimeError(
                f"there is no device {type!r}: tinygrad_lite computes on the CPU. "
                'Write device = "cuda" if tg.cuda.is_available() else "cpu", which gives "cpu" here.'
            )
        if index not in (None, 0):
            raise RuntimeError(f"Invalid device {type!r}: the CPU is device 'cpu' or 'cpu:0'")
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


CPU = device("cpu")


def to_device(value: Any) -> device:
    """What the user means by a device: one of ours, or its name; None is the CPU.

    Raises:
        RuntimeError: for a device that does not exist here.
        TypeError: for what names no device at all.
    """
    if value is None or isinstance(value, device):
        return value or CPU
    if isinstance(value, str):
        return device(value)
    raise TypeError(f"device must be a tg.device or its name, not {type(value).__name__}")
