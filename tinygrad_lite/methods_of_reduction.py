"""The methods of a tensor that reduce, accumulate, sort or count. The others are in `methods.py`."""

from __future__ import annotations

from typing import Any

from tinygrad_lite.functions import counting, cumulative, extremes, reduction, sorting, statistics
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.inplace import in_place


def _renorm_copy(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """`renorm` of a copy: its steps need the input again, which is about to be overwritten."""
    return reduction.renorm(input.clone(), p, dim, maxnorm)


class ReductionMethods(TensorCore):
    """The methods of `Tensor` that make few elements of many, and those that put them in order."""

    __slots__ = ()

    sum = reduction.sum
    nansum = reduction.nansum
    mean = reduction.mean
    nanmean = reduction.nanmean
    prod = reduction.prod
    trace = reduction.trace
    norm = reduction.norm
    dist = reduction.dist
    renorm = reduction.renorm
    logsumexp = reduction.logsumexp
    softmax = reduction.softmax
    log_softmax = reduction.log_softmax

    amax = extremes.amax
    amin = extremes.amin
    aminmax = extremes.aminmax
    max = extremes.max
    min = extremes.min
    argmax = extremes.argmax
    argmin = extremes.argmin

    var = statistics.var
    std = statistics.std
    quantile = statistics.quantile
    nanquantile = statistics.nanquantile
    cov = statistics.cov
    corrcoef = statistics.corrcoef

    cumsum = cumulative.cumsum
    cumprod = cumulative.cumprod
    cummax = cumulative.cummax
    cummin = cumulative.cummin
    logcumsumexp = cumulative.logcumsumexp

    sort = sorting.sort
    argsort = sorting.argsort
    msort = sorting.msort
    topk = sorting.topk
    kthvalue = sorting.kthvalue
    median = sorting.median
    nanmedian = sorting.nanmedian
    mode = sorting.mode

    all = counting.all
    any = counting.any
    allclose = counting.allclose
    equal = counting.equal
    count_nonzero = counting.count_nonzero
    unique = counting.unique
    unique_consecutive = counting.unique_consecutive
    bincount = counting.bincount
    histc = counting.histc
    histogram = counting.histogram

    # in place
    cumsum_ = in_place(cumulative.cumsum, "cumsum_")
    cumprod_ = in_place(cumulative.cumprod, "cumprod_")
    renorm_ = in_place(_renorm_copy, "renorm_")
