"""Parameters that are computed from others: whoever reads `module.weight` gets a function of what is trained."""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any

from tinygrad_lite.graph import TensorCore, no_grad
from tinygrad_lite.nn.modules.container import ModuleDict, ModuleList
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip


class _Cache:
    """What has been computed inside `cached()`, by module and name; and how deep inside we are."""

    depth = 0
    known: dict[tuple[int, str], Any] = {}  # noqa: RUF012


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrised tensor only once, as long as the block lasts.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> with tg.nn.utils.parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.known.clear()


class ParametrizationList(ModuleList):
    """The functions, one on the other, that a tensor is computed by; and what it is computed from.

    That is `original`, or if the last `right_inverse` gives several tensors, `original0`, `original1` ...

    Args:
        modules: the functions, as modules.
        original: the tensor before it was parametrised.
        unsafe: leave out the checks that shape and dtype stay.

    Raises:
        ValueError: if there are no functions, or they change shape or dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> [name for name, _ in layer.parametrizations.weight.named_parameters()]
        ['original0', 'original1']
    """

    original: Any
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        start = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # then the values are taken as they are
                        start = module.right_inverse(start)
        self.is_tensor = isinstance(start, TensorCore)
        if not self.is_tensor and not isinstance(start, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(start).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(start)
        if self.is_tensor:
            if start.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {start.dtype}"
                )
            _put(original, start)
            _register(self, "original", original)
        else:
            for k, part in enumerate(start):
                if not isinstance(part, TensorCore):
                    raise ValueError(
                        f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                        f"{k} of the sequence with type {type(part).__name__}."
                    )
                part = _as_kind_of(original, part)
                _register(self, f"original{k}", part)
        if not unsafe:
            _check_same(self(), shape, dtype, "unparametrized", "parametrized")

    def right_inverse(self, value: Any) -> None:
        """Change what the tensor is computed from, so that it becomes `value`.

        Raises:
            RuntimeError: if a function has no `right_inverse`.
            ValueError: if what that gives does not fit.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, TensorCore):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                _check_dtype(value, self.original, "`right_inverse`", "The tensor", "original")
                _put(self.original, value)
                return
            if not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
            if len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                    f"length {len(value)}."
                )
            for k, part in enumerate(value):
                if not isinstance(part, TensorCore):
                    raise ValueError(f"`right_inverse` must return a sequence of tensors. Got element {k} of type "
                                     f"{type(part).__name__}")  # fmt: skip
                own = getattr(self, f"original{k}")
                _check_dtype(part, own, "`right_inverse`", f"Tensor {k}", f"original{k}")
                _put(own, part)

    def forward(self) -> Any:
        """The tensor."""
        first, *others = self
        if self.is_tensor:
            value = first(self.original)
        else:
            value = first(*(getattr(self, f"original{k}") for k in range(self.ntensors)))
        for module in others:
            value = module(value)
        return value


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Have a tensor of a module computed by a function of it; returns the module.

    Args:
        module: the module.
        tensor_name: the name of a parameter or buffer, parametrised already or not.
        parametrization: the function, as a module. Its `right_inverse`, if it has one, is called on the tensor, and
            on what is assigned to it later.
        unsafe: leave out the checks that shape and dtype stay.

    Raises:
        ValueError: if there is no such tensor, or shape or dtype would change.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Symmetric(tg.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).T
        >>> layer = tg.nn.Linear(2, 2)
        >>> _ = tg.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all())
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        functions: Any = module.parametrizations[tensor_name]
        functions.append(parametrization)
        functions.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        functions = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _add_property(type(module), tensor_name)
        module.parametrizations[tensor_name] = functions
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrised tensors, or one of that name.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> is_parametrized(layer), is_parametrized(layer, "bias")
        (True, False)
    """
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a tensor an ordinary parameter or buffer again; returns the module.

    Args:
        module: the module.
        tensor_name: the tensor's name.
        leave_parametrized: whether it keeps the value it has, or gets that of `original`.

    Raises:
        ValueError: if it is not parametrised, or there is no single `original` to leave.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> tg.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        Linear(in_features=2, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    all_functions: Any = module.parametrizations
    functions = all_functions[tensor_name]
    if functions.is_tensor:
        original = functions.original
        if leave_parametrized:
            with no_grad():
                _put(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del all_functions[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before it was parametrised.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> type(layer).__name__, type_before_parametrizations(layer).__name__
        ('ParametrizedLinear', 'Linear')
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give a module the parametrisations of another one, with the tensors they compute from; returns it.

    Args:
        from_module: the module that has them.
        to_module: the module that gets them.
        tensor_name: which tensor's; by default all.

    Example:
        >>> import tinygrad_lite as tg
        >>> one = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> other = tg.nn.utils.parametrize.transfer_parametrizations_and_params(one, tg.nn.Linear(2, 2))
        >>> bool((one.weight == other.weight).all())
        True
    """
    if not is_parametrized(from_module):
        return to_module
    given: Any = from_module.parametrizations
    for name in list(given) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for function in given[name]:
            register_parametrization(to_module, name, function)
        taken: Any = to_module.parametrizations
        for part in [*given[name]._parameters, *given[name]._buffers]:
            setattr(taken[name], part, getattr(given[name], part))
    return to_module


# --- a class for each parametrised module, with the tensor as a property ----------------------------------------


def _give_own_class(module: Module) -> None:
    """Make the module's class one of its own, which properties can be added to."""

    def getstate(self: Any) -> Any:
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(): save that, and load it into "
            "a module that is parametrized in the same way."
        )

    def deepcopy_(self: Any, memo: dict[int, Any]) -> Any:
        copy = memo.get(id(self))
        if copy is None:
            cls = type(self)
            own = {name: value for name, value in vars(cls).items() if name in added or isinstance(value, property)}
            copy = memo[id(self)] = self.__new__(type(cls.__name__, cls.__bases__, own))
            copy.__dict__ = deepcopy(self.__dict__, memo)
            for slot in copyreg._slotnames(type(self)):  # type: ignore[attr-defined]
                if hasattr(self, slot):
                    setattr(copy, slot, deepcopy(getattr(self, slot), memo))
        return copy

    before = type(module)
    added: dict[str, Any] = {"__getstate__": getstate}
    if not hasattr(before, "__deepcopy__"):
        added["__deepcopy__"] = deepcopy_
    module.__class__ = type(f"Parametrized{before.__name__}", (before,), added)


def _add_property(cls: type, tensor_name: str) -> None:
    def get(self: Any) -> Any:
        functions = self.parametrizations[tensor_name]
        if not _Cache.depth:
            return functions()
        key = id(self), tensor_name
        if key not in _Cache.known:
            _Cache.known[key] = functions()
        return _Cache.known[key]

    def set_(self: Any, value: Any) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    setattr(cls, tensor_name, property(get, set_))


def _register(module: Module, name: str, tensor: Any) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _as_kind_of(original: Any, tensor: Any) -> Any:
    """The tensor as a parameter, if `original` is one."""
    wanted = original.requires_grad
    return Parameter(tensor, wanted) if isinstance(original, Parameter) else tensor.requires_grad_(wanted)


def _put(target: Any, value: Any) -> None:
    if value is not target:
        target.data = value.detach()


# --- checks -----------------------------------------------------------------------------------------------------


def _check_same(value: Any, shape: Any, dtype: Any, before: str, after: str) -> None:
    if not isinstance(value, TensorCore):
        raise ValueError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
    for what, was, now in (("dtype", dtype, value.dtype), ("shape", shape, value.shape)):  # type: ignore[attr-defined]
        if was != now:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless `unsafe` flag is "
                f"enabled.\n{before} {what}: {was}\n{after} {what}: {now}"
            )


def _check_dtype(value: Any, own: Any, by: str, what: str, name: str) -> None:
    if value.dtype != own.dtype:
        raise ValueError(f"{what} returned by {by} has dtype {value.dtype} while `{name}` has dtype {own.dtype}")


def _check_next(module: Module, name: str, function: Any) -> None:
    """Refuse a further function, and its inverse, if they change shape or dtype."""
    value = getattr(module, name)
    result = function(value)
    _check_same(result, value.shape, value.dtype, f"module.{name}", f"parametrization(module.{name})")
    if not hasattr(function, "right_inverse"):
        return
    with suppress(NotImplementedError):
        back = function.right_inverse(result)
        if not isinstance(back, TensorCore):
            raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
        for what in ("dtype", "shape"):
            was, now = getattr(value, what), getattr(back, what)
            if was != now:
                raise ValueError(
                    f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, "
                    f"unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {was}\nreturned {what}: {now}"
                )
