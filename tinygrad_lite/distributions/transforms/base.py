"""What a transform is, and its inverse."""

from __future__ import annotations

from typing import Any, ClassVar

from tinygrad_lite.distributions import constraints
from tinygrad_lite.distributions.utils import Shape, Tensor

__all__ = ["Transform"]


class Transform:
    """A function of tensors, its inverse, and the logarithm of its Jacobian's size.

    A class of its own has `domain`, `codomain`, `bijective`, `_call(x)`, `_inverse(y)` and
    `log_abs_det_jacobian(x, y)`; where it is monotone, `sign`.

    Args:
        cache_size: 1 to remember the last pair of x and y, so that the inverse of what was just computed is exactly
            what it was computed from; 0 not to.

    Raises:
        ValueError: for another cache size.

    Attributes:
        bijective: whether different points have different images.
        domain: the constraint that x meets.
        codomain: the constraint that y meets.
        sign: 1 where it rises and -1 where it falls.

    Example:
        >>> import tinygrad_lite as tg
        >>> double = tg.distributions.AffineTransform(0.0, 2.0)
        >>> x = tg.tensor([1.0, 3.0])
        >>> double(x), double.log_abs_det_jacobian(x, double(x))
        (tensor([2., 6.]), tensor([0.6931, 0.6931]))
    """

    bijective: Any = False
    domain: Any
    codomain: Any
    __hash__: ClassVar[Any] = object.__hash__

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"cache_size must be 0 or 1, got {cache_size}")
        self._cache_size = cache_size
        self._inv: Any = None
        self._cached_x_y: tuple[Any, Any] = (None, None)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_inv": None}

    @property
    def event_dim(self) -> Any:
        """How many dimensions make one value, if x and y agree in that.

        Raises:
            ValueError: if they do not.
        """
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim
        raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Any:
        """The inverse transform; `t.inv.inv` is `t`."""
        if self._inv is None:
            self._inv = _InverseTransform(self)
        return self._inv

    @property
    def sign(self) -> Any:
        """1 where it rises and -1 where it falls.

        Raises:
            NotImplementedError: where it does neither.
        """
        raise NotImplementedError

    def with_cache(self, cache_size: int = 1) -> Any:
        """The same transform with this cache size."""
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self, x: Tensor) -> Tensor:
        """The image of x."""
        if not self._cache_size:
            return self._call(x)
        x_before, y_before = self._cached_x_y
        if x is x_before:
            return y_before
        y = self._call(x)
        self._cached_x_y = x, y
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        if not self._cache_size:
            return self._inverse(y)
        x_before, y_before = self._cached_x_y
        if y is y_before:
            return x_before
        x = self._inverse(y)
        self._cached_x_y = x, y
        return x

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of |dy / dx|, for each event, where y is the image of x."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def forward_shape(self, shape: Shape) -> Any:
        """The shape of y for this shape of x."""
        return shape

    def inverse_shape(self, shape: Shape) -> Any:
        """The shape of x for this shape of y."""
        return shape


class _InverseTransform(Transform):
    """The inverse of a transform, which does all the work."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._inv = transform

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return self._inv.codomain

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return self._inv.domain

    @property
    def bijective(self) -> Any:
        return self._inv.bijective

    @property
    def sign(self) -> Any:
        return self._inv.sign

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._inv.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and bool(self._inv == other._inv)

    __hash__ = Transform.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inv!r})"

    def __call__(self, x: Tensor) -> Tensor:
        return self._inv._inv_call(x)

    def _inv_call(self, y: Tensor) -> Tensor:
        return self._inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Shape) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Shape) -> Any:
        return self._inv.forward_shape(shape)
