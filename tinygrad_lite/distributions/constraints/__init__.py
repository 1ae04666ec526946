"""Constraints: which values a parameter or a sample may have.

    constraints.positive.check(value)         # a truth value for each element, or each event

`event_dim` says how many of the last dimensions make one value: 0 for numbers, 1 for a point of the simplex.

>>> import tinygrad_lite as tg
>>> tg.distributions.constraints.positive.check(tg.tensor([-1.0, 2.0]))
tensor([False,  True])
"""

from tinygrad_lite.distributions.constraints.base import Constraint, Dependent, dependent_property, is_dependent
from tinygrad_lite.distributions.constraints.composed import (
    Cat,
    IndependentConstraint,
    MixtureSameFamilyConstraint,
    Stack,
)
from tinygrad_lite.distributions.constraints.regions import (
    Boolean,
    CorrCholesky,
    GreaterThan,
    GreaterThanEq,
    HalfOpenInterval,
    IntegerGreaterThan,
    IntegerInterval,
    Interval,
    LessThan,
    LowerCholesky,
    LowerTriangular,
    Multinomial,
    OneHot,
    PositiveDefinite,
    PositiveSemidefinite,
    Real,
    Simplex,
    Square,
    Symmetric,
)

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
    "greater_than", "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval",
    "is_dependent", "less_than", "lower_cholesky", "lower_triangular", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "positive_semidefinite",
    "real", "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip

boolean = Boolean()
cat = Cat
corr_cholesky = CorrCholesky()
dependent = Dependent()
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
half_open_interval = HalfOpenInterval
independent = IndependentConstraint
integer_interval = IntegerInterval
interval = Interval
less_than = LessThan
lower_cholesky = LowerCholesky()
lower_triangular = LowerTriangular()
multinomial = Multinomial
nonnegative = GreaterThanEq(0.0)
nonnegative_integer = IntegerGreaterThan(0)
one_hot = OneHot()
positive = GreaterThan(0.0)
positive_definite = PositiveDefinite()
positive_integer = IntegerGreaterThan(1)
positive_semidefinite = PositiveSemidefinite()
real = Real()
real_vector = IndependentConstraint(real, 1)
simplex = Simplex()
square = Square()
stack = Stack
symmetric = Symmetric()
unit_interval = Interval(0.0, 1.0)
