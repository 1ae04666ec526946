"""The module: a piece of a model, with its parameters, its parts and its forward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Self

from tinygrad_lite.dtypes import dtype, float16, float32, float64
from tinygrad_lite.functions.creation import zeros
from tinygrad_lite.graph import RemovableHandle, TensorCore, mode, no_grad
from tinygrad_lite.nn.hooks import call_with_hooks, register
from tinygrad_lite.nn.parameter import Parameter, forget_gradient
from tinygrad_lite.nn.running import entered
from tinygrad_lite.nn.state import IncompatibleKeys, load
from tinygrad_lite.tensor import Tensor

__all__ = ["Module"]


def _need(fits: bool, value: Any, kind: str, name: str, wanted: str) -> None:
    if not fits:
        raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({wanted} or None expected)")


class Module:
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

    def __init__(self) -> None:
        set_plainly = super().__setattr__
        set_plainly("training", True)
        set_plainly("_parameters", {})
        set_plainly("_buffers", {})
        set_plainly("_non_persistent", set())
        set_plainly("_modules", {})
        set_plainly("_forward_hooks", {})
        set_plainly("_forward_pre_hooks", {})
        set_plainly("_backward_hooks", {})
        set_plainly("_backward_pre_hooks", {})
        set_plainly("_has_had_hooks", False)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it.

        Raises:
            NotImplementedError: if it does not.
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `forward` computes, with the hooks around it."""
        if mode.watch is not None:
            with entered(self):
                return call_with_hooks(self, args, kwargs)
        if self._has_had_hooks:
            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    # --- attributes: parameters, buffers and modules are kept apart ----------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        parameters, modules, buffers = (self.__dict__.get(kind) for kind in ("_parameters", "_modules", "_buffers"))
        if parameters is None or modules is None or buffers is None:
            if isinstance(value, Parameter | Module):
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            super().__setattr__(name, value)
        elif isinstance(value, Parameter):
            self._forget(name, self.__dict__, modules, buffers)
            self.register_parameter(name, value)
        elif name in parameters:
            _need(value is None, value, "parameter", name, "Parameter")
            parameters[name] = None
        elif isinstance(value, Module):
            self._forget(name, self.__dict__, buffers)
            modules[name] = value
        elif name in modules:
            _need(value is None, value, "child module", name, "Module")
            modules[name] = None
        elif name in buffers:
            _need(value is None or isinstance(value, TensorCore), value, "buffer", name, "Tensor")
            buffers[name] = value
        else:
            super().__setattr__(name, value)

    def _forget(self, name: str, *places: dict[str, Any]) -> None:
        for place in places:
            place.pop(name, None)
        self._non_persistent.discard(name)

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
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the model's state but is not trained.

        Args:
            name: the attribute it is found under.
            tensor: the tensor, or None.
            persistent: whether `state_dict` contains it.
        """
        self._check_name(name, "buffer", self._buffers)
        _need(tensor is None or isinstance(tensor, TensorCore), tensor, "buffer", name, "Tensor")
        self._buffers[name] = tensor
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = module

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

    # --- walking the parts -------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all parts of parts, with their paths, such as `encoder.layers.0`."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all parts of parts."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct parts with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct parts."""
        return (module for _, module in self.named_children())

    def _named(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen = set()
        parts = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in parts:
            for name, tensor in getattr(module, kind).items():
                if tensor is None or (remove_duplicate and id(tensor) in seen):
                    continue
                seen.add(id(tensor))
                yield (f"{path}.{name}" if path else name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, such as `encoder.weight`; a shared one once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters; a shared one once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their paths."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The part at a path, such as `encoder.layers.0`.

        Raises:
            AttributeError: if there is no module there.
        """
        module: Any = self
        for name in target.split(".") if target else []:
            module = getattr(module, name, None)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` of the path {target!r} is not an nn.Module")
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, such as `encoder.weight`.

        Raises:
            AttributeError: if there is no parameter there.
        """
        path, _, name = target.rpartition(".")
        found = self.get_submodule(path)._parameters.get(name)
        if found is None:
            raise AttributeError(f"{target!r} is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path, such as `norm.running_mean`.

        Raises:
            AttributeError: if there is no buffer there.
        """
        path, _, name = target.rpartition(".")
        found = self.get_submodule(path)._buffers.get(name)
        if found is None:
            raise AttributeError(f"{target!r} is not a buffer")
        return found

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every part of parts, then on this module; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # --- modes -------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode, which dropout and batch normalisation heed; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say for all parameters whether gradients are wanted; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` write zeros into them."""
        for parameter in self.parameters():
            forget_gradient(parameter, set_to_none)

    # --- dtype and device --------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers to a dtype, in this module itself.

        Args:
            args: a dtype, a device (of which there is one) or a tensor to be like.
            kwargs: `dtype`, `device`.

        Raises:
            TypeError: for a dtype that is neither floating-point nor complex.
        """
        narrow, wide = (zeros((), dtype=start).to(*args, **kwargs).dtype for start in (float32, float64))
        if narrow != wide:  # no dtype was asked for
            return self
        if not (narrow.is_floating_point or narrow.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={narrow}"
            )
        return self._convert(narrow, "fc")

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self._convert(float32, "f")

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self._convert(float64, "f")

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self._convert(float16, "f")

    def cpu(self) -> Self:
        """Itself: there is only the CPU."""
        return self

    def _convert(self, to: dtype, kinds: str) -> Self:
        """Convert the parameters and buffers whose dtype is of one of these kinds."""
        with no_grad():
            for module in self.modules():
                for parameter in module._parameters.values():
                    if parameter is not None and parameter.array.dtype.kind in kinds:
                        parameter.data = parameter.data.to(to)
                        if parameter.grad is not None:
                            parameter.grad = parameter.grad.to(to)
                for name, buffer in module._buffers.items():
                    if buffer is not None and buffer.array.dtype.kind in kinds:
                        module._buffers[name] = buffer.to(to)
        return self

    # --- saving and loading ------------------------------------------------------------------------

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by path; they share memory with the module.

        Args:
            destination: a dict to add to.
            prefix: what to put before each path.
            keep_vars: give the parameters themselves instead of detached tensors.
        """
        out = OrderedDict() if destination is None else destination
        for path, module in self.named_modules(remove_duplicate=False):
            start = prefix + (f"{path}." if path else "")
            persistent = (item for item in module._buffers.items() if item[0] not in module._non_persistent)
            for name, tensor in chain(module._parameters.items(), persistent):
                if tensor is not None:
                    out[start + name] = tensor if keep_vars else tensor.detach()
        return out

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy tensors by path into parameters and buffers. Nothing is copied unless all of it fits.

        Args:
            state_dict: what another module's `state_dict()` returned.
            strict: whether the paths have to match exactly.
            assign: take the tensors themselves instead of copying.

        Returns:
            `(missing_keys, unexpected_keys)`.

        Raises:
            RuntimeError: for shapes that differ; with `strict`, for missing and unexpected paths.
        """
        return load(self, state_dict, strict, assign)

    # --- hooks -------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments."""
        self._has_had_hooks = True
        return register(self._forward_pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns replaces the output."""
        self._has_had_hooks = True
        return register(self._forward_hooks, (hook, with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in each backward; what it returns replaces `grad_input`."""
        self._has_had_hooks = True
        return register(self._backward_hooks, hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before each backward; what it returns replaces `grad_output`."""
        self._has_had_hooks = True
        return register(self._backward_pre_hooks, hook, prepend)

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
