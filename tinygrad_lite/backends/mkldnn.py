"""Intel's oneDNN: it is not used.

Attributes:
    enabled, deterministic: may be set to anything; nothing asks for them.
"""

from __future__ import annotations

__all__ = ["is_available"]

enabled = True
deterministic = False


def is_available() -> bool:
    """False."""
    return False
