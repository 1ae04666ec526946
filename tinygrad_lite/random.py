"""Random numbers, the same ones that PyTorch draws on the CPU from the same seed.

PyTorch's CPU generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), which NumPy has
too; what remains is how its 32-bit words become numbers. So `manual_seed(0)` gives the initial weights
here that it gives there, as far as rounding goes.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


class Generator:
    """A stream of random numbers of its own.

    Args:
        device: accepted as in PyTorch; only the CPU exists here.

    Attributes:
        spare: the second of a pair of normal numbers, of which one has been given out.

    Example:
        >>> import tinygrad_lite as tg
        >>> g = tg.Generator().manual_seed(0)
        >>> tg.rand(2, generator=g)
        tensor([0.4963, 0.7682])
    """

    def __init__(self, device: Any = "cpu") -> None:
        from tinygrad_lite.device import to_device

        self.device = to_device(device)
        self._bits: Any = None
        self._seed = 67280421310721  # PyTorch's default seed
        self.spare: float | None = None

    def _source(self) -> Any:
        if self._bits is None:
            self.manual_seed(self._seed)
        return self._bits

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream again from `seed`, any integer from -2**63 to 2**64 - 1.

        Raises:
            ValueError: if the seed is out of that range.
        """
        number = int(seed)
        if not -(2**63) <= number < 2**64:
            raise ValueError(f"Overflow when unpacking long long: the seed {number} does not fit in 64 bits")
        self._seed = number % 2**64
        bits = np.random.MT19937()
        state: Any = np.random.RandomState(self._seed % 2**32).get_state(legacy=False)
        bits.state = state
        self._bits, self.spare = bits, None
        return self

    def seed(self) -> int:
        """Start again from a seed that the operating system chooses; returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed the stream was started from."""
        return self._seed

    def get_state(self) -> Any:
        """The state as a byte tensor, for `set_state`."""
        from tinygrad_lite.tensors import make

        state = self._source().state["state"]
        spare = math.nan if self.spare is None else self.spare
        head = np.array([self._seed, state["pos"]], np.uint64)
        words = np.asarray(state["key"], np.uint32)
        raw = head.tobytes() + np.float64(spare).tobytes() + words.tobytes()
        return make(np.frombuffer(raw, np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Go on from a state that `get_state` returned.

        Raises:
            RuntimeError: if it is not such a state.
        """
        raw = new_state.array.tobytes()
        if len(raw) != 24 + 4 * 624:
            raise RuntimeError(f"expected a state of {24 + 4 * 624} bytes from get_state(), got {len(raw)} bytes")
        seed, position = np.frombuffer(raw[:16], np.uint64)
        spare = float(np.frombuffer(raw[16:24], np.float64)[0])
        bits = np.random.MT19937()
        state: Any = {"key": np.frombuffer(raw[24:], np.uint32), "pos": int(position)}
        bits.state = {"bit_generator": "MT19937", "state": state}
        self._bits, self._seed = bits, int(seed)
        self.spare = None if math.isnan(spare) else spare
        return self

    def words(self, n: int) -> np.ndarray:
        """The next `n` 32-bit words, as uint64."""
        drawn: np.ndarray = self._source().random_raw(n)
        return drawn

    def long_words(self, n: int) -> np.ndarray:
        """The next `n` 64-bit words, two 32-bit words each."""
        pairs = self.words(2 * n).reshape(n, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def uniform(self, n: int, dtype: np.dtype[Any]) -> np.ndarray:
        """`n` numbers in [0, 1): 53 random bits in float64, 24 otherwise."""
        if dtype == np.float64:
            return (self.long_words(n) & np.uint64(2**53 - 1)) * 2.0**-53
        return ((self.words(n) & np.uint64(2**24 - 1)) * 2.0**-24).astype(dtype)

    def uniform_between(self, n: int, low: float, high: float, dtype: np.dtype[Any]) -> np.ndarray:
        """`n` numbers in [low, high); x * (high - low) + low is rounded once, as PyTorch's compiled code does."""
        start = dtype.type(low)
        width = dtype.type(high) - start
        x = self.uniform(n, dtype)
        if dtype != np.float64:
            return (x.astype(np.float64) * np.float64(width) + np.float64(start)).astype(dtype)
        product = x * width
        total = product + start
        rest = total - product
        lost = (product - (total - rest)) + (start - rest)
        return total + (lost + _rounding_of(x, width, product))

    def normal(self, n: int, dtype: np.dtype[Any]) -> np.ndarray:
        """`n` numbers from the normal distribution, by the method of Box and Muller (1958).

        From 16 numbers on, PyTorch makes them in blocks of 16: the first eight uniform numbers of a
        block give radii, the last eight angles; a last incomplete block is drawn again.
        """
        if n < 16:
            return self.normal_in_pairs(n).astype(dtype)
        whole = n - n % 16
        half = dtype == np.float16  # computed in float32; and what an incomplete block begins with is not drawn
        wide = np.dtype(np.float32) if half else dtype
        out = np.empty(n, wide)
        out[:whole] = _box_muller(self.uniform(whole if half else n, wide)[:whole])
        if whole < n:
            out[-16:] = _box_muller(self.uniform(16, wide))
        return out.astype(dtype, copy=False)

    def normal_in_pairs(self, n: int) -> np.ndarray:
        """`n` normal numbers in float64, made in pairs: where one is left over it is kept for the next call."""
        out = np.empty(n)
        start = 0
        if n and self.spare is not None:
            out[0], self.spare, start = self.spare, None, 1
        missing = n - start
        u = self.uniform(missing + missing % 2, np.dtype(np.float64))
        radius, angle = np.sqrt(-2 * np.log1p(-u[1::2])), 2 * math.pi * u[::2]
        pairs = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1).reshape(-1)
        out[start:] = pairs[:missing]
        if missing % 2:
            self.spare = float(pairs[-1])
        return out

    def exponential(self, n: int) -> np.ndarray:
        """`n` numbers of the exponential distribution of rate 1, in float64: -log(1 - u) of uniform ones."""
        drawn: np.ndarray = -np.log1p(-self.uniform(n, np.dtype(np.float64)))
        return drawn

    def bernoulli(self, n: int, p: float) -> np.ndarray:
        """`n` truth values, each true with probability `p`."""
        drawn: np.ndarray = self.uniform(n, np.dtype(np.float64)) < p
        return drawn

    def integers(self, n: int, low: int, high: int) -> np.ndarray:
        """`n` integers in [low, high), as int64."""
        span = high - low
        words = self.long_words(n) if span >= 2**28 else self.words(n)
        return (words % np.uint64(span)).astype(np.int64) + low

    def permutation(self, n: int) -> np.ndarray:
        """The numbers 0 .. n-1 in random order, by the shuffle of Fisher and Yates."""
        order = list(range(n))
        words = self.words(n - 1) if n > 1 else np.empty(0, np.uint64)
        jumps = words % np.arange(n, 1, -1).astype(np.uint64)
        for k, jump in enumerate(jumps.tolist()):
            order[k], order[k + jump] = order[k + jump], order[k]
        return np.array(order, np.int64)


def _rounding_of(x: np.ndarray, y: Any, product: np.ndarray) -> np.ndarray:
    """What was rounded away in `product = x * y` (Dekker, 1971): each factor is cut into two halves of 26 bits."""
    (x_high, x_low), (y_high, y_low) = (_halves(x), _halves(y))
    rest: np.ndarray = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    return rest


def _halves(x: Any) -> tuple[Any, Any]:
    scaled = x * (2.0**27 + 1)
    high = scaled - (scaled - x)
    return high, x - high


def _box_muller(u: np.ndarray) -> np.ndarray:
    blocks = u.reshape(-1, 2, 8)
    radius = np.sqrt(-2 * np.log(1 - blocks[:, 0]))
    angle = (2 * math.pi) * blocks[:, 1]
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1).reshape(-1)


default_generator = Generator()


class _Here(threading.local):
    """The generator that this thread uses in place of the default one, if any."""

    generator: Generator | None = None
    refuses = False
    asked = 0


_here = _Here()


def current_generator() -> Generator:
    """Where random numbers come from unless a generator is named: the default one.

    A thread that a `DataLoader` reads in has one of its own, so that its numbers do not depend on when
    it runs.

    Raises:
        RuntimeError: inside `vmap` with randomness="error".
    """
    if _here.refuses:
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
            "'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )
    _here.asked += 1
    return _here.generator or default_generator


def times_asked() -> int:
    """How often this thread has asked for the `current_generator`: what it did not ask for it did not draw from."""
    return _here.asked


class drawing:  # noqa: N801 - a context manager
    """How random functions behave in a block that is entered again and again.

    Args:
        randomness: "error" refuses them, "same" gives them the same numbers each time, "different" others.
    """

    def __init__(self, randomness: str) -> None:
        self.refuses = randomness == "error"
        self.start = current_generator().get_state() if randomness == "same" else None

    def __enter__(self) -> None:
        self._before = _here.refuses
        if self.start is not None:
            current_generator().set_state(self.start)
        _here.refuses = self.refuses or self._before

    def __exit__(self, *exc: object) -> None:
        _here.refuses = self._before


def use_in_this_thread(generator: Generator) -> None:
    """Let `generator` be this thread's `current_generator()`."""
    _here.generator = generator


def manual_seed(seed: int) -> Generator:
    """Start the random numbers again from `seed`; returns the generator that all functions use.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.rand(2)
        tensor([0.4963, 0.7682])
    """
    return current_generator().manual_seed(seed)


def seed() -> int:
    """Start the random numbers again from a seed that nobody knows; returns it."""
    return current_generator().seed()


def initial_seed() -> int:
    """The seed that the random numbers were started from."""
    return current_generator().initial_seed()


def get_rng_state() -> Any:
    """The state of the default generator, a byte tensor."""
    return current_generator().get_state()


def set_rng_state(new_state: Any) -> None:
    """Go on from a state that `get_rng_state` returned."""
    current_generator().set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None, enabled: bool = True, _caller: str = "fork_rng", _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:  # fmt: skip
    """A `with` block after which random numbers go on as if it had not been.

    Args:
        devices: GPUs to do the same for; there is none.
        enabled: whether to do so.
        device_type: what kind of GPU; as in PyTorch.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> with tg.random.fork_rng():
        ...     _ = tg.rand(1000)
        >>> tg.rand(2)
        tensor([0.4963, 0.7682])
    """
    if not enabled:
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)
