"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from tinygrad_lite.functions.joining import stack

__all__ = ["functional_call", "stack_module_state"]

Module: TypeAlias = Any  # a tinygrad_lite.nn.Module
Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)` with other tensors in the place of its parameters and buffers.

    The module has its own again afterwards, whatever happens.

    Args:
        module: the module.
        parameter_and_buffer_dicts: tensors by the names that `named_parameters` and `named_buffers` give, or
            several such dicts.
        args: a tuple of arguments, or the only one.
        kwargs: keyword arguments.
        tie_weights: where a parameter has several names, replace it under all of them.
        strict: raise unless every parameter and buffer is given, and nothing else.

    Raises:
        RuntimeError: with `strict`, for missing and unexpected names.
        ValueError: if a name comes twice, or two names of one parameter are given different tensors.
        AttributeError: for a name that the module does not have.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.Linear(1, 1)
        >>> tg.func.functional_call(layer, {"weight": tg.tensor([[3.0]]), "bias": tg.tensor([1.0])}, tg.ones(1))
        tensor([4.])
    """
    given = _merged(parameter_and_buffer_dicts)
    own = dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))
    if strict:
        missing, unexpected = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
        if missing or unexpected:
            raise RuntimeError(
                f"Error(s) in loading {type(module).__name__}: missing keys: {missing}, unexpected keys: {unexpected}"
            )
    if tie_weights:
        given = _tied(own, given)
    with _replaced(module, given):
        return module(*(() if args is None else args if isinstance(args, tuple) else (args,)), **(kwargs or {}))


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, list | tuple) or not all(isinstance(d, Mapping) for d in dicts):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, got {type(dicts)}"
        )
    merged: dict[str, Any] = {}
    for d in dicts:
        if twice := merged.keys() & d.keys():
            raise ValueError(f"{min(twice)} appears in multiple dictionaries; behavior of functional call is ambiguous")
        merged.update(d)
    return merged


def _tied(own: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`given`, with each tensor under all names of the parameter that it replaces."""
    by_id: dict[int, Any] = {}
    for name, value in given.items():
        if name in own:
            if by_id.setdefault(id(own[name]), value) is not value:
                raise ValueError(
                    f"functional_call got multiple values for keys that are tied, {name!r} among them. Consider using "
                    "tie_weights=False"
                )
    return given | {
        name: by_id[id(tensor)] for name, tensor in own.items() if id(tensor) in by_id and name not in given
    }


@contextmanager
def _replaced(module: Module, given: Mapping[str, Any]) -> Iterator[None]:
    """The module with other tensors under the names of `given`, for as long as the block lasts."""
    changed: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for path, value in given.items():
            holder, _, name = path.rpartition(".")
            owner = module.get_submodule(holder)
            table = next((t for t in (owner._parameters, owner._buffers) if name in t), None)
            if table is None:
                raise AttributeError(f"{type(module).__name__} has no parameter or buffer {path!r}")
            changed.append((table, name, table[name]))
            table[name] = value
        yield
    finally:
        for table, name, before in reversed(changed):
            table[name] = before


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters of several modules of one kind, stacked by name, and their buffers: for `vmap` over models.

    Raises:
        RuntimeError: without modules, or if they are not all of one class.

    Example:
        >>> import tinygrad_lite as tg
        >>> parameters, buffers = tg.func.stack_module_state([tg.nn.Linear(2, 3) for _ in range(4)])
        >>> parameters["weight"].shape
        Size([4, 3, 2])
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    stacked = {name: stack([p[name].detach() for p in parameters]).requires_grad_(first.requires_grad)
               for name, first in parameters[0].items()}  # fmt: skip
    return stacked, {name: stack([b[name].detach() for b in buffers]) for name in buffers[0]}
