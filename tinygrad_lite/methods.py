"""The methods of a tensor that are functions: which they are, and their in-place forms.

`x.sum(dim=0)` is `tg.sum(x, dim=0)`: one function, listed here by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.functions import creation, elementwise, indexing, linalg, reduction, shaping
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.inplace import check_writable, in_place
from tinygrad_lite.random import Generator, default_generator
from tinygrad_lite.views import note_write


def copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Write `src`, which broadcasts, over this tensor."""
    if not isinstance(src, TensorCore):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
    return indexing.assign(self, src, "copy_")


def fill_(self: Any, value: Any) -> Any:
    """Write one value everywhere."""
    return indexing.assign(self, value, "fill_")


def zero_(self: Any) -> Any:
    """Write zeros everywhere."""
    return indexing.assign(self, 0, "zero_")


def _draw(self: Any, name: str, values: Callable[[Generator, int], np.ndarray], generator: Generator | None) -> Any:
    check_writable(self, name)
    drawn = values(generator or default_generator, self.array.size)
    self.array[...] = drawn.reshape(self.array.shape)
    note_write(self, name)
    return self


def uniform_(self: Any, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Write random numbers in [a, b), all equally likely."""
    if a > b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    kind = self.array.dtype
    return _draw(self, "uniform_", lambda g, n: g.uniform(n, kind) * (b - a) + a, generator)


def normal_(self: Any, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Write normal random numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    kind = self.array.dtype
    return _draw(self, "normal_", lambda g, n: g.normal(n, kind) * std + mean, generator)


def bernoulli_(self: Any, p: float = 0.5, *, generator: Generator | None = None) -> Any:
    """Write ones with probability `p`, else zeros."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    return _draw(self, "bernoulli_", lambda g, n: g.bernoulli(n, p), generator)


def new_tensor(self: Any, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor with a copy of `data`, in this tensor's dtype."""
    return creation.tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


def new_zeros(self: Any, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """Zeros in this tensor's dtype."""
    return creation.zeros(*size, dtype=dtype or self.dtype, **kwargs)


def new_ones(self: Any, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """Ones in this tensor's dtype."""
    return creation.ones(*size, dtype=dtype or self.dtype, **kwargs)


def new_empty(self: Any, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """A tensor still to be written, in this tensor's dtype."""
    return creation.empty(*size, dtype=dtype or self.dtype, **kwargs)


def new_full(self: Any, size: Any, fill_value: Any, *, dtype: Any = None, **kwargs: Any) -> Any:
    """One value, in this tensor's dtype."""
    return creation.full(size, fill_value, dtype=dtype or self.dtype, **kwargs)


def expand_as(self: Any, other: Any) -> Any:
    """Expanded to the shape of `other`."""
    return shaping.expand(self, other.array.shape)


def view_as(self: Any, other: Any) -> Any:
    """Viewed in the shape of `other`."""
    return shaping.view(self, other.array.shape)


def reshape_as(self: Any, other: Any) -> Any:
    """Reshaped to the shape of `other`."""
    return shaping.reshape(self, other.array.shape)


_METHODS: dict[Any, str] = {
    elementwise: (
        "add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow neg negative abs absolute "
        "sign square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin arcsin acos arccos atan "
        "arctan atan2 arctan2 sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh floor ceil trunc fix frac round "
        "relu sigmoid erf erfc maximum minimum hypot logaddexp clamp clip clamp_min clamp_max eq ne not_equal lt less le "
        "less_equal gt greater ge greater_equal isnan isinf isfinite logical_and logical_or logical_xor logical_not "
        "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift conj"
    ),
    reduction: (
        "sum mean var std amax amin max min argmax argmin prod all any norm logsumexp softmax log_softmax cumsum "
        "allclose equal"
    ),
    shaping: (
        "reshape view flatten ravel permute transpose swapaxes swapdims t movedim moveaxis expand broadcast_to squeeze "
        "unsqueeze split chunk unbind narrow repeat tile flip roll tril triu diagonal clone"
    ),
    indexing: "nonzero gather index_select masked_fill masked_select",
    linalg: "matmul mm bmm mv dot outer addmm",
    creation: "bernoulli",
}
_IN_PLACE = (
    "add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow neg negative abs absolute sign "
    "square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh "
    "asinh acosh atanh floor ceil trunc frac round relu sigmoid erf erfc hypot clamp clip clamp_min clamp_max eq ne lt le "
    "gt ge logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not tril triu cumsum "
    "masked_fill"
)

_OWN = (
    copy_,
    fill_,
    zero_,
    uniform_,
    normal_,
    bernoulli_,
    new_tensor,
    new_zeros,
    new_ones,
    new_empty,
    new_full,
    expand_as,
    view_as,
    reshape_as,
)


def add_methods(tensor_class: type) -> None:
    """Give the tensor class the functions as methods, and those that PyTorch has in place with a `_`."""
    for module, names in _METHODS.items():
        for name in names.split():
            setattr(tensor_class, name, getattr(module, name))
    for method in _OWN:
        setattr(tensor_class, method.__name__, method)
    for name in _IN_PLACE.split():
        setattr(tensor_class, name + "_", in_place(getattr(tensor_class, name), name + "_"))
    for sign, name in {
        "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
        "pow": "pow", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    }.items():  # fmt: skip
        setattr(tensor_class, f"__i{sign}__", getattr(tensor_class, name + "_"))
    for name in ("half", "float", "double", "cfloat", "cdouble", "short", "int", "long", "bool"):
        setattr(tensor_class, name, _converter(name))
    tensor_class.byte = _converter("uint8", "byte")  # type: ignore[attr-defined]
    tensor_class.char = _converter("int8", "char")  # type: ignore[attr-defined]


def _converter(dtype_name: str, name: str | None = None) -> Callable[[Any], Any]:
    target = getattr(dtypes, dtype_name)

    def method(self: Any) -> Any:
        return self.to(target)

    method.__name__ = method.__qualname__ = name or dtype_name
    method.__doc__ = f"The elements as {target.name}."
    return method
