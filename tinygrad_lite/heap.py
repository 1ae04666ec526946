"""Memory that is freed stays with the process, so that the next training step finds it again.

The C library gives large blocks straight back to the operating system, and gets each new one page by page, which
in a training step costs as much as many an operation. Once it has seen a large block freed, it keeps smaller ones
(the dynamic threshold of glibc's malloc, up to 32 MiB; elsewhere this does nothing). Freeing one that was never
written to takes neither memory nor time.
"""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_memory"]

LARGEST = (32 << 20) - (1 << 16)
"""Just below what glibc's malloc still learns from."""


def keep_freed_memory() -> None:
    """Have the C library keep freed blocks of up to 32 MiB.

    Example:
        >>> keep_freed_memory()
    """
    np.empty(LARGEST, np.uint8)
