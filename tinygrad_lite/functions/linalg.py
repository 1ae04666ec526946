"""Products of matrices and vectors, batched or not."""

from __future__ import annotations

from typing import Any, TypeAlias

from tinygrad_lite.dtypes import promote_types
from tinygrad_lite.functions import diagonals
from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.functions.einsum import contract, tensordot
from tinygrad_lite.functions.joining import cat
from tinygrad_lite.ops import elementwise, reduce, shape, window
from tinygrad_lite.ops import linalg as ops

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "block_diag", "bmm", "chain_matmul", "dot", "ger", "inner",
    "kron", "matmul", "mm", "mv", "outer", "vdot",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer


def _ranks(name: str, a: Tensor, b: Tensor, ranks: tuple[int, int], names: tuple[str, str]) -> None:
    """Refuse what does not have the number of dimensions, or not the dtype, that the product is for."""
    need_tensor(name, names[0], a)
    need_tensor(name, names[1], b, 2)
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
    _ranks("mm", input, mat2, (2, 2), ("input", "mat2"))
    return ops.matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.bmm(tg.ones(5, 2, 3), tg.ones(5, 3, 4)).shape
        Size([5, 2, 4])
    """
    _ranks("bmm", input, mat2, (3, 3), ("input", "mat2"))
    if input.array.shape[0] != mat2.array.shape[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {input.array.shape[0]} and {mat2.array.shape[0]}"
        )
    return ops.matmul(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.mv(tg.eye(2), tg.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    _ranks("mv", input, vec, (2, 1), ("input", "vec"))
    return ops.matmul(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements.

    Raises:
        RuntimeError: if they are no vectors, or differ in length or dtype.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.dot(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor(11.)
    """
    _ranks("dot", input, tensor, (1, 1), ("input", "tensor"))
    return ops.matmul(input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements, those of the first conjugated.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.vdot(tg.tensor([1j, 2.0]), tg.tensor([1j, 1.0]))
        tensor(3.+0.j)
    """
    _ranks("vdot", input, other, (1, 1), ("input", "other"))
    return ops.matmul(elementwise.conj(input) if input.is_complex() else input, other)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """`vdot` along a dimension; the others broadcast.

    Raises:
        RuntimeError: if the vectors differ in length.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.vecdot(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    need_tensor("linalg.vecdot", "x", x)
    need_tensor("linalg.vecdot", "y", y, 2)
    if x.array.dtype.kind not in "fc" or y.array.dtype.kind not in "fc":
        raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {x.dtype}")
    products = elementwise.mul(elementwise.conj(x) if x.is_complex() else x, y)
    axis = one_dim("linalg.vecdot", dim, products.array.ndim)
    if x.array.shape[axis - products.array.ndim] != y.array.shape[axis - products.array.ndim]:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same length along dim {dim}, got {list(x.array.shape)} and "
            f"{list(y.array.shape)}"
        )
    return reduce.sum(products, axis)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of an element of one vector with one of the other.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.outer(tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    _ranks("outer", input, vec2, (1, 1), ("input", "vec2"))
    return ops.outer(input, vec2)


ger = outer


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last dimension of both; with a number, that multiple.

    Raises:
        RuntimeError: if their last dimensions differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.inner(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    need_tensor("inner", "input", input)
    need_tensor("inner", "other", other, 2)
    if not input.array.ndim or not other.array.ndim:
        return elementwise.mul(input, other)
    if input.array.shape[-1] != other.array.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.array.shape)} "
            f"and {list(other.array.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker's product: each element of `input` replaced by that multiple of `other`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.kron(tg.tensor([1.0, 10.0]), tg.tensor([1.0, 2.0]))
        tensor([ 1.,  2., 10., 20.])
    """
    need_tensor("kron", "input", input)
    need_tensor("kron", "other", other, 2)
    ndim = max(input.array.ndim, other.array.ndim)
    a, b = ((1,) * (ndim - x.array.ndim) + x.array.shape for x in (input, other))
    left = shape.reshape(input, tuple(n for size in a for n in (size, 1)))
    right = shape.reshape(other, tuple(n for size in b for n in (1, size)))
    return shape.reshape(elementwise.mul(left, right), tuple(n * m for n, m in zip(a, b, strict=True)))


# --- a multiple of a product, and a multiple of something else --------------------------------------------


def _plus(name: str, input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """beta * input + alpha * product; with beta 0 the input is not looked at, even if it holds NaN.

    Raises:
        RuntimeError: if the dtypes differ, or the input does not broadcast to the shape of the product.
    """
    need_tensor(name, "input", input)
    if input.array.dtype is not product.array.dtype:
        raise RuntimeError(
            f"{name}(): self and mat2 must have the same dtype, but got {input.dtype} and {product.dtype}"
        )
    if product.array.dtype.kind in "bui":
        whole = bool if product.array.dtype.kind == "b" else int
        beta, alpha = whole(beta), whole(alpha)
    small, large = input.array.shape, product.array.shape
    if small != large:
        ends = zip(reversed(small), reversed(large), strict=False)
        if len(small) > len(large) or any(n not in (1, m) for n, m in ends):
            raise RuntimeError(
                f"{name}(): The expanded size of the tensor {list(large)} must match the existing size {list(small)} "
                "of the input, or that be 1"
            )
    if alpha != 1:
        product = elementwise.mul(product, alpha)
    if beta == 0:
        return product
    return elementwise.add(input if beta == 1 else elementwise.mul(input, beta), product)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2).

    Raises:
        RuntimeError: if the shapes or dtypes do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addmm(tg.ones(2), tg.eye(2), tg.eye(2))
        tensor([[2., 1.],
                [1., 2.]])
    """
    return _plus("addmm", input, mm(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addmv(tg.ones(2), tg.eye(2), tg.tensor([1.0, 2.0]))
        tensor([2., 3.])
    """
    return _plus("addmv", input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addr(tg.zeros(2, 2), tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    need_tensor("addr", "input", input)
    product = outer(vec1, vec2)
    common = promote_types(input.dtype, product.dtype)
    for factor, value in (("beta", beta), ("alpha", alpha)):
        if isinstance(value, float) and common.numpy.kind in "bui":
            raise RuntimeError(
                f"addr(): For integral input tensors, argument {factor} must not be a floating point number: {value}"
            )
    return _plus("addr", input.to(common), product.to(common), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2).

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.baddbmm(tg.ones(2), tg.ones(1, 2, 3), tg.ones(1, 3, 2))
        tensor([[[4., 4.],
                 [4., 4.]]])
    """
    return _plus("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the sum of bmm(batch1, batch2) over the batch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.addbmm(tg.zeros(2), tg.ones(5, 2, 3), tg.ones(5, 3, 2))
        tensor([[15., 15.],
                [15., 15.]])
    """
    return _plus("addbmm", input, reduce.sum(bmm(batch1, batch2), 0).to(batch1.dtype), beta, alpha)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of matrices: `torch.diagonal` with other defaults.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.diagonal(tg.ones(5, 2, 3)).shape
        Size([5, 2])
    """
    return diagonals.diagonal(A, offset, dim1, dim2)


# --- several -----------------------------------------------------------------------------------------------


def multi_dot(tensors: Any) -> Tensor:
    """The product of several matrices, the pairs first that cost least; the first and last may be vectors.

    Raises:
        RuntimeError: for fewer than two, or if neighbours do not fit.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.linalg.multi_dot([tg.eye(2), tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.ones(2)])
        tensor([3., 7.])
    """
    count = len(tensors)
    if count < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    labels = []
    for k, x in enumerate(tensors):
        need_tensor("multi_dot", "tensors", x)
        end = k in (0, count - 1)
        if x.array.ndim != 2 and not (end and x.array.ndim == 1):
            raise RuntimeError(f"multi_dot(): tensor {k} must be {'1D or 2D' if end else '2D'} but got {x.array.ndim}D")
        if k and x.array.shape[0] != tensors[k - 1].array.shape[-1]:
            raise RuntimeError(
                f"multi_dot(): tensors {k - 1} and {k} with shapes {list(tensors[k - 1].array.shape)} and "
                f"{list(x.array.shape)} cannot be multiplied"
            )
        labels.append([k, k + 1] if x.array.ndim == 2 else [k + (k == 0)])
    return contract(labels, [label for part in (labels[0][:-1], labels[-1][1:]) for label in part], tensors)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices; PyTorch's older name for `linalg.multi_dot`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.chain_matmul(tg.ones(2, 3), tg.ones(3, 4), tg.ones(4, 1)).shape
        Size([2, 1])
    """
    return multi_dot(matrices) if len(matrices) != 1 else matrices[0]


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, which is zero elsewhere.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.block_diag(tg.ones(1, 2), tg.tensor([[5.0]]))
        tensor([[1., 1., 0.],
                [0., 0., 5.]])
    """
    blocks = []
    for k, x in enumerate(tensors):
        need_tensor("block_diag", "tensors", x, k + 1)
        if x.array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {k} has {x.ndim}"
            )
        blocks.append(shape.reshape(x, (1,) * (2 - x.array.ndim) + x.array.shape))
    widths = [b.array.shape[1] for b in blocks]
    return cat([window.pad(b, ((0, 0), (sum(widths[:k]), sum(widths[k + 1 :])))) for k, b in enumerate(blocks)])
