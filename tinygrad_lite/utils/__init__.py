"""What is useful around training, under PyTorch's names."""

from tinygrad_lite.utils import data

__all__ = ["data"]
