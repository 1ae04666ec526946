"""Discrete Fourier transforms, under the names of `torch.fft`.

>>> import tinygrad_lite as tg
>>> tg.fft.irfft(tg.fft.rfft(tg.tensor([1.0, 2.0, 3.0, 4.0])))
tensor([1., 2., 3., 4.])
"""

from tinygrad_lite.functions.fft import *  # noqa: F403
from tinygrad_lite.functions.fft import __all__  # noqa: F401
