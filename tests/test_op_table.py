"""A walk over the op table: every row, whatever it is, has to pass. Nothing here knows single rows.

What a row is called with comes from the row: its `cases`, or two small shapes; real inputs are drawn
from its `domain`. So a new row is tested by being there.
"""

import inspect

import numpy as np
import pytest

import tinygrad_lite as tg
import tinygrad_lite.ops.factor  # rows that load on first use
import tinygrad_lite.ops.more_special
import tinygrad_lite.ops.recurrent
from tinygrad_lite.forward import Tangents
from tinygrad_lite.gradcheck import slope
from tinygrad_lite.op import TABLE
from tinygrad_lite.tensors import make

FLOATS = ("float16", "float32", "float64")
BROADCASTS = {1: [((2, 3),), ((),)], 2: [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3))]}
BROADCASTS[3] = [((2, 3),) * 3, ((3,), (2, 1), (2, 3))]


def cases(row):
    """(shapes, params) pairs to call the row with."""
    if row.cases:
        for case in row.cases:
            params = case[-1] if isinstance(case[-1], dict) else {}
            yield [shape for shape in case if not isinstance(shape, dict)], params
        return
    missing = [name for name, default in row.defaults.items() if default is inspect.Parameter.empty]
    if row.name == "copy_slices":  # its parameter is a chain of rows
        first = TABLE["slice"].record
        yield [(4, 3), (2, 3)], {"steps": ((first, {"index": (slice(1, 3),)}),)}
        return
    assert not missing, f"row {row.name!r} has parameters {missing} without a default: give it `cases`"
    n = len(row.inputs)
    for shapes in BROADCASTS[n] if row.broadcasts else [[(2, 3)] * n, [()] * n]:
        yield list(shapes), {}


def draw(row, shapes, dtype, seed=0):
    """Inputs in the row's domain; where no rule is, truth values or integers."""
    random = np.random.default_rng(seed)
    low, high = row.domain
    inputs = []
    for k, shape in enumerate(shapes):
        name = row.inputs[0 if row.variadic else k]
        if row.differentiable and row.rules[name] is None:
            inputs.append(random.random(shape) < 0.5)
        elif row.numbers == "integer":
            inputs.append(random.integers(1, 5, shape))
        else:
            x = random.uniform(low, high, shape)
            if np.dtype(dtype).kind == "c" or row.numbers == "complex":
                x = x + 1j * random.uniform(low, high, shape)
                dtype = np.result_type(dtype, np.complex64)
            inputs.append(np.asarray(x).astype(dtype))
    return inputs


def call(row, inputs, params):
    dtype = inputs[0].array.dtype if hasattr(inputs[0], "array") else inputs[0].dtype
    params = {k: v(dtype) if callable(v) else v for k, v in params.items()}
    return row.record(list(inputs), **params) if row.variadic else row.record(*inputs, **params)


def several(out):
    """The outputs that may have a gradient, of rows with one output and of rows with more."""
    outs = out if isinstance(out, tuple) else (out,)
    return [x for x in outs if len(outs) == 1 or np.asarray(getattr(x, "array", x)).dtype.kind in "fc"]


def tensors(inputs):
    return [make(x.copy(), requires_grad=x.dtype.kind in "fc") for x in inputs]


def every_case(rows):
    return [
        pytest.param(row, shapes, params, id=f"{row.name}-{'-'.join(map(str, shapes))}-{list(params)}")
        for row in rows
        for shapes, params in cases(row)
    ]


ALL = list(TABLE.values())
SMOOTH = [row for row in ALL if row.differentiable]


def test_the_table_is_there():
    assert len(TABLE) > 90
    assert len(SMOOTH) > 70


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_a_row_says_what_it_is(row):
    assert row.doc, f"row {row.name!r} needs a `doc`"
    assert row.record.op is row


@pytest.mark.parametrize(("row", "shapes", "params"), every_case(ALL))
def test_on_arrays_and_on_tensors_alike(row, shapes, params):
    inputs = draw(row, shapes, "float64")
    plain = several(call(row, inputs, params))
    recorded = several(call(row, tensors(inputs), params))
    for a, b in zip(plain, recorded, strict=True):
        a = np.asarray(a)
        assert np.array_equal(a, b.array, equal_nan=a.dtype.kind in "fc")
        assert b.array.dtype == a.dtype
        assert b.requires_grad == (row.differentiable and b.array.dtype.kind in "fc")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("row", "shapes", "params"), every_case(SMOOTH))
def test_the_dtype_is_kept(row, shapes, params, dtype):
    if np.dtype(dtype).char in row.refuses:
        pytest.skip(f"not for {dtype}")
    inputs = tensors(draw(row, shapes, dtype))
    out = call(row, inputs, params)
    if isinstance(out, tuple):
        assert all(x.array.dtype in (dtype, np.result_type(dtype, np.complex64)) for x in several(out))
    elif row.numbers == "complex":
        assert out.array.dtype.itemsize in (inputs[0].array.dtype.itemsize, inputs[0].array.dtype.itemsize // 2)
    elif row.name != "to":
        assert out.array.dtype == (np.result_type(dtype, np.complex64) if out.is_complex() else dtype)
    wanted = [x for x in inputs if x.requires_grad]
    first = tg.autograd.grad(real_sum(out), wanted, create_graph=True, allow_unused=True)
    for x, g in zip(wanted, first, strict=True):
        assert g is None or (g.array.dtype == x.array.dtype and g.shape == x.shape)
    total = sum((real_sum(g) for g in first if g is not None and g.requires_grad), start=real_sum(out) * 0)
    for x, g in zip(wanted, tg.autograd.grad(total, wanted, allow_unused=True), strict=True):
        assert g is None or (g.array.dtype == x.array.dtype and g.shape == x.shape)


def real_sum(out):
    totals = [x.sum() for x in several(out)]
    return sum((t.real if t.is_complex() else t for t in totals[1:]), start=real_part(totals[0]))


def real_part(x):
    return x.real if x.is_complex() else x


def pairing(a, b):
    """The real inner product that gradients are defined by."""
    return float(np.sum((a * np.conj(b)).real))


def direction(random, x):
    """Random signs and magnitudes, so that one wrong element shows."""
    step = random.choice([-1.0, 1.0], x.shape) * random.uniform(0.5, 1.0, x.shape)
    return step * (1 + 1j) if x.dtype.kind == "c" else step


def assert_derivative(function, gradient, inputs, what):
    """The gradient of a real function along random directions is what finite differences give."""
    random = np.random.default_rng(1)
    for _ in range(2):
        steps = [direction(random, x) if x.dtype.kind in "fc" else None for x in inputs]

        def along(t, steps=steps):
            return function([x if d is None else x + t * d for x, d in zip(inputs, steps, strict=True)])

        numeric = slope(along)
        analytic = sum(pairing(g, d) for g, d in zip(gradient, steps, strict=True) if d is not None and g is not None)
        tolerance = 20 * numeric.error + 1e-8 * (1 + abs(numeric.value))
        assert abs(analytic - numeric.value) <= tolerance, f"{what}: backward {analytic}, differences {numeric}"


def gradients(row, inputs, params, cotangent, order):
    """The gradients of <out, cotangent>; of order 2, those of <first gradients, themselves squared>."""
    leaves = tensors(inputs)
    wanted = [x for x in leaves if x.requires_grad]
    out = call(row, leaves, params)
    value = paired(out, cotangent)
    first = tg.autograd.grad(value, wanted, create_graph=order == 2, allow_unused=True)
    if order == 2:
        value = sum((paired(g, weights(g)) for g in first if g is not None), start=value * 0)
        first = tg.autograd.grad(value, wanted, allow_unused=True)
    found = iter(first)
    spread = [next(found) if x.requires_grad else None for x in leaves]
    return float(value.item()), [None if g is None else g.detach().numpy() for g in spread]


def weights(g):
    if isinstance(g, tuple):
        return [weights(x) for x in several(g)]
    return np.linspace(0.5, 1.5, max(g.numel(), 1))[: g.numel()].reshape(g.shape)


def paired(out, cotangent):
    """<out, cotangent>, a real tensor."""
    if isinstance(out, tuple):
        pairs = list(zip(several(out), cotangent, strict=True))
        return sum((paired(x, w) for x, w in pairs[1:]), start=paired(*pairs[0]))
    return real_sum(out * make(np.conj(cotangent).astype(out.array.dtype)))


def value_of(row, values, params, cotangent):
    """<out, cotangent> of raw arrays."""
    out = call(row, values, params)
    if isinstance(out, tuple):
        return sum(pairing(np.asarray(x), w) for x, w in zip(several(out), cotangent, strict=True))
    return pairing(np.asarray(out), cotangent)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("row", "shapes", "params"), every_case(SMOOTH))
def test_derivatives_are_the_limits_of_differences(row, shapes, params, order):
    inputs = draw(row, shapes, "float64")
    cotangent = weights(call(row, tensors(inputs), params))
    _, gradient = gradients(row, inputs, params, cotangent, order)

    def function(values):
        if order == 2:
            return gradients(row, values, params, cotangent, 1)[1] and second_value(row, values, params, cotangent)
        return value_of(row, values, params, cotangent)

    assert_derivative(function, gradient, inputs, f"{row.name}, order {order}")


def second_value(row, values, params, cotangent):
    """What order 2 differentiates: the weighted sum of the first gradients."""
    _, first = gradients(row, values, params, cotangent, 1)
    return sum(pairing(g, weights(make(g))) for g in first if g is not None)


@pytest.mark.parametrize(
    ("row", "shapes", "params"), every_case([row for row in SMOOTH if row.numbers in ("any", "complex")])
)
def test_complex_gradients_follow_the_conjugate_convention(row, shapes, params):
    inputs = draw(row, shapes, "complex128")
    cotangent = weights(call(row, tensors(inputs), params))
    _, gradient = gradients(row, inputs, params, cotangent, 1)
    assert_derivative(lambda values: value_of(row, values, params, cotangent), gradient, inputs, row.name)


@pytest.mark.parametrize(("row", "shapes", "params"), every_case(SMOOTH))
def test_only_what_is_asked_for_is_computed_and_saved(row, shapes, params):
    inputs = draw(row, shapes, "float64")
    for k, x in enumerate(inputs):
        if x.dtype.kind != "f":
            continue
        leaves = [make(v.copy(), requires_grad=j == k) for j, v in enumerate(inputs)]
        out = call(row, leaves, params)
        if not any(x.requires_grad for x in several(out)):
            continue
        (alone,) = tg.autograd.grad(real_sum(out), leaves[k])
        full_leaves = tensors(inputs)
        (together,) = tg.autograd.grad(real_sum(call(row, full_leaves, params)), full_leaves[k])
        assert np.array_equal(alone.numpy(), together.numpy(), equal_nan=True)
        assert alone.shape == leaves[k].shape


@pytest.mark.parametrize(("row", "shapes", "params"), every_case(ALL))
def test_inputs_are_not_written_to(row, shapes, params):
    inputs = draw(row, shapes, "float64")
    before = [x.copy() for x in inputs]
    leaves = [make(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    out = call(row, leaves, params)
    if any(x.requires_grad for x in several(out)):
        real_sum(out).backward()
    for x, then in zip(inputs, before, strict=True):
        assert np.array_equal(x, then)


@pytest.mark.parametrize("differentiable", [False, True], ids=["alone", "recorded"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("row", "shapes", "params"), every_case(SMOOTH))
def test_forward_mode_is_reverse_mode_turned_round(row, shapes, params, dtype, differentiable):
    """<w, J v> = <J* w, v>, where the one side is computed forward and the other backward."""
    if dtype == "complex128" and row.numbers not in ("any", "complex"):
        return
    inputs = draw(row, shapes, dtype)
    random = np.random.default_rng(2)
    steps = [direction(random, x) if x.dtype.kind in "fc" else None for x in inputs]
    leaves = tensors(inputs)
    level = Tangents(differentiable=differentiable)
    for x, step in zip(leaves, steps, strict=True):
        if step is not None:
            level.set(x, [make(step.astype(x.array.dtype))])
    with level:
        out = call(row, leaves, params)
    outs = [x for x in several(out) if x.requires_grad]
    tangents = [level.filled(x)[0] for x in outs]
    ways = [direction(random, x.array) for x in outs]
    pushed = sum(pairing(t.detach().numpy(), w) for t, w in zip(tangents, ways, strict=True))
    for x, t in zip(outs, tangents, strict=True):
        assert t.shape == x.shape and t.dtype == x.dtype
    wanted = [x for x in leaves if x.requires_grad]
    found = tg.autograd.grad(
        outs, wanted, [make(w.astype(x.array.dtype)) for w, x in zip(ways, outs, strict=True)], allow_unused=True
    )
    along = [s for s in steps if s is not None]
    pulled = sum(pairing(g.numpy(), s) for g, s in zip(found, along, strict=True) if g is not None)
    size = sum(np.abs(t.detach().numpy()).sum() for t in tangents)
    assert abs(pushed - pulled) <= 1e-10 * (1 + size)


@pytest.mark.parametrize(("row", "shapes", "params"), every_case(ALL))
def test_vmap_is_the_loop(row, shapes, params):
    batches = [np.stack(xs) for xs in zip(*(draw(row, shapes, "float64", seed) for seed in range(3)), strict=True)]
    mapped = tg.func.vmap(lambda *xs: call(row, xs, params))(*map(make, batches))
    for k in range(3):
        alone = call(row, [make(x[k]) for x in batches], params)
        for a, b in zip(several(mapped), several(alone), strict=True):
            assert np.array_equal(a[k].numpy(), b.numpy(), equal_nan=b.is_floating_point() or b.is_complex())
