"""Data sets: digits that ship with the package, and your own files, as plain arrays or as a `Dataset`.

Nothing is downloaded but by `fetch`, which gets the public data sets that `obtain` knows by name. What is read may be
damaged or made to do harm: errors say what was seen, what was expected and what to do, and no file can run code.

Example:
    >>> from tinygrad_lite.datasets import digits
    >>> digits().images.shape
    (1797, 8, 8)
"""

from tinygrad_lite.later import later

_NAMES = {
    "arrays": ["Images", "load_arrays", "mnist"],
    "cifar": ["cifar10"],
    "handwritten": ["Digits", "digits"],
    "idx": ["read_idx", "write_idx"],
    "fetching": ["fetch"],
    "images": ["CIFAR10", "FashionMNIST", "LabelledImages", "MNIST"],
    "obtaining": ["Obtained", "obtain"],
    "tables": ["Columns", "Table", "read_csv"],
    "text": ["Text", "Vocabulary"],
}
__getattr__, __dir__ = later(__name__, (), _NAMES)
__all__ = sorted(name for names in _NAMES.values() for name in names)
