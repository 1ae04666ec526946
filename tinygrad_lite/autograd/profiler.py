"""The older place of `tinygrad_lite.profiler`."""

from __future__ import annotations

from tinygrad_lite.profiler import profile, record_function

__all__ = ["profile", "record_function"]
