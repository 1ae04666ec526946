"""Sums of products by Einstein's notation: `einsum("bij,bjk->bik", x, y)`, and `tensordot`.

An equation is worked out once for each combination of shapes into a plan, and the plan is kept. It takes
the operands two at a time, the pair first that costs least, each pair by one matrix product (or by one
elementwise product where that is as good) between permutations and reshapes, which seldom copy. All of
these are recorded operations, so gradients of every order follow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from tinygrad_lite.functions.arguments import need_tensor, one_dim
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.ops import elementwise, linalg, reduce, shape

__all__ = ["einsum", "tensordot"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor; the class is defined above this layer
Labels: TypeAlias = tuple[Any, ...]  # letters, numbers, or (ELLIPSIS, n): the n-th dimension from the last in `...`
Sizes: TypeAlias = dict[Any, int]  # the labels of an operand, in order, each with its size
Shape: TypeAlias = tuple[int, ...]
Step: TypeAlias = tuple[Callable[..., Any], Any]  # a row of the table, and how

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ELLIPSIS = "..."


class Pair(NamedTuple):
    """Two operands made one: the steps that bring each into form, the product, the steps after it."""

    first: int
    second: int
    left: list[Step]
    right: list[Step]
    product: Callable[..., Any]
    after: list[Step]


class Plan(NamedTuple):
    """What to do with some operands by themselves, then with pairs of them, and with the result."""

    alone: list[tuple[int, list[Step]]]
    pairs: list[Pair]
    last: list[Step]


def einsum(equation: Any, *operands: Any) -> Tensor:
    """The sum of products that an equation names.

    Each letter stands for a dimension. What has a letter that is missing in the output is summed over; a
    letter twice in one operand takes the diagonal; `...` stands for dimensions that broadcast.

    Args:
        equation: such as "ij,jk->ik"; without "->" the output has the letters that occur once, in
            alphabetical order. Or the first operand, for the form with lists of numbers.
        operands: a tensor for each part of the equation; or, with numbers in place of letters, tensors
            and lists in turn, as in `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    Raises:
        RuntimeError: if the equation is not one, or does not fit the operands.

    Example:
        >>> import tinygrad_lite as tg
        >>> x, y = tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([1.0, 10.0])
        >>> tg.einsum("ij,j->i", x, y), tg.einsum("ii", x), tg.einsum("i,j", y, y).shape
        (tensor([21., 43.]), tensor(5.), Size([2, 2]))
    """
    if not isinstance(equation, str):
        return contract(*_from_lists((equation, *operands)))
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    for k, x in enumerate(operands):
        if not isinstance(x, TensorCore):
            need_tensor("einsum", "operands", x, k + 2)
    return _run(_plan_of_equation(equation, tuple([x.array.shape for x in operands])), operands)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over pairs of dimensions: of the last `dims` of `a` with the first of `b`.

    Args:
        a: the left operand.
        b: the right operand.
        dims: how many dimensions; or a list of those of `a`, and one of those of `b` that they meet.

    Raises:
        RuntimeError: if the sizes that meet differ.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.tensordot(tg.ones(2, 3, 4), tg.ones(3, 4, 5), dims=2).shape
        Size([2, 5])
    """
    need_tensor("tensordot", "a", a)
    need_tensor("tensordot", "b", b, 2)
    if isinstance(dims, TensorCore):
        dims = dims.array.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.array.ndim, b.array.ndim):
            raise RuntimeError(
                f"tensordot expects 0 <= dims <= ndim of both tensors, but got dims={dims} for tensors of "
                f"{a.array.ndim} and {b.array.ndim} dimensions"
            )
        dims = range(-dims, 0), range(dims)
    of_a, of_b = ([one_dim("tensordot", d, x.array.ndim) for d in ds] for x, ds in zip((a, b), dims, strict=True))
    if len(of_a) != len(of_b):
        raise RuntimeError(f"tensordot(): both dimension lists should have same length, got {list(dims)}")
    left: list[int] = list(range(a.array.ndim))
    right = [k + len(left) for k in range(b.array.ndim)]
    output = [k for k in left if k not in of_a] + [k for j, k in enumerate(right) if j not in of_b]
    for i, j in zip(of_a, of_b, strict=True):
        n, m = a.array.shape[i], b.array.shape[j]
        if n != m and 1 not in (n, m):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {n} in dim {i} and second has size {m} in "
                f"dim {j}"
            )
        right[j] = left[i]
    return contract([left, right], output, (a, b))


def contract(inputs: Iterable[Iterable[Any]], output: Iterable[Any] | None, operands: Sequence[Tensor]) -> Tensor:
    """`einsum` with the labels already apart: `contract([[0, 1], [1, 2]], [0, 2], (x, y))`."""
    labels = tuple(tuple(part) for part in inputs)
    shapes = tuple(x.array.shape for x in operands)
    return _run(_plan(labels, None if output is None else tuple(output), shapes), operands)


def _run(plan: Plan, operands: Sequence[Tensor]) -> Tensor:
    terms = list(operands)
    for k, steps in plan.alone:
        terms[k] = _through(steps, terms[k])
    for pair in plan.pairs:
        x = pair.product(_through(pair.left, terms[pair.first]), _through(pair.right, terms[pair.second]))
        terms = [term for k, term in enumerate(terms) if k not in pair[:2]]
        terms.append(_through(pair.after, x))
    out = _through(plan.last, terms[0])
    return shape.reshape(out, out.array.shape) if out is operands[0] else out


def _through(steps: list[Step], x: Tensor) -> Tensor:
    for row, how in steps:
        x = row(x, how)
    return x


# --- reading the equation -----------------------------------------------------------------------------


def _from_lists(parts: Sequence[Any]) -> tuple[list[Labels], Labels | None, list[Tensor]]:
    """Labels, those of the output, and operands from tensors and lists in turn."""
    count = len(parts) // 2
    operands = list(parts[: 2 * count : 2])
    for k, x in enumerate(operands):
        need_tensor("einsum", "operands", x, 2 * k + 1)
    inputs = [_numbered(numbers) for numbers in parts[1 : 2 * count : 2]]
    return inputs, _numbered(parts[-1]) if len(parts) % 2 else None, operands


def _numbered(numbers: Iterable[Any]) -> Labels:
    labels = tuple(ELLIPSIS if n is Ellipsis else n for n in numbers)
    for n in labels:
        if n != ELLIPSIS and not (isinstance(n, int) and 0 <= n < len(LETTERS)):
            raise RuntimeError(f"einsum(): not within the valid range [0, {len(LETTERS)}) of subscripts: {n!r}")
    return labels


def _lettered(part: str, equation: str) -> Labels:
    labels = tuple(ELLIPSIS if letter == "\0" else letter for letter in part.replace(ELLIPSIS, "\0").replace(" ", ""))
    for label in labels:
        if label != ELLIPSIS and label not in LETTERS:
            raise RuntimeError(
                f"einsum(): invalid subscript {label!r} in {equation!r}: subscripts must be in [a-zA-Z], with ',' "
                "between operands, '->' before the output, and '...' for other dimensions"
            )
    return labels


@lru_cache(maxsize=1024)
def _plan_of_equation(equation: str, shapes: tuple[Shape, ...]) -> Plan:
    given, arrow, wanted = equation.partition("->")
    inputs = tuple(_lettered(part, equation) for part in given.split(","))
    return _plan(inputs, _lettered(wanted, equation) if arrow else None, shapes)


def _spelled(k: int, labels: Labels, ndim: int) -> Labels:
    """The labels of operand k, with one for each dimension that `...` stands for."""
    dots = labels.count(ELLIPSIS)
    more = ndim - len(labels) + dots
    if dots > 1:
        raise RuntimeError(f"einsum(): found '...' for operand {k} for which an ellipsis was found before")
    if more < 0 or (more and not dots):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(labels) - dots}) does not match the number of "
            f"dimensions ({ndim}) for operand {k}" + ("" if dots else " and no ellipsis was given")
        )
    return _filled(labels, [(ELLIPSIS, n) for n in range(more, 0, -1)])


def _filled(labels: Labels, dots: Iterable[Any]) -> Labels:
    return tuple(x for label in labels for x in (dots if label == ELLIPSIS else (label,)))


def _output(inputs: Sequence[Labels], given: Labels | None) -> Labels:
    """The labels of the output: as given, or those of `...` and then those that occur once, sorted."""
    every = [label for labels in inputs for label in labels]
    dots = sorted({x for x in every if isinstance(x, tuple)}, reverse=True)
    if given is None:
        return (*dots, *sorted(x for x in every if every.count(x) == 1 and not isinstance(x, tuple)))
    if given.count(ELLIPSIS) > 1:
        raise RuntimeError("einsum(): found '...' for output but an ellipsis was already found")
    wanted = _filled(given, dots)
    for label in wanted:
        if wanted.count(label) > 1:
            raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
        if label not in every:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any input operand"
            )
    return wanted


def _check_sizes(inputs: Sequence[Labels], shapes: Sequence[Shape]) -> None:
    """Refuse different sizes under one label, unless one of them is 1 and in another operand."""
    known: Sizes = {}
    for k, (labels, sizes) in enumerate(zip(inputs, shapes, strict=True)):
        own: Sizes = {}
        for label, n in zip(labels, sizes, strict=True):
            if own.setdefault(label, n) != n:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {k} but the sizes don't match, "
                    f"{n} != {own[label]}"
                )
            if known.setdefault(label, n) == 1:
                known[label] = n
            if n not in (1, known[label]):
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {n} for operand {k} which does not broadcast with "
                    f"previously seen size {known[label]}"
                )


# --- planning -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _plan(inputs: tuple[Labels, ...], given: Labels | None, shapes: tuple[Shape, ...]) -> Plan:
    """The plan for operands of these labels and shapes.

    Raises:
        RuntimeError: if they do not fit.
    """
    if len(inputs) != len(shapes):
        raise RuntimeError(
            f"einsum(): {'more' if len(shapes) > len(inputs) else 'fewer'} operands were provided than specified in "
            f"the equation: {len(shapes)} for {len(inputs)} lists of subscripts"
        )
    inputs = tuple(_spelled(k, labels, len(shapes[k])) for k, labels in enumerate(inputs))
    wanted = _output(inputs, given)
    _check_sizes(inputs, shapes)
    terms, alone = [], []
    for k, labels in enumerate(inputs):
        needed = set(wanted).union(*(other for j, other in enumerate(inputs) if j != k))
        term, steps = _alone(labels, shapes[k], needed)
        terms.append(term)
        if steps:
            alone.append((k, steps))
    pairs = []
    while len(terms) > 1:
        first, second = min(combinations(range(len(terms)), 2), key=lambda ij: _cost(terms[ij[0]], terms[ij[1]]))
        rest = [term for k, term in enumerate(terms) if k not in (first, second)]
        pair, made = _pair(first, second, terms, set(wanted).union(*rest), wanted)
        pairs.append(pair)
        terms = [*rest, made]
    return Plan(alone, pairs, _permuted(terms[0], wanted))


def _cost(a: Sizes, b: Sizes) -> int:
    """How many numbers are multiplied."""
    return math.prod(max(a.get(x, 1), b.get(x, 1)) for x in {**a, **b})


def _alone(labels: Labels, sizes: Shape, needed: set[Any]) -> tuple[Sizes, list[Step]]:
    """Take diagonals, and sum over what only this operand has; the labels after that."""
    steps: list[Step] = []
    now = list(labels)
    for label in labels:
        while now.count(label) > 1:
            i = now.index(label)
            j = now.index(label, i + 1)
            steps.append((_diagonal, (i, j)))
            now = [x for k, x in enumerate(now) if k not in (i, j)] + [label]
    steps += _summed(now, [x for x in now if x not in needed])
    size = dict(zip(labels, sizes, strict=True))
    return {x: size[x] for x in now if x in needed}, steps


def _pair(first: int, second: int, terms: list[Sizes], needed: set[Any], wanted: Labels) -> tuple[Pair, Sizes]:
    """The product of two operands, and the labels of what it makes."""
    a, left = _narrowed(terms[first], terms[second], needed)
    b, right = _narrowed(terms[second], terms[first], needed)

    def place(x: Any) -> int:
        return wanted.index(x) if x in wanted else len(wanted)

    def ordered(labels: Iterable[Any]) -> list[Any]:
        return sorted(labels, key=place)

    batch = ordered(x for x in a if x in b and x in needed)
    summed = [x for x in a if x in b and x not in needed]
    of_a, of_b = ordered(x for x in a if x not in b), ordered(x for x in b if x not in a)
    if not summed or (batch and not of_a and not of_b):
        labels = ordered({**a, **b})
        after = _summed(labels, summed)
        made = {x: a.get(x, b.get(x, 1)) for x in labels if x not in summed}
        pair = Pair(first, second, left + _aligned(a, labels), right + _aligned(b, labels), elementwise.mul, after)
        return pair, made
    if of_a and of_b and place(of_b[0]) < place(of_a[0]):  # x @ y, or y.T @ x.T to spare a permutation
        first, second, a, b, left, right, of_a, of_b = second, first, b, a, right, left, of_b, of_a
    made = {x: a.get(x, b.get(x, 1)) for x in (*batch, *of_a, *of_b)}
    rows, inner, columns = (math.prod({**a, **b}[x] for x in labels) for labels in (of_a, summed, of_b))
    stack = tuple(a[x] for x in batch)
    if batch:
        shapes = (*stack, rows, inner), (*stack, inner, columns), (*stack, rows, columns)
    else:  # a matrix on the right, or a vector, takes any number of dimensions on the left
        free, end = tuple(a[x] for x in of_a), (columns,) if of_b else ()
        shapes = (*free, inner), (inner, *end), (*free, *end)
    left = (
        left + _permuted(a, (*batch, *of_a, *summed)) + _reshaped([a[x] for x in (*batch, *of_a, *summed)], shapes[0])
    )
    right = (
        right + _permuted(b, (*batch, *summed, *of_b)) + _reshaped([b[x] for x in (*batch, *summed, *of_b)], shapes[1])
    )
    return Pair(first, second, left, right, linalg.matmul, _reshaped(shapes[2], tuple(made.values()))), made


def _narrowed(a: Sizes, b: Sizes, needed: set[Any]) -> tuple[Sizes, list[Step]]:
    """`a` without the dimensions of size 1 that `b` stretches, and summed over those that it alone stretches."""
    gone = [x for x, n in a.items() if x in b and n != b[x] and (n == 1 or x not in needed)]
    return {x: n for x, n in a.items() if x not in gone}, _summed(a, gone)


def _summed(labels: Iterable[Any], gone: Sequence[Any]) -> list[Step]:
    now = list(labels)
    return [(reduce.sum, tuple(now.index(x) for x in gone))] if gone else []


def _permuted(labels: Iterable[Any], order: Sequence[Any]) -> list[Step]:
    now = list(labels)
    return [] if now == list(order) else [(shape.permute, tuple(now.index(x) for x in order))]


def _reshaped(now: Sequence[int], to: Shape) -> list[Step]:
    return [] if tuple(now) == to else [(shape.reshape, to)]


def _aligned(a: Sizes, labels: Sequence[Any]) -> list[Step]:
    """In the order of `labels`, with a dimension of size 1 for each that is missing."""
    order = [x for x in labels if x in a]
    return _permuted(a, order) + _reshaped([a[x] for x in order], tuple(a.get(x, 1) for x in labels))


def _diagonal(x: Tensor, axes: tuple[int, int]) -> Tensor:
    return shape.diagonal(x, 0, *axes)
