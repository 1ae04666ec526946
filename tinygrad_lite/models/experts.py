"""Modular networks: many small networks, and a gate that chooses among them."""

from __future__ import annotations

from collections.abc import Iterable

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn

__all__ = ["MixtureOfExperts", "imbalance"]


class MixtureOfExperts(nn.Module):
    """Experts that share the work: a learned gate sends each example to a few of them and mixes what they say.

    Only the experts that were chosen for an example compute anything for it. With `top` as large as the number of
    experts all are mixed, as in R. A. Jacobs et al., Adaptive Mixtures of Local Experts, 1991; with a small one the
    mixture is sparse, as in N. Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated
    Mixture-of-Experts Layer, 2017.

    Args:
        experts: modules, each from (n, inputs) to (n, outputs).
        inputs: how many numbers an example has.
        top: how many experts work on an example.

    Shape:
        (N, inputs) float to (N, outputs).

    Raises:
        ValueError: `top` is less than 1 or more than there are experts.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = MixtureOfExperts([nn.Linear(4, 3) for _ in range(8)], inputs=4, top=2)
        >>> model(tg.zeros(5, 4)).shape
        Size([5, 3])
        >>> (model.weights(model.gate(tg.randn(5, 4))) > 0).sum(dim=1)
        tensor([2, 2, 2, 2, 2])
    """

    def __init__(self, experts: Iterable[nn.Module], inputs: int, top: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(experts)
        self.gate = nn.Linear(inputs, len(self.experts))
        self.top = top
        if not 1 <= top <= len(self.experts):
            raise ValueError(f"top is {top}; of {len(self.experts)} experts it can be 1 to {len(self.experts)}")

    def weights(self, preferences: Tensor) -> Tensor:
        """How much each expert counts, (N, experts), by what the gate says: `top` of a row are not 0, its sum is 1."""
        chosen = preferences.topk(self.top, dim=1)
        return tg.zeros_like(preferences).scatter(1, chosen.indices, chosen.values.softmax(dim=1))

    def mix(self, x: Tensor, weights: Tensor) -> Tensor:
        """The sum of what the experts say, by weight; an expert sees only the examples where its weight is not 0."""
        parts, places = [], []
        for number, expert in enumerate(self.experts):
            rows = weights[:, number].nonzero()[:, 0]
            parts.append(expert(x[rows]) * weights[rows, number].unsqueeze(1))
            places.append(rows)
        everything = tg.cat(parts)
        return tg.zeros(len(x), everything.shape[1]).index_add(0, tg.cat(places), everything)

    def forward(self, x: Tensor) -> Tensor:
        """What the experts say together."""
        return self.mix(x, self.weights(self.gate(x)))


def imbalance(weights: Tensor) -> Tensor:
    """How unevenly experts are liked: the squared coefficient of variation of their summed weights (Shazeer, 2017).

    Added to the loss it keeps a gate from sending everything to the few experts that happened to learn first. Of the
    softmax before the choice, so that an expert that nobody chooses gets a gradient, too.

    Args:
        weights: (N, experts), not negative, such as `model.gate(x).softmax(dim=1)`.

    Returns:
        A number: 0 if all sums are equal, the number of experts less 1 if one expert does everything.

    Example:
        >>> import tinygrad_lite as tg
        >>> imbalance(tg.eye(3)).item(), imbalance(tg.tensor([[0.0, 1.0], [0.0, 1.0]])).item()
        (0.0, 1.0)
    """
    used = weights.sum(dim=0)
    return used.var(unbiased=False) / used.mean() ** 2
