"""What a constraint is, and those that depend on other values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lite.distributions.utils import Tensor

__all__ = ["Constraint", "Dependent", "dependent_property", "is_dependent"]

_UNKNOWN: Any = NotImplemented


class Constraint:
    """A region that values may lie in.

    Attributes:
        is_discrete: whether it holds only isolated values.
        event_dim: how many of the last dimensions make one value.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.constraints.real.check(tg.tensor([1.0, tg.nan]))
        tensor([ True, False])
    """

    is_discrete: Any = False
    event_dim: Any = 0

    def check(self, value: Tensor) -> Tensor:
        """For each event whether it lies in the region."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# --- regions that depend on something else ------------------------------------------------------------


class Dependent(Constraint):
    """A region that depends on other values, and so cannot be checked by itself.

    Called, it becomes one of which more is known: `dependent(is_discrete=True, event_dim=1)`.
    """

    def __init__(self, *, is_discrete: Any = _UNKNOWN, event_dim: Any = _UNKNOWN) -> None:
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self) -> Any:
        """Whether it holds only isolated values, if that is known.

        Raises:
            NotImplementedError: if it is not.
        """
        if self._is_discrete is _UNKNOWN:
            raise NotImplementedError(".is_discrete cannot be determined statically")
        return self._is_discrete

    @property
    def event_dim(self) -> Any:
        """How many of the last dimensions make one value, if that is known.

        Raises:
            NotImplementedError: if it is not.
        """
        if self._event_dim is _UNKNOWN:
            raise NotImplementedError(".event_dim cannot be determined statically")
        return self._event_dim

    def __call__(self, *, is_discrete: Any = _UNKNOWN, event_dim: Any = _UNKNOWN) -> Dependent:
        return Dependent(
            is_discrete=self._is_discrete if is_discrete is _UNKNOWN else is_discrete,
            event_dim=self._event_dim if event_dim is _UNKNOWN else event_dim,
        )

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("Cannot determine validity of dependent constraint")


class dependent_property(property, Dependent):  # noqa: N801 - PyTorch's name
    """A property that is a constraint: of the class one that depends, of an object the one it returns.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Uniform.support.event_dim
        0
        >>> tg.distributions.Uniform(0.0, 2.0).support
        Interval(lower_bound=0.0, upper_bound=2.0)
    """

    def __init__(
        self, fn: Callable[..., Any] | None = None, *, is_discrete: Any = _UNKNOWN, event_dim: Any = _UNKNOWN
    ) -> None:
        super().__init__(fn)
        self._is_discrete, self._event_dim = is_discrete, event_dim

    def __call__(self, fn: Callable[..., Any]) -> dependent_property:  # type: ignore[override]
        return dependent_property(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint: Any) -> bool:
    """Whether a constraint depends on other values.

    Example:
        >>> import tinygrad_lite as tg
        >>> is_dependent(Dependent()), is_dependent(tg.distributions.constraints.real)
        (True, False)
    """
    return isinstance(constraint, Dependent)
