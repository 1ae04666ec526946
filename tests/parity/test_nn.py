"""Layers, activations, losses and dropout: values, gradients and second derivatives, as in PyTorch."""

import warnings
from itertools import product

import numpy as np
import pytest
from draws import same_dropout
from helpers import agree, case, table

import tinygrad_lite as tg

torch = pytest.importorskip("torch")

DTYPES = ["float64", "float32"]
FLAT, MATRIX, BOX, SCALAR, EMPTY = (7,), (3, 4), (2, 3, 4), (), (0, 3)
FAR = np.array([-200.0, -90.0, -25.0, -1e-9, 1e-9, 11.0, 25.0, 90.0, 200.0])


def both(line, dtype="float64"):
    """Compare, where PyTorch's warnings are beside the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        agree(line, dtype)


# --- layers -------------------------------------------------------------------------------------------------

LINEAR = [
    case(f"linear {x}", lambda m, x, w, b: m.nn.functional.linear(x, w, b), x, (5, 4), (5,))
    for x in ((3, 4), (4,), (2, 3, 4), (0, 4), (1, 1, 1, 4))
] + [
    case("linear without bias", lambda m, x, w: m.nn.functional.linear(x, w), (3, 4), (5, 4)),
    case("linear with a vector", lambda m, x, w: m.nn.functional.linear(x, w), (3, 4), (4,)),
    case("linear without inputs", lambda m, x, w, b: m.nn.functional.linear(x, w, b), (3, 0), (5, 0), (5,)),
]
SHAPES = [
    case(f"flatten {shape} {dims}", lambda m, x, dims=dims: m.nn.Flatten(*dims)(x), shape)
    for shape, dims in ((BOX, ()), (BOX, (0,)), (BOX, (0, 1)), (BOX, (-2, -1)), (FLAT, (0,)), (SCALAR, (0,)))
] + [
    case(f"unflatten {dim} {sizes}", lambda m, x, dim=dim, sizes=sizes: m.nn.Unflatten(dim, sizes)(x), (2, 6))
    for dim, sizes in ((1, (2, 3)), (-1, (3, -1)), (0, (2, 1)), (-2, [1, 2]))
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(LINEAR, SHAPES))
def test_layers(line, dtype):
    both(line, dtype)


# --- activations --------------------------------------------------------------------------------------------

ACTIVATIONS = {
    "ReLU": [(), (True,)],
    "ReLU6": [(), (True,)],
    "LeakyReLU": [(), (0.3,), (0.3, True), (0.0,)],
    "ELU": [(), (0.5,), (2.0, True)],
    "SELU": [(), (True,)],
    "SiLU": [(), (True,)],
    "GELU": [(), ("tanh",)],
    "Hardtanh": [(), (-0.5, 1.5), (-2.0, 0.5, True)],
    "Softplus": [(), (2.0,), (0.5, 0.4)],
    "Sigmoid": [()],
    "Tanh": [()],
    "LogSigmoid": [()],
    "Softmax": [(-1,), (0,)],
    "LogSoftmax": [(-1,), (0,)],
}


def activation(name, args):
    return lambda m, x: getattr(m.nn, name)(*args)(x * 1)


ALONG_A_DIMENSION = ("Softmax", "LogSoftmax")
SMOOTH = [
    case(f"{name}{args} {shape}", activation(name, args), shape)
    for name, settings in ACTIVATIONS.items()
    for args in settings
    for shape in (FLAT, MATRIX, BOX, SCALAR, EMPTY)
]
FAR_OUT = [
    case(f"{name}{args} far out", activation(name, args), FAR, order=1)
    for name, settings in ACTIVATIONS.items()
    for args in settings
]
CORNERS = [
    case("ReLU at 0", activation("ReLU", ()), np.zeros(2), order=1),
    case("ReLU6 at its bounds", activation("ReLU6", ()), np.array([0.0, 6.0]), order=1),
    case("LeakyReLU at 0", activation("LeakyReLU", (0.3,)), np.zeros(2), order=1),
    case("ELU at 0", activation("ELU", (0.5,)), np.zeros(2), order=1),
    case("SELU at 0", activation("SELU", ()), np.zeros(2), order=1),
    case("Hardtanh at its bounds", activation("Hardtanh", (-1.0, 2.0)), np.array([-1.0, 2.0]), order=1),
    case("Softplus at its threshold", activation("Softplus", (2.0, 3.0)), np.array([1.5, 1.5 + 1e-9]), order=1),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(SMOOTH, FAR_OUT, CORNERS))
def test_activations(line, dtype):
    both(line, dtype)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 3, 4, 1)], ids=str)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_the_implicit_dimension_of_softmax(name, shape):
    both(case(name, lambda m, x: getattr(m.nn.functional, name)(x), shape))
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        getattr(tg.nn.functional, name)(tg.ones(shape))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_in_another_dtype(name):
    both(case(name, lambda m, x: getattr(m.nn.functional, name)(x, 0, dtype=m.float64), (3, 2)), "float32")


# --- losses of two tensors of one shape -----------------------------------------------------------------------

REDUCTIONS = ("mean", "sum", "none")


def loss(name, **settings):
    return lambda m, *tensors: getattr(m.nn, name)(**settings)(*tensors)


KINDS = [("MSELoss", {}), ("L1Loss", {}), *[("SmoothL1Loss", {"beta": beta}) for beta in (1.0, 0.3, 0.0)]]
PAIRS = [(FLAT, FLAT), (MATRIX, MATRIX), (SCALAR, SCALAR), (EMPTY, EMPTY), (MATRIX, (4,))]
DISTANCES = [
    case(f"{name} {settings} {reduction} {shapes}", loss(name, reduction=reduction, **settings), *shapes)
    for (name, settings), reduction, shapes in product(KINDS, REDUCTIONS, PAIRS)
]
AT_CORNERS = [
    case(f"{name} {settings} at corners", loss(name, **settings), np.array([0.0, 1.0, -1.0]), np.zeros(3), order=1)
    for name, settings in KINDS
]


def weighted(name, reduction):
    return lambda m, x, y, w: getattr(m.nn.functional, name)(x, y, reduction=reduction, weight=w)


WEIGHTED = [
    case(f"{name} weight {reduction}", weighted(name, reduction), MATRIX, MATRIX, MATRIX)
    for name, reduction in product(("mse_loss", "l1_loss"), REDUCTIONS)
]


def bce(reduction):
    return lambda m, p, y, w: m.nn.BCELoss(w.detach(), reduction=reduction)(p, y)


def bce_with_logits(reduction):
    return lambda m, x, y, w, v: m.nn.BCEWithLogitsLoss(w.detach(), reduction=reduction, pos_weight=v.detach())(x, y)


PROBABILITIES = [
    case(f"{name} {reduction} {shape}", loss(name, reduction=reduction), shape, shape, domain=(0.05, 0.95))
    for name, reduction, shape in product(("BCELoss", "BCEWithLogitsLoss"), REDUCTIONS, (FLAT, MATRIX, SCALAR, EMPTY))
]
FOR_EACH_REDUCTION = [
    line
    for reduction in REDUCTIONS
    for line in (
        case(f"BCELoss weight {reduction}", bce(reduction), MATRIX, MATRIX, (4,), domain=(0.05, 0.95)),
        case(f"BCEWithLogitsLoss weights {reduction}", bce_with_logits(reduction), MATRIX, MATRIX, (3, 1), (4,)),
    )
]
SCORES_FAR_OUT = [case("far out", loss("BCEWithLogitsLoss", reduction="none"), FAR, np.arange(9) / 8, order=1)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "line", table(DISTANCES, AT_CORNERS, WEIGHTED, PROBABILITIES, FOR_EACH_REDUCTION, SCORES_FAR_OUT)
)
def test_losses_of_one_shape(line, dtype):
    both(line, dtype)


def test_certain_and_wrong_probabilities():
    """In float32: PyTorch's least p (1 - p) is the float32 nearest to 1e-12, in float64 as well."""
    p, y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
    both(case("at the ends", lambda m, p, y: m.nn.BCELoss()(p, y.detach()), p, y, order=1), "float32")


@pytest.mark.parametrize(("size_average", "reduce"), list(product((None, True, False), repeat=2))[1:])
@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "SmoothL1Loss", "BCEWithLogitsLoss"])
def test_older_arguments(name, size_average, reduce):
    both(case(name, loss(name, size_average=size_average, reduce=reduce), MATRIX, MATRIX))


# --- losses of classes ----------------------------------------------------------------------------------------

LABELS = {
    (5, 4): np.array([0, 3, 1, 1, 2]),
    (4,): np.array(2),
    (2, 4, 3): np.array([[0, 3, 1], [1, 1, 0]]),
    (2, 3, 2, 2): np.array([[[0, 2], [1, 1]], [[2, 2], [0, 1]]]),
    (0, 4): np.zeros(0, np.int64),
}


def class_loss(name, use_weight, **settings):
    def program(m, x, target, weight):
        weight = weight.detach() if use_weight else None
        return getattr(m.nn, name)(weight, **settings)(x, target)

    return program


def classes_of(shape):
    return shape[1] if len(shape) > 1 else shape[0]


CLASS_LOSSES = [("NLLLoss", {}), *[("CrossEntropyLoss", {"label_smoothing": s}) for s in (0.0, 0.2, 1.0)]]
CLASSES = [
    case(
        f"{name} {shape} {reduction} weight={use_weight} ignore={ignore} {more}",
        class_loss(name, use_weight, reduction=reduction, ignore_index=ignore, **more),
        shape,
        labels,
        np.linspace(0.5, 2.0, classes_of(shape)),
        order=2 if labels.size else 1,
    )
    for (name, more), (shape, labels), reduction, use_weight, ignore in product(
        CLASS_LOSSES, LABELS.items(), REDUCTIONS, (False, True), (-100, 1)
    )
]
NOTHING_COUNTS = [
    case(
        f"all ignored {name} {more} {reduction} weight={use_weight}",
        class_loss(name, use_weight, reduction=reduction, **more),
        (3, 4),
        np.full(3, -100),
        np.ones(4),
        order=1,
    )
    for (name, more), reduction, use_weight in product(CLASS_LOSSES, REDUCTIONS, (False, True))
]
SOFT = [
    case(
        f"probabilities {shape} {reduction} weight={use_weight} smoothing={smoothing}",
        class_loss("CrossEntropyLoss", use_weight, reduction=reduction, label_smoothing=smoothing),
        shape,
        shape,
        (classes_of(shape),),
        domain=(0.1, 1.0),
    )
    for shape, reduction, use_weight, smoothing in product(LABELS, REDUCTIONS, (False, True), (0.0, 0.3))
]


def one_class_counts_nothing(m, x, target):
    return m.nn.CrossEntropyLoss(m.tensor([1.0, 0.0, 2.0, 0.5], dtype=x.dtype))(x, target)


OTHER_TARGETS = [
    case("labels as bytes", loss("CrossEntropyLoss"), (5, 4), LABELS[5, 4].astype(np.uint8)),
    case("one label in an array", loss("CrossEntropyLoss", reduction="none"), (4,), np.array([2]), order=0),
    case("ignored out of range", loss("CrossEntropyLoss", ignore_index=9), (5, 4), np.array([0, 9, 1, 1, 9])),
    case("a class that counts nothing", one_class_counts_nothing, (5, 4), LABELS[5, 4]),
    case("far out", loss("CrossEntropyLoss"), np.array([[900.0, -900.0], [0.0, 800.0]]), np.array([0, 0]), order=1),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(CLASSES, NOTHING_COUNTS, SOFT, OTHER_TARGETS))
def test_losses_of_classes(line, dtype):
    both(line, dtype)


# --- dropout --------------------------------------------------------------------------------------------------


@same_dropout
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [FLAT, BOX, SCALAR, EMPTY, (50, 60)], ids=str)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_in_training(p, shape, inplace, dtype):
    def program(m, x):
        m.manual_seed(3)
        layer = m.nn.Dropout(p, inplace=inplace)
        return layer(x * 1), layer(x * 2), m.rand(3)

    both(case("dropout", program, shape), dtype)


@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_in_evaluation(inplace):
    both(case("dropout", lambda m, x: m.nn.Dropout(0.5, inplace).eval()(x), MATRIX))
