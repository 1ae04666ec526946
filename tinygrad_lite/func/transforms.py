"""Functions that differentiate functions: `grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`.

Each takes a function of tensors and gives another, and they can be nested as one likes. A level of
differentiation makes fresh tensors of its inputs, tied to those that came in where an outer level follows
them, and forgets its own when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.autograd.functional import blocks_of_columns, blocks_of_rows, unit_directions, units
from tinygrad_lite.autograd.leaves import alias, settled
from tinygrad_lite.forward import Tangents
from tinygrad_lite.func import trees
from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.tensors import bare

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "value_and_grad", "vjp"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Places: TypeAlias = int | tuple[int, ...]


class _Differentiated:
    """The arguments of one level: those at `argnums` replaced by fresh leaves."""

    def __init__(self, function: str, args: tuple[Any, ...], argnums: Places) -> None:
        self.one = isinstance(argnums, int)
        places = (argnums,) if isinstance(argnums, int) else argnums
        if not places:
            raise RuntimeError(f"{function}: argnums must not be empty")
        for k in places:
            if not isinstance(k, int) or not -len(args) <= k < len(args):
                raise RuntimeError(f"{function}: got argnum={k}, but only {len(args)} positional inputs")
        self.given = tuple(args[k] for k in places)
        for leaf in trees.leaves(self.given):
            if not isinstance(leaf, TensorCore) or leaf.array.dtype.kind not in "fc":
                found = leaf.array.dtype if isinstance(leaf, TensorCore) else type(leaf).__name__
                raise RuntimeError(
                    f"{function}: can only differentiate by tensors of floating point or complex dtype, got {found}"
                )
        with enable_grad():
            self.fresh = trees.mapped(alias, self.given)
        by_place = {k % len(args): fresh for k, fresh in zip(places, self.fresh, strict=True)}
        self.args = tuple(by_place.get(k, arg) for k, arg in enumerate(args))
        self.flat = trees.leaves(self.fresh)

    def settle(self, tree: Any) -> Any:
        """Results without the history that only this level was for."""
        return trees.mapped(lambda t: settled(t, self.flat) if isinstance(t, TensorCore) else t, tree)

    def shaped(self, values: list[Any]) -> Any:
        """One value for each leaf, in the form of the arguments."""
        found = trees.rebuilt(self.given, iter(values))
        return found[0] if self.one else found


def grad(func: Callable[..., Any], argnums: Places = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `func`, which returns a tensor with one element.

    Args:
        func: the function; with `has_aux` it returns `(output, anything)`.
        argnums: by which arguments; of a tuple of them the gradients come as a tuple.
        has_aux: return `(gradient, anything)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.grad(tg.func.grad(lambda x: x**3))(tg.tensor(2.0))
        tensor(12.)
    """

    @wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(func: Callable[..., Any], argnums: Places = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives `(gradient, value)`. Arguments as for `grad`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.grad_and_value(lambda x: x**3)(tg.tensor(2.0))
        (tensor(12.), tensor(8.))
    """

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        level = _Differentiated("grad", args, argnums)
        with enable_grad():
            answer = func(*level.args, **kwargs)
            output, aux = answer if has_aux else (answer, None)
            if not isinstance(output, TensorCore) or output.array.ndim or output.array.dtype.kind == "c":
                seen = f"shape {list(output.array.shape)}" if isinstance(output, TensorCore) else type(output).__name__
                raise RuntimeError(
                    "Expected f(*args) to return a scalar tensor (real, with no dimensions) to take the gradient of, "
                    f"got {seen}"
                )
            found = _pulled([output], level.flat, [None])
        found = [level.settle(g) for g in found]
        value = level.settle((output, aux) if has_aux else output)
        return level.shaped(found), value

    return both


def value_and_grad(func: Callable[..., Any], argnums: Places = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives `(value, gradient)`: `grad_and_value` in the order of its name, as JAX has it.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.value_and_grad(lambda x: x**3)(tg.tensor(2.0))
        (tensor(8.), tensor(12.))
    """

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        gradient, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return value, gradient

    return both


def _pulled(outputs: list[Any], inputs: list[Any], cotangents: list[Any]) -> list[Any]:
    """The gradients of `outputs` by `inputs`, recorded; zeros where nothing depends on an input."""
    pairs = [(out, g) for out, g in zip(outputs, cotangents, strict=True) if out.needs_grad]
    if not pairs:
        return [bare(np.zeros_like(x.array)) for x in inputs]
    outs, gs = zip(*pairs, strict=True)
    return list(
        differentiate.grad(outs, inputs, list(gs), retain_graph=True, create_graph=True, materialize_grads=True)
    )


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """`func(*primals)`, and the function that multiplies vectors by its Jacobian from the left.

    Returns:
        `(output, vjp_fn)`, or `(output, vjp_fn, aux)`; `vjp_fn(cotangents)` takes what has the form of the
        output and returns a tuple with one gradient for each primal.

    Example:
        >>> import tinygrad_lite as tg
        >>> output, pull = tg.func.vjp(tg.sin, tg.tensor([0.0, 1.0]))
        >>> pull(tg.ones(2))
        (tensor([1.0000, 0.5403]),)
    """
    level = _Differentiated("vjp", primals, tuple(range(len(primals))))
    with enable_grad():
        answer = func(*level.args)
    output, aux = answer if has_aux else (answer, None)
    outputs = _tensors("vjp", output)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given = trees.leaves(cotangents)
        if len(given) != len(outputs):
            raise RuntimeError(f"vjp_fn: expected cotangents for {len(outputs)} outputs, got {len(given)}")
        with enable_grad():
            found = _pulled(outputs, level.flat, given)
        return tuple(level.settle(trees.rebuilt(level.given, iter(found))))

    settled_output = level.settle(output)
    return (settled_output, pull, level.settle(aux)) if has_aux else (settled_output, pull)


def _tensors(function: str, output: Any) -> list[Any]:
    found = trees.leaves(output)
    for leaf in found:
        if not isinstance(leaf, TensorCore):
            raise RuntimeError(f"{function}(f, *primals): expected f to return only tensors, got {type(leaf).__name__}")
    return found


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """`func(*primals)` and its derivative in the direction `tangents`, in forward mode.

    Args:
        func: the function.
        primals: a tuple of arguments.
        tangents: a tuple of the same form.
        strict: raise where an output does not depend on the primals.
        has_aux: `func` returns `(output, anything)`.

    Returns:
        `(output, tangent)`, or `(output, tangent, anything)`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.jvp(tg.sin, (tg.tensor(0.0),), (tg.tensor(2.0),))
        (tensor(0.), tensor(2.))
    """
    _matching("jvp", primals, tangents)
    level = _Differentiated("jvp", tuple(primals), tuple(range(len(primals))))
    directions = [[t] for t in trees.leaves(tangents)]
    output, aux, found = _pushed(func, level, directions, has_aux, strict)
    derivative = trees.rebuilt(output, iter([level.settle(t[0]) for t in found]))
    settled_output = level.settle(output)
    return (settled_output, derivative, level.settle(aux)) if has_aux else (settled_output, derivative)


def _matching(function: str, primals: Any, tangents: Any) -> None:
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple) or not value:
            raise RuntimeError(f"{function}: Expected {name} to be a tuple with at least one element, got {value!r}")
    given, along = trees.leaves(primals), trees.leaves(tangents)
    if len(given) != len(along):
        raise RuntimeError(
            f"{function}: Expected primals and tangents to have the same python structure: {len(given)} tensors and "
            f"{len(along)}"
        )
    for x, t in zip(given, along, strict=True):
        if isinstance(x, TensorCore) and isinstance(t, TensorCore) and x.array.shape != t.array.shape:
            raise RuntimeError(
                f"{function}: Expected each tangent to have the shape of its primal, got {list(t.array.shape)} for "
                f"{list(x.array.shape)}"
            )


def _pushed(
    func: Callable[..., Any], level: _Differentiated, directions: list[list[Any]], has_aux: bool, strict: bool = False
) -> tuple[Any, Any, list[list[Any]]]:
    """The output, what came with it, and for each tensor in the output its tangents."""
    tangents = Tangents(len(directions[0]))
    for x, along in zip(level.flat, directions, strict=True):
        tangents.set(x, along)
    with enable_grad(), tangents:
        answer = func(*level.args)
    output, aux = answer if has_aux else (answer, None)
    outputs = _tensors("jvp", output)
    if strict and any(tangents.of(out) is None for out in outputs):
        raise RuntimeError("jvp(f, primals, tangents): an output of f does not depend on the primals")
    return output, aux, [tangents.filled(out) for out in outputs]


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """`func(*primals)`, and the function that multiplies its Jacobian there by tangents.

    Example:
        >>> import tinygrad_lite as tg
        >>> output, push = tg.func.linearize(tg.sin, tg.tensor(0.0))
        >>> push(tg.tensor(2.0))
        tensor(2.)
    """
    output = func(*primals)

    def push(*tangents: Any) -> Any:
        return jvp(func, primals, tangents)[1]

    return output, push


def jacrev(
    func: Callable[..., Any], argnums: Places = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, row by row in reverse mode: for few outputs.

    Args:
        func: the function; its output may be a tensor, or a tuple, list or dict of them.
        argnums: by which arguments.
        has_aux: `func` returns `(output, anything)`, the result `(jacobian, anything)`.
        chunk_size: accepted as in PyTorch; rows are computed one at a time.

    Returns:
        for each output and each argument a tensor of shape `output.shape + argument.shape`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.jacrev(tg.sin)(tg.tensor([0.0, 1.0]))
        tensor([[1.0000, 0.0000],
                [0.0000, 0.5403]])
    """
    _check_chunk("jacrev", chunk_size)

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        level = _Differentiated("jacrev", args, argnums)
        with enable_grad():
            answer = func(*level.args, **kwargs)
            output, aux = answer if has_aux else (answer, None)
            found = []
            for out in _tensors("jacrev", output):
                rows = [_pulled([out], level.flat, [unit]) for unit in units(out.array)]
                found.append(level.shaped(blocks_of_rows(out, level.flat, rows)))
        result = level.settle(trees.rebuilt(output, iter(found)))
        return (result, level.settle(aux)) if has_aux else result

    return jacobian


def jacfwd(
    func: Callable[..., Any],
    argnums: Places = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, by columns in forward mode: for few inputs.

    The function runs once, and the tangents of all directions go along with it. Arguments and result as
    for `jacrev`; `randomness` is accepted as in PyTorch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.jacfwd(tg.sin)(tg.tensor([0.0, 1.0]))
        tensor([[1.0000, 0.0000],
                [0.0000, 0.5403]])
    """
    _check_chunk("jacfwd", chunk_size)

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        level = _Differentiated("jacfwd", args, argnums)
        output, aux, found = _pushed(lambda *a: func(*a, **kwargs), level, unit_directions(level.flat), has_aux)
        results = [
            level.shaped(blocks_of_columns(out, level.flat, columns))
            for out, columns in zip(trees.leaves(output), found, strict=True)
        ]
        result = level.settle(trees.rebuilt(output, iter(results)))
        return (result, level.settle(aux)) if has_aux else result

    return jacobian


def _check_chunk(function: str, chunk_size: int | None) -> None:
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"{function}: `chunk_size` should be greater than 0, got {chunk_size}")


def hessian(func: Callable[..., Any], argnums: Places = 0) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives: forward mode over reverse mode.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.hessian(lambda x: (x**3).sum())(tg.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
