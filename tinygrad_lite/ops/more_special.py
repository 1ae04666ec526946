"""The table of special functions that few programs need, loaded on first use: Bessel, Airy, incomplete gamma ..."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lite.kernels import bessel, incomplete, tails
from tinygrad_lite.op import op
from tinygrad_lite.ops.elementwise import sign
from tinygrad_lite.ops.slopes import times
from tinygrad_lite.ops.special import digamma, lgamma, polygamma, xlogy

# fmt: off
# --- Bessel functions ---------------------------------------------------------------------------------


def _less_quotient(first: Any, second: Any, x: Any) -> Any:
    """`first - second / x`, and at 0, where the quotient is that of slopes, 1/2."""
    here = x == 0
    return np.where(here, 0.5, first - second / np.where(here, 1.0, x))


bessel_j0: Any = op("bessel_j0", bessel.bessel_j0, "float", numbers="real",
    doc="The Bessel function of the first kind of order 0: [0., 1.] -> [1.0000, 0.7652]",
    x=lambda g, x: -g * bessel_j1(x),
)
bessel_j1: Any = op("bessel_j1", bessel.bessel_j1, "float", numbers="real",
    doc="The Bessel function of the first kind of order 1: [0., 1.] -> [0.0000, 0.4401]",
    x=lambda g, x, out: g * _less_quotient(bessel_j0(x), out, x),
)
bessel_y0: Any = op("bessel_y0", bessel.bessel_y0, "float", domain=(0.3, 30.0), numbers="real",
    doc="The Bessel function of the second kind of order 0: [1., 2.] -> [0.0883, 0.5104]",
    x=lambda g, x: times(-g, bessel_y1(x)),
)
bessel_y1: Any = op("bessel_y1", bessel.bessel_y1, "float", domain=(0.3, 30.0), numbers="real",
    doc="The Bessel function of the second kind of order 1: [1., 2.] -> [-0.7812, -0.1070]",
    x=lambda g, x, out: times(g, bessel_y0(x) - out / x),
)
i0: Any = op("i0", bessel.i0, "float", numbers="real",
    doc="The modified Bessel function of the first kind of order 0: [0., 1.] -> [1.0000, 1.2661]",
    x=lambda g, x: times(g, i1(x)),
)
i1: Any = op("i1", bessel.i1, "float", numbers="real",
    doc="The modified Bessel function of the first kind of order 1: [0., 1.] -> [0.0000, 0.5652]",
    x=lambda g, x, out: times(g, _less_quotient(i0(x), out, x)),
)
i0e: Any = op("i0e", bessel.i0e, "float", numbers="real",
    doc="The modified Bessel function of the first kind of order 0, times exp(-|x|): [0., 1.] -> [1.0000, 0.4658]",
    x=lambda g, x, out: g * (i1e(x) - sign(x) * out),
)
i1e: Any = op("i1e", bessel.i1e, "float", numbers="real",
    doc="The modified Bessel function of the first kind of order 1, times exp(-|x|): [0., 1.] -> [0.0000, 0.2079]",
    x=lambda g, x, out: g * (_less_quotient(i0e(x), out, x) - sign(x) * out),
)
modified_bessel_k0: Any = op("modified_bessel_k0", bessel.k0, "float", domain=(0.3, 3.0), numbers="real",
    doc="The modified Bessel function of the second kind of order 0: [1., 2.] -> [0.4210, 0.1139]",
    x=lambda g, x: times(-g, modified_bessel_k1(x)),
)
modified_bessel_k1: Any = op("modified_bessel_k1", bessel.k1, "float", domain=(0.3, 3.0), numbers="real",
    doc="The modified Bessel function of the second kind of order 1: [1., 2.] -> [0.6019, 0.1399]",
    x=lambda g, x, out: times(-g, modified_bessel_k0(x) + out / x),
)
scaled_modified_bessel_k0: Any = op("scaled_modified_bessel_k0", bessel.k0e, "float", domain=(0.3, 3.0), numbers="real",
    doc="The modified Bessel function of the second kind of order 0, times exp(x): [1., 2.] -> [1.1445, 0.8416]",
    x=lambda g, x, out: times(g, out - scaled_modified_bessel_k1(x)),
)
scaled_modified_bessel_k1: Any = op("scaled_modified_bessel_k1", bessel.k1e, "float", domain=(0.3, 3.0), numbers="real",
    doc="The modified Bessel function of the second kind of order 1, times exp(x): [1., 2.] -> [1.6362, 1.0335]",
    x=lambda g, x, out: times(g, out - scaled_modified_bessel_k0(x) - out / x),
)
airy_ai: Any = op("airy_ai", bessel.airy_ai, "float", numbers="real", cases=[((2, 3),), ((2, 3), {"order": 1})],
    doc="Airy's function Ai, or its first derivative: [0., 1.] -> [0.3550, 0.1353]",
    x=lambda g, x, order: g * (airy_ai(x) * x if order else airy_ai(x, 1)),
)

# --- the normal distribution --------------------------------------------------------------------------

erfcx: Any = op("erfcx", tails.erfcx, "float", numbers="real",
    doc="exp(x²) erfc(x), which stays within range: [0., 1.] -> [1.0000, 0.4276]",
    x=lambda g, x, out: times(g, 2 * x * out - 2 / math.sqrt(math.pi)),
)
ndtri: Any = op("ndtri", tails.ndtri, "float", domain=(0.05, 0.95), numbers="real",
    doc="The inverse of the normal distribution function: [0.5, 0.975] -> [0.0000, 1.9600]",
    x=lambda g, out: times(g, np.exp(out**2 / 2) * math.sqrt(2 * math.pi)),
)

# --- sums and integrals -------------------------------------------------------------------------------

def _negative(s: Any, x: Any) -> Any:
    """-s in the dtype of x."""
    return -np.asarray(s, x.dtype if isinstance(x, np.ndarray) else x.array.dtype)


zeta: Any = op("zeta", lambda x, s: tails.zeta(np.asarray(s, x.dtype), x), "float", domain=(0.5, 3.0), broadcasts=True,
    numbers="real", cases=[((2, 3), {"s": 2.5}), ((3,), {"s": np.array([[1.5], [4.0]])})],
    doc="The sum of (x + k)^-s for k = 0, 1, ..., for exponents s in an array.",
    x=lambda g, x, s: times(g, zeta(x, s + 1) * _negative(s, x)),
)


def _moment_slope(a: Any, x: Any, order: int, moment: Any) -> Any:
    """How a moment of the gamma distribution below, or above, x grows with its shape a."""
    slope = moment(a, x, order + 1)
    return slope - order * polygamma(a, 1) * moment(a, x, order - 1) if order else slope


def _at_the_end(a: Any, x: Any, order: int) -> Any:
    """The density at x, times what the moment weighs it with."""
    density = np.exp(xlogy(a - 1, x) - x - lgamma(a))
    return density * (np.log(x) - digamma(a)) ** order if order else density


_MOMENTS: Any = (((2, 3), (2, 3)), ((2, 1), (1, 3)), ((), (2, 3)), ((2, 3), (3,), {"order": 1}))

gammainc: Any = op("gammainc", incomplete.gammainc, "float", broadcasts=True, domain=(0.3, 4.0), numbers="real",
    cases=_MOMENTS,
    doc="The regularised lower incomplete gamma function, x being the shape: [1., 2.], [1., 2.] -> [0.6321, 0.5940]",
    x=lambda g, x, y, order: times(g, _moment_slope(x, y, order, gammainc)),
    y=lambda g, x, y, order: times(g, _at_the_end(x, y, order)),
)
gammaincc: Any = op("gammaincc", incomplete.gammaincc, "float", broadcasts=True, domain=(0.3, 4.0), numbers="real",
    cases=_MOMENTS,
    doc="The regularised upper incomplete gamma function, x being the shape: [1., 2.], [1., 2.] -> [0.3679, 0.4060]",
    x=lambda g, x, y, order: times(g, _moment_slope(x, y, order, gammaincc)),
    y=lambda g, x, y, order: times(-g, _at_the_end(x, y, order)),
)
