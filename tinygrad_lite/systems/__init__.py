"""The classic networks, each trained on real data: `tinygrad-lite train NAME`.

A module for each system, with the same names in all: `Settings` and their `QUICK` values, `DATA` (the name of the
data set, if there is one), `GOALS`, `train`, `draw`.
They use PyTorch's names only, from `models` and `training`, so that benchmarks run the very same source with
PyTorch in the place of this package.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["SYSTEMS", "load"]

SYSTEMS: dict[str, str] = {
    "perceptron": "a perceptron learns AND and OR, and cannot learn XOR",
    "xor": "multilayer perceptrons 2-2-1 and 2-8-1 learn XOR",
    "mlp": "multilayer perceptrons 784-128-10 and 784-128-64-10 on MNIST",
    "optimizers": "gradient descent, SGD, momentum, RMSprop and Adam on the same perceptron",
    "cnn": "a convolutional network on MNIST",
    "resnet": "batch normalisation and residual blocks on CIFAR-10",
    "sunspots": "a stacked LSTM forecasts sunspots",
    "names": "RNN, LSTM and GRU spell first names, character by character",
    "autoencoder": "an autoencoder of MNIST against PCA; and one that removes noise",
    "vae": "a variational autoencoder of MNIST with a latent plane",
    "gan": "a DCGAN draws digits",
    "rbf": "radial-basis-function networks on wine and two moons",
    "experts": "a mixture of experts on MNIST, upright and turned",
    "capsules": "a capsule network with dynamic routing on MNIST",
    "gpt": "a GPT writes Shakespeare, character by character",
    "sentiment": "a transformer tells good film reviews from bad",
}
"""Each system with what it does."""


def load(name: str) -> ModuleType:
    """The module of a system.

    Raises:
        ValueError: there is no system of that name.

    Example:
        >>> load("perceptron").__name__
        'tinygrad_lite.systems.perceptron'
    """
    if name not in SYSTEMS:
        raise ValueError(f"there is no system {name!r}; there are {', '.join(SYSTEMS)}")
    return import_module(f"{__name__}.{name}")
