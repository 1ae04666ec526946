"""The functions that put dimensions into another order: `permute`, `transpose`, `movedim` ... All give views."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor, one_dim, sizes_of, to_axis
from tinygrad_lite.ops import shape as ops
from tinygrad_lite.ops.elementwise import conj

__all__ = ["adjoint", "moveaxis", "movedim", "permute", "swapaxes", "swapdims", "t", "transpose"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def permute(input: Tensor, *dims: Any, **names: Any) -> Tensor:
    """The dimensions in another order; a view.

    Raises:
        RuntimeError: if `dims` does not name each dimension once.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.permute(tg.zeros(2, 3, 4), (2, 0, 1)).shape
        Size([4, 2, 3])
    """
    need_tensor("permute", "input", input)
    axes = sizes_of("permute", dims, names, "dims")
    ndim = input.array.ndim
    if len(axes) != ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(axes)}"
        )
    to_axis("permute", axes, ndim)
    return ops.permute(input, axes)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped; a view.

    Raises:
        IndexError: if a dimension does not exist.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.transpose(tg.zeros(2, 3), 0, 1).shape
        Size([3, 2])
    """
    need_tensor("transpose", "input", input)
    ndim = input.array.ndim
    a, b = one_dim("transpose", dim0, ndim), one_dim("transpose", dim1, ndim)
    return ops.transpose(input, a, b) if ndim else input


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transposed matrix; a view. A vector stays as it is.

    Raises:
        RuntimeError: for more than two dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.t(tg.tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    need_tensor("t", "input", input)
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return ops.transpose(input, 0, 1) if input.array.ndim == 2 else input


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places, the rest in order; a view.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.movedim(tg.zeros(2, 3, 4), 0, -1).shape
        Size([3, 4, 2])
    """
    need_tensor("movedim", "input", input)
    ndim = input.array.ndim
    sources = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    if len(sources) != len(targets):
        raise RuntimeError(f"movedim(): source {source} and destination {destination} must have the same length")
    sources = list(to_axis("movedim", sources, ndim) or ())
    targets = list(to_axis("movedim", targets, ndim) or ())
    order = [d for d in range(ndim) if d not in sources]
    for place, d in sorted(zip(targets, sources, strict=True)):
        order.insert(place, d)
    return ops.permute(input, tuple(order))


moveaxis = movedim


def mT(input: Tensor) -> Tensor:  # noqa: N802 - PyTorch's name
    """The last two dimensions swapped; a view."""
    ndim = input.array.ndim
    if ndim < 2:
        raise RuntimeError(f"tensor.mT is only supported on matrices or batches of matrices. Got {ndim}-D tensor.")
    return ops.transpose(input, ndim - 2, ndim - 1)


def T(input: Tensor) -> Tensor:  # noqa: N802 - PyTorch's name
    """The dimensions in reverse order; a view."""
    return ops.permute(input, tuple(range(input.array.ndim))[::-1])


def H(input: Tensor) -> Tensor:  # noqa: N802 - PyTorch's name
    """A matrix transposed and conjugated; a view if it is real."""
    if input.array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {input.array.ndim}-D tensor.")
    return _conjugate(t(input))


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped, and conjugated; a view if it is real.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.adjoint(tg.tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    need_tensor("adjoint", "input", input)
    if not input.array.ndim:
        return _conjugate(input)
    return _conjugate(mT(input))


def _conjugate(input: Tensor) -> Tensor:
    return conj(input) if input.array.dtype.kind == "c" else input
