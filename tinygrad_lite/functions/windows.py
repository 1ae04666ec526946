"""Windows for signals: `hann_window`, `hamming_window`, `blackman_window`, `bartlett_window`, `kaiser_window`.

(Harris, On the use of windows for harmonic analysis with the discrete Fourier transform, 1978.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.functions.creation import plain_names
from tinygrad_lite.tensors import make

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _window(
    name: str, shape: Callable[[np.ndarray], np.ndarray], n: int, periodic: bool, dtype: Any, device: Any,
    requires_grad: bool, names: dict[str, Any],
) -> Tensor:  # fmt: skip
    """What `shape` makes of numbers from 0 to 1; a periodic window leaves out the last of one longer."""
    plain_names(name, names)
    to_device(device)
    target = get_default_dtype() if dtype is None else to_dtype(dtype)
    if not target.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {target}")
    if n < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={n}")
    if n < 2:
        return make(np.ones(n, target.numpy), requires_grad)
    places = np.arange(n) / (n if periodic else n - 1)
    return make(shape(places).astype(target.numpy), requires_grad)


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **names: Any,
) -> Tensor:  # fmt: skip
    """The window of Hann: half a period of a sine, squared.

    Args:
        window_length: how many numbers.
        periodic: whether the window is to be repeated, so that the last zero is left out.
        dtype, device, requires_grad: of the tensor.

    Raises:
        RuntimeError: for a negative length or a dtype that holds no fractions; the other windows too.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(
        "hann_window", lambda t: np.sin(math.pi * t) ** 2, window_length, periodic, dtype, device, requires_grad, names
    )


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None,
    device: Any = None, requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """The window of Hamming: alpha - beta * cos(2 pi t).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hamming_window(4)
        tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """

    def shape(t: np.ndarray) -> np.ndarray:
        return alpha - beta * np.cos(2 * math.pi * t)

    return _window("hamming_window", shape, window_length, periodic, dtype, device, requires_grad, names)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **names: Any,
) -> Tensor:  # fmt: skip
    """The window of Blackman: 0.42 - 0.5 * cos(2 pi t) + 0.08 * cos(4 pi t).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.blackman_window(4)[1:]
        tensor([0.3400, 1.0000, 0.3400])
    """

    def shape(t: np.ndarray) -> np.ndarray:
        return 0.42 - 0.5 * np.cos(2 * math.pi * t) + 0.08 * np.cos(4 * math.pi * t)

    return _window("blackman_window", shape, window_length, periodic, dtype, device, requires_grad, names)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **names: Any,
) -> Tensor:  # fmt: skip
    """The window of Bartlett: a triangle.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(
        "bartlett_window", lambda t: 1 - np.abs(2 * t - 1), window_length, periodic, dtype, device, requires_grad, names
    )


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """The window of Kaiser, from the modified Bessel function of order 0.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.kaiser_window(4, beta=5.0)
        tensor([0.0367, 0.5529, 1.0000, 0.5529])
    """

    def shape(t: np.ndarray) -> np.ndarray:
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * t - 1) ** 2, 0))) / np.i0(np.float64(beta))

    return _window("kaiser_window", shape, window_length, periodic, dtype, device, requires_grad, names)
