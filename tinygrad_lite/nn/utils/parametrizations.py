"""Parametrisations that are often used: weight and spectral normalisation, and orthogonal matrices."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from tinygrad_lite.dtypes import finfo
from tinygrad_lite.functions.counting import allclose
from tinygrad_lite.functions.creation import eye, zeros_like
from tinygrad_lite.functions.drawing import randn
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.functions.seldom import norm_except_dim
from tinygrad_lite.graph import TensorCore, no_grad
from tinygrad_lite.linalg import matrix_exp, qr, solve
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.utils.parametrize import register_parametrization
from tinygrad_lite.nn.utils.spectral_norm import as_matrix, dim_of_outputs, unit
from tinygrad_lite.nn.utils.weight_norm import scaled
from tinygrad_lite.tensors import make

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)
Tensor = Any  # a tinygrad_lite.Tensor


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn the length and the direction of a weight apart (Salimans and Kingma, 2016); returns the module.

        weight = original0 * original1 / |original1|

    Args:
        module: the module.
        name: the parameter's name.
        dim: the dimension along which each slice has a length of its own; None for one length in all.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = weight_norm(tg.nn.Linear(2, 3))
        >>> {name: tuple(p.shape) for name, p in layer.named_parameters()}  # doctest: +NORMALIZE_WHITESPACE
        {'bias': (3,), 'parametrizations.weight.original0': (3, 1),
         'parametrizations.weight.original1': (3, 2)}
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: Any, prefix: str, *_: Any) -> None:
        """Load what the older `nn.utils.weight_norm` saved."""
        if f"{prefix}{name}_g" in state_dict and f"{prefix}{name}_v" in state_dict:
            for k, old in enumerate("gv"):
                state_dict[f"{prefix}parametrizations.{name}.original{k}"] = state_dict.pop(f"{prefix}{name}_{old}")

    module._register_load_state_dict_pre_hook(rename)
    return module


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by an estimate of its largest singular value (Miyato et al., 2018); returns the module.

    The estimate is improved by power iterations, each time that the weight is read in training.

    Args:
        module: the module.
        name: the parameter's name.
        n_power_iterations: how many each time.
        eps: keeps divisions away from zero.
        dim: the dimension of the outputs; by default 1 for transposed convolutions, and otherwise 0.

    Raises:
        ValueError: if there is no such parameter, or the number of iterations is not positive.
        IndexError: if there is no such dimension.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = spectral_norm(tg.nn.Linear(20, 20))
        >>> 0.9 < tg.linalg.matrix_norm(layer.weight, 2).item() < 1.2
        True
    """
    weight = _tensor_of(module, name)
    dim = dim_of_outputs(module) if dim is None else dim
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a weight orthogonal: its columns, or if it is wide its rows, are orthonormal; returns the module.

    The weight is a function of a matrix without constraints (Lezcano-Casado and Martínez-Rubio, 2019): with A its
    skew-symmetric part, exp(A) or (I - A/2)⁻¹ (I + A/2), or a product of Householder reflections.

    Args:
        module: the module.
        name: the parameter's name.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; by default the first for square and complex
            matrices, and otherwise the last.
        use_trivialization: multiply by a fixed orthogonal matrix, so that the weight can be assigned to, and training
            starts from it (Lezcano-Casado, 2019).

    Raises:
        ValueError: if there is no such parameter, it is no matrix, or the map is not known or not for its dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = orthogonal(tg.nn.Linear(3, 3))
        >>> tg.allclose(layer.weight @ layer.weight.T, tg.eye(3), atol=1e-6)
        True
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    register_parametrization(module, name, _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)
    return module


def _tensor_of(module: Module, name: str) -> Tensor:
    tensor = getattr(module, name, None)
    if not isinstance(tensor, TensorCore):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return tensor


class _WeightNorm(Module):
    """From length and direction to the weight."""

    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


class _SpectralNorm(Module):
    """Division by the largest singular value; `_u` and `_v` estimate the vectors that belong to it."""

    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.ndim}, {weight.ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % weight.ndim, eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = as_matrix(weight, self.dim)
                u, v = (matrix.new_empty(size).normal_() for size in matrix.shape)
            self.register_buffer("_u", unit(u, eps))
            self.register_buffer("_v", unit(v, eps))
            self._iterate(matrix, 15)

    def _iterate(self, matrix: Tensor, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u.copy_(unit(matrix.mv(self._v), self.eps))
                self._v.copy_(unit(matrix.mH.mv(self._u), self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return unit(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the graph keeps these, and the next call writes to those
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


class _Orthogonal(Module):
    """From a matrix without constraints to an orthogonal one."""

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        tall = x.mT if wide else x
        q = _reflected(tall) if self.orthogonal_map == "householder" else self._rotation(tall)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if wide else q

    def _rotation(self, x: Tensor) -> Tensor:
        """The first columns of exp(A) or of its Cayley approximation, for the skew-symmetric A of x."""
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            x = cat([x, x.new_zeros(*x.shape[:-1], n - k)], dim=-1)
        a = x - x.mH
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(a)
        else:
            one = eye(n, dtype=a.dtype)
            q = solve(one - a / 2, one + a / 2)
        return q if n == k else q[..., :k]

    def right_inverse(self, value: Tensor) -> Tensor:
        if value.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {value.shape}."
            )
        wide = value.shape[-2] < value.shape[-1]
        q = value.mT if wide else value
        with no_grad():
            if not hasattr(self, "base"):
                if self.orthogonal_map != "householder":
                    raise NotImplementedError(
                        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                        "use_trivialization=False."
                    )
                a = _reflections(q)
                return a.mT if wide else a
            n, k = q.shape[-2:]
            if n != k:
                q = _orthogonalised(cat([q, randn(*q.shape[:-1], n - k, dtype=q.dtype)], dim=-1))
            else:
                q = q.clone() if _is_orthogonal(q) else _orthogonalised(q)
            self.base = q
            start = zeros_like(value)  # of which all three maps make the unit matrix
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    return allclose(q.mH @ q, eye(k, dtype=q.dtype), atol=10.0 * n * finfo(q.dtype).eps)


def _orthogonalised(a: Tensor) -> Tensor:
    """The orthogonal factor of a = q r that goes with a positive diagonal of r."""
    q, r = qr(a)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _reflected(x: Tensor) -> Tensor:
    """The first columns of a product of reflections I - tau v vᵀ, and the signs on the diagonal of x.

    The v are the columns of x below the diagonal, with 1 on it, and tau = 2 / v·v. The product is
    I - V (D + U)⁻¹ Vᵀ, with D the 1 / tau and U what is above the diagonal of VᵀV (Joffrain et al., 2006).
    """
    n, k = x.shape[-2:]
    v = x.tril(-1) + eye(n, k, dtype=x.dtype)
    inner = v.mT @ v
    half = inner.diagonal(dim1=-2, dim2=-1).diag_embed() / 2
    q = eye(n, k, dtype=x.dtype) - v @ solve(half + inner.triu(1), v[..., :k, :].mT)
    return q * x.diagonal(dim1=-2, dim2=-1).detach().trunc().unsqueeze(-2)


def _reflections(q: Tensor) -> Tensor:
    """The matrix that `_reflected` makes `q` of, if that has orthonormal columns."""
    raw, tau = np.linalg.qr(q.array, mode="raw")
    a = np.array(np.swapaxes(raw, -1, -2))
    diagonal = np.einsum("...ii->...i", a[..., : tau.shape[-1], :])
    diagonal[...] = np.sign(diagonal) * np.where(tau == 0, -1, 1)
    return make(a)
