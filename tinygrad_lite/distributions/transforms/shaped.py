"""Transforms of whole vectors and matrices: to the simplex, to triangles, to another shape."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.transforms.base import Transform
from tinygrad_lite.distributions.transforms.elementwise import clipped_sigmoid
from tinygrad_lite.distributions.utils import Shape, Tensor, tril_matrix_to_vec, vec_to_tril_matrix
from tinygrad_lite.nn.functional import logsigmoid, pad, softplus

__all__ = [
    "CorrCholeskyTransform", "LowerCholeskyTransform", "PositiveDefiniteTransform", "ReshapeTransform",
    "SoftmaxTransform", "StickBreakingTransform",
]  # fmt: skip


class _Fixed(Transform):
    """A transform without parameters: all of its class are equal."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    __hash__ = Transform.__hash__

    def forward_shape(self, shape: Shape) -> Any:
        _need_dims(shape, self.domain.event_dim)
        return shape

    def inverse_shape(self, shape: Shape) -> Any:
        _need_dims(shape, self.codomain.event_dim)
        return shape


def _need_dims(shape: Shape, count: int) -> None:
    if len(shape) < count:
        raise ValueError(f"Too few dimensions on input: expected at least {count}, got shape {tuple(shape)}")


class SoftmaxTransform(_Fixed):
    """exp(x) / sum(exp(x)): onto the simplex, from one dimension more than it has. Its inverse is the logarithm.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.SoftmaxTransform()(tg.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return tg.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


class StickBreakingTransform(_Fixed):
    """K numbers to K + 1 on the simplex: each takes its share of what those before have left of a stick.

    Zeros give equal shares (Carpenter and others, Stan, 2017).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.StickBreakingTransform()(tg.zeros(2))
        tensor([0.3333, 0.3333, 0.3333])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    @staticmethod
    def _even(x: Tensor) -> Tensor:
        """What makes zeros give equal shares: log(K), ..., log(1)."""
        k = x.shape[-1]
        return tg.arange(k, 0, -1, dtype=x.dtype).log()

    def _call(self, x: Tensor) -> Tensor:
        share = clipped_sigmoid(x - self._even(x))
        left = (1 - share).cumprod(-1)
        return pad(share, [0, 1], value=1.0) * pad(left, [1, 0], value=1.0)

    def _inverse(self, y: Tensor) -> Tensor:
        taken = y[..., :-1]
        left = (1 - taken.cumsum(-1)).clamp(min=tg.finfo(y.dtype).tiny)
        return taken.log() - left.log() + self._even(taken)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._even(x)
        return (logsigmoid(x) - x + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Any:
        _need_dims(shape, 1)
        return tg.Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Shape) -> Any:
        _need_dims(shape, 1)
        return tg.Size((*shape[:-1], shape[-1] - 1))


class LowerCholeskyTransform(_Fixed):
    """Matrices to lower triangles with a positive diagonal: its exponential.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.LowerCholeskyTransform()(tg.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + tg.diag_embed(x.diagonal(dim1=-2, dim2=-1).exp())

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + tg.diag_embed(y.diagonal(dim1=-2, dim2=-1).log())


class PositiveDefiniteTransform(_Fixed):
    """Matrices to positive-definite ones, by way of their Cholesky factors.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.PositiveDefiniteTransform()(tg.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(tg.linalg.cholesky(y))


class CorrCholeskyTransform(_Fixed):
    """D (D - 1) / 2 numbers to the Cholesky factor of a D by D correlation matrix.

    Each number becomes, by tanh, a partial correlation; rows of these are turned into rows of length 1 (Lewandowski,
    Kurowicka and Joe, 2009).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.CorrCholeskyTransform()(tg.tensor([0.0]))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = tg.finfo(x.dtype).eps
        partial = vec_to_tril_matrix(x.tanh().clamp(min=eps - 1, max=1 - eps), diag=-1)
        left = (1 - partial * partial).sqrt().cumprod(-1)
        one = tg.eye(partial.shape[-1], dtype=x.dtype)
        return (partial + one) * pad(left[..., :-1], [1, 0], value=1.0)

    def _inverse(self, y: Tensor) -> Tensor:
        left = pad(1 - (y * y).cumsum(-1)[..., :-1], [1, 0], value=1.0)
        return (tril_matrix_to_vec(y, -1) / tril_matrix_to_vec(left, -1).sqrt()).atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = tril_matrix_to_vec(1 - (y * y).cumsum(-1), -2)
        return 0.5 * left.log().sum(-1) - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape: Shape) -> Any:
        _need_dims(shape, 1)
        count = shape[-1]
        n = round((1 + math.sqrt(1 + 8 * count)) / 2)
        if n * (n - 1) // 2 != count:
            raise ValueError(f"Input is not a flattened lower-diagonal number: {count} is no D (D - 1) / 2")
        return tg.Size((*shape[:-1], n, n))

    def inverse_shape(self, shape: Shape) -> Any:
        _need_dims(shape, 2)
        if shape[-2] != shape[-1]:
            raise ValueError(f"Input is not square: {tuple(shape[-2:])}")
        return tg.Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


class ReshapeTransform(Transform):
    """Events of one shape as events of another.

    Args:
        in_shape: the shape of x.
        out_shape: the shape of y, of as many elements.
        cache_size: see `Transform`.

    Raises:
        ValueError: for different numbers of elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.ReshapeTransform((4,), (2, 2))(tg.zeros(3, 4)).shape
        Size([3, 2, 2])
    """

    bijective = True

    def __init__(self, in_shape: Shape, out_shape: Shape, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.in_shape, self.out_shape = tg.Size(in_shape), tg.Size(out_shape)
        if math.prod(self.in_shape) != math.prod(self.out_shape):
            raise ValueError(
                f"in_shape, out_shape have different numbers of elements: {tuple(in_shape)} and {tuple(out_shape)}"
            )

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size: int = 1) -> Any:
        if self._cache_size == cache_size:
            return self
        return ReshapeTransform(self.in_shape, self.out_shape, cache_size=cache_size)

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(self.forward_shape(x.shape))

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(self.inverse_shape(y.shape))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return tg.zeros(x.shape[: x.dim() - len(self.in_shape)], dtype=x.dtype)

    def forward_shape(self, shape: Shape) -> Any:
        return self._exchanged(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Shape) -> Any:
        return self._exchanged(shape, self.out_shape, self.in_shape)

    @staticmethod
    def _exchanged(shape: Shape, old: Shape, new: Shape) -> Any:
        _need_dims(shape, len(old))
        start = len(shape) - len(old)
        if tuple(shape[start:]) != tuple(old):
            raise ValueError(f"Shape mismatch: expected {tuple(old)} but got {tuple(shape[start:])}")
        return tg.Size((*shape[:start], *new))
