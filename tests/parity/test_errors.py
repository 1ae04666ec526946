"""What PyTorch refuses is refused, with the same kind of exception and a message that says what was wrong.

A line of a table: what is done wrong, the program, and words that our message must hold - the operation,
the shapes, the dtypes, or what to do instead.
"""

import copy
import re

import numpy as np
import pytest
import torch

import tinygrad_lite as tg


def grown(m, *shape):
    """A computed tensor."""
    return m.ones(*shape, requires_grad=True) * 1


def leaf(m, *shape):
    return m.ones(*shape, requires_grad=True)


def ints(m, *shape):
    return m.ones(*shape, dtype=m.int64)


def bools(m, *shape):
    return m.ones(*shape, dtype=m.bool)


SHAPES = [
    ("add of shapes that do not broadcast", lambda m: m.ones(2, 3) + m.ones(4), "add", "(3)", "(4)", "(2, 3)"),
    ("mul by function", lambda m: m.mul(m.ones(2, 3), m.ones(2)), "mul", "(3)", "(2)", "dimension 1"),
    ("comparison", lambda m: m.ones(2) < m.ones(3), "lt", "(2)", "(3)"),
    ("where", lambda m: m.where(bools(m, 2), m.ones(3), m.ones(2)), "where", "(2,)", "(3,)"),
    ("clamp by a tensor", lambda m: m.ones(2).clamp(min=m.ones(3)), "clamp", "(2,)", "(3,)"),
    ("add_ that would grow", lambda m: m.ones(3).add_(m.ones(2, 3)), "add_", "[3]", "[2, 3]"),
    ("copy_ that does not fit", lambda m: m.ones(2).copy_(m.ones(3)), "copy_", "[2]", "[3]"),
    ("matmul", lambda m: m.ones(2, 3) @ m.ones(4, 5), "matmul", "2x3 and 4x5"),
    ("matmul by function", lambda m: m.matmul(m.ones(3), m.ones(4)), "matmul", "(3,)", "(4,)"),
    ("matmul of batches", lambda m: m.ones(2, 3, 4) @ m.ones(3, 4, 5), "matmul", "(2)", "(3)"),
    ("matmul of 0-d", lambda m: m.ones(()) @ m.ones(3), "matmul", "0D"),
    ("mm of vectors", lambda m: m.mm(m.ones(3), m.ones(3)), "mm", "[3]"),
    ("mm", lambda m: m.mm(m.ones(2, 3), m.ones(2, 3)), "2x3 and 2x3"),
    ("bmm", lambda m: m.bmm(m.ones(2, 3, 4), m.ones(3, 4, 5)), "batch", "2", "3"),
    ("bmm of matrices", lambda m: m.bmm(m.ones(3, 4), m.ones(4, 5)), "bmm", "[3, 4]"),
    ("mv", lambda m: m.mv(m.ones(2, 3), m.ones(2)), "(2, 3)", "(2,)"),
    ("dot", lambda m: m.dot(m.ones(2), m.ones(3)), "(2,)", "(3,)"),
    ("dot of matrices", lambda m: m.dot(m.ones(2, 2), m.ones(2, 2)), "dot", "[2, 2]"),
    ("outer of matrices", lambda m: m.outer(m.ones(2, 2), m.ones(2)), "outer", "[2, 2]"),
    ("reshape", lambda m: m.ones(6).reshape(4, 2), "[4, 2]", "6"),
    ("reshape with two -1", lambda m: m.ones(6).reshape(-1, -1), "only one dimension can be inferred"),
    ("reshape with -1 that does not divide", lambda m: m.ones(6).reshape(4, -1), "[4, -1]", "6"),
    ("reshape of empty with -1", lambda m: m.ones(0, 3).reshape(-1, 0), "[-1, 0]", "ambiguous"),
    ("reshape with -2", lambda m: m.ones(6).reshape(-2, 3), "-2"),
    ("view", lambda m: m.ones(6).view(5), "view", "[5]", "6"),
    ("view that would copy", lambda m: m.ones(2, 3).t().view(6), "view", "reshape"),
    ("expand", lambda m: m.ones(2, 3).expand(2, 4), "[2, 4]", "[2, 3]"),
    ("expand to fewer dimensions", lambda m: m.ones(2, 3).expand(3), "[3]", "[2, 3]"),
    ("expand with a leading -1", lambda m: m.ones(3).expand(-1, 3), "-1"),
    ("broadcast_to", lambda m: m.broadcast_to(m.ones(2), (3,)), "[3]", "[2]"),
    ("cat", lambda m: m.cat([m.ones(2, 3), m.ones(2, 4)]), "cat", "[2, 3]", "[2, 4]", "number 1"),
    ("cat of other ranks", lambda m: m.cat([m.ones(2, 3), m.ones(3)]), "dimensions", "2", "1"),
    ("cat of 0-d", lambda m: m.cat([m.ones(()), m.ones(())]), "zero-dimensional", "stack"),
    ("cat of nothing", lambda m: m.cat([]), "cat", "non-empty"),
    ("stack", lambda m: m.stack([m.ones(2), m.ones(3)]), "stack", "[2]", "[3]"),
    ("stack of nothing", lambda m: m.stack([]), "stack", "non-empty"),
    ("split by sizes", lambda m: m.ones(5).split([2, 2]), "split", "5", "[2, 2]"),
    ("split by -1", lambda m: m.ones(5).split(-1), "split", "-1"),
    ("split of 0-d", lambda m: m.ones(()).split(1), "split", "1-dimensional"),
    ("chunk into 0", lambda m: m.ones(5).chunk(0), "chunk", "greater than 0"),
    ("permute with too few", lambda m: m.ones(2, 3).permute(0), "permute", "2", "1"),
    ("permute twice the same", lambda m: m.ones(2, 3).permute(0, 0), "permute", "multiple times"),
    ("t of three dimensions", lambda m: m.ones(2, 3, 4).t(), "t()", "3D"),
    ("mT of a vector", lambda m: m.ones(3).mT, "mT", "1-D"),
    ("narrow too far", lambda m: m.ones(3).narrow(0, 2, 2), "narrow", "2", "3"),
    ("narrow of 0-d", lambda m: m.ones(()).narrow(0, 0, 0), "narrow", "0-dim"),
    ("repeat with too few", lambda m: m.ones(2, 3).repeat(2), "repeat", "[2]"),
    ("diagonal of one dimension", lambda m: m.ones(3, 3).diagonal(0, 1, 1), "identical", "1"),
    ("tril of a vector", lambda m: m.ones(3).tril(), "tril", "2 dimensions"),
    ("flatten backwards", lambda m: m.ones(2, 3).flatten(1, 0), "flatten", "start_dim"),
    ("roll that does not align", lambda m: m.ones(2, 3).roll((1, 2), 0), "align", "(1, 2)"),
    ("movedim of other lengths", lambda m: m.ones(2, 3).movedim((0, 1), (0,)), "movedim", "(0, 1)"),
    ("unpacking", lambda m: (lambda a, b: a)(*m.ones(3)), ""),
    ("zeros of a negative size", lambda m: m.zeros(2, -1), "negative", "-1"),
    ("eye of a negative size", lambda m: m.eye(-1), "-1"),
    ("linspace of negative steps", lambda m: m.linspace(0, 1, -1), "steps", "-1"),
    ("arange with step 0", lambda m: m.arange(0, 3, 0), "step"),
    ("arange the wrong way", lambda m: m.arange(3, 0), "step", "3 -> 0"),
    ("arange to infinity", lambda m: m.arange(0, float("inf")), "unsupported range"),
]  # fmt: skip

DIMS = [
    ("sum", lambda m: m.ones(2, 3).sum(2), "sum", "[-2, 1]", "got 2"),
    ("sum of two, one wrong", lambda m: m.sum(m.ones(2, 3), (0, -3)), "sum", "[-2, 1]", "got -3"),
    ("softmax", lambda m: m.softmax(m.ones(3), 1), "softmax", "[-1, 0]", "got 1"),
    ("cat", lambda m: m.cat([m.ones(3)], 1), "cat", "[-1, 0]", "got 1"),
    ("stack", lambda m: m.stack([m.ones(3)], 2), "stack", "[-2, 1]", "got 2"),
    ("unsqueeze", lambda m: m.ones(3).unsqueeze(3), "unsqueeze", "[-2, 1]", "got 3"),
    ("squeeze", lambda m: m.ones(3).squeeze(1), "squeeze", "[-1, 0]", "got 1"),
    ("transpose", lambda m: m.ones(2, 3).transpose(0, 2), "transpose", "[-2, 1]", "got 2"),
    ("permute", lambda m: m.ones(2, 3).permute(0, 2), "permute", "[-2, 1]", "got 2"),
    ("flip", lambda m: m.ones(2, 3).flip(2), "flip", "[-2, 1]", "got 2"),
    ("unbind", lambda m: m.ones(3).unbind(1), "unbind", "[-1, 0]", "got 1"),
    ("chunk", lambda m: m.ones(3).chunk(2, 1), "[-1, 0]", "got 1"),
    ("cumsum", lambda m: m.ones(3).cumsum(1), "cumsum", "[-1, 0]", "got 1"),
    ("max", lambda m: m.ones(3).max(1), "max", "[-1, 0]", "got 1"),
    ("argmax of 0-d", lambda m: m.ones(()).argmax(1), "argmax", "[-1, 0]", "got 1"),
    ("index_select", lambda m: m.ones(3).index_select(1, m.tensor([0])), "index_select", "[-1, 0]", "got 1"),
    ("gather", lambda m: m.ones(3).gather(1, m.tensor([0])), "gather", "[-1, 0]", "got 1"),
    ("size", lambda m: m.ones(2, 3).size(2), "range"),
    ("shape", lambda m: m.ones(2, 3).shape[2], "range"),
    ("diagonal", lambda m: m.ones(2, 3).diagonal(0, 0, 2), "diagonal", "[-2, 1]", "got 2"),
]  # fmt: skip

REDUCTIONS = [
    ("sum over one twice", lambda m: m.ones(2, 3).sum((1, -1)), "sum", "dim 1", "multiple times"),
    ("sum over a float", lambda m: m.ones(2).sum(1.5), "sum", "dim", "float"),
    ("mean of integers", lambda m: ints(m, 3).mean(), "mean", "int64", "float"),
    ("mean of truths", lambda m: bools(m, 3).mean(), "mean", "bool"),
    ("var of integers", lambda m: ints(m, 3).var(), "var", "int64"),
    ("std of integers", lambda m: ints(m, 3).std(0), "std", "int64"),
    ("norm of integers", lambda m: ints(m, 3).norm(), "norm", "int64"),
    ("softmax of integers", lambda m: ints(m, 3).softmax(0), "softmax", "int64"),
    ("log_softmax of integers", lambda m: m.log_softmax(ints(m, 3), 0), "log_softmax", "int64"),
    ("softmax of complex", lambda m: m.ones(3, dtype=m.complex64).softmax(0), "softmax", "complex64"),
    ("max of nothing", lambda m: m.ones(0).max(), "max", "(0,)"),
    ("max of nothing along a dimension", lambda m: m.ones(2, 0).max(1), "max", "(2, 0)"),
    ("amin of nothing", lambda m: m.ones(0, 2).amin(0), "amin", "(0, 2)"),
    ("argmax of nothing", lambda m: m.ones(0).argmax(), "argmax", "(0,)"),
    ("argmax of nothing along a dimension", lambda m: m.ones(2, 0).argmax(1), "argmax", "(2, 0)"),
    ("max of complex", lambda m: m.ones(3, dtype=m.complex64).max(), "max", "complex64"),
    ("amax of complex", lambda m: m.ones(3, dtype=m.complex64).amax(0), "amax", "complex64"),
    ("argmin of complex", lambda m: m.ones(3, dtype=m.complex64).argmin(), "argmin", "complex64"),
    ("prod over two", lambda m: m.ones(2, 3).prod((0, 1)), "prod", "dim"),
    ("argmax over two", lambda m: m.ones(2, 3).argmax((0, 1)), "argmax", "dim"),
    ("max over two", lambda m: m.ones(2, 3).max((0, 1)), "max"),
    ("std twice told", lambda m: m.ones(3).std(0, unbiased=True, correction=1), "std"),
    ("an unknown name", lambda m: m.ones(3).sum(dimension=0), "sum", "dimension"),
    ("cumsum without dim", lambda m: m.ones(3).cumsum(), "cumsum", "dim"),
    ("allclose of two dtypes", lambda m: m.allclose(m.ones(2), m.ones(2).double()), "float32", "float64"),
]  # fmt: skip

OPERANDS = [
    ("add of a string", lambda m: m.ones(2) + "a", "str"),
    ("add of None", lambda m: m.ones(2) + None, "None"),
    ("add of a list", lambda m: m.ones(2) + [1, 2], "list"),
    ("mul of a dict", lambda m: m.mul(m.ones(2), {}), "mul", "other", "dict"),
    ("list + tensor", lambda m: [1, 2] + m.ones(2), "list"),
    ("exp of a number", lambda m: m.exp(1.0), "exp", "input", "float"),
    ("sum of a list", lambda m: m.sum([1, 2]), "sum", "input", "list"),
    ("matmul with a number", lambda m: m.ones(2, 2) @ 2, "matmul", "Tensor", "2"),
    ("matmul by function with a list", lambda m: m.matmul(m.ones(2), [1, 2]), "matmul", "other", "list"),
    ("maximum with a number", lambda m: m.maximum(m.ones(2), 1), "maximum", "other", "int"),
    ("atan2 with a number", lambda m: m.ones(2).atan2(1), "atan2", "other", "int"),
    ("logical_and with a truth", lambda m: m.logical_and(bools(m, 2), True), "logical_and", "other", "bool"),
    ("cat of a tensor", lambda m: m.cat(m.ones(2)), "cat", "tensors", "Tensor"),
    ("cat of numbers", lambda m: m.cat([m.ones(2), 1]), "cat", "element 1", "int"),
    ("where by numbers", lambda m: m.where([True], m.ones(1), m.ones(1)), "where", "condition", "list"),
    ("where by integers", lambda m: m.where(ints(m, 2), m.ones(2), m.ones(2)), "where", "int64"),
    ("div in an unknown mode", lambda m: m.div(m.ones(2), 2, rounding_mode="up"), "rounding_mode", "up"),
    ("clamp without bounds", lambda m: m.ones(2).clamp(), "clamp", "min", "max"),
    ("negation of truths", lambda m: -bools(m, 2), "neg", "bool"),
    ("truths - truths", lambda m: bools(m, 2) - bools(m, 2), "sub", "bool"),
    ("number - truths", lambda m: 1 - bools(m, 2), "sub", "bool"),
    ("floats - truths", lambda m: m.ones(2) - bools(m, 2), "sub", "bool"),
    ("floats & floats", lambda m: m.ones(2) & m.ones(2), "bitwise_and", "float32"),
    ("bitwise_not of floats", lambda m: m.bitwise_not(m.ones(2)), "bitwise_not", "float32"),
    ("shift of floats", lambda m: m.bitwise_left_shift(m.ones(2), m.ones(2)), "bitwise_left_shift", "float32"),
    ("order of complex numbers", lambda m: m.ones(2, dtype=m.complex64) < 1, "lt", "complex64"),
    ("larger of complex numbers", lambda m: m.maximum(m.ones(2).cfloat(), m.ones(2).cfloat()), "maximum", "complex64"),
    ("clamp of complex numbers", lambda m: m.ones(2, dtype=m.complex64).clamp(0, 1), "clamp", "complex64"),
    ("floor of complex numbers", lambda m: m.ones(2, dtype=m.complex64).floor(), "floor", "complex64"),
    ("sign of complex numbers", lambda m: m.ones(2, dtype=m.complex64).sign(), "sign", "complex64"),
    ("atan2 of complex numbers", lambda m: m.atan2(m.ones(2).cfloat(), m.ones(2)), "atan2", "complex64"),
    ("erf of complex numbers", lambda m: m.ones(2, dtype=m.complex64).erf(), "erf", "complex64"),
    ("imag of real numbers", lambda m: m.imag(m.ones(2)), "imag"),
    ("integers to a negative power", lambda m: m.tensor([1, 2]) ** -1, "negative", "power"),
    ("integers // 0", lambda m: m.tensor([1, 2]) // 0, "ZeroDivisionError"),
    ("integers % 0", lambda m: m.tensor([1, 2]) % m.tensor([1, 0]), "ZeroDivisionError"),
    ("matmul of two dtypes", lambda m: m.ones(2, 2) @ m.ones(2, 2).double(), "matmul", "float32", "float64"),
    ("mv of two dtypes", lambda m: m.mv(m.ones(2, 2), ints(m, 2)), "float32", "int64"),
    ("masked_fill by integers", lambda m: m.ones(2).masked_fill(ints(m, 2), 0), "masked_fill", "int64"),
    ("masked_fill with a vector", lambda m: m.ones(2).masked_fill(bools(m, 2), m.ones(2)), "masked_fill", "1"),
    ("masked_fill of bytes with 300", lambda m: m.ones(2).byte().masked_fill(bools(m, 2), 300), "uint8", "300"),
    ("masked_fill with 1j", lambda m: m.ones(2).masked_fill(bools(m, 2), 1j), "float32", "1j"),
    ("fill_ of integers with nan", lambda m: ints(m, 2).fill_(m.nan), "int64", "nan"),
    ("fill_ with a vector", lambda m: m.ones(2).fill_(m.ones(2)), "fill_", "0-dim"),
    ("full of a value too large", lambda m: m.full((2,), 300, dtype=m.int8), "int8", "300"),
    ("masked_select by integers", lambda m: m.ones(2).masked_select(ints(m, 2)), "masked_select", "int64"),
    ("pow of a string", lambda m: m.pow(m.ones(2), "a"), "pow", "str"),
    ("alpha that is no integer", lambda m: m.add(ints(m, 2), ints(m, 2), alpha=1.5), "alpha"),
    ("integers /= integers", lambda m: ints(m, 2).div_(2), "div_", "int64", "float32"),
    ("integers += 1.5", lambda m: ints(m, 2).add_(1.5), "add_", "int64", "float32"),
    ("truths += 1", lambda m: bools(m, 2).add_(1), "add_", "bool", "int64"),
    ("floats *= 1j", lambda m: m.ones(2).mul_(1j), "mul_", "float32", "complex64"),
    ("sqrt_ of integers", lambda m: ints(m, 2).sqrt_(), "sqrt_", "int64"),
]  # fmt: skip


def deletion(m):
    x = m.ones(2)
    del x[0]


INDICES = [
    ("an index too large", lambda m: m.ones(2, 3)[2], "index 2", "size 2"),
    ("an index too small", lambda m: m.ones(2, 3)[-3], "index -3", "size 2"),
    ("an index too large, second", lambda m: m.ones(2, 3)[0, 3], "index 3", "size 3"),
    ("too many indices", lambda m: m.ones(2, 3)[0, 0, 0], "too many indices"),
    ("too many slices", lambda m: m.ones(2)[:, :], "too many indices"),
    ("a float", lambda m: m.ones(2)[1.0], "float"),
    ("a string", lambda m: m.ones(2)["a"], "str"),
    ("a float tensor", lambda m: m.ones(2)[m.tensor([1.0])], "float32"),
    ("a negative step", lambda m: m.ones(4)[::-1], "step", "flip"),
    ("a zero step", lambda m: m.ones(4)[::0], "step"),
    ("a slice of floats", lambda m: m.ones(4)[0.5:2], "slice", "float"),
    ("of a 0-d tensor", lambda m: m.ones(())[0], "0-dim", "item"),
    ("positions too large", lambda m: m.ones(2, 3)[m.tensor([0, 2])], "index 2", "size 2"),
    ("positions that do not broadcast", lambda m: m.ones(4, 4)[m.tensor([0, 1]), m.tensor([0, 1, 2])], "(2,)", "(3,)"),
    ("a mask of another shape", lambda m: m.ones(3)[m.tensor([True, False])], "2", "3"),
    ("a mask of too many dimensions", lambda m: m.ones(3)[bools(m, 3, 2)], "too many indices"),
    ("assignment that does not fit", lambda m: m.ones(2, 3).__setitem__(0, m.ones(2)), "[3]", "[2]"),
    ("assignment of too many dimensions", lambda m: m.ones(3).__setitem__(slice(None), m.ones(2, 3)), "[3]", "[2, 3]"),
    ("assignment to positions that does not fit", lambda m: m.ones(4).__setitem__(m.tensor([0, 1]), m.ones(3)), "(3,)", "(2,)"),
    ("assignment to a mask that does not fit", lambda m: m.ones(3).__setitem__(bools(m, 3), m.ones(2)), "2", "3"),
    ("assignment of a string", lambda m: m.ones(3).__setitem__(0, "a"), "str"),
    ("assignment of None", lambda m: m.ones(3).__setitem__(0, None), "None"),
    ("assignment out of range", lambda m: m.ones(3).__setitem__(3, 1), "index 3", "size 3"),
    ("gather by floats", lambda m: m.ones(2).gather(0, m.ones(2)), "gather", "int64", "float32"),
    ("gather by another rank", lambda m: m.ones(2, 2).gather(0, m.tensor([0])), "dimensions"),
    ("gather out of range", lambda m: m.ones(2).gather(0, m.tensor([2])), "out of bounds", "2"),
    ("gather by a larger index", lambda m: m.ones(2, 2).gather(0, m.tensor([[0, 0, 0]])), "[1, 3]", "[2, 2]"),
    ("index_select by floats", lambda m: m.ones(2).index_select(0, m.ones(1)), "index_select", "float32"),
    ("index_select by a matrix", lambda m: m.ones(2).index_select(0, m.tensor([[0]])), "index_select", "vector"),
    ("index_select from the end", lambda m: m.ones(2).index_select(0, m.tensor([-1])), "index_select", "2"),
    ("index_select out of range", lambda m: m.ones(2).index_select(0, m.tensor([2])), "2"),
    ("assignment of other dtypes to positions", lambda m: m.ones(3).__setitem__(m.tensor([0]), m.tensor([1])), "float32", "int64"),
    ("assignment of a number too large", lambda m: m.ones(2).char().__setitem__(0, 300), "int8", "300"),
    ("deletion", deletion, ""),
]  # fmt: skip

VALUES = [
    ("truth of many", lambda m: bool(m.ones(2)), "ambiguous", "more than one"),
    ("truth of none", lambda m: bool(m.ones(0)), "ambiguous", "no value"),
    ("if of many", lambda m: 1 if m.ones(2) > 0 else 0, "ambiguous"),
    ("item of many", lambda m: m.ones(2).item(), "2 elements"),
    ("item of none", lambda m: m.ones(0).item(), "0 elements"),
    ("float of many", lambda m: float(m.ones(2)), "Scalar"),
    ("int of many", lambda m: int(m.ones(2)), "Scalar"),
    ("index by a float", lambda m: [1, 2][m.tensor(1.0)], "integer"),
    ("range of a float", lambda m: range(m.tensor(1.5)), "integer"),
    ("len of 0-d", lambda m: len(m.ones(())), "0-d"),
    ("iteration over 0-d", lambda m: list(m.ones(())), "0-d"),
    ("format of many", lambda m: f"{m.ones(2):.2f}", ""),
    ("numpy of what requires grad", lambda m: leaf(m, 2).numpy(), "numpy", "detach"),
    ("np.asarray of what requires grad", lambda m: np.asarray(leaf(m, 2)), "numpy", "detach"),
    ("tensor of text", lambda m: m.tensor("a"), ""),
    ("tensor of texts", lambda m: m.tensor(["a"]), ""),
    ("tensor of rows that differ", lambda m: m.tensor([[1, 2], [3]]), "length"),
    ("tensor of None", lambda m: m.tensor(None), "NoneType"),
    ("tensor of objects", lambda m: m.tensor([object()]), "object"),
    ("tensor of a large integer", lambda m: m.tensor(2**64), "64"),
    ("tensor of a dict", lambda m: m.tensor({"a": 1}), "dict"),
    ("tensor of bytes too large", lambda m: m.tensor([300], dtype=m.uint8), "uint8", "300"),
    ("tensor of nan as integers", lambda m: m.tensor([m.nan], dtype=m.int64), "int64", "nan"),
    ("from_numpy of a list", lambda m: m.from_numpy([1, 2]), "ndarray", "list"),
    ("from_numpy of text", lambda m: m.from_numpy(np.array(["a"])), ""),
    ("from_numpy of objects", lambda m: m.from_numpy(np.array([None])), ""),
    ("an unknown dtype", lambda m: m.zeros(2, dtype="float99"), "float99"),
    ("an unknown device", lambda m: m.zeros(2, device="abacus"), "abacus"),
    ("zeros of a float size", lambda m: m.zeros(2.5), "zeros", "2.5"),
    ("zeros of a string size", lambda m: m.zeros("a"), "zeros"),
    ("reshape to a float", lambda m: m.ones(4).reshape(2.0, 2), "reshape", "2.0"),
    ("full without a value", lambda m: m.full((2,)), "full", "fill_value"),
    ("arange of nothing", lambda m: m.arange(), "arange"),
    ("an unknown keyword", lambda m: m.zeros(2, shape=3), "zeros", "shape"),
    ("zeros_like of a list", lambda m: m.zeros_like([1]), "zeros_like", "list"),
    ("the default dtype an integer", lambda m: m.set_default_dtype(m.int64), "floating", "int64"),
    ("to nothing known", lambda m: m.ones(2).to("float99"), "float99"),
    ("to with an unknown keyword", lambda m: m.ones(2).to(kind=m.float64), "to", "kind"),
    ("an unknown attribute", lambda m: m.ones(2).shapes, "shapes"),
    ("an unknown function", lambda m: m.does_not_exist, "does_not_exist"),
    ("randint of an empty range", lambda m: m.randint(3, 3, (2,)), "from=3", "to=3"),
    ("rand of integers", lambda m: m.rand(2, dtype=m.int64), "int64"),
    ("randperm of a negative number", lambda m: m.randperm(-1), "-1"),
    ("normal with a negative std", lambda m: m.normal(0.0, -1.0, (2,)), "std", "-1"),
    ("normal_ with a negative std", lambda m: m.ones(2).normal_(0, -1), "std", "-1"),
    ("uniform_ backwards", lambda m: m.ones(2).uniform_(1, 0), "from=1", "to=0"),
    ("bernoulli of 1.5", lambda m: m.bernoulli(m.tensor([1.5])), "p_in"),
    ("bernoulli_ of 2", lambda m: m.ones(2).bernoulli_(2), "p=2"),
    ("a seed that is text", lambda m: m.manual_seed("a"), ""),
    ("a seed too large", lambda m: m.manual_seed(2**65), str(2**65)),
    ("a state of another length", lambda m: m.Generator().set_state(m.zeros(3, dtype=m.uint8)), "3"),
]  # fmt: skip


def backward_twice(m):
    y = (leaf(m, 2) ** 2).sum()
    y.backward()
    y.backward()


def spoiled(m):
    x = leaf(m, 2)
    y = x * 1
    z = y * y
    y.add_(1)
    z.sum().backward()


def spoiled_output(m):
    y = leaf(m, 2).exp()
    y.mul_(2)
    y.sum().backward()


def spoiled_through_a_view(m):
    y = leaf(m, 4) * 1
    z = y.square()
    y[:2].zero_()
    z.sum().backward()


def spoiled_constant(m):
    w = m.ones(2)
    z = leaf(m, 2) * w
    w.add_(1)
    z.sum().backward()


def set_grad(m, value):
    x = leaf(m, 2)
    x.grad = value


def hook_of_another_shape(m):
    x = leaf(m, 2)
    x.register_hook(lambda g: m.ones(3))
    x.sum().backward()


def write_in_a_view_from_no_grad(m):
    y = grown(m, 3)
    with m.no_grad():
        view = y[:2]
    view.add_(1)


AUTOGRAD = [
    ("backward of many", lambda m: grown(m, 2, 3).backward(), "scalar", "[2, 3]"),
    ("backward of what has no history", lambda m: m.ones(()).backward(), "does not require grad"),
    ("backward under no_grad", lambda m: under_no_grad(m).backward(), "does not require grad", "no_grad"),
    ("backward twice", backward_twice, "second time", "retain_graph=True"),
    ("backward with a gradient of another shape", lambda m: grown(m, 2).backward(m.ones(3)), "shape", "[3]", "[2]"),
    ("backward with a number as gradient", lambda m: grown(m, 2).backward(1.0), "gradient", "float"),
    ("backward of complex", lambda m: (leaf(m, 2) * 1j).sum().backward(), "real scalar", "complex64"),
    ("backward with a complex gradient", lambda m: grown(m, 2).backward(m.ones(2).cfloat()), "complex64", "float32"),
    ("backward with no inputs", lambda m: grown(m, 1).backward(inputs=[]), "inputs", "empty"),
    ("grad of what was not used", lambda m: m.autograd.grad(grown(m, 1), leaf(m, 1)), "not have been used", "allow_unused"),
    ("grad by what requires none", lambda m: m.autograd.grad(grown(m, 1), m.ones(1)), "does not require grad"),
    ("grad with too few gradients", lambda m: m.autograd.grad([grown(m, 1), grown(m, 1)], leaf(m, 1), [m.ones(1)]), "2 tensors", "1 gradients"),
    ("grad that contradicts itself", lambda m: m.autograd.grad(grown(m, 1), leaf(m, 1), allow_unused=False, materialize_grads=True), "allow_unused"),
    ("a saved input was written to", spoiled, "inplace", "MulBackward0", "add_", "(2,)"),
    ("a saved output was written to", spoiled_output, "inplace", "ExpBackward0", "mul_"),
    ("a saved input was written to through a view", spoiled_through_a_view, "inplace", "zero_", "(4,)"),
    ("a saved constant was written to", spoiled_constant, "inplace", "MulBackward0", "add_"),
    ("requires_grad of integers", lambda m: m.tensor([1, 2], requires_grad=True), "floating point", "int64"),
    ("requires_grad_ of integers", lambda m: ints(m, 2).requires_grad_(), "floating point", "int64"),
    ("requires_grad = True of truths", lambda m: setattr(bools(m, 2), "requires_grad", True), "floating point", "bool"),
    ("zeros of integers that require grad", lambda m: m.zeros(2, dtype=m.int32, requires_grad=True), "floating point", "int32"),
    ("requires_grad = False of what was computed", lambda m: setattr(grown(m, 2), "requires_grad", False), "leaf", "detach"),
    ("requires_grad_(False) of what was computed", lambda m: grown(m, 2).requires_grad_(False), "leaf", "detach"),
    ("a leaf written to", lambda m: leaf(m, 2).add_(1), "leaf", "add_"),
    ("a leaf written to by an operator", lambda m: augmented(leaf(m, 2)), "leaf", "mul_"),
    ("a leaf written to by index", lambda m: leaf(m, 2).__setitem__(0, 1.0), "leaf"),
    ("a leaf written to by positions", lambda m: leaf(m, 2).__setitem__(m.tensor([0]), 1.0), "leaf"),
    ("a leaf filled", lambda m: leaf(m, 2).zero_(), "leaf", "zero_"),
    ("a leaf drawn anew", lambda m: leaf(m, 2).normal_(), "leaf", "normal_"),
    ("a view of a leaf written to", lambda m: leaf(m, 4)[:2].add_(1), "leaf", "add_"),
    ("a view of a view of a leaf written to", lambda m: leaf(m, 2, 2).t()[0].zero_(), "leaf", "zero_"),
    ("a view from no_grad written to", write_in_a_view_from_no_grad, "no_grad"),
    ("one of many views written to", lambda m: grown(m, 4).chunk(2)[0].add_(1), "split", "add_"),
    ("one of unbound views written to", lambda m: grown(m, 4).unbind()[0].add_(1), "unbind", "add_"),
    ("an expanded tensor written to", lambda m: m.ones(1).expand(3).add_(1), "add_", "clone"),
    ("detach_ of a view", lambda m: grown(m, 4)[:2].detach_(), "detach"),
    ("retain_grad without a gradient", lambda m: m.ones(2).retain_grad(), "requires_grad"),
    ("a hook without a gradient", lambda m: m.ones(2).register_hook(print), "hook", "gradient"),
    ("a hook that returns another shape", hook_of_another_shape, "hook", "(2,)", "(3,)"),
    ("a late hook on what was computed", lambda m: grown(m, 2).register_post_accumulate_grad_hook(print), "non-leaf"),
    ("deepcopy of what was computed", lambda m: copy.deepcopy(grown(m, 2)), "deepcopy", "leaves"),
    ("grad set to a number", lambda m: set_grad(m, 1.0), "grad", "float"),
    ("grad set to another shape", lambda m: set_grad(m, m.ones(3)), "grad", "[3]", "[2]"),
    ("grad set to another dtype", lambda m: set_grad(m, m.ones(2).double()), "grad", "float64", "float32"),
    ("data set to a number", lambda m: setattr(m.ones(2), "data", 1.0), "data", "float"),
    ("grad_fn set", lambda m: setattr(m.ones(2), "grad_fn", None), ""),
    ("shape set", lambda m: setattr(m.ones(2), "shape", (2,)), ""),
]  # fmt: skip


def under_no_grad(m):
    with m.no_grad():
        return grown(m, 2).sum()


def augmented(x):
    x *= 2


TABLES = {
    "shapes": SHAPES,
    "dims": DIMS,
    "reductions": REDUCTIONS,
    "operands": OPERANDS,
    "indices": INDICES,
    "values": VALUES,
    "autograd": AUTOGRAD,
}
LINES = [
    pytest.param(program, words, id=f"{table}: {name}")
    for table, lines in TABLES.items()
    for name, program, *words in lines
]


@pytest.mark.parametrize(("program", "words"), LINES)
def test_refused_alike(program, words):
    with pytest.raises(Exception) as theirs:
        program(torch)
    with pytest.raises(theirs.type) as ours:
        program(tg)
    message = str(ours.value)
    missing = [word for word in words if word not in message]
    assert not missing, f"{message!r} does not say {missing}; PyTorch says {str(theirs.value)!r}"


def test_a_refused_write_changes_nothing():
    for m in (torch, tg):
        x = m.zeros(2, dtype=m.int64)
        with pytest.raises(RuntimeError):
            x.add_(1.5)
        with pytest.raises(RuntimeError):
            x.add_(m.ones(3, dtype=m.int64))
        assert x.tolist() == [0, 0]


def test_after_a_refusal_gradients_still_flow():
    for m in (torch, tg):
        x = leaf(m, 3)
        with pytest.raises(RuntimeError, match=re.escape("(3)")):
            x + m.ones(4)
        x.sum().backward()
        assert x.grad.tolist() == [1, 1, 1]
