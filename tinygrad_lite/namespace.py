"""What `tinygrad_lite` has that is imported when it is first used: modules, and names with the modules they are in."""

from __future__ import annotations

__all__ = ["MODULES", "NAMES", "WITH_OUT"]

MODULES = [
    "accelerator", "amp", "backends", "compiler", "cpu", "cuda", "datasets", "distributed", "distributions", "fft",
    "func", "functional", "gradcheck", "hub", "jit", "legacy", "linalg", "mps", "multiprocessing", "onnx", "overrides",
    "profiler", "serialization", "settings", "sparse", "special", "storage", "testing", "types", "utils", "version",
    "viz", "xpu",
]  # fmt: skip
"""The modules that are attributes of the package."""

NAMES: dict[str, list[str]] = {
    "amp.autocast_mode": [
        "autocast", "clear_autocast_cache", "get_autocast_cpu_dtype", "get_autocast_dtype", "get_autocast_gpu_dtype",
        "is_autocast_cache_enabled", "is_autocast_cpu_enabled", "is_autocast_enabled", "set_autocast_cache_enabled",
        "set_autocast_dtype", "set_autocast_enabled",
    ],
    "amp.grad_scaler": ["GradScaler"],
    "compiler": ["compile"],
    "cuda.errors": ["OutOfMemoryError"],
    "func": ["vmap"],
    "functions.eliminating": ["lu", "lu_solve", "lu_unpack"],
    "functions.foreach": [
        "_foreach_abs", "_foreach_abs_", "_foreach_add", "_foreach_add_", "_foreach_addcdiv", "_foreach_addcdiv_",
        "_foreach_addcmul", "_foreach_addcmul_", "_foreach_ceil", "_foreach_ceil_", "_foreach_copy_", "_foreach_div",
        "_foreach_div_", "_foreach_exp", "_foreach_exp_", "_foreach_expm1", "_foreach_expm1_", "_foreach_floor",
        "_foreach_floor_", "_foreach_lerp", "_foreach_lerp_", "_foreach_log", "_foreach_log1p", "_foreach_log1p_",
        "_foreach_log_", "_foreach_maximum", "_foreach_maximum_", "_foreach_minimum", "_foreach_minimum_",
        "_foreach_mul", "_foreach_mul_", "_foreach_neg", "_foreach_neg_", "_foreach_norm", "_foreach_pow",
        "_foreach_pow_", "_foreach_reciprocal", "_foreach_reciprocal_", "_foreach_round", "_foreach_round_",
        "_foreach_rsqrt", "_foreach_rsqrt_", "_foreach_sigmoid", "_foreach_sigmoid_", "_foreach_sign",
        "_foreach_sign_", "_foreach_sqrt", "_foreach_sqrt_", "_foreach_sub", "_foreach_sub_", "_foreach_tanh",
        "_foreach_tanh_", "_foreach_trunc", "_foreach_trunc_", "_foreach_zero_",
    ],
    "functions.in_place_names": [
        "abs_", "acos_", "acosh_", "addmv_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_",
        "asin_", "asinh_", "atan_", "atanh_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_",
        "conj_physical_", "cos_", "cosh_", "deg2rad_", "erf_", "erfc_", "exp2_", "exp_", "expm1_", "fix_", "floor_",
        "frac_", "gcd_", "index_put_", "lcm_", "ldexp_", "log10_", "log1p_", "log2_", "log_", "logit_", "nan_to_num_",
        "neg_", "negative_", "rad2deg_", "reciprocal_", "round_", "rsqrt_", "sigmoid_", "sin_", "sinc_", "sinh_",
        "sqrt_", "square_", "tan_", "tanh_", "trunc_", "xlogy_",
    ],
    "functions.low_rank": ["pca_lowrank", "svd_lowrank"],
    "functions.more_special": ["i0", "igamma", "igammac"],
    "functions.nn_names": [
        "affine_grid_generator", "batch_norm", "binary_cross_entropy_with_logits", "constant_pad_nd", "convolution",
        "cosine_embedding_loss", "ctc_loss", "dropout_", "embedding", "feature_dropout", "grid_sampler",
        "hinge_embedding_loss", "instance_norm", "kl_div", "margin_ranking_loss", "poisson_nll_loss",
        "triplet_margin_loss",
    ],
    "functions.reflecting": ["geqrf", "orgqr", "ormqr"],
    "functions.seldom": [
        "_assert", "detach", "detach_", "fill", "frobenius_norm", "frombuffer", "get_device", "is_conj",
        "is_distributed", "is_inference", "is_neg", "is_same_size", "is_signed", "narrow_copy", "nonzero_static",
        "norm_except_dim", "nuclear_norm", "range", "resolve_conj", "resolve_neg", "typename", "unsafe_chunk",
        "unsafe_split", "unsafe_split_with_sizes", "vander",
    ],
    "functions.windows": ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"],
    "legacy": [
        "BoolTensor", "ByteTensor", "CharTensor", "ComplexDoubleTensor", "ComplexFloatTensor", "DoubleTensor",
        "FloatTensor", "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "set_default_tensor_type",
    ],
    "nn.functional.recurrent": [
        "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
    ],
    "serialization.files": ["load", "save"],
    "settings": [
        "are_deterministic_algorithms_enabled", "compiled_with_cxx11_abi", "get_default_device",
        "get_deterministic_debug_mode", "get_float32_matmul_precision", "get_num_interop_threads", "has_lapack",
        "has_mkl", "has_openmp", "has_spectral", "is_deterministic_algorithms_warn_only_enabled",
        "is_vulkan_available", "is_warn_always_enabled", "set_anomaly_enabled", "set_default_device",
        "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal",
        "set_num_interop_threads", "set_warn_always", "use_deterministic_algorithms",
    ],
    "sparse": ["sparse_coo_tensor", "sparse_csr_tensor", "spmm"],
    "storage": ["TypedStorage", "UntypedStorage", "is_storage"],
    "utils.dlpack": ["from_dlpack", "to_dlpack"],
    "version": ["__version__"],
    "viz.modules": ["summary"],
}  # fmt: skip
"""For a module the names that the package passes on from there."""

WITH_OUT = [
    "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "all", "amax", "amin", "aminmax", "angle", "any",
    "arange", "argmax", "argmin", "argsort", "baddbmm", "bernoulli", "bmm", "bucketize", "cat", "cholesky",
    "cholesky_inverse", "cholesky_solve", "clamp", "clamp_max", "clamp_min", "clip", "column_stack", "complex",
    "concat", "concatenate", "conj_physical", "count_nonzero", "cross", "cummax", "cummin", "cumprod", "cumsum",
    "deg2rad", "diag", "diff", "dist", "div", "divide", "dot", "dstack", "empty", "eye", "float_power", "frexp",
    "full", "gather", "ger", "heaviside", "histc", "histogram", "hstack", "index_add", "index_copy", "index_reduce",
    "index_select", "inner", "inverse", "isin", "isneginf", "isposinf", "kron", "kthvalue", "ldexp", "lerp",
    "linspace", "log_softmax", "logcumsumexp", "logit", "logspace", "logsumexp", "masked_select", "matmul",
    "matrix_power", "max", "mean", "median", "min", "mm", "mode", "msort", "multinomial", "mv", "mvlgamma",
    "nan_to_num", "nanmean", "nanmedian", "nanquantile", "nansum", "nonzero", "norm", "normal", "ones", "outer",
    "polar", "polygamma", "pow", "prod", "qr", "quantile", "rad2deg", "rand", "randint", "randn", "randperm",
    "renorm", "round", "rsub", "scatter", "scatter_add", "searchsorted", "sign", "sinc", "softmax", "sort", "square",
    "stack", "std", "sub", "subtract", "sum", "svd", "take", "take_along_dim", "tensordot", "topk",
    "triangular_solve", "tril", "triu", "true_divide", "var", "vdot", "vstack", "where", "zeros",
]  # fmt: skip
"""The functions that take `out`, beside those that come straight from the op table."""
