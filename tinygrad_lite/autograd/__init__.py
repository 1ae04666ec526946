"""Differentiation on request, under PyTorch's names."""

from typing import TYPE_CHECKING

from tinygrad_lite.anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from tinygrad_lite.autograd.variable import Variable
from tinygrad_lite.differentiate import backward, grad
from tinygrad_lite.graph import enable_grad, inference_mode, no_grad, set_grad_enabled
from tinygrad_lite.later import later
from tinygrad_lite.ops.slopes import nan_gradients

if TYPE_CHECKING:
    from tinygrad_lite.autograd import forward_ad, function, functional, graph
    from tinygrad_lite.autograd.function import Function

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function", "functional", "grad",
    "graph", "inference_mode", "is_anomaly_enabled", "nan_gradients", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip

__getattr__, __dir__ = later(
    __name__,
    ["forward_ad", "function", "functional", "graph", "profiler"],
    {"checking": ["gradcheck", "gradgradcheck"], "function": ["Function"]},
)
