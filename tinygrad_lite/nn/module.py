"""The module: a piece of a model, with its parameters, its parts and its forward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple, Self

from tinygrad_lite.graph import RemovableHandle, TensorCore, no_grad
from tinygrad_lite.nn.parameter import Parameter
from tinygrad_lite.tensor import Tensor


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


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

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in list(self._forward_pre_hooks.values()):
            answer = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if answer is None:
                continue
            if with_kwargs:
                args, kwargs = answer
            else:
                args = answer if isinstance(answer, tuple) else (answer,)
        watch = _BackwardWatch(self, args) if self._backward_hooks else None
        out = self.forward(*(watch.inputs if watch else args), **kwargs)
        for hook, with_kwargs in list(self._forward_hooks.values()):
            answer = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            out = out if answer is None else answer
        return watch.outputs(out) if watch else out

    # --- attributes: parameters, buffers and modules are kept apart ----------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        kept = self.__dict__.get("_parameters")
        if isinstance(value, Parameter):
            if kept is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name)
            kept[name] = value
        elif isinstance(value, Module):
            if kept is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name)
            self._modules[name] = value
        elif kept is not None and name in kept:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' (nn.Parameter or None expected)"
                )
            kept[name] = None
        elif kept is not None and name in self._modules and value is None:
            self._modules[name] = None
        elif kept is not None and name in self._buffers:
            if value is not None and not isinstance(value, TensorCore):
                raise TypeError(f"cannot assign '{type(value).__name__}' as buffer '{name}' (Tensor or None expected)")
            self._buffers[name] = value
        else:
            super().__setattr__(name, value)

    def _forget(self, name: str) -> None:
        for kept in (self.__dict__, self._parameters, self._buffers, self._modules):
            kept.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_parameters" in own:
            for kept in (own["_parameters"], own["_modules"], own["_buffers"]):
                if name in kept:
                    return kept[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for kept in (self._parameters, self._buffers, self._modules):
            if name in kept:
                del kept[name]
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or a name for one that may come later (None)."""
        self._check_name(name, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required)")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the model's state but is not trained.

        Args:
            name: the attribute it is found under.
            tensor: the tensor, or None.
            persistent: whether `state_dict` contains it.
        """
        self._check_name(name, "buffer")
        if tensor is not None and not isinstance(tensor, TensorCore):
            raise TypeError(f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        if not persistent:
            self._non_persistent.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = module

    register_module = add_module

    def _check_name(self, name: str, kind: str, own: Any = ()) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string, got {type(name).__name__}")
        if "." in name or not name:
            raise KeyError(f'{kind} name can\'t {"be empty" if not name else "contain "}' + ('"."' if name else ""))
        if hasattr(self, name) and name not in own and name not in self._parameters and name not in self._buffers:
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
        return module  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, such as `encoder.weight`.

        Raises:
            AttributeError: if there is no parameter there.
        """
        path, _, name = target.rpartition(".")
        found = self.get_submodule(path)._parameters.get(name)
        if found is None:
            raise AttributeError(f"{target!r} is not an nn.Parameter")
        return found  # type: ignore[no-any-return]

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
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach().zero_()

    # --- dtype and device --------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers to a dtype, in this module itself.

        Args:
            args: a dtype, a device (of which there is one) or a tensor to be like.
            kwargs: `dtype`, `device`.

        Raises:
            TypeError: for a dtype that is neither floating-point nor complex.
        """
        sample = Tensor(0.0).to(*args, **kwargs)
        if not (sample.is_floating_point() or sample.is_complex()):
            raise TypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={sample.dtype}")
        asked = kwargs.get("dtype") is not None or any(not isinstance(a, str) and hasattr(a, "itemsize") for a in args)
        if not asked:
            return self
        return self._convert(lambda t: t.to(sample.dtype) if t.is_floating_point() or t.is_complex() else t)

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(Tensor(0.0).float().dtype)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(Tensor(0.0).double().dtype)

    def half(self) -> Self:
        """Convert to float16."""
        return self.to(Tensor(0.0).half().dtype)

    def cpu(self) -> Self:
        """Itself: there is only the CPU."""
        return self

    def _convert(self, convert: Callable[[Any], Any]) -> Self:
        with no_grad():
            for module in self.modules():
                for parameter in module._parameters.values():
                    if parameter is not None:
                        parameter.data = convert(parameter.data)
                        if parameter.grad is not None:
                            parameter._grad = convert(parameter.grad)
                for name, buffer in module._buffers.items():
                    module._buffers[name] = None if buffer is None else convert(buffer)
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

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> IncompatibleKeys:
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
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict).__name__}.")
        own = self.state_dict(keep_vars=True)
        missing = [path for path in own if path not in state_dict]
        unexpected = [path for path in state_dict if path not in own]
        problems = []
        if strict and unexpected:
            problems.append("Unexpected key(s) in state_dict: " + ", ".join(f'"{k}"' for k in unexpected) + ". ")
        if strict and missing:
            problems.append("Missing key(s) in state_dict: " + ", ".join(f'"{k}"' for k in missing) + ". ")
        for path, target in own.items():
            given = state_dict.get(path)
            if given is not None and not isinstance(given, TensorCore):
                problems.append(f'While copying the parameter named "{path}", expected Tensor or Tensor-like object but received {type(given).__name__}.')
            elif given is not None and given.array.shape != target.array.shape:
                problems.append(
                    f"size mismatch for {path}: copying a param with shape {given.shape} from checkpoint, the shape in "
                    f"current model is {target.shape}."
                )
        if problems:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(problems))
        with no_grad():
            for path, target in own.items():
                if path in state_dict:
                    if assign:
                        target.data = state_dict[path]
                    else:
                        target.copy_(state_dict[path])
        return IncompatibleKeys(missing, unexpected)

    # --- hooks -------------------------------------------------------------------------------------

    def register_forward_pre_hook(self, hook: Callable[..., Any], *, with_kwargs: bool = False) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments."""
        return RemovableHandle(self._forward_pre_hooks, (hook, with_kwargs))

    def register_forward_hook(self, hook: Callable[..., Any], *, with_kwargs: bool = False) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns replaces the output."""
        return RemovableHandle(self._forward_hooks, (hook, with_kwargs))

    def register_full_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in each backward; it may replace `grad_input`."""
        return RemovableHandle(self._backward_hooks, hook)

    # --- how it looks ------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What `repr` shows of the module itself; a subclass defines it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        own = [line for line in self.extra_repr().split("\n") if line]
        parts = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not parts and len(own) <= 1:
            return f"{self._get_name()}({''.join(own)})"
        return f"{self._get_name()}(\n  " + "\n  ".join(own + parts) + "\n)"


class _BackwardWatch:
    """Collects the gradients of a module's outputs and inputs for its backward hooks."""

    def __init__(self, module: Module, args: tuple[Any, ...]) -> None:
        self.module = module
        self.grad_output: tuple[Any, ...] = ()
        self.inputs = tuple(
            self._watched(a, k) if isinstance(a, Tensor) and a.requires_grad else a for k, a in enumerate(args)
        )

    def _watched(self, tensor: Tensor, k: int) -> Tensor:
        passed: Tensor = tensor.view_as(tensor)

        def arrived(gradient: Tensor) -> Any:
            given = tuple(gradient if j == k else None for j in range(len(self.inputs)))
            for hook in list(self.module._backward_hooks.values()):
                answer = hook(self.module, given, self.grad_output)
                if answer is not None:
                    given = answer if isinstance(answer, tuple) else (answer,)
            return given[k]

        passed.register_hook(arrived)
        return passed

    def outputs(self, out: Any) -> Any:
        """The module's output; its gradient is noted when it arrives."""
        several = isinstance(out, tuple)
        tensors = list(out) if several else [out]
        self.grad_output = (None,) * len(tensors)
        inputs_watched = any(isinstance(a, Tensor) and a.requires_grad for a in self.inputs)
        for k, tensor in enumerate(tensors):
            if isinstance(tensor, Tensor) and tensor.requires_grad:
                tensors[k] = tensor.view_as(tensor)
                tensors[k].register_hook(lambda g, k=k: self._note(g, k, inputs_watched))
        return tuple(tensors) if several else tensors[0]

    def _note(self, gradient: Tensor, k: int, inputs_watched: bool) -> None:
        self.grad_output = (*self.grad_output[:k], gradient, *self.grad_output[k + 1 :])
        if not inputs_watched:
            for hook in list(self.module._backward_hooks.values()):
                hook(self.module, (None,) * len(self.inputs), self.grad_output)
