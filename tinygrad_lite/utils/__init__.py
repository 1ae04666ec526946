"""What is useful around training, under PyTorch's names."""

from tinygrad_lite.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
