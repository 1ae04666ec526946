"""Which further classes and functions `load(weights_only=True)` may use: a list that the program keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "is_safe", "safe_globals", "user_global"]

_safe: list[Any] = []


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Let `load(weights_only=True)` use these classes and functions, from now on.

    Args:
        safe_globals: classes or functions; or pairs of one and the full name under which files have it.

    Raises:
        ValueError: for a tuple that is no pair.
        TypeError: if the name is no text, or what is given has none of its own.

    Example:
        >>> from fractions import Fraction
        >>> import tinygrad_lite as tg
        >>> tg.serialization.add_safe_globals([Fraction])
        >>> tg.serialization.get_safe_globals()
        [<class 'fractions.Fraction'>]
        >>> tg.serialization.clear_safe_globals()
    """
    for entry in safe_globals:
        _full_name(entry)
        if entry not in _safe:
            _safe.append(entry)


def clear_safe_globals() -> None:
    """Take back everything that `add_safe_globals` allowed.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.serialization.clear_safe_globals()
    """
    _safe.clear()


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` and `safe_globals` allow at present.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.serialization.get_safe_globals()
        []
    """
    return list(_safe)


class safe_globals:  # noqa: N801 - PyTorch's name
    """Let `load(weights_only=True)` use classes and functions inside a `with` block.

    Args:
        safe_globals: as for `add_safe_globals`.

    Example:
        >>> import io
        >>> from fractions import Fraction
        >>> import tinygrad_lite as tg
        >>> file = io.BytesIO()
        >>> tg.save({"rate": Fraction(1, 3)}, file)
        >>> _ = file.seek(0)
        >>> with tg.serialization.safe_globals([Fraction]):
        ...     tg.load(file)
        {'rate': Fraction(1, 3)}
    """

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self.entries = list(safe_globals)

    def __enter__(self) -> None:
        self._added = [entry for entry in self.entries if entry not in _safe]
        add_safe_globals(self._added)

    def __exit__(self, *exc: object) -> None:
        for entry in self._added:
            if entry in _safe:
                _safe.remove(entry)


def _full_name(entry: Any) -> str:
    if not isinstance(entry, tuple):
        if not hasattr(entry, "__qualname__"):
            raise TypeError(f"safe globals are classes and functions, not {entry!r}")
        return f"{entry.__module__}.{entry.__qualname__}"
    if len(entry) != 2:
        raise ValueError(f"expected a pair of a class or function and its full name, but got {len(entry)} items")
    if not isinstance(entry[1], str):
        raise TypeError(f"the second of a pair should be a full name, but is a {type(entry[1]).__name__}")
    return entry[1]


def user_global(full_name: str) -> Any:
    """What the program allows under this name, or None."""
    return next((e[0] if isinstance(e, tuple) else e for e in _safe if _full_name(e) == full_name), None)


def is_safe(thing: Any) -> bool:
    """Whether the program allows this class or function."""
    return any((e[0] if isinstance(e, tuple) else e) is thing for e in _safe)
