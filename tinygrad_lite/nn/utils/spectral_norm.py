"""Spectral normalisation by a hook; `parametrizations.spectral_norm` is its successor."""

from __future__ import annotations

from typing import Any, TypeVar

from tinygrad_lite.graph import no_grad
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter, is_lazy

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook that divides a weight by an estimate of its largest singular value.

    Args:
        name: the parameter's name.
        n_power_iterations: how often the estimate is improved at each call in training.
        dim: the dimension of the outputs.
        eps: keeps divisions away from zero.

    Raises:
        ValueError: if the number of iterations is not positive.
    """

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        """The weight divided by u·(W v), after some power iterations on u and v."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(unit(matrix.t().mv(u), self.eps))
                    u.copy_(unit(matrix.mv(v), self.eps))
                u, v = u.clone(), v.clone()  # the graph keeps these, and the next call writes to those
        return weight / u.dot(matrix.mv(v))

    def __call__(self, module: Any, inputs: Any) -> None:
        """Compute the weight; called before each forward."""
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Any, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Give a module the hook, and `orig`, `u` and `v` in place of its parameter."""
        if any(isinstance(hook, SpectralNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with no_grad():
            u, v = (unit(weight.new_empty(size).normal_(), eps) for size in as_matrix(weight, dim).shape)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        setattr(module, name, weight.data)  # until the first call
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for name in (self.name, f"{self.name}_u", f"{self.name}_v", f"{self.name}_orig"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach()))


def as_matrix(weight: Any, dim: int) -> Any:
    """The weight as a matrix, with a row for each index of dimension `dim`."""
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.reshape(weight.shape[0], -1)


def unit(x: Any, eps: float) -> Any:
    """The vector brought to length 1."""
    return x / x.norm().clamp(min=eps)


def dim_of_outputs(module: Any) -> int:
    """Which dimension of a module's weight is that of its outputs."""
    transposed = {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}
    return int(any(cls.__name__ in transposed for cls in type(module).mro()))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value at each call (Miyato et al., 2018); returns the module.

    Args:
        module: the module.
        name: the parameter's name; in its place come `name_orig` and the buffers `name_u` and `name_v`.
        n_power_iterations: how often the estimate is improved at each call in training.
        eps: keeps divisions away from zero.
        dim: the dimension of the outputs; by default 1 for transposed convolutions, and otherwise 0.

    Raises:
        RuntimeError: if it is done twice.
        ValueError: for settings that make no sense.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.spectral_norm(tg.nn.Linear(2, 3))
        >>> list(layer.state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    SpectralNorm.apply(module, name, n_power_iterations, dim_of_outputs(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo `spectral_norm`: the weight is a parameter again, divided as it is; returns the module.

    Raises:
        ValueError: if there is nothing to undo.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.remove_spectral_norm(tg.nn.utils.spectral_norm(tg.nn.Linear(2, 3)))
        >>> sorted(layer.state_dict())
        ['bias', 'weight']
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
