"""The methods of a tensor that arrange, take out, put in, or make elements. The others are in `methods.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lite.functions import (
    axes,
    creation,
    diagonals,
    drawing,
    facts,
    gathering,
    indexing,
    joining,
    scattering,
    searching,
    shaping,
    splitting,
    turning,
    writing,
)
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.inplace import check_writable, in_place, turn_in_place
from tinygrad_lite.layout import contiguous_format, lies_as
from tinygrad_lite.random import Generator, current_generator
from tinygrad_lite.views import note_write


def _turning(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place method of a function that returns a view: the tensor itself becomes that view."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return turn_in_place(self, lambda: function(self, *args, **kwargs), name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name[:-1]}`: this tensor itself gets the new shape."
    return method


class ShapeMethods(TensorCore):
    """The methods of `Tensor` that are functions of shapes, indices and creation."""

    __slots__ = ()
    dtype: Any

    # shape: views where possible
    reshape = shaping.reshape
    reshape_as = shaping.reshape_as
    view = shaping.view
    view_as = shaping.view_as
    flatten = shaping.flatten
    unflatten = shaping.unflatten
    ravel = shaping.ravel
    permute = axes.permute
    transpose = axes.transpose
    swapaxes = axes.swapaxes
    swapdims = axes.swapdims
    t = axes.t
    adjoint = axes.adjoint
    movedim = axes.movedim
    moveaxis = axes.moveaxis
    expand = shaping.expand
    expand_as = shaping.expand_as
    broadcast_to = shaping.broadcast_to
    sum_to_size = shaping.sum_to_size
    squeeze = shaping.squeeze
    unsqueeze = shaping.unsqueeze
    clone = shaping.clone
    contiguous = shaping.contiguous
    as_strided = splitting.as_strided
    storage_offset = splitting.storage_offset
    T = property(axes.T, doc=axes.T.__doc__)
    mT = property(axes.mT, doc=axes.mT.__doc__)  # noqa: N815 - PyTorch's name
    H = property(axes.H, doc=axes.H.__doc__)
    mH = property(axes.adjoint, doc=axes.adjoint.__doc__)  # noqa: N815 - PyTorch's name

    # pieces
    split = splitting.split
    split_with_sizes = splitting.split_with_sizes
    chunk = splitting.chunk
    tensor_split = splitting.tensor_split
    hsplit = splitting.hsplit
    vsplit = splitting.vsplit
    dsplit = splitting.dsplit
    unbind = splitting.unbind
    select = splitting.select
    narrow = splitting.narrow
    unfold = splitting.unfold
    diagonal = diagonals.diagonal

    # copies in another arrangement
    repeat = joining.repeat
    repeat_interleave = joining.repeat_interleave
    tile = joining.tile
    diff = joining.diff
    flip = turning.flip
    fliplr = turning.fliplr
    flipud = turning.flipud
    rot90 = turning.rot90
    roll = turning.roll
    tril = diagonals.tril
    triu = diagonals.triu
    diag = diagonals.diag
    diag_embed = diagonals.diag_embed
    diagflat = diagonals.diagflat

    # taking out
    gather = gathering.gather
    index_select = gathering.index_select
    masked_select = indexing.masked_select
    take = gathering.take
    take_along_dim = gathering.take_along_dim
    nonzero = searching.nonzero
    argwhere = searching.argwhere

    # putting in
    masked_fill = indexing.masked_fill
    masked_scatter = writing.masked_scatter
    scatter = scattering.scatter
    scatter_add = scattering.scatter_add
    scatter_reduce = scattering.scatter_reduce
    index_add = scattering.index_add
    index_copy = scattering.index_copy
    index_fill = scattering.index_fill
    index_put = writing.index_put
    index_reduce = scattering.index_reduce
    put = writing.put
    select_scatter = writing.select_scatter
    slice_scatter = writing.slice_scatter
    diagonal_scatter = writing.diagonal_scatter
    as_strided_scatter = writing.as_strided_scatter

    # in place
    tril_ = in_place(diagonals.tril, "tril_")
    triu_ = in_place(diagonals.triu, "triu_")
    masked_fill_ = in_place(indexing.masked_fill, "masked_fill_")
    masked_scatter_ = in_place(writing.masked_scatter, "masked_scatter_")
    scatter_ = in_place(scattering.scatter, "scatter_")
    scatter_add_ = in_place(scattering.scatter_add, "scatter_add_")
    scatter_reduce_ = in_place(scattering.scatter_reduce, "scatter_reduce_")
    index_add_ = in_place(scattering.index_add, "index_add_")
    index_copy_ = in_place(scattering.index_copy, "index_copy_")
    index_fill_ = in_place(scattering.index_fill, "index_fill_")
    index_put_ = in_place(writing.index_put, "index_put_")
    index_reduce_ = in_place(scattering.index_reduce, "index_reduce_")
    put_ = in_place(writing.put, "put_")
    fill_diagonal_ = in_place(writing.fill_diagonal, "fill_diagonal_")

    squeeze_ = _turning(shaping.squeeze, "squeeze_")
    unsqueeze_ = _turning(shaping.unsqueeze, "unsqueeze_")
    transpose_ = _turning(axes.transpose, "transpose_")
    swapaxes_ = _turning(axes.transpose, "swapaxes_")
    swapdims_ = _turning(axes.transpose, "swapdims_")
    t_ = _turning(axes.t, "t_")
    as_strided_ = _turning(splitting.as_strided, "as_strided_")

    # what it is
    is_nonzero = facts.is_nonzero

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """Whether the elements lie in memory without gaps, in the order of their indices or another one."""
        return lies_as(self.array, memory_format)

    # assigned as a whole
    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Write `src`, which broadcasts, over this tensor."""
        if not isinstance(src, TensorCore):
            raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
        return indexing.assign(self, src, "copy_")

    fill_ = indexing.fill_
    zero_ = indexing.zero_
    resize_ = creation.resize_
    resize_as_ = creation.resize_as_

    # drawn
    bernoulli = drawing.bernoulli
    multinomial = drawing.multinomial

    def _draw(self, name: str, values: Callable[[Generator, int], np.ndarray], generator: Generator | None) -> Any:
        check_writable(self, name)
        array = self.array
        drawn = values(generator or current_generator(), array.size)
        if not array.flags.c_contiguous:  # PyTorch goes through the elements as they lie in memory
            array = array.transpose(sorted(range(array.ndim), key=lambda k: -abs(array.strides[k])))
        array[...] = drawn.reshape(array.shape)
        note_write(self, name)
        return self

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write random numbers in [a, b), all equally likely."""
        if a > b:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
        kind = self.array.dtype
        return self._draw("uniform_", lambda g, n: g.uniform_between(n, a, b, kind), generator)

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write normal random numbers."""
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        kind = self.array.dtype
        if not self.array.flags.c_contiguous:
            return self._draw("normal_", lambda g, n: g.normal_in_pairs(n) * std + mean, generator)
        return self._draw("normal_", lambda g, n: g.normal(n, kind) * std + mean, generator)

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """Write ones with probability `p`, a number or a tensor that broadcasts, else zeros."""
        if isinstance(p, TensorCore):
            odds = shaping.expand(p, self.array.shape)
            return indexing.assign(self, drawing.bernoulli(odds, generator=generator), "bernoulli_")
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return self._draw("bernoulli_", lambda g, n: g.bernoulli(n, p), generator)

    def random_(self, low: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Any:
        """Write random integers from `low` up to, not including, `to`; without either, of the dtype's whole range.

        Raises:
            RuntimeError: if there is no integer between them.
        """
        low, high = drawing.integer_range(self.array.dtype, low, to)
        return self._draw("random_", lambda g, n: g.integers(n, low, high), generator)

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write random numbers of the exponential distribution of rate `lambd`.

        Raises:
            RuntimeError: if the rate is not positive.
        """
        if lambd <= 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        return self._draw("exponential_", lambda g, n: g.exponential(n) / lambd, generator)

    def geometric_(self, p: float, *, generator: Generator | None = None) -> Any:
        """Write how many trials, each a success with probability `p`, it took to the first success.

        Raises:
            RuntimeError: if `p` is not between 0 and 1.
        """
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        failure = np.log1p(-p)
        double = np.dtype(np.float64)
        return self._draw("geometric_", lambda g, n: np.ceil(np.log(g.uniform(n, double)) / failure), generator)

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Any:
        """Write random numbers whose logarithm is normal, with that mean and standard deviation.

        Raises:
            RuntimeError: if `std` is not positive.
        """
        if std <= 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        return self._draw("log_normal_", lambda g, n: np.exp(g.normal_in_pairs(n) * std + mean), generator)

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Write random numbers of the Cauchy distribution.

        Raises:
            RuntimeError: if `sigma` is not positive.
        """
        if sigma <= 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        double = np.dtype(np.float64)
        return self._draw(
            "cauchy_", lambda g, n: median + sigma * np.tan(np.pi * (g.uniform(n, double) - 0.5)), generator
        )

    # new ones of this dtype
    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """A tensor with a copy of `data`, in this tensor's dtype."""
        return creation.tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Zeros in this tensor's dtype."""
        return creation.zeros(*size, dtype=dtype or self.dtype, **kwargs)

    def new_ones(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Ones in this tensor's dtype."""
        return creation.ones(*size, dtype=dtype or self.dtype, **kwargs)

    def new_empty(self, *size: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A tensor still to be written, in this tensor's dtype."""
        return creation.empty(*size, dtype=dtype or self.dtype, **kwargs)

    def new_empty_strided(self, size: Any, stride: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A tensor still to be written, with strides, in this tensor's dtype."""
        return creation.empty_strided(size, stride, dtype=dtype or self.dtype, **kwargs)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, **kwargs: Any) -> Any:
        """One value, in this tensor's dtype."""
        return creation.full(size, fill_value, dtype=dtype or self.dtype, **kwargs)
