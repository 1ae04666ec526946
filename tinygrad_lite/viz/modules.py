"""A model as a table: what each module gives, how many parameters it has, what it costs to compute and to keep."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.functions.creation import zeros
from tinygrad_lite.graph import Node, TensorCore, enable_grad, watched
from tinygrad_lite.nn.parameter import is_lazy
from tinygrad_lite.nn.running import running
from tinygrad_lite.random import current_generator
from tinygrad_lite.size import Size
from tinygrad_lite.views import owner
from tinygrad_lite.viz.words import bytes_text, shape_text

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module

__all__ = ["ModelSummary", "SummaryRow", "summary"]


@dataclass(slots=True)
class SummaryRow:
    """One module. Its numbers include those of its parts.

    Attributes:
        path: where it is in the model, such as `encoder.layers.0`; empty for the model itself.
        kind: the name of its class.
        depth: how many modules it is within.
        shapes: of the tensors that its last call returned; empty if it was not called.
        calls: how often it was called.
        parameters: how many numbers are in its parameters, shared ones counted once.
        trainable: how many of those require a gradient.
        multiply_adds: products that are added up, in matrix products, convolutions and recurrent layers.
        saved_bytes: memory that its operations keep for the backward pass, beside parameters and buffers.
    """

    path: str
    kind: str
    depth: int
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    calls: int = 0
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0
    saved_bytes: int = 0

    @property
    def name(self) -> str:
        """The last part of the path; the class for the model itself."""
        return self.path.rpartition(".")[2] or self.kind

    @property
    def title(self) -> str:
        """Name, class, and how often it was called if that is not once."""
        kind = f"{self.name}: {self.kind}" if self.depth else self.kind
        return kind + f" ×{self.calls}" * (self.calls > 1)


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What `summary` found. It prints as a table, also in notebooks.

    Attributes:
        rows: the modules, in the order of `model.named_modules()`; the first is the model.
        parameter_bytes: memory of the parameters.
        input_shapes: what the model was called with.
        depth: how deep the table goes; None for all of it.
    """

    rows: list[SummaryRow]
    parameter_bytes: int
    input_shapes: list[tuple[int, ...]]
    depth: int | None = None

    @property
    def parameters(self) -> int:
        """Numbers in all parameters."""
        return self.rows[0].parameters

    @property
    def trainable(self) -> int:
        """Numbers in the parameters that require a gradient."""
        return self.rows[0].trainable

    @property
    def multiply_adds(self) -> int:
        """Products that are added up in one forward pass."""
        return self.rows[0].multiply_adds

    @property
    def saved_bytes(self) -> int:
        """Memory kept for the backward pass, beside parameters and buffers."""
        return self.rows[0].saved_bytes

    def __getitem__(self, path: str) -> SummaryRow:
        """The row of the module at a path.

        Raises:
            KeyError: if there is none.
        """
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(path)

    def __str__(self) -> str:
        lines = [_HEAD, *self._cells()]
        widths = [max(len(cells[k]) for cells in lines) for k in range(len(_HEAD))]
        left = (0, 1)
        table = [
            "  ".join(
                c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(cells, widths, strict=True))
            )
            for cells in lines
        ]
        rule = "-" * max(map(len, table))
        return "\n".join([table[0].rstrip(), rule, *(line.rstrip() for line in table[1:]), rule, *self._totals()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEAD)
        body = ""
        for cells in self._cells():
            first = escape(cells[0]).replace(" ", "&nbsp;")
            body += f'<tr><td style="text-align:left">{first}</td>'
            body += "".join(f"<td>{escape(cell)}</td>" for cell in cells[1:]) + "</tr>"
        foot = "<br>".join(map(escape, self._totals()))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{foot}</p>"

    def _cells(self) -> list[list[str]]:
        return [
            [
                "  " * row.depth + row.title,
                ", ".join(map(shape_text, row.shapes)) or "-",
                f"{row.parameters:,}" if row.parameters else "-",
                f"{row.trainable:,}" if row.trainable else "-",
                f"{row.multiply_adds:,}" if row.multiply_adds else "-",
                bytes_text(row.saved_bytes) if row.saved_bytes else "-",
            ]
            for row in self.rows
            if self.depth is None or row.depth <= self.depth
        ]  # fmt: skip

    def _totals(self) -> list[str]:
        fixed = self.parameters - self.trainable
        return [
            f"input: {', '.join(map(shape_text, self.input_shapes)) or '-'}",
            f"parameters: {self.parameters:,} ({self.trainable:,} trainable, {fixed:,} fixed), "
            f"{bytes_text(self.parameter_bytes)}",
            f"multiply-adds: {self.multiply_adds:,}",
            f"kept for backward: {bytes_text(self.saved_bytes)}",
        ]


_HEAD = ["module", "output", "parameters", "trainable", "multiply-adds", "for backward"]


def summary(
    model: Module, input: Any, *, dtype: Any = None, depth: int | None = None, show: bool | None = None
) -> ModelSummary:
    """Print what a model is made of and what it costs, module by module.

    The model is run once, in the mode that it is in; its buffers and the random numbers are left as they were, and lazy
    modules get their shapes. Numbers of a module include its parts. What is computed without gradients, as inside
    `no_grad`, is not counted.

    Args:
        model: the model.
        input: what it is called with: a tensor, or a shape, which stands for zeros; a list of such for several
            arguments; a dict for arguments by name.
        dtype: of the zeros; that of the first parameter by default.
        depth: how deep the table goes: 1 for the parts of the model, and not their parts.
        show: whether to print it; by default where the result is not shown anyway.

    Returns:
        The table, which prints as text and shows in notebooks; `rows` has its numbers.

    Raises:
        TypeError: for what is no module, or no input.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.Linear(8, 16), tg.nn.ReLU(), tg.nn.Linear(16, 2))
        >>> table = tg.summary(model, (32, 8))
        module       output    parameters  trainable  multiply-adds  for backward
        -------------------------------------------------------------------------
        Sequential   (32, 2)          178        178          5,120        3.1 kB
          0: Linear  (32, 16)         144        144          4,096        1.0 kB
          1: ReLU    (32, 16)           -          -              -        2.0 kB
          2: Linear  (32, 2)           34         34          1,024             -
        -------------------------------------------------------------------------
        input: (32, 8)
        parameters: 178 (178 trainable, 0 fixed), 712 B
        multiply-adds: 5,120
        kept for backward: 3.1 kB
        >>> table["2"].multiply_adds
        1024
    """
    from tinygrad_lite.nn.modules.module import Module

    if not isinstance(model, Module):
        raise TypeError(f"summary(): model must be a nn.Module, not {type(model).__name__}")
    args, kwargs = _arguments(model, input, dtype)
    with _left_alone(model):
        if any(map(is_lazy, [*model.parameters(), *model.buffers()])):
            _run(model, args, kwargs, [], {})
        rows = {
            id(module): SummaryRow(path, type(module).__name__, _depth(path)) for path, module in model.named_modules()
        }
        kept, products = _Saved(model), _Products()
        frozen = [p for p in model.parameters() if not p.requires_grad and p.array.dtype.kind in "fc"]
        _run(model, args, kwargs, [kept] if frozen else [kept, products], rows)
        if frozen:  # what has no gradient is not recorded: run again with gradients for all
            try:
                for p in frozen:
                    p.needs_grad = True
                _run(model, args, kwargs, [products], {})
            finally:
                for p in frozen:
                    p.needs_grad = False
    for module in model.modules():
        row = rows[id(module)]
        own = list(module.parameters())
        row.parameters = sum(p.array.size for p in own)
        row.trainable = sum(p.array.size for p in own if p.requires_grad)
        row.multiply_adds, row.saved_bytes = products.of.get(id(module), 0), kept.of.get(id(module), 0)
    values = [*args, *kwargs.values()]
    shapes = [tuple(value.array.shape) for value in values if isinstance(value, TensorCore)]
    found = ModelSummary(list(rows.values()), sum(p.array.nbytes for p in model.parameters()), shapes, depth)
    if show or (show is None and not _interactive()):
        print(found)
    return found


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _interactive() -> bool:
    """Whether what an expression returns is shown anyway."""
    return hasattr(sys, "ps1") or hasattr(builtins, "get_ipython")


def _arguments(model: Module, input: Any, dtype: Any) -> tuple[list[Any], dict[str, Any]]:
    wanted = dtype
    if wanted is None:
        dtypes = (p.dtype for p in model.parameters())
        wanted = next((d for d in dtypes if d.is_floating_point or d.is_complex), None)

    def made(value: Any) -> Any:
        return zeros(value, dtype=wanted) if _is_shape(value) else value

    if isinstance(input, Mapping):
        return [], {name: made(value) for name, value in input.items()}
    if isinstance(input, TensorCore) or _is_shape(input):
        return [made(input)], {}
    if isinstance(input, list | tuple):
        return [made(value) for value in input], {}
    raise TypeError(
        f"summary(): input must be a tensor, a shape, or a list or dict of them, not {type(input).__name__}"
    )


def _is_shape(value: Any) -> bool:
    return isinstance(value, Size) or (
        isinstance(value, list | tuple) and len(value) > 0 and all(type(n) is int for n in value)
    )


class _left_alone:  # noqa: N801 - a context manager
    """The block in which a model may run without leaving a trace in its buffers, hooks and the random numbers."""

    def __init__(self, model: Module) -> None:
        self.modules = list(model.modules())

    def __enter__(self) -> None:
        self.random = current_generator().get_state()
        self.had_hooks = [module._has_had_hooks for module in self.modules]
        self.buffers = [
            (module, name, buffer, None if buffer is None or is_lazy(buffer) else buffer.array.copy())
            for module in self.modules
            for name, buffer in module._buffers.items()
        ]

    def __exit__(self, *exc: object) -> None:
        current_generator().set_state(self.random)
        for module, had in zip(self.modules, self.had_hooks, strict=True):
            module._has_had_hooks = had or bool(module._forward_hooks)
        for module, name, buffer, values in self.buffers:
            if values is not None:
                buffer.array[...] = values
                module._buffers[name] = buffer


def _run(
    model: Module,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    see: Sequence[Callable[[Node, Any, tuple[Any, ...]], None]],
    rows: dict[int, SummaryRow],
) -> Any:
    def noted(module: Module, _: Any, output: Any) -> None:
        row = rows.get(id(module))
        if row is not None:
            row.calls += 1
            row.shapes = [tuple(t.array.shape) for t in _tensors(output)]

    def each(node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        for watcher in see:
            watcher(node, made, inputs)

    handles = [module.register_forward_hook(noted) for module in model.modules()]
    try:
        with enable_grad(), watched(each):
            return model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()


def _tensors(output: Any) -> list[Any]:
    if isinstance(output, TensorCore):
        return [output]
    if isinstance(output, Mapping):
        output = list(output.values())
    return [t for part in output for t in _tensors(part)] if isinstance(output, list | tuple) else []


class _Saved:
    """Bytes that operations save, by the module that runs, each piece of memory once."""

    def __init__(self, model: Module) -> None:
        self.known: dict[int, Any] = {}  # keeps the memory alive, so that no other takes its place meanwhile
        for tensor in (*model.parameters(), *model.buffers()):
            self._is_new(tensor.array)
        self.of: dict[int, int] = {}

    def __call__(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        size = sum(min(a.nbytes, owner(a).nbytes) for a in _arrays(node.saved or ()) if self._is_new(a))
        _add(self.of, size)

    def _is_new(self, array: np.ndarray) -> bool:
        memory = owner(array)
        new = id(memory) not in self.known
        self.known[id(memory)] = memory
        return new


def _arrays(saved: Any) -> list[np.ndarray]:
    if isinstance(saved, np.ndarray):
        return [saved]
    return [a for part in saved for a in _arrays(part)] if isinstance(saved, list | tuple) else []


class _Products:
    """Products that are added up, by the module that runs."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}

    def __call__(self, node: Node, made: Any, inputs: tuple[Any, ...]) -> None:
        count = _COUNTS.get(node.op.name)
        if count is not None:
            out = made[0] if isinstance(made, tuple) else made
            _add(self.of, count(out, [getattr(x, "array", x) for x in inputs]))


def _add(to: dict[int, int], count: int) -> None:
    if count:
        for module in {id(module) for module in running()}:
            to[module] = to.get(module, 0) + count


def _steps(x: Any, matrices: Sequence[Any]) -> int:
    """Each step of each sequence multiplies the input and the state by a matrix each; an LSTM may project its state."""
    return x.size // max(x.shape[-1], 1) * sum(m.size for m in matrices if m is not None)


_COUNTS: dict[str, Callable[[Any, list[Any]], int]] = {
    "matmul": lambda out, a: int(out.size) * a[0].shape[-1],
    "linear": lambda out, a: int(out.size) * a[1].shape[-1],
    "conv": lambda out, a: int(out.size) * int(np.prod(a[1].shape[1:])),
    "conv_transpose": lambda out, a: int(a[0].size) * int(np.prod(a[1].shape[1:])),
    "lstm": lambda out, a: _steps(a[0], [*a[3:5], *a[7:]]),
    "gru": lambda out, a: _steps(a[0], a[2:4]),
    "rnn": lambda out, a: _steps(a[0], a[2:4]),
}
