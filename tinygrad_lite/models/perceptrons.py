"""Perceptrons of one layer and of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn

__all__ = ["MLP", "Ensemble", "Perceptron"]


class Perceptron(nn.Module):
    """One neuron that says 1 or 0, and learns by correcting itself: no loss and no gradient.

    After F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain,
    1958. It starts with weights of zero.

    Args:
        inputs: how many numbers an example has.

    Shape:
        (N, inputs) float, or one example (inputs,), to (N,) or (): 1.0 where weight · x + bias > 0, else 0.0.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = Perceptron(2)
        >>> model.learn(tg.tensor([1.0, 2.0]), tg.tensor(1.0)), model.weight.tolist(), model.bias.item()
        (True, [1.0, 2.0], 1.0)
        >>> model.learn(tg.tensor([1.0, 2.0]), tg.tensor(1.0))
        False
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(tg.zeros(inputs), requires_grad=False)
        self.bias = nn.Parameter(tg.zeros(()), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """What it says of each example."""
        return (x @ self.weight + self.bias > 0).float()

    def learn(self, x: Tensor, target: Tensor) -> bool:
        """Look at one example (inputs,) with its answer (); if the own answer is wrong, move towards the right one.

        Returns:
            whether the weights were changed.
        """
        error = target - self(x)
        if error.item() == 0:
            return False
        self.weight.add_(error * x)
        self.bias.add_(error)
        return True


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with a function after each but the last.

    After D. Rumelhart, G. Hinton and R. Williams, Learning Representations by Back-propagating Errors, 1986.

    Args:
        sizes: how many numbers go in, are in each hidden layer, and come out; such as (784, 128, 10).
        activation: makes the function between layers.
        dropout: the share of each hidden layer to drop while training.
        initialise: called with each weight to fill it, such as `nn.init.xavier_normal_`; the biases are zero then.
            None leaves weights and biases as `nn.Linear` draws them.

    Shape:
        (N, ...) float of sizes[0] numbers an example to (N, sizes[-1]), scores before a softmax or sigmoid.

    Example:
        >>> import tinygrad_lite as tg
        >>> MLP((784, 128, 64, 10), nn.Tanh)(tg.zeros(5, 1, 28, 28)).shape
        Size([5, 10])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[], nn.Module] = nn.ReLU,
        dropout: float = 0.0,
        initialise: Callable[[Tensor], object] | None = None,
    ) -> None:
        super().__init__()
        blocks = [
            nn.Sequential(nn.Linear(inputs, outputs), activation(), nn.Dropout(dropout))
            for inputs, outputs in pairwise(sizes[:-1])
        ]
        self.hidden = nn.Sequential(*blocks)
        self.out = nn.Linear(sizes[-2], sizes[-1])
        if initialise is not None:
            for layer in self.linears():
                initialise(layer.weight)
                nn.init.zeros_(layer.bias)

    def linears(self) -> list[nn.Linear]:
        """The linear layers, from the first to the last."""
        return [part for part in self.modules() if isinstance(part, nn.Linear)]

    def forward(self, x: Tensor) -> Tensor:
        """Scores of each class."""
        return self.out(self.hidden(x.flatten(1)))


class Ensemble(nn.Module):
    """Perceptrons of one form side by side: each layer of all of them is one product of batched matrices.

    The sum of their losses has for each of them the gradient it would have alone, so they are trained together
    without noticing each other. Dropout is left out.

    Args:
        models: the perceptrons, whose weights are copied.
        activation: the function between layers, as a module or a function.

    Shape:
        (N, inputs) float to (models, N, outputs).

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.models import MLP
        >>> one, two = MLP((2, 3, 1), nn.Tanh), MLP((2, 3, 1), nn.Tanh)
        >>> x = tg.randn(5, 2)
        >>> both = Ensemble([one, two], tg.tanh)(x)
        >>> tg.allclose(both[1], two(x), atol=1e-6), both.shape
        (True, Size([2, 5, 1]))
    """

    def __init__(self, models: Sequence[MLP], activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        layers = list(zip(*(model.linears() for model in models), strict=True))
        self.weights = nn.ParameterList(tg.stack([each.weight.detach().T for each in layer]) for layer in layers)
        self.biases = nn.ParameterList(tg.stack([each.bias.detach()[None] for each in layer]) for layer in layers)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """What each perceptron says of each example."""
        last = len(self.weights) - 1
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weight + bias
            if number < last:
                x = self.activation(x)
        return x
