"""Parameters and buffers: the tensors that belong to a module."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import get_default_dtype, to_dtype
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import make

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]


def forget_gradient(tensor: Any, set_to_none: bool) -> None:
    """Drop the gradient of a tensor, or write zeros into it."""
    if set_to_none:
        tensor._grad = None
    elif (grad := tensor.grad) is not None:
        (grad.requires_grad_(False) if grad.node is None else grad.detach_()).zero_()


class Parameter(Tensor):
    """A tensor that a module registers as one of its parameters when it is assigned to it.

    Args:
        data: a tensor, whose memory is shared.
        requires_grad: whether gradients are wanted.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.Parameter(tg.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is not None and not isinstance(data, TensorCore):
            raise TypeError(f"Parameter data must be a Tensor, not {type(data).__name__}; tg.tensor(...) makes one")
        plain = make([] if data is None else data.array, requires_grad)
        self.array, self.needs_grad = plain.array, requires_grad
        self.node = self._grad = self.extra = None


class Buffer(Tensor):
    """A tensor that a module registers as one of its buffers when it is assigned to it.

    Args:
        data: a tensor, whose memory is shared.
        persistent: whether `state_dict` contains it.

    Example:
        >>> import tinygrad_lite as tg
        >>> module = tg.nn.Module()
        >>> module.mean = tg.nn.Buffer(tg.zeros(2))
        >>> dict(module.state_dict())
        {'mean': tensor([0., 0.])}
    """

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        if data is not None and not isinstance(data, TensorCore):
            raise TypeError(f"Buffer data must be a Tensor, not {type(data).__name__}; tg.tensor(...) makes one")
        self.array = make([] if data is None else data.array).array
        self.needs_grad = data is not None and data.requires_grad  # type: ignore[attr-defined]
        self.node = self._grad = self.extra = None
        self.persistent = persistent


# --- tensors whose shape is not known yet ---------------------------------------------------------------


class UninitializedTensorMixin:
    """A tensor without a shape, and so without numbers, until `materialize` gives it one.

    What needs the numbers raises ValueError; dtype and device are known and can be changed.
    """

    becomes: type[Tensor]
    needs_grad: bool

    def __init__(self, device: Any = None, dtype: Any = None) -> None:
        to_device(device)
        self._wanted = get_default_dtype() if dtype is None else to_dtype(dtype)
        self.needs_grad = False
        self.node: Any = None
        self._grad: Any = None
        self.extra: Any = None

    @property
    def array(self) -> Any:
        """Not there yet.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or "
            "explicitly manipulating an uninitialized parameter: call the module once with an input of the right "
            "shape, or `materialize(shape)`."
        )

    @property
    def shape(self) -> Any:
        """Not known yet.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    @property
    def dtype(self) -> Any:
        """The dtype it will have."""
        return self._wanted

    @property
    def data(self) -> Any:
        """Itself: there are no numbers to share."""
        return self

    @data.setter
    def data(self, value: Any) -> None:
        self._wanted = value.dtype

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of that shape, whose numbers are whatever the memory held.

        Args:
            shape: its sizes.
            device: only "cpu".
            dtype: another than was said before.
        """
        to_device(device)
        wanted = self._wanted if dtype is None else to_dtype(dtype)
        del self._wanted
        self.__class__ = self.becomes  # type: ignore[assignment]
        self.array = np.empty(tuple(shape), wanted.numpy)  # type: ignore[misc]

    def detach(self) -> Any:
        """Itself: there is nothing to share."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """One like it, of another dtype."""
        dtype = make([0.0]).to(self._wanted).to(*args, **kwargs).dtype
        return self if dtype is self._wanted else type(self)(dtype=dtype)

    def share_memory_(self) -> Self:
        """Itself: there are no numbers to share.

        Raises:
            RuntimeError: always, as there is no memory yet.
        """
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copy = type(self)(dtype=self._wanted)
        copy.needs_grad = self.needs_grad
        memo[id(self)] = copy
        return copy

    def __reduce__(self) -> Any:
        return _again, (type(self), self._wanted, self.needs_grad)


def _again(kind: Any, dtype: Any, requires_grad: bool) -> Any:
    """What unpickling calls."""
    made = kind(dtype=dtype)
    made.needs_grad = requires_grad
    return made


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[override]
    """A parameter whose shape is not known yet; lazy modules give it one at their first call.

    Args:
        requires_grad: whether gradients are wanted.
        device: only "cpu".
        dtype: the dtype it will have; the default dtype if None.

    Example:
        >>> import tinygrad_lite as tg
        >>> weight = tg.nn.UninitializedParameter()
        >>> weight.materialize((2, 3))
        >>> type(weight).__name__, weight.shape
        ('Parameter', Size([2, 3]))
    """

    becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        UninitializedTensorMixin.__init__(self, device, dtype)
        self.needs_grad = requires_grad


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[override]
    """A buffer whose shape is not known yet; lazy modules give it one at their first call.

    Args:
        requires_grad: whether gradients are wanted.
        device: only "cpu".
        dtype: the dtype it will have; the default dtype if None.
        persistent: whether `state_dict` contains it.

    Example:
        >>> import tinygrad_lite as tg
        >>> mean = tg.nn.UninitializedBuffer()
        >>> mean.materialize((2,))
        >>> mean.shape
        Size([2])
    """

    becomes = Tensor

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        UninitializedTensorMixin.__init__(self, device, dtype)
        self.needs_grad, self.persistent = requires_grad, persistent


def is_lazy(param: Any) -> bool:
    """Whether the tensor waits for its shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.parameter.is_lazy(tg.nn.LazyLinear(2).weight)
        True
    """
    return isinstance(param, UninitializedTensorMixin)
