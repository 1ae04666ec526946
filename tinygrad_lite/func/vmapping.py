"""`vmap`: a function of one example, called for each example of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tinygrad_lite import random
from tinygrad_lite.func import trees
from tinygrad_lite.functions.arguments import one_dim
from tinygrad_lite.functions.axes import movedim
from tinygrad_lite.functions.indexing import getitem
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.graph import TensorCore

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that maps `func` over a dimension of its arguments.

    `func` runs once for each index of that dimension, and the results are stacked; so whatever `func` does,
    the answer is that of the loop, and its derivatives too.

    Args:
        func: takes and returns tensors, or tuples, lists and dicts of them.
        in_dims: which dimension of each argument, None for one that stays as it is; an integer for all of
            them, or a nested tuple in the form of the arguments.
        out_dims: where the new dimension comes to stand in each output.
        randomness: what random functions inside do: "error", "different" for each index, or the "same".
        chunk_size: accepted as in PyTorch; indices are computed one at a time.

    Raises:
        ValueError: if the dimensions do not fit the arguments, or differ in size.
        RuntimeError: for random functions where `randomness` is "error".

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.func.vmap(tg.dot)(tg.ones(3, 2), tg.ones(3, 2))
        tensor([2., 2., 2.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        flat = trees.leaves(args)
        dims = _input_dims(in_dims, args, flat)
        kept = trees.leaves(kwargs)
        keyword_dims = [0 if isinstance(x, TensorCore) else None for x in kept]
        size = _common_size([*flat, *kept], [*dims, *keyword_dims])
        take = _taken if size else _shaped
        draw = random.drawing(randomness)
        results = []
        for k in range(max(size, 1)):  # of no examples the outputs still have shapes
            part = trees.rebuilt(args, iter([take(x, d, k) for x, d in zip(flat, dims, strict=True)]))
            named = trees.rebuilt(kwargs, iter([take(x, d, k) for x, d in zip(kept, keyword_dims, strict=True)]))
            with draw:
                results.append(func(*part, **named))
        return _joined(results, out_dims, size)

    return mapped


def _input_dims(in_dims: Any, args: tuple[Any, ...], flat: list[Any]) -> list[int | None]:
    """The dimension to map over for each leaf of the arguments."""
    if isinstance(in_dims, int):
        return [
            one_dim("vmap", in_dims, x.array.ndim) if isinstance(x, TensorCore) else None
            for x in _mappable(flat, in_dims)
        ]
    if not isinstance(in_dims, tuple | list):
        raise ValueError(f"vmap: expected `in_dims` to be int or a tuple matching the inputs, got {in_dims!r}")
    if len(in_dims) != len(args):
        raise ValueError(
            f"vmap: in_dims has {len(in_dims)} entries, but the function was called with {len(args)} inputs"
        )
    dims = trees.spread(tuple(in_dims), args, "vmap: in_dims")
    found: list[int | None] = []
    for d, x in zip(dims, flat, strict=True):
        if d is None:
            found.append(None)
        elif not isinstance(d, int) or not isinstance(x, TensorCore):
            raise ValueError(
                f"vmap: Got in_dim={d} for an input of type {type(x).__name__}: use None to leave it as it is"
            )
        else:
            _mappable([x], d)
            found.append(one_dim("vmap", d, x.array.ndim))
    return found


def _mappable(flat: list[Any], dim: int) -> list[Any]:
    for x in flat:
        if isinstance(x, TensorCore) and not -x.array.ndim <= dim < x.array.ndim:
            raise ValueError(
                f"vmap: Got in_dim={dim} for an input of dimensionality {x.array.ndim}, expected in_dim to satisfy "
                f"-{x.array.ndim} <= in_dim < {x.array.ndim}"
            )
    return flat


def _common_size(flat: list[Any], dims: list[int | None]) -> int:
    sizes = [x.array.shape[d] for x, d in zip(flat, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError(
            "vmap: at least one input has to be a Tensor with a dimension to map over; all in_dims are None"
        )
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the "
            "mapped dimension"
        )
    return sizes[0]


def _taken(x: Any, dim: int | None, k: int) -> Any:
    return x if dim is None else getitem(x, (slice(None),) * dim + (k,))


def _shaped(x: Any, dim: int | None, k: int) -> Any:
    """Zeros in the shape of one example."""
    return x if dim is None else x.new_zeros(x.array.shape[:dim] + x.array.shape[dim + 1 :])


def _joined(results: list[Any], out_dims: Any, size: int) -> Any:
    """The results of all indices in one: each tensor stacked at its `out_dim`."""
    first = results[0]
    rows = [trees.leaves(result) for result in results]
    dims = trees.spread(out_dims, first, "vmap: out_dims")
    stacked = []
    for k, (x, d) in enumerate(zip(rows[0], dims, strict=True)):
        if not isinstance(x, TensorCore):
            raise ValueError(f"vmap: `func` must only return Tensors, got type {type(x).__name__}")
        if d is None:
            stacked.append(x)
            continue
        one_dim("vmap", d, x.array.ndim + 1)
        whole = stack([row[k] for row in rows])[:size]
        stacked.append(whole if d == 0 else movedim(whole, 0, d))
    return trees.rebuilt(first, iter(stacked))
