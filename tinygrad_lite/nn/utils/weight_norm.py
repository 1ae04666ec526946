"""Weight normalisation by a hook; `parametrizations.weight_norm` is its successor."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from tinygrad_lite.functions.seldom import norm_except_dim
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter, is_lazy

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook that computes a weight from its length `g` and direction `v`: g * v / |v|.

    Args:
        name: the parameter's name.
        dim: the dimension along which each slice has a length of its own; None for one length in all.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Any:
        """The weight."""
        return scaled(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    def __call__(self, module: Any, inputs: Any) -> None:
        """Compute the weight; called before each forward."""
        setattr(module, self.name, self.compute_weight(module))

    @staticmethod
    def apply(module: Any, name: str, dim: int | None) -> WeightNorm:
        """Give a module the hook, and `g` and `v` in place of its parameter."""
        warnings.warn(
            "`nn.utils.weight_norm` is deprecated in favor of `nn.utils.parametrizations.weight_norm`.", FutureWarning,
            stacklevel=3,
        )  # fmt: skip
        if any(isinstance(hook, WeightNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight.detach(), 2, hook.dim)))
        module.register_parameter(f"{name}_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[f"{self.name}_g"], module._parameters[f"{self.name}_v"]
        setattr(module, self.name, Parameter(weight.detach()))


def scaled(v: Any, g: Any, dim: int) -> Any:
    """g * v / |v|, the length taken over all dimensions but `dim`, or with -1 over all."""
    return v * (g / norm_except_dim(v, 2, dim))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn the length and the direction of a weight apart (Salimans and Kingma, 2016); returns the module.

    Args:
        module: the module.
        name: the parameter's name; in its place come `name_g` and `name_v`.
        dim: the dimension along which each slice has a length of its own; None for one length in all.

    Raises:
        RuntimeError: if it is done twice.

    Example:
        >>> import warnings
        >>> import tinygrad_lite as tg
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     layer = tg.nn.utils.weight_norm(tg.nn.Linear(2, 3))
        >>> {name: tuple(p.shape) for name, p in layer.named_parameters()}
        {'bias': (3,), 'weight_g': (3, 1), 'weight_v': (3, 2)}
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo `weight_norm`: the weight is a parameter again, with the value it has; returns the module.

    Raises:
        ValueError: if there is nothing to undo.

    Example:
        >>> import warnings
        >>> import tinygrad_lite as tg
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     layer = tg.nn.utils.remove_weight_norm(tg.nn.utils.weight_norm(tg.nn.Linear(2, 3)))
        >>> sorted(name for name, _ in layer.named_parameters())
        ['bias', 'weight']
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
