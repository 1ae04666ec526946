"""`gradcheck` and `gradgradcheck`, under the names that PyTorch has for them here."""

from __future__ import annotations

from tinygrad_lite.gradcheck import gradcheck, gradgradcheck

__all__ = ["gradcheck", "gradgradcheck"]
