"""Random numbers by rejection: of the gamma, Poisson and binomial distributions, PyTorch's from the same seed.

How many uniform numbers one of these takes is only known when it has been accepted, and the next begins where it
ended. So these are loops over elements, in Python: from uniform numbers that are drawn in bulk, and what is left
over at the end is given back to the generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint

import numpy as np

from tinygrad_lite.random import Generator

__all__ = ["binomial", "poisson", "standard_gamma"]

Draw = Callable[[], float]

# PyTorch writes these two as float32.
_THIRD = float(np.float32(1 / 3))
_SQUEEZE = float(np.float32(0.0331))


class _Uniform:
    """A generator's uniform numbers in [0, 1) of 53 random bits, one at a time: in a `with`, `next` gives the next."""

    def __init__(self, generator: Generator, expected: int) -> None:
        self.generator = generator
        self.expected = max(expected, 16)

    def __enter__(self) -> Draw:
        self.start = self.generator.get_state()
        self.drawn = 0
        return chain.from_iterable(self._blocks()).__next__

    def _blocks(self) -> Iterator[Iterator[float]]:
        while True:
            block = self.generator.uniform(self.expected, np.dtype(np.float64)).tolist()
            self.drawn += len(block)
            self.block = iter(block)
            yield self.block

    def __exit__(self, *exc: object) -> None:
        spare = self.generator.spare
        self.generator.set_state(self.start)
        self.generator.words(2 * (self.drawn - (length_hint(self.block) if self.drawn else 0)))
        self.generator.spare = spare


def standard_gamma(generator: Generator, shape: np.ndarray) -> np.ndarray:
    """A gamma-distributed number of rate 1 for each shape, by the method of Marsaglia and Tsang (2000)."""
    with _Uniform(generator, 3 * shape.size) as uniform:
        drawn = _gamma(shape.ravel().tolist(), uniform, generator)
    out = np.array(drawn).reshape(shape.shape).astype(shape.dtype)
    return np.maximum(out, np.finfo(shape.dtype).tiny)


def _gamma(shapes: list[float], uniform: Draw, generator: Generator) -> list[float]:
    """The loop, with normal numbers made in it: in pairs, of which the generator keeps the second."""
    log, log1p, sqrt, sin, cos, tau = math.log, math.log1p, math.sqrt, math.sin, math.cos, 2 * math.pi
    spare, drawn = generator.spare, []
    for shape in shapes:
        scale = 1.0
        if shape < 1:
            if shape == 0:
                drawn.append(0.0)
                continue
            scale = (1 - uniform()) ** (1 / shape)
            shape += 1
        d = shape - _THIRD
        c = 1 / sqrt(9 * d)
        while True:
            root = 0.0
            while root <= 0:
                if spare is None:
                    angle = tau * uniform()
                    radius = sqrt(-2 * log1p(-uniform()))
                    x, spare = radius * cos(angle), radius * sin(angle)
                else:
                    x, spare = spare, None
                root = 1 + c * x
            v = root * root * root
            u = 1 - uniform()
            square = x * x
            if u < 1 - _SQUEEZE * square * square or log(u) < 0.5 * square + d * (1 - v + log(v)):
                break
        drawn.append(scale * d * v)
    generator.spare = spare
    return drawn


def poisson(generator: Generator, rate: np.ndarray) -> np.ndarray:
    """A Poisson-distributed number for each rate.

    Small rates by counting how many uniform numbers can be multiplied before exp(-rate) is reached (Knuth), others
    by transformed rejection, Hörmann's PTRS (1993).
    """
    with _Uniform(generator, 2 * rate.size) as uniform:
        drawn = [_poisson(r, uniform) for r in rate.ravel().tolist()]
    return np.array(drawn, np.float64).reshape(rate.shape).astype(rate.dtype)


def _poisson(rate: float, uniform: Draw) -> int:
    if rate < 10:
        if rate == 0:
            return 0
        bound, product, count = math.exp(-rate), uniform(), 0
        while product > bound:
            product *= uniform()
            count += 1
        return count
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    accepted = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        inside = 0.5 - abs(u)
        if inside == 0:
            continue
        k = math.floor((2 * a / inside + b) * u + rate + 0.43)
        if inside >= 0.07 and v <= accepted:
            return k
        if k < 0 or (inside < 0.013 and v > inside):
            continue
        left = (math.log(v) if v else -math.inf) + log_inverse_alpha - math.log(a / (inside * inside) + b)
        if left <= k * log_rate - rate - math.lgamma(k + 1):
            return k


def binomial(generator: Generator, count: np.ndarray, prob: np.ndarray) -> np.ndarray:
    """For each pair the number of successes among `count` trials; the arrays are of the same shape and dtype.

    Where few are expected the gaps between them are added up (Devroye, 1986), else by transformed rejection,
    Hörmann's BTRS (1993).
    """
    with _Uniform(generator, 2 * count.size) as uniform:
        pairs = zip(count.ravel().tolist(), prob.ravel().tolist(), strict=True)
        drawn = [_binomial(n, p, uniform) for n, p in pairs]
    return np.array(drawn, np.float64).reshape(count.shape).astype(count.dtype)


def _binomial(n: float, p: float, uniform: Draw) -> float:
    if n <= 0 or p <= 0:
        return 0
    if p >= 1:
        return n
    if math.isnan(p) or math.isnan(n):
        return math.nan
    rare = p if p <= 0.5 else 1 - p
    successes: float = _transformed_rejection(n, rare, uniform) if n * rare >= 10 else _gaps(n, rare, uniform)
    return successes if p <= 0.5 else n - successes


def _gaps(n: float, p: float, uniform: Draw) -> int:
    log_failure = math.log1p(-p)
    trials: float = 0
    successes = 0
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_failure) if u else n + 1
        if trials > n:
            return successes
        successes += 1


def _transformed_rejection(n: float, p: float, uniform: Draw) -> float:
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre = n * p + 0.5
    accepted = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * spread
    log_odds = math.log(p / (1 - p))
    mode = math.floor((n + 1) * p)
    at_mode = math.lgamma(mode + 1) + math.lgamma(n - mode + 1)
    while True:
        u, v = uniform() - 0.5, uniform()
        inside = 0.5 - abs(u)
        if inside == 0:
            continue
        k = math.floor((2 * a / inside + b) * u + centre)
        if inside >= 0.07 and v <= accepted:
            return k
        if k < 0 or k > n:
            continue
        left = math.log(v * alpha / (a / (inside * inside) + b)) if v else -math.inf
        if left <= at_mode - math.lgamma(k + 1) - math.lgamma(n - k + 1) + (k - mode) * log_odds:
            return k
