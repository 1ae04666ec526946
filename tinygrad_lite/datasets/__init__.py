"""Data sets as plain NumPy arrays: digits that ship with the package, and your own files.

Example:
    >>> from tinygrad_lite.datasets import digits
    >>> digits().images.shape
    (1797, 8, 8)
"""

from tinygrad_lite.datasets.arrays import Images, load_arrays, mnist
from tinygrad_lite.datasets.digits import Digits, digits
from tinygrad_lite.datasets.idx import read_idx, write_idx

__all__ = ["Digits", "Images", "digits", "load_arrays", "mnist", "read_idx", "write_idx"]
