"""`MultivariateNormal`."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.utils import Shape, Tensor, _standard_normal, lazy_property

__all__ = ["MultivariateNormal"]


def half_log_det(factor: Tensor) -> Tensor:
    """Half the logarithm of the determinant of the matrix with this Cholesky factor."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def times_vectors(matrix: Tensor, vectors: Tensor) -> Tensor:
    """Matrices times vectors, batches broadcast."""
    return (matrix @ vectors.unsqueeze(-1)).squeeze(-1)


def squared_distance(factor: Tensor, away: Tensor) -> Tensor:
    """|factor^-1 away|², Mahalanobis' distance, for the vectors in `away`; batches broadcast.

    The dimensions that `away` has before those of `factor` become columns: each factor is solved with once.
    """
    batch = factor.dim() - 2
    away = away.expand((*away.shape[:-1], factor.shape[-1])) if away.dim() > batch else away
    missing = batch + 1 - away.dim()
    away = away.reshape(*[1] * max(missing, 0), *away.shape)
    own = tuple(max(a, b) for a, b in zip(away.shape[away.dim() - 1 - batch : -1], factor.shape[:-2], strict=True))
    extra = away.shape[: away.dim() - 1 - batch]
    away = away.expand(*extra, *own, away.shape[-1])
    columns = away.reshape(math.prod(extra), *own, away.shape[-1]).movedim(0, -1)
    solved = tg.linalg.solve_triangular(factor, columns, upper=False)
    return solved.pow(2).sum(-2).movedim(-1, 0).reshape(*extra, *own)


def factor_of_precision(precision: Tensor) -> Tensor:
    """The Cholesky factor of the inverse of a matrix: from the reversed matrix, whose factor is an upper one."""
    reversed_factor = tg.linalg.cholesky(tg.flip(precision, (-2, -1)))
    upper = tg.flip(reversed_factor, (-2, -1)).mT
    one = tg.eye(precision.shape[-1], dtype=precision.dtype)
    return tg.linalg.solve_triangular(upper, one, upper=False)


def only_one(covariance_matrix: Any, precision_matrix: Any, scale_tril: Any) -> str:
    """Which of the three was given.

    Raises:
        ValueError: if not exactly one was, or it is no matrix.
    """
    given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise ValueError(
            "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified, got "
            f"{' and '.join(names) or 'none'}."
        )
    if given[names[0]].dim() < 2:
        raise ValueError(
            f"{names[0]} must be at least two-dimensional, with optional leading batch dimensions, got shape "
            f"{tuple(given[names[0]].shape)}"
        )
    return names[0]


class MultivariateNormal(Distribution):
    """Normal vectors, whose elements may be correlated.

    Args:
        loc: the mean.
        covariance_matrix: the covariances; or
        precision_matrix: their inverse; or
        scale_tril: their Cholesky factor, with which everything is computed.
        validate_args: see `Distribution`.

    Raises:
        ValueError: if not exactly one of the matrices is given, or for too few dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.MultivariateNormal(tg.zeros(2), tg.eye(2)).log_prob(tg.zeros(2))
        tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name = only_one(covariance_matrix, precision_matrix, scale_tril)
        given: Any = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix}.get(
            name, scale_tril
        )
        batch = tg.broadcast_shapes(given.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = given.expand((*batch, -1, -1))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = given
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = tg.linalg.cholesky(given)
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(given)

    def _whole(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariances."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariances."""
        return self._whole(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariances."""
        return self._whole(tg.cholesky_inverse(self._unbroadcasted_scale_tril))

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        each = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return each.expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        noise = _standard_normal(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + times_vectors(self._unbroadcasted_scale_tril, noise)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        factor = self._unbroadcasted_scale_tril
        distance = squared_distance(factor, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half_log_det(factor)

    def entropy(self) -> Tensor:
        each = half_log_det(self._unbroadcasted_scale_tril)
        total = 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + each
        return total.expand(self._batch_shape)
