"""Regions made of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite.distributions.constraints.base import Constraint
from tinygrad_lite.distributions.utils import Tensor

__all__ = ["Cat", "IndependentConstraint", "MixtureSameFamilyConstraint", "Stack"]


def _need_constraint(value: Any, name: str) -> None:
    if not isinstance(value, Constraint):
        raise AssertionError(f"{name} must be a Constraint, got {type(value).__name__}")


def _all_of_the_last(valid: Tensor, count: int) -> Tensor:
    """Whether all elements of the last `count` dimensions are true."""
    return valid.reshape((*valid.shape[: valid.dim() - count], -1)).all(-1)


class IndependentConstraint(Constraint):
    """Events of a region, in an array of which the last dimensions count as one event.

    Args:
        base_constraint: the region.
        reinterpreted_batch_ndims: how many dimensions are added to its events.
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        _need_constraint(base_constraint, "base_constraint")
        if not isinstance(reinterpreted_batch_ndims, int) or reinterpreted_batch_ndims < 0:
            raise AssertionError(f"reinterpreted_batch_ndims must be an int >= 0, got {reinterpreted_batch_ndims!r}")
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> Any:
        """That of the region."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        """That of the region and the dimensions added."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        valid = self.base_constraint.check(value)
        if valid.dim() < self.reinterpreted_batch_ndims:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        return _all_of_the_last(valid, self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """The region of a mixture: that of its components, which have one more dimension.

    Args:
        base_constraint: the region of the components.

    Example:
        >>> import tinygrad_lite as tg
        >>> MixtureSameFamilyConstraint(tg.distributions.constraints.positive).check(tg.tensor([1.0, -1.0]))
        tensor([ True, False])
    """

    def __init__(self, base_constraint: Constraint) -> None:
        _need_constraint(base_constraint, "base_constraint")
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> Any:
        """That of the components."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        """That of the components."""
        return self.base_constraint.event_dim

    def check(self, value: Tensor) -> Tensor:
        if value.dim() < self.event_dim:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        valid = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return _all_of_the_last(valid, valid.dim() - (value.dim() - self.event_dim))

    def __repr__(self) -> str:
        return f"MixtureSameFamilyConstraint({self.base_constraint!r})"


class Cat(Constraint):
    """Regions side by side along a dimension.

    Args:
        cseq: the regions.
        dim: the dimension.
        lengths: how far each of them reaches along it; 1 if not given.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        for constraint in cseq:
            _need_constraint(constraint, "each element of cseq")
        self.cseq = list(cseq)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertionError(f"lengths must be as many as constraints: {len(self.lengths)} and {len(self.cseq)}")
        self.dim = dim

    @property
    def is_discrete(self) -> Any:
        """Whether any region is."""
        return any(constraint.is_discrete for constraint in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The largest of the regions'."""
        return max(constraint.event_dim for constraint in self.cseq)

    def check(self, value: Tensor) -> Tensor:
        if not -value.dim() <= self.dim < value.dim():
            raise AssertionError(f"dim {self.dim} out of range for value with {value.dim()} dimensions")
        parts = value.split(self.lengths, self.dim)
        return tg.cat([c.check(part) for c, part in zip(self.cseq, parts, strict=True)], self.dim)


class Stack(Constraint):
    """Regions one above the other along a dimension.

    Args:
        cseq: the regions.
        dim: the dimension.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        for constraint in cseq:
            _need_constraint(constraint, "each element of cseq")
        self.cseq, self.dim = list(cseq), dim

    @property
    def is_discrete(self) -> Any:
        """Whether any region is."""
        return any(constraint.is_discrete for constraint in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The largest of the regions', and one more if the dimension belongs to the event."""
        most: int = max(constraint.event_dim for constraint in self.cseq)
        return most + 1 if self.dim + most < 0 else most

    def check(self, value: Tensor) -> Tensor:
        if not -value.dim() <= self.dim < value.dim():
            raise AssertionError(f"dim {self.dim} out of range for value with {value.dim()} dimensions")
        parts = value.unbind(self.dim)
        return tg.stack([c.check(part) for c, part in zip(self.cseq, parts, strict=True)], self.dim)
