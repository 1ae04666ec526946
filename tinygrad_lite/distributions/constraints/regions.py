"""Regions of numbers, of vectors and of matrices."""

from __future__ import annotations

from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.constraints.base import Constraint
from tinygrad_lite.distributions.utils import Tensor

__all__ = [
    "Boolean", "CorrCholesky", "GreaterThan", "GreaterThanEq", "HalfOpenInterval", "IntegerGreaterThan",
    "IntegerInterval", "Interval", "LessThan", "LowerCholesky", "LowerTriangular", "Multinomial", "OneHot",
    "PositiveDefinite", "PositiveSemidefinite", "Real", "Simplex", "Square", "Symmetric",
]  # fmt: skip

# --- numbers ------------------------------------------------------------------------------------------


class Real(Constraint):
    """Any number but NaN."""

    def check(self, value: Tensor) -> Tensor:
        return value == value


class Boolean(Constraint):
    """0 or 1."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _Bounded(Constraint):
    """A region between bounds, which are numbers or tensors."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={bound}' for name, bound in vars(self).items())})"


class GreaterThan(_Bounded):
    """Numbers above a bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        return value > self.lower_bound


class GreaterThanEq(_Bounded):
    """Numbers that reach a bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        return value >= self.lower_bound


class LessThan(_Bounded):
    """Numbers below a bound."""

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return value < self.upper_bound


class Interval(_Bounded):
    """Numbers from one bound to another, both included."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class HalfOpenInterval(_Bounded):
    """Numbers from one bound to another, which is not included."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class IntegerInterval(Interval):
    """Integers from one bound to another, both included."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & super().check(value)


class IntegerGreaterThan(_Bounded):
    """Integers that reach a bound."""

    is_discrete = True

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound)


# --- vectors and matrices -----------------------------------------------------------------------------


class OneHot(Constraint):
    """Vectors of zeros with a single one."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class Simplex(Constraint):
    """Vectors that are not negative and add up to 1."""

    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class Multinomial(Constraint):
    """Vectors of counts that add up to at most `upper_bound`."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class _Matrix(Constraint):
    event_dim = 2


class LowerTriangular(_Matrix):
    """Square matrices with zeros above the diagonal."""

    def check(self, value: Tensor) -> Tensor:
        return (value.tril() == value).all(-1).all(-1)


class LowerCholesky(LowerTriangular):
    """Lower triangles with a positive diagonal."""

    def check(self, value: Tensor) -> Tensor:
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class CorrCholesky(LowerCholesky):
    """Lower triangles with a positive diagonal and rows of length 1: the Cholesky factors of correlations."""

    def check(self, value: Tensor) -> Tensor:
        tolerance = tg.finfo(value.dtype).eps * value.shape[-1] * 10
        length = tg.linalg.norm(value.detach(), dim=-1)
        return ((length - 1).abs() < tolerance).all(-1) & super().check(value)


class Square(_Matrix):
    """Square matrices."""

    def check(self, value: Tensor) -> Tensor:
        return tg.full(value.shape[:-2], value.shape[-2] == value.shape[-1], dtype=tg.bool)


class Symmetric(Square):
    """Symmetric matrices."""

    def check(self, value: Tensor) -> Tensor:
        square_ = super().check(value)
        return tg.isclose(value, value.mT, atol=1e-6).all(-2).all(-1) if square_.all() else square_


class PositiveSemidefinite(Symmetric):
    """Symmetric matrices without negative eigenvalues."""

    def check(self, value: Tensor) -> Tensor:
        symmetric_ = super().check(value)
        return (tg.linalg.eigvalsh(value) >= 0).all(-1) if symmetric_.all() else symmetric_


class PositiveDefinite(Symmetric):
    """Symmetric matrices whose eigenvalues are positive."""

    def check(self, value: Tensor) -> Tensor:
        symmetric_ = super().check(value)
        return tg.linalg.cholesky_ex(value.detach()).info == 0 if symmetric_.all() else symmetric_
