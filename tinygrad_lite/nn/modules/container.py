"""Modules made of modules."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeAlias

from tinygrad_lite.later import later
from tinygrad_lite.nn.modules.module import Module

__all__ = ["Container", "ModuleDict", "ModuleList", "Sequential"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class Container(Module):
    """Modules by name, in PyTorch's first form; a subclass of `Module` says the same.

    Example:
        >>> import tinygrad_lite as tg
        >>> issubclass(tg.nn.Container, tg.nn.Module)
        True
    """

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn("nn.Container is deprecated. Inherit from nn.Module instead.", FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


class _Listed(Module):
    """Parts that are numbered, with the habits of a list."""

    def _place(self, index: int) -> str:
        n = len(self._modules)
        k = operator.index(index)
        if not -n <= k < n:
            raise IndexError(f"index {k} is out of range: there are {n} modules")
        return list(self._modules)[k]

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(index)
        return self._modules[self._place(index)]

    def _slice(self, index: slice) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules.clear()
        self._modules.update({str(k): module for k, module in enumerate(modules)})

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._place(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._place(index)]
        for name in names:
            delattr(self, name)
        self._renumber(list(self))

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns the container."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        parts = list(self)
        parts.insert(index, module)
        self._renumber(parts)
        return self

    def pop(self, index: int | slice = -1) -> Any:
        """Take out the module at `index` and return it."""
        found = self[index]
        del self[index]
        return found


class Sequential(_Listed):
    """Modules run one after the other.

    Args:
        args: modules, or one dict of names and modules.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.ReLU())
        >>> model
        Sequential(
          (0): Linear(in_features=2, out_features=3, bias=True)
          (1): ReLU()
        )
        >>> model(tg.ones(5, 2)).shape
        Size([5, 3])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = len(args) == 1 and isinstance(args[0], Mapping)
        for name, module in args[0].items() if named else enumerate(args):
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """What the first module takes, to what the last one gives."""
        for module in self._modules.values():
            input = module(input)
        return input

    def _slice(self, index: slice) -> Self:
        return type(self)(dict(list(self._modules.items())[index]))

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`.

        Raises:
            IndexError: if there is no such place.
        """
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        return super().insert(index, module)

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other)

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*(list(self) * _positive(times)))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (_positive(times) - 1))


def _positive(times: int) -> int:
    if operator.index(times) <= 0:
        raise ValueError(f"Non-positive multiplication factor {times} for a Sequential")
    return times


class ModuleList(_Listed):
    """A list of modules whose parameters are registered.

    Example:
        >>> import tinygrad_lite as tg
        >>> layers = tg.nn.ModuleList(tg.nn.Linear(2, 2) for _ in range(3))
        >>> len(layers), layers[-1]
        (3, Linear(in_features=2, out_features=2, bias=True))
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _slice(self, index: slice) -> Self:
        return type(self)(list(self)[index])

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Neighbours that look the same are shown once, with how many there are."""
        runs: list[tuple[int, int, str]] = []
        for k, text in enumerate(repr(module) for module in self):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], k, text)
            else:
                runs.append((k, k, text))
        if not runs:
            return f"{self._get_name()}()"
        lines = []
        for first, last, text in runs:
            label = f"({first})" if first == last else f"({first}-{last})"
            lines.append(f"{label}: " + (f"{last - first + 1} x " if last > first else "") + text)
        return f"{self._get_name()}(\n  " + "\n".join(lines).replace("\n", "\n  ") + "\n)"


class ModuleDict(Module):
    """A dict of modules whose parameters are registered.

    Example:
        >>> import tinygrad_lite as tg
        >>> heads = tg.nn.ModuleDict({"policy": tg.nn.Linear(4, 2), "value": tg.nn.Linear(4, 1)})
        >>> list(heads), heads["value"]
        (['policy', 'value'], Linear(in_features=4, out_features=1, bias=True))
    """

    def __init__(self, modules: NamedModules | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take out the module of that name and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """The names with the modules."""
        return self._modules.items()

    def update(self, modules: NamedModules) -> None:
        """Add modules, replacing those of the same names."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        for key, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self[key] = module


NamedModules: TypeAlias = Mapping[str, Module] | ModuleDict | Iterable[tuple[str, Module]]

# PyTorch has them in this module, too.
__getattr__, _ = later("tinygrad_lite.nn.modules", (), {"parameters": ("ParameterDict", "ParameterList")})
