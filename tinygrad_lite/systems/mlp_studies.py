"""What changes a multilayer perceptron: the function between layers, regularisation, the initial weights.

Each study trains the same network from the same seed several times, with one thing changed. Data are pairs of images
(N, 1, 28, 28) and labels (N,); histories come by the name of what was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn, optim
from tinygrad_lite.models import MLP
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems.outcome import Place
from tinygrad_lite.training import History, accuracy, evaluate, fit

__all__ = [
    "ACTIVATIONS",
    "DEEP",
    "INITIALISATIONS",
    "REGULARISERS",
    "SIZES",
    "Part",
    "compare_activations",
    "compare_initialisations",
    "compare_regularisers",
    "dead_units",
    "gradient_norms",
    "revive",
]

Pair = tuple[Tensor, Tensor]

SIZES = (784, 128, 64, 10)
DEEP = (784, *(64,) * 8, 10)
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "ReLU": nn.ReLU,
    "leaky ReLU": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
REGULARISERS: dict[str, dict[str, float]] = {
    "nothing": {},
    "dropout": {"dropout": 0.5},
    "L2": {"weight_decay": 5e-3},
}
"""What keeps a network from learning by heart, with its strength."""
INITIALISATIONS: dict[str, Callable[[Tensor], object]] = {
    "normal, 0.05": lambda weight: nn.init.normal_(weight, std=0.05),
    "normal, 0.5": lambda weight: nn.init.normal_(weight, std=0.5),
    "Xavier": nn.init.xavier_normal_,
    "He": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}


@dataclass(frozen=True)
class Part:
    """What the trainings of a study have in common."""

    train: Pair
    test: Pair
    epochs: int
    seed: int
    place: Place

    def fit(
        self, name: str, model: nn.Module, *, lr: float = 1e-3, batch_size: int = 64, weight_decay: float = 0.0
    ) -> History:
        """Train by Adam, and judge by the test images after each epoch."""
        return fit(
            model,
            self.train,
            nn.CrossEntropyLoss(),
            optim.Adam(model.parameters(), lr=lr, weight_decay=weight_decay),
            epochs=self.epochs,
            batch_size=batch_size,
            validation=self.test,
            metrics=[accuracy],
            checkpoint=self.place.checkpoint(name),
            progress=self.place.progress,
        )


def compare_activations(part: Part) -> dict[str, History]:
    """The same network with each function between its layers."""
    found = {}
    for name, activation in ACTIVATIONS.items():
        tg.manual_seed(part.seed)
        found[name] = part.fit(f"activation {name}", MLP(SIZES, activation), batch_size=128)
    return found


def compare_regularisers(part: Part) -> dict[str, tuple[History, float]]:
    """The same network on few images: as it is, with dropout, with weights drawn towards zero.

    Returns:
        the histories, and the loss on the images learnt from, measured like that on the test images: the history's
        own is that with dropout.
    """
    found = {}
    for name, strength in REGULARISERS.items():
        tg.manual_seed(part.seed)
        model = MLP(SIZES, dropout=strength.get("dropout", 0.0))
        weight_decay = strength.get("weight_decay", 0.0)
        history = part.fit(f"regulariser {name}", model, lr=2e-3, weight_decay=weight_decay)
        found[name] = (history, evaluate(model, part.train, nn.CrossEntropyLoss())["loss"])
    return found


def gradient_norms(model: MLP, data: Pair) -> list[float]:
    """The norm of the gradient at the weights of each layer, from the first to the last.

    Args:
        model: keeps its weights; its gradients are left at None.
        data: images and labels, of which the first 500 are taken.

    Example:
        >>> import tinygrad_lite as tg
        >>> len(gradient_norms(MLP((4, 3, 3, 2)), (tg.rand(20, 4), tg.arange(20) % 2)))
        3
    """
    model.zero_grad()
    F.cross_entropy(model(data[0][:500]), data[1][:500]).backward()
    norms = [layer.weight.grad.norm().item() for layer in model.linears() if layer.weight.grad is not None]
    model.zero_grad()
    return norms


def compare_initialisations(part: Part) -> dict[tuple[str, str], tuple[list[float], float]]:
    """A network of eight hidden layers with each function between them and each kind of initial weights.

    Returns:
        by function and initialisation: the gradients' norms by layer before training, and the accuracy after it.
    """
    found = {}
    for function in ("sigmoid", "tanh", "ReLU"):
        for name, initialise in INITIALISATIONS.items():
            tg.manual_seed(part.seed)
            model = MLP(DEEP, ACTIVATIONS[function], initialise=initialise)
            norms = gradient_norms(model, part.train)
            history = part.fit(f"{function} {name}", model)
            found[function, name] = (norms, history["val_accuracy"][-1])
    return found


def revive(part: Part) -> dict[str, tuple[MLP, History]]:
    """What becomes of a network whose first hidden layer is dead: no image makes a neuron in it positive.

    A step that is far too long can do that; here the biases are set so. By ReLU the layer gets no gradient any more,
    and stays dead. By leaky ReLU it gets a hundredth of it, and comes back.
    """
    found: dict[str, tuple[MLP, History]] = {}
    for name in ("ReLU", "leaky ReLU"):
        tg.manual_seed(part.seed)
        model = MLP(SIZES, ACTIVATIONS[name])
        with tg.no_grad():
            model.linears()[0].bias.fill_(-3.0)
        found[name] = (model, part.fit(f"revived {name}", model, lr=1e-2))
    return found


def dead_units(model: MLP, images: Tensor) -> list[float]:
    """For each hidden layer the share of its units that no image makes positive.

    Args:
        model: a perceptron with ReLU or leaky ReLU.
        images: (N, ...) float.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = MLP((4, 3, 3, 2))
        >>> _ = model.linears()[0].bias.requires_grad_(False).fill_(-9.0)
        >>> dead_units(model, tg.rand(20, 4))[0]
        1.0
    """
    x: Any = images.flatten(1)
    shares = []
    with tg.no_grad():
        for block in model.hidden:
            x = block(x)
            shares.append((x <= 0).all(dim=0).float().mean().item())
    return shares
