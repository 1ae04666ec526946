"""Hooks on the graph, under PyTorch's names."""

from tinygrad_lite.graph import Node
from tinygrad_lite.packing import saved_tensors_hooks

__all__ = ["Node", "saved_tensors_hooks"]
