"""The methods of a tensor that are functions: which they are, and their in-place forms.

`x.sum(dim=0)` is `tg.sum(x, dim=0)`: one function, listed here by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.functions import creation, drawing, elementwise, indexing, joining, linalg, reduction, shaping
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.inplace import check_writable, in_place
from tinygrad_lite.random import Generator, current_generator
from tinygrad_lite.views import note_write


def _converter(name: str, target: dtypes.dtype) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return self.to(target)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The elements as {target.name}."
    return method


class TensorMethods(TensorCore):
    """The methods of `Tensor` that are functions, and those that write into it."""

    __slots__ = ()
    dtype: Any

    # elementwise
    add = elementwise.add
    sub = elementwise.sub
    subtract = elementwise.subtract
    mul = elementwise.mul
    multiply = elementwise.multiply
    div = elementwise.div
    divide = elementwise.divide
    true_divide = elementwise.true_divide
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    fmod = elementwise.fmod
    pow = elementwise.pow
    neg = elementwise.neg
    negative = elementwise.negative
    abs = elementwise.abs
    absolute = elementwise.absolute
    sign = elementwise.sign
    square = elementwise.square
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    reciprocal = elementwise.reciprocal
    exp = elementwise.exp
    exp2 = elementwise.exp2
    expm1 = elementwise.expm1
    log = elementwise.log
    log2 = elementwise.log2
    log10 = elementwise.log10
    log1p = elementwise.log1p
    sin = elementwise.sin
    cos = elementwise.cos
    tan = elementwise.tan
    asin = elementwise.asin
    arcsin = elementwise.arcsin
    acos = elementwise.acos
    arccos = elementwise.arccos
    atan = elementwise.atan
    arctan = elementwise.arctan
    atan2 = elementwise.atan2
    arctan2 = elementwise.arctan2
    sinh = elementwise.sinh
    cosh = elementwise.cosh
    tanh = elementwise.tanh
    asinh = elementwise.asinh
    arcsinh = elementwise.arcsinh
    acosh = elementwise.acosh
    arccosh = elementwise.arccosh
    atanh = elementwise.atanh
    arctanh = elementwise.arctanh
    floor = elementwise.floor
    ceil = elementwise.ceil
    trunc = elementwise.trunc
    fix = elementwise.fix
    frac = elementwise.frac
    round = elementwise.round
    relu = elementwise.relu
    sigmoid = elementwise.sigmoid
    erf = elementwise.erf
    erfc = elementwise.erfc
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    hypot = elementwise.hypot
    logaddexp = elementwise.logaddexp
    clamp = elementwise.clamp
    clip = elementwise.clip
    clamp_min = elementwise.clamp_min
    clamp_max = elementwise.clamp_max
    eq = elementwise.eq
    ne = elementwise.ne
    not_equal = elementwise.not_equal
    lt = elementwise.lt
    less = elementwise.less
    le = elementwise.le
    less_equal = elementwise.less_equal
    gt = elementwise.gt
    greater = elementwise.greater
    ge = elementwise.ge
    greater_equal = elementwise.greater_equal
    isnan = elementwise.isnan
    isinf = elementwise.isinf
    isfinite = elementwise.isfinite
    logical_and = elementwise.logical_and
    logical_or = elementwise.logical_or
    logical_xor = elementwise.logical_xor
    logical_not = elementwise.logical_not
    bitwise_and = elementwise.bitwise_and
    bitwise_or = elementwise.bitwise_or
    bitwise_xor = elementwise.bitwise_xor
    bitwise_not = elementwise.bitwise_not
    bitwise_left_shift = elementwise.bitwise_left_shift
    bitwise_right_shift = elementwise.bitwise_right_shift
    conj = elementwise.conj

    # reduction
    sum = reduction.sum
    mean = reduction.mean
    var = reduction.var
    std = reduction.std
    amax = reduction.amax
    amin = reduction.amin
    max = reduction.max
    min = reduction.min
    argmax = reduction.argmax
    argmin = reduction.argmin
    prod = reduction.prod
    all = reduction.all
    any = reduction.any
    norm = reduction.norm
    logsumexp = reduction.logsumexp
    softmax = reduction.softmax
    log_softmax = reduction.log_softmax
    cumsum = reduction.cumsum
    allclose = reduction.allclose
    equal = reduction.equal

    # shaping
    reshape = shaping.reshape
    view = shaping.view
    flatten = shaping.flatten
    ravel = shaping.ravel
    permute = shaping.permute
    transpose = shaping.transpose
    swapaxes = shaping.swapaxes
    swapdims = shaping.swapdims
    t = shaping.t
    movedim = shaping.movedim
    moveaxis = shaping.moveaxis
    expand = shaping.expand
    broadcast_to = shaping.broadcast_to
    squeeze = shaping.squeeze
    unsqueeze = shaping.unsqueeze
    split = joining.split
    chunk = joining.chunk
    unbind = joining.unbind
    narrow = joining.narrow
    repeat = joining.repeat
    tile = joining.tile
    flip = shaping.flip
    roll = shaping.roll
    tril = shaping.tril
    triu = shaping.triu
    diagonal = shaping.diagonal
    clone = shaping.clone

    # indexing
    nonzero = indexing.nonzero
    gather = indexing.gather
    index_select = indexing.index_select
    masked_fill = indexing.masked_fill
    masked_select = indexing.masked_select

    # linalg
    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = linalg.outer
    addmm = linalg.addmm

    # creation
    bernoulli = drawing.bernoulli

    # in place
    add_ = in_place(elementwise.add, "add_")
    sub_ = in_place(elementwise.sub, "sub_")
    subtract_ = in_place(elementwise.subtract, "subtract_")
    mul_ = in_place(elementwise.mul, "mul_")
    multiply_ = in_place(elementwise.multiply, "multiply_")
    div_ = in_place(elementwise.div, "div_")
    divide_ = in_place(elementwise.divide, "divide_")
    true_divide_ = in_place(elementwise.true_divide, "true_divide_")
    floor_divide_ = in_place(elementwise.floor_divide, "floor_divide_")
    remainder_ = in_place(elementwise.remainder, "remainder_")
    fmod_ = in_place(elementwise.fmod, "fmod_")
    pow_ = in_place(elementwise.pow, "pow_")
    neg_ = in_place(elementwise.neg, "neg_")
    negative_ = in_place(elementwise.negative, "negative_")
    abs_ = in_place(elementwise.abs, "abs_")
    absolute_ = in_place(elementwise.absolute, "absolute_")
    sign_ = in_place(elementwise.sign, "sign_")
    square_ = in_place(elementwise.square, "square_")
    sqrt_ = in_place(elementwise.sqrt, "sqrt_")
    rsqrt_ = in_place(elementwise.rsqrt, "rsqrt_")
    reciprocal_ = in_place(elementwise.reciprocal, "reciprocal_")
    exp_ = in_place(elementwise.exp, "exp_")
    exp2_ = in_place(elementwise.exp2, "exp2_")
    expm1_ = in_place(elementwise.expm1, "expm1_")
    log_ = in_place(elementwise.log, "log_")
    log2_ = in_place(elementwise.log2, "log2_")
    log10_ = in_place(elementwise.log10, "log10_")
    log1p_ = in_place(elementwise.log1p, "log1p_")
    sin_ = in_place(elementwise.sin, "sin_")
    cos_ = in_place(elementwise.cos, "cos_")
    tan_ = in_place(elementwise.tan, "tan_")
    asin_ = in_place(elementwise.asin, "asin_")
    acos_ = in_place(elementwise.acos, "acos_")
    atan_ = in_place(elementwise.atan, "atan_")
    atan2_ = in_place(elementwise.atan2, "atan2_")
    sinh_ = in_place(elementwise.sinh, "sinh_")
    cosh_ = in_place(elementwise.cosh, "cosh_")
    tanh_ = in_place(elementwise.tanh, "tanh_")
    asinh_ = in_place(elementwise.asinh, "asinh_")
    acosh_ = in_place(elementwise.acosh, "acosh_")
    atanh_ = in_place(elementwise.atanh, "atanh_")
    floor_ = in_place(elementwise.floor, "floor_")
    ceil_ = in_place(elementwise.ceil, "ceil_")
    trunc_ = in_place(elementwise.trunc, "trunc_")
    frac_ = in_place(elementwise.frac, "frac_")
    round_ = in_place(elementwise.round, "round_")
    relu_ = in_place(elementwise.relu, "relu_")
    sigmoid_ = in_place(elementwise.sigmoid, "sigmoid_")
    erf_ = in_place(elementwise.erf, "erf_")
    erfc_ = in_place(elementwise.erfc, "erfc_")
    hypot_ = in_place(elementwise.hypot, "hypot_")
    clamp_ = in_place(elementwise.clamp, "clamp_")
    clip_ = in_place(elementwise.clip, "clip_")
    clamp_min_ = in_place(elementwise.clamp_min, "clamp_min_")
    clamp_max_ = in_place(elementwise.clamp_max, "clamp_max_")
    eq_ = in_place(elementwise.eq, "eq_")
    ne_ = in_place(elementwise.ne, "ne_")
    lt_ = in_place(elementwise.lt, "lt_")
    le_ = in_place(elementwise.le, "le_")
    gt_ = in_place(elementwise.gt, "gt_")
    ge_ = in_place(elementwise.ge, "ge_")
    logical_and_ = in_place(elementwise.logical_and, "logical_and_")
    logical_or_ = in_place(elementwise.logical_or, "logical_or_")
    logical_xor_ = in_place(elementwise.logical_xor, "logical_xor_")
    logical_not_ = in_place(elementwise.logical_not, "logical_not_")
    bitwise_and_ = in_place(elementwise.bitwise_and, "bitwise_and_")
    bitwise_or_ = in_place(elementwise.bitwise_or, "bitwise_or_")
    bitwise_xor_ = in_place(elementwise.bitwise_xor, "bitwise_xor_")
    bitwise_not_ = in_place(elementwise.bitwise_not, "bitwise_not_")
    tril_ = in_place(shaping.tril, "tril_")
    triu_ = in_place(shaping.triu, "triu_")
    cumsum_ = in_place(reduction.cumsum, "cumsum_")
    masked_fill_ = in_place(indexing.masked_fill, "masked_fill_")

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_
    __ifloordiv__ = floor_divide_
    __imod__ = remainder_
    __ipow__ = pow_
    __iand__ = bitwise_and_
    __ior__ = bitwise_or_
    __ixor__ = bitwise_xor_

    # with arguments of their own
    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Write `src`, which broadcasts, over this tensor."""
        if not isinstance(src, TensorCore):
            raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
        return indexing.assign(self, src, "copy_")

    def fill_(self, value: Any) -> Any:
        """Write one value everywhere.

        Raises:
            RuntimeError: for a tensor that has dimensions.
        """
        if isinstance(value, TensorCore) and value.array.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.array.ndim} dimensions; copy_ takes a tensor"
            )
        return indexing.assign(self, value, "fill_")

    def zero_(self) -> Any:
        """Write zeros everywhere."""
        return indexing.assign(self, 0, "zero_")

    def _draw(self, name: str, values: Callable[[Generator, int], np.ndarray], generator: Generator | None) -> Any:
        check_writable(self, name)
        drawn = values(generator or current_generator(), self.array.size)
        self.array[...] = drawn.reshape(self.array.shape)
        note_write(self, name)
        return self

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write random numbers in [a, b), all equally likely."""
        if a > b:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
        kind = self.array.dtype
        return self._draw("uniform_", lambda g, n: g.uniform_between(n, a, b, kind), generator)

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write normal random numbers."""
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        kind = self.array.dtype
        return self._draw("normal_", lambda g, n: g.normal(n, kind) * std + mean, generator)

    def bernoulli_(self, p: float = 0.5, *, generator: Generator | None = None) -> Any:
        """Write ones with probability `p`, else zeros."""
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return self._draw("bernoulli_", lambda g, n: g.bernoulli(n, p), generator)

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """A tensor with a copy of `data`, in this tensor's dtype."""
        return creation.tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Zeros in this tensor's dtype."""
        return creation.zeros(*size, dtype=dtype or self.dtype, **kwargs)

    def new_ones(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Ones in this tensor's dtype."""
        return creation.ones(*size, dtype=dtype or self.dtype, **kwargs)

    def new_empty(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A tensor still to be written, in this tensor's dtype."""
        return creation.empty(*size, dtype=dtype or self.dtype, **kwargs)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, **kwargs: Any) -> Any:
        """One value, in this tensor's dtype."""
        return creation.full(size, fill_value, dtype=dtype or self.dtype, **kwargs)

    def expand_as(self, other: Any) -> Any:
        """Expanded to the shape of `other`."""
        return shaping.expand(self, other.array.shape)

    def view_as(self, other: Any) -> Any:
        """Viewed in the shape of `other`."""
        return shaping.view(self, other.array.shape)

    def reshape_as(self, other: Any) -> Any:
        """Reshaped to the shape of `other`."""
        return shaping.reshape(self, other.array.shape)

    # to another dtype; last, because the names hide Python's
    half = _converter("half", dtypes.half)
    float = _converter("float", dtypes.float)
    double = _converter("double", dtypes.double)
    cfloat = _converter("cfloat", dtypes.cfloat)
    cdouble = _converter("cdouble", dtypes.cdouble)
    short = _converter("short", dtypes.short)
    int = _converter("int", dtypes.int)
    long = _converter("long", dtypes.long)
    bool = _converter("bool", dtypes.bool)
    byte = _converter("byte", dtypes.uint8)
    char = _converter("char", dtypes.int8)
