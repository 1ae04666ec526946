"""Pruning in one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from tinygrad_lite.functions.creation import ones_like
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.utils.convert_parameters import parameters_to_vector
from tinygrad_lite.nn.utils.prune.base import BasePruningMethod, PruningContainer
from tinygrad_lite.nn.utils.prune.methods import (
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    RandomStructured,
    RandomUnstructured,
)

__all__ = [
    "custom_from_mask", "global_unstructured", "identity", "is_pruned", "l1_unstructured", "ln_structured",
    "random_structured", "random_unstructured", "remove",
]  # fmt: skip

Tensor = Any  # a tinygrad_lite.Tensor
M = TypeVar("M", bound=Module)


def identity(module: M, name: str) -> M:
    """Give a parameter a mask that takes nothing away; returns the module.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = identity(tg.nn.Linear(2, 1), "weight")
        >>> layer.weight_mask
        tensor([[1., 1.]])
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Take elements of a parameter away by chance; returns the module.

    Args:
        module: the module.
        name: the parameter's name.
        amount: how many, or as a float from 0 to 1 which share.

    Example:
        >>> import tinygrad_lite as tg
        >>> int(random_unstructured(tg.nn.Linear(4, 2), "weight", 3).weight_mask.sum())
        5
    """
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor = None) -> M:
    """Take the elements of a parameter away that are nearest to zero; returns the module.

    Args:
        module: the module.
        name: the parameter's name.
        amount: how many, or as a float from 0 to 1 which share.
        importance_scores: what to look at instead of the parameter.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = l1_unstructured(tg.nn.Linear(4, 2), "weight", 0.5)
        >>> int(layer.weight_mask.sum()), sorted(layer.state_dict())
        (4, ['bias', 'weight_mask', 'weight_orig'])
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Take whole slices of a parameter away by chance; returns the module.

    Args:
        module: the module.
        name: the parameter's name.
        amount: how many, or as a float from 0 to 1 which share.
        dim: the dimension they are slices along.

    Example:
        >>> import tinygrad_lite as tg
        >>> int(random_structured(tg.nn.Linear(4, 2), "weight", 0.5, dim=1).weight_mask.sum())
        4
    """
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor = None) -> M:
    """Take the slices of a parameter away whose norm is least; returns the module.

    Args:
        module: the module.
        name: the parameter's name.
        amount: how many, or as a float from 0 to 1 which share.
        n: which norm: 1, 2, `inf`, "fro" ...
        dim: the dimension they are slices along.
        importance_scores: what to look at instead of the parameter.

    Example:
        >>> import tinygrad_lite as tg
        >>> int(ln_structured(tg.nn.Linear(4, 2), "weight", 1, n=2, dim=0).weight_mask.sum())
        4
    """
    LnStructured.apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Take away what a mask says; returns the module.

    Args:
        module: the module.
        name: the parameter's name.
        mask: 1 for what stays and 0 for the rest.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = custom_from_mask(tg.nn.Linear(2, 1), "bias", tg.tensor([0]))
        >>> layer.bias.item() == 0
        True
    """
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None, **kwargs: Any,
) -> None:  # fmt: skip
    """Prune several parameters as if they were one: from some more may go than from others.

    Args:
        parameters: modules with the names of parameters.
        pruning_method: the class of an unstructured method.
        importance_scores: for some of them, what to look at instead.
        kwargs: for the class.

    Raises:
        TypeError: if the parameters are not given so, or the method is not unstructured.

    Example:
        >>> import tinygrad_lite as tg
        >>> one, other = tg.nn.Linear(4, 2), tg.nn.Linear(2, 2)
        >>> global_unstructured([(one, "weight"), (other, "weight")], tg.nn.utils.prune.L1Unstructured, amount=6)
        >>> int(one.weight_mask.sum() + other.weight_mask.sum())
        6
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = [(module, name, getattr(module, name)) for module, name in parameters]
    method: Any = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of '
            f"type {method.PRUNING_TYPE}"
        )
    everything = PruningContainer()
    everything._tensor_name = method._tensor_name = "all together"
    everything.add_pruning_method(method)
    mask = everything.compute_mask(
        parameters_to_vector([scores.get((module, name), tensor) for module, name, tensor in pairs]),
        parameters_to_vector([getattr(module, f"{name}_mask", ones_like(tensor)) for module, name, tensor in pairs]),
    )
    end = 0
    for module, name, tensor in pairs:
        begin, end = end, end + tensor.numel()
        custom_from_mask(module, name, mask[begin:end].view_as(tensor))


def remove(module: M, name: str) -> M:
    """Make a pruned parameter an ordinary one again, with its zeros; returns the module.

    Raises:
        ValueError: if it is not pruned.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = remove(l1_unstructured(tg.nn.Linear(4, 2), "weight", 3), "weight")
        >>> int((layer.weight == 0).sum()), sorted(layer.state_dict())
        (3, ['bias', 'weight'])
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether anything in a module is pruned.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.Linear(4, 2))
        >>> is_pruned(model), is_pruned(tg.nn.Sequential(identity(model[0], "weight")))
        (False, True)
    """
    hooks = (hook for part in module.modules() for hook in part._forward_pre_hooks.values())
    return any(isinstance(hook, BasePruningMethod) for hook in hooks)
