"""Gaussian elimination with pivoting: of general matrices as L U, of symmetric ones as L D L^T. NumPy has neither."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_PANEL = 16


def _size(x: Array) -> Array:
    """What LAPACK compares pivots by."""
    size: Array = np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)
    return size


def lu_factor(a: Array) -> tuple[Array, Array]:
    """L and U in one matrix, the ones on the diagonal of L left out, and with which row, from 1 on, each was exchanged.

    By halves, so that most of the work is products of matrices (Toledo, 1997).

    Args:
        a: matrices, or batches of them.

    >>> lu_factor(np.array([[1.0, 2.0], [4.0, 4.0]]))
    (array([[4.  , 4.  ],
           [0.25, 1.  ]]), array([2, 2], dtype=int32))
    """
    batch, (m, n) = a.shape[:-2], a.shape[-2:]
    lu = np.array(a.reshape(math.prod(batch), m, n), order="C")
    pivots = np.zeros((len(lu), min(m, n)), np.int32)
    if lu.size:
        with np.errstate(all="ignore"):
            _eliminate(lu, 0, min(m, n), pivots)
            if n > m:
                lu[:, :, m:] = np.linalg.solve(_unit_lower(lu[:, :, :m]), lu[:, :, m:])
    return lu.reshape(a.shape), pivots.reshape(*batch, min(m, n))


def _unit_lower(a: Array) -> Array:
    lower = np.tril(a, -1)
    lower[:, range(a.shape[-1]), range(a.shape[-1])] = 1
    return lower


def _eliminate(lu: Array, start: int, end: int, pivots: Array) -> None:
    """The columns from `start` to `end` of all matrices, exchanging whole rows."""
    if end - start <= _PANEL:
        rows = np.arange(len(lu))
        for k in range(start, end):
            pivot = k + _size(lu[:, k:, k]).argmax(axis=1)
            pivots[:, k] = pivot + 1
            chosen = lu[rows, pivot]
            lu[rows, pivot] = lu[:, k]
            lu[:, k] = chosen
            head = lu[:, k, k, None]
            lu[:, k + 1 :, k] /= np.where(head == 0, np.ones((), lu.dtype), head)
            lu[:, k + 1 :, k + 1 : end] -= lu[:, k + 1 :, k, None] * lu[:, k, None, k + 1 : end]
        return
    middle = (start + end) // 2
    _eliminate(lu, start, middle, pivots)
    lu[:, start:middle, middle:end] = np.linalg.solve(
        _unit_lower(lu[:, start:middle, start:middle]), lu[:, start:middle, middle:end]
    )
    lu[:, middle:, middle:end] -= lu[:, middle:, start:middle] @ lu[:, start:middle, middle:end]
    _eliminate(lu, middle, end, pivots)


def permutations(pivots: Array, m: int) -> Array:
    """The order in which the exchanges leave m rows.

    >>> permutations(np.array([2, 2]), 2)
    array([1, 0])
    """
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(m), (len(flat), 1))
    rows = np.arange(len(flat))
    for k in range(flat.shape[1]):
        other = flat[:, k] - 1
        moved = order[rows, other]
        order[rows, other] = order[:, k]
        order[:, k] = moved
    return order.reshape(*pivots.shape[:-1], m)


_BUNCH = (1 + np.sqrt(17.0)) / 8


def ldl_factor(a: Array, hermitian: bool = False) -> tuple[Array, Array, int]:
    """The lower triangle L D of one symmetric matrix, exchanges, and the first zero of D from 1 on, or 0.

    By the method of Bunch and Kaufman (1977): D has blocks of one or two rows. As in LAPACK, for a block of two
    rows both have the same number, negative.

    Args:
        a: a symmetric matrix, of which the lower triangle is read.
        hermitian: whether it is Hermitian instead.

    >>> ldl_factor(np.array([[2.0, 0.0], [1.0, 3.0]]))
    (array([[2. , 0. ],
           [0.5, 2.5]]), array([1, 2], dtype=int32), 0)
    """
    a = np.tril(a)
    n = len(a)
    conj = np.conj if hermitian else np.asarray
    pivots, info, k = np.zeros(n, np.int32), 0, 0
    while k < n:
        step, p = _chosen(a, k)
        if not step:
            info, step, p = info or k + 1, 1, k
            pivots[k] = k + 1
            k += 1
            continue
        q = k + step - 1
        if p != q:
            _exchange(a, q, p, conj)
            if step == 2:
                a[[k + 1, p], k] = a[[p, k + 1], k]
        if hermitian:
            a[range(k, q + 1), range(k, q + 1)] = a[range(k, q + 1), range(k, q + 1)].real
        block = np.tril(a[k : q + 1, k : q + 1])
        block = block + conj(np.tril(block, -1)).T
        column = a[q + 1 :, k : q + 1]
        factor = np.linalg.solve(block.T, column.T).T if step == 2 else column / block[0, 0]
        a[q + 1 :, q + 1 :] -= np.tril(factor @ conj(column).T)
        a[q + 1 :, k : q + 1] = factor
        pivots[k : q + 1] = p + 1 if step == 1 else -(p + 1)
        k += step
    return a, pivots, info


def _chosen(a: Array, k: int) -> tuple[int, int]:
    """How many rows the block at `k` has, and with which row its last one is exchanged; (0, k) if there is none."""
    n = len(a)
    diagonal = float(_size(a[k, k]))
    if k + 1 == n:
        return (1, k) if diagonal else (0, k)
    below = _size(a[k + 1 :, k])
    r = k + 1 + int(below.argmax())
    largest = float(below.max())
    if max(diagonal, largest) == 0 or np.isnan(diagonal):
        return 0, k
    if diagonal >= _BUNCH * largest:
        return 1, k
    row = float(_size(a[r, k:r]).max())
    if r + 1 < n:
        row = max(row, float(_size(a[r + 1 :, r]).max()))
    if diagonal >= _BUNCH * largest * (largest / row):
        return 1, k
    return (1, r) if float(_size(a[r, r])) >= _BUNCH * row else (2, r)


def _exchange(a: Array, q: int, p: int, conj: Any) -> None:
    """Exchange rows and columns q < p in the lower triangle of what is left."""
    a[[q, p], q], a[p, p] = a[[q, p], q], a[p, p]
    below = a[p + 1 :, q].copy()
    a[p + 1 :, q] = a[p + 1 :, p]
    a[p + 1 :, p] = below
    between = a[q + 1 : p, q].copy()
    a[q + 1 : p, q] = conj(a[p, q + 1 : p])
    a[p, q + 1 : p] = conj(between)
    a[p, q] = conj(a[p, q])
    a[q, q], a[p, p] = a[p, p], a[q, q]


def ldl_solve(ld: Array, pivots: Array, b: Array, hermitian: bool = False) -> Array:
    """The x for which the matrix that `ldl_factor` took apart, times x, is b.

    >>> ldl_solve(np.array([[2.0, 0.0], [0.5, 2.5]]), np.array([1, 2]), np.array([[2.0], [6.0]]))
    array([[0.],
           [2.]])
    """
    x, n = np.array(b), len(ld)
    conj = np.conj if hermitian else np.asarray
    blocks: list[tuple[int, int, int]] = []
    k = 0
    while k < n:
        step = 2 if pivots[k] < 0 else 1
        q, p = k + step - 1, abs(int(pivots[k])) - 1
        if p != q:
            x[[q, p]] = x[[p, q]]
        x[q + 1 :] -= ld[q + 1 :, k : q + 1] @ x[k : q + 1]
        if step == 2:
            block = np.tril(ld[k : q + 1, k : q + 1])
            x[k : q + 1] = np.linalg.solve(block + conj(np.tril(block, -1)).T, x[k : q + 1])
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                x[k] /= ld[k, k]
        blocks.append((k, q, p))
        k += step
    for k, q, p in reversed(blocks):
        x[k : q + 1] -= conj(ld[q + 1 :, k : q + 1]).T @ x[q + 1 :]
        if p != q:
            x[[q, p]] = x[[p, q]]
    return x
