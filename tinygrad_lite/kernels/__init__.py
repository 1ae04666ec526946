"""Special functions on NumPy arrays, with NumPy alone: to the last digits, and fast.

Every function takes an array of float16, float32 or float64 of any shape, and returns a new array
of the same shape and dtype. None writes to its input or gives a floating point warning. "Within 4
units in the last place" counts units of the result's dtype; float16 is computed in more digits and
then rounded. Poles, infinities and NaN come out as in PyTorch, unless a function says otherwise.
"""

from tinygrad_lite.kernels.gamma import digamma, lgamma, polygamma, trigamma
from tinygrad_lite.kernels.logistic import log_sigmoid, logit, mish, sigmoid, silu, softplus
from tinygrad_lite.kernels.normal import erf, erfc, erfinv, gelu_backward, gelu_erf, log_ndtr, ndtr

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "gelu_backward",
    "gelu_erf",
    "lgamma",
    "log_ndtr",
    "log_sigmoid",
    "logit",
    "mish",
    "ndtr",
    "polygamma",
    "sigmoid",
    "silu",
    "softplus",
    "trigamma",
]
