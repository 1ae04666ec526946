"""`Wishart`."""

from __future__ import annotations

import math
from typing import Any, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.chi2 import Chi2
from tinygrad_lite.distributions.exp_family import ExponentialFamily
from tinygrad_lite.distributions.multivariate_normal import factor_of_precision, half_log_det, only_one
from tinygrad_lite.distributions.utils import Shape, Tensor, lazy_property

__all__ = ["Wishart"]


class Wishart(ExponentialFamily):
    """Positive-definite matrices: sums of `df` products x x^T of normal vectors with these covariances.

    Args:
        df: the degrees of freedom, above p - 1, a number or a tensor.
        covariance_matrix: p by p; or
        precision_matrix: its inverse; or
        scale_tril: its Cholesky factor, with which everything is computed.
        validate_args: see `Distribution`.

    Raises:
        ValueError: if not exactly one of the matrices is given, or for too few degrees of freedom.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Wishart(tg.tensor(3.0), tg.eye(2)).mean
        tensor([[3., 0.],
                [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, df: Any, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        name = only_one(covariance_matrix, precision_matrix, scale_tril)
        given: Any = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix}.get(
            name, scale_tril
        )
        df = tg.as_tensor(df, dtype=given.dtype)
        batch, event = tg.broadcast_shapes(given.shape[:-2], df.shape), given.shape[-2:]
        if (df <= event[-1] - 1).any():
            raise ValueError(
                f"Value of df={df} expected to be greater than ndim - 1 = {event[-1] - 1}, as the matrix is of size "
                f"{event[-1]}"
            )
        self.__dict__[name] = given.expand((*batch, -1, -1))
        self.df = df.expand(batch)
        super().__init__(batch, event, validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = given
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = tg.linalg.cholesky(given)
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(given)
        fewer = tg.arange(event[-1], dtype=given.dtype).expand((*batch, -1))
        self._dist_chi2 = Chi2(self.df.unsqueeze(-1) - fewer)

    @property
    def arg_constraints(self) -> Any:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        new = super().expand(batch_shape, _instance)
        new._dist_chi2 = self._dist_chi2.expand((*batch_shape, self._event_shape[-1]))
        return new

    def _whole(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariances."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariances of the vectors."""
        return self._whole(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariances."""
        return self._whole(tg.cholesky_inverse(self._unbroadcasted_scale_tril))

    @property
    def mean(self) -> Tensor:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return tg.where(factor <= 0, math.nan, factor)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (v.pow(2) + diagonal[..., None] * diagonal[..., None, :])

    def rsample(self, sample_shape: Shape = (), max_try_correction: int | None = None) -> Tensor:
        """Random matrices, by Bartlett's decomposition (1933).

        Args:
            sample_shape: how many of each distribution.
            max_try_correction: how often to draw again those that rounding made singular; 10 times by default.
        """
        sample = self._bartlett(sample_shape)
        for _ in range(10 if max_try_correction is None else max_try_correction):
            singular = ~constraints.positive_definite.check(sample)
            if not singular.any():
                break
            sample = tg.where(singular[..., None, None], self._bartlett(sample_shape), sample)
        return sample

    def _bartlett(self, sample_shape: Shape) -> Tensor:
        n = self._event_shape[-1]
        diagonal = self._dist_chi2.rsample(sample_shape).sqrt()
        noise = tg.randn((*sample_shape, *self._batch_shape, n * (n - 1) // 2), dtype=diagonal.dtype)
        rows, columns = tg.tril_indices(n, n, -1)
        below = tg.zeros((*noise.shape[:-1], n * n), dtype=noise.dtype)
        below = below.scatter(-1, (rows * n + columns).expand(noise.shape), noise)
        below = below.reshape(*noise.shape[:-1], n, n)
        factor = self._unbroadcasted_scale_tril @ (below + tg.diag_embed(diagonal))
        return factor @ factor.mT

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        df, p, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        trace = tg.cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        normaliser = df * (p * math.log(2) / 2 + half_log_det(factor)) + tg.mvlgamma(df / 2, p)
        return (df - p - 1) / 2 * tg.linalg.slogdet(value).logabsdet - trace / 2 - normaliser

    def entropy(self) -> Tensor:
        df, p = self.df, self._event_shape[-1]
        slopes = tg.digamma(df.unsqueeze(-1) / 2 - tg.arange(p, dtype=df.dtype) / 2).sum(-1)
        scale = p * math.log(2) / 2 + half_log_det(self._unbroadcasted_scale_tril)
        return (p + 1) * scale + tg.mvlgamma(df / 2, p) - (df - p - 1) / 2 * slopes + df * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (p * math.log(2) - tg.linalg.slogdet(-2 * x).logabsdet) + tg.mvlgamma(half, p)
