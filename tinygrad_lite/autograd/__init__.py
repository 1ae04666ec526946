"""Differentiation on request, under PyTorch's names."""

from tinygrad_lite.differentiate import backward, grad
from tinygrad_lite.graph import enable_grad, inference_mode, no_grad, set_grad_enabled
from tinygrad_lite.ops.slopes import nan_gradients
from tinygrad_lite.tensor import Tensor as Variable

__all__ = [
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "inference_mode",
    "nan_gradients",
    "no_grad",
    "set_grad_enabled",
]
