"""The methods of a tensor that are functions: which they are, and their in-place forms.

`x.sum(dim=0)` is `tg.sum(x, dim=0)`: one function, listed here by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tinygrad_lite import dtypes
from tinygrad_lite.functions import (
    comparing,
    complexes,
    elementwise,
    factoring,
    linalg,
    matrix_norms,
    solving,
    special,
)
from tinygrad_lite.inplace import in_place, write
from tinygrad_lite.methods_of_place import PlaceMethods
from tinygrad_lite.methods_of_reduction import ReductionMethods
from tinygrad_lite.methods_of_shape import ShapeMethods


def _converter(name: str, target: dtypes.dtype) -> Callable[..., Any]:
    def method(self: Any, memory_format: Any = None) -> Any:
        return self.to(target, memory_format=memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The elements as {target.name}."
    return method


def _on_first_use(module: str, name: str) -> Callable[..., Any]:
    """The method that a function of a seldom used module is, which is imported when it is first called."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"tinygrad_lite.functions.{module}"), name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"See `tinygrad_lite.{name}`."
    return method


class TensorMethods(ShapeMethods, ReductionMethods, PlaceMethods):
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
    erf = special.erf
    erfc = special.erfc
    maximum = comparing.maximum
    minimum = comparing.minimum
    hypot = elementwise.hypot
    logaddexp = elementwise.logaddexp
    clamp = comparing.clamp
    clip = comparing.clip
    clamp_min = comparing.clamp_min
    clamp_max = comparing.clamp_max
    eq = comparing.eq
    ne = comparing.ne
    not_equal = comparing.not_equal
    lt = comparing.lt
    less = comparing.less
    le = comparing.le
    less_equal = comparing.less_equal
    gt = comparing.gt
    greater = comparing.greater
    ge = comparing.ge
    greater_equal = comparing.greater_equal
    isnan = comparing.isnan
    isinf = comparing.isinf
    isfinite = comparing.isfinite
    logical_and = comparing.logical_and
    logical_or = comparing.logical_or
    logical_xor = comparing.logical_xor
    logical_not = comparing.logical_not
    bitwise_and = comparing.bitwise_and
    bitwise_or = comparing.bitwise_or
    bitwise_xor = comparing.bitwise_xor
    bitwise_not = comparing.bitwise_not
    bitwise_left_shift = comparing.bitwise_left_shift
    bitwise_right_shift = comparing.bitwise_right_shift
    conj = complexes.conj
    sgn = elementwise.sgn
    logaddexp2 = elementwise.logaddexp2
    copysign = elementwise.copysign
    nextafter = elementwise.nextafter
    gcd = elementwise.gcd
    lcm = elementwise.lcm
    positive = elementwise.positive
    float_power = elementwise.float_power
    ldexp = elementwise.ldexp
    frexp = elementwise.frexp
    lerp = elementwise.lerp
    addcmul = elementwise.addcmul
    addcdiv = elementwise.addcdiv
    nan_to_num = elementwise.nan_to_num
    deg2rad = elementwise.deg2rad
    rad2deg = elementwise.rad2deg
    signbit = comparing.signbit
    fmax = comparing.fmax
    fmin = comparing.fmin
    isclose = comparing.isclose
    isposinf = comparing.isposinf
    isneginf = comparing.isneginf
    heaviside = comparing.heaviside
    conj_physical = complexes.conj_physical
    angle = complexes.angle
    isreal = complexes.isreal
    erfinv = special.erfinv
    lgamma = special.lgamma
    digamma = special.digamma
    xlogy = special.xlogy
    logit = special.logit
    mvlgamma = special.mvlgamma
    sinc = special.sinc
    isin = comparing.isin
    i0 = _on_first_use("more_special", "i0")
    igamma = _on_first_use("more_special", "igamma")
    igammac = _on_first_use("more_special", "igammac")

    # linalg
    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = linalg.outer
    addmm = linalg.addmm
    addmv = linalg.addmv
    addr = linalg.addr
    addbmm = linalg.addbmm
    baddbmm = linalg.baddbmm
    ger = linalg.ger
    vdot = linalg.vdot
    inner = linalg.inner
    kron = linalg.kron
    cross = matrix_norms.cross
    inverse = solving.inverse
    det = solving.det
    logdet = solving.logdet
    slogdet = solving.slogdet
    matrix_exp = solving.matrix_exp
    matrix_power = solving.matrix_power
    triangular_solve = solving.triangular_solve
    cholesky = factoring.old_cholesky
    cholesky_inverse = factoring.cholesky_inverse
    cholesky_solve = factoring.cholesky_solve
    qr = factoring.old_qr
    svd = factoring.old_svd
    pinverse = factoring.pinverse
    geqrf = _on_first_use("reflecting", "geqrf")
    lu = _on_first_use("eliminating", "lu")
    lu_solve = _on_first_use("eliminating", "lu_solve")
    orgqr = _on_first_use("reflecting", "orgqr")
    ormqr = _on_first_use("reflecting", "ormqr")

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
    erf_ = in_place(special.erf, "erf_")
    erfc_ = in_place(special.erfc, "erfc_")
    hypot_ = in_place(elementwise.hypot, "hypot_")
    clamp_ = in_place(comparing.clamp, "clamp_")
    clip_ = in_place(comparing.clip, "clip_")
    clamp_min_ = in_place(comparing.clamp_min, "clamp_min_")
    clamp_max_ = in_place(comparing.clamp_max, "clamp_max_")
    eq_ = in_place(comparing.eq, "eq_")
    ne_ = in_place(comparing.ne, "ne_")
    lt_ = in_place(comparing.lt, "lt_")
    le_ = in_place(comparing.le, "le_")
    gt_ = in_place(comparing.gt, "gt_")
    ge_ = in_place(comparing.ge, "ge_")
    logical_and_ = in_place(comparing.logical_and, "logical_and_")
    logical_or_ = in_place(comparing.logical_or, "logical_or_")
    logical_xor_ = in_place(comparing.logical_xor, "logical_xor_")
    logical_not_ = in_place(comparing.logical_not, "logical_not_")
    bitwise_and_ = in_place(comparing.bitwise_and, "bitwise_and_")
    bitwise_or_ = in_place(comparing.bitwise_or, "bitwise_or_")
    bitwise_xor_ = in_place(comparing.bitwise_xor, "bitwise_xor_")
    bitwise_not_ = in_place(comparing.bitwise_not, "bitwise_not_")
    sgn_ = in_place(elementwise.sgn, "sgn_")
    arcsin_ = in_place(elementwise.arcsin, "arcsin_")
    arccos_ = in_place(elementwise.arccos, "arccos_")
    arctan_ = in_place(elementwise.arctan, "arctan_")
    arcsinh_ = in_place(elementwise.arcsinh, "arcsinh_")
    arccosh_ = in_place(elementwise.arccosh, "arccosh_")
    arctanh_ = in_place(elementwise.arctanh, "arctanh_")
    fix_ = in_place(elementwise.fix, "fix_")
    arctan2_ = in_place(elementwise.arctan2, "arctan2_")
    copysign_ = in_place(elementwise.copysign, "copysign_")
    nextafter_ = in_place(elementwise.nextafter, "nextafter_")
    gcd_ = in_place(elementwise.gcd, "gcd_")
    lcm_ = in_place(elementwise.lcm, "lcm_")
    ldexp_ = in_place(elementwise.ldexp, "ldexp_")
    lerp_ = in_place(elementwise.lerp, "lerp_")
    addcmul_ = in_place(elementwise.addcmul, "addcmul_")
    addcdiv_ = in_place(elementwise.addcdiv, "addcdiv_")
    nan_to_num_ = in_place(elementwise.nan_to_num, "nan_to_num_")
    deg2rad_ = in_place(elementwise.deg2rad, "deg2rad_")
    rad2deg_ = in_place(elementwise.rad2deg, "rad2deg_")
    not_equal_ = in_place(comparing.not_equal, "not_equal_")
    less_ = in_place(comparing.less, "less_")
    less_equal_ = in_place(comparing.less_equal, "less_equal_")
    greater_ = in_place(comparing.greater, "greater_")
    greater_equal_ = in_place(comparing.greater_equal, "greater_equal_")
    bitwise_left_shift_ = in_place(comparing.bitwise_left_shift, "bitwise_left_shift_")
    bitwise_right_shift_ = in_place(comparing.bitwise_right_shift, "bitwise_right_shift_")
    heaviside_ = in_place(comparing.heaviside, "heaviside_")
    conj_physical_ = in_place(complexes.conj_physical, "conj_physical_")
    erfinv_ = in_place(special.erfinv, "erfinv_")
    lgamma_ = in_place(special.lgamma, "lgamma_")
    digamma_ = in_place(special.digamma, "digamma_")
    xlogy_ = in_place(special.xlogy, "xlogy_")
    logit_ = in_place(special.logit, "logit_")
    mvlgamma_ = in_place(special.mvlgamma, "mvlgamma_")
    sinc_ = in_place(special.sinc, "sinc_")
    isin_ = in_place(comparing.isin, "isin_")
    i0_ = in_place(i0, "i0_")
    igamma_ = in_place(igamma, "igamma_")
    igammac_ = in_place(igammac, "igammac_")
    addmm_ = in_place(linalg.addmm, "addmm_")
    addmv_ = in_place(linalg.addmv, "addmv_")
    addr_ = in_place(linalg.addr, "addr_")
    addbmm_ = in_place(linalg.addbmm, "addbmm_")
    baddbmm_ = in_place(linalg.baddbmm, "baddbmm_")

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
    __ilshift__ = bitwise_left_shift_
    __irshift__ = bitwise_right_shift_

    # with arguments of their own
    def where(self, condition: Any, other: Any) -> Any:
        """This tensor where the condition holds, else `other`."""
        return comparing.where(condition, self, other)

    def abs_(self) -> Any:
        """In-place version of `abs`: writes the result into this tensor and returns it."""
        if self.array.dtype.kind == "c":
            raise RuntimeError("abs_: In-place abs is not supported for complex tensors.")
        return write(self, lambda: elementwise.abs(self), "abs_")

    absolute_ = abs_

    def float_power_(self, exponent: Any) -> Any:
        """In-place version of `float_power`, for tensors of float64 or complex128."""
        if self.array.itemsize < (16 if self.array.dtype.kind == "c" else 8) or self.array.dtype.kind not in "fc":
            raise RuntimeError(f"float_power_: the result is of float64 or complex128, the tensor of {self.dtype}")
        return write(self, lambda: elementwise.float_power(self, exponent), "float_power_")

    def polygamma(self, n: int) -> Any:
        """The n-th derivative of `digamma` here."""
        return special.polygamma(n, self)

    def polygamma_(self, n: int) -> Any:
        """In-place version of `polygamma`: writes the result into this tensor and returns it."""
        return write(self, lambda: special.polygamma(n, self), "polygamma_")

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
