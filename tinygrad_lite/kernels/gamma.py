"""The gamma function's logarithm and its derivatives: `lgamma`, `digamma`, `trigamma`, `polygamma`.

All compute in float64; where the result is float32 it is the nearest one, or next to it. Each takes
the positive axis in two regions, a fit in the middle and an asymptotic formula far out, and leads
negative arguments back to positive ones.
"""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lite.kernels.blocks import Array, Rational, by_region, elementwise, horner

# lgamma(x) / ((x - 1) (x - 2)) as a function of x - 0.5 on [0, 3]: rational minimax fit of degree
# 9 / 9 (Remez in mpmath), relative error 9e-18. The fits below were made likewise.
_LGAMMA_CENTRE = Rational(
    0.45,
    (0.3131532572329334, 1.0),
    (1.645030757694649, 7.114627491946597),
    (2.9792865382951006, 20.465520117776663),
    (1.7328025930212616, 30.669062311198843),
    (-0.9132796473489824, 25.779944333320987),
    (-1.579243770566197, 12.240076444143945),
    (-0.7014440197674445, 3.1613578583695894),
    (-0.12622758070291856, 0.40725867433271434),
    (-0.00853474685066187, 0.022054710341631457),
    (-0.00014950971209586508, 0.0003371163171320573),
)
# x (lgamma(x) - Stirling's formula) as a function of 1 / x^2 for x >= 3.5: degree 4 / 4, error
# 4e-17.
_LGAMMA_FAR = Rational(
    0.0,
    (0.08333333333333333, 1.0),
    (0.7611477155002406, 9.167105919336118),
    (1.7059646887628985, 20.767622652982848),
    (0.9398638632921638, 11.890457528205857),
    (0.0651176425498468, 1.0353522187445128),
)
# digamma(x) / (x - root) as a function of x - 0.5 on [0, 1.5]: degree 7 / 7, error 1e-20.
_DIGAMMA_CENTRE = Rational(
    0.9,
    (1.141851487905516, 1.0),
    (1.1231819655353772, 3.618296811884839),
    (-0.480852089751519, 4.188485151715291),
    (-0.8295179750914472, 2.160144952314037),
    (-0.3129746119139994, 0.5450314059028344),
    (-0.04749958141611123, 0.06631996245388665),
    (-0.0028250749290205496, 0.0034357224890706993),
    (-4.688537250811614e-05, 5.249936377995569e-05),
)
# x^2 (log(x) - 1 / (2 x) - digamma(x)) as a function of 1 / x^2 for x >= 2: degree
# 6 / 6, error 6e-17.
_DIGAMMA_FAR = Rational(
    0.0,
    (0.08333333333333333, 1.0),
    (1.6401564668825994, 19.781877602591067),
    (10.347049748614811, 126.09516569606737),
    (25.54239253608096, 318.22623282341806),
    (24.04237106564385, 315.2247297797971),
    (6.955107701874758, 104.58962277817083),
    (0.28070201908614895, 7.273011155675433),
)
# trigamma(1 + x) as a function of x on [0, 2]: degree 6 / 6, error 6e-17.
_TRIGAMMA_CENTRE = Rational(
    0.5,
    (1.1449340668482264, 1.0),
    (2.117651207754983, 3.9493671688201695),
    (1.0200327800714981, 6.347781436647075),
    (-0.47409494422473525, 5.33736370397758),
    (-0.6603665587258029, 2.493006122077787),
    (-0.2449479505536434, 0.6182159452184709),
    (-0.032080034624480475, 0.06416007376560433),
)
# x^3 (trigamma(x) - 1 / x - 1 / (2 x^2)) as a function of 1 / x^2 for x >= 2:
# degree 6 / 6, error 4e-16, of a small part of the sum.
_TRIGAMMA_FAR = Rational(
    0.0,
    (0.16666666666666663, 1.0),
    (3.646074283509265, 22.076445701054798),
    (25.79410723792963, 159.03707542526115),
    (72.11456888573771, 461.5410503894151),
    (77.63769006813557, 539.375516466051),
    (25.830707335641396, 220.21601794858523),
    (1.162649471572376, 20.520391747607867),
)
# The zero of digamma, in two parts.
_DIGAMMA_ROOT = 1.4616321449683622, 9.549995429965697e-17

# The Bernoulli numbers B[2], B[4], ..., B[20].
_BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66),
    *(-691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330),
)


def lgamma(x: Array) -> Array:
    """The logarithm of the absolute value of the gamma function.

    Within 4 units in the last place for positive x. For negative x the error is below 4 units in
    the last place of the result, or of 1.0 near a zero. Plus infinity at the poles 0, -1, -2, ...
    and at both infinities.

    >>> lgamma(np.array([0.5, 1.0, 10.0]))
    array([ 0.57236494,  0.        , 12.80182748])
    """
    return elementwise(_lgamma, x, np.float64)


def _lgamma(x: Array) -> Array:
    return by_region(
        x,
        (3.5, _lgamma_far),
        (0.5, lambda x: _lgamma_centre(x - 1)),
        (-30.0, _lgamma_shifted),
        (-(2.0**52), _lgamma_reflected),
        (-np.inf, lambda x: np.full_like(x, np.inf)),  # whole numbers all
    )


def _lgamma_far(x: Array) -> Array:
    """Stirling's formula and what is missing from it."""
    half_log_tau = math.log(2 * math.pi) / 2
    return (x - 0.5) * (np.log(x) - 1) + (_LGAMMA_FAR(1 / (x * x)) / x + (half_log_tau - 0.5))


def _lgamma_centre(z: Array) -> Array:
    """Compute lgamma(1 + z) for -0.5 <= z <= 2.5."""
    return z * (z - 1) * _LGAMMA_CENTRE(z + 0.5) + 0.0  # -0.0 becomes 0.0


def _lgamma_shifted(x: Array) -> Array:
    """Use gamma(x + n) = gamma(x) x (x + 1) ... (x + n - 1), with x + n in [0.5, 1.5)."""
    n = np.ceil(0.5 - x)
    product = np.ones_like(x)
    for k in range(int(n.max())):
        product *= np.where(k < n, x + k, 1)
    return _lgamma_centre(x + (n - 1)) - np.log(np.abs(product))


def _lgamma_reflected(x: Array) -> Array:
    """Use gamma(x) gamma(-x) = -pi / (x sin(pi x)). So far out, no float64 lies close to a zero."""
    sine = np.sin(math.pi * (x - np.rint(x)))
    return -np.log(np.abs(x * sine) / math.pi) - _lgamma_far(-x)


def digamma(x: Array) -> Array:
    """The derivative of `lgamma`.

    Within 4 units in the last place for positive x, also next to the zero at 1.4616. For negative x
    the error is below 4 units in the last place of the result, or of max(1, log|x|) near a zero. As
    in PyTorch: minus infinity at 0, plus infinity at -0.0, NaN at the negative whole numbers and at
    minus infinity.

    >>> digamma(np.array([0.5, 1.0, 10.0]))
    array([-1.96351003, -0.57721566,  2.25175259])
    """
    return elementwise(_digamma, x, np.float64)


def _digamma(x: Array) -> Array:
    return by_region(
        x,
        (2.0, _digamma_far),
        (0.5, _digamma_centre),
        (0.0, lambda x: _digamma(x + 1) - 1 / x),
        (-np.inf, _digamma_reflected),
    )


def _digamma_far(x: Array) -> Array:
    square = 1 / (x * x)
    return np.log(x) - (0.5 / x + square * _DIGAMMA_FAR(square))


def _digamma_centre(x: Array) -> Array:
    root, rest = _DIGAMMA_ROOT
    return ((x - root) - rest) * _DIGAMMA_CENTRE(x - 0.5)


def _digamma_reflected(x: Array) -> Array:
    """Use digamma(x) = digamma(1 - x) - pi / tan(pi x), where tan(pi / 2 - y) = 1 / tan(y)."""
    offset = x - np.rint(x)
    offset[offset == 0] = np.nan
    size = np.abs(offset)
    tangent = np.tan(math.pi * np.minimum(size, 0.5 - size))
    quotient = np.where(size < 0.25, math.pi / tangent, math.pi * tangent)
    return _digamma(1 - x) - np.copysign(quotient, offset)


def trigamma(x: Array) -> Array:
    """The derivative of `digamma`, polygamma(1, x): 1 / x^2 + 1 / (x + 1)^2 + 1 / (x + 2)^2 + ...

    Within 4 units in the last place. Plus infinity at the poles 0, -1, -2, ..., where PyTorch
    returns large numbers.

    >>> trigamma(np.array([0.5, 1.0, 10.0]))
    array([4.9348022 , 1.64493407, 0.10516634])
    """
    return polygamma(1, x)


def polygamma(n: int, x: Array) -> Array:
    """The n-th derivative of `digamma`: (-1)^(n + 1) n! times the sum of (x + k)^-(n + 1), k >= 0.

    Within 4 units in the last place for positive x; for negative x, where an even n has zeros,
    within as much of the largest term of the sum. At the poles 0, -1, -2, ... it is infinite, minus
    for even n and plus for odd n. At plus infinity it is 0, where PyTorch returns NaN for n > 1.

    Args:
        n: From 0, which is `digamma`, to 170: beyond, n! is no float64 any more.
        x: An array of floats.

    >>> polygamma(2, np.array([0.5, 1.0, 2.0]))
    array([-16.82879664,  -2.40411381,  -0.40411381])
    """
    if not 0 <= n <= 170:
        raise ValueError(f"polygamma needs n from 0 to 170, but got {n}")
    if n == 0:
        return digamma(x)
    return elementwise(lambda block: _polygamma(n, block), x, np.float64)


def _polygamma(n: int, x: Array) -> Array:
    sign = 1 if n % 2 else -1
    return sign * by_region(
        x,
        (0.0, lambda x: _zeta(n, x)),
        (-np.inf, lambda x: _zeta_reflected(n, x)),
    )


def _zeta(n: int, x: Array) -> Array:
    """Compute n! zeta(n + 1, x), n! times the sum of (x + k)^-(n + 1), for positive x."""
    if n == 1:
        return by_region(x, (2.0, _trigamma_far), (0.0, _trigamma_centre))
    start = n + 8  # from where on the asymptotic series has all its digits
    return by_region(
        x,
        (start, lambda x: _zeta_far(n, x)),
        (0.0, lambda x: _zeta_summed(n, x, start)),
    )


def _trigamma_far(x: Array) -> Array:
    inverse = 1 / x
    square = inverse * inverse
    return inverse + (0.5 * square + inverse * square * _TRIGAMMA_FAR(square))


def _trigamma_centre(x: Array) -> Array:
    return 1 / x / x + _TRIGAMMA_CENTRE(x)


def _zeta_summed(n: int, x: Array, terms: int) -> Array:
    factorial = math.factorial(n)
    value = _zeta_far(n, x + terms)
    for k in range(terms - 1, 0, -1):
        shifted = x + k
        term = _inverse_power(shifted, n + 1, factorial)
        if n > 3:  # the power makes much of what x + k lost to rounding
            lost = x - (shifted - k)
            term *= 1 - (n + 1) * lost / shifted
        value += term
    return value + _inverse_power(x + 0.0, n + 1, factorial)


def _zeta_far(n: int, x: Array) -> Array:
    """Euler-Maclaurin: (n - 1)! / x^n (1 + n / (2 x) + B[2] binomial(n + 1, 2) / x^2 + ...)."""
    terms = [b * math.comb(n + 2 * k - 1, 2 * k) for k, b in enumerate(_BERNOULLI, start=1)]
    series = horner(1 / (x * x), [1.0, *terms]) + n / 2 / x
    return _inverse_power(x, n, math.factorial(n - 1)) * series


def _inverse_power(x: Array, n: int, factor: int) -> Array:
    """Compute factor / x^n in two steps, so that nothing underflows before the result does."""
    return float(factor) * x ** -(n // 2) * x ** (n // 2 - n)


def _zeta_reflected(n: int, x: Array) -> Array:
    """Split the sum where x + k changes its sign: both parts are sums over positive numbers."""
    offset = x - np.rint(x)
    near, far = np.abs(offset), 1 - np.abs(offset)
    positive, negative = np.where(offset < 0, (far, near), (near, far))
    sign = (-1) ** n
    return (_zeta(n, positive) - sign * _zeta(n, negative)) + sign * _zeta(n, 1 - x)
