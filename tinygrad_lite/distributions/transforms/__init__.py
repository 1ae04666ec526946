"""Transforms of random variables: invertible functions that know the logarithm of their Jacobian.

>>> import tinygrad_lite as tg
>>> to_positive = tg.distributions.transforms.ExpTransform()
>>> to_positive(tg.tensor([0.0, 1.0])), to_positive.inv(tg.tensor([1.0]))
(tensor([1.0000, 2.7183]), tensor([0.]))
"""

from tinygrad_lite.distributions.transforms.base import Transform
from tinygrad_lite.distributions.transforms.composed import (
    CatTransform,
    ComposeTransform,
    IndependentTransform,
    StackTransform,
    identity_transform,
)
from tinygrad_lite.distributions.transforms.elementwise import (
    AbsTransform,
    AffineTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
)
from tinygrad_lite.distributions.transforms.shaped import (
    CorrCholeskyTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    ReshapeTransform,
    SoftmaxTransform,
    StickBreakingTransform,
)

__all__ = [
    "AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
    "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
    "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
    "SoftplusTransform", "StackTransform", "StickBreakingTransform", "TanhTransform", "Transform",
    "identity_transform",
]  # fmt: skip
