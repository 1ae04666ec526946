"""Samples of the gamma and Dirichlet distributions, through which gradients reach the parameters.

The samples come from rejection, which has no gradient. But a sample x that keeps its quantile F(x; a) moves with
the parameter by dx / da = -(dF / da) / (dF / dx) (Figurnov, Mohamed and Mnih, 2018): the gradient of the mean of any
smooth function of x is the mean of its gradient along that. A Dirichlet sample moves in one component as the beta
distribution that it has, and the others share what that takes (Jankowiak and Obermeyer, 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite import rejection
from tinygrad_lite.autograd.function import Function, once_differentiable
from tinygrad_lite.distributions.utils import Tensor
from tinygrad_lite.kernels import incomplete
from tinygrad_lite.random import current_generator
from tinygrad_lite.tensors import make

__all__ = ["dirichlet_sample", "standard_gamma"]


class _StandardGamma(Function):
    """A gamma-distributed number of rate 1 for each shape."""

    @staticmethod
    def forward(ctx: Any, shape: Tensor) -> Tensor:
        drawn = make(rejection.standard_gamma(current_generator(), shape.array))
        ctx.save_for_backward(shape, drawn)
        return drawn

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        shape, drawn = ctx.saved_tensors
        return g * make(incomplete.gamma_slope(shape.array, drawn.array))


class _Dirichlet(Function):
    """A point of the simplex for each vector of concentrations: gamma-distributed numbers, divided by their sum."""

    @staticmethod
    def forward(ctx: Any, concentration: Tensor) -> Tensor:
        shape = concentration.array
        drawn = rejection.standard_gamma(current_generator(), shape.astype(np.float64))
        points = np.maximum(drawn / drawn.sum(-1, keepdims=True), np.finfo(shape.dtype).tiny).astype(shape.dtype)
        out = make(points)
        ctx.save_for_backward(concentration, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        concentration, x = (saved.array for saved in ctx.saved_tensors)
        others = concentration.sum(-1, keepdims=True) - concentration
        rest = np.maximum(1 - x, np.finfo(x.dtype).tiny)
        slope = incomplete.beta_slope(concentration, others, x) / rest
        return make(slope) * (g - (make(x) * g).sum(-1, keepdim=True))


def standard_gamma(shape: Tensor) -> Tensor:
    """A gamma-distributed number of rate 1 for each shape; differentiable once.

    Example:
        >>> import tinygrad_lite as tg
        >>> a = tg.tensor([0.5, 5.0], requires_grad=True)
        >>> bool((standard_gamma(a) > 0).all())
        True
    """
    return _StandardGamma.apply(shape)


def dirichlet_sample(concentration: Tensor) -> Tensor:
    """A point of the simplex for each vector of concentrations; differentiable once.

    Example:
        >>> import tinygrad_lite as tg
        >>> bool(tg.isclose(dirichlet_sample(tg.ones(3)).sum(), tg.tensor(1.0)))
        True
    """
    return _Dirichlet.apply(concentration)
