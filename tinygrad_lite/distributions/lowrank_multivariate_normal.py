"""`LowRankMultivariateNormal`."""

from __future__ import annotations

import math

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.distribution import Distribution
from tinygrad_lite.distributions.multivariate_normal import half_log_det, squared_distance, times_vectors
from tinygrad_lite.distributions.utils import Shape, Tensor, _standard_normal

__all__ = ["LowRankMultivariateNormal"]


def capacitance_factor(w: Tensor, d: Tensor) -> Tensor:
    """The Cholesky factor of 1 + W^T D^-1 W."""
    inner = w.mT @ (w / d.unsqueeze(-1))
    return tg.linalg.cholesky(inner + tg.eye(w.shape[-1], dtype=w.dtype))


def low_rank_log_det(d: Tensor, capacitance: Tensor) -> Tensor:
    """The logarithm of the determinant of W W^T + D, by the matrix determinant lemma."""
    return 2 * half_log_det(capacitance) + d.log().sum(-1)


def low_rank_distance(w: Tensor, d: Tensor, away: Tensor, capacitance: Tensor) -> Tensor:
    """Mahalanobis' distance for the covariances W W^T + D, by the Woodbury identity."""
    scaled = away / d
    return (away * scaled).sum(-1) - squared_distance(capacitance, times_vectors(w.mT, scaled))


class LowRankMultivariateNormal(Distribution):
    """Normal vectors with covariances W W^T + D, where W has few columns and D is diagonal.

    Args:
        loc: the mean, of n elements.
        cov_factor: W, n by m.
        cov_diag: the diagonal of D, positive.
        validate_args: see `Distribution`.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.tensor([[1.0], [0.0]])
        >>> tg.distributions.LowRankMultivariateNormal(tg.zeros(2), w, tg.ones(2)).covariance_matrix
        tensor([[2., 0.],
                [0., 1.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        n = loc.shape[-1]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2] != n:
            raise ValueError(
                f"cov_factor must be a batch of matrices with shape {n} x m, got {tuple(cov_factor.shape)}"
            )
        if cov_diag.shape[-1:] != loc.shape[-1:]:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {n}, got {tuple(cov_diag.shape)}")
        try:
            batch = tg.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc, self.cov_diag = loc.expand((*batch, n)), cov_diag.expand((*batch, n))
        self.cov_factor = cov_factor.expand((*batch, *cov_factor.shape[-2:]))
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        self._capacitance_tril = capacitance_factor(cov_factor, cov_diag)
        super().__init__(batch, (n,), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        each = self._unbroadcasted_cov_factor.pow(2).sum(-1) + self._unbroadcasted_cov_diag
        return each.expand((*self._batch_shape, *self._event_shape))

    @property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariances, from that of 1 + D^-1/2 W W^T D^-1/2, which is well-conditioned."""
        root = self.cov_diag.sqrt().unsqueeze(-1)
        scaled = self.cov_factor / root
        return root * tg.linalg.cholesky(scaled @ scaled.mT + tg.eye(self._event_shape[0], dtype=root.dtype))

    @property
    def covariance_matrix(self) -> Tensor:
        """The covariances."""
        return self.cov_factor @ self.cov_factor.mT + tg.diag_embed(self.cov_diag)

    @property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariances, by the Woodbury identity."""
        scaled = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        half = tg.linalg.solve_triangular(self._capacitance_tril, scaled, upper=False)
        inverse = tg.diag_embed(self._unbroadcasted_cov_diag.reciprocal()) - half.mT @ half
        return inverse.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        columns = _standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc.dtype)
        noise = _standard_normal(shape, self.loc.dtype)
        wide = times_vectors(self._unbroadcasted_cov_factor, columns)
        return self.loc + wide + self._unbroadcasted_cov_diag.sqrt() * noise

    def _log_det(self) -> Tensor:
        return low_rank_log_det(self._unbroadcasted_cov_diag, self._capacitance_tril)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        away = value - self.loc
        w, d = self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag
        distance = low_rank_distance(w, d, away, self._capacitance_tril)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self) -> Tensor:
        total = 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_det())
        return total.expand(self._batch_shape)
