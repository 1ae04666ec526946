"""From PyTorch's world into ours: its arguments as our arguments, its functions as our functions."""

from functools import cache, partial
from types import FunctionType

import numpy as np
import torch

import tinygrad_lite as tg


class OutOfScope(Exception):
    """Something that tinygrad_lite has not at all: another device, a sparse tensor, bfloat16 ..."""


class Missing(LookupError):
    """A function or method that tinygrad_lite should have."""


# --- arguments --------------------------------------------------------------------------------------------


def same_layout(array):
    """A copy with the same strides, gaps and repeats in memory."""
    if not array.size:
        return array.copy()
    length = 1 + sum((n - 1) * s for n, s in zip(array.shape, array.strides)) // array.itemsize
    copy = np.lib.stride_tricks.as_strided(np.zeros(length, array.dtype), array.shape, array.strides)
    copy[...] = array
    return copy


def rebuilt(m, tensor):
    """The tensor as a leaf of library `m`: same numbers, same strides."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_nested:
        raise OutOfScope(f"a tensor of {tensor.layout} on device {tensor.device}")
    our_dtype(tensor.dtype)
    array = tensor.detach().resolve_conj().resolve_neg().numpy()
    return m.from_numpy(same_layout(array)).requires_grad_(tensor.requires_grad)


def our_dtype(dtype):
    ours = found(tg, str(dtype).removeprefix("torch."))
    if ours is None:
        raise OutOfScope(str(dtype))
    return ours


def translated(m, value, known=None):
    """`value` with all that is PyTorch's in it as that of library `m`; a tensor that stands in it twice stays one."""
    known = {} if known is None else known
    if isinstance(value, torch.Tensor):
        if id(value) not in known:
            known[id(value)] = rebuilt(m, value)
        return known[id(value)]
    if isinstance(value, dict):
        return {name: translated(m, item, known) for name, item in value.items() if not only_pytorch(m, item)}
    if isinstance(value, torch.Size):
        return m.Size(value)
    if isinstance(value, list | tuple):
        items = [translated(m, item, known) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, slice):
        return slice(*translated(m, (value.start, value.stop, value.step), known))
    return value if m is torch else our_constant(value)


def our_constant(value):
    """What is neither a tensor nor holds any, as ours."""
    if isinstance(value, torch.dtype):
        return our_dtype(value)
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, type(len) | FunctionType | partial):
        return counterpart(value)
    if type(value).__module__.startswith("torch"):
        raise OutOfScope(f"a {type(value).__name__}")
    return value


def only_pytorch(m, value):
    """Whether an argument only says how memory is laid out: here there is one way."""
    return m is not torch and isinstance(value, torch.layout | torch.memory_format)


# --- functions --------------------------------------------------------------------------------------------


def found(m, path):
    """What stands under a dotted path in `m`, or None."""
    for name in path.split("."):
        m = getattr(m, name, None)
    return m


@cache
def public_paths():
    """The dotted paths under which PyTorch's functions and methods are public, by their identity."""
    paths = {}
    for place in ("", "nn.functional", "linalg", "fft", "special", "Tensor"):
        home = found(torch, place) if place else torch
        for name in dir(home):
            value = getattr(home, name)
            if callable(value):
                paths.setdefault(id(value), []).append(f"{place}.{name}".lstrip("."))
    return paths


def is_method(function):
    """Whether it is one of `torch.Tensor`'s, not bound to a tensor."""
    return all(path.startswith("Tensor.") for path in public_paths().get(id(function), [""]))


def after_seed(function, *args, **kwargs):
    """What the database calls functions with that draw random numbers, in our generator's words."""
    tg.manual_seed(42)
    return function(*args, **kwargs)


def counterpart(function):
    """Our function for one of PyTorch's by its public name; the database's own ones run on `tg` in place of `torch`.

    Raises:
        Missing: we have none.
    """
    paths = public_paths().get(id(function))
    if paths:
        ours = next((f for f in (found(tg, path) for path in paths) if f is not None), None)
        if ours is None:
            raise Missing(f"no {paths[0]}")
        return ours
    if isinstance(function, partial):
        return partial(counterpart(function.func), *function.args, **function.keywords)
    if isinstance(function, FunctionType):
        names = {**function.__globals__, "torch": tg, "F": tg.nn.functional, "wrapper_set_seed": after_seed}
        ours = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
        ours.__kwdefaults__ = function.__kwdefaults__
        return ours
    return function  # Python's: operator.add


def of(m, function):
    """PyTorch's function as that of library `m`."""
    return function if m is torch else counterpart(function)
