"""PyTorch's compiler for modules and functions, under its names: what it is asked to compile runs as it is.

Decorators return what they decorate, `script` and `trace` what they are given. A compiled program cannot be saved or
loaded: save the weights, with `state_dict`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeVar

from tinygrad_lite.nn import Module

__all__ = [
    "Attribute", "Final", "ScriptModule", "annotate", "export", "fork", "freeze", "ignore", "interface", "is_scripting",
    "is_tracing", "isinstance", "load", "optimize_for_inference", "optimized_execution", "save", "script",
    "script_if_tracing", "script_method", "trace", "trace_module", "unused", "wait",
]  # fmt: skip

T = TypeVar("T")

ScriptModule = Module


def script(obj: T, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> T:
    """The module, function or class itself.

    Example:
        >>> import tinygrad_lite as tg
        >>> @tg.jit.script
        ... def double(x):
        ...     return x + x
        >>> double(tg.ones(1))
        tensor([2.])
    """
    return obj


def trace(func: T, example_inputs: Any = None, *args: Any, **kwargs: Any) -> T:
    """The module or function itself; it is not run."""
    return func


def trace_module(mod: T, inputs: Any, *args: Any, **kwargs: Any) -> T:
    """The module itself; it is not run."""
    return mod


def script_method(fn: T) -> T:
    """The method itself."""
    return fn


def export(fn: T) -> T:
    """The method itself."""
    return fn


def unused(fn: T) -> T:
    """The method itself."""
    return fn


def interface(obj: T) -> T:
    """The class itself."""
    return obj


def script_if_tracing(fn: T) -> T:
    """The function itself."""
    return fn


def _overload(fn: T) -> T:
    """The function itself: other types of arguments are declared by it, which says nothing to Python."""
    return fn


_overload_method = _overload


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself; as `@ignore` or `@ignore(drop=True)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> @tg.jit.ignore(drop=True)
        ... def f():
        ...     return 1
        >>> f()
        1
    """
    return drop if callable(drop) else script


def freeze(mod: T, preserved_attrs: Any = None, optimize_numerics: bool = True) -> T:
    """The module itself.

    Raises:
        RuntimeError: if it is in training mode.
    """
    if getattr(mod, "training", False):
        raise RuntimeError("Freezing is currently only implemented for modules in eval mode. Call .eval() first.")
    return mod


def optimize_for_inference(mod: T, other_methods: Any = None) -> T:
    """The module itself."""
    return mod


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def annotate(the_type: Any, the_value: T) -> T:
    """The value itself."""
    return the_value


def Attribute(value: T, type: Any = None) -> T:  # noqa: N802 - PyTorch's name
    """The value itself."""
    return value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether an object is of a type, which may have parameters: those of `List[int]` and `Tuple[...]` count.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.jit.isinstance([1, 2], list[int]), tg.jit.isinstance([1, 2.0], list[int])
        (True, False)
    """
    from builtins import isinstance as is_a
    from types import UnionType
    from typing import Union, get_args, get_origin

    if is_a(target_type, tuple):
        return any(isinstance(obj, each) for each in target_type)
    origin, inner = get_origin(target_type), get_args(target_type)
    if origin is None:
        return target_type is Any or is_a(obj, type(None) if target_type is None else target_type)
    if origin in (Union, UnionType):
        return any(isinstance(obj, each) for each in inner)
    if not is_a(obj, origin):
        return False
    if origin is dict:
        return all(isinstance(k, inner[0]) and isinstance(v, inner[1]) for k, v in obj.items())
    if origin is tuple and Ellipsis not in inner:
        return len(obj) == len(inner) and all(map(isinstance, obj, inner))
    return all(isinstance(each, inner[0]) for each in obj)


@contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A `with` block that changes nothing: there is nothing to optimise."""
    yield


def fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> Callable[[], T]:
    """Call a function at once, for `wait` to give its result."""
    result = func(*args, **kwargs)
    return lambda: result


def wait(future: Callable[[], T]) -> T:
    """The result of what `fork` called."""
    return future()


def save(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """Compiled programs do not exist here.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("jit.save(): there are no compiled programs here; save model.state_dict() with tg.save()")


def load(f: Any, map_location: Any = None, _extra_files: Any = None) -> NoReturn:
    """Compiled programs do not exist here.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("jit.load(): compiled programs do not run here; save the model's state_dict() in PyTorch")
