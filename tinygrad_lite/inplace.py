"""Writing into a tensor, as PyTorch has it: the write is one more operation on the same memory.

`x.add_(y)` computes `x + y`, writes it into the memory of `x`, and gives `x` the history of the sum.
If `x` is a view, its base has changed too: the base's new history is "the old base, with this part
replaced", and every view of it is told again from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node, TensorCore, enable_grad, mode, tick
from tinygrad_lite.op import cast, op
from tinygrad_lite.ops.shape import strided
from tinygrad_lite.packing import Packed
from tinygrad_lite.views import extra_of, live_views, note_write, owner

Steps = Sequence[tuple[Callable[..., Any], dict[str, Any]]]


def follow(base: Any, steps: Steps) -> Any:
    """The view that `steps` lead to from `base`, a tensor or an array."""
    for row, params in steps:
        base = row(base, **params)
    return base


def _view_write(base: Any, value: Any, steps: Steps) -> Any:
    out = base.copy("K")
    if steps[0][0] is strided:
        out, steps = follow(out, steps[:1]), steps[1:]
    follow(out, steps)[...] = value
    return out


def anchored(base: np.ndarray, steps: Steps) -> Steps:
    """Steps from `base` that can be followed from its gradient too, whatever that lies like in memory.

    Only a step that looks at the memory itself cares: then the first one lays everything out as `base` is.
    """
    if not any(row is strided for row, _ in steps):
        return steps
    own = _steps(base)
    return ((strided, {"shape": base.shape, "steps": own, "start": 0, "inner": own}), *steps)


view_write: Any = op(
    "copy_slices",
    _view_write,
    doc="A copy of the base in which a view of it holds other values.",
    base=lambda g, value_shape, steps: view_write(g, np.zeros(value_shape), steps),
    value=lambda g, steps: follow(g, steps),
)


def check_writable(x: TensorCore, operation: str) -> None:
    """Refuse the writes that PyTorch refuses.

    Raises:
        RuntimeError: if `x` is a leaf that requires grad, or a view of one, and gradients are being
            recorded; or a view that must not be written to.
    """
    array = x.array
    if not array.flags.writeable:
        raise RuntimeError(f"{operation}: the memory of this tensor is read-only. Please clone() it before writing.")
    if (
        array.size
        and 0 in array.strides
        and any(n > 1 and not step for n, step in zip(array.shape, array.strides, strict=True))
    ):
        raise RuntimeError(
            f"{operation}: unsupported operation: more than one element of the written-to tensor refers to a single "
            f"memory location, as in an expanded tensor (shape {array.shape}). Please clone() it before writing to it."
        )
    _check_history(x, operation)
    if x.node is not None:
        _spare(x)


def _spare(x: TensorCore) -> None:
    """Before `x` is written to: copy what the operation that made it keeps of its output, if it allows that."""
    base = x if x.extra is None or x.extra.base is None else x.extra.base
    node = base.node
    if node is not None and node.op.name == "output":
        node = node.edges[0]  # type: ignore[assignment]
    if node is None or not node.op.overwritable or type(node.saved) is not tuple:
        return
    memory = owner(base.array)
    node.saved = tuple(a.copy() if isinstance(a, np.ndarray) and owner(a) is memory else a for a in node.saved)


def _check_history(x: TensorCore, operation: str) -> None:
    """Refuse to change a leaf that requires grad, a view of one, or a view that must not be written to."""
    if not mode.grad:
        return
    extra = x.extra
    base = extra.base if extra is not None else None
    if base is not None and base.needs_grad:
        assert extra is not None
        if extra.siblings:
            raise RuntimeError(
                f"{operation}: this tensor is a view that {extra.siblings}() returned together with others, "
                "and is being modified inplace. Such views must not be modified inplace: use an "
                "out-of-place operation, or clone() it first."
            )
        if extra.under_no_grad:
            raise RuntimeError(
                f"{operation}: A view was created in no_grad mode and is being modified inplace with grad "
                "mode enabled. Take the view outside of no_grad, or write inside it."
            )
        if base.node is None:
            raise RuntimeError(
                f"{operation}: a view of a leaf Variable that requires grad is being used in an in-place "
                "operation. Do it under torch.no_grad(), or clone() the leaf first."
            )
    if x.needs_grad and x.node is None:
        raise RuntimeError(
            f"{operation}: a leaf Variable that requires grad is being used in an in-place operation. "
            "Do it under no_grad(), or on a clone()."
        )


def write(x: Any, compute: Callable[[], Any], operation: str) -> Any:
    """Write the tensor that `compute()` returns into `x`, values and history.

    Raises:
        RuntimeError: if `x` may not be written to, or the result has another shape or a higher kind
            of dtype.
    """
    check_writable(x, operation)
    result = compute()
    if result is NotImplemented:
        raise TypeError(f"{operation}(): the operand must be a Tensor or a number")
    array = x.array
    if result.array.shape != array.shape:
        raise RuntimeError(
            f"{operation}: output with shape {list(array.shape)} doesn't match the broadcast shape "
            f"{list(result.array.shape)}"
        )
    if result.array.dtype is not array.dtype:
        if _kind(result.array) > _kind(array):
            raise RuntimeError(
                f"{operation}: result type {result.array.dtype} can't be cast to the desired output type {array.dtype}"
            )
        result = cast(result, array.dtype)
    node = result.node
    if node is not None:
        _keep_saved(node, array, result.array)
    array[...] = result.array
    note_write(x, operation)
    if mode.grad and (node is not None or x.needs_grad):
        if node is not None:
            node.order = tick()  # after the write: what it saved of its own output is up to date
        rebase(x, node)
    return x


def _kind(array: np.ndarray) -> int:
    return "biufc".index(array.dtype.kind) if array.dtype.kind != "u" else 1


def _keep_saved(node: Node, target: np.ndarray, result: np.ndarray) -> None:
    """Before `target` is overwritten: copy what `node` saved of it, and let its output be `target`."""
    if type(node.saved) is Packed:
        return
    memory = owner(target)
    node.saved = tuple(
        target
        if saved is result
        else saved.copy()
        if isinstance(saved, np.ndarray) and owner(saved) is memory
        else saved
        for saved in node.saved or ()
    )


def rebase(x: TensorCore, node: Node | None) -> None:
    """Give `x` the history `node`, and tell its base and all their views again."""
    extra = x.extra
    base = extra.base if extra is not None else None
    if base is None:
        x.node, x.needs_grad = node, node is not None
        root = x
    else:
        assert extra is not None
        base.node = _view_write_node(base, x, node, extra.steps)
        base.needs_grad = True
        root = base
    with enable_grad():
        for view in live_views(root):
            again = follow(root, extra_of(view).steps)
            view.node, view.needs_grad = again.node, again.needs_grad


def _view_write_node(base: TensorCore, view: TensorCore, node: Node | None, steps: Steps) -> Node:
    """The node of `view_write(base, view)`, whose output is the memory of `base` itself."""
    made = Node()
    made.op = view_write.op
    made.edges = ((base.node or base) if base.needs_grad else None, node)
    made.saved = ()
    made.shapes = (base.array.shape, view.array.shape)
    made.params = {"steps": anchored(base.array, steps)}
    made.hooks = None
    made.order = tick()
    if mode.watch is not None:
        mode.watch(made, base.array, (base.array, view.array))
    return made


def turn_in_place(x: Any, compute: Callable[[], Any], operation: str) -> Any:
    """Let `x` itself be the view of it that `compute()` returns, as `x.t_()` does.

    Raises:
        RuntimeError: if `x` may not be changed.
    """
    _check_history(x, operation)
    before, others = x.array, live_views(x)
    with enable_grad() if x.node is not None else nullcontext():  # so that gradients find back to the old shape
        view = compute()
    note_write(x, operation)
    if view is x:
        return x
    after = x.array = view.array
    if view.node is not None:
        x.node = view.node
    extra = extra_of(x)
    if extra.base is not None:
        extra.steps = extra_of(view).steps
    back = {"shape": before.shape, "steps": _steps(before), "start": _address(before) - _address(after)}
    back["start"] //= before.itemsize
    for other in others:  # views of `x` as it was
        own = extra_of(other)
        own.steps = ((strided, {**back, "inner": _steps(after)}), *own.steps)
    return x


def _steps(array: np.ndarray) -> tuple[int, ...]:
    return tuple(step // array.itemsize for step in array.strides)


def _address(array: np.ndarray) -> int:
    start: int = array.__array_interface__["data"][0]
    return start


def in_place(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place method of an out-of-place function: `add` gives `add_`."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return write(self, lambda: function(self, *args, **kwargs), name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name[:-1]}`: writes the result into this tensor and returns it."
    return method
