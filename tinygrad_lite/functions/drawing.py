"""The functions that draw random numbers: `rand`, `randn`, `randint`, `randperm` ...

From the same seed they are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.functions.arguments import common_shape, need_tensor, sizes_of, to_shape
from tinygrad_lite.functions.creation import empty_like, plain_names
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.kernels.order import top_order
from tinygrad_lite.random import Generator, current_generator
from tinygrad_lite.tensors import make

__all__ = [
    "bernoulli", "binomial", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm",
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
    return _drawn(
        source.uniform, sizes_of("rand", size, plain_names("rand", names, "size")), dtype, device, requires_grad
    )


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
    shape = sizes_of("randn", size, plain_names("randn", names, "size"))
    return _drawn(source.normal, shape, dtype, device, requires_grad)


def _drawn_like(name: str, input: Tensor, names: dict[str, Any], write: Callable[[Tensor], Any]) -> Tensor:
    """A tensor like `input`, in memory as that lies unless `memory_format` says otherwise, that `write` writes to."""
    need_tensor(name, "input", input)
    wanted = names.pop("requires_grad")
    made = empty_like(input, **{key: value for key, value in names.items() if value is not None})
    if made.array.dtype.kind != "f":
        raise NotImplementedError(f"{name}(): random numbers are of a floating-point dtype, not {made.dtype}")
    write(made)
    return made.requires_grad_(wanted)


def rand_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    generator: Generator | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """Random numbers in [0, 1) in the shape, dtype and layout of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.rand_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    names.update(dtype=dtype, device=device, requires_grad=requires_grad)
    return _drawn_like("rand_like", input, names, lambda out: out.uniform_(generator=generator))


def randn_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    generator: Generator | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """Normal random numbers in the shape, dtype and layout of `input`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.randn_like(tg.zeros(2, 3)).shape
        Size([2, 3])
    """
    names.update(dtype=dtype, device=device, requires_grad=requires_grad)
    return _drawn_like("randn_like", input, names, lambda out: out.normal_(generator=generator))


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
    low, high = (0, low) if high is None else (low, high)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    out = empty_like(input, dtype=input.dtype if dtype is None else dtype, device=device, **names)
    return out.random_(int(low), int(high)).requires_grad_(requires_grad)


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


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Random positions, each as likely as its weight in the vector, or in each row of the matrix, says.

    Without replacement those with the largest weight divided by an exponential random number (Efraimidis and
    Spirakis, 2006).

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
    rows = np.atleast_2d(weights)
    if not rows.any(axis=1).all() or (not replacement and (np.count_nonzero(rows, axis=1) < num_samples).any()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0, or too few non-zero ones)")
    source = generator or current_generator()
    if replacement and num_samples > 1:
        sums = np.cumsum(rows, axis=1)
        sums /= sums[:, -1:]
        points = source.uniform(len(rows) * num_samples, np.dtype(np.float64)).reshape(len(rows), num_samples)
        drawn = np.stack([s.searchsorted(p) for s, p in zip(sums, points, strict=True)])
    else:
        with np.errstate(divide="ignore", over="ignore"):
            early = rows / np.maximum(source.exponential(rows.size), 2.0**-126).reshape(rows.shape).astype(rows.dtype)
        drawn = top_order(early, num_samples, axis=1)
    return make(drawn.astype(np.int64).reshape(*weights.shape[:-1], num_samples))


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """How many events happen where so many are expected: a Poisson-distributed number for each rate in `input`.

    Raises:
        RuntimeError: for a rate that is negative.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.poisson(tg.tensor([0.0, 1.0, 100.0]))
        tensor([  0.,   2., 117.])
    """
    need_tensor("poisson", "input", input)
    rates = input.array
    if rates.dtype.kind != "f":
        raise NotImplementedError(f"poisson() is not implemented for {input.dtype}")
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    from tinygrad_lite import rejection

    return make(rejection.poisson(generator or current_generator(), rates))


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`, drawn at random.

    Args:
        count: numbers of trials, in a floating-point dtype.
        prob: probabilities, in the same dtype; the two broadcast.
        generator: where the numbers come from.

    Raises:
        RuntimeError: for different dtypes.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> tg.binomial(tg.tensor([5.0, 100.0]), tg.tensor([1.0, 0.3]))
        tensor([ 5., 29.])
    """
    need_tensor("binomial", "count", count)
    need_tensor("binomial", "prob", prob, 2)
    if count.array.dtype.kind != "f":
        raise NotImplementedError(f"binomial() is not implemented for {count.dtype}")
    if count.array.dtype is not prob.array.dtype:
        raise RuntimeError(f"binomial(): count and prob must have the same dtype, got {count.dtype} and {prob.dtype}")
    common_shape("binomial", count.array.shape, prob.array.shape)
    from tinygrad_lite import rejection

    return make(rejection.binomial(generator or current_generator(), *np.broadcast_arrays(count.array, prob.array)))
