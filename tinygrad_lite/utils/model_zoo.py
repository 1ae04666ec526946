"""The older name of `tinygrad_lite.hub`."""

from __future__ import annotations

from tinygrad_lite.hub import load_state_dict_from_url
from tinygrad_lite.hub import load_state_dict_from_url as load_url

__all__ = ["load_state_dict_from_url", "load_url"]
