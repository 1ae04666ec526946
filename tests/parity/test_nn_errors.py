"""Wrong use of layers and losses raises the type of error that PyTorch raises."""

import warnings

import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")

INTEGERS_REFUSED = ["leaky_relu", "elu", "selu", "silu", "gelu", "softplus", "logsigmoid"]


def functional(name, *args, **settings):
    """A call whose arguments are shapes (of ones), lists (of integers) or what they are."""

    def value(m, arg):
        return m.ones(arg) if isinstance(arg, tuple) else m.tensor(arg) if isinstance(arg, list) else arg

    def program(m):
        given = {key: value(m, arg) for key, arg in settings.items()}
        return getattr(m.nn.functional, name)(*(value(m, arg) for arg in args), **given)

    return pytest.param(program, id=f"{name}{args}{settings or ''}")


def called(name, program):
    return pytest.param(program, id=name)


WRONG = [
    functional("cross_entropy", (3, 4), [0, 1, 4]),
    functional("cross_entropy", (3, 4), [0, 1, -1]),
    functional("cross_entropy", (3, 4), [0, 1]),
    functional("cross_entropy", (3, 4), [[0, 1], [0, 1], [0, 1]]),
    functional("cross_entropy", (3, 4, 5), [0, 1, 2]),
    functional("cross_entropy", (3, 2), [[0, 1], [0, 1], [0, 1]]),
    functional("cross_entropy", (3, 4), [0.0, 1.0, 2.0]),
    functional("cross_entropy", (3, 4), [True, False, True]),
    functional("cross_entropy", (), [0]),
    functional("cross_entropy", (3, 4), [0, 1, 2], (3,)),
    functional("cross_entropy", (3, 4), (3, 4), (3,)),
    functional("cross_entropy", (3, 4), (3, 4), ignore_index=1),
    functional("cross_entropy", (3, 4), [0, 1, 2], label_smoothing=1.5),
    functional("cross_entropy", (3, 4), [0, 1, 2], reduction="average"),
    functional("cross_entropy", [[1, 2], [3, 4]], [0, 1]),
    functional("cross_entropy", [[1j, 2], [3, 4]], [0, 1]),
    called("cross_entropy int32", lambda m: m.nn.functional.cross_entropy(m.ones(2, 3), m.tensor([0, 1]).int())),
    called("weight in float64", lambda m: m.nn.functional.nll_loss(m.ones(2, 3), m.tensor([0, 1]), m.ones(3).double())),
    functional("nll_loss", (3, 4), [0, 1, 4]),
    functional("nll_loss", (3, 4), (3,)),
    functional("nll_loss", [[1, 2], [3, 4]], [0, 1]),
    functional("mse_loss", (3,), (4,)),
    functional("mse_loss", [1, 2], [3, 4]),
    functional("mse_loss", [1j, 2], [3, 4]),
    functional("mse_loss", (3,), (3,), reduction="average"),
    functional("mse_loss", (3,), (3,), weight=(2,)),
    functional("l1_loss", (3,), (4,)),
    functional("smooth_l1_loss", [1, 2], [3, 4]),
    functional("smooth_l1_loss", (3,), (3,), beta=-1.0),
    functional("binary_cross_entropy", (3,), (3, 1)),
    functional("binary_cross_entropy", [1.5, 0.5], [1.0, 0.0]),
    functional("binary_cross_entropy", [0.5, 0.5], [1.5, 0.0]),
    functional("binary_cross_entropy", [float("nan")], [1.0]),
    functional("binary_cross_entropy", (3,), [0, 1, 1]),
    functional("binary_cross_entropy", (3,), (3,), (2,)),
    functional("binary_cross_entropy_with_logits", (3,), (3, 1)),
    functional("binary_cross_entropy_with_logits", (3,), [0, 1, 1]),
    functional("binary_cross_entropy_with_logits", (3,), (3,), (2,)),
    functional("linear", (4, 3), (5, 2)),
    functional("linear", (4, 2), (3, 2), (2,)),
    functional("linear", (4, 2), (2,), (1,)),
    functional("linear", [[1, 2]], (3, 2)),
    functional("linear", 1.0, (3, 2)),
    functional("linear", (4, 2), (3, 2), 1.0),
    called("linear in two dtypes", lambda m: m.nn.functional.linear(m.ones(4, 2), m.ones(3, 2).double())),
    called("bias in float64", lambda m: m.nn.functional.linear(m.ones(4, 2), m.ones(3, 2), m.ones(3).double())),
    called("negative inputs", lambda m: m.nn.Linear(-1, 2)),
    called("negative outputs", lambda m: m.nn.Linear(2, -1)),
    called("a fraction of an input", lambda m: m.nn.Linear(2.0, 2)),
    called("integer weights", lambda m: m.nn.Linear(2, 2, dtype=m.int64)),
    called("Flatten(3)", lambda m: m.nn.Flatten(3)(m.ones(2, 3))),
    called("Flatten(1, 0)", lambda m: m.nn.Flatten(1, 0)(m.ones(2, 3))),
    called("Flatten of a vector", lambda m: m.nn.Flatten()(m.ones(2))),
    called("Unflatten that does not fit", lambda m: m.nn.Unflatten(1, (2, 4))(m.ones(2, 6))),
    called("Unflatten of no dimension", lambda m: m.nn.Unflatten(4, (2, 3))(m.ones(2, 6))),
    called("Unflatten into fractions", lambda m: m.nn.Unflatten(1, (2.0, 3))),
    called("Unflatten into a number", lambda m: m.nn.Unflatten(1, 6)),
    called("Unflatten twice -1", lambda m: m.nn.Unflatten(1, (-1, -1))(m.ones(2, 6))),
    called("Dropout(1.5)", lambda m: m.nn.Dropout(1.5)),
    called("Dropout(-1)", lambda m: m.nn.Dropout(-1)),
    functional("dropout", (3,), 1.5),
    functional("dropout", [1, 2]),
    functional("dropout", [1j, 2]),
    functional("dropout", "text"),
    functional("hardtanh", (2,), 2.0, 1.0),
    functional("hardtanh", [True]),
    functional("gelu", (2,), approximate="fast"),
    functional("softmax", [1, 2], 0),
    functional("softmax", (3,), 2),
    functional("log_softmax", [1, 2], 0),
    functional("relu", [True]),
    functional("relu", [1j]),
    *[functional(name, [1, 2]) for name in INTEGERS_REFUSED],
    *[functional(name, [True]) for name in INTEGERS_REFUSED],
    *[functional(name, [1j, 2]) for name in INTEGERS_REFUSED if name != "silu"],
    *[functional(name, "text") for name in INTEGERS_REFUSED],
]


def error_of(program, m):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.raises(Exception) as caught:
            program(m)
    return caught.value


@pytest.mark.parametrize("program", WRONG)
def test_wrong_use_raises_the_same_type(program):
    ours, theirs = error_of(program, tg), error_of(program, torch)
    assert type(ours) is type(theirs), f"{ours!r}, PyTorch raises {theirs!r}"
