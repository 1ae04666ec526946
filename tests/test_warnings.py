"""Warnings of pitfalls: each is given once, by its name, where it should be, and can be switched off."""

import io
import warnings

import pytest

import tinygrad_lite as tg

F = tg.nn.functional
LABELS = tg.tensor([0, 1])


@pytest.fixture(autouse=True)
def armed():
    """Every test starts with nothing said, and leaves all warnings on."""
    yield from _armed()


def _armed():
    for name in tg.warning_names():
        tg.set_warning(name, True)
    yield
    for name in tg.warning_names():
        tg.set_warning(name, True)


def heard(program, times=1):
    """The names of the pitfalls that a program warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(times):
            program()
    return [w.message.name for w in caught if isinstance(w.message, tg.PitfallWarning)]


# --- programs that fall, and the same done right ------------------------------------------------------------


def column_and_row(loss):
    return lambda: loss(tg.rand(4, 1), tg.rand(4))


def column_and_column(loss):
    return lambda: loss(tg.rand(4, 1), tg.rand(4, 1))


def softmax_first():
    F.cross_entropy(tg.softmax(tg.zeros(2, 3, requires_grad=True), 1), LABELS)


def scores():
    F.cross_entropy(tg.zeros(2, 3, requires_grad=True) * 2, LABELS)
    F.nll_loss(tg.log_softmax(tg.zeros(2, 3, requires_grad=True), 1), LABELS)


def two_layers(named=False):
    model = tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.Linear(2, 2))
    return model, tg.optim.SGD(model.named_parameters() if named else model.parameters(), lr=0.1)


def layer_left_out(named=False):
    model, optimizer = two_layers(named)
    model[0](tg.ones(1, 2)).sum().backward()
    optimizer.step()


def layer_frozen():
    model, optimizer = two_layers()
    model[1].requires_grad_(False)
    model(tg.ones(1, 2)).sum().backward()
    optimizer.step()


def no_gradients_at_all():
    _, optimizer = two_layers()
    optimizer.step()


def train(reset, backwards=1, steps=3):
    def program():
        model, optimizer = two_layers()
        for _ in range(steps):
            for _ in range(backwards):
                model(tg.ones(1, 2)).sum().backward()
            optimizer.step()
            reset(model, optimizer)

    return program


def by_hand(model, _):
    for p in model.parameters():
        p.grad.zero_()


def by_data(model, _):
    for p in model.parameters():
        p.grad.data.zero_()


def to_none(model, _):
    for p in model.parameters():
        p.grad = None


def load(dtype):
    def program():
        header = f'{{"x":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,2]}}}}'.encode()
        tg.load(io.BytesIO(len(header).to_bytes(8, "little") + header + bytes(2)))

    return program


FALLING = {
    "accumulating_gradients": [train(lambda model, optimizer: None), train(lambda model, optimizer: None, backwards=2)],
    "loss_broadcast": [
        column_and_row(lambda x, y: F.poisson_nll_loss(x, y)),
        column_and_row(lambda x, y: F.kl_div(x, y, reduction="sum")),
        column_and_row(lambda x, y: F.hinge_embedding_loss(x, y)),
    ],
    "missing_gradient": [layer_left_out, lambda: layer_left_out(named=True)],
    "softmax_into_cross_entropy": [softmax_first],
    "widened_dtype": [load("BF16"), load("U16")],
}
RIGHT = {
    "accumulating_gradients": [
        train(lambda model, optimizer: optimizer.zero_grad()),
        train(lambda model, optimizer: optimizer.zero_grad(), backwards=3),
        train(lambda model, optimizer: optimizer.zero_grad(set_to_none=False)),
        train(lambda model, optimizer: model.zero_grad()),
        train(by_hand),
        train(by_data),
        train(to_none),
        train(lambda model, optimizer: None, steps=1),
    ],
    "loss_broadcast": [column_and_column(loss) for loss in (F.mse_loss, F.l1_loss, F.huber_loss, F.poisson_nll_loss)],
    "missing_gradient": [layer_frozen, no_gradients_at_all, train(lambda model, optimizer: optimizer.zero_grad())],
    "softmax_into_cross_entropy": [scores],
    "widened_dtype": [load("F16"), load("I16")],
}


def pairs(table):
    return [pytest.param(name, program, id=f"{name}-{k}") for name in table for k, program in enumerate(table[name])]


def test_every_warning_is_tested():
    assert sorted(FALLING) == sorted(RIGHT) == tg.warning_names()


@pytest.mark.parametrize(("name", "program"), pairs(FALLING))
def test_a_pitfall_is_warned_of_once(name, program):
    assert heard(program, times=2) == [name]
    tg.set_warning(name, True)  # heard again
    assert heard(program) == [name]


@pytest.mark.parametrize(("name", "program"), pairs(FALLING))
def test_it_can_be_switched_off(name, program):
    tg.set_warning(name, False)
    assert heard(program) == []


@pytest.mark.parametrize(("name", "program"), pairs(RIGHT))
def test_a_correct_program_is_not_warned_of(name, program):
    assert heard(program, times=2) == []


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_where_pytorch_warns_at_every_call_so_do_we(loss):
    assert heard(column_and_row(loss), times=2) == ["loss_broadcast"] * 2
    tg.set_warning("loss_broadcast", False)
    assert heard(column_and_row(loss)) == []


def test_a_missing_gradient_is_named():
    with pytest.warns(tg.PitfallWarning, match=r"'1\.weight' of shape \(2, 2\), '1\.bias' of shape \(2,\)"):
        layer_left_out(named=True)
    tg.set_warning("missing_gradient", True)
    with pytest.warns(tg.PitfallWarning, match=r"parameter 2 of shape \(2, 2\), 3 of shape \(2,\)"):
        layer_left_out()


def test_a_warning_says_how_to_be_rid_of_it_and_points_to_the_program():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        softmax_first()
    assert 'set_warning("softmax_into_cross_entropy", False)' in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_name_that_does_not_exist():
    with pytest.raises(ValueError, match="there is no warning 'typo'; the names are: accumulating_gradients"):
        tg.set_warning("typo", False)
