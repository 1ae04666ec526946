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
    bfloat16,
    bool,
    can_cast,
    cdouble,
    cfloat,
    chalf,
    complex32,
    complex64,
    complex128,
    double,
    dtype,
    finfo,
    float,
    float8_e4m3fn,
    float8_e5m2,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
    uint16,
    uint32,
    uint64,
)  # fmt: skip
from tinygrad_lite.functions import results as return_types
from tinygrad_lite.functions.axes import *
from tinygrad_lite.functions.comparing import *
from tinygrad_lite.functions.complexes import *
from tinygrad_lite.functions.counting import *
from tinygrad_lite.functions.creation import *
from tinygrad_lite.functions.cumulative import *
from tinygrad_lite.functions.diagonals import *
from tinygrad_lite.functions.drawing import *
from tinygrad_lite.functions.einsum import *
from tinygrad_lite.functions.elementwise import *
from tinygrad_lite.functions.extremes import *
from tinygrad_lite.functions.factoring import *
from tinygrad_lite.functions.factoring import old_cholesky as cholesky
from tinygrad_lite.functions.factoring import old_qr as qr
from tinygrad_lite.functions.factoring import old_svd as svd
from tinygrad_lite.functions.facts import *
from tinygrad_lite.functions.gathering import *
from tinygrad_lite.functions.grids import *
from tinygrad_lite.functions.indexing import *
from tinygrad_lite.functions.joining import *
from tinygrad_lite.functions.linalg import *
from tinygrad_lite.functions.matrix_norms import *
from tinygrad_lite.functions.out import add_out as _add_out
from tinygrad_lite.functions.ranges import *
from tinygrad_lite.functions.reduction import *
from tinygrad_lite.functions.scattering import *
from tinygrad_lite.functions.searching import *
from tinygrad_lite.functions.shaping import *
from tinygrad_lite.functions.solving import *
from tinygrad_lite.functions.sorting import *
from tinygrad_lite.functions.special import *
from tinygrad_lite.functions.splitting import *
from tinygrad_lite.functions.statistics import *
from tinygrad_lite.functions.turning import *
from tinygrad_lite.functions.writing import *
from tinygrad_lite.graph import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)  # fmt: skip
from tinygrad_lite.heap import keep_freed_memory as _keep_freed_memory
from tinygrad_lite.later import later as _later
from tinygrad_lite.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from tinygrad_lite.namespace import MODULES as _MODULES
from tinygrad_lite.namespace import NAMES as _NAMES
from tinygrad_lite.namespace import WITH_OUT as _WITH_OUT
from tinygrad_lite.nn.functional import (
    adaptive_avg_pool1d,
    adaptive_max_pool1d,
    alpha_dropout,
    avg_pool1d,
    bilinear,
    celu,
    celu_,
    channel_shuffle,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    cosine_similarity,
    dropout,
    feature_alpha_dropout,
    group_norm,
    hardshrink,
    layer_norm,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool3d,
    pairwise_distance,
    pdist,
    pixel_shuffle,
    pixel_unshuffle,
    prelu,
    relu_,
    rms_norm,
    rrelu,
    rrelu_,
    selu,
    selu_,
    threshold,
    threshold_,
)
from tinygrad_lite.parallel import get_num_threads, set_num_threads
from tinygrad_lite.printing import set_printoptions
from tinygrad_lite.random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from tinygrad_lite.size import Size
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.warn import PitfallWarning, set_warning, warning_names

newaxis = None

_add_out(globals(), _WITH_OUT)

_keep_freed_memory()
__getattr__, __dir__ = _later(__name__, _MODULES, _NAMES)
