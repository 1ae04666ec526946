"""Derivatives of functions at a point: `jacobian`, `hessian` and products with them, under PyTorch's names.

`inputs` is a tensor or a tuple of them, and results come in the same form. With `create_graph` the results
can be differentiated further. With `strict` an output that does not depend on an input is an error; it
means zeros otherwise. `tinygrad_lite.func` has the same as functions of functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.autograd.leaves import alias
from tinygrad_lite.forward import Tangents
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.tensors import bare

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Tensors: TypeAlias = Any  # a tensor or a tuple of tensors
Function: TypeAlias = Callable[..., Any]


class _Point:
    """The inputs of one call as fresh leaves, and what the function gives there.

    Attributes:
        inputs: the leaves.
        outputs: the outputs.
        create_graph: whether results keep their history.
    """

    def __init__(self, name: str, func: Function, inputs: Tensors, create_graph: bool, tangents: Any = None) -> None:
        self.name, self.create_graph = name, create_graph
        self.one_input = isinstance(inputs, TensorCore)
        given = _as_tuple(name, "inputs given", inputs)
        self.inputs = [alias(x if create_graph else x.detach()) for x in given]
        if tangents is None:
            out = func(*self.inputs)
        else:
            level, directions = tangents
            for x, along in zip(self.inputs, directions(self.inputs), strict=True):
                level.set(x, along)
            with level:
                out = func(*self.inputs)
        self.one_output = isinstance(out, TensorCore)
        self.outputs = _as_tuple(name, "outputs of the user-provided function", out)

    def need_dependence(self, strict: bool) -> None:
        """Under `strict`: raise if an output depends on no input."""
        for k, out in enumerate(self.outputs):
            if strict and not out.needs_grad:
                raise RuntimeError(
                    f"Output {k} of the user-provided function does not require gradient. The outputs must be computed "
                    "in a differentiable manner from the input when running in strict mode."
                )

    def need_scalar(self) -> None:
        """Raise unless the function gives one number."""
        if not self.one_output:
            raise RuntimeError(f"The function given to {self.name} should return a single Tensor")
        if self.outputs[0].array.size != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {self.name} should contain a single element, got shape "
                f"{list(self.outputs[0].array.shape)}"
            )

    def pull(self, outputs: Sequence[Any], cotangents: Sequence[Any], strict: bool, record: bool) -> list[Any]:
        """The gradients of `outputs`; where there is none, zeros or under `strict` an error."""
        pairs = [(out, g) for out, g in zip(outputs, cotangents, strict=True) if out.needs_grad]
        found: Sequence[Any] = [None] * len(self.inputs)
        if pairs:
            outs, gs = zip(*pairs, strict=True)
            found = differentiate.grad(outs, self.inputs, gs, retain_graph=True, create_graph=record, allow_unused=True)
        for k, g in enumerate(found):
            if g is None and strict:
                raise RuntimeError(
                    f"The output of the user-provided function is independent of input {k}. This is not allowed in "
                    "strict mode."
                )
        return [bare(np.zeros_like(x.array)) if g is None else g for g, x in zip(found, self.inputs, strict=True)]

    def like_inputs(self, found: Sequence[Any]) -> Any:
        """Results in the form of the inputs, without history unless it was asked for."""
        found = tuple(self.free(t) for t in found)
        return found[0] if self.one_input else found

    def like_outputs(self, found: Sequence[Any]) -> Any:
        """Results in the form of the outputs, likewise."""
        found = tuple(self.free(t) for t in found)
        return found[0] if self.one_output else found

    def free(self, t: Any) -> Any:
        """A result without history unless it was asked for."""
        return t if self.create_graph else t.detach()


def _as_tuple(name: str, what: str, value: Any) -> tuple[Any, ...]:
    found = value if isinstance(value, tuple) else tuple(value) if isinstance(value, list) else (value,)
    for k, tensor in enumerate(found):
        if not isinstance(tensor, TensorCore):
            raise TypeError(
                f"The {what} to {name} must be either a Tensor or a tuple of Tensors but the value at index {k} has "
                f"type {type(tensor).__name__}."
            )
    return found


def _vectors(name: str, v: Any, like: Sequence[Any], one: bool, what: str) -> list[Any]:
    """The vectors to multiply by, checked against what they have to look like."""
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function {what} a single Tensor with a single "
                "element."
            )
        return [bare(np.ones_like(like[0].array))]
    found = _as_tuple(name, "vector v given", v)
    if len(found) != len(like) or isinstance(v, TensorCore) != one:
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}.")
    for k, (vector, x) in enumerate(zip(found, like, strict=True)):
        if vector.array.shape != x.array.shape:
            raise RuntimeError(
                f"Entry {k} in v has invalid size: should be {list(x.array.shape)} but got {list(vector.array.shape)}."
            )
    return list(found)


def vjp(func: Function, inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)`, and `v` times its Jacobian.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: where.
        v: in the form of the outputs; may be left out for a single number.
        create_graph: see above.
        strict: see above.

    Raises:
        RuntimeError: if `v` does not fit the outputs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.vjp(tg.exp, tg.tensor([0.0, 1.0]), tg.ones(2))
        (tensor([1.0000, 2.7183]), tensor([1.0000, 2.7183]))
    """
    with enable_grad():
        point = _Point("vjp", func, inputs, create_graph)
        point.need_dependence(strict)
        vectors = _vectors("vjp", v, point.outputs, point.one_output, "returns")
        found = point.pull(point.outputs, vectors, strict, create_graph)
    return point.like_outputs(point.outputs), point.like_inputs(found)


def jvp(func: Function, inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)`, and its Jacobian times `v`, in forward mode.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: where.
        v: in the form of the inputs; may be left out for a single number.
        create_graph: see above.
        strict: see above.

    Raises:
        RuntimeError: if `v` does not fit the inputs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.jvp(tg.exp, tg.tensor([0.0, 1.0]), tg.ones(2))
        (tensor([1.0000, 2.7183]), tensor([1.0000, 2.7183]))
    """
    level = Tangents(1, create_graph)

    def directions(xs: Sequence[Any]) -> list[list[Any]]:
        return [[t] for t in _vectors("jvp", v, xs, isinstance(inputs, TensorCore), "has as input")]

    with enable_grad():
        point = _Point("jvp", func, inputs, create_graph, (level, directions))
        point.need_dependence(strict)
        found = [level.filled(out)[0] for out in point.outputs]
    return point.like_outputs(point.outputs), point.like_outputs(found)


def jacobian(
    func: Function,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func`: for each output and each input a tensor of shape `output.shape + input.shape`.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: where.
        create_graph: see above.
        strict: see above.
        vectorize: accepted as in PyTorch.
        strategy: "reverse-mode", row by row; or "forward-mode", all columns in one run of `func`, which is the
            quicker way where there are fewer inputs than outputs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.jacobian(lambda x: x**2, tg.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy == "forward-mode":
        if strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `strategy=forward-mode` do not go together"
            )
        return _by_columns(func, inputs, create_graph)
    if strategy != "reverse-mode":
        raise ValueError(f'Expected strategy to be either "forward-mode" or "reverse-mode", got {strategy!r}')
    with enable_grad():
        point = _Point("jacobian", func, inputs, create_graph)
        point.need_dependence(strict)
        found = []
        for out in point.outputs:
            rows = [point.pull([out], [unit], strict, create_graph) for unit in units(out.array)]
            found.append(point.like_inputs(blocks_of_rows(out, point.inputs, rows)))
    return found[0] if point.one_output else tuple(found)


def units(array: np.ndarray) -> list[Any]:
    """The tensors of the shape of `array` with a single one in them, in order."""
    return [bare(row.reshape(array.shape)) for row in np.eye(array.size, dtype=array.dtype)]


def unit_directions(inputs: Sequence[Any]) -> list[list[Any]]:
    """For each input its tangents, a direction for every number of all inputs; None where it does not move."""
    sizes = [x.array.size for x in inputs]
    return [[None] * sum(sizes[:k]) + units(x.array) + [None] * sum(sizes[k + 1 :]) for k, x in enumerate(inputs)]


def blocks_of_rows(out: Tensor, inputs: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[Any]:
    """For each input its part of the Jacobian of `out`, from the gradients of each number of `out`."""
    shapes = [out.array.shape + x.array.shape for x in inputs]
    return [
        stack([row[k] for row in rows]).reshape(shape) if rows else bare(np.zeros(shape, inputs[k].array.dtype))
        for k, shape in enumerate(shapes)
    ]


def blocks_of_columns(out: Tensor, inputs: Sequence[Any], columns: Sequence[Any]) -> list[Any]:
    """For each input its part of the Jacobian of `out`, from the tangents along `unit_directions`."""
    blocks, start = [], 0
    for x in inputs:
        mine = columns[start : start + x.array.size]
        start += x.array.size
        shape = out.array.shape + x.array.shape
        blocks.append(stack(mine, -1).reshape(shape) if mine else bare(np.zeros(shape, out.array.dtype)))
    return blocks


def _by_columns(func: Function, inputs: Tensors, create_graph: bool) -> Any:
    level = Tangents(sum(x.array.size for x in _as_tuple("jacobian", "inputs given", inputs)), create_graph)
    with enable_grad():
        point = _Point("jacobian", func, inputs, create_graph, (level, unit_directions))
        found = [point.like_inputs(blocks_of_columns(out, point.inputs, level.filled(out))) for out in point.outputs]
    return found[0] if point.one_output else tuple(found)


def hessian(
    func: Function,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of `func`, which gives one number: for each pair of inputs a tensor.

    Arguments as for `jacobian`.

    Raises:
        RuntimeError: if `func` gives more than one number.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.hessian(lambda x: (x**3).sum(), tg.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """

    def gradient(*xs: Any) -> Any:
        point = _Point("hessian", func, xs if isinstance(inputs, tuple | list) else xs[0], True)
        point.need_scalar()
        point.need_dependence(strict)
        return point.like_inputs(point.pull(point.outputs, [bare(np.ones_like(point.outputs[0].array))], strict, True))

    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def vhp(func: Function, inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)`, one number, and `v` times its matrix of second derivatives. Arguments as for `jvp`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.vhp(lambda x: (x**3).sum(), tg.tensor([1.0, 2.0]), tg.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        point, gradient = _gradient("vhp", func, inputs, create_graph, strict)
        vectors = _vectors("vhp", v, point.inputs, point.one_input, "has as input")
        found = point.pull(gradient, vectors, strict, create_graph)
    return point.like_outputs(point.outputs), point.like_inputs(found)


def hvp(func: Function, inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)`, one number, and its matrix of second derivatives times `v`. Arguments as for `jvp`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.autograd.functional.hvp(lambda x: (x**3).sum(), tg.tensor([1.0, 2.0]), tg.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    level = Tangents(1, create_graph)

    def directions(xs: Sequence[Any]) -> list[list[Any]]:
        return [[t] for t in _vectors("hvp", v, xs, isinstance(inputs, TensorCore), "has as input")]

    with enable_grad():
        value: list[Any] = []

        def gradient(*xs: Any) -> Any:
            point, found = _gradient("hvp", func, xs if isinstance(inputs, tuple | list) else xs[0], True, strict)
            value.append(point.like_outputs(point.outputs))
            return tuple(found)

        point = _Point("hvp", gradient, inputs, create_graph, (level, directions))
        found = [level.filled(g)[0] for g in point.outputs]
    return point.free(value[0]), point.like_inputs(found)


def _gradient(name: str, func: Function, inputs: Tensors, create_graph: bool, strict: bool) -> tuple[_Point, list[Any]]:
    """The point, and the recorded gradient of `func` there."""
    point = _Point(name, func, inputs, create_graph)
    point.need_scalar()
    point.need_dependence(strict)
    return point, point.pull(point.outputs, [bare(np.ones_like(point.outputs[0].array))], strict, True)
