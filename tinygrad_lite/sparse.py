"""Sparse tensors, as programs for graphs make them: here they are dense, so that all operations work on them.

`sparse_coo_tensor` makes a dense tensor with the values at their places; `to_sparse`, `to_dense` and `coalesce` give
back the tensor that they are called on. Numbers and gradients are PyTorch's, the memory is that of a dense tensor. A
value of zero is like one that is not there.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.device import to_device
from tinygrad_lite.dtypes import BY_NUMPY, to_dtype
from tinygrad_lite.functions import linalg, reduction
from tinygrad_lite.functions.arguments import to_shape
from tinygrad_lite.functions.creation import as_tensor, plain_names, zeros
from tinygrad_lite.functions.writing import index_put
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import bare

__all__ = [
    "DoubleTensor", "FloatTensor", "LongTensor", "addmm", "mm", "sampled_addmm", "sparse_coo_tensor",
    "sparse_csr_tensor", "spmm", "sum",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def sparse_coo_tensor(
    indices: Any, values: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, check_invariants: bool | None = None, is_coalesced: bool | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """A dense tensor with `values` at the places in `indices`, and zeros elsewhere.

    Args:
        indices: integers, of shape (dimensions, values).
        values: numbers, one for each place, added up where a place is named twice; or a tensor of further
            dimensions. Gradients flow to them.
        size: the shape; just large enough without it.
        dtype: of the elements; that of the values without it.
        device: only the CPU.
        requires_grad: whether gradients are wanted of the tensor.
        check_invariants, is_coalesced: accepted as in PyTorch; the places are always checked.

    Raises:
        RuntimeError: if there are not as many values as places, or a place is outside.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0], (2, 3))
        tensor([[0., 0., 3.],
                [4., 0., 5.]])
    """
    plain_names("sparse_coo_tensor", names)
    to_device(device)
    if size is None and values is not None and isinstance(values, tuple):
        values, size = None, values  # sparse_coo_tensor(size)
    if values is None:  # all zeros
        return zeros(size if size is not None else indices, dtype=dtype, requires_grad=requires_grad)
    places = np.asarray(as_tensor(indices).array)
    values = as_tensor(values, dtype)
    if places.ndim != 2 or not values.array.ndim or places.shape[1] != len(values.array):
        raise RuntimeError(
            "sparse_coo_tensor(): indices must be a matrix with a column for each of the values, got shapes "
            f"{list(places.shape)} and {list(values.array.shape)}"
        )
    least = (*(places.max(1) + 1 if places.size else np.zeros(len(places), int)).tolist(), *values.array.shape[1:])
    shape = least if size is None else to_shape("sparse_coo_tensor", (size,))
    if len(shape) != len(least) or any(n < m for n, m in zip(shape, least, strict=True)) or (places < 0).any():
        raise RuntimeError(f"size is inconsistent with indices: values up to {list(least)} do not fit in {list(shape)}")
    empty = bare(np.zeros(shape, values.array.dtype))
    made = index_put(empty, tuple(bare(row.astype(np.int64)) for row in places), values, True)
    return made.requires_grad_() if requires_grad and made.node is None else made


def sparse_csr_tensor(
    crow_indices: Any, col_indices: Any, values: Any, size: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, check_invariants: bool | None = None, **names: Any,
) -> Tensor:  # fmt: skip
    """A dense matrix, from where each row begins in the lists of columns and values.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse_csr_tensor([0, 1, 2], [1, 0], [5.0, 6.0], (2, 2))
        tensor([[0., 5.],
                [6., 0.]])
    """
    plain_names("sparse_csr_tensor", names)
    starts, columns = as_tensor(crow_indices).array, as_tensor(col_indices).array
    places = np.stack([np.repeat(np.arange(len(starts) - 1), np.diff(starts)), columns])
    return sparse_coo_tensor(places, values, size, dtype=dtype, device=device, requires_grad=requires_grad)


class _Typed:
    """`sparse.FloatTensor(indices, values, size)`, older than `sparse_coo_tensor`."""

    def __init__(self, dtype: str) -> None:
        self.dtype = to_dtype(dtype)

    def __call__(self, *args: Any) -> Tensor:
        values = args[1] if len(args) > 1 else None
        if isinstance(values, TensorCore) and values.array.dtype != self.dtype.numpy:
            raise TypeError(
                f"sparse tensors of {self.dtype} are made of such values, not {BY_NUMPY[values.array.dtype]}"
            )
        if not isinstance(values, TensorCore):  # sizes alone
            return zeros(*args, dtype=self.dtype)
        return sparse_coo_tensor(*args, dtype=self.dtype)

    def __instancecheck__(self, instance: Any) -> bool:
        return False


FloatTensor, DoubleTensor, LongTensor = _Typed("float32"), _Typed("float64"), _Typed("int64")


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, of which one may be sparse in PyTorch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse.mm(tg.eye(2).to_sparse(), tg.ones(2, 1))
        tensor([[1.],
                [1.]])
    """
    return linalg.mm(mat1, mat2)


def spmm(input: Tensor, mat2: Tensor) -> Tensor:
    """`sparse.mm` under another name; a vector may be multiplied, too.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.spmm(tg.eye(2).to_sparse(), tg.ones(2, 1))
        tensor([[1.],
                [1.]])
    """
    return linalg.matmul(input, mat2)


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * mat + alpha * (mat1 @ mat2).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse.addmm(tg.ones(2, 1), tg.eye(2), tg.ones(2, 1), beta=2)
        tensor([[3.],
                [3.]])
    """
    return linalg.addmm(mat, mat1, mat2, beta=beta, alpha=alpha)


def sampled_addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """alpha * (mat1 @ mat2) where `input` is not zero, plus beta * input.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse.sampled_addmm(tg.eye(2), tg.ones(2, 1), tg.ones(1, 2))
        tensor([[2., 0.],
                [0., 2.]])
    """
    there = bare((input.array != 0).astype(input.array.dtype))
    return linalg.addmm(input, mat1, mat2, beta=beta, alpha=alpha) * there


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum over all dimensions or some.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.sparse.sum(tg.eye(2).to_sparse())
        tensor(2.)
    """
    return reduction.sum(input, dim, dtype=dtype)
