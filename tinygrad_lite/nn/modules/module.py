"""The module: a piece of a model, with its parameters, its parts and its forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lite.graph import RemovableHandle, TensorCore, mode
from tinygrad_lite.nn.converting import Converts
from tinygrad_lite.nn.hooks import EVERYWHERE, Hooked, _Flagged, call_with_hooks
from tinygrad_lite.nn.parameter import Buffer, Parameter, UninitializedBuffer
from tinygrad_lite.nn.places import say_where
from tinygrad_lite.nn.running import entered
from tinygrad_lite.nn.state import Saves
from tinygrad_lite.tensor import Tensor

__all__ = [
    "Module", "register_module_backward_hook", "register_module_buffer_registration_hook",
    "register_module_forward_hook", "register_module_forward_pre_hook", "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook", "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]  # fmt: skip


def _need(fits: bool, value: Any, kind: str, name: str, wanted: str) -> None:
    if not fits:
        raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({wanted} or None expected)")


def _heard(kind: str, module: Module, name: str, value: Any) -> Any:
    """What is registered: the value, or what a hook returned in its place."""
    for it in list(EVERYWHERE[kind].values()):
        answer = it.hook(module, name, value)
        value = value if answer is None else answer
    return value


class Module(Hooked, Saves, Converts):
    """The base class of all layers and models.

    A subclass makes its parts in `__init__` (after `super().__init__()`) and uses them in `forward`;
    parameters, buffers and modules that are assigned to attributes are registered by their names.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Twice(tg.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.layer = tg.nn.Linear(2, 2)
        ...     def forward(self, x):
        ...         return self.layer(self.layer(x))
        >>> model = Twice()
        >>> model
        Twice(
          (layer): Linear(in_features=2, out_features=2, bias=True)
        )
        >>> [name for name, _ in model.named_parameters()]
        ['layer.weight', 'layer.bias']
    """

    training: bool
    call_super_init = False
    """Whether `__init__` passes its arguments on to the next class, where there are several bases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (args or kwargs) and not self.call_super_init:
            wrong = f"got an unexpected keyword argument {next(iter(kwargs))!r}" if kwargs else (
                f"takes 1 positional argument but {len(args) + 1} were given"
            )  # fmt: skip
            raise TypeError(f"{type(self).__name__}.__init__() {wrong}")
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _non_persistent_buffers_set=set(), _modules={},
            _forward_hooks={}, _forward_pre_hooks={}, _backward_hooks={}, _backward_pre_hooks={},
        )  # fmt: skip
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it.

        Raises:
            NotImplementedError: if it does not.
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `forward` computes, with the hooks around it; an error says which part of the model raised it."""
        try:
            if mode.watch is not None:
                with entered(self):
                    return call_with_hooks(self, args, kwargs)
            if self._has_had_hooks:
                return call_with_hooks(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            say_where(error, self)
            raise

    _call_impl = __call__  # PyTorch's name, which subclasses with a `__call__` of their own use

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: in PyTorch the forward becomes faster. Its arguments are accepted."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # --- attributes: parameters, buffers and modules are kept apart ----------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        parameters = own.get("_parameters")
        if parameters is None:
            if isinstance(value, Parameter | Module):
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            super().__setattr__(name, value)
            return
        modules, buffers = own["_modules"], own["_buffers"]
        if isinstance(value, Parameter):
            self._forget(name, own, modules, buffers)
            self.register_parameter(name, value)
        elif name in parameters:
            _need(value is None, value, "parameter", name, "Parameter")
            parameters[name] = None
        elif isinstance(value, Module):
            self._forget(name, own, buffers)
            modules[name] = _heard("module", self, name, value) if EVERYWHERE["module"] else value
        elif name in modules:
            _need(value is None, value, "child module", name, "Module")
            modules[name] = None
        elif isinstance(value, Buffer | UninitializedBuffer):
            self._forget(name, own)
            self.register_buffer(name, value, value.persistent)
        elif name in buffers:
            _need(value is None or isinstance(value, TensorCore), value, "buffer", name, "Tensor")
            buffers[name] = value
        else:
            super().__setattr__(name, value)

    def _forget(self, name: str, *places: dict[str, Any]) -> None:
        for place in places:
            place.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name: str) -> Any:
        if name in ("_parameters", "_modules", "_buffers", "_forward_hooks"):
            raise AttributeError(f"{type(self).__name__} is used before Module.__init__() call")
        found = self._parameters.get(name)
        if found is not None:  # nearly always
            return found
        for kept in (self._parameters, self._modules, self._buffers):
            if name in kept:
                return kept[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for kept in (self._parameters, self._buffers, self._modules):
            if name in kept:
                self._forget(name, kept)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[0].isdigit())

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or a name for one that may come later (None)."""
        self._check_name(name, "parameter", self._parameters)
        _need(param is None or isinstance(param, Parameter), param, "parameter", name, "Parameter")
        self._parameters[name] = _heard("parameter", self, name, param) if EVERYWHERE["parameter"] else param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the model's state but is not trained.

        Args:
            name: the attribute it is found under.
            tensor: the tensor, or None.
            persistent: whether `state_dict` contains it.
        """
        self._check_name(name, "buffer", self._buffers)
        _need(tensor is None or isinstance(tensor, TensorCore), tensor, "buffer", name, "Tensor")
        self._buffers[name] = _heard("buffer", self, name, tensor) if EVERYWHERE["buffer"] else tensor
        fleeting = self._non_persistent_buffers_set
        (fleeting.discard if persistent else fleeting.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = _heard("module", self, name, module) if EVERYWHERE["module"] else module

    register_module = add_module

    def _check_name(self, name: str, kind: str, own: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string, got {type(name).__name__}")
        if not name:
            raise KeyError(f"{kind} name can't be empty string")
        if "." in name:
            raise KeyError(f"{kind} name can't contain '.', got {name!r}")
        if hasattr(self, name) and name not in own:
            raise KeyError(f"attribute '{name}' already exists")

    # --- how it looks ------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What `repr` shows of the module itself; a subclass defines it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        parts = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not parts and len(own) <= 1:
            return f"{self._get_name()}({''.join(own)})"
        return f"{self._get_name()}(\n  " + "\n  ".join(own + parts) + "\n)"


# --- hooks of all modules -----------------------------------------------------------------------------------


def _everywhere(kind: str, hook: Any, **flags: bool) -> RemovableHandle:
    if kind not in ("buffer", "module", "parameter"):
        Hooked._has_had_hooks = True  # from now on every call looks for hooks
    return RemovableHandle(EVERYWHERE[kind], _Flagged(hook, **flags))


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; what it returns replaces the arguments."""
    return _everywhere("forward_pre", hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module; what it returns replaces the output.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.nn.modules.module import register_module_forward_hook
        >>> with register_module_forward_hook(lambda module, args, output: print(type(module).__name__)):
        ...     _ = tg.nn.Sequential(tg.nn.Linear(1, 1), tg.nn.ReLU())(tg.ones(1))
        Linear
        ReLU
        Sequential
    """
    return _everywhere("forward", hook, with_kwargs=with_kwargs, always_call=always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the backward of every module; what it returns replaces it."""
    return _everywhere("backward_pre", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in the backward of every module."""
    _only_everywhere(True)
    return _everywhere("backward", hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """As `register_module_full_backward_hook`, in its older form: on the last operation of each forward alone."""
    _only_everywhere(False)
    return _everywhere("backward", hook, full=False)


def _only_everywhere(full: bool) -> None:
    if any(it.full is not full for it in EVERYWHERE["backward"].values()):
        raise RuntimeError("Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
                           "Please use only one of them.")  # fmt: skip


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when any module registers a buffer; what it returns replaces it."""
    return _everywhere("buffer", hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, part)` when any module registers a part; what it returns replaces it."""
    return _everywhere("module", hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when any module registers a parameter; what it returns replaces it."""
    return _everywhere("parameter", hook)
