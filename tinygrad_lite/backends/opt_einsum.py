"""The package opt_einsum: it is not used.

Attributes:
    enabled, strategy: may be set to anything; nothing asks for them.
"""

from __future__ import annotations

__all__ = ["is_available"]

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """False."""
    return False
