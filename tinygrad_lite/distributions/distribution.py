"""`Distribution`, which all of them are: shapes, checks, and what each has to say."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import tinygrad_lite as tg
from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.utils import Shape, Tensor, is_tensor, lazy_property

__all__ = ["Distribution"]

_HERE = __name__.rpartition(".")[0]


class Distribution:
    """A probability distribution, or a batch of independent ones.

    A sample has the shape `sample_shape + batch_shape + event_shape`: so many samples were asked for, of so many
    distributions with parameters of their own, each of which gives events of that shape.

    Args:
        batch_shape: the shape of the batch.
        event_shape: the shape of one event.
        validate_args: whether to check parameters and values; by default what `set_default_validate_args` says,
            which is True at first.

    Raises:
        ValueError: for a parameter that does not meet its constraint.

    Attributes:
        has_rsample: whether `rsample` gives samples that are differentiable by the parameters.
        has_enumerate_support: whether `enumerate_support` gives all values.
        arg_constraints: for each parameter its constraint.
        support: the constraint that values meet.

    Example:
        >>> import tinygrad_lite as tg
        >>> coins = tg.distributions.Bernoulli(tg.tensor([0.2, 0.5]))
        >>> coins.batch_shape, coins.event_shape, coins.sample((3,)).shape
        (Size([2]), Size([]), Size([3, 2]))
    """

    has_rsample: Any = False
    has_enumerate_support = False
    _validate_args = __debug__
    _event_dims: ClassVar[dict[str, int]] = {}  # of the tensors that are no parameters but share the batch shape
    arg_constraints: ClassVar[Any]

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check parameters and values unless they are told.

        Raises:
            ValueError: for what is neither True nor False.
        """
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args expects True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = tg.Size(batch_shape), tg.Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        try:
            wanted = self.arg_constraints
        except (NotImplementedError, AttributeError):
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                "the distribution with `validate_args=False` to turn off validation.",
                stacklevel=4,
            )
            return
        for name, constraint in wanted.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property | property):
                continue  # it follows from a parameter that is checked
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    # --- shapes ---------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Any:
        """The shape of the batch."""
        return self._batch_shape

    @property
    def event_shape(self) -> Any:
        """The shape of one event."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Shape = ()) -> Any:
        return tg.Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Self:
        """The distribution with its parameters expanded to another batch shape.

        Raises:
            NotImplementedError: of a class that has an `__init__` of its own, but no `expand`.
        """
        new = self._expanded(batch_shape, _instance)
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _expanded(self, batch_shape: Shape, instance: Any) -> Self:
        """A new object with everything that this one has, parameters expanded."""
        home = next(cls for cls in type(self).__mro__ if "__init__" in vars(cls))
        if not home.__module__.startswith(_HERE):
            self._get_checked_instance(Distribution, instance)
        new = instance if instance is not None else type(self).__new__(type(self))
        event_dims = dict(self._event_dims)
        for name, constraint in self._parameters().items():
            event_dims.setdefault(name, constraint.event_dim)
        for name, value in self.__dict__.items():
            if name in event_dims:
                value = value.expand((*batch_shape, *value.shape[value.dim() - event_dims[name] :]))
            new.__dict__.setdefault(name, value)
        return new

    def _parameters(self) -> dict[str, constraints.Constraint]:
        """The constraints of the parameters that are stored here, as tensors."""
        return {k: c for k, c in self.arg_constraints.items() if is_tensor(self.__dict__.get(k))}

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """An object of this class still to be filled, for the `expand` of `cls`."""
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also "
                "define a custom .expand() method."
            )
        return type(self).__new__(type(self)) if _instance is None else _instance

    # --- what each distribution says ------------------------------------------------------------------

    @property
    def support(self) -> Any:
        """The constraint that values meet."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean of each distribution."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most likely value of each distribution."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance of each distribution."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation of each distribution."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Random values, `sample_shape` of each distribution, without a gradient."""
        with tg.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Random values, `sample_shape` of each distribution, through which gradients reach the parameters.

        Raises:
            NotImplementedError: where samples cannot be written as a function of the parameters.
        """
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """`n` samples of each distribution; the older name of `sample((n,))`."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead.", UserWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density (or probability) at `value`.

        Raises:
            ValueError: for a value outside of the support, unless checks are off.
        """
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of numbers up to `value`."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The number that is reached with probability `value`: the inverse of `cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension.

        Args:
            expand: whether to repeat them for each distribution of the batch.
        """
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy of each distribution, in nats."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return tg.exp(self.entropy())

    def _validate_sample(self, value: Tensor) -> None:
        """Refuse what `log_prob` and its like cannot be asked about."""
        if not is_tensor(value):
            raise ValueError(f"The value argument to log_prob must be a Tensor, got {type(value).__name__}")
        start = len(value.shape) - len(self._event_shape)
        if start < 0 or value.shape[start:] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        wanted = self._extended_shape()
        for seen, size in zip(reversed(value.shape), reversed(wanted), strict=False):
            if seen != size and 1 not in (seen, size):
                raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {wanted}.")
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        shown = (self.__dict__[name] for name in self._parameters())
        parts = [f"{name}: {v if v.numel() == 1 else v.shape}" for name, v in zip(self._parameters(), shown)]
        return f"{type(self).__name__}({', '.join(parts)})"
