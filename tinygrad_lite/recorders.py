"""How a row of the op table runs: each becomes a function that computes and records.

From an ordinary row a Python function is written and compiled (`_SOURCE` below), so that what runs for
`a * b` is straight-line code for two inputs rather than a loop that looks the row up. Measured on three
elements, recording takes 1.6 µs so, and 3.2 µs with loops; PyTorch takes 2.8 µs. It is compiled when it is
first called: compiling all of them would take longer than importing NumPy.

Rows with a sequence as input, and rows with several outputs, are seldom called on few numbers. They go
through the two loops at the end.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.dtypes import common_dtype, floating
from tinygrad_lite.errors import describe, explain
from tinygrad_lite.graph import Node, TensorCore, mode, tick
from tinygrad_lite.tensors import bare
from tinygrad_lite.views import link, owner

if TYPE_CHECKING:
    from tinygrad_lite.op import Op


def harmonise(entry: Op, inputs: Sequence[Any], promoted: Sequence[bool]) -> list[Any] | None:
    """Bring the inputs marked in `promoted` to the dtype they compute in; None if one is no number."""
    bare = [x.array if isinstance(x, TensorCore) else x for x in inputs]
    bare = [x.item() if isinstance(x, np.generic) else x for x in bare]
    names = entry.inputs if not entry.variadic else entry.inputs * len(inputs)
    active = [
        x
        for x, name, wanted in zip(bare, names, promoted, strict=True)
        if wanted and not (x is None and name in entry.optional)
    ]
    for x in active:
        if not isinstance(x, np.ndarray | bool | int | float | complex):
            if isinstance(x, str | bytes | list | tuple) and entry.differentiable:
                # Python would try to repeat it, and complain of something else.
                raise TypeError(f"{entry.name}(): operands must be Tensors or numbers, not {type(x).__name__}")
            return None
    target = common_dtype(active)
    refused = entry.refuses + ("c" if entry.numbers == "real" else "")
    if target.kind in refused or any(x.dtype.kind in refused for x in active if isinstance(x, np.ndarray)):
        seen = describe(entry.inputs, bare)
        raise NotImplementedError(f"{entry.name}() is not implemented for {target} and its like (given {seen})")
    if entry.kind == "float":
        target = floating(target)
    result: list[Any] = []
    for x, raw, wanted in zip(inputs, bare, promoted, strict=True):
        if not wanted or raw is None:
            result.append(x)
        elif isinstance(x, TensorCore):
            result.append(x if x.array.dtype is target else entry.cast(x, target))
        elif target.kind in "iu" and isinstance(raw, int):
            result.append(np.array(raw, dtype=np.int64).astype(target))  # wraps round, as PyTorch does
        else:
            result.append(np.asarray(raw, dtype=target))
    return result


def recover(entry: Op, error: Exception, arrays: Sequence[Any], params: Sequence[Any]) -> Any:
    """Raise what PyTorch would; only a floating-point *warning* turned error is computed again (quiet.py)."""
    if isinstance(error, RuntimeWarning):
        with np.errstate(all="ignore"):
            return entry.forward(*arrays, *params)
    raise explain(entry, error, arrays, dict(zip(entry.params, params, strict=True))) from error


_SOURCE = """\
def {name}({signature}):
{unwrap}
    if {all_raw}:
        return forward({raw_call})
{promote}
    try:
        _out = forward({call})
    except Exception as error:
        _out = recover(op, error, ({arrays},), ({params}))
    if type(_out) is not ndarray:
        _out = asarray(_out)
    _t = new(Result)
    _t.array = _out
    _t._grad = _t.extra = None
    if {any_grad} and (_watch := mode.grad):
        _t.needs_grad = True
        _t.node = _n = new(Node)
        _n.op = op
        _n.edges = ({edges},)
        _n.saved = ({saved})
        _n.shapes = ({shapes},)
        _n.params = {{{param_items}}}
        _n.hooks = None
        _n.order = tick()
        if _watch is not True:
            _watch(_n, _out, ({arrays},))
    else:
        _t.needs_grad = False
        _t.node = None
{link}
    return _t
"""

_globals: dict[str, Any] = {
    "__name__": "tinygrad_lite.ops",
    "Node": Node,
    "Core": TensorCore,
    "Result": TensorCore,
    "new": object.__new__,
    "mode": mode,
    "tick": tick,
    "ndarray": np.ndarray,
    "asarray": np.asarray,
    "link": link,
    "owner": owner,
    "REALS": frozenset((float, int)),
    "NUMBERS": frozenset((float, int, type(None))),
    "COMPLEX": frozenset((np.dtype(np.complex64), np.dtype(np.complex128))),
    "REAL_FRACTIONS": frozenset(np.dtype(c) for c in "efd"),
    "FRACTIONS": frozenset(np.dtype(c) for c in "efdFD"),
}


_scopes: list[dict[str, Any]] = []
"""The global names of each compiled row."""


def set_result_class(tensor_class: type[TensorCore]) -> None:
    """Make operations return `tensor_class`; called once, by the module that defines it."""
    for own in _scopes:
        own["Result"] = tensor_class
    _globals["Result"] = tensor_class


def compiled_later(entry: Op) -> Callable[..., Any]:
    """The function of a row, which gets its code when it is first called."""
    own = {**_globals, "op": entry, "forward": entry.forward, "harmonise": harmonise, "recover": recover}
    own["first"] = _first_call
    _scopes.append(own)
    function = FunctionType(_stub.__code__, own, entry.name)
    function.__doc__ = entry.doc
    function.op = entry  # type: ignore[attr-defined]
    own["record"] = function
    return function


def _stub(*args: Any, **kwargs: Any) -> Any:
    return first(op, record, args, kwargs)  # type: ignore[name-defined] # noqa: F821


def _first_call(entry: Op, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    compile_now(function)
    return function(*args, **kwargs)


def compile_now(function: Any) -> None:
    """Give a row's function its code, if it has not been called yet."""
    if function.__code__ is _stub.__code__:  # another thread may have been quicker
        code, defaults = _compile(function.op)
        function.__defaults__ = defaults
        function.__code__ = code


def _indent(lines: Sequence[str], by: int = 4) -> str:
    return "\n".join(" " * by + line for line in lines)


def _compile(entry: Op) -> tuple[CodeType, tuple[Any, ...]]:
    """The code of a row's function, written out from `_SOURCE`, and the defaults of its parameters."""
    numbered = list(enumerate(entry.inputs))
    diff = [k for k, name in numbered if entry.rules[name]]
    promoted = diff or [k for k, _ in numbered]
    unwrap = []
    for k, name in numbered:
        unwrap += [
            f"if isinstance({name}, Core):",
            f"    a{k} = {name}.array; r{k} = {name}.needs_grad",
            "else:",
            f"    a{k} = {name}; r{k} = None",
        ]
    promote = []
    if entry.kind is not None and (len(promoted) > 1 or entry.kind == "float"):
        flags = tuple(k in promoted for k, _ in numbered)
        names = ", ".join(entry.inputs)
        promote = [
            *_fast_check([f"a{k}" for k in promoted], entry),
            "if not _fast:",
            f"    _same = harmonise(op, ({names},), {flags})",
            "    if _same is None:",
            "        return NotImplemented",
            f"    {names}, = _same",
            *("    " + line for line in unwrap),
        ]
    arrays = ", ".join(f"a{k}" for k, _ in numbered)
    params = "".join(f"{p}, " for p in entry.params)
    saved = "".join(_saved_if_needed(entry, name, diff) + ", " for name in entry.saves)
    view = [
        "if owner(_out) is owner(a0):",
        f"    link(_t, {entry.inputs[0]}, record, {{{_items(entry)}}})",
    ]
    source = _SOURCE.format(
        name=entry.name,
        signature=", ".join((*entry.inputs, *_parameters(entry))),
        unwrap=_indent(unwrap),
        all_raw=" and ".join(f"r{k} is None" for k, _ in numbered),
        raw_call=f"{arrays}, {params}",
        promote=_indent(promote),
        call=f"{arrays}, {params}",
        arrays=arrays,
        params=params,
        any_grad="(" + (" or ".join(f"r{k}" for k in diff) or "False") + ")",
        edges=", ".join(f"({n}.node or {n}) if r{k} else None" if k in diff else "None" for k, n in numbered),
        saved=saved,
        shapes=", ".join(f"a{k}.shape if type(a{k}) is ndarray else ()" for k, _ in numbered),
        param_items=_items(entry),
        link=_indent(view) if entry.views else "",
    )
    file = f"<op {entry.name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope: dict[str, Any] = {}
    exec(compile(source, file, "exec"), {}, scope)
    defaults = tuple(d for d in entry.defaults.values() if d is not inspect.Parameter.empty)
    return scope[entry.name].__code__, defaults


def _parameters(entry: Op) -> list[str]:
    """The forward's parameters as they stand in a signature; defaults are filled in afterwards."""
    return [p if d is inspect.Parameter.empty else f"{p}=None" for p, d in entry.defaults.items()]


def _items(entry: Op) -> str:
    return ", ".join(f"{p!r}: {p}" for p in entry.params)


def _saved_if_needed(entry: Op, name: str, diff: Sequence[int]) -> str:
    """Save an input, or the output, only where one of the rules that ask for it will run."""
    users = [k for k in diff if name in entry.needs[entry.inputs[k]]]
    array = "_out" if name == "out" else f"a{entry.inputs.index(name)}"
    if len(users) == len(diff):
        return array
    return f"({array} if {' or '.join(f'r{k}' for k in users)} else None)"


def _fast_check(arrays: Sequence[str], entry: Op) -> list[str]:
    """Lines that set `_fast` where the inputs can be computed as they are: the usual case, cheaply."""
    fractions = "REAL_FRACTIONS" if entry.numbers == "real" else "FRACTIONS"
    real = ""
    if entry.kind == "float":
        real = f" and {arrays[0]}.dtype in {fractions}"
    elif entry.numbers == "real":
        real = f" and {arrays[0]}.dtype not in COMPLEX"
    if len(arrays) == 1:
        return [f"_fast = {arrays[0]}.dtype in {fractions}"]
    if len(arrays) == 2:
        a, b = arrays
        return [
            f"if type({b}) is ndarray:",
            f"    if type({a}) is ndarray:",
            f"        _fast = {a}.dtype is {b}.dtype{real}",
            "    else:",
            f"        _fast = type({a}) in REALS and {b}.dtype in {fractions}",
            "else:",
            f"    _fast = type({b}) in REALS and type({a}) is ndarray and {a}.dtype in {fractions}",
        ]
    first, *others = arrays
    plain = [f"(type({a}) in NUMBERS or (type({a}) is ndarray and {a}.dtype is {first}.dtype))" for a in others]
    return [f"_fast = type({first}) is ndarray and {first}.dtype in {fractions} and {' and '.join(plain)}"]


def variadic(entry: Op) -> Callable[..., Any]:
    """The function of a row whose one input is a sequence of arrays, as `cat` has."""
    promotes = entry.kind is not None

    def record(xs: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        params = {**entry.defaults, **dict(zip(entry.params, args, strict=False)), **kwargs}
        if not any(isinstance(x, TensorCore) for x in xs):
            return entry.forward(xs, **params)
        if promotes and len({x.array.dtype if isinstance(x, TensorCore) else None for x in xs}) > 1:
            same = harmonise(entry, xs, [True] * len(xs))
            if same is None:
                return NotImplemented
            xs = same
        arrays = [x.array if isinstance(x, TensorCore) else x for x in xs]
        try:
            out = entry.forward(arrays, **params)
        except Exception as error:
            raise explain(entry, error, arrays, params) from error
        t = bare(np.asarray(out))
        edges = _edges(xs)
        if mode.grad and any(e is not None for e in edges):
            keep = {entry.inputs[0]: arrays, "out": t.array}
            t.node = node_of(entry, edges, tuple(keep[name] for name in entry.saves), arrays, params)
            t.needs_grad = True
            if mode.watch is not None:
                mode.watch(t.node, t.array, tuple(arrays))
        return t

    return _named(record, entry)


def several(entry: Op) -> Callable[..., Any]:
    """The function of a row that has several outputs, as `svd` has; it returns a tuple."""
    differentiable = [bool(rule) for rule in entry.rules.values()]

    def record(*args: Any, **kwargs: Any) -> Any:
        count = len(entry.inputs)
        xs: Sequence[Any] = args[:count] if len(args) >= count else (*args, *(None,) * (count - len(args)))
        params = {**entry.defaults, **dict(zip(entry.params, args[count:], strict=False)), **kwargs}
        if not any(isinstance(x, TensorCore) for x in xs):
            return entry.forward(*xs, **params)[: len(entry.outputs)]
        if entry.kind is not None:
            same = harmonise(entry, xs, differentiable)
            if same is None:
                return NotImplemented
            xs = same
        arrays = [x.array if isinstance(x, TensorCore) else x for x in xs]
        try:
            made = entry.forward(*arrays, **params)
        except Exception as error:
            raise explain(entry, error, arrays, params) from error
        outs = tuple(map(np.asarray, made[: len(entry.outputs)]))
        edges = tuple(e if d else None for e, d in zip(_edges(xs), differentiable, strict=True))
        if not mode.grad or all(e is None for e in edges):
            return tuple(bare(out) for out in outs)
        names = (*entry.inputs, *entry.outputs, *entry.kept)
        keep = dict(zip(names, (*arrays, *outs, *made[len(outs) :]), strict=True))
        saved = tuple(keep[name] for name in entry.saves)
        return output_tensors(node_of(entry, edges, saved, arrays, params), outs, arrays)

    return _named(record, entry)


def _edges(xs: Sequence[Any]) -> tuple[Node | TensorCore | None, ...]:
    """Where the gradients of the inputs go; None for those that want none."""
    return tuple((x.node or x) if isinstance(x, TensorCore) and x.needs_grad else None for x in xs)


def node_of(entry: Op, edges: Any, saved: tuple[Any, ...], arrays: Sequence[Any], params: dict[str, Any]) -> Node:
    """The node of an operation that has just run."""
    n = Node()
    n.op, n.edges, n.saved, n.params, n.hooks = entry, edges, saved, params, None
    n.shapes = tuple(np.shape(a) for a in arrays)
    n.order = tick()
    return n


def output_tensors(node: Node, outs: Sequence[np.ndarray], arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The outputs of `node` as tensors; those of fractions are differentiable."""
    watch = mode.watch
    if watch is not None:
        watch(node, tuple(outs), tuple(arrays))
    tensors = []
    for k, out in enumerate(outs):
        t = bare(out)
        if out.dtype.kind in "fc":
            t.node, t.needs_grad = node.op.output(node, k, len(outs)), True
            if watch is not None:
                watch(t.node, out, (None,))
        tensors.append(t)
    return tuple(tensors)


def _named(record: Callable[..., Any], entry: Op) -> Callable[..., Any]:
    record.__name__ = record.__qualname__ = entry.name
    record.__doc__ = entry.doc
    record.op = entry  # type: ignore[attr-defined]
    return record
