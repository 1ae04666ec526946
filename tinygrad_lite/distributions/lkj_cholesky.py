"""`LKJCholesky`."""

from __future__ import annotations

import math
from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.beta import Beta
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices (Lewandowski, Kurowicka and Joe, 2009).

    The density of the matrix is proportional to its determinant to the power `concentration - 1`.

    Args:
        dim: the size of the matrix, at least 2.
        concentration: 1 for all matrices equally likely, more for weaker correlations; a number or a tensor.
        validate_args: see `Distribution`.

    Raises:
        ValueError: for a smaller `dim`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.LKJCholesky(3).sample().shape
        Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        marginal = self.concentration + 0.5 * (dim - 2)
        row = tg.arange(dim - 1, dtype=self.concentration.dtype)
        row = tg.cat([tg.zeros(1, dtype=row.dtype), row])
        self._beta = Beta(row + 0.5, marginal.unsqueeze(-1) - 0.5 * row)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._beta = self._beta.expand((*batch_shape, self.dim))
        return new

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Random factors, row by row, each a random direction of random length: the onion method."""
        with tg.no_grad():
            square = self._beta.sample(sample_shape).unsqueeze(-1)
            noise = tg.randn(self._extended_shape(sample_shape), dtype=square.dtype).tril(-1)
            length = noise.norm(dim=-1, keepdim=True)
            rows = square.sqrt() * noise / tg.where(length == 0, 1.0, length)
            left = (1 - (rows**2).sum(-1)).clamp(min=tg.finfo(rows.dtype).tiny).sqrt()
            return rows + tg.diag_embed(left)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n = self.dim
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + n - tg.arange(2, n + 1)
        alpha = self.concentration + 0.5 * (n - 1)
        normaliser = tg.mvlgamma(alpha - 0.5, n - 1) + 0.5 * (n - 1) * math.log(math.pi) - (n - 1) * tg.lgamma(alpha)
        return (order * diagonal.log()).sum(-1) - normaliser
