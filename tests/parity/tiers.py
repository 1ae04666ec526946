"""The ops in scope, by PyTorch's names as its op database spells them: `name`, or `name:variant`.

Tier 1 is what PyTorch programs use every day, tier 2 is common, tier 3 is the rest.
"""

TIER_1 = {
    "elementwise": """
        __radd__ __rdiv__ __rmul__ __rpow__ __rsub__ abs add bool ceil clamp clone cos div:floor_rounding
        div:no_rounding_mode div:trunc_rounding double eq exp float floor floor_divide ge gt int isclose isinf isnan le
        log log1p logical_and logical_not logical_or long lt masked_fill max:binary maximum min:binary minimum mul ne
        neg pow reciprocal remainder round rsqrt sigmoid sign sin sqrt square sub tanh to where
    """,
    "linalg": """
        addmm bmm dot einsum linalg.inv linalg.norm linalg.solve matmul mm outer
    """,
    "nn.functional": """
        log_softmax nn.functional.adaptive_avg_pool2d nn.functional.avg_pool2d nn.functional.batch_norm
        nn.functional.binary_cross_entropy nn.functional.binary_cross_entropy_with_logits nn.functional.conv1d
        nn.functional.conv2d nn.functional.conv_transpose2d nn.functional.cosine_similarity nn.functional.cross_entropy
        nn.functional.dropout nn.functional.elu nn.functional.embedding nn.functional.gelu nn.functional.group_norm
        nn.functional.interpolate:bilinear nn.functional.interpolate:nearest nn.functional.kl_div nn.functional.l1_loss
        nn.functional.layer_norm nn.functional.leaky_relu nn.functional.linear nn.functional.max_pool2d
        nn.functional.mse_loss nn.functional.nll_loss nn.functional.normalize nn.functional.one_hot
        nn.functional.pad:constant nn.functional.relu nn.functional.rms_norm nn.functional.scaled_dot_product_attention
        nn.functional.silu nn.functional.smooth_l1_loss nn.functional.softplus softmax
    """,
    "others": """
        arange empty eye full full_like item linspace new_ones new_zeros ones ones_like zeros zeros_like
    """,
    "reductions": """
        all allclose amax amin any argmax argmin cumsum equal linalg.vector_norm logsumexp max:reduction_no_dim
        max:reduction_with_dim mean min:reduction_no_dim min:reduction_with_dim norm prod std sum var
    """,
    "shape/index": """
        T __getitem__ argsort cat chunk contiguous diag expand flatten flip gather index_select mT nonzero permute
        repeat repeat_interleave reshape roll scatter scatter_add sort split split:list_args squeeze squeeze:multiple
        stack t topk transpose tril triu unbind unsqueeze view
    """,
    "special": """
        erf
    """,
}

TIER_2 = {
    "elementwise": """
        acos acosh addcdiv addcmul asin asinh atan atan2 atanh bitwise_and bitwise_not bitwise_or bitwise_xor bucketize
        clamp_max clamp_min cosh exp2 expm1 fmax fmin fmod half hypot isfinite lerp log10 log2 logaddexp logical_xor
        nan_to_num round:decimals_0 round:decimals_3 round:decimals_neg_3 searchsorted sgn sinh tan true_divide trunc
    """,
    "fft": """
        fft.fft fft.ifft fft.irfft fft.rfft
    """,
    "linalg": """
        __rmatmul__ baddbmm cdist cholesky cross inner kron linalg.cholesky linalg.det linalg.eigh linalg.eigvalsh
        linalg.lstsq linalg.matrix_norm linalg.matrix_power linalg.norm:subgradients_at_zero linalg.pinv linalg.qr
        linalg.slogdet linalg.solve_triangular linalg.svd linalg.svdvals matrix_exp mv tensordot
    """,
    "nn.functional": """
        log_softmax:with_dtype nn.functional.adaptive_avg_pool1d nn.functional.adaptive_max_pool2d
        nn.functional.avg_pool1d nn.functional.conv3d nn.functional.conv_transpose1d nn.functional.cosine_embedding_loss
        nn.functional.ctc_loss nn.functional.dropout2d nn.functional.embedding_bag nn.functional.glu
        nn.functional.grid_sample nn.functional.hardsigmoid nn.functional.hardswish nn.functional.hardtanh
        nn.functional.huber_loss nn.functional.instance_norm nn.functional.interpolate:bicubic nn.functional.logsigmoid
        nn.functional.margin_ranking_loss nn.functional.max_pool1d nn.functional.mish nn.functional.pad:circular
        nn.functional.pad:reflect nn.functional.pad:replicate nn.functional.pairwise_distance
        nn.functional.pixel_shuffle nn.functional.prelu nn.functional.relu6 nn.functional.selu nn.functional.softshrink
        nn.functional.softsign nn.functional.triplet_margin_loss nn.functional.unfold softmax:with_dtype
    """,
    "others": """
        empty_like linspace:tensor_overload new_full tril_indices triu_indices
    """,
    "reductions": """
        aminmax bincount count_nonzero cummax cumprod dist median norm:fro norm:inf norm:nuc quantile std:unbiased
        std_mean trace unique unique_consecutive var:unbiased var_mean
    """,
    "shape/index": """
        argwhere atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to column_stack diag_embed diagflat
        diagonal diff expand_as fliplr flipud hstack index_add index_fill index_put masked_select
        meshgrid:list_of_tensors meshgrid:variadic_tensors movedim narrow ravel reshape_as scatter_reduce:amax
        scatter_reduce:amin scatter_reduce:mean scatter_reduce:prod scatter_reduce:sum select split_with_sizes
        take_along_dim tensor_split tile unflatten unfold view_as vstack
    """,
    "special": """
        digamma erfc erfinv lgamma logit xlogy
    """,
}

TIER_3 = {
    "elementwise": """
        __rand__ __rmod__ __ror__ __rxor__ angle bitwise_left_shift bitwise_right_shift byte cdouble cfloat char complex
        conj conj_physical copysign deg2rad fill float_power frac frexp gcd gradient heaviside isin isneginf isposinf
        isreal lcm ldexp logaddexp2 nextafter polar positive rad2deg real rsub short signbit view_as_complex
    """,
    "fft": """
        fft.fft2 fft.fftn fft.fftshift fft.hfft fft.hfft2 fft.hfftn fft.ifft2 fft.ifftn fft.ifftshift fft.ihfft
        fft.ihfft2 fft.ihfftn fft.irfft2 fft.irfftn fft.rfft2 fft.rfftn
    """,
    "linalg": """
        addbmm addmv addr block_diag cholesky_inverse cholesky_solve geqrf linalg.cholesky_ex linalg.cond linalg.cross
        linalg.diagonal linalg.eig linalg.eigvals linalg.householder_product linalg.inv_ex linalg.ldl_factor
        linalg.ldl_factor_ex linalg.ldl_solve linalg.lstsq:grad_oriented linalg.lu linalg.lu_factor linalg.lu_factor_ex
        linalg.lu_solve linalg.matrix_rank linalg.matrix_rank:hermitian linalg.multi_dot linalg.pinv:hermitian
        linalg.pinv:singular linalg.solve_ex linalg.tensorinv linalg.tensorsolve linalg.vander linalg.vecdot logdet lu
        lu_solve lu_unpack ormqr pinverse qr svd triangular_solve vdot
    """,
    "nn.functional": """
        nn.functional.adaptive_avg_pool3d nn.functional.adaptive_max_pool1d nn.functional.adaptive_max_pool3d
        nn.functional.alpha_dropout nn.functional.avg_pool3d nn.functional.bilinear nn.functional.celu
        nn.functional.channel_shuffle nn.functional.conv_transpose3d nn.functional.dropout3d
        nn.functional.feature_alpha_dropout:with_train nn.functional.feature_alpha_dropout:without_train
        nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool3d
        nn.functional.gaussian_nll_loss nn.functional.hardshrink nn.functional.hinge_embedding_loss
        nn.functional.interpolate:area nn.functional.interpolate:linear nn.functional.interpolate:nearest-exact
        nn.functional.interpolate:trilinear nn.functional.linear_cross_entropy nn.functional.local_response_norm
        nn.functional.max_pool3d nn.functional.max_unpool1d nn.functional.max_unpool1d:grad nn.functional.max_unpool2d
        nn.functional.max_unpool2d:grad nn.functional.max_unpool3d nn.functional.max_unpool3d:grad
        nn.functional.multi_margin_loss nn.functional.multilabel_margin_loss nn.functional.multilabel_soft_margin_loss
        nn.functional.pad:replicate_negative nn.functional.pdist nn.functional.pixel_unshuffle
        nn.functional.poisson_nll_loss nn.functional.rrelu nn.functional.soft_margin_loss nn.functional.softmin
        nn.functional.softmin:with_dtype nn.functional.tanhshrink nn.functional.threshold
        nn.functional.triplet_margin_with_distance_loss nn.functional.upsample_bilinear nn.functional.upsample_nearest
    """,
    "others": """
        broadcast_shapes cartesian_prod combinations empty_strided logspace logspace:tensor_overload new_empty
        new_empty_strided resize_ resize_as_ scalar_tensor signal.windows.bartlett signal.windows.blackman
        signal.windows.cosine signal.windows.exponential signal.windows.gaussian signal.windows.general_cosine
        signal.windows.general_hamming signal.windows.hamming signal.windows.hann signal.windows.kaiser
        signal.windows.nuttall zero_
    """,
    "reductions": """
        corrcoef cov cummin cumulative_trapezoid histc histogram histogramdd kthvalue logcumsumexp mode nanmean
        nanmedian nanquantile nansum renorm std_mean:unbiased trapezoid trapz var_mean:unbiased
    """,
    "shape/index": """
        H as_strided as_strided_scatter diagonal_scatter dsplit dstack hsplit index_copy index_reduce:amax
        index_reduce:amin index_reduce:mean index_reduce:prod mH masked_scatter msort put rot90 select_scatter
        slice_scatter sum_to_size take unravel_index vsplit
    """,
    "special": """
        i0 igamma igammac mvlgamma:mvlgamma_p_1 mvlgamma:mvlgamma_p_3 mvlgamma:mvlgamma_p_5 polygamma:polygamma_n_0
        polygamma:polygamma_n_1 polygamma:polygamma_n_2 polygamma:polygamma_n_3 polygamma:polygamma_n_4 sinc
        special.airy_ai special.chebyshev_polynomial_t special.chebyshev_polynomial_u special.chebyshev_polynomial_v
        special.chebyshev_polynomial_w special.entr special.erfcx special.hermite_polynomial_h
        special.hermite_polynomial_he special.i0e special.i1 special.i1e special.laguerre_polynomial_l
        special.legendre_polynomial_p special.log_ndtr special.modified_bessel_i0 special.modified_bessel_i1
        special.modified_bessel_k0 special.modified_bessel_k1 special.ndtr special.ndtri
        special.polygamma:special_polygamma_n_0 special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1
        special.shifted_chebyshev_polynomial_t special.shifted_chebyshev_polynomial_u
        special.shifted_chebyshev_polynomial_v special.shifted_chebyshev_polynomial_w special.spherical_bessel_j0
        special.xlog1py special.zeta
    """,
}

FAMILIES = [{family: names.split() for family, names in tier.items()} for tier in (TIER_1, TIER_2, TIER_3)]
TIERS = {tier: [name for names in families.values() for name in names] for tier, families in enumerate(FAMILIES, 1)}
