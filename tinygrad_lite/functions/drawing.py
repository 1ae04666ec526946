"""The functions that draw random numbers: `rand`, `randn`, `randint`, `randperm` ...

From the same seed they are PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.functions.arguments import need_tensor, sizes_of, to_shape
from tinygrad_lite.functions.creation import plain_names
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.random import Generator, current_generator
from tinygrad_lite.tensors import make

__all__ = [
    "bernoulli", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "randperm",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _drawn(draw: Any, shape: tuple[int, ...], dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """Random numbers that `draw(count, dtype)` gives, in a shape."""
    to_device(device)
    target = get_default_dtype() if dtype is None else to_dtype(dtype)
    if not target.is_floating_point:
        raise NotImplementedError(f"random numbers are of a floating-point dtype, not {target}")
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return make(draw(math.prod(shape), target.numpy).reshape(shape), requires_grad)


def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Random numbers in [0, 1), all equally likely; from a seed the ones that PyTorch draws.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.rand(3)
        tensor([0.4963, 0.7682, 0.0885])
    """
    source = generator or current_generator()
    return _drawn(source.uniform, sizes_of("rand", size, names), dtype, device, requires_grad)


def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Random numbers from the normal distribution with mean 0 and variance 1.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.randn(3)
        tensor([ 1.5410, -0.2934, -2.1788])
    """
    source = generator or current_generator()
    return _drawn(source.normal, sizes_of("randn", size, names), dtype, device, requires_grad)


def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers in [0, 1) in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rand_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    need_tensor("rand_like", "input", input)
    return rand(input.array.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal random numbers in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.randn_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    need_tensor("randn_like", "input", input)
    return randn(input.array.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randint(
    low: int = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from `low` (0 if left out) up to, not including, `high`.

    Raises:
        RuntimeError: if there is no integer between them.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.randint(10, (3,))
        tensor([4, 9, 3])
    """
    to_device(device)
    if not isinstance(high, int):  # randint(high, size)
        low, high, size = 0, low, size if high is None else high
    if size is None:
        raise TypeError("randint(): missing argument 'size'")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    shape = to_shape("randint", (size,))
    drawn = (generator or current_generator()).integers(math.prod(shape), low, high).reshape(shape)
    return make(drawn.astype(to_dtype("int64" if dtype is None else dtype).numpy), requires_grad)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The numbers 0 to n-1 in random order.

    Raises:
        RuntimeError: if `n` is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.randperm(4)
        tensor([0, 1, 3, 2])
    """
    to_device(device)
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    order = (generator or current_generator()).permutation(n)
    return make(order.astype(to_dtype("int64" if dtype is None else dtype).numpy), requires_grad)


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None
) -> Tensor:
    """Normal random numbers with a mean and a standard deviation, each a number or a tensor.

    Args:
        mean: a number, or a tensor of means.
        std: a number, or a tensor of standard deviations.
        size: the shape, where both are numbers.
        generator: where the numbers come from.
        dtype: where both are numbers.

    Raises:
        RuntimeError: for a negative standard deviation.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.normal(mean=tg.tensor([0.0, 1000.0]), std=tg.tensor([0.0, 0.0]))
        tensor([   0., 1000.])
    """
    spread = std.array if isinstance(std, TensorCore) else np.asarray(std)
    if (spread < 0).any():
        raise RuntimeError(f"normal expects all elements of std >= 0.0, got {spread.min()}")
    given = [v for v in (mean, std) if isinstance(v, TensorCore)]
    if not given:
        return randn(size if size is not None else (), generator=generator, dtype=dtype) * std + mean
    shape = np.broadcast_shapes(*(v.array.shape for v in given))
    noise = randn(shape, generator=generator, dtype=given[0].array.dtype)
    return (noise * std + mean).detach()


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Ones with the probabilities that `input` holds, else zeros.

    Raises:
        RuntimeError: if a probability is not in [0, 1].

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bernoulli(tg.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    need_tensor("bernoulli", "input", input)
    p = input.array
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true in every element")
    drawn = (generator or current_generator()).uniform(p.size, p.dtype).reshape(p.shape)
    return make((drawn < p).astype(p.dtype))


def randint_like(
    input: Tensor, low: Any = 0, high: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Random integers from `low` (0 if only one is given) up to `high`, in the shape and dtype of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.randint_like(tg.zeros(3), 10)
        tensor([4., 9., 3.])
    """
    need_tensor("randint_like", "input", input)
    plain_names("randint_like", names, "memory_format")
    low, high = (0, low) if high is None else (low, high)
    like = input.dtype if dtype is None else dtype
    return randint(int(low), int(high), input.array.shape, dtype=like, device=device, requires_grad=requires_grad)


def integer_range(dtype: np.dtype[Any], low: int | None, high: int | None) -> tuple[int, int]:
    """The range that `random_` draws from: [low, high), [0, low), or what the dtype holds exactly.

    Raises:
        RuntimeError: if there is no integer in it.
    """
    if high is None:
        low, high = 0, low
    if high is None:
        digits = np.finfo(dtype).nmant + 1 if dtype.kind in "fc" else 8 * dtype.itemsize - (dtype.kind == "i")
        return 0, 2 if dtype.kind == "b" else 2 ** min(digits, 63) + (dtype.kind in "fc")
    low = 0 if low is None else low
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return low, high


def exponential(generator: Generator, n: int, dtype: Any) -> np.ndarray:
    """`n` random numbers of the exponential distribution of rate 1: -log(1 - u) of uniform ones."""
    drawn: np.ndarray = -np.log1p(-generator.uniform(n, np.dtype(dtype)))
    return drawn


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Random positions, each as likely as its weight in the vector, or in each row of the matrix, says.

    Without replacement those with the smallest exponential times, which are shorter where the weight is
    larger (Efraimidis and Spirakis, 2006).

    Args:
        input: weights that are not negative; they need not sum to 1.
        num_samples: how many positions to draw, for each row.
        replacement: whether a position may be drawn again.
        generator: where the numbers come from.

    Raises:
        RuntimeError: for weights that are negative, infinite, NaN or all zero, or fewer of them than samples.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.multinomial(tg.tensor([0.0, 1.0, 0.0]), 3, replacement=True)
        tensor([1, 1, 1])
    """
    need_tensor("multinomial", "input", input)
    weights = input.array
    if weights.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, got {weights.ndim}")
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            f"cannot sample n_sample ({num_samples}) > prob_dist.size(-1) ({weights.shape[-1]}) samples without "
            "replacement"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    rows = np.atleast_2d(weights).astype(np.float64)
    if not rows.any(axis=1).all() or (not replacement and (np.count_nonzero(rows, axis=1) < num_samples).any()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0, or too few non-zero ones)")
    source = generator or current_generator()
    if replacement:
        sums = np.cumsum(rows, axis=1)
        points = source.uniform(len(rows) * num_samples, np.dtype(np.float64)).reshape(len(rows), num_samples)
        drawn = np.stack([s.searchsorted(p * s[-1], "right") for s, p in zip(sums, points, strict=True)])
    else:
        with np.errstate(divide="ignore"):
            times = exponential(source, rows.size, np.float64).reshape(rows.shape) / rows
        drawn = np.argsort(times, axis=1, kind="stable")[:, :num_samples]
    return make(drawn.astype(np.int64).reshape(*weights.shape[:-1], num_samples))
