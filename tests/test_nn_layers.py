"""Containers, initial values, and every layer and loss once, by its formula."""

import copy
import math
import operator

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init


def close(ours, wanted, tolerance=1e-12):
    np.testing.assert_allclose(ours.detach().numpy(), wanted, rtol=tolerance, atol=tolerance)


def relus(n):
    return [nn.ReLU() for _ in range(n)]


# --- containers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [lambda parts: nn.Sequential(*parts), nn.ModuleList], ids=["Sequential", "ModuleList"])
def test_habits_of_a_list(kind):
    a, b, c, d, e = relus(5)
    parts = kind([a, b])
    assert parts.append(c) is parts and len(parts) == 3 and c in parts and d not in parts
    parts.insert(0, d)
    parts.insert(-1, e)
    assert list(parts) == [d, a, b, e, c] and list(parts._modules) == list("01234")
    assert parts[0] is d and parts[-1] is c and type(parts[1:3]) is type(parts) and list(parts[1:3]) == [a, b]
    assert parts.pop(0) is d and parts.pop() is c
    del parts[1]
    parts[0] = d
    assert list(parts) == [d, e] and list(parts._modules) == ["0", "1"]
    parts += [a, b]
    parts.extend(iter([c]))
    del parts[1:3]
    assert list(parts) == [d, b, c] and list(parts._modules) == list("012")
    assert list(kind([a]) + kind([b])) == [a, b]
    for wrong in (lambda: parts[3], lambda: parts[-4], lambda: operator.delitem(parts, 3)):
        with pytest.raises(IndexError, match="out of range"):
            wrong()
    for wrong in (lambda: parts.append(3), lambda: parts.insert(0, 3), lambda: operator.setitem(parts, 0, 3)):
        with pytest.raises(TypeError):
            wrong()


def test_sequential_runs_in_order():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    x = tg.randn(4, 2)
    close(model(x), model[2](F.relu(model[0](x))).detach())
    named = nn.Sequential({"in": nn.Linear(2, 2), "out": nn.Tanh()})
    assert list(named.state_dict()) == ["in.weight", "in.bias"]
    assert list(named[:1].state_dict()) == ["in.weight", "in.bias"] and named.out is named[1]
    with pytest.raises(IndexError, match="out of range"):
        named.insert(4, nn.ReLU())


def test_sequential_repeats():
    a, b = relus(2)
    twice = nn.Sequential(a, b) * 2
    assert list(twice) == list(2 * nn.Sequential(a, b)) == [a, b, a, b]
    twice *= 2
    assert len(twice) == 8
    with pytest.raises(ValueError, match="Non-positive"):
        twice * 0


def test_module_list_registers_and_counts_what_looks_the_same():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    layers.append(nn.Tanh())
    assert len(list(layers.parameters())) == 6
    assert repr(layers) == (
        "ModuleList(\n  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)\n  (3): Tanh()\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
    with pytest.raises(NotImplementedError, match="forward"):
        layers(1)


def test_habits_of_a_dict():
    a, b, c = relus(3)
    parts = nn.ModuleDict({"a": a})
    parts["b"] = b
    parts.update([("c", c)])
    parts.update(nn.ModuleDict({"a": b}))
    assert list(parts) == list(parts.keys()) == ["a", "b", "c"] and list(parts.values()) == [b, b, c]
    assert "a" in parts and "d" not in parts and dict(parts.items()) == {"a": b, "b": b, "c": c}
    assert parts.pop("c") is c and len(parts) == 2 and parts["b"] is b
    del parts["b"]
    parts.clear()
    assert not len(parts)
    for wrong in (lambda: parts["x"], lambda: parts.pop("x"), lambda: operator.delitem(parts, "x")):
        with pytest.raises(KeyError, match="x"):
            wrong()
    for key, module, error in (("a", 3, TypeError), (3, a, TypeError), ("a.b", a, KeyError), ("keys", a, KeyError)):
        with pytest.raises(error):
            parts[key] = module


# --- initial values -----------------------------------------------------------------------------------------

FAN_IN, FAN_OUT = 60 * 6, 50 * 6
RELU, LEAKY = math.sqrt(2), math.sqrt(2 / (1 + 0.3**2))


@pytest.mark.parametrize(
    ("fill", "std", "uniform"),
    [
        (lambda w: init.uniform_(w, -1, 3), 4 / math.sqrt(12), None),
        (lambda w: init.normal_(w, 1, 0.5), 0.5, None),
        (lambda w: init.xavier_uniform_(w, 2), 2 * math.sqrt(2 / (FAN_IN + FAN_OUT)), True),
        (lambda w: init.xavier_normal_(w, 2), 2 * math.sqrt(2 / (FAN_IN + FAN_OUT)), False),
        (lambda w: init.kaiming_uniform_(w, nonlinearity="relu"), RELU / math.sqrt(FAN_IN), True),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), RELU / math.sqrt(FAN_IN), False),
        (lambda w: init.kaiming_uniform_(w, 0.3, "fan_out"), LEAKY / math.sqrt(FAN_OUT), True),
        (lambda w: init.kaiming_normal_(w, 0.3, "fan_out"), LEAKY / math.sqrt(FAN_OUT), False),
    ],
)
def test_random_values_have_the_formula_s_variance(fill, std, uniform):
    w = tg.empty(50, 60, 2, 3, dtype=tg.float64)
    assert fill(w) is w and not w.requires_grad
    centre = 0 if uniform is not None else 1
    assert w.std().item() == pytest.approx(std, rel=0.03)
    assert w.mean().item() == pytest.approx(centre, abs=4 * std / math.sqrt(w.numel()))
    if uniform:
        bound = math.sqrt(3) * std
        assert bound * 0.99 < w.max().item() <= bound and -bound <= w.min().item() < -bound * 0.99
    elif uniform is False:
        within = ((w.abs() < std).double().mean()).item()
        assert within == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.02), "68 % within one standard deviation"


def test_one_seed_gives_the_same_values():
    first = [init.normal_(tg.empty(5), generator=tg.Generator().manual_seed(s)).tolist() for s in (1, 1, 2)]
    assert first[0] == first[1] != first[2]
    tg.manual_seed(3)
    one = nn.Linear(4, 3).weight
    tg.manual_seed(3)
    assert (one == nn.Linear(4, 3).weight).all()


def test_truncated_normal_stays_inside():
    w = init.trunc_normal_(tg.empty(3000, dtype=tg.float64), mean=1.0, std=2.0, a=0.0, b=2.0)
    assert 0 <= w.min().item() < 0.01 and 1.99 < w.max().item() <= 2
    tail = init.trunc_normal_(tg.empty(3000, dtype=tg.float64), a=1.5, b=3.0)
    mills = math.sqrt(2 * math.pi) * (math.erf(3 / math.sqrt(2)) - math.erf(1.5 / math.sqrt(2))) / 2
    assert tail.mean().item() == pytest.approx((math.exp(-1.125) - math.exp(-4.5)) / mills, abs=0.02)
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(tg.empty(2), mean=9.0, std=1.0, a=0.0, b=6.0)


def test_orthogonal_rows_or_columns():
    for shape in ((4, 7), (7, 4), (5, 5), (3, 2, 2)):
        w = init.orthogonal_(tg.empty(*shape, dtype=tg.float64), gain=2).reshape(shape[0], -1)
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        close(product, 4 * np.eye(len(product)))


def test_sparse_columns():
    w = init.sparse_(tg.empty(10, 30), sparsity=0.25, std=0.1)
    assert ((w == 0).sum(0) == 3).all() and 0.08 < w[w != 0].std().item() < 0.12


def test_constants():
    w = nn.Parameter(tg.empty(2, 3))
    for fill, wanted in [
        (init.zeros_, np.zeros((2, 3))), (init.ones_, np.ones((2, 3))), (init.eye_, np.eye(2, 3)),
        (lambda t: init.constant_(t, 7), np.full((2, 3), 7.0)),
    ]:  # fmt: skip
        assert fill(w) is w and w.is_leaf and w.requires_grad
        close(w, wanted)
    kernel = init.dirac_(tg.empty(4, 2, 3), groups=2)
    close(kernel[:, :, 1], [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert kernel.sum().item() == 4


def test_gains():
    assert init.calculate_gain("relu") == RELU and init.calculate_gain("leaky_relu", 0.3) == LEAKY
    assert (init.calculate_gain("tanh"), init.calculate_gain("selu"), init.calculate_gain("conv2d")) == (5 / 3, 0.75, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: init.calculate_gain("tahn"), "Unsupported nonlinearity tahn"),
        (lambda: init.calculate_gain("leaky_relu", "steep"), "negative_slope steep"),
        (lambda: init.xavier_normal_(tg.empty(3)), "fewer than 2 dimensions"),
        (lambda: init.kaiming_normal_(tg.empty(3, 3), mode="fan"), "Mode fan not supported"),
        (lambda: init.eye_(tg.empty(3)), "2 dimensions"),
        (lambda: init.orthogonal_(tg.empty(3)), "2 or more dimensions"),
        (lambda: init.sparse_(tg.empty(3), 0.1), "2 dimensions"),
        (lambda: init.dirac_(tg.empty(3, 3)), "3, 4, or 5 dimensions"),
        (lambda: init.dirac_(tg.empty(3, 3, 3), 2), "divisible by groups"),
    ],
)
def test_wrong_initialisations_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# --- layers -------------------------------------------------------------------------------------------------


def test_linear():
    layer = nn.Linear(3, 2).double()
    x = tg.randn(5, 4, 3, dtype=tg.float64)
    close(layer(x), x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy())
    assert layer(x[0, 0]).shape == (2,) and layer(x[:0]).shape == (0, 4, 2)
    assert nn.Linear(3, 2, bias=False).bias is None and nn.Linear(3, 2, dtype=tg.float64).weight.dtype == tg.float64
    bound = 1 / math.sqrt(400)
    weight = nn.Linear(400, 100).weight
    assert bound * 0.99 < weight.abs().max().item() <= bound


def test_a_linear_layer_without_inputs_gives_zeros():
    with pytest.warns(UserWarning, match="zero-element"):
        assert nn.Linear(0, 3)(tg.ones(2, 0)).tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: nn.Linear(3, 2)(tg.ones(4, 4)), RuntimeError, "4x4 and 3x2"),
        (lambda: nn.Linear(3, 2)(tg.ones(4, 3).double()), RuntimeError, "float64"),
        (lambda: nn.Linear(3, 2)([1.0, 2.0, 3.0]), TypeError, "must be Tensor, not list"),
        (lambda: nn.Linear(-3, 2), RuntimeError, "negative"),
        (lambda: nn.Dropout(1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: nn.Dropout(float("nan")), ValueError, "nan"),
        (lambda: nn.Unflatten(1, (2, 4))(tg.ones(2, 6)), RuntimeError, "invalid for input of size 12"),
        (lambda: nn.Unflatten(2, (2, 3))(tg.ones(2, 6)), IndexError, "out of range"),
        (lambda: nn.Unflatten(1, (2.0, 3.0)), TypeError, "integers"),
        (lambda: nn.Hardtanh(1.0, -1.0), ValueError, "min_val"),
        (lambda: nn.ELU()(tg.ones(2).long()), NotImplementedError, '"elu" not implemented for .*int64'),
        (lambda: nn.GELU("fast")(tg.ones(2)), RuntimeError, "none or tanh"),
    ],
)
def test_wrong_layers_are_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_flatten_and_identity():
    x = tg.randn(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12) and nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(-1, (2, -1))(x).shape == (2, 3, 2, 2)
    assert nn.Identity(1, unused=2)(x) is x


def test_dropout_in_training_and_not():
    x = tg.ones(10000, dtype=tg.float64, requires_grad=True)
    layer = nn.Dropout(0.3)
    out = layer(x)
    assert set(out.tolist()) == {0.0, 1 / 0.7} and out.mean().item() == pytest.approx(1, abs=0.03)
    out.sum().backward()
    close(x.grad, out.detach())
    assert layer.eval()(x) is x
    assert nn.Dropout(1.0)(x).sum().item() == 0 and (nn.Dropout(0.0)(x) == x).all()
    y = tg.ones(5)
    assert nn.Dropout(1.0, inplace=True)(y) is y and not y.any()


X = np.array([-30.0, -6.5, -1.0, -0.5, 0.0, 0.3, 1.0, 6.5, 30.0])
erf = np.vectorize(math.erf)
ACTIVATIONS = [
    (nn.ReLU(), np.maximum(X, 0)),
    (nn.ReLU6(), np.clip(X, 0, 6)),
    (nn.LeakyReLU(0.2), np.where(X > 0, X, 0.2 * X)),
    (nn.ELU(0.5), np.where(X > 0, X, 0.5 * np.expm1(np.minimum(X, 0)))),
    (nn.SELU(), 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(np.minimum(X, 0)))),
    (nn.SiLU(), X / (1 + np.exp(-X))),
    (nn.GELU(), X * (1 + erf(X / math.sqrt(2))) / 2),
    (nn.GELU("tanh"), X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3))) / 2),
    (nn.Sigmoid(), 1 / (1 + np.exp(-X))),
    (nn.LogSigmoid(), -np.logaddexp(0, -X)),
    (nn.Tanh(), np.tanh(X)),
    (nn.Softplus(2.0, 9.0), np.where(2 * X > 9, X, np.log1p(np.exp(np.minimum(2 * X, 9))) / 2)),
    (nn.Hardtanh(-2.0, 1.0), np.clip(X, -2, 1)),
    (nn.Softmax(0), np.exp(X) / np.exp(X).sum()),
    (nn.LogSoftmax(0), X - np.log(np.exp(X).sum())),
]


@pytest.mark.parametrize(("layer", "wanted"), ACTIVATIONS, ids=lambda case: repr(case) if callable(case) else "")
def test_activations(layer, wanted):
    close(layer(tg.tensor(X)), wanted)
    assert layer(tg.zeros(2, 0)).shape == (2, 0) and layer(tg.zeros(2)).dtype == tg.float32
    if getattr(layer, "inplace", None) is False:
        in_place, x = copy.copy(layer), tg.tensor(X)
        in_place.inplace = True
        assert in_place(x) is x and "inplace=True" in repr(in_place)
        close(x, wanted)


# --- losses -------------------------------------------------------------------------------------------------

A, B = np.array([0.5, -1.0, 3.0]), np.array([0.0, 1.0, 2.9])
P, Q = np.array([0.2, 0.9, 1.0]), np.array([0.0, 0.5, 1.0])
SCORES, LABELS = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]]), np.array([1, 0, 1])
LOG_P = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
OWN = -LOG_P[np.arange(3), LABELS]
BCE = -(Q * np.log(P) + (1 - Q) * np.log(np.maximum(1 - P, 1e-300)))
LOSSES = [
    (nn.MSELoss, A, B, (A - B) ** 2),
    (nn.L1Loss, A, B, abs(A - B)),
    (nn.SmoothL1Loss, A, B, np.where(abs(A - B) < 1, (A - B) ** 2 / 2, abs(A - B) - 0.5)),
    (nn.NLLLoss, LOG_P, LABELS, OWN),
    (nn.CrossEntropyLoss, SCORES, LABELS, OWN),
    (nn.CrossEntropyLoss, SCORES, np.eye(2)[LABELS] * 0.8 + 0.1, -(LOG_P * (np.eye(2)[LABELS] * 0.8 + 0.1)).sum(1)),
    (nn.BCELoss, P, Q, BCE),
    (nn.BCEWithLogitsLoss, A, Q, np.logaddexp(0, A) - Q * A),
]


@pytest.mark.parametrize(("kind", "x", "y", "each"), LOSSES)
def test_losses(kind, x, y, each):
    x, y = tg.tensor(x), tg.tensor(y)
    close(kind(reduction="none")(x, y), each)
    close(kind(reduction="sum")(x, y), each.sum())
    close(kind()(x, y), each.mean())
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        kind(reduction="average")(x, y)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert kind(size_average=False).reduction == "sum"


def test_class_weights_and_ignored_targets():
    weight, labels = tg.tensor([1.0, 3.0], dtype=tg.float64), tg.tensor([1, -100, 0])
    own = -LOG_P[[0, 2], [1, 0]]
    close(nn.CrossEntropyLoss(weight)(tg.tensor(SCORES), labels), (own * [3, 1]).sum() / 4)
    close(nn.CrossEntropyLoss(weight, reduction="none")(tg.tensor(SCORES), labels), [3 * own[0], 0, own[1]])
    close(nn.CrossEntropyLoss(ignore_index=1)(tg.tensor(SCORES), tg.tensor(LABELS)), OWN[1])
    smooth = 0.9 * OWN - 0.1 * LOG_P.mean(1)
    close(nn.CrossEntropyLoss(label_smoothing=0.1)(tg.tensor(SCORES), tg.tensor(LABELS)), smooth.mean())
    assert nn.CrossEntropyLoss(weight).state_dict().keys() == {"weight"}


def test_where_every_target_is_ignored_the_mean_is_nan_and_the_gradient_zero():
    x = tg.tensor(SCORES, requires_grad=True)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(x, tg.full((3,), -100))
    loss.backward()
    assert math.isnan(loss.item()) and not x.grad.any()


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 2], IndexError, r"Target 2 is out of bounds: target\[2\] must be one of the 2 classes 0 to 1"),
        ([0, -1, 1], IndexError, r"Target -1 is out of bounds: target\[1\]"),
        ([0, 1], ValueError, r"batch_size \(3\) to match target batch_size \(2\)"),
        ([[0, 1]] * 3, RuntimeError, r"Expected floating point type for target with class probabilities"),
        ([0.0, 1.0, 1.0], RuntimeError, "expected scalar type Long"),
    ],
)
def test_wrong_targets_are_refused(labels, error, message):
    with pytest.raises(error, match=message):
        nn.CrossEntropyLoss()(tg.tensor(SCORES), tg.tensor(labels))


def test_a_loss_that_broadcasts_warns():
    with pytest.warns(UserWarning, match="different to the input size"):
        close(nn.MSELoss()(tg.tensor(A), tg.tensor(B)[:, None]), ((A - B[:, None]) ** 2).mean())
