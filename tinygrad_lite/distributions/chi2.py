"""`Chi2`."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.gamma import Gamma
from tinygrad_lite.distributions.utils import Tensor, broadcast_all

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The sum of the squares of `df` standard normal numbers: `Gamma(df / 2, 1 / 2)`.

    Args:
        df: the degrees of freedom, a positive number or a tensor.
        validate_args: see `Distribution`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.distributions.Chi2(3.0).mean
        tensor(3.)
    """

    arg_constraints = {"df": constraints.positive}
    _event_dims = {"concentration": 0, "rate": 0}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df)
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2
