"""Public functions straight from rows of the op table: they check, call the row, and are documented by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import scalar_dtype
from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.functions.out import put
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Number: TypeAlias = bool | int | float | complex


def _documentation(row: Callable[..., Any], name: str, about: str) -> str:
    """A docstring with an example, made of the row's sentence, `what it is: inputs -> output`."""
    sentence, _, example = row.op.doc.rpartition(": ")  # type: ignore[attr-defined]
    inputs, _, output = example.partition(" -> ")
    parts = inputs.split(", [")
    tensors = ", ".join(f"tg.tensor({part if part[0] == '[' else '[' + part})" for part in parts)
    if "nan" in tensors or "inf" in tensors:
        tensors = tensors.replace("nan", "tg.nan").replace("inf", "tg.inf")
    return (
        f"{sentence}.\n\n{about}\n\nExample:\n    >>> import tinygrad_lite as tg\n"
        f"    >>> tg.{name}({tensors})\n    tensor({output})\n"
    )


def _kinds(row: Callable[..., Any]) -> str:
    if row.op.kind == "float":  # type: ignore[attr-defined]
        return "of its dtype (integers give the default floating-point dtype)"
    return "of its dtype" if row.op.differentiable else "of truth values or integers"  # type: ignore[attr-defined]


def unary(row: Callable[..., Any], name: str | None = None) -> Callable[[Tensor], Tensor]:
    """The public function of a row with one input: refuses what is no tensor, and the dtypes the row refuses."""
    entry = row.op  # type: ignore[attr-defined]
    called, refused = name or entry.name, entry.refuses + "c" * (entry.numbers == "real")

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(input, TensorCore):
            need_tensor(called, "input", input)
        if refused and input.array.dtype.kind in refused:
            raise NotImplementedError(f"{called}() is not implemented for {input.array.dtype}")
        return row(input) if out is None else put(called, row(input), out)

    about = (
        "Args:\n    input: a tensor of any shape.\n    out: where to write the result.\n\n"
        f"Returns:\n    a tensor of the same shape, {_kinds(row)}."
    )
    return _named(function, called, _documentation(row, called, about))


def binary(row: Callable[..., Any], numbers: str = "other", name: str | None = None) -> Callable[..., Tensor]:
    """The public function of a row with two inputs, of which those in `numbers` may be numbers; or both, if "both"."""
    called = name or row.op.name  # type: ignore[attr-defined]
    both = numbers == "both"
    first, second = both or "input" in numbers, both or "other" in numbers

    def function(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(input, TensorCore) and not (first and isinstance(other, TensorCore)):
            if not (both and isinstance(input, Number)):
                need_tensor(called, "input", input)
            input = make(np.asarray(input, scalar_dtype(input)))
        result = row(input, other) if second or isinstance(other, TensorCore) else NotImplemented
        if result is NotImplemented:
            wrong = isinstance(input, TensorCore)
            need_tensor(called, *(("other", other, 2) if wrong else ("input", input, 1)))
        return result if out is None else put(called, result, out)

    about = (
        f"Args:\n    input: a tensor{', or a number' * first}.\n"
        f"    other: a tensor that broadcasts with it{', or a number' * second}.\n"
        "    out: where to write the result.\n\n"
        "Returns:\n    a tensor of the broadcast shape and the common dtype.\n\n"
        "Raises:\n    RuntimeError: if the shapes do not broadcast."
    )
    return _named(function, called, _documentation(row, called, about))


def _named(function: Callable[..., Tensor], name: str, documentation: str) -> Callable[..., Tensor]:
    function.__doc__ = documentation
    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    return function
