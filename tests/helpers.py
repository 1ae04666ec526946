"""Running one program in PyTorch and in tinygrad_lite, and comparing everything they answer.

A program is a function of a library `m` and of tensors: `lambda m, x: m.sum(x, dim=1)`. It is called
with `m` as PyTorch and as tinygrad_lite, on leaf tensors with the same numbers in them.
"""

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

import tinygrad_lite as tg

TOLERANCE = {"float16": 1e-2, "float32": 2e-5, "complex64": 2e-5, "float64": 1e-10, "complex128": 1e-10}


@dataclass
class Case:
    """One line of a table: a program, and what to call it with.

    `inputs` are shapes, filled with random numbers from `domain`; or arrays, taken as they are, except
    that fractions are brought to the dtype under test. Whatever holds fractions requires grad.
    """

    name: str
    program: object
    inputs: tuple
    domain: tuple = (-2.0, 2.0)
    order: int = 2

    def arrays(self, dtype):
        random = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [self._array(spec, np.dtype(dtype), random) for spec in self.inputs]

    def _array(self, spec, dtype, random):
        if isinstance(spec, tuple):
            spec = random.uniform(*self.domain, spec)
            if dtype.kind == "c":
                spec = spec + 1j * random.uniform(*self.domain, spec.shape)
        spec = np.asarray(spec)
        return spec.astype(dtype) if spec.dtype.kind in "fc" else spec


def case(name, program, *inputs, **more):
    return Case(name, program, inputs, **more)


def table(*groups):
    """The lines of tables as parameters of a test, each under its name."""
    return [pytest.param(line, id=line.name) for group in groups for line in group]


# --- the same memory layout on both sides ---------------------------------------------------------------


def _strided(array):
    """The same numbers, with a gap behind each in memory."""
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


LAYOUTS = {
    "contiguous": lambda array: np.array(array, order="C"),
    "transposed": lambda array: np.array(array, order="F"),
    "strided": _strided,
}


def leaf(m, array):
    """The array as a tensor of library `m`; it requires grad if it can."""
    return m.from_numpy(array).requires_grad_(array.dtype.kind in "fc")


# --- what a library answers -----------------------------------------------------------------------------


@dataclass
class Seen:
    """A tensor, as far as two libraries can be compared by it."""

    values: np.ndarray
    dtype: str = field(init=False)
    shape: tuple = field(init=False)
    requires_grad: bool = False

    def __post_init__(self):
        self.dtype, self.shape = self.values.dtype.name, self.values.shape


def is_tensor(value):
    return isinstance(value, torch.Tensor | tg.Tensor)


def to_array(tensor):
    return tensor.numpy(force=True)


def see(value):
    """`value` with every tensor in it replaced by what is to be compared of it."""
    if is_tensor(value):
        return Seen(to_array(value).copy(), value.requires_grad)
    if isinstance(value, torch.dtype | tg.dtype):
        return str(value).split(".")[1]
    if isinstance(value, list | tuple):
        return [see(item) for item in value]
    return value


def tensors_in(value):
    if is_tensor(value):
        return [value]
    return [t for item in value for t in tensors_in(item)] if isinstance(value, list | tuple) else []


def random_like(m, tensors, seed):
    """A tensor of random numbers for each; it requires grad, so that one can differentiate by it."""
    random = np.random.default_rng(seed)
    drawn = []
    for tensor in tensors:
        shape = tuple(tensor.shape)
        values = random.uniform(0.5, 1.5, shape)
        if tensor.is_complex():
            values = values + 1j * random.uniform(0.5, 1.5, shape)
        drawn.append(leaf(m, np.asarray(values, to_array(tensor).dtype)))
    return drawn


def derivatives(m, out, leaves, order):
    """The gradients of everything in `out` by `leaves`, then the gradients of those by leaves and cotangents."""
    outputs = [t for t in tensors_in(out) if t.requires_grad]
    if not outputs or not leaves or not order:
        return []
    cotangents = random_like(m, outputs, seed=1)
    first = m.autograd.grad(outputs, leaves, cotangents, create_graph=order > 1, allow_unused=True)
    pairs = [(g, c) for g, c in zip(first, random_like(m, leaves, seed=2)) if g is not None and g.requires_grad]
    pairs = pairs if order > 1 else []
    by = [*leaves, *cotangents]
    second = [None] * len(by)
    if pairs:
        second = m.autograd.grad([g for g, _ in pairs], by, [c for _, c in pairs], allow_unused=True)
    return [gradients(first, leaves), gradients(second, by)]


def gradients(found, by):
    """The gradients as they are compared: none at all is a gradient of zero."""
    return [Seen(np.zeros_like(to_array(t)) if g is None else to_array(g)) for g, t in zip(found, by)]


def answer(m, line, dtype, layout="contiguous"):
    """What library `m` answers: the outputs, the inputs afterwards, first and second derivatives."""
    inputs = [leaf(m, LAYOUTS[layout](a)) for a in line.arrays(dtype)]
    out = line.program(m, *inputs)
    leaves = [x for x in inputs if x.requires_grad]
    return see(out), see(inputs), *derivatives(m, out, leaves, line.order)


# --- comparing ------------------------------------------------------------------------------------------


def assert_same(ours, theirs, dtype="float64", where="output"):
    """Raise AssertionError unless two answers agree, up to rounding in `dtype`."""
    if isinstance(theirs, list | tuple):
        assert isinstance(ours, list | tuple) and len(ours) == len(theirs), f"{where}: {ours} is not {theirs}"
        for k, pair in enumerate(zip(ours, theirs)):
            assert_same(*pair, dtype, f"{where}[{k}]")
    elif isinstance(theirs, Seen):
        assert isinstance(ours, Seen), f"{where}: {ours} is not {theirs}"
        for name in ("shape", "dtype", "requires_grad"):
            a, b = getattr(ours, name), getattr(theirs, name)
            assert a == b, f"{where}: {name} {a}, PyTorch has {b}"
        t = max(TOLERANCE.get(theirs.dtype, 0), TOLERANCE[dtype])
        np.testing.assert_allclose(ours.values, theirs.values, t, t, err_msg=where)
    elif isinstance(theirs, float | complex):
        assert ours == pytest.approx(theirs, rel=TOLERANCE[dtype], nan_ok=True), where
    else:
        assert type(ours) is type(theirs) and ours == theirs, f"{where}: {ours!r}, PyTorch has {theirs!r}"


def agree(line, dtype="float64", layout="contiguous"):
    """Raise AssertionError unless both libraries answer the same to one line of a table."""
    if dtype == "float16":  # too coarse for second derivatives
        line = replace(line, order=min(line.order, 1))
    names = ("output", "input afterwards", "gradient", "second derivative")
    with tg.autograd.nan_gradients():
        ours = answer(tg, line, dtype, layout)
    theirs = answer(torch, line, dtype, layout)
    assert len(ours) == len(theirs), f"{len(ours) - 2} orders of derivatives, PyTorch has {len(theirs) - 2}"
    for name, a, b in zip(names, ours, theirs):
        assert_same(a, b, dtype, name)
