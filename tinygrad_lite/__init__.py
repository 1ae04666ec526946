"""tinygrad_lite: an autograd engine with PyTorch's habits, on NumPy.

    import tinygrad_lite as tg

    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])

The names are PyTorch's. `tinygrad_lite.nn` has layers and losses, `tinygrad_lite.optim` optimisers,
`tinygrad_lite.utils.data` datasets and loaders.
"""

from math import e, inf, nan, pi

from tinygrad_lite import autograd, nn, optim
from tinygrad_lite.device import device
from tinygrad_lite.dtypes import (
    bool, can_cast, cdouble, cfloat, complex64, complex128, double, dtype, finfo, float, float16, float32,
    float64, get_default_dtype, half, iinfo, int, int8, int16, int32, int64, long, promote_types,
    set_default_dtype, short, uint8,
)  # fmt: skip
from tinygrad_lite.functions.creation import (
    arange, as_tensor, asarray, bernoulli, empty, empty_like, eye, from_numpy, full, full_like, linspace, normal,
    ones, ones_like, rand, rand_like, randint, randn, randn_like, randperm, tensor, zeros, zeros_like,
)  # fmt: skip
from tinygrad_lite.functions.elementwise import (
    abs, absolute, acos, acosh, add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh,
    atan, atan2, atanh, bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift,
    bitwise_xor, ceil, clamp, clamp_max, clamp_min, clip, conj, cos, cosh, div, divide, eq, erf, erfc, exp, exp2,
    expm1, fix, floor, floor_divide, fmod, frac, ge, greater, greater_equal, gt, hypot, imag, isfinite, isinf,
    isnan, le, less, less_equal, log, log1p, log2, log10, logaddexp, logical_and, logical_not, logical_or,
    logical_xor, lt, maximum, minimum, mul, multiply, ne, neg, negative, not_equal, pow, real, reciprocal, relu,
    remainder, round, rsqrt, sigmoid, sign, sin, sinh, sqrt, square, sub, subtract, tan, tanh, true_divide,
    trunc, where,
)  # fmt: skip
from tinygrad_lite.functions.indexing import gather, index_select, masked_fill, masked_select, nonzero
from tinygrad_lite.functions.linalg import addmm, bmm, dot, matmul, mm, mv, outer
from tinygrad_lite.functions.reduction import (
    all, allclose, amax, amin, any, argmax, argmin, cumsum, equal, log_softmax, logsumexp, max, mean, min, norm,
    prod, softmax, std, sum, var,
)  # fmt: skip
from tinygrad_lite.functions.shaping import (
    broadcast_to, cat, chunk, clone, concat, concatenate, diagonal, flatten, flip, moveaxis, movedim, narrow,
    permute, ravel, reshape, roll, split, squeeze, stack, swapaxes, swapdims, t, tile, transpose, tril, triu,
    unbind, unsqueeze,
)  # fmt: skip
from tinygrad_lite.graph import (
    enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled,
)  # fmt: skip
from tinygrad_lite.printing import set_printoptions
from tinygrad_lite.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from tinygrad_lite.size import Size
from tinygrad_lite.tensor import Tensor

__version__ = "0.1.0"
