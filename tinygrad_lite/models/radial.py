"""A network of radial basis functions."""

from __future__ import annotations

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn

__all__ = ["RBFNetwork", "k_means"]


def k_means(x: Tensor, count: int, rounds: int = 100) -> Tensor:
    """The centres of `count` groups of rows: S. Lloyd, Least Squares Quantization in PCM, 1957 (1982).

    It begins at rows drawn by the usual generator, and ends when no row changes its group.

    Args:
        x: (N, D) float.
        count: how many centres; N at most.
        rounds: the most that are run.

    Returns:
        (count, D), of the dtype of `x`.

    Raises:
        ValueError: there are fewer rows than centres.

    Example:
        >>> import tinygrad_lite as tg
        >>> _ = tg.manual_seed(0)
        >>> k_means(tg.tensor([[0.0], [1.0], [10.0], [12.0]]), 2).sort(dim=0)[0].tolist()
        [[0.5], [11.0]]
    """
    if count > len(x):
        raise ValueError(f"k_means: {count} centres of {len(x)} rows; there can be as many as rows at most")
    centres = x[tg.randperm(len(x))[:count]]
    group = None
    for _ in range(rounds):
        nearest = tg.cdist(x, centres).argmin(dim=1)
        if group is not None and bool((nearest == group).all()):
            break
        group = nearest
        member = nn.functional.one_hot(group, count).to(x.dtype)
        sizes = member.sum(0)[:, None]
        centres = tg.where(sizes > 0, member.T @ x / sizes.clamp(min=1), centres)
    return centres


class RBFNetwork(nn.Module):
    """Bells around centres, and a linear layer upon them.

    A unit says how near the input is to its centre: exp(-|x - c|² / (2 σ²)). D. S. Broomhead and D. Lowe,
    Multivariable Functional Interpolation and Adaptive Networks, 1988. They place the centres and solve for the
    linear layer; here gradients go on from there, and move centres and widths too.

    Args:
        inputs: numbers in an input.
        units: how many bells.
        classes: how many scores to give.

    Attributes:
        centres: (units, inputs).
        log_widths: (units,), the logarithms of σ.

    Shape:
        (N, inputs) float to (N, classes).

    Example:
        >>> import tinygrad_lite as tg
        >>> RBFNetwork(2, 12, 3)(tg.zeros(5, 2)).shape
        Size([5, 3])
    """

    def __init__(self, inputs: int, units: int, classes: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(tg.randn(units, inputs))
        self.log_widths = nn.Parameter(tg.zeros(units))
        self.out = nn.Linear(units, classes)

    def bells(self, x: Tensor) -> Tensor:
        """What the units say, (N, units) in [0, 1]."""
        squared = (x[:, None] - self.centres).square().sum(-1)
        return tg.exp(squared / (-2 * (2 * self.log_widths).exp()))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of each class."""
        return self.out(self.bells(x))

    def place(self, x: Tensor, spread: float = 1.0) -> None:
        """Put the centres where the data are, by `k_means`, and make the bells as wide as centres are apart.

        Args:
            x: (N, inputs) float.
            spread: the widths, as a multiple of the mean distance between centres.
        """
        with tg.no_grad():
            self.centres.copy_(k_means(x, len(self.centres)))
            self.log_widths.fill_((spread * tg.pdist(self.centres.detach()).mean()).log().item())

    def solve(self, x: Tensor, targets: Tensor, ridge: float = 1e-3) -> None:
        """Set the linear layer to what has the least squared error, with a penalty on large weights.

        Args:
            x: (N, inputs) float.
            targets: (N, classes) float.
            ridge: the penalty: this times N times the sum of squared weights.
        """
        with tg.no_grad():
            bells = self.bells(x).double()
            middle, wanted = bells.mean(0), targets.double().mean(0)
            bells, targets = bells - middle, targets.double() - wanted
            gram = bells.T @ bells + ridge * len(x) * tg.eye(bells.shape[1], dtype=tg.float64)
            weight = tg.linalg.solve(gram, bells.T @ targets).T
            self.out.weight.copy_(weight)
            self.out.bias.copy_(wanted - weight @ middle)
