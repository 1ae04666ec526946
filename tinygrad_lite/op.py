"""What a row of the op table is, and how calling one records it.

A row is a forward, written in NumPy on raw arrays, with one derivative rule for each input beside it:

    mul = op("mul", np.multiply, "promote", broadcasts=True,
             x=lambda g, y: g * y.conjugate(),
             y=lambda g, x: g * x.conjugate())

`g` is the gradient of the output. The other names in a rule's signature say what it needs: an input
(`x`), the output (`out`), the shape of an input (`x_shape`), or a parameter of the forward (`axis`).
Exactly those are saved. A rule must be an expression that works on NumPy arrays and on tensors alike,
for on tensors it is recorded in turn: that is where second derivatives come from.

From each row a Python function is written and compiled (`_SOURCE` below), so that what runs for `a * b`
is straight-line code for two inputs rather than a loop that looks the row up. Measured on three elements,
recording takes 1.6 µs so, and 3.2 µs with loops; PyTorch takes 2.8 µs. It is compiled when it is first
called: compiling all of them would take longer than importing NumPy.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from tinygrad_lite.dtypes import common_dtype, floating
from tinygrad_lite.errors import describe, explain
from tinygrad_lite.graph import Node, TensorCore, mode, tick
from tinygrad_lite.tensors import bare
from tinygrad_lite.views import link, owner

Rule = Callable[..., Any]


@dataclass(eq=False)
class Op:
    """One row of the table.

    Attributes:
        name: PyTorch's name for the operation.
        forward: from raw arrays to a raw array.
        kind: how dtypes meet. `None`: each as it is. `"promote"`: the inputs that have a rule are
            brought to their common dtype. `"float"`: and integers to the default floating type.
        rules: for each input its derivative rule, or None where there is no derivative.
        broadcasts: whether inputs broadcast, and gradients are summed back to their shapes.
        views: whether the output may look into the memory of the first input.
        variadic: whether the one input is a sequence of arrays.
        doc: one sentence, and an example as `input -> output`.
        numbers: what it is for: "any", "real" (what is ordered or has no complex extension), "complex"
            or "integer".
        refuses: the kinds of dtype it is not for, as NumPy abbreviates them; "real" refuses complex.
        domain: the open interval that tests draw inputs from.
        record: the function that runs and records it.
        cases: shapes and parameters that tests call the row with: `((2, 3), (3, 4), {"axis": 0})`. A
            parameter that is a function is called with the dtype of the inputs.
    """

    name: str
    forward: Callable[..., Any]
    kind: str | None
    rules: dict[str, Rule | None]
    broadcasts: bool = False
    views: bool = False
    variadic: bool = False
    doc: str = ""
    numbers: str = "any"
    refuses: str = ""
    domain: tuple[float, float] = (-3.0, 3.0)
    cases: Sequence[tuple[Any, ...]] = ()
    record: Callable[..., Any] = field(init=False, repr=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the array inputs, in order."""
        return tuple(self.rules)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The forward's other parameters with their defaults, `inspect.Parameter.empty` for none."""
        if isinstance(self.forward, np.ufunc):
            return {}
        parameters = list(inspect.signature(self.forward).parameters.values())
        return {p.name: p.default for p in parameters[len(self.rules) :]}

    @cached_property
    def optional(self) -> frozenset[str]:
        """The inputs that may be left out: those for which the forward has None as default."""
        if isinstance(self.forward, np.ufunc):
            return frozenset()
        parameters = inspect.signature(self.forward).parameters
        return frozenset(name for name in self.rules if name in parameters and parameters[name].default is None)

    @cached_property
    def params(self) -> tuple[str, ...]:
        """The names of the forward's other parameters."""
        return tuple(self.defaults)

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each input what its rule asks for, beside `g`."""
        return {
            name: tuple(inspect.signature(rule).parameters)[1:] if rule else () for name, rule in self.rules.items()
        }

    @cached_property
    def saves(self) -> tuple[str, ...]:
        """The names of what is kept for the rules; `out` last."""
        wanted = {need for needs in self.needs.values() for need in needs}
        return tuple(name for name in (*self.inputs, "out") if name in wanted)

    @cached_property
    def calls(self) -> tuple[tuple[int, Callable[..., Any]], ...]:
        """The rules as the engine calls them, `call(g, saved, node, k)`, each with its input's number."""
        return tuple((k, self._compile_rule(name, rule)) for k, (name, rule) in enumerate(self.rules.items()) if rule)

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join((*self.inputs, *self.params))})>"

    @property
    def differentiable(self) -> bool:
        """Whether any input has a derivative rule."""
        return any(self.rules.values())

    def calls_of(self, edges: Sequence[Any]) -> Sequence[tuple[int, Callable[..., Any]]]:
        """The calls for a node of a variadic row: the one rule, once for each input."""
        rule = self.calls[0][1]
        return [(k, rule) for k in range(len(edges))]

    def _compile_rule(self, input_name: str, rule: Rule) -> Callable[..., Any]:
        """`call(g, saved, node, k)`, which hands the rule what its signature asks for."""
        arguments = ["g", *(self._where(need) for need in self.needs[input_name])]
        source = f"lambda g, s, n, k: rule({', '.join(arguments)})"
        call: Callable[..., Any] = eval(source, {"rule": rule})
        return call

    def _where(self, need: str) -> str:
        """The expression that finds `need` in a node `n` with saved arrays `s`."""
        if need in self.saves:
            return f"s[{self.saves.index(need)}]"
        if need.endswith("_shape") and need[:-6] in self.inputs:
            return f"n.shapes[{self.inputs.index(need[:-6])}]"
        if need.endswith("_shapes") and self.variadic:
            return "n.shapes"
        if need == "k" and self.variadic:  # which of the inputs
            return "k"
        if need in self.params:
            return f"n.params[{need!r}]"
        raise TypeError(f"a rule of op {self.name!r} asks for {need!r}, which the op does not have")


TABLE: dict[str, Op] = {}
"""Every row, by name, in the order of definition."""


def op(name: str, forward: Callable[..., Any], kind: str | None = None, **row: Any) -> Callable[..., Any]:
    """Add a row to the table; returns the function that runs and records it.

    The function's arguments are the inputs, then the forward's parameters. Called on raw arrays
    alone it returns a raw array, so a rule can call it; called with a tensor it returns a tensor.
    """
    options = ("broadcasts", "views", "variadic", "doc", "numbers", "refuses", "domain", "cases")
    settings = {key: row.pop(key) for key in options if key in row}
    if name in TABLE:
        raise ValueError(f"the op table has a row {name!r} already")
    entry = TABLE[name] = Op(name, forward, kind, row, **settings)
    entry.record = _variadic(entry) if entry.variadic else _compiled_later(entry)
    return entry.record


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
            result.append(x if x.array.dtype is target else cast(x, target))
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
        out = forward({call})
    except Exception as error:
        out = recover(op, error, ({arrays},), ({params}))
    if type(out) is not ndarray:
        out = asarray(out)
    t = new(Result)
    t.array = out
    t._grad = t.extra = None
    if {any_grad} and mode.grad:
        t.needs_grad = True
        t.node = n = new(Node)
        n.op = op
        n.edges = ({edges},)
        n.saved = ({saved})
        n.shapes = ({shapes},)
        n.params = {{{param_items}}}
        n.hooks = None
        n.order = tick()
    else:
        t.needs_grad = False
        t.node = None
{link}
    return t
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
    "COMPLEX": frozenset((np.dtype(np.complex64), np.dtype(np.complex128))),
    "REAL_FRACTIONS": frozenset(np.dtype(c) for c in "efd"),
    "FRACTIONS": frozenset(np.dtype(c) for c in "efdFD"),
}


def set_result_class(tensor_class: type[TensorCore]) -> None:
    """Make operations return `tensor_class`; called once, by the module that defines it."""
    for entry in TABLE.values():
        entry.record.__globals__["Result"] = tensor_class
    _globals["Result"] = tensor_class


def _compiled_later(entry: Op) -> Callable[..., Any]:
    """The function of a row, which gets its code when it is first called."""
    own = {**_globals, "op": entry, "forward": entry.forward, "harmonise": harmonise, "recover": recover}
    own["first"] = _first_call
    function = FunctionType(_stub.__code__, own, entry.name)
    function.__doc__ = entry.doc
    function.op = entry  # type: ignore[attr-defined]
    own["record"] = function
    return function


def _stub(*args: Any, **kwargs: Any) -> Any:
    return first(op, record, args, kwargs)  # type: ignore[name-defined] # noqa: F821


def _first_call(entry: Op, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if function.__code__ is _stub.__code__:  # another thread may have been quicker
        code, defaults = _compile(entry)
        function.__defaults__ = defaults
        function.__code__ = code
    return function(*args, **kwargs)


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
            "if not fast:",
            f"    same = harmonise(op, ({names},), {flags})",
            "    if same is None:",
            "        return NotImplemented",
            f"    {names}, = same",
            *("    " + line for line in unwrap),
        ]
    arrays = ", ".join(f"a{k}" for k, _ in numbered)
    params = "".join(f"{p}, " for p in entry.params)
    saved = "".join(_saved_if_needed(entry, name, diff) + ", " for name in entry.saves)
    view = [
        "if owner(out) is owner(a0):",
        f"    link(t, {entry.inputs[0]}, record, {{{_items(entry)}}})",
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
    array = "out" if name == "out" else f"a{entry.inputs.index(name)}"
    if len(users) == len(diff):
        return array
    return f"({array} if {' or '.join(f'r{k}' for k in users)} else None)"


def _fast_check(arrays: Sequence[str], entry: Op) -> list[str]:
    """Lines that set `fast` where the inputs can be computed as they are: the usual case, cheaply."""
    fractions = "REAL_FRACTIONS" if entry.numbers == "real" else "FRACTIONS"
    real = ""
    if entry.kind == "float":
        real = f" and {arrays[0]}.dtype in {fractions}"
    elif entry.numbers == "real":
        real = f" and {arrays[0]}.dtype not in COMPLEX"
    if len(arrays) == 1:
        return [f"fast = {arrays[0]}.dtype in {fractions}"]
    if len(arrays) == 2:
        a, b = arrays
        return [
            f"if type({b}) is ndarray:",
            f"    if type({a}) is ndarray:",
            f"        fast = {a}.dtype is {b}.dtype{real}",
            "    else:",
            f"        fast = type({a}) in REALS and {b}.dtype in {fractions}",
            "else:",
            f"    fast = type({b}) in REALS and type({a}) is ndarray and {a}.dtype in {fractions}",
        ]
    kinds = " and ".join(f"type({a}) is ndarray" for a in arrays)
    same = " is ".join(f"{a}.dtype" for a in arrays)
    return [f"fast = {kinds} and {same}{real}"]


def _variadic(entry: Op) -> Callable[..., Any]:
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
        t.needs_grad = mode.grad and any(isinstance(x, TensorCore) and x.needs_grad for x in xs)
        if t.needs_grad:
            n = t.node = Node()
            n.op, n.params, n.hooks = entry, params, None
            n.edges = tuple((x.node or x) if isinstance(x, TensorCore) and x.needs_grad else None for x in xs)
            keep = {entry.inputs[0]: arrays, "out": t.array}
            n.saved = tuple(keep[name] for name in entry.saves)
            n.shapes = tuple(a.shape for a in arrays)
            n.order = tick()
        return t

    record.__name__ = record.__qualname__ = entry.name
    record.__doc__ = entry.doc
    record.op = entry  # type: ignore[attr-defined]
    return record


def _cast_back(g: Any, source: np.dtype[Any], dtype: np.dtype[Any]) -> Any:
    """The gradient in the dtype it came from; of a complex one a real input takes the real part."""
    g = np.real(g) if dtype.kind == "c" and source.kind != "c" else g
    return _cast(g, source, dtype)


# The one row that recording itself needs: operands of different dtypes meet through it.
_cast = op(
    "to",
    lambda x, dtype, source: x.astype(dtype),
    doc="The same values in another dtype.",
    cases=[((2, 3), {"dtype": np.dtype("complex128"), "source": np.dtype})],
    x=_cast_back,
)


def cast(x: Any, dtype: np.dtype[Any]) -> Any:
    """Tensor `x` in another NumPy dtype, recorded; without history where that is one of integers."""
    if dtype.kind not in "fc":
        return bare(x.array.astype(dtype))
    return _cast(x, dtype, x.array.dtype)
