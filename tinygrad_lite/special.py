"""Special functions, under the names of `torch.special`.

Example:
    >>> import tinygrad_lite as tg
    >>> tg.special.expit(tg.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
"""

from tinygrad_lite.functions.elementwise import exp2, expm1, log1p, round
from tinygrad_lite.functions.elementwise import sigmoid as expit
from tinygrad_lite.functions.reduction import log_softmax, logsumexp, softmax
from tinygrad_lite.functions.special import (
    digamma,
    entr,
    erf,
    erfc,
    erfinv,
    log_ndtr,
    logit,
    ndtr,
    polygamma,
    sinc,
    xlog1py,
    xlogy,
)
from tinygrad_lite.functions.special import digamma as psi
from tinygrad_lite.functions.special import lgamma as gammaln
from tinygrad_lite.functions.special import mvlgamma as multigammaln

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_ndtr", "log_softmax",
    "logit", "logsumexp", "multigammaln", "ndtr", "polygamma", "psi", "round", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip
