"""The table, Fourier transforms.

`norm` is NumPy's and PyTorch's: what of the factor 1/n the transform takes, "backward" meaning that the
inverse has it all. The adjoint of a transform is the inverse with the factor on the other side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.op import op

OTHER_SIDE = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _unpaired(bins: int, n: int, ndim: int, axis: int) -> Any:
    """Which of the bins of a real transform of length n stand for themselves alone, not for two."""
    alone = np.zeros(bins, bool)
    alone[0] = True
    if n % 2 == 0:
        alone[n // 2] = True
    return alone.reshape(-1, *(1,) * (ndim - 1 - axis % ndim))


def _rfft_x(g: Any, x_shape: tuple[int, ...], axis: int, norm: str) -> Any:
    n = x_shape[axis]
    alone = _unpaired(g.shape[axis], n, len(x_shape), axis)
    return irfft(np.where(alone, g, g * 0.5), n, axis, OTHER_SIDE[norm])


def _irfft_x(g: Any, x_shape: tuple[int, ...], length: int, axis: int, norm: str) -> Any:
    g = rfft(g, axis, OTHER_SIDE[norm])
    return np.where(_unpaired(x_shape[axis], length, len(x_shape), axis), g, g * 2.0)


# fmt: off
_AXES: tuple[Any, ...] = (((4,), {"axes": (0,)}), ((2, 3), {"axes": (-1,), "norm": "ortho"}),
                          ((2, 3), {"axes": (0, 1), "norm": "forward"}))

fft: Any = op(
    "fft", lambda x, axes, norm="backward": np.fft.fftn(x, None, axes, norm), cases=_AXES, numbers="complex",
    doc="The discrete Fourier transform of a complex signal.",
    x=lambda g, axes, norm: ifft(g, axes, OTHER_SIDE[norm]),
)
ifft: Any = op(
    "ifft", lambda x, axes, norm="backward": np.fft.ifftn(x, None, axes, norm), cases=_AXES, numbers="complex",
    doc="The inverse of `fft`.",
    x=lambda g, axes, norm: fft(g, axes, OTHER_SIDE[norm]),
)
rfft: Any = op(
    "rfft", lambda x, axis, norm="backward": np.fft.rfft(x, None, axis, norm), numbers="real", refuses="e",
    cases=(((4,), {"axis": 0}), ((5, 2), {"axis": -2, "norm": "ortho"})),
    doc="The half of `fft` of a real signal that the other half mirrors.",
    x=_rfft_x,
)
irfft: Any = op(
    "irfft", lambda x, length, axis, norm="backward": np.fft.irfft(x, length, axis, norm), numbers="complex",
    cases=(((3,), {"length": 4, "axis": 0}), ((3, 2), {"length": 5, "axis": -2, "norm": "ortho"})),
    doc="The real signal of that length that has this half of `fft`.",
    x=_irfft_x,
)
