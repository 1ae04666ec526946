"""Training on several machines, which there is none of here: what programs ask before they do without."""

from __future__ import annotations

from typing import Any

__all__ = [
    "all_gather", "all_reduce", "barrier", "broadcast", "destroy_process_group", "get_rank", "get_world_size",
    "init_process_group", "is_available", "is_initialized", "is_torchelastic_launched", "new_group", "reduce",
]  # fmt: skip


def is_available() -> bool:
    """False.

    Example:
        >>> import tinygrad_lite as tg
        >>> rank = tg.distributed.get_rank() if tg.distributed.is_available() else 0
        >>> rank
        0
    """
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def init_process_group(backend: str | None = None, *args: Any, **kwargs: Any) -> None:
    """There is one process.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(
        "init_process_group(): tinygrad_lite computes in one process. Programs ask tg.distributed.is_available() first."
    )


def destroy_process_group(group: Any = None) -> None:
    """There is no group.

    Raises:
        ValueError: always, as in PyTorch before one is made.
    """
    _refuse("destroy_process_group")


def get_rank(group: Any = None) -> int:
    """There is no group to have a rank in.

    Raises:
        ValueError: always, as in PyTorch before one is made.
    """
    return _refuse("get_rank")


def get_world_size(group: Any = None) -> int:
    """There is no group to have a size.

    Raises:
        ValueError: always, as in PyTorch before one is made.
    """
    return _refuse("get_world_size")


def barrier(*args: Any, **kwargs: Any) -> None:
    """There is no group to wait for.

    Raises:
        ValueError: always; so do the others that need a group.
    """
    _refuse("barrier")


def all_reduce(tensor: Any, *args: Any, **kwargs: Any) -> None:
    """There is no group to add up over. See `barrier`."""
    _refuse("all_reduce")


def reduce(tensor: Any, *args: Any, **kwargs: Any) -> None:
    """There is no group to add up over. See `barrier`."""
    _refuse("reduce")


def broadcast(tensor: Any, *args: Any, **kwargs: Any) -> None:
    """There is no group to send to. See `barrier`."""
    _refuse("broadcast")


def all_gather(tensor_list: Any, tensor: Any, *args: Any, **kwargs: Any) -> None:
    """There is no group to gather from. See `barrier`."""
    _refuse("all_gather")


def new_group(*args: Any, **kwargs: Any) -> None:
    """There is no group to take a part of. See `barrier`."""
    _refuse("new_group")


def _refuse(name: str) -> Any:
    raise ValueError(
        f"{name}(): Default process group has not been initialized: tinygrad_lite computes in one process. "
        "Ask tg.distributed.is_initialized() first."
    )
