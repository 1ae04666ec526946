"""The table of special functions: of the error function, the gamma function, and logarithms.

Their forwards are in `kernels`. Slopes that are infinite or undefined somewhere go through `times` and
`over` (slopes.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite import kernels
from tinygrad_lite.op import op
from tinygrad_lite.ops.slopes import over, settled, times

# fmt: off
# --- the error function and the normal distribution ---------------------------------------------------

erf = op("erf", kernels.erf, "float",
    numbers="real", doc="The error function: [0., 1.] -> [0.0000, 0.8427]",
    x=lambda g, x: g * (np.exp(-x * x) * (2 / math.sqrt(math.pi))),
)
erfc = op("erfc", kernels.erfc, "float",
    numbers="real", doc="1 - erf(x), exact where small: [0., 1.] -> [1.0000, 0.1573]",
    x=lambda g, x: -g * (np.exp(-x * x) * (2 / math.sqrt(math.pi))),
)
erfinv = op("erfinv", kernels.erfinv, "float", domain=(-0.8, 0.8),
    numbers="real", doc="The inverse of erf: [0., 0.5] -> [0.0000, 0.4769]",
    x=lambda g, out: times(g, np.exp(out**2) * (math.sqrt(math.pi) / 2)),
)
ndtr = op("ndtr", kernels.ndtr, "float",
    numbers="real", doc="The normal distribution function: [0., 1.] -> [0.5000, 0.8413]",
    x=lambda g, x: g * (np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))),
)


def _log_ndtr_slope(x: Any, out: Any) -> Any:
    """The density over the distribution function; far down a continued fraction, for there exp() would round."""
    far = x < -5
    t = np.where(far, -x, 5.0)
    fraction = t
    for k in range(20, 0, -1):
        fraction = t + k / fraction
    near_x, near_out = np.where(far, 0.0, x), np.where(far, 0.0, out)
    return np.where(far, fraction, np.exp(-0.5 * near_x * near_x - near_out) * (1 / math.sqrt(2 * math.pi)))


log_ndtr = op("log_ndtr", kernels.log_ndtr, "float",
    numbers="real", doc="The logarithm of the normal distribution function: [0., -1.] -> [-0.6931, -1.8410]",
    x=lambda g, x, out: times(g, _log_ndtr_slope(x, out)),
)

# --- the gamma function -------------------------------------------------------------------------------

polygamma: Any = op("polygamma", lambda x, order=1: kernels.polygamma(order, x), "float", domain=(0.5, 3.0),
    numbers="real", doc="The derivative of digamma of this order.",
    x=lambda g, x, order: times(g, polygamma(x, order + 1)),
)
digamma = op("digamma", kernels.digamma, "float", domain=(0.3, 3.0),
    numbers="real", doc="The derivative of lgamma: [1., 2.] -> [-0.5772,  0.4228]",
    x=lambda g, x: times(g, polygamma(x, 1)),
)
lgamma = op("lgamma", kernels.lgamma, "float", domain=(0.3, 4.0),
    numbers="real", doc="The logarithm of the size of the gamma function: [0.5, 3.] -> [0.5724, 0.6931]",
    x=lambda g, x: times(g, digamma(x)),
)

# --- logarithms ---------------------------------------------------------------------------------------


def _logit(x: Any, eps: float | None = None) -> Any:
    return kernels.logit(x if eps is None else np.clip(x, eps, 1 - eps))


def _logit_rule(g: Any, x: Any, eps: float | None) -> Any:
    """1 / (x (1 - x)); without `eps` NaN outside of [0, 1], with it zero where x was moved."""
    low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    outside = (x < low) | (x > high)
    if eps is None:
        return over(g, np.where(outside, math.nan, x * (1 - x)))
    return np.where(outside, 0.0, over(g, np.where(outside, 1.0, x * (1 - x))))


def _of(log: Any, y: Any) -> Any:
    """log(y); of a Python number a Python number, which leaves the dtype of what it meets alone."""
    return log(y).item() if isinstance(y, int | float) else log(y)


def _zero_wins(x: Any, y: Any, log: Any) -> Any:
    """x * log(y), and zero where x is, whatever the logarithm; but NaN where y is."""
    return np.where((x == 0) & (y == y), 0.0, x * _of(log, y))


logit = op("logit", _logit, "float", domain=(0.1, 0.9), cases=[((2, 3),), ((2, 3), {"eps": 0.2})],
    numbers="real", doc="The inverse of sigmoid: [0.5, 0.8808] -> [0.0000, 2.0000]",
    x=_logit_rule,
)
xlogy = op("xlogy", lambda x, y: _zero_wins(x, y, np.log), "float", broadcasts=True, domain=(0.2, 3.0),
    numbers="real", doc="x * log(y), and 0 where x is 0: [0., 2.], [0., 3.] -> [0.0000, 2.1972]",
    x=lambda g, x, y: times(np.where((x == 0) & (y <= 0), 0.0, g), _of(np.log, y)),
    y=lambda g, x, y: times(g, settled((x == 0) & (y == 0), 0.0, x / y)),
)
xlog1py = op("xlog1py", lambda x, y: _zero_wins(x, y, np.log1p), "float", broadcasts=True, domain=(-0.8, 3.0),
    numbers="real", doc="x * log(1 + y), and 0 where x is 0: [0., 2.], [-1., 3.] -> [0.0000, 2.7726]",
    x=lambda g, x, y: times(np.where((x == 0) & (y <= -1), 0.0, g), _of(np.log1p, y)),
    y=lambda g, x, y: times(g, settled((x == 0) & (y == -1), 0.0, x / (y + 1))),
)
entr = op("entr", lambda x: np.where(x < 0, -np.inf, 0.0 - _zero_wins(x, x, np.log)), "float", domain=(0.2, 3.0),
    numbers="real", doc="The entropy -x log(x): [0., 0.5] -> [0.0000, 0.3466]",
    x=lambda g, x: times(g, -1 - np.log(x)),
)
