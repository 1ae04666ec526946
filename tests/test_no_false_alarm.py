"""No false alarm: right gradients pass, at every scale, on the edges, in models; and hardly ever is nothing known.

Of each row of the op table a thousand numbers and more go through the check, from 1e-8 to 1e8 as far as the
row is defined there. Where a row works number by number one array holds many points; of the other rows as
many calls are checked at once.
"""

import math

import numpy as np
import pytest
from test_op_table import call, cases, draw, several

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import check_model, gradcheck
from tinygrad_lite.op import TABLE
from tinygrad_lite.tensors import make

WHOLE = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
WHERE_DEFINED = {
    "erfinv": (-1, 1), "polygamma": POSITIVE, "digamma": POSITIVE, "lgamma": POSITIVE, "logit": (0, 1),
    "xlogy": POSITIVE, "xlog1py": (-1, math.inf), "entr": POSITIVE, "pow": POSITIVE, "sqrt": POSITIVE,
    "rsqrt": POSITIVE, "log": POSITIVE,
    "log2": POSITIVE, "log10": POSITIVE, "log1p": (-1, math.inf), "asin": (-1, 1), "acos": (-1, 1),
    "acosh": (1, math.inf), "atanh": (-1, 1), "binary_cross_entropy": (0, 1),
}  # fmt: skip
"""Where the rows are defined that are not defined everywhere; their `domain` is only what tests draw from."""

UP_TO = {
    "erfcx": 1e2, "i0e": 1e5, "i1e": 1e5, "scaled_modified_bessel_k0": 1e4, "scaled_modified_bessel_k1": 1e4,
    "airy_ai": 1.0, "gammainc": 1.0, "gammaincc": 1.0, "ctc_step": 1e4,
}  # fmt: skip
"""Rows whose derivative is the difference of two numbers that agree in ever more digits beyond this scale, as
PyTorch's is too, or that turn faster than their argument is known; of ctc_step, logarithms of probabilities."""

DOWN_TO = {"gammainc": 1e-4, "gammaincc": 1e-4}
"""Rows whose derivative by their order is known to few digits below this scale."""

SCALES = [10.0**k for k in range(-8, 9)]
DIFFERENTIABLE = [row for row in TABLE.values() if row.differentiable]
NUMBER_BY_NUMBER = [row for row in DIFFERENTIABLE if not row.cases and row.numbers != "complex" and row.name in {
    r.name for r in DIFFERENTIABLE if r.broadcasts or len(r.inputs) == 1
} and row.name not in ("median", "copy_slices")]  # fmt: skip
OTHERS = [row for row in DIFFERENTIABLE if row not in NUMBER_BY_NUMBER and row.name != "to"]


def points(row, scale, count, random):
    """Inputs of that size where the row is defined; None where it is not."""
    low, high = WHERE_DEFINED.get(row.name, WHOLE)
    columns = []
    for name in row.inputs:
        if row.rules[name] is None:
            columns.append(random.random(count) < 0.5)
            continue
        x = scale * random.uniform(0.5, 5.0, count) * (1 if low >= 0 else random.choice([-1.0, 1.0], count))
        if math.isfinite(high):  # close to either end
            x = np.where(random.random(count) < 0.5, x, high - np.abs(x) if scale > 1e-7 else x)
        columns.append(x + 1 if low == 1 else x)
    return columns


def defined(row, columns):
    """The points at which the row has a finite value, as it has a little away from them."""
    low, high = WHERE_DEFINED.get(row.name, WHOLE)
    good = np.ones(columns[0].shape, bool)
    with np.errstate(all="ignore"):
        for factor in (0.9, 1.0, 1.1):
            moved = [x if x.dtype == bool else x * factor for x in columns]
            out = np.asarray(row.record(*moved))
            good &= np.isfinite(out) & (np.abs(out) < 1e290)
            for x in columns:
                good &= (x > low) & (x < high) if x.dtype != bool else True
    return [x[good] for x in columns]


def verdict(row, leaves, function):
    """What is not right about the check of a row, in words, or None."""
    with np.errstate(all="ignore"):
        report = gradcheck(function, leaves, report=True, progress=False)
    return None if report.ok else (report.failures[0].verdict if report.failures else "problem", report.summary())


def judge(alarms, checked):
    """No verdict of "wrong"; "inconclusive" for less than one number in a hundred."""
    wrong = [f"{name}: {text}" for name, (kind, text), _ in alarms if kind != "inconclusive"]
    assert not wrong, f"{len(wrong)} false alarms:\n" + "\n".join(wrong)
    unclear = sum(size for _, _, size in alarms)
    text = "\n".join(f"{name}: {text}" for name, (_, text), _ in alarms)
    print(f"\n{checked} numbers checked, {unclear} inconclusive ({unclear / checked:.3%})")
    assert unclear < 0.01 * checked, f"{unclear} of {checked} inconclusive:\n{text}"


def test_rows_that_work_number_by_number_at_every_scale():
    alarms, checked = [], 0
    for row in NUMBER_BY_NUMBER:
        random = np.random.default_rng(0)
        seen = 0
        for scale in SCALES:
            columns = defined(row, points(row, scale, 120, random))
            if not columns[0].size or scale > UP_TO.get(row.name, math.inf):
                continue
            leaves = [make(x, requires_grad=x.dtype != bool) for x in columns]
            found = verdict(row, leaves, row.record)
            seen += columns[0].size
            if found:
                alarms.append((f"{row.name} at {scale:.0e}", found, columns[0].size))
        assert seen >= 500, f"{row.name}: only {seen} points"
        checked += seen
    judge(alarms, checked)


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1.0, 1e4, 1e8], ids=str)
def test_the_other_rows_in_many_calls(scale):
    """Where the row works on numbers from its domain times the scale; a hundred a row, a thousand of scale 1."""
    alarms, checked, most = [], 0, 1000 if scale == 1.0 else 100
    for row in OTHERS:
        if not DOWN_TO.get(row.name, 0.0) <= scale <= UP_TO.get(row.name, math.inf):
            continue
        possible = [case for case in cases(row) if all(0 not in shape for shape in case[0])]
        size = sum(math.prod(shape) for shapes, _ in possible for shape in shapes)
        for shapes, params in possible:
            calls = max(1, min(200, most // size))
            batches = [
                np.stack(xs) * (scale if xs[0].dtype.kind in "fc" else 1)
                for xs in zip(*(draw(row, shapes, "float64", k) for k in range(calls)), strict=True)
            ]
            leaves = [make(x, requires_grad=x.dtype.kind in "fc") for x in batches]

            def function(*xs, row=row, params=params, calls=calls):
                outs = [several(call(row, [x[k] for x in xs], params)) for k in range(calls)]
                return tuple(tg.stack(column) for column in zip(*outs, strict=True))

            with np.errstate(all="ignore"):
                if not all(np.isfinite(out.array).all() for out in function(*leaves)):
                    continue  # not defined there, or too large
            found = verdict(row, leaves, function)
            numbers = sum(x.size for x in batches)
            checked += numbers
            if found:
                alarms.append((f"{row.name} {shapes} {list(params)}", found, numbers))
    judge(alarms, checked)


EDGES = {
    "relu": [[0.0, 1.0, -1.0]], "abs": [[0.0, 2.0, -0.0]], "sign": [[0.0, 1.0]], "leaky_relu": [[0.0, 1.0, -1.0]],
    "elu": [[0.0, 1.0]], "hardsigmoid": [[-3.0, 3.0, 0.0]], "hardswish": [[-3.0, 3.0, 0.0]], "hardshrink": [[0.1, 2.0]],
    "softshrink": [[0.5, -0.5, 2.0]], "maximum": [[1.0, 2.0, 3.0], [1.0, 3.0, 3.0]],
    "minimum": [[1.0, 2.0, 0.0], [1.0, 3.0, 0.0]], "fmax": [[1.0, 2.0], [1.0, 3.0]], "fmin": [[1.0, 2.0], [1.0, 3.0]],
    "clamp": [[1.0, 2.0, 0.0], [1.0, 0.0, -1.0], [3.0, 2.0, 0.5]], "amax": [[2.0, 1.0, 2.0]], "amin": [[1.0, 1.0, 2.0]],
    "mul": [[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]], "square": [[0.0, -0.0]], "sin": [[0.0, -0.0, 1e-300]],
    "cos": [[0.0, math.pi]], "tanh": [[0.0, 20.0]], "sigmoid": [[0.0, 40.0, -700.0]], "exp": [[0.0, -745.0, 700.0]],
    "log": [[1.0, 1e-300, 1e300]], "sqrt": [[1.0, 1e-300, 1e300]], "div": [[0.0, 1.0], [1.0, 1e-8]],
    "pow": [[0.0, 1.0, 2.0], [2.0, 0.0, 3.0]], "hypot": [[3.0, 0.0], [0.0, 4.0]], "atan2": [[0.0, 1.0], [1.0, 1.0]],
    "logsumexp": [[30.0, 30.0, -1000.0]], "softplus": [[0.0, 50.0, -50.0]], "prod": [[0.0, 2.0, 3.0]],
    "asin": [[0.0, 1 - 1e-9]], "atanh": [[0.0, 1 - 1e-9]], "acosh": [[1 + 1e-9, 2.0]], "log1p": [[0.0, -1 + 1e-9]],
    "norm": [[3.0, 0.0, 4.0]], "logaddexp": [[0.0, 800.0], [0.0, -800.0]], "prelu": [[0.0, 1.0], [0.25, 0.0]],
    "erf": [[0.0, 6.0]], "copysign": [[1.0, -2.0], [3.0, -0.5]], "xlogy": [[0.0, 1.0], [1.0, 1.0]],
}  # fmt: skip
"""Ties, zeros, ends of domains and saturated values."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", EDGES)
def test_edges_are_no_failures(name, dtype):
    row = TABLE[name]
    top = np.finfo(dtype).max / 1e10
    tiny = np.finfo(dtype).tiny * 1e10
    columns = [np.array(x) for x in EDGES[name]]
    fits = np.all([(np.abs(x) < top) & ((x == 0) | (np.abs(x) > tiny)) for x in columns], axis=0)
    columns = [x[fits].astype(dtype) for x in columns]
    with np.errstate(all="ignore"):
        good = np.isfinite(np.broadcast_to(row.record(*columns), columns[0].shape))
        if name in WHERE_DEFINED:
            good &= (columns[0] > WHERE_DEFINED[name][0]) & (columns[0] < WHERE_DEFINED[name][1]) | (
                name in ("pow", "xlogy")
            )
    found = verdict(row, [make(x[good].copy(), requires_grad=True) for x in columns], row.record)
    assert found is None or found[0] == "inconclusive", found


def models():
    """Twenty small models: a name, the model, what it is given, its loss."""
    nn, F = tg.nn, tg.nn.functional
    x = tg.randn(3, 6)

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.Linear(8, 2), nn.Linear(2, 1)

        def forward(self, xs):
            state = tg.zeros(3, 2, dtype=xs.dtype)
            for k in range(3):
                state = tg.tanh(self.cell(tg.cat([xs, state + k * 0.1], 1)))
            return self.head(state)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = nn.Linear(6, 4), nn.Linear(6, 4), nn.Linear(6, 4)

        def forward(self, xs):
            scores = self.q(xs) @ self.k(xs).transpose(0, 1) / 2.0
            return tg.softmax(scores, 1) @ self.v(xs)

    def written_in_place(xs):
        y = xs * 2.0
        y[0] = xs[1].exp()
        y.mul_(3.0)
        return y.sum(1)

    image = tg.randn(2, 2, 6, 6)
    wave = tg.complex(tg.randn(4), tg.randn(4))
    labels = tg.tensor([0, 2, 1])
    grad = [t.requires_grad_() for t in (x, image, wave)]
    x, image, wave = grad
    yield "linear", nn.Linear(6, 2), [x], None
    yield "two layers", nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)), [x], None
    yield "relu", nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), [x], None
    yield "gelu and silu", nn.Sequential(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 5), nn.SiLU()), [x], None
    yield "dropout", nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5), nn.Linear(5, 2)), [x], None
    yield "recurrent", Loop(), [x], None
    yield "attention", Attention(), [x], None
    yield "classifier", nn.Linear(6, 3), [x], lambda out: F.cross_entropy(out, labels)
    yield "mean squares", nn.Linear(6, 3), [x], lambda out: F.mse_loss(out, tg.ones(3, 3))
    yield "softmax", lambda t: F.softmax(t, 1) * t, [x], None
    yield "convolution", lambda t: F.conv2d(t, tg.ones(3, 2, 3, 3) * 0.1, padding=1).tanh(), [image], None
    yield "pooling", lambda t: F.max_pool2d(t, 2).square(), [image], None
    yield "layer norm", lambda t: F.layer_norm(t, [6]) * t, [x], None
    yield "batch norm", lambda t: F.batch_norm(t, None, None, training=True).exp(), [x], None
    yield "complex", lambda t: (t * t.conj()).real.sqrt() + (t.exp() * t).imag, [wave], None
    yield "spectrum", lambda t: tg.fft.fft(t).abs(), [wave], None
    yield "in place", written_in_place, [x], None
    yield "views", lambda t: t[::2].transpose(0, 1).reshape(-1).unfold(0, 3, 2).cumsum(0), [x], None
    yield "reductions", lambda t: t.var(0) + t.amax(0) * t.logsumexp(0) - t.norm(dim=0), [x], None
    yield "matrices", lambda t: tg.linalg.inv(t @ t.transpose(0, 1) + 3.0 * tg.eye(3)).det(), [x], None


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_models_are_right(dtype):
    """In float16 what NumPy or PyTorch do not compute in it is left out: convolutions and complex numbers."""
    before = tg.get_default_dtype()
    kind = tg.float64 if dtype == "float64" else tg.float32
    seen, unclear, wrong = 0, [], []
    try:
        tg.set_default_dtype(kind)
        for name, model, inputs, loss in models():
            if dtype == "float16":
                if name in ("complex", "spectrum", "matrices", "convolution"):
                    continue
                model = model.half() if hasattr(model, "half") else model
                inputs = [t.detach().half().requires_grad_() for t in inputs]
            seen += 1
            tg.manual_seed(1)
            for report in (
                check_model(model, *inputs, loss=loss, progress=False),
                gradcheck(model, inputs, report=True, progress=False),
            ):
                if not report.ok:
                    whole = report.failures if hasattr(report, "failures") else report.whole
                    ops = getattr(report, "ops", [])
                    bad = [f for f in whole if not f.ok] + [f for op in ops for f in op.findings if not f.ok]
                    sure = any(f.verdict != "inconclusive" for f in bad) or not bad
                    (wrong if sure else unclear).append(f"{name}: {report}")
    finally:
        tg.set_default_dtype(before)
    assert seen >= 15
    assert not wrong, f"{len(wrong)} false alarms:\n" + "\n".join(wrong)
    assert not unclear, "\n".join(unclear)
