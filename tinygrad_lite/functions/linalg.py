"""Products of matrices and vectors."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor
from tinygrad_lite.ops import linalg as ops

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _ranks(name: str, a: Tensor, b: Tensor, ranks: tuple[int, int]) -> None:
    """Refuse what does not have the number of dimensions that the product is for."""
    need_tensor(name, "input", a)
    need_tensor(name, "mat2", b, 2)
    if (a.array.ndim, b.array.ndim) != ranks:
        raise RuntimeError(
            f"{name}: expected tensors of {ranks[0]} and {ranks[1]} dimensions, got shapes "
            f"{list(a.array.shape)} and {list(b.array.shape)}"
        )


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product `input @ other`, over any leading batch dimensions, which broadcast.

    Vectors count as a row on the left and as a column on the right, and their dimension is dropped.

    Raises:
        RuntimeError: if the inner dimensions differ, the dtypes differ, or one has no dimensions.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.matmul(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    need_tensor("matmul", "input", input)
    need_tensor("matmul", "other", other, 2)
    return ops.matmul(input, other)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.mm(tg.eye(2), tg.ones(2, 1))
        tensor([[1.],
                [1.]])
    """
    _ranks("mm", input, mat2, (2, 2))
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bmm(tg.ones(5, 2, 3), tg.ones(5, 3, 4)).shape
        Size([5, 2, 4])
    """
    _ranks("bmm", input, mat2, (3, 3))
    if input.array.shape[0] != mat2.array.shape[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {input.array.shape[0]} and {mat2.array.shape[0]}"
        )
    return matmul(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.mv(tg.eye(2), tg.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    _ranks("mv", input, vec, (2, 1))
    return matmul(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.dot(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor(11.)
    """
    _ranks("dot", input, tensor, (1, 1))
    return matmul(input, tensor)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of an element of one vector with one of the other.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.outer(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    _ranks("outer", input, vec2, (1, 1))
    return input.unsqueeze(1) * vec2


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addmm(tg.ones(2), tg.eye(2), tg.eye(2))
        tensor([[2., 1.],
                [1., 2.]])
    """
    product = mm(mat1, mat2)
    product = product if alpha == 1 else product * alpha
    return product + (input if beta == 1 else input * beta)
