"""The table of activations: the functions between the layers of a network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite import kernels
from tinygrad_lite.kernels.choosing import choose
from tinygrad_lite.op import op
from tinygrad_lite.ops.special import ndtr


# fmt: off
def _relu(x: Any) -> Any:
    if x.dtype.kind in "bc":
        kind = NotImplementedError if x.dtype.kind == "c" else RuntimeError
        raise kind(f"relu() is not implemented for {x.dtype}: it takes real numbers")
    return np.maximum(x, 0)


relu = op("relu", _relu,
    numbers="real", doc="x where positive, else 0: [-1., 2.] -> [0., 2.]",
    x=lambda g, out: choose(out <= 0, 0.0, g),
)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x)) if x.dtype.kind == "c" else kernels.sigmoid(x)


sigmoid = op("sigmoid", _sigmoid, "float",
    doc="1 / (1 + exp(-x)): [0., 2.] -> [0.5000, 0.8808]",
    x=lambda g, out: g * (out * (1 - out)).conjugate(),
)
softplus = op("softplus", kernels.softplus, "float",
    numbers="real", doc="log(1 + exp(x)): [0., 2.] -> [0.6931, 2.1269]",
    x=lambda g, x: g * sigmoid(x),
)
logsigmoid = op("logsigmoid", kernels.log_sigmoid, "float",
    numbers="real", doc="log(sigmoid(x)): [0., 2.] -> [-0.6931, -0.1269]",
    x=lambda g, x: g * sigmoid(-x),
)
_GELU_SCALE, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


def _gelu_tanh(x: Any) -> Any:
    return x * (0.5 * (1 + np.tanh((x + _GELU_CUBE * (x * x * x)) * _GELU_SCALE)))


def _gelu_tanh_rule(g: Any, x: Any) -> Any:
    square = x * x
    s = sigmoid((x + _GELU_CUBE * (square * x)) * (2 * _GELU_SCALE))  # (1 + tanh) / 2, without cancellation
    return g * (s + x * s * (1 - s) * ((1 + 3 * _GELU_CUBE * square) * (2 * _GELU_SCALE)))


def _gelu_rule(g: Any, x: Any, out: Any) -> Any:
    if type(g) is type(x) is type(out) is np.ndarray and x.dtype.itemsize > 2:
        return kernels.gelu_backward(g, x, out)
    return g * (ndtr(x) + x * np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi)))


def _mish_rule(g: Any, x: Any) -> Any:
    t = np.tanh(softplus(x))
    return g * (t + x * sigmoid(x) * (1 - t * t))


gelu_tanh = op(
    "gelu_tanh", _gelu_tanh, "float",
    numbers="real", doc="0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))), close to gelu.",
    x=_gelu_tanh_rule,
)
mish = op("mish", kernels.mish, "float", numbers="real", doc="x * tanh(softplus(x)).", x=_mish_rule)
gelu = op(
    "gelu", kernels.gelu_erf, "float",
    numbers="real", doc="x times the normal distribution function: [-1., 1.] -> [-0.1587,  0.8413]",
    x=_gelu_rule,
)
def _silu_slope(x: Any) -> Any:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


silu = op("silu", lambda x: x * _sigmoid(x) if x.dtype.kind == "c" else kernels.silu(x), "float",
    doc="x * sigmoid(x): [0., 2.] -> [0.0000, 1.7616]",
    x=lambda g, x: g * _silu_slope(x).conjugate(),
)
leaky_relu = op(
    "leaky_relu",
    lambda x, slope=0.01: np.maximum(x, x * slope) if 0 < slope < 1 else choose(x > 0, x, x * slope),
    numbers="real", doc="x where positive, else a little of it: [-1., 2.] -> [-0.0100,  2.0000]",
    x=lambda g, x, slope: choose(x > 0, g, g * slope),
)


def _elu(x: Any, alpha: float = 1.0, scale: float = 1.0, inner: float = 1.0) -> Any:
    below = np.minimum(x, 0)
    return choose(x > 0, x * scale, np.expm1(below if inner == 1 else below * inner) * (alpha * scale))


elu = op(
    "elu", _elu, cases=(((2, 3), {}), ((), {}), ((2, 3), {"alpha": 0.5, "scale": 1.5, "inner": 2.0})),
    numbers="real", doc="x where positive, else exp(x) - 1: [-1., 2.] -> [-0.6321,  2.0000]",
    x=lambda g, x, alpha, scale, inner: choose(
        x > 0, g * scale, g * (np.exp(np.minimum(x, 0.0) * inner) * (alpha * scale * inner))
    ),
)
hardtanh = op(
    "hardtanh", lambda x, low, high: np.minimum(np.maximum(x, low), high),
    cases=(((2, 3), {"low": -1.0, "high": 1.0}),),
    numbers="real", doc="x moved into [low, high]; flat on the bounds too.",
    x=lambda g, x, low, high: choose((x > low) & (x < high), g, 0.0),
)
hardsigmoid = op(
    "hardsigmoid", lambda x: np.minimum(np.maximum(x + 3, 0), 6) / 6,
    numbers="real", doc="A straight line from 0 at -3 to 1 at 3, flat beyond.",
    x=lambda g, x: choose((x > -3) & (x < 3), g * (1 / 6), 0.0),
)
hardswish = op(
    "hardswish", lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    numbers="real", doc="x * hardsigmoid(x).",
    x=lambda g, x: choose(x <= -3, 0.0, choose(x < 3, g * (x * (1 / 3) + 0.5), g)),
)
hardshrink = op(
    "hardshrink", lambda x, lambd=0.5: choose((x >= -lambd) & (x <= lambd), 0, x).astype(x.dtype, copy=False),
    numbers="real", doc="x, but 0 in [-lambd, lambd].",
    x=lambda g, x, lambd: choose((x >= -lambd) & (x <= lambd), 0.0, g),
)
softshrink = op(
    "softshrink", lambda x, lambd=0.5: choose(x > lambd, x - lambd, choose(x < -lambd, x + lambd, x * 0)),
    numbers="real", doc="x moved towards 0 by lambd, and 0 within.",
    x=lambda g, x, lambd: choose((x >= -lambd) & (x <= lambd), 0.0, g),
)
threshold = op(
    "threshold", lambda x, bound, value: choose(x <= bound, np.asarray(value, x.dtype), x),
    cases=(((2, 3), {"bound": 0.1, "value": 20.0}),),
    numbers="real", doc="x where it is above a bound, else a value.",
    x=lambda g, x, bound: choose(x <= bound, 0.0, g),
)
prelu = op(
    "prelu", lambda x, weight: choose(x > 0, x, x * weight), broadcasts=True,
    numbers="real", doc="x where positive, else x times a weight that is learnt.",
    x=lambda g, x, weight: choose(x > 0, g, g * weight),
    weight=lambda g, x: choose(x > 0, 0.0, g * x),
)
